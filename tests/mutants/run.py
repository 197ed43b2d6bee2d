"""Breaks the RTL in known ways, one at a time, and checks that the tests notice.

Each patch in this folder goes into a copy of the repository's tracked files, where two suites run:
the unit tests of the hardware, and random networks on the RTL against the golden model. Both must
fail for each mutant, and pass without one.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# One design of each pipeline, so that each mutant costs two simulation models.
SUITES = {
    "unit tests": ["tests/hw/lane", "tests/hw/control", "tests/hw/test_processor.py"],
    "random networks": ["tests/cosim/test_random_networks.py", "-k",
                        "tau4-T24-b5-L4 or tau1-T1-b3-L2-deep"]}


def patches() -> dict[str, Path]:
    """Return the patches by name."""
    return {path.stem: path for path in sorted(HERE.glob("*.patch"))}


def description(patch: Path) -> str:
    """Return the first line of a patch: what is broken."""
    return patch.read_text().splitlines()[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help=f"mutants to run, of {', '.join(patches())}; by default all")
    parser.add_argument("-n", "--processes", default="2", help="processes of each suite")
    options = parser.parse_args()
    names = options.names or list(patches())
    for name in set(names) - patches().keys():
        parser.error(f"NAME must be one of {', '.join(patches())}, not {name}")

    print("| mutant | what is broken | " + " | ".join(SUITES) + " |")
    print("|---" * (2 + len(SUITES)) + "|", flush=True)
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        original = Path(folder) / "original"
        copy_tracked_files(original)
        found = {name: run(name, original, options.processes) for name in [None, *names]}
    survivors = [name for name in names if not all(found[name].values())]
    if any(found[None].values()):
        print("\nThe tests fail without a mutant.")
        return 1
    if survivors:
        print(f"\nSurvived a suite: {', '.join(survivors)}.")
    return 1 if survivors else 0


def run(name: str | None, original: Path, processes: str) -> dict[str, Counter]:
    """Run the suites on one mutant, or on none; print and return the failures by test file."""
    copy = original.with_name(name or "unchanged")
    shutil.copytree(original, copy)
    if name:
        apply(patches()[name], copy)
    failures = {suite: failing_tests(copy, arguments, processes)
                for suite, arguments in SUITES.items()}
    shutil.rmtree(copy)
    what = description(patches()[name]) if name else "nothing"
    cells = ["passes" if not found else ", ".join(f"{file} ({n})" for file, n in found.items())
             for found in failures.values()]
    print(f"| {name or 'none'} | {what} | " + " | ".join(cells) + " |", flush=True)
    return failures


def copy_tracked_files(target: Path) -> None:
    """Copy the tracked files as they are in the working tree."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def apply(patch: Path, folder: Path, *options: str) -> None:
    """Apply a patch to the files in a folder; raise ``CalledProcessError`` if it does not fit."""
    subprocess.run(["git", "apply", *options, patch], cwd=folder, check=True)


def failing_tests(copy: Path, arguments: list[str], processes: str) -> Counter:
    """Run a suite in a copy of the repository; count the tests that fail, by file."""
    environment = os.environ | {"PYTHONPATH": str(copy)}
    imported = subprocess.run([sys.executable, "-c", "import hw; print(hw.__file__)"], cwd=copy,
                              env=environment, capture_output=True, text=True, check=True)
    assert Path(imported.stdout.strip()).is_relative_to(copy), "the copy must be what is imported"
    report = copy / "report.xml"
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", processes, "--dist", "loadgroup",
         f"--junitxml={report}", *arguments],
        cwd=copy, env=environment, capture_output=True, text=True)
    if finished.returncode not in (0, 1):
        raise SystemExit(finished.stdout + finished.stderr)
    cases = ElementTree.parse(report).iter("testcase")
    return Counter(case.get("classname").rsplit(".", 1)[-1] for case in cases
                   if case.find("failure") is not None or case.find("error") is not None)


if __name__ == "__main__":
    sys.exit(main())
