"""What pictures show is what was counted: bars, panels, marks."""

import numpy as np
import pytest

from cosim.report import read_folder
from cosim.report.cycles import CYCLE_PARTS, cycle_parts
from cosim.report.energy import ENERGY_PARTS
from cosim.report.picture import COLOURS, NARROW, WIDE, pixels_uri, stacked_bars, svg_of
from cosim.report.spikes import LayerSpikes, spike_pictures, spikes_of
from tests.cosim.report.folders import write_run_folder

COUNTS = {"cycles": 100, "events": 10, "queue_stall_cycles": 40, "weight_stall_cycles": 5,
          "integration_cycles": 60, "dram_stall_cycles": 30}


def test_parts_of_cycles_are_all_of_them():
    parts = cycle_parts(COUNTS)
    assert list(parts) == list(CYCLE_PARTS)
    assert list(parts.values()) == [10, 40, 5, 30, 60 - 55, 100 - 60 - 30]
    assert sum(parts.values()) == COUNTS["cycles"]


def test_every_part_has_a_colour_of_its_own():
    for parts in ([colour for colour, _ in CYCLE_PARTS.values()],
                  [colour for _, colour, _ in ENERGY_PARTS.values()]):
        assert len(set(parts)) == len(parts) and set(parts) <= set(COLOURS)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_bars_are_as_long_as_their_values(width):
    parts = {"a": ("#000", [1.0, 2.0]), "b": ("#111", [3.0, 0.5])}
    figure = stacked_bars(width, ["first", "second"], parts, "µJ")
    axes, = figure.axes
    lengths = [[bar.get_width() for bar in bars] for bars in axes.containers]
    begins = [[bar.get_x() for bar in bars] for bars in axes.containers]
    assert lengths == [[1, 2], [3, 0.5]] and begins == [[0, 0], [1, 2]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["first", "second"]
    assert axes.yaxis_inverted() and figure.get_figwidth() == width
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]


def test_a_picture_is_the_same_whenever_it_is_drawn():
    figures = [stacked_bars(WIDE, ["x"], {"a": ("#000", [1.0])}, "µJ") for _ in range(2)]
    assert svg_of(figures[0]) == svg_of(figures[1]) and b"<text" not in svg_of(figures[0])


@pytest.mark.parametrize("neuron", ["ttfs", "lif"])
def test_spikes_are_those_of_the_record(neuron, tmp_path):
    write_run_folder(tmp_path, neuron=neuron)
    folder = read_folder(tmp_path)
    layers = folder.context["network"]["layers"]
    for layer, found in zip(layers[:-1], spikes_of(folder), strict=True):
        histogram = folder.activity[f"{layer['name']}.histogram"]
        neurons = np.prod(layer["spikes"]) * folder.activity["images"]
        assert found.at_step * neurons == pytest.approx(histogram[:-1])
        assert found.silent * neurons == pytest.approx(histogram[-1])
        assert found.rate == pytest.approx(histogram[:-1].sum() / neurons)
        raster = folder.activity[f"{layer['name']}.raster"]
        fires = ([(index, time) for index, time in enumerate(raster)
                  if time < len(histogram) - 1] if neuron == "ttfs" else
                 [(index, step) for step, row in enumerate(raster)
                  for index, code in enumerate(row) if code == 0])
        assert sorted(zip(*found.raster.nonzero(), strict=True)) == sorted(fires)


def test_many_layers_and_one_step_can_be_drawn():
    for layers, steps in ((1, 1), (1, 24), (16, 16), (3, 1)):
        silent = LayerSpikes("layer", np.zeros(steps), 1.0, np.zeros((48, steps), bool))
        for picture in spike_pictures([silent] * layers):
            assert picture.wide != picture.narrow or layers == 1


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_images_of_any_number_of_channels(channels):
    assert pixels_uri(np.zeros((channels, 5, 4), np.uint8)).startswith("data:image/png;base64,")
