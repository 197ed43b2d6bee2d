"""The register map: what software sees of a processor behind a bus, stated once.

The address decoder, ``docs/registers.md`` and the C header all come from ``REGISTERS``.
"""

from dataclasses import dataclass
from enum import Enum

__all__ = ["ADDRESS_BITS", "MAGIC", "REGISTERS", "REGISTER_BITS", "VERSION", "Access", "Field",
           "Register", "every_field"]

REGISTER_BITS = 32
# Width of a byte address: 4 KiB, the least that an interconnect hands out.
ADDRESS_BITS = 12
MAGIC = int.from_bytes(b"FSPK", "big")
# Major: old drivers do not work any more; minor: registers or fields were added.
VERSION = (1, 0)


class Access(Enum):
    """What software may do with a field; the value is the usual abbreviation."""

    #: Shows a value of the hardware; writes leave it alone.
    READ_ONLY = "ro"
    #: Keeps what was written.
    READ_WRITE = "rw"
    #: The hardware sets it, writing 1 clears it, writing 0 leaves it alone.
    WRITE_ONE_TO_CLEAR = "w1c"
    #: Writing 1 does something once; reads as 0.
    WRITE_ONLY = "wo"


@dataclass(frozen=True)
class Field:
    """Bits ``low`` to ``low + bits - 1`` of a register."""

    name: str
    low: int
    bits: int
    access: Access
    meaning: str

    @property
    def mask(self) -> int:
        """The field's bits set, where they lie."""
        return ((1 << self.bits) - 1) << self.low


@dataclass(frozen=True)
class Register:
    """A word at a byte offset. Bits of no field read as 0, and writes leave them alone."""

    name: str
    offset: int
    meaning: str
    fields: tuple[Field, ...]

    @property
    def is_read_only(self) -> bool:
        """Whether a write is an error."""
        return all(field.access is Access.READ_ONLY for field in self.fields)


RO, RW, W1C, WO = Access

REGISTERS = (
    Register("identification", 0x00, "What this is", (
        Field("magic", 0, 32, RO, 'the letters "FSPK"'),)),
    Register("version", 0x04, "Version of this register map", (
        Field("minor", 0, 16, RO, "grows when something is added"),
        Field("major", 16, 16, RO, "grows when a driver has to change"))),
    Register("configuration", 0x08, "The processor that was built", (
        Field("lanes", 0, 8, RO, "processing lanes"),
        Field("potential_bits", 8, 6, RO, "width of a potential, and so of a score"),
        Field("counters", 15, 1, RO, "whether counters follow the scores"),
        Field("stream_bits", 16, 16, RO, "width of the load stream"))),
    Register("configuration_hash", 0x0C, "Which processor a program must be compiled for", (
        Field("prefix", 0, 32, RO, "first 8 hexadecimal digits of `config_sha256`"),)),
    Register("control", 0x10, "Commands", (
        Field("start", 0, 1, WO, "run the program on the image that is loaded"),
        Field("reset", 1, 1, WO, "soft reset; a start beside it is ignored"))),
    Register("status", 0x14, "State", (
        Field("ready", 0, 1, RO, "a start will be accepted"),
        Field("busy", 1, 1, RO, "an inference runs, until its last readout word has left"),
        Field("done", 8, 1, W1C, "an inference has ended"),
        Field("refused", 9, 1, W1C, "a start was written while not ready, and ignored"),
        Field("fault", 16, 8, RO, "why the processor has stopped until a soft reset, or 0"))),
    Register("interrupt_enable", 0x18, "What raises `irq`, as long as it lasts", (
        Field("done", 0, 1, RW, "`status.done`"),
        Field("fault", 1, 1, RW, "`status.fault` is not 0"))),
    Register("cycles", 0x1C, "Length of the inference that runs, or of the last", (
        Field("count", 0, 32, RO, "clock cycles from its start to its last readout word"),)),
    Register("images", 0x20, "Work done", (
        Field("count", 0, 32, RO, "inferences ended since reset, soft or not"),)),
)


def every_field(*accesses: Access) -> list[tuple[Register, Field]]:
    """Return the fields of these accesses, each with its register."""
    return [(register, field) for register in REGISTERS for field in register.fields
            if field.access in accesses]
