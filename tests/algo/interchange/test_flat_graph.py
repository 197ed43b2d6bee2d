"""Graphs as lists of nodes: their order, and those that have none."""

from itertools import pairwise

import nir
import numpy as np
import pytest

from algo.interchange.flat_graph import flat_nodes
from algo.interchange.refusal import InterchangeError
from tests.algo.interchange.graphs import lif, perceptron


def graph(edges, **nodes):
    ends = {"input": nir.Input(np.array([2])), "output": nir.Output(np.array([2]))}
    return nir.NIRGraph(ends | nodes, edges, type_check=False)


def line(**nodes):
    names = ["input", *nodes, "output"]
    return graph(list(pairwise(names)), **nodes)


def test_each_node_is_behind_its_sources_whatever_the_order_of_edges():
    given = perceptron()
    given.edges = given.edges[::-1]
    given.nodes = dict(sorted(given.nodes.items(), reverse=True))
    assert [node.name for node in flat_nodes(given)] == ["input", "n0", "n1", "n2", "n3", "n4",
                                                         "output"]


def test_what_the_output_does_not_need_is_left_out():
    given = line(a=lif(2))
    given.nodes["b"] = lif(2)
    given.edges += [("input", "b"), ("a", "b")]
    found = flat_nodes(given)
    assert [node.name for node in found] == ["input", "a", "output"]
    assert found[1].targets == ("output",)


def test_edges_that_are_there_twice_count_once():
    given = line(a=lif(2))
    given.edges += given.edges
    assert [node.sources for node in flat_nodes(given)] == [(), ("input",), ("a",)]


@pytest.mark.parametrize(("given", "reason"), [
    (graph([("input", "a"), ("a", "b"), ("b", "a"), ("a", "output")], a=lif(2), b=lif(2)),
     "a, b: recurrent connections cannot be expressed"),
    (graph([("a", "output")], a=lif(2)), "a: no edge leads to this node"),
    (graph([("input", "a"), ("b", "output")], a=lif(2)), "b: an edge names this node, which is"),
    (line(a=lif(2), other=nir.Input(np.array([2]))), "one Input node, not 2 (input, other)"),
    (nir.NIRGraph({"a": lif(2), "input": nir.Input(np.array([2]))}, [], type_check=False),
     "one Output node, not 0"),
], ids=lambda value: value[:30] if isinstance(value, str) else "")
def test_graphs_without_an_order_are_refused(given, reason):
    with pytest.raises(InterchangeError) as refused:
        flat_nodes(given)
    assert reason in str(refused.value)
