"""The studies of docs/: recipes are valid, rows are done once, tables are whole."""

from argparse import Namespace
from dataclasses import replace

import pytest

from algo.training.train import train
from docs import compression_study, design_study, stage_study
from docs.study import done_once, error_of
from hw.config import CONFIGURATIONS
from hw.numbers import NumberFormat

from .algo.training.short import short_recipe
from .networks import random_images, random_network

ARGUMENTS = Namespace(seed=3, threads=1, epochs=2)


@pytest.mark.parametrize("row", compression_study.ROWS, ids=lambda row: row.name)
def test_rows_of_compression_are_recipes(row):
    recipe = row.recipe(ARGUMENTS)
    assert [(stage.form, stage.epochs) for stage in recipe.stages] == [("time", 2)]
    found = recipe.compression
    assert (found.density, bool(found.method)) == (1 / row.times, row.times > 1)
    assert (found.lanes > 0) == (row.structure == "balanced")
    assert recipe.distillation.teacher == compression_study.BASE


def test_a_row_is_done_once(tmp_path):
    calls = []

    def make(folder):
        calls.append(folder)
        folder.mkdir()
        return {"test": 0.5}

    assert done_once(tmp_path / "a", make) == done_once(tmp_path / "a", make) == {"test": 0.5}
    assert calls == [tmp_path / "a"] and error_of(0.5, 2500) == 0.01


def test_stages_of_a_training_are_a_table(tmp_path, monkeypatch, capsys):
    train(short_recipe(), tmp_path / "run", test=False)
    monkeypatch.setattr("sys.argv", ["study", str(tmp_path / "run"), "--images", "20",
                                     "--out", str(tmp_path / "out")])
    stage_study.main()
    lines = capsys.readouterr().out.splitlines()
    rows = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    assert rows == ["stage", "---", "time", "log"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"run-time", "run-log"}


def test_steps_of_a_design_add_up_to_compact():
    """Each changes something; the last processor differs from `compact` in its name only."""
    network = random_network(3, neuron="ttfs", numbers=NumberFormat(
        product_bits=20, potential_bits=32))
    layers = tuple(replace(layer, bias=layer.bias // 2 ** 14) for layer in network.layers)
    network, processor = replace(network, coding="bits", layers=layers), CONFIGURATIONS["vgg"]
    known, designs = {"images": random_images(3, network, 4)}, []
    for step in design_study.STEPS:
        network, processor = step.network(network, known), step.processor(processor)
        designs.append((network.numbers, network.coding, processor))
    assert len(set(designs)) == len(design_study.STEPS)
    assert (network.numbers.product_bits, network.numbers.potential_bits) == (8, 16)
    assert network.coding == "greedy2"
    assert replace(processor, name="compact") == CONFIGURATIONS["compact"]
