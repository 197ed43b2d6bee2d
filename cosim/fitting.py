"""Which processor a network runs on: the one that is named, or the smallest that can hold it."""

from hw.compiler import CompileError, compile_network
from hw.config import Configuration, load_configuration
from hw.network import Network

__all__ = ["AUTO", "fitting_configuration"]

AUTO = "auto"
# From small to large, and those for networks of which no one holds all weights.
TRIED, STREAMING = ("demo", "compact", "vgg", "vgg-dense"), ("vgg", "vgg-dense")


def fitting_configuration(network: Network, config: str) -> Configuration:
    """Return the configuration of a name or TOML file; for ``auto`` the first that fits.

    That is the smallest that holds all weights, else the smaller one of ``STREAMING`` that can run
    the network. Raises :class:`hw.config.ConfigurationError` for what is none, ``CompileError`` of
    the largest if none fits.
    """
    if config != AUTO:
        return load_configuration(config, network.numbers)
    streaming, refusal = None, None
    for name in TRIED:
        configuration = load_configuration(name, network.numbers)
        try:
            program = compile_network(network, configuration)
        except CompileError as error:
            refusal = error
            continue
        if not program.slices:
            return configuration
        if streaming is None and name in STREAMING:
            streaming = configuration
    if streaming is None:
        raise refusal
    return streaming
