"""What a lane does in each cycle, by its ports."""

from dataclasses import dataclass

import numpy as np

from cosim.logic_energy.phase import OUTSIDE, STATES, phase_of, phases_of
from cosim.logic_energy.record import record_of
from hw.config import load_configuration
from hw.lane.lane import fire_latency
from hw.numbers import NumberFormat

CONFIG = load_configuration("tiny", NumberFormat())


@dataclass
class Layer:
    """As much of a layer's plan as matters: a list as long as it has groups."""

    groups: list


def phases(text: str, layers: list[int]) -> list[str]:
    """Return (layer, state) of cycles: b begin, a add, f visit of a neuron, . none."""
    cycles = np.array(list(text))
    record = record_of({"begin": cycles == "b", "activity": cycles == "a",
                        "neuron_valid": cycles == "f"},
                       {"begin": 1, "activity": 17, "neuron_valid": 1})
    names = {OUTSIDE: "-"} | {phase_of(layer, state): f"{layer}{state[0]}"
                              for layer in range(len(layers)) for state in STATES}
    found = phases_of(record, [Layer([None] * groups) for groups in layers], CONFIG)
    return " ".join(names[phase] for phase in found.tolist())


def test_a_layer_lasts_from_its_first_group_to_the_next_layer():
    assert phases(".ab.abaf.ba.f", [2, 1]) == (
        "- - 0w 0w 0a 0w 0a 0f 0w 1w 1a 1w 1f")


def test_an_inference_ends_when_its_last_neuron_is_through():
    after = "." * (fire_latency(CONFIG) + 2)
    through = " ".join(["0w"] * fire_latency(CONFIG) + ["-"] * 2)
    assert phases(f"baf.ff{after}ba", [1]) == f"0w 0a 0f 0w 0f 0f {through} 0w 0a"
    assert phases(f"baf{after}baf{after}", [1, 1]).endswith(
        "1w 1a 1f " + through.replace("0", "1"))


def test_all_of_a_run_may_be_outside():
    assert phases("....", [1]) == "- - - -"
