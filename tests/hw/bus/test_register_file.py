"""The register file against a model of the map, and each access rule by itself."""

from random import Random

import pytest

from hw.bus.register_file import RegisterFile
from hw.bus.registers import REGISTERS, Access, every_field
from tests.hw.streams import clocked, simulate

ALL = 0xFFFFFFFF
OFFSET = {register.name: register.offset for register in REGISTERS}


def write(name: str, word: int, mask: int = ALL) -> dict:
    return {"write": 1, "write_address": OFFSET[name], "write_data": word, "write_mask": mask}


def run(stimulus: list[dict], *outputs: str) -> list[tuple]:
    """Return outputs in each cycle; a write lasts for a cycle, and so do ``set`` and ``clear``."""
    dut = RegisterFile()
    once = {"write": 0, "clear": 0, "set": {"status": {"done": 0, "refused": 0}}}
    return clocked(dut, [once | inputs for inputs in stimulus],
                   [getattr(dut, name) for name in outputs])


def flags(done: int, refused: int) -> dict:
    return {"status": {"done": done, "refused": refused}}


def test_what_is_shown_is_read_at_its_place():
    dut, rng = RegisterFile(), Random(1)

    async def drive(ctx):
        shown = {}
        for register, field in every_field(Access.READ_ONLY):
            shown.setdefault(register.name, {})[field.name] = rng.getrandbits(field.bits)
        ctx.set(dut.shown, shown)
        for register in REGISTERS:
            for low_bits in range(4):
                ctx.set(dut.read_address, register.offset + low_bits)
                await ctx.tick()
                assert not ctx.get(dut.read_error)
                assert ctx.get(dut.read_data) == sum(
                    shown[register.name][field.name] << field.low for field in register.fields
                    if field.access is Access.READ_ONLY)

    simulate(dut, drive)


@pytest.mark.parametrize("address", [REGISTERS[-1].offset + 4, 0x7F0, 0xFFC])
def test_an_address_of_no_register_is_an_error(address):
    seen = run([{"read_address": address, "write_address": address, "write": 1, "write_data": ALL,
                 "write_mask": ALL}, {}], "read_error", "read_data", "write_error", "commands")
    assert seen[0] == (1, 0, 1, {"control": {"start": 0, "reset": 0}})


def test_a_write_is_an_error_if_all_is_read_only():
    for register in REGISTERS:
        (error,), = run([write(register.name, 0)], "write_error")
        assert error == all(field.access is Access.READ_ONLY for field in register.fields)


def test_what_is_written_is_kept_byte_by_byte():
    seen = run([write("interrupt_enable", ALL) | {"read_address": OFFSET["interrupt_enable"]},
                write("interrupt_enable", 0, ALL ^ 0xFF), write("interrupt_enable", 2, 0xFF), {}],
               "kept", "read_data")
    assert [kept["interrupt_enable"] for kept, _ in seen] == [
        {"done": 0, "fault": 0}, {"done": 1, "fault": 1}, {"done": 1, "fault": 1},
        {"done": 0, "fault": 1}]
    assert [word for _, word in seen] == [0, 3, 3, 2]


def test_commands_last_for_the_cycle_of_the_write():
    seen = run([write("control", 1), {}, write("control", 2), write("control", 3, ALL ^ 0xFF),
                write("images", 3)], "commands")
    assert [tuple(commands["control"].values()) for commands, in seen] == [
        (1, 0), (0, 0), (0, 1), (0, 0), (0, 0)]


def test_events_stay_until_one_is_written():
    done, refused = 1 << 8, 1 << 9
    seen = run([{"set": flags(1, 1)}, write("status", refused), write("status", ALL ^ done),
                write("status", done, 0xFF), write("status", done), {}], "sticky")
    assert [tuple(sticky["status"].values()) for sticky, in seen] == [
        (0, 0), (1, 1), (1, 0), (1, 0), (1, 0), (0, 0)]


def test_an_event_beats_its_clearing_and_clear_clears_the_others():
    seen = run([{"set": flags(1, 0)}, write("status", ALL) | {"set": flags(1, 0)},
                {"set": flags(0, 1)}, {"clear": 1, "set": flags(1, 0)}, {"clear": 1}, {}], "sticky")
    assert [tuple(sticky["status"].values()) for sticky, in seen] == [
        (0, 0), (1, 0), (1, 0), (1, 1), (1, 0), (0, 0)]
