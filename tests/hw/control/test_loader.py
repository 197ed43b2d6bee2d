"""Load packets: words of every memory on streams of any width, waiting, and every fault."""

from dataclasses import replace
from random import Random

import pytest

from hw.config import CHOICES
from hw.control.loader import Loader
from hw.layout import LANE_TARGETS, LOADED, STREAMED_TARGETS, Fault, Target
from tests.hw.configurations import SMALL
from tests.hw.streams import at_random, never, plain, send, simulate

HEADER_BITS, SLOT_BITS = 96, 32
STREAM_BITS = pytest.mark.parametrize("stream_bits", CHOICES["stream_bits"])


def chunks(word: int, count: int, stream_bits: int) -> list[int]:
    """Return a number as so many beats, least significant first."""
    return [word >> stream_bits * index & (1 << stream_bits) - 1 for index in range(count)]


class Form:
    """How words for a memory travel: ``lanes`` words in a beat, or one in ``beats`` beats."""

    def __init__(self, config, target: Target):
        self.config, self.target, stream_bits = config, target, config.stream_bits
        memory = config.memories[LOADED[target]]
        self.addresses = memory.words
        self.width = memory.width_bits * (config.row_entries if target == Target.WEIGHT else 1)
        self.beats = -(-self.width // stream_bits)
        slot = SLOT_BITS
        while slot < self.width:
            slot *= 2
        self.lanes = 1
        if self.beats == 1 and target in LANE_TARGETS:
            self.lanes = min(config.lanes, stream_bits // slot)

    def packet(self, lane: int, address: int, rows: list[list[int]]) -> list[int]:
        """Return the beats of a packet with one row of words for each address."""
        stream_bits = self.config.stream_bits
        beats = header(self.config, self.target.value, lane, address, len(rows))
        for row in rows:
            word = sum(word << index * (stream_bits // self.lanes)
                       for index, word in enumerate(row))
            beats += chunks(word, self.beats, stream_bits)
        return beats

    def random_packet(self, rng: Random) -> tuple[list[int], list[tuple]]:
        """Return the beats of a packet, and (lane, target, address, data) of each word."""
        count = rng.choice([0, 1, 2, 7])
        address = rng.choice([0, self.addresses - count, rng.randint(0, self.addresses - count)])
        is_lanes = self.target in LANE_TARGETS
        lane = rng.randrange(0, self.config.lanes, self.lanes) if is_lanes else 0
        rows = [[rng.randrange(1 << self.width) for _ in range(self.lanes)] for _ in range(count)]
        return self.packet(lane, address, rows), [
            (lane + slot if is_lanes else None, self.target.value, address + index, word)
            for index, row in enumerate(rows) for slot, word in enumerate(row)]


def header(config, target: int, lane: int, address: int, count: int) -> list[int]:
    return chunks(target | lane << 8 | address << 32 | count << 64,
                  -(-HEADER_BITS // config.stream_bits), config.stream_bits)


def run(config, stream: list[int], *, pauses=never, enable=lambda: True) -> list[tuple]:
    """Return (words and ends of slices, busy, takes) of each cycle until the loader is idle."""
    dut, seen, done = Loader(config), [], []
    widths = {target.value: Form(config, target).width for target in LOADED}

    def delivered(word: dict, lane: int | None) -> tuple:
        data = word["data"] & (1 << widths[word["target"]]) - 1
        return lane, word["target"], word["address"], data

    async def drive(ctx):
        await send(ctx, dut.load, stream, pauses=pauses)
        done.append(True)

    async def observe(ctx):
        while not done or ctx.get(dut.busy):
            ctx.set(dut.enable, enable())
            *_, valid, word, owners, words, ends, busy, ready, is_offered = (
                await ctx.tick().sample(
                    dut.valid, dut.word, dut.lane_valid, dut.lane_words, dut.ends_slice, dut.busy,
                    dut.load.ready, dut.load.valid))
            found = ["end of slice"] if ends else []
            if valid:
                found.append(delivered(plain(word), None))
            found += [delivered(plain(words[lane]), lane) for lane in range(config.lanes)
                      if owners >> lane & 1]
            seen.append((found, busy, ready and is_offered))
        assert ctx.get(dut.fault) == Fault.NONE

    simulate(dut, drive, observe)
    return seen


@pytest.mark.parametrize("row_entries", [1, 4])
@pytest.mark.parametrize("share", [0.0, 0.5])
@STREAM_BITS
def test_every_memory(stream_bits, share, row_entries):
    rng = Random(stream_bits)
    config = replace(SMALL, stream_bits=stream_bits, row_entries=row_entries,
                     lanes=rng.choice([2, 8]))
    beats, wanted = [], []
    for target in rng.sample(list(Target) * 3, 3 * len(Target)):
        packet, words = (Form(config, target).random_packet(rng) if target in LOADED else
                         (header(config, target.value, 0, 0, 0), ["end of slice"]))
        beats, wanted = beats + packet, wanted + words
    disabled = at_random(1, share)
    seen = run(config, beats, pauses=at_random(0, share), enable=lambda: not disabled())
    assert [word for found, *_ in seen for word in found] == wanted


def test_words_are_chunked_and_shared_as_it_takes():
    """So that the widths above cover both."""
    found = {(form.lanes, form.beats) for bits in CHOICES["stream_bits"] for entries in (1, 4)
             for target in LOADED for form in [
                 Form(replace(SMALL, stream_bits=bits, row_entries=entries), target)]}
    assert {(1, 1), (2, 1), (4, 1), (1, 2)} < found and any(beats > 4 for _, beats in found)


@STREAM_BITS
def test_one_beat_per_cycle_and_one_cycle_for_each_header(stream_bits):
    config = replace(SMALL, stream_bits=stream_bits)
    form = Form(config, Target.PIXEL)
    header_beats = len(header(config, 0, 0, 0, 0))
    seen = run(config, form.packet(0, 3, [[9], [8], [7]]) + form.packet(0, 0, [[1]]))
    assert [takes for *_, takes in seen] == [
        *[1] * header_beats, 0, 1, 1, 1, *[1] * header_beats, 0, 1, 0]
    is_word = [bool(found) for found, *_ in seen]
    assert is_word == [False] * (header_beats + 2) + [True] * 3 + (
        [False] * (header_beats + 1) + [True])


@STREAM_BITS
def test_a_packet_that_has_begun_needs_no_enable(stream_bits):
    config = replace(SMALL, stream_bits=stream_bits)
    dut, stream = Loader(config), Form(config, Target.PIXEL).packet(0, 0, [[1], [2]])

    async def drive(ctx):
        await send(ctx, dut.load, stream)

    async def observe(ctx):
        for _ in range(5):
            assert not ctx.get(dut.load.ready) and not ctx.get(dut.busy)
            await ctx.tick()
        ctx.set(dut.enable, 1)
        await ctx.tick()
        ctx.set(dut.enable, 0)
        for _ in range(len(stream) + 1):
            assert ctx.get(dut.busy)
            await ctx.tick()
        assert not ctx.get(dut.busy) and not ctx.get(dut.load.ready)

    simulate(dut, drive, observe)


@pytest.mark.parametrize("target", Target)
def test_while_an_inference_runs_only_slices_are_loaded(target):
    dut = Loader(SMALL)

    async def drive(ctx):
        ctx.set(dut.enable, 1)
        ctx.set(dut.running, 1)
        is_empty = target == Target.SLICE
        await send(ctx, dut.load, header(SMALL, target.value, 0, 0, 0 if is_empty else 1))
        for _ in range(9):
            await ctx.tick()
        assert ctx.get(dut.load.ready) == (target in STREAMED_TARGETS)
        assert ctx.get(dut.busy) == (not is_empty)
        assert ctx.get(dut.blocked) == (target not in STREAMED_TARGETS)
        ctx.set(dut.running, 0)
        await ctx.tick()
        assert ctx.get(dut.load.ready) and not ctx.get(dut.blocked)

    simulate(dut, drive)


WEIGHT, SLICE = Target.WEIGHT.value, Target.SLICE.value
WORDS = {target.value: SMALL.memories[name].words for target, name in LOADED.items()}


@pytest.mark.parametrize(("place", "fault"), [
    *[((target, 0, 0, 1), Fault.TARGET) for target in (7, 8, 15, 16, 255)],
    ((WEIGHT, SMALL.lanes, 0, 1), Fault.LANE), ((WEIGHT, 0xffff, 0, 1), Fault.LANE),
    *[((target, 0, words, 1), Fault.LENGTH) for target, words in WORDS.items()],
    *[((target, 0, 0, words + 1), Fault.LENGTH) for target, words in WORDS.items()],
    *[((target, 0, words - 1, 2), Fault.LENGTH) for target, words in WORDS.items()],
    ((WEIGHT, 0, 0xffffffff, 1), Fault.LENGTH), ((WEIGHT, 0, 1, 0xffffffff), Fault.LENGTH),
    ((WEIGHT, 0, 1 << 24, 1), Fault.LENGTH), ((SLICE, 0, 0, 1), Fault.LENGTH),
    ((SLICE, 0, 1, 0), Fault.LENGTH)])
def test_faults(place, fault):
    dut = Loader(SMALL)

    async def drive(ctx):
        ctx.set(dut.enable, 1)
        await send(ctx, dut.load, header(SMALL, *place))
        ctx.set(dut.load.valid, 1)
        await ctx.tick()
        for _ in range(4):
            assert ctx.get(dut.fault) == fault
            assert not ctx.get(dut.load.ready) and not ctx.get(dut.ends_slice)
            assert not ctx.get(dut.valid) and not ctx.get(dut.lane_valid)
            await ctx.tick()

    simulate(dut, drive)
