"""The order of visits against nested loops, for pixels, maps of spikes and linear groups."""

from random import Random

import pytest

from hw.control.map_walker import MapWalker
from tests.hw.configurations import SMALL
from tests.hw.streams import at_random, never, receive, simulate

LANES, SIDE = SMALL.lanes, SMALL.max_kernel


def random_group(seed: int, kind: str) -> dict:
    """Return a group as the compiler might lay it out; its addresses fit their memories."""
    rng = Random(seed)
    height, width, channels = rng.randint(1, 5), rng.randint(1, 5), rng.randint(1, 9)
    kernel = 1 if kind == "linear" else rng.randint(1, SIDE)
    padding = rng.randrange(kernel)
    local_bits = rng.randrange(3)
    sides = [1, 1] if kind == "linear" else [
        max(1, side + 2 * padding - kernel + 1) for side in (height, width)]
    origin = (padding * sides[1] + padding) << local_bits
    return {
        "from_input": int(kind == "input"), "linear": int(kind == "linear"),
        "direct": int(kind == "linear" or rng.random() < 0.3), "kernel": kernel,
        "padding": padding, "height": height, "width": width, "channels": channels,
        "block_channels": LANES if kind == "linear" else rng.choice([1, 2, 4]),
        "source": rng.randrange(20), "plane": height * width if kind == "input" else 0,
        "pointer": rng.randrange(200), "out_height": sides[0], "out_width": sides[1],
        "local_bits": local_bits, "base": origin % SMALL.potential_depth,
        "row_stride": (sides[1] << local_bits) % SMALL.potential_depth}


def taps_inside(group: dict, place: int, size: int) -> int:
    """Return the kernel rows (or columns) through which a place reaches the output map."""
    if group["linear"]:
        return 1
    return sum(1 << tap for tap in range(group["kernel"])
               if 0 <= place + group["padding"] - tap < size)


def expected(group: dict) -> list[dict]:
    plane, visits, pointer = group["height"] * group["width"], [], group["pointer"]
    for first in range(0, group["channels"], group["block_channels"]):
        block = range(first, min(first + group["block_channels"], group["channels"]))
        for y in range(group["height"]):
            for x in range(group["width"]):
                base = group["base"]
                if not group["linear"]:
                    base += y * group["row_stride"] + (x << group["local_bits"])
                visit = {
                    "base": base % SMALL.potential_depth, "marker": 0,
                    "is_pixel": group["from_input"],
                    "rows": taps_inside(group, y, group["out_height"]),
                    "columns": taps_inside(group, x, group["out_width"])}
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


def walk(groups: list[dict], *, pauses=never) -> list[list[dict]]:
    dut, walks = MapWalker(SMALL), []

    async def drive(ctx):
        for group in groups:
            ctx.set(dut.group, group)
            ctx.set(dut.begin, 1)
            await ctx.tick()
            ctx.set(dut.begin, 0)
            walks.append(await receive(ctx, dut.visits, len(expected(group)), pauses=pauses))
            assert not ctx.get(dut.visits.valid)

    simulate(dut, drive)
    return walks


@pytest.mark.parametrize("share", [0.0, 0.6])
@pytest.mark.parametrize("kind", ["input", "map", "linear"])
@pytest.mark.parametrize("seed", range(12))
def test_visits_in_order(seed, kind, share):
    groups = [random_group(10 * seed + index, kind) for index in range(3)]
    for group, visits in zip(groups, walk(groups, pauses=at_random(seed, share)), strict=True):
        wanted = expected(group)
        seen = [{name: visit[name] for name in want}
                for visit, want in zip(visits, wanted, strict=True)]
        assert seen == wanted


@pytest.mark.parametrize("kind", ["input", "map", "linear"])
def test_one_visit_per_cycle(kind):
    group, dut = random_group(5, kind), MapWalker(SMALL)
    count = len(expected(group))

    async def drive(ctx):
        ctx.set(dut.group, group)
        ctx.set(dut.begin, 1)
        ctx.set(dut.visits.ready, 1)
        valid = []
        for _ in range(count + 3):
            valid.append((await ctx.tick().sample(dut.visits.valid))[-1])
            ctx.set(dut.begin, 0)
        assert valid == [0, *[1] * count, 0, 0]

    simulate(dut, drive)
