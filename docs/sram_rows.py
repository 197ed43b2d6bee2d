"""The SRAM rows of the energy tables, from CACTI 7: `python docs/sram_rows.py CACTI --node 28`.

CACTI is a folder with CACTI 7's program `cacti` and its `tech_params`, as hwcomponents-cacti ships
them (build it with `make opt`), and that package's `default_cfg.cfg`. 28 nm lies between CACTI's
32 and 22 nm, 0.6 and 0.4 of each. `--two-ports` is for memories with a port for reading and one
for writing, instead of one for both. `--horowitz` scales energies so that reads of 64 bits from
one port cost what Horowitz gives for caches of 8 KB, 32 KB and 1 MB; between them the factor is
interpolated in log.
"""

import argparse
import csv
import math
import subprocess
import tempfile
from itertools import pairwise
from pathlib import Path

SIZES = {1: [1 << exponent for exponent in range(8, 21)],
         2: [1 << exponent for exponent in range(8, 17)]}
WIDTHS = (8, 16, 32, 64)
NODES = {28: {32: 0.6, 22: 0.4}, 45: {45: 1.0}}
READ, WRITE = " Dynamic read energy (nJ)", " Dynamic write energy (nJ)"
LEAKAGE, AREA = " Standby leakage per bank(mW)", " Area (mm2)"
HOROWITZ_PJ = {8 << 10: 10.0, 32 << 10: 20.0, 1 << 20: 100.0}
ANCHOR_WIDTH = 64
# What the tables call the sources, by ports: as CACTI says, and scaled.
ANCHORS = {1: ("cacti", "scaled"), 2: ("two_ports", "scaled_two_ports")}


def run_cacti(folder: Path, size_bytes: int, width_bits: int, node_nm: int, ports: int
              ) -> dict[str, float]:
    """Return what CACTI says of one memory."""
    common = (folder / "default_cfg.cfg").read_text()
    if ports == 2:
        for kind in ("read", "write"):
            common = common.replace(f"-exclusive {kind} port 0", f"-exclusive {kind} port 1")
    with tempfile.TemporaryDirectory() as scratch:
        config = Path(scratch) / "memory.cfg"
        config.write_text(f"""{common}
-size (bytes) {size_bytes}
-read-write port  {1 if ports == 1 else 0}
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


def memory_at(folder: Path, size_bytes: int, width_bits: int, node_nm: int, ports: int = 1
              ) -> dict[str, float]:
    """Return energies in pJ, area in mm² and leakage in µW per mm² at a node."""
    runs = [(run_cacti(folder, size_bytes, width_bits, node, ports), part)
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
    parser.add_argument("--two-ports", action="store_true")
    parser.add_argument("--horowitz", action="store_true")
    arguments = parser.parse_args()
    folder, node, ports = arguments.cacti, arguments.node, 2 if arguments.two_ports else 1
    found = {(size, width): memory_at(folder, size, width, node, ports)
             for size in SIZES[ports] for width in WIDTHS}
    factors = {size: energy / memory_at(folder, size, ANCHOR_WIDTH, node)["read"]
               if arguments.horowitz else 1.0 for size, energy in HOROWITZ_PJ.items()}
    for (size, width), memory in found.items():
        for action in ("read", "write"):
            is_given = (arguments.horowitz and action == "read" and width == ANCHOR_WIDTH
                        and size in HOROWITZ_PJ and ports == 1)
            source = "horowitz" if is_given else ANCHORS[ports][arguments.horowitz]
            energy = memory[action] * horowitz_factor(size, factors)
            print(f"        - {{<<: *{source}, name: {action}, arguments: {{bytes: {size}}}, "
                  f"width_bits: {width}, energy_pJ: {energy:.4g}}}")
    print()
    for (size, width), memory in found.items():
        print(f"        - {{<<: *{ANCHORS[ports][False]}, arguments: {{bytes: {size}}}, "
              f"width_bits: {width}, area_mm2: {memory['area']:.4g}, "
              f"leakage_uW_per_mm2: {memory['leakage']:.4g}}}")
    print({f"{size >> 10} KB": round(factor, 4) for size, factor in factors.items()})


if __name__ == "__main__":
    main()
