"""Loads a program, then loads and runs images. Runs inside the simulator; files do the rest."""

import json
import os

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, SimTimeoutError, with_timeout

from hw.layout import Fault

PERIOD_NS = 10
PLAN = json.loads(os.environ["FIRSTSPIKE_BENCH"])


async def begin(dut):
    """Start the clock, reset, and wait until the processor is ready."""
    for port in (dut.first, dut.limit, dut.send, dut.start):
        port.value = 0
    dut.rst.value = 1
    Clock(dut.clk, PERIOD_NS, unit="ns", impl="gpi").start()
    await ClockCycles(dut.clk, 2)
    dut.rst.value = 0
    await settle(dut, PLAN["sweep_cycles"], "reset")


async def settle(dut, cycles: int, what: str, done="settled"):
    """Wait until the processor is ready again; fail on a fault or after ``cycles``."""
    try:
        await with_timeout(RisingEdge(dut[done]), cycles * PERIOD_NS, "ns")
    except SimTimeoutError:
        raise TimeoutError(f"{what} did not end within {cycles} cycles") from None
    fault = Fault(dut.fault.value.to_unsigned())
    assert fault == Fault.NONE, f"{what} ended with fault {fault.name}"


async def work(dut, cycles: int, what: str, *, words: tuple[int, int], start: bool = False,
               done="settled"):
    """Send words of the source file, start an inference, or both; wait until all is done."""
    dut.first.value, dut.limit.value = words
    dut.send.value = words[0] < words[1]
    dut.start.value = start
    await FallingEdge(dut.settled)
    dut.send.value = 0
    dut.start.value = 0
    await settle(dut, cycles, what, done)


@cocotb.test
async def infer_all(dut):
    """Run every image of the source file: program, streamed words, images."""
    await begin(dut)
    program, images = PLAN["program_words"], PLAN["program_words"] + PLAN["streamed_words"]
    await work(dut, PLAN["program_cycles"], "program load", words=(0, program))
    for image in range(PLAN["images"]):
        first, limit = (images + (image + more) * PLAN["image_words"] for more in (0, 1))
        await work(dut, PLAN["image_cycles"], f"load of image {image}", words=(first, limit))
        await work(dut, PLAN["inference_cycles"], f"image {image}", words=(program, images),
                   start=True, done=PLAN["ends_with"])
