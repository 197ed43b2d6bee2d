"""Two processes train like one: same losses and weights but for roundings, one writes the files."""

import json
import re
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from algo.training.checkpoint import load_checkpoint
from algo.training.parallel import (
    ALONE,
    Processes,
    SharedBatchNorm2d,
    device_of,
    own_norms,
    share_norms,
)
from algo.training.train import train

from .norms import BATCH, case, results
from .short import OVERRIDES, contents, short_recipe
from .test_survival import forked

pytestmark = pytest.mark.xdist_group("parallel")
# Each process has one thread; the digits' 96 images a batch are 48 for each.
SETS = [argument for override in OVERRIDES for argument in ("--set", override)]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Trainings by one process, by two, and by two that were killed and resumed."""
    found = {name: tmp_path_factory.mktemp(name) for name in ("one", "two", "resumed", "norms")}
    train(short_recipe(), found["one"])
    two, resumed = (["train", "digits", "-o", str(found[name]), "--device", "cpu", *SETS]
                    for name in ("two", "resumed"))
    codes = forked(
        {"arguments": two, "processes": 2},
        {"arguments": resumed, "processes": 2, "folder": str(found["resumed"]), "lines": 4},
        {"arguments": [*resumed, "--resume"], "processes": 2},
        {"main": "tests.algo.training.norms:main", "arguments": [str(found["norms"])],
         "processes": 2},
        {"arguments": [*two, "--set", "batch_size=97"], "processes": 2})
    assert codes == [[0, 0], [-9, -9], [0, 0], [0, 0], [2, 2]]  # processes must divide the batch
    return found


def test_norms_are_those_of_the_joined_batch(folders):
    """Gradients of weights are means over processes, where the losses of parts are means."""
    model, batch, gradient = case()
    expected = results(model.double(), batch.double(), gradient.double())
    parts = [load_file(folders["norms"] / f"{rank}.safetensors") for rank in range(2)]
    for key, wanted in expected.items():
        found = [part[key] for part in parts]
        if key in ("result", "batch", "evaluated"):
            assert found[0].shape[0] == BATCH // 2
            found = torch.cat(found)
        else:
            assert torch.equal(*found), key
            found = 2 * found[0] if key in ("weight", "bias") else found[0]
        assert torch.allclose(found.double(), wanted.double(), rtol=1e-4, atol=1e-4), key


def test_before_the_firing_rule_two_processes_are_one(folders):
    """Losses and weights, but for roundings; the firing rule would amplify them."""
    logs = [contents(folders[name])["log.jsonl"] for name in ("one", "two")]
    for one, two in zip(logs[0][:3], logs[1][:3], strict=True):
        assert one["stage"] == two["stage"] in ("relu", "clip")
        assert two["loss"] == pytest.approx(one["loss"], rel=1e-3)
        assert two["validation"] == pytest.approx(one["validation"], abs=0.02)
    for form in ("relu", "clip"):
        one, two = (load_checkpoint(folders[name] / f"{form}.safetensors").part("model")
                    for name in ("one", "two"))
        assert one.keys() == two.keys()
        for key, tensor in one.items():
            difference = (two[key].double() - tensor.double()).norm()
            assert difference <= 0.02 * tensor.double().norm() + 1e-4, (form, key)


def test_the_whole_recipe_is_as_accurate(folders):
    one, two = (contents(folders[name])["log.jsonl"] for name in ("one", "two"))
    assert one[-1]["test"].keys() == two[-1]["test"].keys()
    for form, accuracy in one[-1]["test"].items():
        assert two[-1]["test"][form] == pytest.approx(accuracy, abs=0.12), form


def test_first_process_writes_what_one_process_writes(folders):
    assert contents(folders["two"]).keys() == contents(folders["one"]).keys()
    assert len(contents(folders["two"])["log.jsonl"]) == len(contents(folders["one"])["log.jsonl"])


def test_two_processes_that_were_killed_end_in_the_same_bytes(folders):
    assert contents(folders["resumed"]) == contents(folders["two"])


@pytest.mark.slow
def test_torchrun(tmp_path):
    """The command that the manual names; it speaks once."""
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2",
         "-m", "cosim.cli", "train", "digits", "-o", str(tmp_path), *SETS,
         "--device", "cpu", "--set", "stages.relu.epochs=1", "--set", "stages.log.epochs=1"],
        capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert len(re.findall(r"wrote .*network\.safetensors", done.stdout)) == 1
    assert done.stdout.count("of the test images") == 4
    assert json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])["images"] == 360


def test_norms_are_shared_and_taken_back():
    model, two = nn.Sequential(nn.BatchNorm2d(3), nn.ReLU()).eval(), Processes(0, 2)
    model[0].running_mean.fill_(7)
    state = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    for change, kind in [(lambda m: share_norms(m, ALONE), nn.BatchNorm2d),
                         (lambda m: share_norms(m, two), SharedBatchNorm2d),
                         (own_norms, nn.BatchNorm2d)]:
        assert type(change(model)[0]) is kind and not model[0].training
        assert all(torch.equal(tensor, state[key]) for key, tensor in model.state_dict().items())


def test_devices():
    assert device_of("cpu") == torch.device("cpu")
    for name in ("none", "cuda:99", "cpu:x"):
        with pytest.raises(ValueError, match=f"device must be .* not '{name}'"):
            device_of(name)
