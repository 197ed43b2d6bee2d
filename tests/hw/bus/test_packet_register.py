"""The readout's register stage: the same words, whole packets, whatever is aborted when."""

from random import Random

import pytest

from hw.bus.packet_register import PacketRegister
from tests.hw.streams import at_random, never, receive, send, simulate


def packet(length: int, first: int = 1) -> list[dict[str, int]]:
    return [{"word": first + index, "last": int(index == length - 1)} for index in range(length)]


@pytest.mark.parametrize("shares", [(0.0, 0.0), (0.7, 0.0), (0.0, 0.7), (0.5, 0.5)])
def test_passes_every_word(shares):
    dut, words = PacketRegister(), [*packet(5), *packet(1, 20), *packet(30, 40)]

    async def source(ctx):
        await send(ctx, dut.words, words, pauses=at_random(1, shares[0]))

    async def sink(ctx):
        assert await receive(ctx, dut.packets, len(words), pauses=at_random(2, shares[1])) == words
        assert not ctx.get(dut.busy)

    simulate(dut, source, sink)


def test_takes_a_word_in_every_cycle():
    dut, words = PacketRegister(), packet(20)

    async def source(ctx):
        await send(ctx, dut.words, words)

    async def sink(ctx):
        await receive(ctx, dut.packets, len(words), pauses=never)

    simulate(dut, source, sink, limit=len(words) + 2)


@pytest.mark.parametrize("seed", range(20))
def test_an_abort_ends_the_packet_that_it_cuts(seed):
    dut, rng = PacketRegister(), Random(seed)
    length = rng.randint(1, 5)
    pauses = at_random(seed, rng.choice([0.0, 0.5, 0.9]))
    seen, handed_over = [], []

    async def source(ctx):
        for _ in range(10):
            cut = rng.randint(0, length)
            for entry in packet(length)[:cut]:
                await send(ctx, dut.words, [entry])
            for _ in range(rng.choice([0, 0, 1, 4])):
                await ctx.tick()
            handed_over.append(packet(length)[:cut])
            await abort(ctx)
        await send(ctx, dut.words, packet(length))
        handed_over.append(packet(length))
        while ctx.get(dut.busy):
            await ctx.tick()

    async def abort(ctx):
        # Sometimes beside a word that is withdrawn, or handed over in this very cycle.
        offers = rng.random() < 0.5 and handed_over[-1][-1:] != packet(length)[-1:]
        if offers:
            entry = packet(length)[len(handed_over[-1])]
            ctx.set(dut.words.p, entry)
            ctx.set(dut.words.valid, 1)
        ctx.set(dut.abort, 1)
        *_, taken = await ctx.tick().sample(dut.words.ready)
        if offers and taken:
            handed_over[-1].append(entry)
        ctx.set(dut.abort, 0)
        ctx.set(dut.words.valid, 0)

    async def sink(ctx):
        while True:
            seen.extend(await receive(ctx, dut.packets, 1, pauses=pauses))

    sink.is_background = True
    simulate(dut, source, sink)
    end = {"word": 0, "last": 1}
    assert seen == [word for words in handed_over for word in
                    (words if not words or words[-1]["last"] else [*words, end])]
