"""Energy of operations under the conventions of papers: their constants, and by hand."""

import pytest

from cosim.energy.conventions import CONVENTIONS, GroupOperations, operation_energy

A, B = CONVENTIONS


def test_constants_are_those_of_the_papers():
    assert (A.name, A.mac_pj, A.ac_pj) == ("A", pytest.approx(4.6), pytest.approx(0.9))
    assert (B.name, B.mac_pj, B.ac_pj) == ("B", pytest.approx(3.2), pytest.approx(0.1))


GROUPS = (
    # Half of the weights, 40 of 100 multiplications, of which 7 in the padding are left out.
    GroupOperations(dense=100, density=0.4, rate=None, image_macs=33, exact=66),
    GroupOperations(dense=1000, density=0.5, rate=0.2, image_macs=0, exact=120))


@pytest.mark.parametrize(("convention", "mac", "ac"), [(A, 4.6, 0.9), (B, 3.2, 0.1)])
def test_energies_by_hand(convention, mac, ac):
    found = operation_energy(GROUPS, convention)
    dense, formula, exact = 1100 * mac, 40 * mac + 100 * ac, 33 * mac + 120 * ac
    for name, energy in [("formula", formula), ("exact", exact), ("accumulate", 186 * ac)]:
        assert found[f"{name}_uj"] == pytest.approx(energy / 1e6)
        assert found[f"{name}_ratio"] == pytest.approx(dense / energy)
    assert found["dense_uj"] == pytest.approx(dense / 1e6)


def test_the_published_ratio_of_one_step_comes_out():
    """VGG-16, 338.4 M operations, 1.77 M of them in the first layer: 33 times at a rate of 12.9 %.

    Chowdhury et al., arXiv 2110.05929, abstract: up to 33 times.
    """
    groups = (GroupOperations(dense=1_769_472, density=1, rate=None, image_macs=0, exact=0),
              GroupOperations(dense=336_631_808, density=1, rate=0.129, image_macs=0, exact=0))
    found = operation_energy(groups, A)
    assert found["dense_uj"] == pytest.approx(1557, rel=1e-3)
    assert found["formula_ratio"] == pytest.approx(33, rel=0.01)


def test_identities_cost_additions_only():
    identity = GroupOperations(dense=0, density=0.1, rate=0.5, image_macs=0, exact=8)
    found = operation_energy((*GROUPS, identity), A)
    before = operation_energy(GROUPS, A)
    assert found["formula_uj"] == before["formula_uj"]
    assert found["exact_uj"] == pytest.approx(before["exact_uj"] + 8 * 0.9e-6)


def test_nothing_has_no_ratio():
    silent = GroupOperations(dense=10, density=0, rate=None, image_macs=0, exact=0)
    found = operation_energy([silent], B)
    assert found["dense_uj"] > 0 == found["exact_uj"] and found["exact_ratio"] is None
