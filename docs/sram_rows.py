"""The SRAM rows of the energy tables, from CACTI 7: `python docs/sram_rows.py CACTI --node 28`.

CACTI is a folder with CACTI 7's program `cacti` and its `tech_params`, as hwcomponents-cacti ships
them (build it with `make opt`), and that package's `default_cfg.cfg`. 28 nm lies between CACTI's
32 and 22 nm, 0.6 and 0.4 of each. `--horowitz` scales energies so that reads of 64 bits cost what
Horowitz gives for caches of 8 KB, 32 KB and 1 MB; between them the factor is interpolated in log.
"""

import argparse
import csv
import math
import subprocess
import tempfile
from itertools import pairwise
from pathlib import Path

SIZES = [1 << exponent for exponent in range(8, 21)]
WIDTHS = (8, 16, 32, 64)
NODES = {28: {32: 0.6, 22: 0.4}, 45: {45: 1.0}}
READ, WRITE = " Dynamic read energy (nJ)", " Dynamic write energy (nJ)"
LEAKAGE, AREA = " Standby leakage per bank(mW)", " Area (mm2)"
HOROWITZ_PJ = {8 << 10: 10.0, 32 << 10: 20.0, 1 << 20: 100.0}
ANCHOR_WIDTH = 64


def run_cacti(folder: Path, size_bytes: int, width_bits: int, node_nm: int) -> dict[str, float]:
    """Return what CACTI says of one memory with one port for reading and writing."""
    with tempfile.TemporaryDirectory() as scratch:
        config = Path(scratch) / "memory.cfg"
        config.write_text(f"""{(folder / "default_cfg.cfg").read_text()}
-size (bytes) {size_bytes}
-read-write port  1
-block size (bytes) {width_bits // 8}
-technology (u) {node_nm / 1000}
-output/input bus width  {width_bits}
-UCA bank 1
-cache type "ram"
-tag size (b) 0
-associativity 1
""")
        subprocess.run(["./cacti", "-infile", config], cwd=folder, check=True, capture_output=True)
        with Path(f"{config}.out").open() as file:
            row = list(csv.DictReader(file))[-1]
    return {key: float(row[key]) for key in (READ, WRITE, LEAKAGE, AREA)}


def memory_at(folder: Path, size_bytes: int, width_bits: int, node_nm: int) -> dict[str, float]:
    """Return energies in pJ, area in mm² and leakage in µW per mm² at a node."""
    runs = [(run_cacti(folder, size_bytes, width_bits, node), part)
            for node, part in NODES[node_nm].items()]
    mean = {key: sum(run[key] * part for run, part in runs) for key in runs[0][0]}
    return {"read": mean[READ] * 1e3, "write": mean[WRITE] * 1e3, "area": mean[AREA],
            "leakage": mean[LEAKAGE] * 1e3 / mean[AREA]}


def horowitz_factor(size_bytes: int, factors: dict[int, float]) -> float:
    """Return what energies of a size are scaled with; below the smallest cache as there."""
    if size_bytes <= min(factors):
        return factors[min(factors)]
    low, high = next(pair for pair in pairwise(factors) if size_bytes <= pair[1])
    place = math.log(size_bytes / low) / math.log(high / low)
    return factors[low] ** (1 - place) * factors[high] ** place


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cacti", type=Path)
    parser.add_argument("--node", type=int, choices=NODES, required=True)
    parser.add_argument("--horowitz", action="store_true")
    arguments = parser.parse_args()
    found = {(size, width): memory_at(arguments.cacti, size, width, arguments.node)
             for size in SIZES for width in WIDTHS}
    factors = {size: energy / found[size, ANCHOR_WIDTH]["read"] if arguments.horowitz else 1.0
               for size, energy in HOROWITZ_PJ.items()}
    for (size, width), memory in found.items():
        for action in ("read", "write"):
            is_given = (arguments.horowitz and action == "read" and width == ANCHOR_WIDTH
                        and size in HOROWITZ_PJ)
            source = "horowitz" if is_given else "scaled" if arguments.horowitz else "cacti"
            energy = memory[action] * horowitz_factor(size, factors)
            print(f"        - {{<<: *{source}, name: {action}, arguments: {{bytes: {size}}}, "
                  f"width_bits: {width}, energy_pJ: {energy:.4g}}}")
    print()
    for (size, width), memory in found.items():
        print(f"        - {{<<: *cacti, arguments: {{bytes: {size}}}, width_bits: {width}, "
              f"area_mm2: {memory['area']:.4g}, leakage_uW_per_mm2: {memory['leakage']:.4g}}}")
    print({f"{size >> 10} KB": round(factor, 4) for size, factor in factors.items()})


if __name__ == "__main__":
    main()
