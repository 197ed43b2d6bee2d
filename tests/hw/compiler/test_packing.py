"""Packed words against the layouts that take them apart."""

from random import Random

import numpy as np
import pytest
from amaranth.hdl import unsigned
from amaranth.lib import data

from hw.compiler.packing import pack, pack_one, stream_words
from hw.instruction import FireInstruction, IntegrateInstruction, Opcode
from hw.layout import Channel, Entry, Pointer
from tests.hw.configurations import SMALL
from tests.hw.streams import plain


def limits(field: data.Field) -> tuple[int, int]:
    is_signed = getattr(field.shape, "signed", False)
    return (-1 << field.width - 1, (1 << field.width - 1) - 1) if is_signed else (
        0, (1 << field.width) - 1)


def random_fields(rng: Random, layout: data.StructLayout) -> dict[str, int]:
    """Return a value for each field, extremes included."""
    return {name: rng.choice([*limits(field), rng.randint(*limits(field))])
            if name != "opcode" else rng.randrange(3) for name, field in layout}


def unpacked(layout: data.StructLayout, word: int) -> dict[str, int]:
    return plain(layout.from_bits(word))


@pytest.mark.parametrize("layout", [Entry(SMALL), Pointer(SMALL), Channel(SMALL)],
                         ids=["entry", "pointer", "channel"])
def test_pack_columns(layout):
    rows = [random_fields(Random(seed), layout) for seed in range(50)]
    words = pack(layout, **{name: np.array([row[name] for row in rows]) for name, _ in layout})
    assert words.dtype == np.uint64
    assert [unpacked(layout, int(word)) for word in words] == rows


@pytest.mark.parametrize("layout", [IntegrateInstruction(SMALL), FireInstruction(SMALL)],
                         ids=["integrate", "fire"])
@pytest.mark.parametrize("seed", range(20))
def test_pack_one_word(seed, layout):
    fields = random_fields(Random(seed), layout)
    assert unpacked(layout, pack_one(layout, **fields)) == fields


def test_fields_not_given_are_zero():
    layout = FireInstruction(SMALL)
    assert unpacked(layout, pack_one(layout, opcode=Opcode.FIRE)) == {
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


@pytest.mark.parametrize("width_bits", [1, 32, 33, 64, 65, 150])
def test_stream_words_are_least_significant_first(width_bits):
    rng = Random(width_bits)
    words = [rng.randrange(1 << width_bits) for _ in range(20)]
    count = -(-width_bits // 32)
    assert stream_words(words, width_bits).tolist() == [
        word >> 32 * chunk & 0xffffffff for word in words for chunk in range(count)]
