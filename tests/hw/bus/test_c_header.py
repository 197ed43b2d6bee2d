"""The C header: it compiles, and its constants are those of the map."""

import re
import subprocess
from pathlib import Path

from hw.bus.c_header import c_header
from hw.bus.registers import MAGIC, REGISTERS, VERSION, Access, every_field
from hw.counters import COUNTERS
from hw.layout import Fault

PAGE = Path(__file__).parents[3] / "docs" / "axi.md"


def constants() -> dict[str, int]:
    pairs = re.findall(r"^#define FIRSTSPIKE_(\w+) (\w+)u$", c_header(), re.MULTILINE)
    assert len({name for name, _ in pairs}) == len(pairs)
    return {name: int(value, 0) for name, value in pairs}


def compile_c(path: Path) -> str:
    """Return what a C compiler has to say about a file."""
    return subprocess.run(
        ["g++", "-x", "c", "-std=c99", "-fsyntax-only", "-Wall", "-Wextra", "-pedantic", path],
        capture_output=True, text=True).stderr


def test_constants_are_those_of_the_map_and_no_others():
    expected = {"MAGIC": MAGIC, "MAJOR": VERSION[0], "MINOR": VERSION[1],
                "COUNTERS": len(COUNTERS)}
    for register in REGISTERS:
        expected[f"{register.name}_offset"] = register.offset
    for register, field in every_field(*Access):
        expected[f"{register.name}_{field.name}_shift"] = field.low
        expected[f"{register.name}_{field.name}_mask"] = (2 ** field.bits - 1) * 2 ** field.low
    expected |= {f"fault_{fault.name}": fault.value for fault in Fault}
    expected |= {f"counter_{name}": index for index, name in enumerate(COUNTERS)}
    assert constants() == {name.upper(): value for name, value in expected.items()}


def test_compiles_without_a_warning(tmp_path):
    (tmp_path / "firstspike.h").write_text(c_header())
    source = tmp_path / "driver.c"
    source.write_text('#include "firstspike.h"\n#include "firstspike.h"\n'
                      "int ready = FIRSTSPIKE_STATUS_READY_MASK;\n")
    assert compile_c(source) == ""


def test_the_driver_in_the_manual_compiles(tmp_path):
    (tmp_path / "firstspike.h").write_text(c_header())
    source = tmp_path / "driver.c"
    source.write_text("".join(re.findall(r"```c\n(.*?)```", PAGE.read_text(), re.DOTALL)))
    assert "firstspike.h" in source.read_text()
    assert compile_c(source) == ""
