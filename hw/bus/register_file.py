"""The register map as hardware: address decoder, and the fields that keep something."""

from amaranth import *
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from .registers import ADDRESS_BITS, REGISTER_BITS, REGISTERS, Access, Field, Register, every_field

__all__ = ["RegisterFile"]


def layout_of(*accesses: Access) -> data.StructLayout:
    """Return the fields of these accesses as a structure of one structure for each register."""
    names: dict[str, dict[str, int]] = {}
    for register, field in every_field(*accesses):
        names.setdefault(register.name, {})[field.name] = field.bits
    return data.StructLayout({name: data.StructLayout(fields) for name, fields in names.items()})


def bits_of(word: Value, field: Field) -> Value:
    """Return the bits of a word that are this field."""
    return word[field.low:field.low + field.bits]


class RegisterFile(wiring.Component):
    """Answers reads and carries out writes of :data:`hw.bus.registers.REGISTERS`.

    An access is answered in its cycle and takes effect in the next; commands are shown in
    it. The lowest two bits of an address are ignored. An address of no register is an error, and
    so is a write to a register of which all is read only. If a sticky field is set in the cycle in
    which it is cleared, it stays set. Reset clears everything that is kept.

    Members
    -------
    write : ``In(1)``, write_address, write_data, write_mask : ``In``, write_error : ``Out(1)``
        See :class:`hw.bus.axi_lite.AxiLiteSubordinate`.
    read_address : ``In``, read_data : ``Out``, read_error : ``Out(1)``
    shown : ``In``
        What the read-only fields show, such as ``shown.status.ready``.
    kept : ``Out``
        What was written to the others.
    set : ``In``, sticky : ``Out``
        Sets a field that is cleared by writing 1; what these are.
    clear : ``In(1)``
        Clear all of them.
    commands : ``Out``
        The bits just written to the write-only fields.
    """

    def __init__(self):
        super().__init__({
            "write": In(1), "write_address": In(ADDRESS_BITS), "write_data": In(REGISTER_BITS),
            "write_mask": In(REGISTER_BITS), "write_error": Out(1),
            "read_address": In(ADDRESS_BITS), "read_data": Out(REGISTER_BITS),
            "read_error": Out(1),
            "shown": In(layout_of(Access.READ_ONLY)), "kept": Out(layout_of(Access.READ_WRITE)),
            "set": In(layout_of(Access.WRITE_ONE_TO_CLEAR)),
            "sticky": Out(layout_of(Access.WRITE_ONE_TO_CLEAR)), "clear": In(1),
            "commands": Out(layout_of(Access.WRITE_ONLY))})

    def elaborate(self, platform):
        m = Module()
        cleared = Signal.like(self.sticky)
        m.d.sync += self.sticky.eq(Mux(
            self.clear, 0, self.sticky.as_value() & ~cleared.as_value()) | self.set.as_value())
        with m.Switch(self.read_address[2:]):
            for register in REGISTERS:
                with m.Case(register.offset // 4):
                    self._show(m, register)
            with m.Default():
                m.d.comb += self.read_error.eq(1)
        with m.Switch(self.write_address[2:]):
            for register in REGISTERS:
                with m.Case(register.offset // 4):
                    m.d.comb += self.write_error.eq(register.is_read_only)
                    with m.If(self.write):
                        self._change(m, register, cleared)
            with m.Default():
                m.d.comb += self.write_error.eq(1)
        return m

    def _show(self, m, register: Register):
        """Let the read data show a register."""
        sources = {Access.READ_ONLY: self.shown, Access.READ_WRITE: self.kept,
                   Access.WRITE_ONE_TO_CLEAR: self.sticky}
        for field in register.fields:
            if field.access in sources:
                m.d.comb += bits_of(self.read_data, field).eq(
                    sources[field.access][register.name][field.name])

    def _change(self, m, register: Register, cleared):
        """Carry out a write to a register."""
        for field in register.fields:
            mask    = bits_of(self.write_mask, field)
            written = bits_of(self.write_data, field) & mask
            if field.access is Access.READ_WRITE:
                kept = self.kept[register.name][field.name]
                m.d.sync += kept.eq(kept & ~mask | written)
            elif field.access is Access.WRITE_ONE_TO_CLEAR:
                m.d.comb += cleared[register.name][field.name].eq(written)
            elif field.access is Access.WRITE_ONLY:
                m.d.comb += self.commands[register.name][field.name].eq(written)
