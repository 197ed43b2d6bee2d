"""Load packets: words of every memory, stalls, and every fault."""

from random import Random

import pytest

from hw.control.loader import Loader
from hw.layout import LOADED, Fault, Target
from tests.hw.configurations import SMALL
from tests.hw.streams import at_random, plain, send, simulate


def memory_of(target: Target):
    return SMALL.memories[LOADED[target]]


def packet(target: int, lane: int, address: int, words: list[int], chunks: int = 1) -> list[int]:
    """Return the stream words of a packet."""
    return [target | lane << 8, address, len(words),
            *(word >> 32 * chunk & 0xffffffff for word in words for chunk in range(chunks))]


def random_packet(rng: Random, target: Target) -> tuple[list[int], list[dict]]:
    """Return the stream words of a packet, and the words that it carries."""
    memory = memory_of(target)
    count = rng.choice([0, 1, 2, 7])
    address = rng.choice([0, memory.words - count, rng.randint(0, memory.words - count)])
    lane = rng.randrange(SMALL.lanes) if memory.instances > 1 else 0
    words = [rng.randrange(1 << memory.width_bits) for _ in range(count)]
    chunks = -(-memory.width_bits // 32)
    return packet(target.value, lane, address, words, chunks), [
        {"target": target.value, "lane": lane, "address": address + index, "data": word}
        for index, word in enumerate(words)]


def masked(word: dict) -> dict:
    """Return a loaded word without the bits beyond its memory's width."""
    width = memory_of(Target(word["target"])).width_bits
    return word | {"data": word["data"] & ((1 << width) - 1)}


def run(stream: list[int], *, pauses, enable=lambda: True) -> list[tuple]:
    """Return (word, busy, takes) of each cycle until the loader is idle again."""
    dut, seen, done = Loader(SMALL), [], []

    async def drive(ctx):
        await send(ctx, dut.load, stream, pauses=pauses)
        done.append(True)

    async def observe(ctx):
        while not done or ctx.get(dut.busy):
            ctx.set(dut.enable, enable())
            *_, valid, word, busy, ready, is_offered = await ctx.tick().sample(
                dut.words.valid, dut.words.p, dut.busy, dut.load.ready, dut.load.valid)
            seen.append((plain(word) if valid else None, busy, ready and is_offered))
        assert ctx.get(dut.fault) == Fault.NONE

    simulate(dut, drive, observe)
    return seen


@pytest.mark.parametrize("share", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(6))
def test_every_memory(seed, share):
    rng = Random(seed)
    packets = [random_packet(rng, target) for target in rng.sample(list(Target) * 4, 4 * 6)]
    stream = [word for words, _ in packets for word in words]
    disabled = at_random(seed + 1, share)
    seen = run(stream, pauses=at_random(seed, share), enable=lambda: not disabled())
    words = [masked(word) for word, *_ in seen if word is not None]
    assert words == [word for _, carried in packets for word in carried]


def test_one_stream_word_per_cycle():
    stream = packet(Target.PIXEL.value, 0, 3, [9, 8, 7]) + packet(Target.PIXEL.value, 0, 0, [1])
    seen = run(stream, pauses=lambda: False)
    assert [takes for *_, takes in seen] == [1] * len(stream) + [0]
    is_word = [word is not None for word, *_ in seen]
    assert is_word == [False] * 4 + [True] * 3 + [False] * 3 + [True]


def test_only_the_header_waits_for_enable():
    dut, stream = Loader(SMALL), packet(Target.PIXEL.value, 0, 0, [1, 2])

    async def drive(ctx):
        await send(ctx, dut.load, stream)

    async def observe(ctx):
        for _ in range(5):
            assert not ctx.get(dut.load.ready) and not ctx.get(dut.busy)
            await ctx.tick()
        ctx.set(dut.enable, 1)
        await ctx.tick()
        ctx.set(dut.enable, 0)
        for _ in stream:
            assert ctx.get(dut.busy)
            await ctx.tick()
        assert not ctx.get(dut.busy) and not ctx.get(dut.load.ready)

    simulate(dut, drive, observe)


WEIGHT, PIXELS = Target.WEIGHT.value, SMALL.pixel_depth
WORDS = {target.value: memory_of(target).words for target in Target}


@pytest.mark.parametrize(("header", "fault"), [
    *[((target, 0, 0, 1), Fault.TARGET) for target in (6, 7, 15, 16, 255)],
    ((WEIGHT, SMALL.lanes, 0, 1), Fault.LANE), ((WEIGHT, 0xffff, 0, 1), Fault.LANE),
    *[((target, 0, words, 1), Fault.LENGTH) for target, words in WORDS.items()],
    *[((target, 0, 0, words + 1), Fault.LENGTH) for target, words in WORDS.items()],
    *[((target, 0, words - 1, 2), Fault.LENGTH) for target, words in WORDS.items()],
    ((WEIGHT, 0, 0xffffffff, 1), Fault.LENGTH), ((WEIGHT, 0, 1, 0xffffffff), Fault.LENGTH),
    ((WEIGHT, 0, 1 << 24, 1), Fault.LENGTH)])
def test_faults(header, fault):
    target, lane, address, count = header
    dut = Loader(SMALL)

    async def drive(ctx):
        ctx.set(dut.enable, 1)
        await send(ctx, dut.load, [target | lane << 8, address, count])
        ctx.set(dut.load.valid, 1)
        for _ in range(4):
            assert ctx.get(dut.fault) == fault
            assert not ctx.get(dut.load.ready) and not ctx.get(dut.words.valid)
            await ctx.tick()

    simulate(dut, drive)
