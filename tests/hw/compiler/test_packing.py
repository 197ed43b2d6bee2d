"""Packed words against the layouts that take them apart."""

from random import Random

import numpy as np
import pytest
from amaranth.hdl import Shape, unsigned
from amaranth.lib import data

from hw.compiler.packing import LIMB_BITS, pack, pack_one
from hw.instruction import FireInstruction, IntegrateInstruction, Opcode
from hw.layout import Channel, Entry, Pointer
from tests.hw.configurations import SMALL
from tests.hw.streams import plain


def limits(field: data.Field) -> tuple[int, int]:
    is_signed = Shape.cast(field.shape).signed
    return (-1 << field.width - 1, (1 << field.width - 1) - 1) if is_signed else (
        0, (1 << field.width) - 1)


def random_fields(rng: Random, layout: data.StructLayout) -> dict[str, int]:
    """Return a value for each field, extremes included."""
    return {name: rng.choice([*limits(field), rng.randint(*limits(field))])
            if name != "opcode" else rng.randrange(3) for name, field in layout}


def unpacked(layout: data.StructLayout, word: np.ndarray) -> dict[str, int]:
    """Return the fields of a word, whose bits beyond the layout are 0."""
    assert word.dtype == np.uint32 and len(word) == -(-layout.size // LIMB_BITS)
    number = sum(int(limb) << LIMB_BITS * index for index, limb in enumerate(word))
    assert number < 1 << layout.size
    return plain(layout.from_bits(number))


@pytest.mark.parametrize("layout", [Entry(SMALL), Pointer(SMALL), Channel(SMALL)],
                         ids=["entry", "pointer", "channel"])
def test_pack_columns(layout):
    rows = [random_fields(Random(seed), layout) for seed in range(50)]
    words = pack(layout, **{name: np.array([row[name] for row in rows]) for name, _ in layout})
    assert [unpacked(layout, word) for word in words] == rows


@pytest.mark.parametrize("layout", [IntegrateInstruction(SMALL), FireInstruction(SMALL)],
                         ids=["integrate", "fire"])
@pytest.mark.parametrize("seed", range(20))
def test_pack_one_word(seed, layout):
    fields = random_fields(Random(seed), layout)
    word, = pack_one(layout, **fields)
    assert unpacked(layout, word) == fields


def test_fields_not_given_are_zero():
    layout = FireInstruction(SMALL)
    word, = pack_one(layout, opcode=Opcode.FIRE)
    assert unpacked(layout, word) == {
        name: Opcode.FIRE.value if name == "opcode" else 0 for name, _ in layout}


@pytest.mark.parametrize("value", [-1, 8])
def test_a_value_must_fit(value):
    layout = data.StructLayout({"skip": unsigned(3)})
    with pytest.raises(OverflowError, match=f"skip must be 0 to 7, not {value} to {value}"):
        pack_one(layout, skip=value)
    with pytest.raises(OverflowError, match="skip must be 0 to 7, not"):
        pack(layout, skip=np.array([value]))


def test_pack_no_words():
    empty = np.array([], np.int64)
    assert len(pack(Entry(SMALL), magnitude=empty, negative=empty, skip=empty)) == 0
