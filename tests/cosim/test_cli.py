"""The command line: what users get wrong is one line and exit code 2, and help is instant."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

import numpy as np
import pytest

from cosim.cli import COMMANDS, main
from hw.compiler import compile_network
from hw.config import CONFIGURATIONS
from hw.network import save_network
from tests.networks import random_images, random_network

SEED = 3


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Run in an empty folder, so that leftovers show."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def network(tmp_path):
    folder = tmp_path / "given"
    folder.mkdir()
    network = random_network(SEED)
    save_network(network, folder / "net.safetensors")
    images = random_images(SEED, network, 5)
    np.savez(folder / "images.npz", images=images, labels=np.arange(5) % 2)
    np.savez(folder / "wrong.npz", images=images[:, :, :-1])
    np.savez(folder / "pickled.npz", images=np.array([object()]))
    (folder / "text.npz").write_text("not a zip file")
    (folder / "text.safetensors").write_text("not a network")
    (folder / "text.toml").write_text("not a configuration")
    (folder / "odd.toml").write_text('base = "tiny"\nlanes = 3\n')
    return network


def leftovers() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if path.parts[0] != "given")


NET, IMAGES = "given/net.safetensors", "given/images.npz"


@pytest.mark.parametrize(("arguments", "reason"), [
    (["paint"], "No such command 'paint'"),
    (["golden"], "Missing argument 'FILE'"),
    (["golden", NET, "--images", IMAGES], "Missing option"),
    (["golden", NET, "--images", IMAGES, "-o", "x.npz", "--blue"], "No such option: --blue"),
    (["golden", NET, "--images", IMAGES, "-o", "x.npz", "-n", "many"], "'-n'"),
    (["golden", NET, "--images", IMAGES, "-o", "x.npz", "-n", "0"], "-n"),
    (["golden", NET, "--images", IMAGES, "-o", "x.npz", "-n", "6"], "-n must be 1 to 5, not 6"),
    (["golden", NET, "--images", "given/text.npz", "-o", "x.npz"], "given/text.npz: not an .npz"),
    (["golden", NET, "--images", "given/wrong.npz", "-o", "x.npz"], "images must be uint8"),
    (["golden", NET, "--images", "given/pickled.npz", "-o", "x.npz"], "not Python objects"),
    (["golden", NET, "--images", "absent.npz", "-o", "x.npz"], "absent.npz: No such file"),
    (["golden", NET, "--images", "given", "-o", "x.npz"], "given: Is a directory"),
    (["golden", NET, "--images", "digits:all", "-o", "x.npz"], "not 'digits:all'"),
    (["golden", NET, "--images", "cifar10:test", "-o", "x.npz"], "firstspike data fetch cifar10"),
    (["golden", NET, "--images", "own:test", "-o", "x.npz"], "own is not in data/"),
    (["golden", NET, "--images", IMAGES, "-o", "given"], "given: Is a directory"),
    (["golden", NET, "--images", IMAGES, "-o", f"{NET}/x.npz"], "Not a directory"),
    (["golden", "absent.safetensors", "--images", IMAGES, "-o", "x.npz"], "No such file"),
    (["info", "absent.safetensors"], "absent.safetensors: No such file or directory"),
    (["info", "given"], "given: Is a directory"),
    (["info", NET, "--config", "enormous"], "config must be one of tiny"),
    (["info", "given/text.safetensors"], "given/text.safetensors: "),
    (["info", "zoo:absent"], "zoo:absent is not shipped; there is "),
    (["compile", NET, "-o", "x", "--config", "enormous"], "config must be one of tiny"),
    (["compile", NET, "-o", "x", "--config", "absent.toml"], "absent.toml: No such file"),
    (["compile", NET, "-o", "x", "--config", "given/text.toml"], "not a TOML file"),
    (["compile", NET, "-o", "x", "--config", "given/odd.toml"], "lanes must be one of"),
    (["compile", NET, "-o", NET], "Not a directory"),
    (["cosim", NET, "--images", "given/wrong.npz", "-o", "x"], "images must be uint8"),
    (["cosim", NET, "--images", IMAGES, "-o", NET], "Not a directory"),
    (["export", "absent", "-o", "x.safetensors"], "absent: No such file"),
    (["export", "given", "-o", "x.safetensors"], "given"),
    (["export", NET, "-o", "x.safetensors"], "a network file needs --product-bits"),
    (["train", "absent"], "a recipe must be a .toml file or one of "),
    (["train", "absent.toml"], "absent.toml"),
    (["train", "digits", "--set", "colour=blue"], "'colour'"),
    (["train", "digits", "--set", "seed"], "key=value"),
    (["verilog", "-o", "given"], "given: Is a directory"),
    (["verilog", "-o", "x.v", "--network", "given/text.safetensors"], "text.safetensors"),
    (["verilog", "-o", "x.v", "--header", "x.h"], "--top must be axi with --header, not core"),
    (["verilog", "-o", "x.v", "--top", "axi", "--header", "given"], "given: Is a directory"),
    (["demo", "--seed", "-1"], "--seed"),
], ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "")
def test_a_mistake_is_one_line_and_leaves_nothing(arguments, reason, network, capfd):
    assert main(arguments) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("firstspike: ") and err.count("\n") == 1, err
    assert reason in err
    assert leftovers() == []


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_tells_every_option(command, capfd):
    assert main([*([command] if command else []), "--help"]) == 0
    out, err = capfd.readouterr()
    assert "Usage: firstspike" in out and err == ""
    assert command is None or "--json" in out


def test_help_is_instant_and_light():
    code = ("import sys; from cosim.cli import main; main(['cosim', '--help']); "
            "print({'torch', 'amaranth', 'cocotb', 'numpy', 'rich'} & set(sys.modules))")
    root = Path(__file__).parents[2]
    before = getrusage(RUSAGE_CHILDREN)
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                         env=os.environ | {"PYTHONPATH": str(root)}, check=True)
    after = getrusage(RUSAGE_CHILDREN)
    assert ran.stdout.endswith("set()\n")
    # Seconds of the processor, which other work on the machine does not stretch.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 0.4


def test_golden_writes_scores_and_on_request_every_layer(network, capfd):
    assert main(["golden", NET, "--images", IMAGES, "-o", "deep/out.npz", "--json"]) == 0
    result = json.loads(capfd.readouterr().out)
    with np.load("deep/out.npz") as arrays:
        assert list(arrays) == ["scores"]
        scores = arrays["scores"]
    labels = np.arange(5) % 2
    assert result["accuracy"] == (scores.argmax(axis=1) == labels).mean()
    assert main(["golden", NET, "--images", IMAGES, "-n", "2", "--trace", "-o", "out.npz"]) == 0
    with np.load("out.npz") as arrays:
        names = [layer.name for layer in network.layers]
        assert set(arrays) == ({"scores"} | {f"{name}.potential" for name in names}
                               | {f"{name}.time" for name in names[:-1]})
        assert (arrays["scores"] == scores[:2]).all()
    assert leftovers() == ["deep", "deep/out.npz", "out.npz"]


def test_info_is_json_and_text(network, capfd):
    assert main(["info", NET, "--json"]) == 0
    described = json.loads(capfd.readouterr().out)
    assert [layer["name"] for layer in described["layers"]] == [
        layer.name for layer in network.layers]
    weights = [group.weight for layer in network.layers for group in layer.synapses]
    assert described["weights"] == sum(weight.size for weight in weights)
    assert described["nonzero"] == sum(int((weight != 0).sum()) for weight in weights)
    assert main(["info", NET]) == 0
    text = capfd.readouterr().out
    assert all(layer.name in text for layer in network.layers) and described["sha256"] in text


def test_info_shows_how_a_processor_is_filled(network, capfd):
    assert main(["info", NET, "--config", "tiny", "--json"]) == 0
    found = json.loads(capfd.readouterr().out)["memory_map"]
    config = replace(CONFIGURATIONS["tiny"], numbers=network.numbers)
    program = compile_network(network, config)
    assert found["notes"] == list(program.notes)
    assert found["load_bits"] == 32 * program.load_words.size and found["streamed_bits"] == 0
    assert set(found["memories"]) == set(config.memories)
    assert found["memories"]["pointer"]["used"] == program.used["pointer"]
    assert found["bits"] == sum(memory.bits for memory in config.memories.values())
    assert main(["info", NET, "--config", "tiny"]) == 0
    text = capfd.readouterr().out
    assert all(note in text for note in program.notes) and "0 streamed during" in text


def test_compile_writes_a_program(network, capfd):
    assert main(["compile", NET, "--config", "tiny", "-o", "program", "--json"]) == 0
    result = json.loads(capfd.readouterr().out)
    assert leftovers() == ["program", "program/program.hex", "program/program.json"]
    assert len(Path("program/program.hex").read_text().split()) == result["load_words"]


def test_verilog_is_the_same_text_twice_and_follows_the_network(network, capfd):
    main(["verilog", "--config", "tiny", "-o", "a.v"])
    main(["verilog", "--config", "tiny", "-o", "b.v"])
    main(["verilog", "--config", "tiny", "--network", NET, "-o", "c.v"])
    first, second, third = (Path(f"{name}.v").read_text() for name in "abc")
    assert first == second != third
    assert "module firstspike(" in first or "module \\firstspike (" in first


def test_verilog_behind_axi_with_its_header(capfd):
    assert main(["verilog", "--config", "tiny", "--top", "axi", "--header", "x.h", "-o", "x.v",
                 "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["header"] == "x.h"
    assert leftovers() == ["x.h", "x.v"]
    assert "module firstspike_axi(" in Path("x.v").read_text()
    assert "FIRSTSPIKE_STATUS_OFFSET" in Path("x.h").read_text()


def test_interruption_is_one_line(monkeypatch, capfd):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt
    monkeypatch.setattr("algo.zoo.network_path", interrupted)
    assert main(["info", "x"]) == 130
    assert capfd.readouterr().err == "firstspike: interrupted\n"


@pytest.mark.parametrize("arguments", [f"info {NET} --json", "golden --help"])
def test_a_reader_that_stops_early_is_no_error(arguments, network):
    script = f"'{sys.executable}' -m cosim.cli {arguments} | head -c 1; echo ${{PIPESTATUS[0]}}"
    root = Path(__file__).parents[2]
    ran = subprocess.run(["bash", "-c", script], capture_output=True, text=True,
                         env=os.environ | {"PYTHONPATH": str(root)})
    assert ran.stderr == "" and ran.stdout[1:] == "0\n"
