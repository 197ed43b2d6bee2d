"""What goes wrong in a processor ends in its fault, never in silence, and reset helps."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from amaranth.lib import data

from hw.compiler.packets import END_OF_SLICE, Packet, to_beats
from hw.compiler.packing import pack, pack_one
from hw.control import stall_detector
from hw.instruction import FireInstruction, Instruction, IntegrateInstruction, Opcode
from hw.layout import Entry, Fault, Pointer, Target
from tests.hw.processor_bench import CONFIG, Bench

CONFIG = replace(CONFIG, counters=False, instruction_depth=4)
# Enough for any wait in a processor of this size.
PATIENCE, A_WHILE = 200, 10
GROUP = {"opcode": Opcode.INTEGRATE, "from_input": 1, "lanes": CONFIG.lanes, "height": 1,
         "width": 1, "channels": 1, "block_channels": 1, "kernel": 1, "out_height": 1,
         "out_width": 1}
LAYER = {"opcode": Opcode.FIRE, "height": 1, "width": 1, "channels": 1, "pool": 1, "writes": 1}
END = LAYER | {"opcode": Opcode.SCORES, "writes": 0, "ends": 1}
UNKNOWN = {"opcode": 3}


def program(*instructions: dict) -> Packet:
    limbs = -(-Instruction(CONFIG).size // 32)
    words = np.zeros((len(instructions), 1, limbs), np.uint32)
    for index, fields in enumerate(instructions):
        is_group = "kernel" in fields
        word, = pack_one((IntegrateInstruction if is_group else FireInstruction)(CONFIG), **fields)
        words[index, 0, :len(word)] = word
    return Packet(target=Target.INSTRUCTION, lane=0, address=0, words=words)


def pointer(**fields) -> Packet:
    """Return a packet for the first pointer of lane 0."""
    return Packet(target=Target.POINTER, lane=0, address=0,
                  words=pack_one(Pointer(CONFIG), taps=1, **fields)[:, None])


# One event for a pixel of 0; no other is loaded.
TABLE = Packet(target=Target.INPUT_TABLE, lane=0, address=0,
               words=np.array([[[0xffffff00, 0xffffffff]]], np.uint32))


async def ends_in(ctx, bench: Bench) -> Fault:
    """Start, and return the fault, or none if the program comes to its end."""
    await bench.start(ctx)
    return await ending(ctx, bench)


async def ending(ctx, bench: Bench) -> Fault:
    ctx.set(bench.dut.readout.ready, 1)
    while not ctx.get(bench.dut.status.ready) and ctx.get(bench.dut.status.fault) == Fault.NONE:
        await ctx.tick()
    return Fault(ctx.get(bench.dut.status.fault))


BEATS_OF_A_HEADER = len(to_beats(CONFIG, [END_OF_SLICE]))
ENTRIES, BUFFER = CONFIG.weight_depth, CONFIG.weight_buffer_depth


@pytest.mark.parametrize("packets, fault", [
    ([program(GROUP, LAYER, END)], Fault.NONE),
    ([program(UNKNOWN)], Fault.OPCODE),
    ([program(LAYER, GROUP, GROUP, UNKNOWN)], Fault.OPCODE),
    ([program(LAYER, LAYER, LAYER, LAYER)], Fault.UNENDING),
    ([program(LAYER, LAYER, LAYER, END | {"ends": 0})], Fault.UNENDING),
    ([program(GROUP | {"channels": 0})], Fault.OPERAND),
    ([program(LAYER, LAYER | {"pool": 0})], Fault.OPERAND),
    ([program(END | {"height": 0})], Fault.OPERAND),
    ([program(GROUP | {"channels": CONFIG.pixel_depth + 1, "plane": 1}, END)], Fault.ADDRESS),
    ([program(GROUP | {"from_input": 0, "width": CONFIG.spike_depth + 1,
                       "out_width": CONFIG.spike_depth + 1}, END)], Fault.ADDRESS),
    ([program(LAYER | {"height": 9, "width": 8, "row_stride": 8, "writes": 0}, END)],
     Fault.ADDRESS),
    ([program(LAYER | {"spikes": CONFIG.spike_depth - 1, "channels": 2 * CONFIG.lanes,
                       "local_bits": 1}, END)], Fault.ADDRESS),
    ([program(GROUP | {"direct": 1}, END), pointer(start=ENTRIES, count=1)], Fault.ADDRESS),
    ([program(GROUP, END), pointer(start=ENTRIES - 2, count=3)], Fault.ADDRESS),
    ([program(GROUP, END), pointer(start=0, count=BUFFER)], Fault.NONE),
    ([program(GROUP, END), pointer(start=0, count=BUFFER + 1)], Fault.STALL)])
def test_a_program_ends_or_is_a_fault(packets, fault, monkeypatch):
    monkeypatch.setattr(stall_detector, "PATIENCE_CYCLES", PATIENCE)
    bench, found = Bench(CONFIG), []

    async def drive(ctx):
        await bench.load(ctx, to_beats(CONFIG, [TABLE, *packets]))
        found.append(await ends_in(ctx, bench))
        if fault == Fault.NONE:
            return
        for _ in range(A_WHILE):
            assert ctx.get(bench.dut.status.fault) == fault
            assert not ctx.get(bench.dut.status.ready) and not ctx.get(bench.dut.load.ready)
            await ctx.tick()
        await bench.hit_reset(ctx)
        assert ctx.get(bench.dut.status.fault) == Fault.NONE
        await bench.load(ctx, to_beats(CONFIG, [program(END)]))
        assert await ends_in(ctx, bench) == Fault.NONE

    bench.run(drive)
    assert found == [fault]


@pytest.mark.parametrize("packet, fault", [(END_OF_SLICE, Fault.NONE), (TABLE, Fault.STALL)])
def test_waiting_for_weights_is_no_fault_unless_something_else_comes(packet, fault, monkeypatch):
    monkeypatch.setattr(stall_detector, "PATIENCE_CYCLES", PATIENCE)
    bench = Bench(CONFIG)

    async def drive(ctx):
        await bench.load(ctx, to_beats(CONFIG, [TABLE, program(GROUP | {"streamed": 1}, END)]))
        await bench.start(ctx)
        await ctx.tick().repeat(2 * PATIENCE)
        assert ctx.get(bench.dut.status.fault) == Fault.NONE
        await bench.load(ctx, to_beats(CONFIG, [packet])[:BEATS_OF_A_HEADER])
        assert await ending(ctx, bench) == fault

    bench.run(drive)


def random_instruction(rng: Random) -> dict:
    """Return an instruction of small sizes, whose other fields may be anything."""
    fields = dict(rng.choice([GROUP, GROUP, LAYER]))
    layout = (IntegrateInstruction if "kernel" in fields else FireInstruction)(CONFIG)
    for name, field in layout:
        if name in fields and name != "opcode":
            fields[name] = rng.randint(0 if rng.random() < 0.05 else 1, min(
                5, (1 << field.width) - 1))
        elif name not in ("opcode", "streamed") and rng.random() < 0.3:
            signed = data.Shape.cast(field.shape).signed
            fields[name] = rng.randrange(1 << field.width - signed)
    return fields | ({"from_input": rng.randint(0, 1)} if "kernel" in fields else {})


@pytest.mark.parametrize("seed", range(4))
def test_nonsense_never_hangs(seed, monkeypatch):
    monkeypatch.setattr(stall_detector, "PATIENCE_CYCLES", PATIENCE)
    rng, bench, found = Random(seed), Bench(replace(CONFIG, pointer_depth=16)), []
    config, numbers = bench.config, np.random.default_rng(seed)
    entries = numbers.integers(0, 1 << Entry(config).size * config.row_entries, (64, 1, 1))
    packets = [TABLE]
    for lane in range(config.lanes):
        pointers = pack(Pointer(config), start=numbers.integers(0, ENTRIES // 2, 16),
                        count=numbers.integers(0, rng.choice([4, BUFFER, 2 * BUFFER]), 16),
                        taps=numbers.integers(0, 1 << config.max_kernel ** 2, 16))
        packets += [Packet(target=Target.POINTER, lane=lane, address=0, words=pointers[:, None]),
                    Packet(target=Target.WEIGHT, lane=lane, address=0,
                           words=entries.astype(np.uint32))]

    async def drive(ctx):
        await bench.load(ctx, to_beats(config, packets))
        for _ in range(6):
            await bench.load(ctx, to_beats(config, [program(
                *(random_instruction(rng) for _ in range(3)), END)]))
            found.append(await ends_in(ctx, bench))
            await bench.hit_reset(ctx)

    bench.run(drive)
    assert len(found) == 6
    assert len(set(found)) > 1, "some programs must run, others not"


@pytest.mark.parametrize("place, fault", [
    ((9, 0, 0, 1), Fault.TARGET), ((Target.WEIGHT.value, CONFIG.lanes, 0, 1), Fault.LANE),
    ((Target.PIXEL.value, 0, CONFIG.pixel_depth, 1), Fault.LENGTH)])
def test_a_load_fault_stops_it_until_reset(place, fault):
    bench, (target, lane, address, count) = Bench(CONFIG), place

    async def drive(ctx):
        await bench.load(ctx, to_beats(CONFIG, [program(END)]))
        bench.queue.append(target | lane << 8 | address << 32 | count << 64)
        await ctx.tick().repeat(6)
        ctx.set(bench.dut.start, 1)
        for _ in range(A_WHILE):
            assert ctx.get(bench.dut.status.fault) == fault
            assert not ctx.get(bench.dut.status.ready) and not ctx.get(bench.dut.load.ready)
            await ctx.tick()
        ctx.set(bench.dut.start, 0)
        await bench.hit_reset(ctx)
        assert await ends_in(ctx, bench) == Fault.NONE

    bench.run(drive)
