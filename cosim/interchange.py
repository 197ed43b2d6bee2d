"""NIR graphs on the command line: read into networks, written from networks."""

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from algo.interchange import read_nir, to_network, write_nir
from algo.zoo import network_path
from hw.network import Network, load_network, save_network
from hw.numbers import NumberFormat

__all__ = ["network_of_graph", "refuse_options", "save", "shipped_or_file"]


def network_of_graph(path: Path, numbers: dict[str, int | None], *, steps: int | None,
                     drop_last_neurons: bool, dt: float | None, input_shape: str | None,
                     coding: str | None, classes: str | None) -> tuple[Network, list[str]]:
    """Return the network of a .nir file, and what its reading took for granted, a line each.

    ``numbers`` are fields of the number format; those that are ``None``, and other options that
    are, stay as the file or the defaults have them.
    """
    module = read_nir(path, steps=steps, drop_last_neurons=drop_last_neurons,
                      input_shape=None if input_shape is None else _shape(input_shape),
                      **({} if dt is None else {"dt": dt}))
    known = module.metadata.numbers if module.metadata else NumberFormat()
    given = {key: value for key, value in numbers.items() if value is not None}
    own = {} if module.metadata else {
        "name": path.stem,
        "provenance": {"graph": {"file": path.name, "nir": version("nir"), "notes": module.notes}}}
    network = to_network(module, numbers=replace(known, **given), coding=coding,
                         classes=None if classes is None else tuple(classes.split(",")), **own)
    return network, module.notes


def shipped_or_file(argument: str) -> Network:
    """Return the network that an argument names, a file or ``zoo:NAME``."""
    return load_network(network_path(argument))


def save(network: Network, path: Path) -> None:
    """Write a network file, or a NIR graph if the name ends in .nir."""
    (write_nir if path.suffix == ".nir" else save_network)(network, path)


def refuse_options(options: dict, source: str) -> None:
    """Raise ``ValueError`` for the first option that is given; it belongs to another source."""
    for name, value in options.items():
        if value is not None:
            raise ValueError(f"{name} is for the export of {source}")


def _shape(text: str) -> tuple[int, int, int]:
    sides = text.split("x")
    if len(sides) != 3 or not all(side.isdecimal() and int(side) for side in sides):
        raise ValueError(f"--input-shape must be CxHxW, such as 1x28x28, not {text!r}")
    return tuple(map(int, sides))
