"""Packages depend one way, and what both sides share stands alone (DESIGN section 1)."""

import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("algo", "hw", "cosim")


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


def imports_of(graph, module):
    """Return what a module and those below it import from elsewhere, less the standard library."""
    modules = {module} | graph.find_descendants(module)
    found = {name for source in modules
             for name in graph.find_modules_directly_imported_by(source)} - modules
    return {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names}


def lint(directory):
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=directory, capture_output=True, text=True)


def test_contracts_hold():
    ran = lint(ROOT)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "5 kept, 0 broken" in ran.stdout


@pytest.mark.parametrize(("module", "line"), [
    ("algo/golden/reference.py", "import hw.config"),
    ("algo/golden/reference.py", "from hw.processor import Processor"),
    ("algo/golden/reference.py", "import cosim.toolchain"),
    ("algo/golden/reference.py", "from amaranth import Module"),
    ("hw/config.py", "import torch"),
    ("hw/config.py", "from algo import golden"),
    ("hw/numbers.py", "import amaranth"),
])
def test_a_forbidden_import_breaks_a_contract(module, line, tmp_path):
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path = tmp_path / module
    path.write_text(f"{path.read_text()}\n{line}\n")
    ran = lint(tmp_path)
    assert ran.returncode != 0 and "BROKEN" in ran.stdout, ran.stdout + ran.stderr


def test_numbers_need_the_standard_library_only(graph):
    assert imports_of(graph, "hw.numbers") == set()


def test_networks_need_numpy_and_safetensors_only(graph):
    assert imports_of(graph, "hw.network") <= {"hw.numbers", "numpy", "safetensors"}


def test_golden_model_imports_no_hardware(graph):
    hardware = {name for name in imports_of(graph, "algo.golden") if name.startswith("hw")}
    shared = {"hw.numbers", "hw.network"} | graph.find_descendants("hw.network")
    assert hardware and hardware <= shared


def test_only_cosim_imports_cosim(graph):
    users = {name for name in graph.modules if name.partition(".")[0] in ("algo", "hw")}
    assert not {name for name in users for target in
                graph.find_modules_directly_imported_by(name) if target.startswith("cosim")}
