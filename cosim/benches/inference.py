"""Loads a program, then loads and runs images. Runs inside the simulator; files do the rest."""

import json
import os

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, SimTimeoutError, with_timeout

from hw.layout import Fault

PERIOD_NS = 10
PLAN = json.loads(os.environ["FIRSTSPIKE_BENCH"])


async def settle(dut, cycles: int, what: str):
    """Wait until the processor is ready again; fail on a fault or after ``cycles``."""
    try:
        await with_timeout(RisingEdge(dut.settled), cycles * PERIOD_NS, "ns")
    except SimTimeoutError:
        raise TimeoutError(f"{what} did not end within {cycles} cycles") from None
    fault = Fault(dut.fault.value.to_unsigned())
    assert fault == Fault.NONE, f"{what} ended with fault {fault.name}"


@cocotb.test
async def infer_all(dut):
    """Run every image of the source file."""
    dut.limit.value = 0
    dut.start.value = 0
    dut.rst.value = 1
    Clock(dut.clk, PERIOD_NS, unit="ns", impl="gpi").start()
    await ClockCycles(dut.clk, 2)
    dut.rst.value = 0
    await settle(dut, PLAN["sweep_cycles"], "reset")

    limit = PLAN["program_words"]
    dut.limit.value = limit
    await settle(dut, 4 * limit + 100, "program load")
    for image in range(PLAN["images"]):
        limit += PLAN["image_words"]
        dut.limit.value = limit
        await settle(dut, 4 * PLAN["image_words"] + 100, f"load of image {image}")
        dut.start.value = 1
        await FallingEdge(dut.settled)
        dut.start.value = 0
        await settle(dut, PLAN["inference_cycles"], f"image {image}")
