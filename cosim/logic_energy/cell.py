"""What a Liberty file says of a cell: its logic, and the energy of its transitions."""

import re
from dataclasses import dataclass

import numpy as np

from ..synthesis.library import LibraryError
from .function import truth_table
from .liberty import Group, read_cells, read_header

__all__ = ["Cell", "PowerTable", "Technology", "load_cells", "read_technology"]

PREFIXES = {"f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0}
UNIT = re.compile(r"([\d.]*)\s*([fpnum]?)[A-Za-z]+")
SLEW, LOAD = "input_transition_time", "total_output_net_capacitance"


@dataclass(frozen=True)
class Technology:
    """Units of a library in SI, its nominal voltage, and the axes of its tables of power.

    ``energy`` is the unit of internal power, capacitance times voltage squared.
    """

    voltage: float
    capacitance: float
    energy: float
    leakage: float
    templates: dict[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class PowerTable:
    """Energy of one transition in J, mean of rise and fall, over slew (ns) and load (F).

    The mean is over input conditions and related pins as well. ``values`` is [slews, loads];
    an axis of one entry does not matter.
    """

    slews: np.ndarray
    loads: np.ndarray
    values: np.ndarray

    def at(self, slew_ns: float, load: float) -> float:
        """Return the energy, linear between entries, and at the nearest one beyond them."""
        by_slew = [np.interp(load, self.loads, row) for row in self.values]
        return float(np.interp(slew_ns, self.slews, by_slew))


@dataclass(frozen=True, kw_only=True, eq=False)
class Cell:
    """A cell with up to six inputs, its state among them.

    Parameters
    ----------
    inputs
        Names of input pins, without the clock; of a flip-flop its state is one more at the end.
    functions
        Truth table of each output, over ``inputs``; of a flip-flop, over its state alone.
    next_state
        That of a flip-flop; ``None`` for a gate.
    clock
        Clock pin of a flip-flop, which takes its next state at the rising edge.
    enable
        Input without which a flip-flop keeps its state; ``None`` if it has none.
    capacitance
        Of each input pin, the clock's too, in F.
    power
        Tables of energy of each pin that has some.
    leakage
        Mean over input conditions, in W.
    """

    name: str
    inputs: tuple[str, ...]
    functions: dict[str, int]
    next_state: int | None
    clock: str | None
    enable: str | None
    capacitance: dict[str, float]
    power: dict[str, tuple[PowerTable, ...]]
    leakage: float


def load_cells(text: str, names: list[str]) -> tuple[Technology, dict[str, Cell]]:
    """Return units and these cells of a Liberty file's text; :class:`LibraryError` names a cell
    that is missing or cannot be simulated."""
    technology = read_technology(read_header(text))
    return technology, {name: _cell(group, technology)
                        for name, group in read_cells(text, names).items()}


def read_technology(header: Group) -> Technology:
    """Return units, voltage and table templates of a library."""
    parts = header.attributes.get("capacitive_load_unit", "1 pf").split()
    capacitance = _unit("".join(parts))
    voltage = _unit(header.attributes.get("voltage_unit", "1V"))
    templates = {group.arguments[0]: tuple(
        group.attributes[f"variable_{axis}"] for axis in (1, 2)
        if f"variable_{axis}" in group.attributes)
        for group in header.all("power_lut_template", "lu_table_template")}
    return Technology(
        voltage=voltage * header.number("nom_voltage"), capacitance=capacitance,
        energy=capacitance * voltage ** 2,
        leakage=_unit(header.attributes.get("leakage_power_unit", "1nW")), templates=templates)


def _unit(text: str) -> float:
    match = UNIT.fullmatch(text.strip())
    if not match:
        raise LibraryError(f"a unit must be a number and a name, not {text!r}")
    return float(match[1] or 1) * PREFIXES[match[2]]


def _cell(group: Group, technology: Technology) -> Cell:
    name = group.arguments[0]
    pins = {pin.arguments[0]: pin for pin in group.all("pin")}
    outputs = {pin: body for pin, body in pins.items()
               if body.attributes.get("direction") == "output"}
    state = group.all("ff", "latch", "ff_bank", "latch_bank", "statetable")
    clock, names, following = None, [pin for pin in pins if pin not in outputs], None
    functions = {pin: body.attributes.get("function") for pin, body in outputs.items()}
    if None in functions.values():
        raise LibraryError(f"cell {name}: every output must have a function")
    if state:
        clock, stored, inverse, following = _flip_flop(name, state)
        names = [*(pin for pin in names if pin != clock), stored]
        functions = {pin: f"!{stored}" if function == inverse else function
                     for pin, function in functions.items()}
    try:
        shown = names if clock is None else names[-1:]
        tables = {pin: truth_table(function, shown) for pin, function in functions.items()}
        next_state = None if following is None else truth_table(following, names)
    except LibraryError as error:
        raise LibraryError(f"cell {name}: {error}") from None
    return Cell(
        name=name, inputs=tuple(names), functions=tables, next_state=next_state, clock=clock,
        enable=None if next_state is None else _enable(names, next_state),
        capacitance={pin: body.number("capacitance", 0.0) * technology.capacitance
                     for pin, body in pins.items() if pin not in outputs},
        power={pin: found for pin, body in pins.items() if (found := _power(body, technology))},
        leakage=_leakage(group) * technology.leakage)


def _flip_flop(name: str, state: list[Group]) -> tuple[str, str, str, str]:
    """Return clock, names of state and of its inverse, and next state."""
    flip_flop, = state if len(state) == 1 else [None]
    found = flip_flop.attributes if flip_flop else {}
    clock = found.get("clocked_on", "").strip()
    if (flip_flop is None or flip_flop.kind != "ff" or {"clear", "preset"} & found.keys()
            or not re.fullmatch(r"\w+", clock) or "next_state" not in found):
        raise LibraryError(f"cell {name}: must be a gate, or a flip-flop of the rising edge "
                           "without asynchronous inputs")
    return clock, *flip_flop.arguments, found["next_state"]


def _enable(inputs: list[str], next_state: int) -> str | None:
    """Return the first input that makes the next state the present one while it is 0."""
    rows = range(1 << len(inputs))
    for index, name in enumerate(inputs[:-1]):
        if all(next_state >> row & 1 == row >> len(inputs) - 1
               for row in rows if not row >> index & 1):
            return name
    return None


def _leakage(group: Group) -> float:
    if "cell_leakage_power" in group.attributes:
        return group.number("cell_leakage_power")
    values = [found.number("value") for found in group.all("leakage_power")]
    return sum(values) / len(values) if values else 0.0


def _power(pin: Group, technology: Technology) -> tuple[PowerTable, ...]:
    """Return the tables of a pin, one for each related pin and condition."""
    return tuple(_mean([_table(edge, technology) for edge in power.all("rise_power", "fall_power",
                                                                       "power")])
                 for power in pin.all("internal_power")
                 if power.all("rise_power", "fall_power", "power"))


def _mean(edges: list[PowerTable]) -> PowerTable:
    first = edges[0]
    return PowerTable(first.slews, first.loads,
                      np.mean([_on(first, edge) for edge in edges], axis=0))


def _on(axes: PowerTable, table: PowerTable) -> np.ndarray:
    """Return the values of a table on the axes of another one."""
    return np.array([[table.at(slew, load) for load in axes.loads] for slew in axes.slews])


def _table(group: Group, technology: Technology) -> PowerTable:
    template = group.arguments[0] if group.arguments else "scalar"
    variables = technology.templates.get(template, ())
    axes = [group.numbers(f"index_{axis + 1}") for axis in range(len(variables))]
    values = group.numbers("values")
    one = np.zeros(1)
    if values is None or any(axis is None for axis in axes):
        raise LibraryError(f"{group}: must have values, and an index for each variable")
    if values.size != np.prod([axis.size for axis in axes], dtype=int):
        raise LibraryError(f"{group}: must have a value for each entry of its axes")
    found = dict(zip(variables, axes, strict=True))
    values = values.reshape([axis.size for axis in axes])
    if variables and variables[0] == LOAD:
        values = values.T
    slews, loads = found.get(SLEW, one), found.get(LOAD, one)
    return PowerTable(slews, loads * technology.capacitance,
                      values.reshape(slews.size, loads.size) * technology.energy)
