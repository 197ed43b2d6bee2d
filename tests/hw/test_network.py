"""Network files: round trips, damage, and one case for each rule of validation."""

import json
import lzma
from dataclasses import asdict, replace

import numpy as np
import pytest
from safetensors.numpy import save

from hw.network import (
    NetworkError,
    fingerprint,
    load_network,
    potential_bound,
    save_network,
    validate,
)
from hw.network.description import describe, network_from
from hw.numbers import NumberFormat
from tests.networks import random_network


def assert_same(first, second):
    described, tensors = describe(first)
    others = describe(second)
    assert described == others[0]
    assert tensors.keys() == others[1].keys()
    for name, tensor in tensors.items():
        assert tensor.dtype == others[1][name].dtype
        assert np.array_equal(tensor, others[1][name]), name


@pytest.fixture
def network():
    """Two conv layers and a linear one, default numbers."""
    candidates = (random_network(seed, numbers=NumberFormat()) for seed in range(1000))
    return next(found for found in candidates
                if [layer.synapses[0].kind for layer in found.layers] == ["conv", "conv", "linear"]
                and found.layers[0].channels > 2)


def with_layer(network, index=0, **changes):
    layers = list(network.layers)
    layers[index] = replace(layers[index], **changes)
    return replace(network, layers=tuple(layers))


def with_group(network, index=0, **changes):
    group = replace(network.layers[index].synapses[0], **changes)
    return with_layer(network, index, synapses=(group,))


@pytest.mark.parametrize("scope", ["plain", "format"])
@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("suffix", [".safetensors", ".safetensors.xz"])
def test_round_trip(tmp_path, scope, seed, suffix):
    network = random_network(seed, scope=scope, most_channels=6)
    path = tmp_path / f"network{suffix}"
    save_network(network, path)
    assert_same(load_network(path), network)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_same_network_gives_same_bytes_and_fingerprint(tmp_path, network):
    paths = [tmp_path / name for name in ("a.safetensors", "b.safetensors", "c.safetensors.xz")]
    for path in paths:
        save_network(network, path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert len({fingerprint(path) for path in paths}) == 1


def test_invalid_network_is_not_written(tmp_path, network):
    path = tmp_path / "network.safetensors"
    with pytest.raises(NetworkError):
        save_network(with_layer(network, 0, pool=9), path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".safetensors", ".safetensors.xz"])
def test_truncated_file_is_refused(tmp_path, network, suffix):
    path = tmp_path / f"network{suffix}"
    save_network(network, path)
    content = path.read_bytes()
    for size in [0, 1, 7, 8, 9, 100, len(content) // 2, len(content) - 1]:
        path.write_bytes(content[:size])
        with pytest.raises(NetworkError, match=r"^[^\n]*network[^\n]*$"):
            load_network(path)


@pytest.mark.parametrize("suffix", [".safetensors", ".safetensors.xz"])
def test_flipped_bits_never_pass(tmp_path, network, suffix):
    path = tmp_path / f"network{suffix}"
    save_network(network, path)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for position in rng.integers(0, 8 * len(content), 300).tolist():
        damaged = bytearray(content)
        damaged[position // 8] ^= 1 << position % 8
        path.write_bytes(damaged)
        try:
            assert_same(load_network(path), network)   # padding of the container may change
        except NetworkError as error:
            assert "\n" not in str(error)


def test_xz_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("hw.network.file.MAX_FILE_BYTES", 1 << 20)
    path = tmp_path / "bomb.safetensors.xz"
    path.write_bytes(lzma.compress(bytes(1 << 26), preset=0))
    with pytest.raises(NetworkError, match="at most 1048576 bytes unpacked"):
        load_network(path)


def test_oversized_file_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("hw.network.file.MAX_FILE_BYTES", 1000)
    path = tmp_path / "large.safetensors"
    path.write_bytes(bytes(1001))
    with pytest.raises(NetworkError, match="at most 1000 bytes"):
        load_network(path)


def test_bytes_after_an_xz_file_are_refused(tmp_path, network):
    path = tmp_path / "network.safetensors.xz"
    save_network(network, path)
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(NetworkError, match="after its end"):
        load_network(path)


@pytest.mark.parametrize("content", [
    b"", b"PK\x03\x04", b"\x80\x04\x95", b"\xff" * 64, b"not a network at all" * 10])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "network.safetensors"
    path.write_bytes(content)
    with pytest.raises(NetworkError, match="not a safetensors file"):
        load_network(path)


def write_raw(path, description, tensors, **metadata):
    text = description if isinstance(description, str) else json.dumps(description)
    path.write_bytes(save(tensors, metadata={"firstspike": text, **metadata}))


@pytest.mark.parametrize(("change", "message"), [
    (lambda d: d.update(version=2), "format must be firstspike-network version 1"),
    (lambda d: d.update(format="other"), "format must be firstspike-network version 1"),
    (lambda d: d.update(version="1"), "version must be of type int"),
    (lambda d: d.update(extra=1), "unknown key 'extra'"),
    (lambda d: d.pop("name"), "name is missing"),
    (lambda d: d.pop("numbers"), "numbers is missing"),
    (lambda d: d["numbers"].update(beta=1), "numbers: unknown key 'beta'"),
    (lambda d: d["provenance"].update(accuracy=float("nan")), "NaN is not JSON"),
    (lambda d: d["numbers"].update(window=0), "window must be 1 to 250"),
    (lambda d: d.update(steps=True), "steps must be of type int"),
    (lambda d: d["input"].update(shape=[1, 2]), "input.shape must be 3 integers"),
    (lambda d: d.update(classes=[1]), "classes must be strings"),
    (lambda d: d["layers"][0].update(pool="2"), "pool must be of type int"),
    (lambda d: d["layers"][0]["synapses"][0].update(kernel=9), "kernel must be"),
    (lambda d: d["layers"][0]["synapses"][0].update(extra=9), "unknown key 'extra'"),
    (lambda d: d["layers"][0]["synapses"][0].pop("from"), "from is missing"),
    (lambda d: d.update(layers=[[]]), "layer 0 must be an object")])
def test_wrong_descriptions_are_refused(tmp_path, network, change, message):
    description, tensors = describe(network)
    description = json.loads(json.dumps(description))
    change(description)
    path = tmp_path / "network.safetensors"
    write_raw(path, description, tensors)
    with pytest.raises(NetworkError, match=message) as caught:
        load_network(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[]", "null", "[" * 100_000])
def test_description_that_is_no_json_object_is_refused(tmp_path, text):
    path = tmp_path / "network.safetensors"
    write_raw(path, text, {})
    with pytest.raises(NetworkError):
        load_network(path)


def test_numbers_have_defaults(tmp_path, network):
    description, tensors = describe(network)
    description = {**description, "numbers": {}}
    path = tmp_path / "network.safetensors"
    write_raw(path, description, tensors)
    assert load_network(path).numbers == NumberFormat()


def test_metadata_of_other_programs(tmp_path, network):
    path = tmp_path / "network.safetensors"
    write_raw(path, *describe(network), format="pt")
    load_network(path)
    write_raw(path, *describe(network), other="x")
    with pytest.raises(NetworkError, match="metadata must be the key"):
        load_network(path)


@pytest.mark.parametrize(("change", "message"), [
    (lambda t: t.update(other=np.zeros(1, np.int8)), "'other' belongs to no layer"),
    (lambda t: t.pop("input.exponents"), "input.exponents is missing"),
    (lambda t: t.pop("scores.bias"), "layer scores: bias is missing"),
    (lambda t: t.pop("layer1.weight.0"), "layer layer1: weight.0 is missing"),
    (lambda t: t.update({"scores.threshold_step": np.zeros(99, np.int16)}),
     "layer scores: threshold_step must be int16"),
    (lambda t: t.pop("layer1.threshold_step"), "layer layer1: threshold_step is missing"),
    (lambda t: t.update({"scores.bias": np.zeros(3, np.float32)}), "scores.bias must be one of")])
def test_wrong_tensors_are_refused(tmp_path, network, change, message):
    description, tensors = describe(network)
    change(tensors)
    path = tmp_path / "network.safetensors"
    write_raw(path, description, tensors)
    with pytest.raises(NetworkError, match=message):
        load_network(path)


def test_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_network(tmp_path / "nothing.safetensors")


def wrong_code(network):
    weight = network.layers[0].synapses[0].weight.copy()
    weight.flat[0] = -16
    return with_group(network, weight=weight)


def exponents_with(network, value):
    table = network.exponents.copy()
    table[3, 0] = value
    return replace(network, exponents=table)


RULES = [
    (lambda n: replace(n, neuron="relu"), "neuron must be ttfs or lif, not relu"),
    (lambda n: replace(n, steps=2), "steps of a ttfs network must be 1 to 1, not 2"),
    (lambda n: replace(n, neuron="lif", steps=33), "steps of a lif network must be 1 to 32"),
    (lambda n: replace(n, input_shape=(1, 0, 8)), None),
    (lambda n: replace(n, layers=()), "layers must be a list of at least one layer, not empty"),
    (lambda n: with_layer(n, name="input"), "a layer's name must be"),
    (lambda n: with_layer(n, name="a "), "a layer's name must be"),
    (lambda n: with_layer(n, name="a\nb"), "a layer's name must be"),
    (lambda n: replace(n, name="\ud800"), "names must be printable"),
    (lambda n: with_layer(n, name="scores"), "names of layers must be unique, not scores twice"),
    (lambda n: exponents_with(n, 128), r"input.exponents must be below 128, or 255, not \[128\]"),
    (lambda n: replace(n, exponents=np.zeros((255, 1), np.uint8)), "input.exponents must have sh"),
    (lambda n: replace(n, exponents=np.zeros((256, 9), np.uint8)), "input.exponents must have sh"),
    (lambda n: replace(n, exponents=np.zeros((256, 1), np.int8)), "input.exponents must be uint8"),
    (lambda n: with_layer(n, synapses=()), "layer layer1: synapses must be a list"),
    (lambda n: with_layer(n, bias=np.zeros(1, np.int32)), "layer layer1: bias must have shape"),
    (lambda n: with_layer(n, bias=n.layers[0].bias.astype(np.int64)), "bias must be int32"),
    (lambda n: with_layer(n, pool=0), "layer layer1: pool must be at least 1, not 0"),
    (lambda n: with_layer(n, 2, pool=2), "layer scores: pool 2 must leave a map"),
    (lambda n: with_layer(n, threshold_step=None), "threshold_step is missing"),
    (lambda n: with_group(n, source="later"), "from must name the input or an earlier layer"),
    (lambda n: with_group(n, source="layer2"), "from must name the input or an earlier layer"),
    (lambda n: with_group(n, source="layer1"), "from must name the input or an earlier layer"),
    (lambda n: with_group(n, kind="pool"), "kind must be conv or linear, not 'pool'"),
    (lambda n: with_group(n, offset=64), "offset must be 0 to 63, not 64"),
    (lambda n: with_group(n, offset=-1), "offset must be 0 to 63, not -1"),
    (lambda n: with_group(n, stride=3), "stride must be 1 or 2, not 3"),
    (lambda n: with_group(n, padding=n.layers[0].synapses[0].kernel), "padding must be below the"),
    (lambda n: with_group(n, padding=-1), "padding must be below the kernel"),
    (lambda n: with_group(n, weight=np.zeros((3, 1), np.int8)), "weight.0 must have 4 dimensions"),
    (lambda n: with_group(n, weight=np.zeros((3, 99, 1, 1), np.int8)), "weight.0 must have shape"),
    (lambda n: with_group(n, 2, weight=np.zeros((3, 1), np.int16)), "weight.0 must be int8"),
    (lambda n: with_group(n, weight=np.zeros((3, n.input_shape[0], 9, 9), np.int8)), None),
    (wrong_code, r"layer layer1: weight.0 must be codes of at most ±15 \(5 bits\), not 16"),
    (lambda n: with_group(n, 0, weight=n.layers[0].synapses[0].weight[:-1]), "bias must have sh"),
    (lambda n: with_layer(n, 2, synapses=n.layers[0].synapses), None),
    (lambda n: replace(n, classes=("one",) * 99), "classes must be .* one for each output, not 99"),
    (lambda n: with_layer(n, bias=np.full(n.layers[0].channels, 2**23, np.int32)),
     r"layer layer1: channel \d+ may reach a potential of \d+, more than 8388607"),
    (lambda n: replace(n, neuron="lif"), "threshold must be positive, not None"),
    (lambda n: with_layer(replace(n, neuron="lif"), threshold=0, leak=1), "threshold must"),
    (lambda n: with_layer(replace(n, neuron="lif"), threshold=1, leak=257), "leak must be 0 to"),
]


@pytest.mark.parametrize(("change", "message"), RULES)
def test_each_rule_is_enforced(network, change, message):
    validate(network)
    with pytest.raises(NetworkError, match=message) as caught:
        validate(change(network))
    assert "\n" not in str(caught.value)


def test_groups_of_a_layer_yield_the_same_map(network):
    group = network.layers[0].synapses[0]
    other = replace(group, weight=group.weight[:-1])
    with pytest.raises(NetworkError, match="synapses 1 must yield the map"):
        validate(with_layer(network, synapses=(group, other)))


def test_bound_is_met_by_the_worst_image():
    """One pixel per weight, each at its loudest row: the bound is reached, not only safe."""
    network = random_network(11, scope="format", neuron="ttfs", most_layers=1)
    layer, numbers = network.layers[0], network.numbers
    loudest = {code: max(sum(numbers.product(numbers.exponent(
        spike=int(e), weight=code, offset=layer.synapses[0].offset)) for e in row if e != 255)
        for row in network.exponents) for code in range(1, numbers.largest_code + 1)}
    single = replace(layer, synapses=layer.synapses[:1])
    whole = replace(network, layers=(single,))
    expected = [abs(int(bias)) + sum(loudest[abs(int(w))] for w in row.ravel() if w)
                for bias, row in zip(single.bias, single.synapses[0].weight, strict=True)]
    assert potential_bound(whole, single).tolist() == expected


def test_bound_of_a_leaky_layer_is_iterated():
    network = random_network(4, scope="format", neuron="lif", most_layers=3)
    layer = network.layers[0]
    once = potential_bound(replace(network, neuron="ttfs"), layer)
    bound = np.zeros_like(once)
    for _ in range(network.steps):
        leak = network.steps * 256 if layer is network.layers[-1] else layer.leak
        bound = once + (-(-leak * bound // 256) if layer is not network.layers[-1] else bound)
    assert potential_bound(network, layer).tolist() == bound.tolist()


def test_description_lists_every_field_of_the_number_format(network):
    assert describe(network)[0]["numbers"] == asdict(network.numbers)
    assert_same(network_from(*describe(network)), network)
