"""``firstspike golden``: both methods, the check of one by the other, and runs that survive."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from algo.golden import infer
from cosim import inference, parts
from cosim.cli import main
from hw.network import save_network
from tests.networks import random_images, random_network

SEED, IMAGES, PART = 9, 11, 4
COMMAND = ["golden", "net.safetensors", "--images", "images.npz", "-o", "out.npz"]
FOLDER = Path("out.npz.part")


@pytest.fixture(autouse=True)
def network(tmp_path, monkeypatch):
    """Write a network and images into an empty folder; a part has four of the eleven images."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parts, "IMAGES_PER_PART", PART)
    network = random_network(SEED, scope="format", neuron="lif")
    save_network(network, Path("net.safetensors"))
    np.savez("images.npz", images=random_images(SEED, network, IMAGES),
             labels=np.arange(IMAGES) % 2)
    return network


def files() -> set[str]:
    return {str(path) for path in Path().rglob("*")} - {"net.safetensors", "images.npz"}


def images() -> np.ndarray:
    with np.load("images.npz") as arrays:
        return arrays["images"]


def fail(arguments, capfd) -> str:
    """Return the line that a command fails with, with exit code 1 or 2."""
    code = main(arguments)
    err = capfd.readouterr().err.splitlines()
    assert err[-1].startswith("firstspike: ") and sum("firstspike" in line for line in err) == 1
    return f"{code} {err[-1].removeprefix('firstspike: ')}"


@pytest.mark.parametrize("trace", [[], ["--trace"]], ids=["scores", "traced"])
@pytest.mark.parametrize("method", ["events", "reference"])
def test_both_methods_write_what_the_reference_answers(method, trace, network, capfd):
    assert main([*COMMAND, "--method", method, "--threads", "2", *trace, "--json"]) == 0
    expected = infer(network, images(), trace=bool(trace))
    with np.load("out.npz") as arrays:
        assert set(arrays) == {"scores", *expected.trace}
        assert np.array_equal(arrays["scores"], expected.scores)
        assert all(np.array_equal(arrays[key], expected.trace[key]) for key in expected.trace)
    result = json.loads(capfd.readouterr().out)
    assert result["method"] == method and result["images"] == IMAGES
    assert result["checked"] == (4 if method == "events" else 0)
    assert result["accuracy"] == (expected.predictions == np.arange(IMAGES) % 2).mean()
    assert files() == {"out.npz"}


@pytest.mark.parametrize(("check", "said"), [(0, ""), (3, ", the first 3 equal the reference"),
                                             (40, ", the first 11 equal the reference")])
def test_check_says_how_many_images_it_held(check, said, capfd, monkeypatch):
    monkeypatch.setattr(inference, "IMAGES_PER_CHECK", 2)
    assert main([*COMMAND, "--check", str(check)]) == 0
    out = capfd.readouterr().out
    assert out.startswith(f"{IMAGES} images, ") and out.endswith(f"% right{said}; wrote out.npz\n")


def break_events(monkeypatch, change):
    """Let ``change`` make wrong what the event model answers."""
    right = inference.infer_events
    monkeypatch.setattr(inference, "infer_events", lambda network, images, **options: change(
        right(network, images, **options), images, options))


def test_a_broken_event_model_is_exit_code_1_and_the_neuron_is_named(network, capfd, monkeypatch):
    def wrong(found, images, options):
        for index, image in enumerate(images):
            if options.get("trace") and np.array_equal(image, third):
                found.trace["layer1.potential"][index, 0, 0, 0, 0] += 1
        return found
    third = images()[2]
    break_events(monkeypatch, wrong)
    monkeypatch.setattr(inference, "IMAGES_PER_CHECK", 2)
    assert main([*COMMAND, "--check", "2"]) == 0
    line = fail([*COMMAND, "--check", "3"], capfd)
    assert line.startswith("1 events differ from the reference: image 2 layer layer1 step 0 "
                           "potential [0, 0, 0]: expected ")
    assert main([*COMMAND, "--check", "3", "--method", "reference"]) == 0


def test_scores_that_are_wrong_without_traces_only_are_noticed(network, capfd, monkeypatch):
    def wrong(found, images, options):
        return found if options.get("trace") else replace(found, scores=found.scores + 1)
    break_events(monkeypatch, wrong)
    assert fail(COMMAND, capfd).startswith("1 events differ from the reference: image 0 layer "
                                           "scores scores [0, 0, 0]: expected ")
    assert "out.npz" not in files()


@pytest.mark.parametrize("trace", [[], ["--trace"]], ids=["scores", "traced"])
def test_a_stopped_run_continues_to_the_same_bytes(trace, capfd, monkeypatch):
    assert main([*COMMAND, *trace]) == 0
    expected = Path("out.npz").read_bytes()
    inferred, right = [], inference.infer_events

    def stopped(network, images, **options):
        inferred.append(len(images))
        if len(inferred) == 3:
            raise KeyboardInterrupt
        return right(network, images, **options)
    monkeypatch.setattr(inference, "infer_events", stopped)
    Path("out.npz").unlink()
    assert main([*COMMAND, *trace, "--check", "0"]) == 130
    assert files() == {str(FOLDER), *(f"{FOLDER}/{name}" for name in (
        "run.json", "0-4.npz", "4-8.npz"))}
    assert main([*COMMAND, *trace, "--check", "0", "--resume"]) == 0
    assert inferred == [4, 4, 3, 3]
    assert Path("out.npz").read_bytes() == expected and files() == {"out.npz"}


def test_a_killed_run_continues_to_the_same_bytes():
    assert main(COMMAND) == 0
    expected = Path("out.npz").read_bytes()
    Path("out.npz").unlink()
    script = f"""
import os, signal
from cosim import inference, parts
from cosim.cli import main
parts.IMAGES_PER_PART = {PART}
right, inferred = inference.infer_events, []
def killed(network, images, **options):
    inferred.append(len(images))
    if len(inferred) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return right(network, images, **options)
inference.infer_events = killed
main({[*COMMAND, "--check", "0"]!r})
"""
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": str(root)},
                         capture_output=True)
    assert ran.returncode == -9, ran.stderr
    assert {path.name for path in FOLDER.iterdir()} == {"run.json", "0-4.npz", "4-8.npz"}
    assert main([*COMMAND, "--resume"]) == 0
    assert Path("out.npz").read_bytes() == expected and files() == {"out.npz"}


def test_parts_of_another_run_are_refused_in_one_line(network, capfd, monkeypatch):
    def stopped(network, images, **options):
        if options.get("trace"):
            return right(network, images, **options)
        raise KeyboardInterrupt
    right = inference.infer_events
    monkeypatch.setattr(inference, "infer_events", stopped)
    assert main(COMMAND) == 130
    monkeypatch.setattr(inference, "infer_events", right)
    (FOLDER / "0-4.npz").write_bytes(b"")
    before = files()
    capfd.readouterr()
    assert "continue it with --resume" in fail(COMMAND, capfd)
    assert "differs in images" in fail([*COMMAND, "--resume", "-n", "9"], capfd)
    assert "differs in trace" in fail([*COMMAND, "--resume", "--trace"], capfd)
    assert "differs in method" in fail([*COMMAND, "--resume", "--method", "reference"], capfd)
    save_network(replace(network, name="other"), Path("net.safetensors"))
    assert fail([*COMMAND, "--resume"], capfd).startswith(
        "2 out.npz.part: is of a run that differs in network")
    assert files() == before


def test_resume_without_parts_begins(capfd):
    assert main([*COMMAND, "--resume"]) == 0
    assert files() == {"out.npz"}


def test_progress_counts_all_images(network, monkeypatch):
    seen = []
    kept = parts.Parts(Path("x.part"), {})
    for _ in range(2):
        inference.infer_in_parts(infer, network, images(), trace=False, parts=kept,
                                 progress=lambda *call: seen.append(call))
    assert seen == 2 * [(done, IMAGES, "images") for done in (4, 8, 11)]


def test_traces_that_do_not_fit_memory_are_refused(network, capfd, monkeypatch):
    with_trace = infer(network, images(), trace=True).trace
    size = sum(value.nbytes for value in with_trace.values()) // IMAGES
    monkeypatch.setattr(inference, "MAX_TRACE_BYTES", 5 * size)
    assert fail([*COMMAND, "--trace"], capfd) == (
        f"2 --trace of {IMAGES} images would take 0.0 GiB; -n must be at most 5 with this network")
    assert main([*COMMAND, "--trace", "-n", "5"]) == 0
    assert main(COMMAND) == 0
