"""Trainings that are killed, interrupted or run out of disk, and continue to the same bytes."""

import errno
import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from algo.training import checkpoint as checkpoint_module
from algo.training import train as train_module
from algo.training.train import train
from cosim.cli import main

from .short import EPOCHS, OVERRIDES, contents, short_recipe

pytestmark = pytest.mark.xdist_group("survival")
SETS = [argument for override in OVERRIDES for argument in ("--set", override)]


def command(folder, *more):
    return ["train", "digits", "-o", str(folder), *SETS, *more]


def forked(*runs):
    """Return the exit codes of runs of the command line in processes of their own."""
    plan = [{"main": "cosim.cli:main", **run} for run in runs]
    done = subprocess.run([sys.executable, "-W", "error", "-m", "tests.algo.training.forked",
                           json.dumps(plan)], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What an uninterrupted training leaves."""
    folder = tmp_path_factory.mktemp("whole")
    train(short_recipe(), folder)
    return contents(folder)


def killed_at(rng, folder, arguments):
    """Return a run that is killed at a random moment, or half through a file."""
    begin = {"arguments": arguments, "folder": str(folder)}
    if rng.random() < 0.5:
        return begin | {"write": rng.randrange(1, 6)}
    return begin | {"lines": rng.randrange(EPOCHS), "delay": rng.random() * 0.2}


@pytest.mark.parametrize("changes", [[], ["precision=bf16", "averaging=0.9",
                                          "stages.clip.optimiser=sgd", "threads=2"]])
def test_killed_trainings_end_in_the_same_bytes(whole, tmp_path, changes):
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    rng, folder = random.Random(seed), tmp_path / "killed"
    arguments = command(folder, "--resume", *[a for change in changes for a in ("--set", change)])
    codes = forked(*(killed_at(rng, folder, arguments) for _ in range(4)),
                   {"arguments": arguments, "folder": str(folder)})
    assert codes[-1] == [0] and {code for code, in codes[:-1]} <= {0, -9} and [-9] in codes
    if changes:
        train(short_recipe(*changes), tmp_path / "whole")
        whole = contents(tmp_path / "whole")
    assert contents(folder) == whole


@pytest.fixture(scope="module")
def three_epochs(tmp_path_factory):
    def progress(done, *_):
        if done == 3 * 11 + 5:
            raise StopIteration

    folder = tmp_path_factory.mktemp("three")
    with pytest.raises(StopIteration):
        train(short_recipe(), folder, progress=progress)
    return folder


@pytest.fixture
def part(three_epochs, tmp_path):
    """A training that ended after three epochs."""
    return shutil.copytree(three_epochs, tmp_path / "part")


def rewritten(path, **changes):
    """Write a checkpoint anew with other metadata."""
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in list(file.keys())}
        metadata = file.metadata()
    key = checkpoint_module.KEY
    found = {**json.loads(metadata[key]), **changes}
    del found["sha256"]                             # as if it had been written so
    metadata = {key: json.dumps(found)}
    save_file(tensors, path, metadata=metadata)


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)


DAMAGES = {
    "empty": (lambda path: path.write_bytes(b""), "is not a checkpoint"),
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:-100]), "is not a checkpoint"),
    "text": (lambda path: path.write_text("hello\n" * 1000), "is not a checkpoint"),
    "a bit in the middle": (lambda path: flip(path, -9999), "is damaged"),
    "a bit at the end": (lambda path: flip(path, -1), "is damaged"),
    "version": (lambda path: rewritten(path, version=1),
                "version of the checkpoint must be 2, not 1"),
    "stage": (lambda path: rewritten(path, stage="none"), "stage must be one of relu, clip, time"),
    "recipe": (lambda path: rewritten(path, recipe={"name": "a"}), "key 'augmentation' is missing"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_checkpoint_is_one_line_and_changes_nothing(part, capsys, damage):
    change, message = DAMAGES[damage]
    change(part / "checkpoint.safetensors")
    before = {path: path.read_bytes() for path in part.iterdir()}
    assert main(command(part, "--resume")) == 2
    error, = [line for line in capsys.readouterr().err.splitlines()
              if line.startswith("firstspike:")]
    assert message in error and str(part / "checkpoint.safetensors") in error
    assert {path: path.read_bytes() for path in part.iterdir()} == before


def test_log_of_a_killed_training_may_be_cut_off(part, whole):
    """Or have a line that the checkpoint does not know yet, or one that is no entry at all."""
    log, text = part / "log.jsonl", (part / "log.jsonl").read_text()
    for tail in ('{"stage": "time", "epo', '{"stage": "time", "epoch": 1, "loss": 7.0}\n', "7\n",
                 '{"stage": "none", "epoch": 1}\n', "\xff\x00"):
        log.write_text(text + tail, encoding="latin-1")
        folder = part / "again"
        shutil.copytree(part, folder, ignore=shutil.ignore_patterns("again"))
        if tail == "7\n":
            train(short_recipe(), folder, resume=True)
            assert contents(folder) == whole
        else:
            with pytest.raises(StopIteration):
                train(short_recipe(), folder, resume=True, progress=stop)
            assert (folder / "log.jsonl").read_text() == text
        shutil.rmtree(folder)


def stop(*_):
    raise StopIteration


def test_lost_log_is_begun_anew(part):
    (part / "log.jsonl").unlink()
    train(short_recipe(), part, resume=True)
    lines = [json.loads(line) for line in (part / "log.jsonl").read_text().splitlines()]
    assert [line.get("stage") for line in lines] == ["time", "time", "log", "log", None]


FULL = {"checkpoint": r"\.checkpoint\.safetensors\.\d+", "stage": r"\.time\.safetensors\.\d+",
        "picture": r"\.training\.png\.\d+", "network": r"\.network\.safetensors\.\d+"}


@pytest.mark.parametrize("what", FULL)
def test_full_disk_is_one_line_and_training_continues_later(part, whole, capsys, monkeypatch, what):
    write_bytes = Path.write_bytes

    def full(path, content):
        if re.fullmatch(FULL[what], path.name):
            write_bytes(path, content[:len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write_bytes(path, content)

    before = contents(part)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        assert main(command(part, "--resume")) == 2
    error, = [line for line in capsys.readouterr().err.splitlines()
              if line.startswith("firstspike:")]
    assert error.endswith("No space left on device") and str(part) in error
    after = contents(part)
    assert after.keys() >= before.keys() and not [name for name in after if name.startswith(".")]
    if what == "checkpoint":
        assert after["checkpoint.safetensors"] == before["checkpoint.safetensors"]
    train(short_recipe(), part, resume=True)
    assert contents(part) == whole


def test_full_disk_while_a_line_is_added_to_the_log(part, whole, capsys, monkeypatch):
    def full(path, entry):
        with path.open("a") as file:
            file.write('{"stage": "ti')
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr("algo.training.stages.append_line", full)
        assert main(command(part, "--resume")) == 2
    assert re.search(r"firstspike: .*log.jsonl: No space left", capsys.readouterr().err)
    train(short_recipe(), part, resume=True)
    assert contents(part) == whole


def test_interrupt_says_how_to_continue(part, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(train_module, "train", interrupted)
    assert main(command(part, "--resume")) == 130
    error = [line for line in capsys.readouterr().err.splitlines() if line]
    assert error == ["firstspike: interrupted; continue with --resume"]


def test_resuming_nothing_begins(whole, tmp_path):
    train(short_recipe(), tmp_path / "new", resume=True)
    assert contents(tmp_path / "new") == whole


def test_leftovers_of_a_killed_training_go(part):
    leftover = part / ".checkpoint.safetensors.12345"
    leftover.write_bytes(b"half")
    other = part / ".mine"
    other.write_bytes(b"")
    with pytest.raises(StopIteration):
        train(short_recipe(), part, resume=True, progress=stop)
    assert not leftover.exists() and other.exists()
