"""The supervisor: which starts are passed on, when an inference is done, what is counted."""

from hw.bus.supervisor import Supervisor
from hw.layout import Fault
from tests.hw.streams import clocked

READY = {"ready": 1, "fault": Fault.NONE}
RUNS = {"ready": 0, "fault": Fault.NONE}
FAILED = {"ready": 0, "fault": Fault.OPCODE}


def run(stimulus: list[dict], *outputs: str) -> list[tuple]:
    """Return outputs in each cycle; commands and ``ends`` last for a cycle."""
    dut = Supervisor()
    once = {"start": 0, "reset": 0, "ends": 0}
    return clocked(dut, [once | inputs for inputs in stimulus],
                   [getattr(dut, name) for name in outputs])


def test_an_inference_from_start_to_end():
    seen = run([{"status": READY, "start": 1}, {"status": RUNS}, {}, {"draining": 1},
                {"status": READY, "ends": 1}, {"draining": 0}],
               "begin", "ready", "busy", "done", "cycles", "images")
    assert seen == [(1, 1, 0, 0, 0, 0), (0, 0, 1, 0, 0, 0), (0, 0, 1, 0, 1, 0),
                    (0, 0, 1, 0, 2, 0), (0, 0, 1, 1, 3, 0), (0, 1, 0, 0, 4, 1)]


def test_a_start_is_refused_until_ready_and_drained():
    seen = run([{"status": RUNS, "start": 1}, {"status": READY, "draining": 1, "start": 1},
                {"draining": 0, "start": 1}, {}], "begin", "refused", "busy")
    assert seen == [(0, 1, 0), (0, 1, 0), (1, 0, 0), (0, 0, 1)]


def test_a_packet_that_ends_outside_an_inference_is_not_its_end():
    seen = run([{"status": READY, "ends": 1}, {"start": 1, "ends": 1}, {}],
               "done", "images", "busy")
    assert seen == [(0, 0, 0), (0, 0, 0), (0, 0, 1)]


def test_a_fault_ends_an_inference_undone():
    seen = run([{"status": READY, "start": 1}, {"status": RUNS}, {"status": FAILED}, {}, {}],
               "busy", "done", "is_faulty", "cycles")
    assert seen == [(0, 0, 0, 0), (1, 0, 0, 0), (1, 0, 1, 1), (0, 0, 1, 2), (0, 0, 1, 2)]


def test_reset_clears_all_and_beats_start_and_end():
    seen = run([{"status": READY, "start": 1}, {"ends": 1}, {"start": 1}, {"ends": 1, "reset": 1},
                {"start": 1, "reset": 1}, {}], "begin", "busy", "done", "cycles", "images")
    assert seen == [(1, 0, 0, 0, 0), (0, 1, 1, 0, 0), (1, 0, 0, 1, 1), (0, 1, 0, 0, 1),
                    (0, 0, 0, 0, 0), (0, 0, 0, 0, 0)]
