"""Loads one program after the other and runs their images. Runs inside the simulator."""

import cocotb

from cosim.benches.inference import PLAN, begin, work


@cocotb.test
async def do_all(dut):
    """Do the jobs of the plan: words of the source file to send, and whether to start."""
    await begin(dut)
    for what, first, limit, starts, cycles in PLAN["jobs"]:
        await work(dut, cycles, what, words=(first, limit), start=starts)
