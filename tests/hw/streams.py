"""Test-bench helpers: streams, synchronous memories, and a simulation that cannot hang."""

from collections import deque
from random import Random

from amaranth.lib import data
from amaranth.sim import Simulator

__all__ = ["answer", "at_random", "clocked", "never", "plain", "receive", "send",
           "send_late", "simulate"]


def never() -> bool:
    """A port that is used in every cycle."""
    return False


def at_random(seed: int, share: float):
    """Return a function that is true in this share of its calls: a port's pauses."""
    rng = Random(seed)
    return lambda: rng.random() < share


def plain(value):
    """Return a sampled value as numbers, lists and dicts."""
    if isinstance(value, data.Const):
        layout = value.shape()
        if isinstance(layout, data.ArrayLayout):
            return [plain(value[index]) for index in range(layout.length)]
        return {name: plain(value[name]) for name, _ in layout}
    return getattr(value, "value", value)


async def send(ctx, port, payloads, *, pauses=never):
    """Transfer payloads into ``port``, one per cycle but for its and our pauses."""
    for payload in payloads:
        while pauses():
            await ctx.tick()
        ctx.set(port.payload, payload)
        ctx.set(port.valid, 1)
        ready = False
        while not ready:   # not `until(ready)`: it complains when abandoned half-way
            *_, ready = await ctx.tick().sample(port.ready)
        ctx.set(port.valid, 0)


async def send_late(ctx, port, payloads, lag: int, *, pauses=never, hold: int = 0):
    """Transfer payloads into a port whose ``ready`` is known so many cycles late.

    It takes whatever is sent. After a marker nothing is sent for ``hold`` cycles.
    """
    known = deque([0] * lag)

    async def cycle():
        *_, ready = await ctx.tick().sample(port.ready)
        known.append(ready)
        known.popleft()

    for payload in payloads:
        while not known[0] or pauses():
            await cycle()
        ctx.set(port.payload, payload)
        ctx.set(port.valid, 1)
        await cycle()
        ctx.set(port.valid, 0)
        for _ in range(hold if payload["marker"] else 0):
            await cycle()


async def receive(ctx, port, count: int, *, pauses=never) -> list:
    """Take ``count`` payloads from ``port``; check that each is held until it is taken."""
    taken, held = [], None
    while len(taken) < count:
        ready = not pauses()
        ctx.set(port.ready, ready)
        *_, valid, payload = await ctx.tick().sample(port.valid, port.payload)
        if held is not None:
            assert valid and payload == held, f"{held} was withdrawn before it was taken"
        held = payload if valid and not ready else None
        if valid and ready:
            taken.append(plain(payload))
    ctx.set(port.ready, 0)
    return taken


def answer(read, address, data_port, look_up):
    """Return a background test bench: a memory, ``look_up(address)`` a cycle after each read."""
    async def memory(ctx):
        while True:
            *_, is_read, place = await ctx.tick().sample(read, address)
            if is_read:
                ctx.set(data_port, look_up(place))

    memory.is_background = True
    return memory


def clocked(dut, stimulus: list[dict], outputs: list) -> list[tuple]:
    """Return the outputs in each cycle, just before the clock edge that ends it.

    ``stimulus[n]`` are the values of input ports, by name, in cycle n; others keep theirs.
    """
    seen = []

    async def drive(ctx):
        for inputs in stimulus:
            for name, value in inputs.items():
                ctx.set(getattr(dut, name), value)
            seen.append(tuple(map(plain, (await ctx.tick().sample(*outputs))[2:])))

    simulate(dut, drive, limit=len(stimulus) + 1)
    return seen


def simulate(dut, *benches, limit: int = 20_000):
    """Run test benches until all return, background ones excepted; fail after ``limit`` cycles."""
    async def watchdog(ctx):
        for _ in range(limit):
            await ctx.tick()
        raise TimeoutError(f"test benches still waiting after {limit} cycles")

    simulator = Simulator(dut)
    simulator.add_clock(1e-6)
    for bench in benches:
        simulator.add_testbench(bench, background=getattr(bench, "is_background", False))
    simulator.add_testbench(watchdog, background=True)
    simulator.run()
