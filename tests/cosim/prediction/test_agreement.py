"""Counts against their prediction: on how many images they agree, and where first they do not."""

from cosim.prediction import agreement, predict
from cosim.summary import agreement_line
from hw.counters import COUNTERS
from tests.cosim.cases import make_case

CASE = make_case(3)


def test_equal_counts():
    counts = predict(CASE.program, CASE.images).counts
    count = len(CASE.images)
    found = agreement(CASE.program, CASE.images, counts)
    assert found == {"equal_images": count, "first_difference": None}
    assert agreement_line(found, count) == f"every count as predicted on {count} of {count} images"


def test_the_first_count_that_differs():
    counts = predict(CASE.program, CASE.images).counts.copy()
    layer, counter = len(CASE.program.layers) - 1, list(COUNTERS).index("queue_stall_cycles")
    counts[1, layer, counter] += 1234
    counts[2, 0, 0] += 1
    found = agreement(CASE.program, CASE.images, counts)
    assert found["equal_images"] == len(CASE.images) - 2
    was = int(counts[1, layer, counter]) - 1234
    assert found["first_difference"] == {
        "image": 1, "layer": "scores", "counter": "queue_stall_cycles", "predicted": was,
        "counted": was + 1234}
    assert agreement_line(found, 3).endswith(
        f"first image 1, layer scores, queue_stall_cycles: predicted {was:,}, counted "
        f"{was + 1234:,}")
