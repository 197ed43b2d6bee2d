"""Sizes and clocks that processors had, against those that they have.

    python -m tests.cosim.synthesis.baseline [NAME …] [--write]

A baseline ``baselines/NAME.json`` says what is synthesised, for what, and what came out. A figure
may differ by the part that ``TOLERANCES`` allows, up or down: one that has become smaller is news
too, and ``--write`` makes it the new baseline.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from cosim.console import progress
from cosim.synthesis import find_target, synthesise
from hw.config import load_configuration
from hw.numbers import NumberFormat

__all__ = ["BASELINES", "differences", "figures", "synthesised"]

BASELINES = Path(__file__).with_name("baselines")
# By which part of the baseline a figure may differ, by its name; others not at all.
TOLERANCES = {"cells": 0.03, "area_um2": 0.03, "luts": 0.05, "carries": 0.1, "lut_rams": 0.05,
              "clock_mhz": 0.1, "delay_ps": 0.1}


def figures(result: dict) -> dict[str, dict]:
    """Return what is compared: figures by block or memory, and of the whole."""
    blocks = {block["block"]: block for block in result["blocks"]}
    memories = {memory["memory"]: memory for memory in result["memories"]}
    numbers = {name: {key: value for key, value in row.items() if type(value) is not str}
               for name, row in (blocks | memories | {"total": result["total"]}).items()}
    if "clock_mhz" in result:
        numbers["clock"] = {"clock_mhz": result["clock_mhz"]} | result["resources"]
    elif "critical_path" in result:
        numbers["clock"] = {"delay_ps": result["critical_path"]["delay_ps"]}
    return numbers


def differences(found: dict[str, dict], expected: dict[str, dict]) -> Iterator[str]:
    """Yield what differs by more than it may, a line each."""
    for name in sorted(found.keys() ^ expected.keys()):
        yield f"{name}: {'new' if name in found else 'gone'}"
    for name in sorted(found.keys() & expected.keys()):
        for key in sorted(found[name].keys() | expected[name].keys()):
            new, old = found[name].get(key), expected[name].get(key)
            if None in (new, old) or abs(new - old) > TOLERANCES.get(key, 0) * old:
                yield f"{name}: {key} {old} -> {new}"


def synthesised(baseline: dict, build_root: Path, show=None) -> dict[str, dict]:
    """Synthesise what a baseline is of, and return the figures."""
    config = load_configuration(baseline["config"], NumberFormat())
    target = find_target(baseline["target"], **baseline.get("options", {}))
    return figures(synthesise(config, target, progress=show, build_root=build_root))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="default: all")
    parser.add_argument("--write", action="store_true", help="what is found is the baseline")
    arguments = parser.parse_args()
    wrong = False
    for name in arguments.names or sorted(path.stem for path in BASELINES.glob("*.json")):
        path = BASELINES / f"{name}.json"
        baseline = json.loads(path.read_text())
        with progress(name) as show:
            found = synthesised(baseline, Path("sim_build"), show)
        changes = [*differences(found, baseline.get("figures", {}))]
        print(f"{name}: {'; '.join(changes) or 'as before'}", flush=True)
        if arguments.write:
            path.write_text(json.dumps(baseline | {"figures": found}, indent=1) + "\n")
        wrong |= bool(changes)
    return int(wrong and not arguments.write)


if __name__ == "__main__":
    raise SystemExit(main())
