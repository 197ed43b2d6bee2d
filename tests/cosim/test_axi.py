"""The emitted AXI top on Verilator, driven through its bus.

Against the golden model, and against the counts of the simulation that reads files.
"""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cocotb_tools.check_results import get_results
from cocotb_tools.runner import get_runner
from filelock import FileLock

from algo.golden import infer
from cosim import toolchain
from cosim.model import LINT_OFF
from cosim.simulator import simulate
from hw.bus.axi import AxiProcessor
from hw.compiler import compile_network
from hw.config import CONFIGURATIONS, Configuration
from hw.emit import to_verilog
from tests.networks import random_images, random_network

TOP = "firstspike_axi"
# Three layers, 3x3 and linear, pooling; short to load and to sweep.
SEED = 88
RESIDENT = replace(CONFIGURATIONS["tiny"], name="axi-resident", potential_depth=64)
STREAMED = replace(RESIDENT, name="axi-streamed", stream_bits=128, weight_depth=64,
                   weight_buffer_depth=32)
IMAGES = 4
BENCH = Path(__file__).with_name("axi_bench.py")
pytestmark = pytest.mark.rtl


@pytest.fixture(scope="module", params=[
    pytest.param(config, id=config.name, marks=pytest.mark.xdist_group(config.name))
    for config in (RESIDENT, STREAMED)])
def config(request) -> Configuration:
    return request.param


@pytest.fixture(scope="module")
def model(config, build_root) -> Path:
    """Folder of the compiled top; only its ports can be seen."""
    top = AxiProcessor(config)
    text = to_verilog(top, TOP)
    control = "`verilator_config\n" + "".join(
        f'public_flat_rw -module "{TOP}" -var "{port}"\n'
        for port in top.signature.members)
    identity = hashlib.sha256((text + control).encode()).hexdigest()[:16]
    directory = (build_root / "models" / f"axi-{identity}").resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with FileLock(directory / "lock"):
        if not (directory / "built").exists():
            (directory / f"{TOP}.v").write_text(text)
            (directory / f"{TOP}.vlt").write_text(control)
            with toolchain.repaired(optimise="-O1"):
                get_runner("verilator").build(
                    sources=[directory / f"{TOP}.v", directory / f"{TOP}.vlt"], hdl_toplevel=TOP,
                    build_dir=directory, always=True, timescale=("1ns", "1ps"),
                    log_file=directory / "build.log",
                    build_args=[*LINT_OFF, "--no-public-flat-rw"])
            (directory / "built").touch()
    return directory


@pytest.fixture(scope="module")
def case(config, build_root, tmp_path_factory) -> Path:
    """File of a program, images, and what must come back for them."""
    network = random_network(SEED, numbers=config.numbers, most_layers=3, most_channels=8,
                             most_side=5)
    images  = random_images(SEED, network, IMAGES)
    program = compile_network(network, config)
    assert bool(program.slices) == (config is STREAMED)
    path = tmp_path_factory.mktemp("axi") / "case.npz"
    np.savez(path, program=program.load_words, streamed=program.streamed_words,
             images=[program.image_words(image) for image in images],
             scores=infer(network, images).scores,
             counts=simulate(program, images, build_root=build_root).counts)
    return path


@pytest.mark.parametrize(("pauses", "seed"), [(0.0, 0), (0.3, 1), (0.8, 2)])
def test_behind_axi(pauses, seed, config, model, case, tmp_path):
    print(f"seed {seed}")
    plan = {"seed": seed, "pauses": pauses, "case": str(case), "sha256": config.sha256,
            "configuration": {"lanes": config.lanes, "counters": int(config.counters),
                              "potential_bits": config.numbers.potential_bits,
                              "stream_bits": config.stream_bits}}
    report = get_runner("verilator").test(
        hdl_toplevel=TOP, hdl_toplevel_lang="verilog", build_dir=model, test_dir=tmp_path,
        test_module=f"tests.cosim.{BENCH.stem}", seed=seed,
        extra_env={"FIRSTSPIKE_BENCH": json.dumps(plan)})
    assert get_results(report) == (BENCH.read_text().count("@cocotb.test("), 0)
