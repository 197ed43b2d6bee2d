"""Shipped networks go by name; a wrong name lists the right ones."""

from pathlib import Path

import pytest

from algo import zoo
from hw.network import load_network


def test_other_arguments_are_paths():
    assert zoo.network_path("some/net.safetensors") == Path("some/net.safetensors")


def test_name_of_a_shipped_network(tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="zoo:b is not shipped; there is none yet"):
        zoo.network_path("zoo:b")
    for name in "ac":
        (tmp_path / f"{name}.safetensors.xz").touch()
    assert zoo.network_path("zoo:a") == tmp_path / "a.safetensors.xz"
    with pytest.raises(ValueError, match="zoo:b is not shipped; there is zoo:a, zoo:c"):
        zoo.network_path("zoo:b")
    with pytest.raises(ValueError, match="is not shipped"):
        zoo.network_path("zoo:../zoo/a")


@pytest.mark.parametrize("name", zoo.shipped())
def test_a_shipped_network_says_where_it_comes_from(name):
    network = load_network(zoo.network_path(f"zoo:{name}"))
    provenance = network.provenance
    assert network.name == name and len(network.classes) == 10
    for key in ("recipe", "seed", "settings", "versions", "machine", "training_seconds", "date"):
        assert key in provenance, key
    accuracy = provenance["accuracy"]
    least = 0.88 if network.neuron == "ttfs" else 0.86
    assert accuracy["images"] == 10_000 and least < accuracy["test"] < accuracy["validation"] < 1
    assert provenance["agreement"] > 0.98
