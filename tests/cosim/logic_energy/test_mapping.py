"""Hardware as gates of a library: it computes what it did before."""

from itertools import product

import numpy as np
import pytest
from amaranth.back import verilog

from cosim.logic_energy.cell import load_cells
from cosim.logic_energy.mapping import map_verilog
from cosim.logic_energy.netlist import build_netlist, library_cells
from cosim.logic_energy.price import energy_of, price_netlist
from cosim.logic_energy.record import record_of
from cosim.logic_energy.simulation import simulate_netlist
from cosim.synthesis.library import read_library
from hw.config import load_configuration
from hw.lane.log_multiplier import LogMultiplier
from hw.layout import exponent_bits
from hw.numbers import NumberFormat

from .library import LIBRARY

NUMBERS = NumberFormat(weight_bits=4, product_bits=8)
CONFIG = load_configuration("tiny", NUMBERS)


@pytest.fixture(scope="module")
def netlist(tmp_path_factory):
    text = verilog.convert(LogMultiplier(CONFIG), name="multiplier", emit_src=False)
    module = map_verilog(text, "multiplier", read_library(LIBRARY), name="multiplier",
                         build_root=tmp_path_factory.mktemp("build"))
    return build_netlist(module, load_cells(LIBRARY, library_cells(module))[1])


def all_products() -> dict[str, np.ndarray]:
    """Return all factors, and each product in the cycle after its own."""
    factors = np.array(list(product(
        (0, 1), range(1, NUMBERS.largest_code + 1), range(1 << exponent_bits(CONFIG)))))
    negative, magnitude, exponent = factors.T
    values = np.array([NUMBERS.product(NUMBERS.exponent(spike=int(e), weight=int(q)))
                       for e, q in zip(exponent, magnitude, strict=True)])
    signed = np.where(negative, -values, values) % (1 << NUMBERS.product_bits + 2)
    packed = exponent | magnitude << exponent_bits(CONFIG) | negative << (
        exponent_bits(CONFIG) + NUMBERS.weight_bits - 1)
    return {"rst": 0 * packed, "factors": packed, "product": np.append(0, signed[:-1])}


@pytest.mark.slow
def test_gates_multiply_as_the_arithmetic_does(netlist):
    values = all_products()
    widths = {name: len(nets) for name, nets in (netlist.inputs | netlist.outputs).items()}
    cycles = np.zeros(len(values["product"]), np.int64)
    record = record_of({name: values[name] for name in widths}, widths)
    assert simulate_netlist(netlist, record, cycles, checked_from=1).wrong_cycle == -1
    values["product"][77] ^= 1
    record = record_of({name: values[name] for name in widths}, widths)
    assert simulate_netlist(netlist, record, cycles, checked_from=1).wrong_cycle == 77


def changes_pj(netlist, factors: np.ndarray) -> float:
    """Return the energy of changes for these factors, one in each cycle."""
    record = record_of({"rst": 0 * factors, "factors": factors}, {
        name: len(nets) for name, nets in netlist.inputs.items()})
    activity = simulate_netlist(netlist, record, np.zeros(len(factors), np.int64))
    technology = load_cells(LIBRARY, ["inv"])[0]
    energy = energy_of(activity, price_netlist(netlist, technology), clock_mhz=100.0)
    return energy[:, :, :2].sum() * 1e12


@pytest.mark.slow
def test_energy_follows_the_activity_of_the_factors(netlist):
    factors = np.random.default_rng(1).permutation(all_products()["factors"])
    # The last product of the first sequence is in no cycle of it.
    once, slowly = changes_pj(netlist, np.append(factors, factors[-1])), changes_pj(
        netlist, factors.repeat(2))
    assert slowly == pytest.approx(once)                    # in twice the cycles
    assert changes_pj(netlist, np.sort(factors)) < 0.8 * once
    again = np.concatenate([factors, factors[::-1]])        # there and back
    assert changes_pj(netlist, np.append(again, again[-1])) == pytest.approx(2 * once, rel=0.02)
