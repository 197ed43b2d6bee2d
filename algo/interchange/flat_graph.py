"""A NIR graph as a list of its nodes in order of evaluation, subgraphs dissolved."""

from dataclasses import dataclass

from .refusal import InterchangeError

__all__ = ["FlatNode", "flat_nodes"]


@dataclass(frozen=True, eq=False)
class FlatNode:
    """A node, and what leads to it in the order of the edges; what meets in it is added up.

    ``kind`` is the name of its class. Inputs and outputs of subgraphs pass on what they get.
    """

    name: str
    kind: str
    node: object
    sources: tuple[str, ...]
    targets: tuple[str, ...]


def flat_nodes(graph) -> list[FlatNode]:
    """Return what the output of ``graph`` depends on, each node behind its sources.

    Among those that could come next it is the first target of the edges. Names of nodes in
    subgraphs are ``graph.node``. Raises :class:`InterchangeError` for graphs with other than one
    input and one output, for edges from or to nowhere, and for cycles.
    """
    nodes, edges = _dissolved(graph)
    ends = {}
    for kind in ("Input", "Output"):
        found = [name for name, node in graph.nodes.items() if type(node).__name__ == kind]
        if len(found) != 1:
            raise InterchangeError(f"a graph must have one {kind} node, not {len(found)}"
                                   + (f" ({', '.join(found)})" if found else ""))
        ends[kind] = found[0]
    sources = {name: [] for name in (ends["Input"], *(target for _, target in edges))}
    for source, target in edges:
        sources[target].append(source)
    needed = _ancestors(ends["Output"], sources)
    for name in needed:
        if not sources.get(name) and name != ends["Input"]:
            raise InterchangeError(f"{name}: no edge leads to this node")
    order = _ordered([name for name in sources if name in needed], sources)
    return [FlatNode(name, type(nodes[name]).__name__, nodes[name], tuple(sources[name]),
                     tuple(target for source, target in edges
                           if source == name and target in needed)) for name in order]


def _dissolved(graph, prefix: str = "") -> tuple[dict, list[tuple[str, str]]]:
    """Return nodes and edges, once each, with those of subgraphs in the places of these."""
    nodes, entries, exits, inner_edges = {}, {}, {}, []
    for name, node in graph.nodes.items():
        if type(node).__name__ == "NIRGraph":
            inner, edges = _dissolved(node, f"{prefix}{name}.")
            nodes |= inner
            inner_edges += edges
            own = {kind: [f"{prefix}{name}.{key}" for key, part in node.nodes.items()
                          if type(part).__name__ == kind] for kind in ("Input", "Output")}
            entries[name], exits[name] = own["Input"], own["Output"]
        else:
            nodes[prefix + name] = node
    found = []
    for source, target in graph.edges:
        for end in (source, target):
            if end not in graph.nodes:
                raise InterchangeError(f"{prefix}{end}: an edge names this node, which is not in "
                                       "the graph")
        found += [(before, behind) for before in exits.get(source, [prefix + source])
                  for behind in entries.get(target, [prefix + target])]
    return nodes, list(dict.fromkeys(found + inner_edges))


def _ancestors(name: str, sources: dict[str, list[str]]) -> set[str]:
    found, waiting = set(), [name]
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += sources.get(node, [])
    return found


def _ordered(names: list[str], sources: dict[str, list[str]]) -> list[str]:
    done = {}
    while len(done) < len(names):
        ready = next((name for name in names if name not in done
                      and all(source in done for source in sources[name])), None)
        if ready is None:
            left = [name for name in names if name not in done]
            raise InterchangeError(f"{', '.join(_cycle(left, sources))}: recurrent connections "
                                   "cannot be expressed; spikes only go forward")
        done[ready] = True
    return list(done)


def _cycle(left: list[str], sources: dict[str, list[str]]) -> list[str]:
    """Return the nodes of a cycle, walking back from the first node that waits for itself."""
    walked, node = [], left[0]
    while node not in walked:
        walked.append(node)
        node = next(source for source in sources[node] if source in left)
    return sorted(walked[walked.index(node):])
