"""NIR files: what is none, and life without the package nir."""

import sys

import h5py
import nir
import numpy as np
import pytest

from algo.interchange import InterchangeError, read_nir
from algo.interchange.file import save_graph
from tests.algo.interchange.graphs import lif, perceptron


def test_a_graph_survives_its_file(tmp_path):
    save_graph(perceptron(), tmp_path / "graph.nir")
    module, given = read_nir(tmp_path / "graph.nir", steps=3), read_nir(perceptron(), steps=3)
    assert all((value == given.state_dict()[name]).all()
               for name, value in module.state_dict().items())


def test_what_is_no_graph_is_one_line(tmp_path):
    path = tmp_path / "graph.nir"
    with pytest.raises(FileNotFoundError):
        read_nir(path, steps=1)
    path.write_text("not HDF5")
    with pytest.raises(InterchangeError, match=r"graph.nir: not a NIR file \(.*\)$"):
        read_nir(path, steps=1)
    with h5py.File(path, "w") as file:
        file.create_group("node").create_dataset("type", data="Telescope")
    with pytest.raises(InterchangeError, match=r"graph.nir: not a NIR file \(.*\)$"):
        read_nir(path, steps=1)
    nir.write(path, lif(3))
    with pytest.raises(InterchangeError, match=r"graph.nir: not a NIR file \(.*\)$"):
        read_nir(path, steps=1)
    with pytest.raises(InterchangeError, match="must be a NIRGraph or a file, not LIF"):
        read_nir(lif(3), steps=1)


def test_errors_name_the_file(tmp_path):
    graph = perceptron()
    graph.nodes["n1"].v_leak = np.ones(9)
    save_graph(graph, tmp_path / "graph.nir")
    with pytest.raises(InterchangeError, match=r"graph.nir: n1: v_leak must be 0, not 1;"):
        read_nir(tmp_path / "graph.nir", steps=1)


def test_without_nir_the_line_tells_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nir", None)
    with pytest.raises(InterchangeError, match=r"pip install 'firstspike\[nir\]'"):
        read_nir(tmp_path / "graph.nir", steps=1)
