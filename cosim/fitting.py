"""Which processor a network runs on: the one that is named, or the smallest that can hold it."""

from hw.compiler import CompileError, compile_network
from hw.config import Configuration, load_configuration
from hw.network import Network

__all__ = ["AUTO", "fitting_configuration"]

AUTO = "auto"
# From small to large.
TRIED = ("demo", "vgg", "vgg-dense")


def fitting_configuration(network: Network, config: str) -> Configuration:
    """Return the configuration of a name or TOML file; for ``auto`` the first that fits.

    Raises :class:`hw.config.ConfigurationError` for what is none, ``CompileError`` of the largest
    if none fits.
    """
    if config != AUTO:
        return load_configuration(config, network.numbers)
    *smaller, largest = (load_configuration(name, network.numbers) for name in TRIED)
    for configuration in smaller:
        try:
            compile_network(network, configuration)
        except CompileError:
            continue
        return configuration
    compile_network(network, largest)
    return largest
