"""Energy of operations alone, under the two conventions that papers on spiking networks use.

Memories, membranes and pooling cost nothing there: the figures compare papers, not hardware. The
formulas are those of both papers, with the density of pruned layers as in the second one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .loading import load_table

__all__ = ["CONVENTIONS", "Convention", "GroupOperations", "operation_energy"]

BITS = 32
PICOJOULE_PER_MICROJOULE = 1e6


@dataclass(frozen=True)
class Convention:
    """A table of constants, where the convention is from, and whose units it uses."""

    name: str
    table: str
    source: str
    adder: str
    multiplier: str

    @property
    def mac_pj(self) -> float:
        """Of a multiply-accumulate."""
        return self._energy_pj(self.multiplier, "multiply") + self.ac_pj

    @property
    def ac_pj(self) -> float:
        """Of an accumulate."""
        return self._energy_pj(self.adder, "add")

    def _energy_pj(self, unit: str, action: str) -> float:
        return load_table(self.table).logic(unit, action, bits=BITS).energy_pj


CONVENTIONS = (
    Convention("A", "45nm-fp32-operations",
               "Chowdhury, Rathi and Roy, arXiv 2110.05929 (iterative initialisation, retraining)",
               "fp_adder", "fp_multiplier"),
    Convention("B", "45nm-int32-operations",
               "Kundu, Datta, Pedram and Beerel, arXiv 2107.12445 (attention-guided compression)",
               "adder", "multiplier"))


@dataclass(frozen=True, kw_only=True)
class GroupOperations:
    """What a synapse group does, on average over images.

    Parameters
    ----------
    dense
        K²·C·out·H′·W′, the multiplications of a dense network; 0 for an identity.
    density
        Fraction of weights that is not zero.
    rate
        Spikes of a neuron of the source, before pooling and over all steps; ``None`` if the source
        is the image.
    image_macs
        Multiplications of an image that is no spikes: its pixels times the stored weights that
        they meet.
    exact
        Synaptic operations.
    """

    dense: int
    density: float
    rate: float | None
    image_macs: int
    exact: float


def operation_energy(groups: Sequence[GroupOperations], convention: Convention) -> dict:
    """Return energies in µJ, and how many times less they are than the dense network's.

    ``dense``: MAC · Σ dense. ``formula``, as published: groups that read the image MAC · dense ·
    density, once; others AC · rate · dense · density. ``exact``: the same with what was counted,
    image_macs and synaptic operations. ``accumulate``: AC · synaptic operations, the image's too,
    as hardware without a multiplier does it. A ratio to nothing is ``None``.
    """
    mac, ac = convention.mac_pj, convention.ac_pj
    dense = mac * sum(group.dense for group in groups)
    formula = exact = 0.0
    for group in groups:
        if group.rate is None:
            formula += mac * group.dense * group.density
            exact += mac * group.image_macs
        else:
            formula += ac * group.rate * group.dense * group.density
            exact += ac * group.exact
    energies = {"formula": formula, "exact": exact,
                "accumulate": ac * sum(group.exact for group in groups)}
    found = {"table": convention.table, "source": convention.source, "mac_pj": mac, "ac_pj": ac,
             "dense_uj": dense / PICOJOULE_PER_MICROJOULE}
    for name, energy in energies.items():
        found[f"{name}_uj"] = energy / PICOJOULE_PER_MICROJOULE
        found[f"{name}_ratio"] = dense / energy if energy else None
    return found
