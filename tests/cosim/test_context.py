"""What a run was about, in its folder."""

import json
from pathlib import Path

import numpy as np
import pytest

from cosim.context import CONTEXT, command_line, context_of, write_context
from cosim.description import describe_network
from cosim.images import ImageSet
from hw.config import CONFIGURATIONS
from hw.network import save_network
from tests.networks import random_images, random_network

SEED = 5


@pytest.fixture
def given(tmp_path):
    network, path = random_network(SEED), tmp_path / "net.safetensors"
    save_network(network, path)
    images = random_images(SEED, network, 3)
    return network, path, CONFIGURATIONS["tiny"], ImageSet("x.npz", images, np.array([2, 0, 1]))


def test_context_says_what_was_run(given):
    network, path, config, image_set = given
    found = context_of(network, path, config, image_set, command="firstspike cosim x")
    assert found["command"] == "firstspike cosim x"
    assert found["network"] == describe_network(network, path)
    assert found["processor"]["lanes"] == config.lanes
    assert found["processor"]["memory_bits"] == sum(
        memory["words"] * memory["width_bits"] * memory["instances"]
        for memory in found["processor"]["memories"].values())
    assert set(found["processor"]["memories"]) == set(config.memories)
    assert found["images"] == {"source": "x.npz", "count": 3, "sha256": image_set.sha256,
                               "first_label": 2}


def test_labels_may_be_unknown(given):
    network, path, config, image_set = given
    unknown = ImageSet("x.npz", image_set.images, None)
    assert context_of(network, path, config, unknown, command="")["images"]["first_label"] is None


def test_file_is_json(given, tmp_path):
    context = context_of(*given, command="x")
    write_context(tmp_path, context)
    assert json.loads((tmp_path / CONTEXT).read_text(encoding="utf-8")) == json.loads(
        json.dumps(context))


@pytest.mark.parametrize(("options", "words"), [
    ({"n": 4}, "-n 4"), ({"trace": True}, "--trace"), ({"trace": False, "n": None}, ""),
    ({"waves_image": 2}, "--waves-image 2"), ({"o": Path("a b")}, "-o 'a b'")])
def test_command_lines_are_what_one_types(options, words):
    assert command_line("cosim", "x", **options) == f"firstspike cosim x {words}".strip()
