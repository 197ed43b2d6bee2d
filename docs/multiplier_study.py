"""What a product without a multiplier saves against an array multiplier of the same accuracy.

    python -m docs.multiplier_study LIBRARY.lib [--fractions F …] [--out DIR]

Each row is one stage of a lane: the same stored weight and the same spike become a product of F
fraction bits in a register. The array multiplier gets its spike as a number, decoded once for an
event and so not counted here, looks its weight up in a table, and rounds; its factors are as narrow
as they can be without a larger error than the log multiplier's. docs/synthesis.md tells more.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

from amaranth import Array, Const, Module, Mux, Signal, signed
from amaranth.back import verilog
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from cosim.synthesis.library import Library, load_library
from cosim.synthesis.mapped import synthesise_mapped
from cosim.synthesis.tools import YOSYS, run_tool
from docs.study import done_once, print_table
from hw.config import CONFIGURATIONS, Configuration
from hw.lane.log_multiplier import LogMultiplier
from hw.numbers import NumberFormat

FRACTIONS = (8, 12, 16, 20)
TOP = "stage"


class ArrayMultiplier(wiring.Component):
    """Multiplies a spike's value by a weight's, of so many fraction bits, and rounds to F.

    Latency one cycle, as :class:`hw.lane.log_multiplier.LogMultiplier`.
    """

    def __init__(self, numbers: NumberFormat, spike_bits: int, weight_bits: int):
        self.numbers, self.spike_bits, self.weight_bits = numbers, spike_bits, weight_bits
        super().__init__({
            "spike": In(spike_bits + 1), "magnitude": In(numbers.weight_bits - 1),
            "negative": In(1), "product": Out(signed(numbers.product_bits + 2))})

    def elaborate(self, platform):
        m = Module()
        dropped = self.spike_bits + self.weight_bits - self.numbers.product_bits
        weights = Array(Const(value, self.weight_bits + 1)
                        for value in [0, *weight_table(self.numbers, self.weight_bits)])
        magnitude = Signal(self.numbers.product_bits + 1)
        half = 1 << (dropped - 1) if dropped else 0
        m.d.comb += magnitude.eq((self.spike * weights[self.magnitude] + half) >> dropped)
        m.d.sync += self.product.eq(Mux(self.negative, -magnitude, magnitude))
        return m


def weight_table(numbers: NumberFormat, bits: int) -> list[int]:
    """Return ``2^(-q/ρ)`` for every q with so many fraction bits, rounded."""
    return [_power(-q, numbers.weight_steps_per_octave, bits) for q in range(numbers.largest_code)]


def _power(steps: int, steps_per_octave: int, bits: int) -> int:
    return int(Fraction(2.0 ** (steps / steps_per_octave)) * 2 ** bits + Fraction(1, 2))


def worst_errors(numbers: NumberFormat, spike_bits: int, weight_bits: int) -> tuple[float, float]:
    """Return the largest error of log and of array multiplier over all factors, in 2^-F."""
    fraction, tau = numbers.product_bits, numbers.steps_per_octave
    dropped = spike_bits + weight_bits - fraction
    half = 1 << (dropped - 1) if dropped else 0
    weights = weight_table(numbers, weight_bits)
    log = array = 0.0
    for step in range(numbers.window):
        spike = _power(-step, tau, spike_bits)
        for q in range(numbers.largest_code):
            exact = 2.0 ** (fraction - step / tau - q / numbers.weight_steps_per_octave)
            log = max(log, abs(numbers.product(step + q * numbers.weight_stride) - exact))
            array = max(array, abs(((spike * weights[q] + half) >> dropped) - exact))
    return log, array


def narrowest(numbers: NumberFormat) -> tuple[int, int]:
    """Return fraction bits of spike and weight, as few as the log multiplier's error allows."""
    widths = [(spike, weight) for spike in range(numbers.product_bits + 2)
              for weight in range(numbers.product_bits + 2)
              if spike + weight >= numbers.product_bits]
    for spike, weight in sorted(widths, key=lambda pair: ((pair[0] + 1) * (pair[1] + 1), pair)):
        log, array = worst_errors(numbers, spike, weight)
        if array <= log:
            return spike, weight
    raise ValueError("no array multiplier is as accurate")


def measured(stage: Callable, library: Library, folder: Path) -> dict:
    """Return area, path and cells of the component that ``stage()`` makes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{TOP}.v").write_text(verilog.convert(
        stage(), name=TOP, emit_src=False, strip_internal_attrs=True))
    found = synthesise_mapped(folder, TOP, None, library=library)
    cells = {}
    for name, option in (("dsp", ""), ("lut", "-nodsp")):
        run_tool(YOSYS, ["-p", f"read_verilog {TOP}.v; synth_ecp5 {option} -top {TOP}; "
                               f"tee -o {name}.stat stat -json"], folder)
        stat = json.loads((folder / f"{name}.stat").read_text())
        cells[name] = stat["design"]["num_cells_by_type"]
    return {"area_um2": found["total"]["area_um2"], "delay_ps": found["critical_path"]["delay_ps"],
            "luts": _luts(cells["lut"]), "luts_beside_dsp": _luts(cells["dsp"]),
            "dsps": cells["dsp"].get("MULT18X18D", 0)}


def _luts(cells: dict) -> int:
    """Return LUTs, those of carry chains too."""
    return cells.get("LUT4", 0) + 2 * cells.get("CCU2C", 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library", type=Path)
    parser.add_argument("--fractions", type=int, nargs="+", default=FRACTIONS)
    parser.add_argument("--out", type=Path, default=Path("sim_build/multiplier"))
    arguments = parser.parse_args()
    library, rows = load_library(arguments.library), []
    for fraction in arguments.fractions:
        numbers = NumberFormat(product_bits=fraction, potential_bits=max(24, fraction + 8))
        config: Configuration = replace(CONFIGURATIONS["demo"], numbers=numbers)
        spike, weight = narrowest(numbers)
        stages = {"log": partial(LogMultiplier, config),
                  f"array {spike + 1} x {weight + 1}": partial(
                      ArrayMultiplier, numbers, spike, weight)}
        errors = worst_errors(numbers, spike, weight)
        for (name, stage), error in zip(stages.items(), errors, strict=True):
            folder = arguments.out / f"F{fraction}-{name.replace(' ', '')}"
            row = done_once(folder, partial(measured, stage, library))
            rows.append([str(fraction), name, f"{error:.2f}", f"{row['area_um2']:,.0f}",
                         f"{row['delay_ps']:,.0f}", str(row["luts"]),
                         f"{row['dsps']} + {row['luts_beside_dsp']}"])
    print_table(["F", "multiplier", "largest error, 2^-F", "µm²", "ps", "LUTs",
                 "DSPs + LUTs"], rows)


if __name__ == "__main__":
    main()
