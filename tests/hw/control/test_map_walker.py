"""The order of visits against nested loops, for pixels, maps of spikes and linear groups."""

from dataclasses import replace
from random import Random

import pytest

from hw.control.map_walker import MapWalker
from tests.hw.configurations import SMALL
from tests.hw.streams import at_random, never, receive, simulate

CONFIG = replace(SMALL, max_kernel=7)
LANES, POTENTIALS = CONFIG.lanes, CONFIG.potential_depth
KINDS = pytest.mark.parametrize("kind", ["input", "map", "linear"])


def random_group(seed: int, kind: str, *, kernel: int = 3, stride: int = 1) -> dict:
    """Return a group, or a band of one, whose addresses fit their memories.

    Part of the source may lie beyond the output map, on any side.
    """
    rng = Random(seed)
    height, width, channels = rng.randint(1, 5), rng.randint(1, 5), rng.randint(1, 9)
    top, left = rng.randint(-2 * kernel, kernel), rng.randint(-kernel, kernel)
    local_bits = rng.randrange(3)
    out_width = rng.randint(1, 6)
    row_stride = (out_width << local_bits) % POTENTIALS
    if kind == "linear":
        kernel = stride = 1
    return {
        "from_input": int(kind == "input"), "linear": int(kind == "linear"),
        "direct": int(kind == "linear" or rng.random() < 0.3), "halves": stride - 1,
        "kernel": kernel, "top": top, "left": left,
        "height": height, "width": width, "channels": channels,
        "block_channels": LANES if kind == "linear" else rng.choice([1, 2, 4]),
        "source": rng.randrange(20), "plane": height * width if kind == "input" else 0,
        "pointer": rng.randrange(200), "out_height": rng.randint(1, 6), "out_width": out_width,
        "local_bits": local_bits, "row_stride": row_stride,
        "base": (top // stride * row_stride + (left // stride << local_bits)) % POTENTIALS}


def inside(group: dict, place: int, size: int) -> list[int]:
    """Return the kernel rows (or columns) through which a padded place reaches the output map."""
    stride = 1 + group["halves"]
    return [tap for tap in range(group["kernel"])
            if (place - tap) % stride == 0 and 0 <= (place - tap) // stride < size]


def place_of(group: dict, y: int, x: int) -> dict:
    """Return base and taps of a source position."""
    if group["linear"]:
        return {"base": group["base"], "taps": 1, "is_useful": 1}
    stride, row, column = 1 + group["halves"], y + group["top"], x + group["left"]
    base = row // stride * group["row_stride"] + (column // stride << group["local_bits"])
    taps = sum(1 << i * group["kernel"] + j for i in inside(group, row, group["out_height"])
               for j in inside(group, column, group["out_width"]))
    return {"base": base % POTENTIALS, "taps": taps, "is_useful": int(taps != 0)}


def expected(group: dict) -> list[dict]:
    plane, visits, pointer = group["height"] * group["width"], [], group["pointer"]
    for first in range(0, group["channels"], group["block_channels"]):
        block = range(first, min(first + group["block_channels"], group["channels"]))
        for y in range(group["height"]):
            for x in range(group["width"]):
                visit = place_of(group, y, x) | {"marker": 0, "is_pixel": group["from_input"]}
                place = group["source"] + y * group["width"] + x
                if group["from_input"]:
                    visits += [visit | {"address": place + channel * plane,
                                        "pointer": group["pointer"] + channel}
                               for channel in block]
                    continue
                row = first // LANES
                slots = sum(1 << (channel % LANES) for channel in block)
                visits.append(visit | {
                    "address": place + row * plane, "slots": slots,
                    "pointer": pointer if group["linear"] else group["pointer"] + row * LANES})
                pointer += len(block)
        visits[-1]["marker"] = 1 - group["direct"]
    return visits


async def begin(ctx, dut, group: dict):
    ctx.set(dut.group, group)
    ctx.set(dut.begin, 1)
    await ctx.tick()
    ctx.set(dut.begin, 0)


def walk(groups: list[dict], *, pauses=never) -> list[list[dict]]:
    dut, walks = MapWalker(CONFIG), []

    async def drive(ctx):
        for group in groups:
            await begin(ctx, dut, group)
            walks.append(await receive(ctx, dut.visits, len(expected(group)), pauses=pauses))
            assert not ctx.get(dut.visits.valid) and not ctx.get(dut.strays)

    simulate(dut, drive)
    return walks


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", range(1, CONFIG.max_kernel + 1))
@KINDS
def test_visits_in_order(kind, kernel, stride):
    seeds = range(4 * kernel, 4 * kernel + 4)
    groups = [random_group(seed, kind, kernel=kernel, stride=stride) for seed in seeds]
    share = 0.6 * (kernel % 2)
    for group, visits in zip(groups, walk(groups, pauses=at_random(kernel, share)), strict=True):
        wanted = expected(group)
        seen = [{name: visit[name] for name in want}
                for visit, want in zip(visits, wanted, strict=True)]
        assert seen == wanted


@KINDS
def test_one_visit_per_cycle(kind):
    group, dut = random_group(5, kind), MapWalker(CONFIG)
    count = len(expected(group))

    async def drive(ctx):
        ctx.set(dut.visits.ready, 1)
        await begin(ctx, dut, group)
        valid = [(await ctx.tick().sample(dut.visits.valid))[-1] for _ in range(count + 2)]
        assert valid == [1] * count + [0, 0]

    simulate(dut, drive)


@pytest.mark.parametrize("changes, strays", [
    ({}, False), ({"source": CONFIG.spike_depth - 6}, False),
    ({"source": CONFIG.spike_depth - 5}, True), ({"pointer": CONFIG.pointer_depth - LANES}, False),
    ({"pointer": CONFIG.pointer_depth - LANES, "channels": 2 * LANES}, True),
    # The last row has no tap inside: it is not read, wherever it lies.
    ({"source": CONFIG.spike_depth - 5, "out_height": 1}, False)])
def test_strays_if_it_would_read_beyond_a_memory(changes, strays):
    dut = MapWalker(CONFIG)
    group = {"kernel": 1, "height": 2, "width": 3, "channels": LANES, "block_channels": LANES,
             "out_height": 2, "out_width": 3, "row_stride": 3, **changes}

    async def drive(ctx):
        ctx.set(dut.visits.ready, 1)
        await begin(ctx, dut, group)
        seen = []
        while ctx.get(dut.visits.valid):
            seen.append((await ctx.tick().sample(dut.strays))[-1])
        assert any(seen) == strays

    simulate(dut, drive)
