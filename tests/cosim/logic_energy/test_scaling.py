"""Energy in another technology."""

import pytest

from cosim.logic_energy.scaling import check_node, energy_factor


def test_energy_by_hand():
    # 130 nm at 1.2 V: 7.171·1.44 − 6.709·1.2 + 2.904; 45 nm at 0.9 V in the same way.
    assert energy_factor(130, 1.2, to_nm=45, to_voltage=0.9) == pytest.approx(
        (1.103 * 0.81 - 0.362 * 0.9 + 0.2767) / (7.171 * 1.44 - 6.709 * 1.2 + 2.904))


def test_between_nodes_it_is_linear():
    to = {"to_voltage": 0.8}
    between, larger, smaller = (
        energy_factor(45, 0.8, to_nm=node, **to) for node in (29, 32, 20))
    assert between == pytest.approx(0.75 * larger + 0.25 * smaller)
    assert energy_factor(28, 0.9, to_nm=28, to_voltage=0.9) == 1


@pytest.mark.parametrize("node", [180, 5])
def test_beyond_the_paper_is_refused(node):
    with pytest.raises(ValueError, match=f"node must be 7 to 130 nm, not {node}"):
        check_node(node)
