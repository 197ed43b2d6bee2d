"""The manual's page of the register map: ``python -m hw.bus.register_page > docs/registers.md``."""

from ..layout import Fault
from .registers import ADDRESS_BITS, MAGIC, REGISTERS, VERSION, Field, Register

__all__ = ["register_page"]

HEAD = f"""\
# Registers

What software sees of a processor behind AXI ([how to use it](axi.md)). Registers are words of 32
bits in an aperture of {1 << ADDRESS_BITS} bytes; the lowest two bits of an address are ignored.
An address of no register is answered with SLVERR, and so is a write to a register of which every
field is read only. Byte strobes are honoured. Bits that are not listed read as 0. The magic word is
{MAGIC:#010x}, the version of this page {VERSION[0]}.{VERSION[1]}.

Access: `ro` shows a value of the hardware; `rw` keeps what was written; `w1c` is set by the
hardware and cleared by writing 1; `wo` does something when 1 is written, and reads as 0. Reset sets
`rw` and `w1c` to 0; a soft reset (`control.reset`) does the same to `w1c`, and leaves `rw` alone.
"""
FAULTS = """
## Faults

Values of `status.fault`. A fault stops the processor until a soft reset.

| value | fault |
|---|---|
"""


def register_page() -> str:
    """Return ``docs/registers.md``, generated from the map."""
    faults = "".join(f"| {fault.value} | `{fault.name}` |\n" for fault in Fault)
    return HEAD + "".join(map(_section, REGISTERS)) + FAULTS + faults


def _section(register: Register) -> str:
    rows = "".join(_row(field) for field in register.fields)
    return (f"\n## {register.offset:#05x} `{register.name}`\n\n{register.meaning}.\n\n"
            f"| bits | field | access | meaning |\n|---|---|---|---|\n{rows}")


def _row(field: Field) -> str:
    high = field.low + field.bits - 1
    bits = f"{high}" if field.bits == 1 else f"{high}–{field.low}"
    return f"| {bits} | `{field.name}` | {field.access.value} | {field.meaning} |\n"


if __name__ == "__main__":
    print(register_page(), end="")
