"""What a file must contain before it is shown: keys that are there, values of the right kind."""

import json
import math
from pathlib import Path

__all__ = ["ContentError", "check_content", "read_json"]

# Kinds of value, and what messages call them.
KINDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false",
         dict: "an object", list: "a list", type(None): "null"}


class ContentError(ValueError):
    """A file of a run folder lacks something; the message is one line that names file and key."""


def read_json(path: Path, shape: dict) -> dict:
    """Return the object in a JSON file. Raises :class:`ContentError`, or ``OSError``."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ContentError(f"{path}: not JSON ({error})") from None
    check_content(content, shape, str(path))
    return content


def check_content(content, shape, where: str, key: str = "") -> None:
    """Raise :class:`ContentError` unless ``content`` is of a shape; keys beyond it do not matter.

    A shape is a kind (``str``, ``int``, ``float``, ``bool``, ``dict``), a tuple of shapes (one of
    them), a list of one shape (a list of at least one such element), or a dictionary: of shapes by
    key, or with the single key ``str``, of the shape of every value. Numbers must be finite.

    >>> check_content({"layers": [{"cycles": 1}]}, {"layers": [{"cycles": float}]}, "run.json")
    >>> check_content({"layers": [{}]}, {"layers": [{"cycles": float}]}, "run.json")
    Traceback (most recent call last):
    ...
    cosim.report.content.ContentError: run.json: layers[0].cycles is missing
    """
    if isinstance(shape, tuple):
        fitting = [one for one in shape if _is_of(content, one)]
        if not fitting:
            raise ContentError(f"{where}: {key} must be {' or '.join(map(_name, shape))}, "
                               f"not {_shown(content)}")
        shape = fitting[0]
    if not _is_of(content, shape):
        raise ContentError(f"{where}: {key or 'the content'} must be {_name(shape)}, "
                           f"not {_shown(content)}")
    if isinstance(shape, list):
        for index, element in enumerate(content):
            check_content(element, shape[0], where, f"{key}[{index}]")
    elif isinstance(shape, dict) and set(shape) == {str}:
        for name, value in content.items():
            check_content(value, shape[str], where, _below(key, name))
    elif isinstance(shape, dict):
        for name, inner in shape.items():
            if name not in content:
                raise ContentError(f"{where}: {_below(key, name)} is missing")
            check_content(content[name], inner, where, _below(key, name))


def _is_of(content, shape) -> bool:
    kind = _kind(shape)
    if kind is float:
        return type(content) in (int, float) and math.isfinite(content)
    return type(content) is kind and (shape is list or kind is not list or bool(content))


def _kind(shape) -> type:
    return shape if isinstance(shape, type) else type(shape)


def _name(shape) -> str:
    return KINDS[_kind(shape)]


def _shown(content) -> str:
    text = json.dumps(content)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _below(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
