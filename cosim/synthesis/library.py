"""What synthesis must know of a Liberty file: areas, flip-flops, and a small buffer."""

import gzip
import re
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

__all__ = ["Library", "LibraryError", "load_library", "read_library"]

# Cells for other purposes than logic, by the names that libraries give them: level shifters and
# isolation, test probes, delay lines.
UNUSED = ("*lpflow*", "*probe*", "*dlygate*", "*dlymetal*", "*dlybuf*")
GZIP = b"\x1f\x8b"
NAME, CELL = (re.compile(rf'^\s*{word}\s*\(\s*"?([\w.]+)"?\s*\)\s*\{{', re.MULTILINE)
              for word in ("library", "cell"))
PIN = re.compile(r'\bpin\s*\(\s*"?(\w+)"?\s*\)\s*\{')
AREA = re.compile(r"\barea\s*:\s*([\d.eE+-]+)")
SEQUENTIAL = re.compile(r"\b(?:ff|latch)(?:_bank)?\s*\(")
CAPACITANCE = re.compile(r"\bcapacitance\s*:\s*([\d.eE+-]+)")
UNIT = re.compile(r'\bcapacitive_load_unit\s*\(\s*([\d.]+)\s*,\s*"?(f|p)f"?\s*\)', re.IGNORECASE)


class LibraryError(ValueError):
    """A file is no Liberty file, or one that nothing can be mapped to; the message is one line."""


@dataclass(frozen=True, kw_only=True)
class Library:
    """A library of standard cells.

    Parameters
    ----------
    name
        As the file says.
    text
        The file, unpacked.
    areas
        Area of each cell, in the unit of the library (µm² in those that we know).
    sequential
        Names of its flip-flops and latches.
    buffer
        Its smallest buffer, which is assumed to drive every input.
    load_ff
        Capacitance that every output is assumed to drive: four such buffers, in fF.
    """

    name: str
    text: str
    areas: dict[str, float]
    sequential: frozenset[str]
    buffer: str
    load_ff: float

    def area(self, cells: dict[str, int]) -> float:
        """Return the area of so many cells of each type."""
        return sum(self.areas.get(kind, 0.0) * number for kind, number in cells.items())


def load_library(path: Path) -> Library:
    """Read a Liberty file, plain or packed with gzip; ``OSError``, or :class:`LibraryError`."""
    content = Path(path).read_bytes()
    try:
        text = (gzip.decompress(content) if content.startswith(GZIP) else content).decode()
        return read_library(text)
    except (OSError, EOFError, UnicodeDecodeError):
        raise LibraryError(f"{path}: not a Liberty file") from None
    except LibraryError as error:
        raise LibraryError(f"{path}: {error}") from None


def read_library(text: str) -> Library:
    """Return the library in a text; :class:`LibraryError` if it lacks flip-flops or a buffer."""
    name, unit = NAME.search(text), UNIT.search(text)
    if not name:
        raise LibraryError("not a Liberty file")
    begins = [*CELL.finditer(text)]
    ends = [*(match.start() for match in begins[1:]), len(text)]
    areas, sequential, buffers = {}, set(), []
    for match, end in zip(begins, ends, strict=True):
        cell, body = match[1], text[match.end():end]
        area = AREA.search(body)
        areas[cell] = float(area[1]) if area else 0.0
        if SEQUENTIAL.search(body):
            sequential.add(cell)
        elif areas[cell] and not any(fnmatch(cell, pattern) for pattern in UNUSED):
            capacitance = _buffer_input(body)
            if capacitance is not None:
                buffers.append((areas[cell], cell, capacitance))
    if not sequential or not buffers:
        lacks = "flip-flop" if not sequential else "buffer"
        raise LibraryError(f"a library must have a {lacks}, and {name[1]} has none")
    _, buffer, capacitance = min(buffers)
    scale = float(unit[1]) * (1 if unit[2].lower() == "f" else 1000) if unit else 1000
    return Library(name=name[1], text=text, areas=areas, sequential=frozenset(sequential),
                   buffer=buffer, load_ff=round(4 * capacitance * scale, 3))


def _buffer_input(body: str) -> float | None:
    """Return the capacitance of a cell's input if the cell is a buffer."""
    pins = [*PIN.finditer(body)]
    if len(pins) != 2:
        return None
    parts = {pin[1]: body[pin.end():following] for pin, following in zip(
        pins, [pins[1].start(), len(body)], strict=True)}
    inputs = [pin for pin, part in parts.items()
              if re.search(r'\bdirection\s*:\s*"?input', part)]
    if len(inputs) != 1:
        return None
    function = re.compile(rf'\bfunction\s*:\s*"\(?\s*{inputs[0]}\s*\)?"')
    capacitance = CAPACITANCE.search(parts[inputs[0]])
    is_buffer = any(function.search(part) for part in parts.values())
    return float(capacitance[1]) if is_buffer and capacitance else None
