"""When a processor has come to a halt: long after, and never while anything moves."""

from random import Random

from hw.control.stall_detector import PATIENCE_CYCLES, StallDetector
from tests.hw.streams import clocked


def test_stalled_after_its_patience_until_something_moves():
    dut, wait = StallDetector(), PATIENCE_CYCLES
    stimulus = [{"working": 1}, *[{}] * wait, {}, {"moving": 1}, {"moving": 0}, *[{}] * wait,
                {"working": 0}, {}]
    seen = [stalled for stalled, in clocked(dut, stimulus, [dut.stalled])]
    assert seen == [0] * wait + [1] * 3 + [0] * wait + [1] * 2 + [0]


def test_anything_in_time_puts_it_off():
    rng, stimulus = Random(1), []
    while len(stimulus) < 2 * PATIENCE_CYCLES:
        stimulus += [{"working": 1, "moving": 0}] * rng.randrange(1, PATIENCE_CYCLES)
        stimulus.append(rng.choice([{"working": 0}, {"moving": 1}]))
    dut = StallDetector()
    assert not any(stalled for stalled, in clocked(dut, stimulus, [dut.stalled]))
