"""The AXI4-Lite subordinate: every order and delay of its five channels."""

from random import Random

import pytest
from amaranth.hdl import Module, ResetInserter, Signal

from hw.bus.axi_lite import AxiLiteSubordinate, Response
from tests.hw.bus.channels import channels, write_word
from tests.hw.streams import at_random, receive, send, simulate

ACCESSES = 60
OKAY, SLVERR = Response.OKAY.value, Response.SLVERR.value
# Bit of an address whose access fails.
BAD = 11


def answer(address):
    """Return what an address reads as, for numbers and signals."""
    return address * 0x10001 ^ 0x5A5A5A5A


def response(address: int) -> int:
    return SLVERR if address >> BAD & 1 else OKAY


class Bench:
    """A subordinate, something to read behind it, and the writes that got through."""

    def __init__(self):
        self.dut, self.reset, self.written = AxiLiteSubordinate(), Signal(), []
        self.channels = channels(self.dut.bus)

    async def monitor(self, ctx):
        dut = self.dut
        while True:
            *_, write, address, word, mask = await ctx.tick().sample(
                dut.write, dut.write_address, dut.write_data, dut.write_mask)
            if write:
                self.written.append((address, word, mask))

    monitor.is_background = True

    def run(self, *benches, limit: int = 2_000):
        m, dut = Module(), self.dut
        m.submodules.dut = ResetInserter(self.reset)(dut)
        m.d.comb += [dut.read_data.eq(answer(dut.read_address)),
                     dut.read_error.eq(dut.read_address[BAD]),
                     dut.write_error.eq(dut.write_address[BAD])]
        simulate(m, self.monitor, *benches, limit=limit)


def random_writes(seed: int) -> list[tuple[int, int, int]]:
    """Return address, data and strobes of writes."""
    rng = Random(seed)
    return [(rng.getrandbits(12), rng.getrandbits(32), rng.getrandbits(4))
            for _ in range(ACCESSES)]


def mask(strobes: int) -> int:
    return sum(0xFF << 8 * byte for byte in range(4) if strobes >> byte & 1)


@pytest.mark.parametrize("shares", [
    (0.0, 0.0, 0.0), (0.9, 0.0, 0.0), (0.0, 0.9, 0.0), (0.0, 0.0, 0.9), (0.5, 0.5, 0.5)],
    ids=["no pauses", "late addresses", "late data", "slow responses", "pauses"])
@pytest.mark.parametrize("seed", range(2))
def test_writes_take_place_once_and_in_order(shares, seed):
    bench, writes = Bench(), random_writes(seed)
    ports, pauses = bench.channels, [at_random(seed + n, share) for n, share in enumerate(shares)]

    async def send_addresses(ctx):
        await send(ctx, ports.aw, [address for address, _, _ in writes], pauses=pauses[0])

    async def send_data(ctx):
        await send(ctx, ports.w, [write_word(word, strobes) for _, word, strobes in writes],
                   pauses=pauses[1])

    async def take_responses(ctx):
        assert await receive(ctx, ports.b, ACCESSES, pauses=pauses[2]) == [
            response(address) for address, _, _ in writes]

    bench.run(send_addresses, send_data, take_responses)
    assert bench.written == [(address, word, mask(strobes)) for address, word, strobes in writes]


@pytest.mark.parametrize("shares", [(0.0, 0.0), (0.8, 0.0), (0.0, 0.8), (0.5, 0.5)])
def test_reads_are_answered_in_order(shares):
    bench, pauses = Bench(), [at_random(n, share) for n, share in enumerate(shares)]
    addresses = [address for address, _, _ in random_writes(3)]

    async def send_addresses(ctx):
        await send(ctx, bench.channels.ar, addresses, pauses=pauses[0])

    async def take_responses(ctx):
        assert await receive(ctx, bench.channels.r, ACCESSES, pauses=pauses[1]) == [
            (answer(address) & 0xFFFFFFFF) | response(address) << 32 for address in addresses]

    bench.run(send_addresses, take_responses)


def test_each_direction_takes_an_access_every_two_cycles():
    bench = Bench()
    ports = bench.channels

    def sender(port):
        async def drive(ctx):
            await send(ctx, port, [0] * ACCESSES)
        return drive

    def receiver(port):
        async def drive(ctx):
            await receive(ctx, port, ACCESSES)
        return drive

    bench.run(sender(ports.aw), sender(ports.w), sender(ports.ar), receiver(ports.b),
              receiver(ports.r), limit=2 * ACCESSES + 2)


@pytest.mark.parametrize("first", ["aw", "w"])
def test_half_a_write_does_nothing_and_reset_forgets_it(first):
    bench = Bench()
    payloads = {"aw": (4, 8), "w": (write_word(1), write_word(2))}

    async def drive(ctx):
        for index, names in enumerate([(first,), ("aw", "w")]):
            for name in names:
                await send(ctx, getattr(bench.channels, name), [payloads[name][index]])
            if index == 0:
                await ctx.tick().repeat(5)
                assert bench.written == [] and not ctx.get(bench.dut.bus.bvalid)
                ctx.set(bench.reset, 1)
                await ctx.tick()
                ctx.set(bench.reset, 0)
        await receive(ctx, bench.channels.b, 1)
        assert bench.written == [(8, 2, 0xFFFFFFFF)]

    bench.run(drive)


def test_an_access_waits_until_the_response_before_it_has_left():
    bench = Bench()

    async def drive(ctx):
        for _ in range(2):
            await send(ctx, bench.channels.aw, [0])
            await send(ctx, bench.channels.w, [write_word(3)])
            await send(ctx, bench.channels.ar, [4])
        await ctx.tick().repeat(5)
        bus = bench.dut.bus
        assert len(bench.written) == 1
        assert not any(ctx.get(ready) for ready in (bus.awready, bus.wready, bus.arready))
        await receive(ctx, bench.channels.b, 2)
        await receive(ctx, bench.channels.r, 2)
        assert len(bench.written) == 2

    bench.run(drive)
