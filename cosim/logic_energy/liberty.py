"""The language of Liberty files: groups, attributes, numbers.

Only the cells that are asked for are read: a library has hundreds, a lane uses some tens.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ..synthesis.library import LibraryError

__all__ = ["Group", "read_cells", "read_header"]

CELL = re.compile(r'^\s*cell\s*\(\s*"?([\w.]+)"?\s*\)', re.MULTILINE)
TOKEN = re.compile(r'/\*.*?\*/|\\\r?\n|\s+|"(?P<text>[^"]*)"|(?P<mark>[{}():;,])'
                   r'|(?P<word>[^\s{}():;,"\\]+)', re.DOTALL)


@dataclass(frozen=True)
class Group:
    """``kind (arguments) { attributes and groups }``; a list of values is joined by blanks."""

    kind: str
    arguments: tuple[str, ...]
    attributes: dict[str, str]
    groups: tuple["Group", ...]

    def all(self, *kinds: str) -> list["Group"]:
        """Return the groups in it that are of these kinds."""
        return [group for group in self.groups if group.kind in kinds]

    def number(self, name: str, default: float | None = None) -> float:
        """Return a number; :class:`LibraryError` if it is none, or absent without a default."""
        text = self.attributes.get(name)
        if text is None and default is not None:
            return default
        try:
            return float(text)
        except (TypeError, ValueError):
            raise LibraryError(f"{self}: {name} must be a number, not {text}") from None

    def numbers(self, name: str) -> np.ndarray | None:
        """Return a list of numbers, float64; ``None`` if it is absent."""
        if name not in self.attributes:
            return None
        try:
            return np.array([float(word) for word in re.split(
                r"[\s,]+", self.attributes[name].strip(" ,"))])
        except ValueError:
            raise LibraryError(f"{self}: {name} must be numbers") from None

    def __str__(self) -> str:
        return f"{self.kind} {' '.join(self.arguments)}".strip()


def read_header(text: str) -> Group:
    """Return the library group of a file without its cells."""
    first = CELL.search(text)
    return _parse(f"{text[:first.start()]}}}" if first else text)


def read_cells(text: str, names: Iterable[str]) -> dict[str, Group]:
    """Return the groups of these cells; :class:`LibraryError` that names one that is not there."""
    places = {match[1]: match.start() for match in CELL.finditer(text)}
    missing = [name for name in names if name not in places]
    if missing:
        raise LibraryError(f"the library must have a cell {missing[0]}")
    return {name: _parse(text, places[name]) for name in names}


def _parse(text: str, start: int = 0) -> Group:
    tokens = _tokens(text, start)
    kind, mark = next(tokens), next(tokens)
    if mark != ("mark", "("):
        raise LibraryError(f"{kind[1]} must be a group")
    return _group(kind[1], _arguments(tokens), tokens, next(tokens))


def _group(kind: str, arguments: list[str], tokens: Iterator, opening) -> Group:
    """Return the group whose opening brace was the last token."""
    if opening != ("mark", "{"):
        raise LibraryError(f"{kind} must have a body, not {opening[1]!r}")
    attributes: dict[str, str] = {}
    groups: list[Group] = []
    token = next(tokens)
    while token != ("mark", "}"):
        if token[0] == "mark":
            if token[1] != ";":
                raise LibraryError(f"{kind} {' '.join(arguments)}: {token[1]!r} is out of place")
            token = next(tokens)
            continue
        name, token = token[1], next(tokens)
        if token == ("mark", ":"):
            attributes[name] = " ".join(_until_semicolon(tokens, name))
            token = next(tokens)
        elif token == ("mark", "("):
            values, token = _arguments(tokens), next(tokens)
            if token == ("mark", "{"):
                groups.append(_group(name, values, tokens, token))
                token = next(tokens)
            else:
                attributes[name] = " ".join(values)
        else:
            raise LibraryError(f"{kind} {' '.join(arguments)}: {name} must have a value")
    return Group(kind, tuple(arguments), attributes, tuple(groups))


def _arguments(tokens: Iterator) -> list[str]:
    values = []
    while (token := next(tokens)) != ("mark", ")"):
        if token[0] != "mark":
            values.append(token[1])
        elif token[1] in "{};":
            raise LibraryError(f"{token[1]!r} must not be between parentheses")
    return values


def _until_semicolon(tokens: Iterator, name: str) -> list[str]:
    values = []
    while (token := next(tokens)) != ("mark", ";"):
        if token in (("mark", "{"), ("mark", "}")):
            raise LibraryError(f"{name} must end with a semicolon")
        values.append(token[1])
    return values


def _tokens(text: str, start: int) -> Iterator[tuple[str, str]]:
    position = start
    while match := TOKEN.match(text, position):
        position = match.end()
        if match.lastgroup:
            yield match.lastgroup, match[match.lastgroup]
    raise LibraryError("the file ends within a group" if position == len(text) else
                       f"{text[position:position + 1]!r} is out of place")
