"""The dataflow study's times against lanes that are stepped clock by clock."""

from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from docs import dataflow_study as study
from hw.network import Layer, Network, Shape, Synapses
from hw.numbers import NumberFormat

LANES = 4


@dataclass
class Lane:
    """A queue of events, a reader of rows, and a queue of two rows whose entries are executed."""

    width: int
    waiting: deque = field(default_factory=deque)       # (arrival, useful entries of each row)
    rows: deque = field(default_factory=deque)
    full: deque = field(default_factory=deque)          # [entries left, first cycle to execute]
    last: int = 0

    def step(self, now: int):
        if self.full and now >= self.full[0][1]:
            self.full[0][0] -= 1
            self.last = now
            if not self.full[0][0]:
                self.full.popleft()
        if not self.rows and self.waiting and now >= self.waiting[0][0]:
            self.rows.extend(self.waiting.popleft()[1])
        if self.rows and (self.width == 1 or not self.rows[0] or len(self.full) < 2):
            count = self.rows.popleft()
            self.last = now
            if count and self.width > 1:
                self.full.append([count, now + 2])


def rows_of(weight, taps, width, skip_bits):
    """Return the number of useful entries of each row of a lane's weights [local, taps]."""
    local_bits = (len(weight) - 1).bit_length()
    entries, before = [], -1
    for place in range(len(taps) << local_bits):
        tap, local = place >> local_bits, place & ((1 << local_bits) - 1)
        if local < len(weight) and weight[local, tap]:
            entries += [False] * ((place - before - 1) >> skip_bits) + [bool(taps[tap])]
            before = place
    return [sum(entries[first:first + width]) for first in range(0, len(entries), width)]


def stepped(weight, steps, design):
    """Return the cycles of a group that uses its weights directly."""
    lanes = [Lane(design.width) for _ in range(LANES)]
    now, tail = 0, 0
    locals_of = -(-len(weight) // LANES)
    padded = np.pad(weight, ((0, locals_of * LANES - len(weight)), (0, 0), (0, 0)))
    events = deque()
    for source, pattern, gap in zip(steps.source, steps.pattern, steps.gap, strict=True):
        met = [rows_of(padded[lane::LANES, source], steps.patterns[pattern], design.width,
                       design.skip_bits) for lane in range(LANES)]
        events.append((gap, [rows if sum(rows) else None for rows in met]))
    idle = events[0][0] if events else 0
    while events or any(lane.waiting or lane.rows or lane.full for lane in lanes):
        now += 1
        for lane in lanes:
            lane.step(now)
        if not events:
            continue
        met = events[0][1]
        if idle:
            idle -= 1
        elif all(len(lane.waiting) < design.queue or (design.needed and rows is None)
                 for lane, rows in zip(lanes, met, strict=True)):
            for lane, rows in zip(lanes, met, strict=True):
                if rows is not None:
                    lane.waiting.append((now + study.LATENCY, rows))
            events.popleft()
            tail = now + steps.tail
            idle = events[0][0] if events else 0
    return max(tail, *(lane.last for lane in lanes)) + study.DRAIN


@pytest.mark.parametrize("needed", [False, True])
@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("seed", range(6))
def test_times_are_those_of_the_clock(seed, width, needed, monkeypatch):
    monkeypatch.setattr(study, "LANES", LANES)
    rng = np.random.default_rng(seed)
    inputs, outputs, side = (int(size) for size in rng.integers((2, 2, 3), (9, 24, 7)))
    kernel, stride = int(rng.choice([1, 3])), int(rng.choice([1, 2]))
    shape = outputs, inputs, kernel, kernel
    weight = (rng.random(shape) < rng.choice([0.1, 0.4])).astype(np.int8)
    group = Synapses(source="input", kind="conv", weight=weight, padding=kernel // 2, stride=stride)
    layer = Layer(name="one", synapses=(group,), bias=np.zeros(outputs, np.int32))
    network = Network(name="", numbers=NumberFormat(), input_shape=Shape(inputs, side, side),
                      exponents=np.zeros((256, 1), np.uint8), layers=(layer,))
    maps = (rng.random((inputs, side, side)) < rng.choice([0.1, 0.5])).astype(int)
    designs = [study.Design(block=LANES, queue=queue, width=width, skip_bits=2, needed=needed)
               for queue in (2, 8)]
    steps = study.walk(network, layer, replace(group, source="before"), maps, LANES)
    flat = weight.reshape(outputs, inputs, -1)
    found = study.group_cycles(flat, steps, designs, True)
    assert len(steps.source) and found.tolist() == [
        stepped(flat, steps, design) for design in designs]
