"""The five channels of an AXI4-Lite port as streams."""

from types import SimpleNamespace

from amaranth.hdl import Cat, Value

__all__ = ["channels", "write_word"]


def channels(bus) -> SimpleNamespace:
    """Return the channels; data comes below strobes, and below the response."""
    payloads = {"aw": bus.awaddr, "w": Cat(bus.wdata, bus.wstrb), "b": Value.cast(bus.bresp),
                "ar": bus.araddr, "r": Cat(bus.rdata, Value.cast(bus.rresp))}
    return SimpleNamespace(**{name: SimpleNamespace(
        payload=payload, valid=getattr(bus, f"{name}valid"), ready=getattr(bus, f"{name}ready"))
        for name, payload in payloads.items()})


def write_word(data: int, strobes: int = 0b1111) -> int:
    """Return a payload of the write data channel."""
    return data | strobes << 32
