"""Energy of one technology in another one.

Stillmaker and Baas, "Scaling equations for the accurate prediction of CMOS device performance from
180 nm to 7 nm", Integration 58 (2017): energy of a node at a supply V is a·V² + b·V + c.
"""

__all__ = ["check_node", "energy_factor"]

# Node in nm -> a, b, c.
COEFFICIENTS = {
    130: (7.171, -6.709, 2.904), 90: (4.762, -4.781, 2.092), 65: (3.755, -4.398, 1.975),
    45: (1.103, -0.362, 0.2767), 32: (0.9559, -0.7823, 0.471), 20: (0.373, -0.1582, 0.04104),
    16: (0.2958, -0.1241, 0.03024), 14: (0.2363, -0.09675, 0.02239),
    10: (0.2068, -0.09311, 0.02375), 7: (0.1776, -0.09097, 0.02447)}


def check_node(node_nm: float) -> None:
    """Raise ``ValueError`` unless the paper knows a node, or one on either side of it."""
    smallest, largest = min(COEFFICIENTS), max(COEFFICIENTS)
    if not smallest <= node_nm <= largest:
        raise ValueError(f"node must be {smallest} to {largest} nm, not {node_nm:g}")


def energy_factor(node_nm: float, voltage: float, *, to_nm: float, to_voltage: float) -> float:
    """Return what to multiply an energy with; linear in the node between those of the paper.

    Raises ``ValueError`` beyond 130 and 7 nm.

    >>> round(energy_factor(45, 0.8, to_nm=28, to_voltage=0.8), 2)
    0.51
    """
    return _energy(to_nm, to_voltage) / _energy(node_nm, voltage)


def _energy(node_nm: float, voltage: float) -> float:
    check_node(node_nm)
    larger = min(node for node in COEFFICIENTS if node >= node_nm)
    smaller = max(node for node in COEFFICIENTS if node <= node_nm)
    share = (node_nm - smaller) / (larger - smaller) if larger > smaller else 1.0
    at = {node: a * voltage ** 2 + b * voltage + c
          for node, (a, b, c) in COEFFICIENTS.items() if node in (larger, smaller)}
    return share * at[larger] + (1 - share) * at[smaller]
