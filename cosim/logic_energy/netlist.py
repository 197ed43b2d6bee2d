"""A mapped netlist as arrays: gates in an order in which they can be evaluated, flip-flops,
memories."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

import numpy as np

from ..synthesis.library import LibraryError
from .cell import Cell
from .function import MOST_INPUTS
from .mapping import RAM

__all__ = ["OWN", "Gates", "Instance", "Memory", "Netlist", "block_of", "build_netlist",
           "library_cells"]

# Block of the cells that are in none of the blocks inside.
OWN = "own"
CLOCK = "clk"
ZERO, ONE = 0, 1


@dataclass(frozen=True)
class Instance:
    """A cell in its block; net of each pin, the clock's apart."""

    cell: Cell
    block: str
    nets: dict[str, int]


@dataclass(frozen=True, eq=False)
class Gates:
    """Functions of nets: ``truth[i] >> Σ value(inputs[i, k])·2ᵏ & 1`` is the value of net
    ``outputs[i]``. Missing inputs are the net that is always 0.
    """

    inputs: np.ndarray      # int32 [gates, MOST_INPUTS]
    truth: np.ndarray       # uint64 [gates]
    outputs: np.ndarray     # int32 [gates]


@dataclass(frozen=True, eq=False)
class Memory:
    """An instance of ``firstspike_ram``: nets of its pins, int32, least significant first."""

    name: str
    read: int
    write: int
    read_address: np.ndarray
    write_address: np.ndarray
    read_data: np.ndarray
    write_data: np.ndarray


@dataclass(frozen=True, eq=False)
class Netlist:
    """Nets are numbers; net 0 is always 0 and net 1 always 1.

    Parameters
    ----------
    nets
        How many there are.
    enables
        Those that enable flip-flops.
    inputs, outputs
        Nets of each port but the clock, int32, least significant first, by name.
    gates
        Each one after those that it depends on.
    states
        Of flip-flops: what ``outputs`` are in the next cycle.
    """

    nets: int
    enables: np.ndarray     # int32 [enables]
    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]
    gates: Gates
    states: Gates
    memories: tuple[Memory, ...]
    instances: tuple[Instance, ...]


def library_cells(module: dict) -> list[str]:
    """Return the types of a module's cells, memories left out, in order of the alphabet."""
    return sorted({cell["type"] for cell in module["cells"].values() if RAM not in cell["type"]})


def block_of(name: str) -> str:
    r"""Return the block that Yosys took a cell from, by the cell's name after flattening.

    >>> block_of(r"$flatten\\filter.\\fifo$183.$abc$7$auto$8"), block_of("$abc$7$auto$8")
    ('filter/fifo', 'own')
    """
    path = re.findall(r"\\([A-Za-z_]\w*)(?:\$\d+)?\.", name.removeprefix("$flatten"))
    return "/".join(path) or OWN


def build_netlist(module: dict, cells: dict[str, Cell]) -> Netlist:
    """Return a flat module of Yosys' JSON as arrays.

    Raises :class:`LibraryError` for a cell with another clock than the port ``clk``, and for a loop
    without a flip-flop.
    """
    numbers = {"0": ZERO, "1": ONE, "x": ZERO}

    def net(bit) -> int:
        return numbers.setdefault(bit, len(numbers) - 1)

    def bits(values: Iterable) -> np.ndarray:
        return np.array([net(bit) for bit in values], np.int32)

    clock, = module["ports"][CLOCK]["bits"]
    ports = {direction: {name: bits(port["bits"]) for name, port in module["ports"].items()
                         if port["direction"] == direction and name != CLOCK}
             for direction in ("input", "output")}
    memories, instances, gates, states = [], [], [], []
    for name, content in sorted(module["cells"].items()):
        pins = content["connections"]
        if RAM in content["type"]:
            memories.append(Memory(name, net(pins["read"][0]), net(pins["write"][0]), *(
                bits(pins[pin]) for pin in ("read_address", "write_address", "read_data",
                                            "write_data"))))
            continue
        cell = cells[content["type"]]
        if cell.clock is not None and pins[cell.clock] != [clock]:
            raise LibraryError(f"cell {name}: its clock must be the port {CLOCK}")
        nets = {pin: net(connected[0]) for pin, connected in pins.items() if pin != cell.clock}
        instances.append(Instance(cell, block_of(name), nets))
        inputs = [nets.get(pin, ZERO) for pin in cell.inputs]
        if cell.clock is not None:
            inputs[-1] = net(f"state of {name}")
            states.append((inputs, cell.next_state, inputs[-1]))
            inputs = inputs[-1:]
        gates += [(inputs, function, nets[pin]) for pin, function in cell.functions.items()
                  if pin in nets]
    enables = {instance.nets[instance.cell.enable] for instance in instances
               if instance.cell.enable}
    return Netlist(
        nets=len(numbers) - 1, enables=np.array(sorted(enables), np.int32),
        inputs=ports["input"], outputs=ports["output"], gates=_arrays(_ordered(gates)),
        states=_arrays(states), memories=tuple(memories), instances=tuple(instances))


def _ordered(gates: list) -> list:
    driver = {output: index for index, (_, _, output) in enumerate(gates)}
    order = TopologicalSorter({index: {driver[net] for net in inputs if net in driver}
                               for index, (inputs, _, _) in enumerate(gates)})
    try:
        return [gates[index] for index in order.static_order()]
    except CycleError as error:
        raise LibraryError(
            f"the netlist must not have a loop of {len(error.args[1]) - 1} gates") from None


def _arrays(functions: list) -> Gates:
    inputs = np.full((len(functions), MOST_INPUTS), ZERO, np.int32)
    for index, (nets, _, _) in enumerate(functions):
        inputs[index, :len(nets)] = nets
    return Gates(inputs, np.array([truth for _, truth, _ in functions], np.uint64),
                 np.array([output for *_, output in functions], np.int32))
