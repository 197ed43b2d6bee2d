"""Loads one program after the other and runs their images. Runs inside the simulator."""

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles

from cosim.benches.inference import PERIOD_NS, PLAN, settle, work


@cocotb.test
async def do_all(dut):
    """Do the jobs of the plan: words of the source file to send, and whether to start."""
    for port in (dut.first, dut.limit, dut.send, dut.start):
        port.value = 0
    dut.rst.value = 1
    Clock(dut.clk, PERIOD_NS, unit="ns", impl="gpi").start()
    await ClockCycles(dut.clk, 2)
    dut.rst.value = 0
    await settle(dut, PLAN["sweep_cycles"], "reset")
    for what, first, limit, starts, cycles in PLAN["jobs"]:
        await work(dut, cycles, what, words=(first, limit), start=starts)
