"""The register map: well-formed, and its page in the manual is the one that is generated."""

from itertools import pairwise
from pathlib import Path

from hw.bus.register_page import register_page
from hw.bus.registers import ADDRESS_BITS, REGISTER_BITS, REGISTERS, Access, every_field

PAGE = Path(__file__).parents[3] / "docs" / "registers.md"


def test_registers_are_words_in_order_inside_the_aperture():
    offsets = [register.offset for register in REGISTERS]
    assert all(offset % 4 == 0 for offset in offsets)
    assert all(before < after for before, after in pairwise(offsets))
    assert offsets[0] == 0 and offsets[-1] < 1 << ADDRESS_BITS
    assert len({register.name for register in REGISTERS}) == len(REGISTERS)


def test_fields_are_in_order_and_do_not_overlap():
    for register in REGISTERS:
        ends = [0, *(field.low + field.bits for field in register.fields)]
        lows = [*(field.low for field in register.fields), REGISTER_BITS]
        assert all(end <= low for end, low in zip(ends, lows, strict=True)), register.name
        assert sum(field.mask for field in register.fields) < 1 << REGISTER_BITS


def test_events_and_commands_are_single_bits():
    assert all(field.bits == 1 for _, field in
               every_field(Access.WRITE_ONE_TO_CLEAR, Access.WRITE_ONLY))


def test_the_page_of_the_manual_is_up_to_date():
    assert PAGE.read_text() == register_page(), (
        "run python -m hw.bus.register_page > docs/registers.md")
