"""Values of ports as bits of words."""

import numpy as np

from cosim.logic_energy.record import record_of

VALUES = {"few": np.array([5, 2]), "many": np.array([1 << 39 | 1, 3 << 30]),
          "one": np.array([0, 1])}
RECORD = record_of(VALUES, {"few": 3, "many": 40, "one": 1})


def test_bits_are_where_their_port_begins():
    assert RECORD.words.shape == (2, 2)
    assert RECORD.bit("few", 0).tolist() == [True, False]
    assert RECORD.bit("many", 39).tolist() == [True, False]
    assert RECORD.bit("many", 31).tolist() == [False, True]     # across two words
    assert RECORD.bit("one").tolist() == [False, True]


def test_places_are_in_the_order_asked_for():
    assert RECORD.places(["one", "few"]).tolist() == [43, 0, 1, 2]
    assert not len(RECORD.places([]))
