"""The emitted AXI top on Verilator, driven through its bus, against the golden model."""

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
from hw.bus.axi import AxiProcessor
from hw.compiler import compile_network
from hw.config import CONFIGURATIONS
from hw.emit import to_verilog
from tests.cosim.counting import expected_counts
from tests.networks import random_images, random_network

TOP = "firstspike_axi"
# Three layers, 3x3 and linear, pooling; short to load and to sweep.
SEED = 88
CONFIG = replace(CONFIGURATIONS["tiny"], name="tiny-axi", potential_depth=64)
IMAGES = 4
BENCH = Path(__file__).with_name("axi_bench.py")
pytestmark = [pytest.mark.rtl, pytest.mark.xdist_group("axi")]


@pytest.fixture(scope="module")
def model(build_root) -> Path:
    """Folder of the compiled top; only its ports can be seen."""
    top = AxiProcessor(CONFIG)
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
def case(tmp_path_factory) -> Path:
    """File of a program, images, and what must come back for them."""
    network = random_network(SEED, numbers=CONFIG.numbers, most_layers=3, most_channels=8,
                             most_side=5)
    images  = random_images(SEED, network, IMAGES)
    program = compile_network(network, CONFIG)
    golden  = infer(network, images, trace=True)
    times = [{name.removesuffix(".time"): value[index] for name, value in golden.trace.items()
              if name.endswith(".time")} for index in range(IMAGES)]
    path = tmp_path_factory.mktemp("axi") / "case.npz"
    np.savez(path, program=program.load_words, scores=golden.scores,
             images=[program.image_words(image) for image in images],
             counts=[expected_counts(program, image, of_image)
                     for image, of_image in zip(images, times, strict=True)])
    return path


@pytest.mark.parametrize(("pauses", "seed"), [(0.0, 0), (0.3, 1), (0.8, 2)])
def test_behind_axi(pauses, seed, model, case, tmp_path):
    print(f"seed {seed}")
    plan = {"seed": seed, "pauses": pauses, "case": str(case), "sha256": CONFIG.sha256,
            "configuration": {"lanes": CONFIG.lanes, "counters": int(CONFIG.counters),
                              "potential_bits": CONFIG.numbers.potential_bits}}
    report = get_runner("verilator").test(
        hdl_toplevel=TOP, hdl_toplevel_lang="verilog", build_dir=model, test_dir=tmp_path,
        test_module=f"tests.cosim.{BENCH.stem}", seed=seed,
        extra_env={"FIRSTSPIKE_BENCH": json.dumps(plan)})
    assert get_results(report) == (BENCH.read_text().count("@cocotb.test("), 0)
