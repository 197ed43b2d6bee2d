"""The C header of the register map: what a driver needs to know, as constants."""

from ..counters import COUNTERS
from ..layout import Fault
from .registers import MAGIC, REGISTERS, VERSION, Register

__all__ = ["c_header"]

HEAD = """\
/* Registers, faults and counters of a firstspike processor behind AXI. Generated; do not edit. */
#ifndef FIRSTSPIKE_H
#define FIRSTSPIKE_H
"""
PREFIX = "FIRSTSPIKE"


def c_header() -> str:
    """Return the header, which is the same for every configuration.

    ``FIRSTSPIKE_<REGISTER>_OFFSET`` is in bytes; ``FIRSTSPIKE_<REGISTER>_<FIELD>_MASK`` lies where
    the field does, ``…_SHIFT`` bits up. ``FIRSTSPIKE_FAULT_<NAME>`` is a value of ``status.fault``,
    ``FIRSTSPIKE_COUNTER_<NAME>`` a counter's place in the snapshot of a layer.
    """
    blocks = [
        ["/* What the registers identification and version read as. */",
         _define("MAGIC", f"{MAGIC:#010x}u"), _define("MAJOR", f"{VERSION[0]}u"),
         _define("MINOR", f"{VERSION[1]}u")],
        *map(_register, REGISTERS),
        ["/* Values of the field fault of the register status. */",
         *(_define(f"FAULT_{fault.name}", f"{fault.value}u") for fault in Fault)],
        ["/* Words of a layer's snapshot of the counters; running totals. */",
         _define("COUNTERS", f"{len(COUNTERS)}u"),
         *(_define(f"COUNTER_{name.upper()}", f"{index}u")
           for index, name in enumerate(COUNTERS))]]
    return "\n".join([HEAD, *("\n".join([*block, ""]) for block in blocks), "#endif\n"])


def _define(name: str, value: str) -> str:
    return f"#define {PREFIX}_{name} {value}"


def _register(register: Register) -> list[str]:
    lines = [f"/* {register.meaning}. */",
             _define(f"{register.name.upper()}_OFFSET", f"{register.offset:#04x}u")]
    for field in register.fields:
        name = f"{register.name}_{field.name}".upper()
        meaning = field.meaning.replace("`", "")
        lines += [f"/* {field.access.value}: {meaning} */",
                  _define(f"{name}_SHIFT", f"{field.low}u"),
                  _define(f"{name}_MASK", f"{field.mask:#010x}u")]
    return lines
