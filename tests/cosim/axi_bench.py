"""Drives the AXI top as a driver and its DMA engines would. Runs inside the simulator.

Every channel pauses at random, in the share of cycles that the plan says; ``case.npz`` has what is
to be loaded and what must come back.
"""

import json
import logging
import os
from random import Random

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiResp,
    AxiStreamBus,
    AxiStreamSink,
    AxiStreamSource,
)

from hw.bus.registers import MAGIC, REGISTERS, VERSION
from hw.counters import COUNTERS
from hw.layout import Fault

PLAN = json.loads(os.environ["FIRSTSPIKE_BENCH"])
CASE = np.load(PLAN["case"])
OFFSET = {register.name: register.offset for register in REGISTERS}
FIELD = {(register.name, field.name): field for register in REGISTERS for field in register.fields}
PERIOD_NS = 10
LIMIT = {"timeout_time": 10, "timeout_unit": "ms"}
WORD_BYTES = 4
# First word of a packet that names no memory.
NO_TARGET = 0xFF
CYCLES = list(COUNTERS).index("cycles")
DRAM = list(COUNTERS).index("dram_read_bits")
# Counts that tell when weights arrived, or in which layer.
TIMED = np.array([name.endswith("cycles") or name == "dram_read_bits" for name in COUNTERS])


def in_bytes(words) -> bytes:
    """Return beats of the load stream in the order of their bytes."""
    return np.asarray(words).astype("<u4").tobytes()


class Bench:
    """The master of the registers and the ends of the streams, and what a driver does with them."""

    def __init__(self, dut):
        logging.getLogger(f"cocotb.{dut._name}").setLevel(logging.WARNING)
        logging.getLogger("bench").info("seed %s", PLAN["seed"])
        self.dut, self.rng = dut, Random(PLAN["seed"])
        ends = {"clock": dut.aclk, "reset": dut.aresetn, "reset_active_level": False}
        self.bus    = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi"), **ends)
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis_load"), **ends)
        self.sink   = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis_readout"), **ends)
        write, read = self.bus.write_if, self.bus.read_if
        for channel in (write.aw_channel, write.w_channel, write.b_channel, read.ar_channel,
                        read.r_channel, self.source, self.sink):
            channel.set_pause_generator(self.pauses(PLAN["pauses"]))

    def pauses(self, share: float):
        rng = Random(self.rng.random())
        while True:
            yield rng.random() < share

    async def reset(self):
        self.dut.aresetn.value = 0
        await ClockCycles(self.dut.aclk, 3)
        self.dut.aresetn.value = 1
        await ClockCycles(self.dut.aclk, 2)

    async def read(self, name: str) -> dict[str, int]:
        """Return the fields of a register."""
        answer = await self.bus.read(OFFSET[name], WORD_BYTES)
        assert answer.resp == AxiResp.OKAY
        word = int.from_bytes(answer.data, "little")
        return {field: (word & place.mask) >> place.low
                for (register, field), place in FIELD.items() if register == name}

    async def write(self, name: str, *fields: str):
        """Write ones to fields of a register, and zeros to the others."""
        word = sum(FIELD[name, field].mask for field in fields)
        answer = await self.bus.write(OFFSET[name], word.to_bytes(WORD_BYTES, "little"))
        assert answer.resp == AxiResp.OKAY

    async def wait(self, **fields: int) -> dict[str, int]:
        """Poll the status until it has these values."""
        while True:
            status = await self.read("status")
            if fields.items() <= status.items():
                return status

    async def load(self, words):
        await self.source.send(in_bytes(words))
        await self.source.wait()

    async def load_program(self):
        await self.load(CASE["program"])

    async def start(self, index: int):
        """Load an image and run the program on it."""
        await self.load(CASE["images"][index])
        await self.wait(ready=1)
        await self.write("control", "start")
        if CASE["streamed"].size:
            self.source.send_nowait(in_bytes(CASE["streamed"]))

    async def abort(self, *beside: str):
        """Stop the load transfer, as a driver resets its DMA engine, then reset the processor."""
        self.source.assert_reset()
        await self.write("control", "reset", *beside)

    async def readout(self) -> list[int]:
        """Return the words of the next packet."""
        frame = await self.sink.recv()
        return np.frombuffer(bytes(frame.tdata), "<u4").tolist()

    async def finish(self, index: int):
        """Take what an inference sends; check it, and its cycles."""
        words, scores, counts = await self.readout(), CASE["scores"][index], CASE["counts"][index]
        assert len(words) == scores.size + counts.size
        assert words[:scores.size] == (scores % (1 << 32)).tolist()
        totals = np.array(words[scores.size:], np.uint32).reshape(counts.shape)
        found  = np.diff(totals, axis=0, prepend=np.uint32(0))
        await self.wait(ready=1, busy=0, done=1, fault=Fault.NONE.value)
        assert self.source.idle()
        cycles = (await self.read("cycles"))["count"]
        assert found[:, CYCLES].sum() < cycles
        differing = found != counts
        assert found[:, DRAM].sum() == counts[:, DRAM].sum()
        if CASE["streamed"].size:
            differing &= ~TIMED
        elif PLAN["pauses"]:   # scores that wait for the sink are counted too
            differing[-1, CYCLES] = False
        else:                  # a counter leaves in each cycle, but between layers
            assert cycles < counts[:, CYCLES].sum() + counts.size + 4 * len(counts) + 10
        assert not differing.any(), [
            (list(COUNTERS)[place], found[layer, place], counts[layer, place])
            for layer, place in np.argwhere(differing)]

    async def infer(self, index: int):
        await self.start(index)
        await self.finish(index)
        await self.write("status", "done")


async def prepared(dut) -> Bench:
    """Start the clock, reset, load the program; return the bench."""
    dut.aresetn.value = 0
    bench = Bench(dut)
    Clock(dut.aclk, PERIOD_NS, unit="ns").start()
    await bench.reset()
    await bench.load_program()
    return bench


@cocotb.test(**LIMIT)
async def images_one_after_the_other(dut):
    bench = await prepared(dut)
    for index in range(len(CASE["images"])):
        await bench.infer(index)
        assert (await bench.read("images"))["count"] == index + 1
    assert not (await bench.read("status"))["done"]
    assert bench.sink.empty()


@cocotb.test(**LIMIT)
async def what_was_built(dut):
    bench = await prepared(dut)
    assert await bench.read("identification") == {"magic": MAGIC}
    assert await bench.read("version") == {"major": VERSION[0], "minor": VERSION[1]}
    assert await bench.read("configuration") == PLAN["configuration"]
    assert len(dut.s_axis_load_tdata) == PLAN["configuration"]["stream_bits"]
    assert await bench.read("configuration_hash") == {"prefix": int(PLAN["sha256"][:8], 16)}


@cocotb.test(**LIMIT)
async def a_start_while_busy_is_refused(dut):
    bench = await prepared(dut)
    bench.sink.set_pause_generator(bench.pauses(1.0))
    await bench.start(0)
    status = await bench.read("status")
    assert (status["busy"], status["ready"], status["refused"]) == (1, 0, 0)
    await bench.write("control", "start")
    status = await bench.read("status")
    assert (status["busy"], status["refused"]) == (1, 1)
    bench.sink.set_pause_generator(bench.pauses(PLAN["pauses"]))
    await bench.finish(0)
    await bench.write("status", "refused")
    status = await bench.read("status")
    assert (status["done"], status["refused"]) == (1, 0)
    await bench.infer(1)
    assert (await bench.read("images"))["count"] == 2


@cocotb.test(**LIMIT)
async def a_bad_packet_is_a_fault_until_a_soft_reset(dut):
    bench = await prepared(dut)
    await bench.write("interrupt_enable", "fault")
    assert not dut.irq.value
    await bench.load([NO_TARGET, *range(31)])
    if not dut.irq.value:
        await RisingEdge(dut.irq)
    status = await bench.read("status")
    assert (status["fault"], status["ready"], status["busy"]) == (Fault.TARGET.value, 0, 0)
    await bench.write("control", "start")
    assert (await bench.read("status"))["refused"]

    await bench.write("control", "reset")
    status = await bench.wait(ready=1)
    assert (status["fault"], status["refused"]) == (Fault.NONE.value, 0)
    assert not dut.irq.value
    assert await bench.read("interrupt_enable") == {"done": 0, "fault": 1}
    await bench.infer(0)


@cocotb.test(**LIMIT)
async def a_soft_reset_ends_the_readout_that_it_cuts(dut):
    bench = await prepared(dut)
    for index in range(len(CASE["images"])):
        await bench.start(index)
        while not (dut.m_axis_readout_tvalid.value and dut.m_axis_readout_tready.value):
            await RisingEdge(dut.aclk)
        await ClockCycles(dut.aclk, bench.rng.randint(0, 6))
        await bench.abort()
        words = await bench.readout()
        assert len(words) <= 1 + CASE["scores"][index].size + CASE["counts"][index].size
        assert words[-1] == 0
        status = await bench.wait(ready=1)
        assert (status["busy"], status["done"]) == (0, 0)
        assert (await bench.read("images"))["count"] == 0
        await bench.infer(index)
    assert bench.sink.empty()


@cocotb.test(**LIMIT)
async def a_soft_reset_at_any_time_leaves_it_clean(dut):
    bench = await prepared(dut)
    for index in range(len(CASE["images"])):
        await bench.start(index)
        await ClockCycles(dut.aclk, bench.rng.randint(1, 300))
        await bench.abort("start")
        await bench.wait(ready=1, busy=0, refused=0)
        while not bench.sink.empty():
            await bench.readout()
        await bench.infer(index)


@cocotb.test(**LIMIT)
async def a_hard_reset_leaves_it_clean(dut):
    bench = await prepared(dut)
    await bench.write("interrupt_enable", "done", "fault")
    await bench.start(0)
    await ClockCycles(dut.aclk, bench.rng.randint(1, 300))
    await bench.reset()
    assert await bench.read("interrupt_enable") == {"done": 0, "fault": 0}
    bench.sink.clear()
    await bench.infer(1)
    assert (await bench.read("images"))["count"] == 1


@cocotb.test(**LIMIT)
async def an_address_of_no_register_is_an_error(dut):
    bench = await prepared(dut)
    for address in (REGISTERS[-1].offset + 4, 0x400, 0xFFC):
        assert (await bench.bus.read(address, WORD_BYTES)).resp == AxiResp.SLVERR
        assert (await bench.bus.write(address, bytes(WORD_BYTES))).resp == AxiResp.SLVERR
    for name in ("identification", "cycles"):
        answer = await bench.bus.write(OFFSET[name], bytes(WORD_BYTES))
        assert answer.resp == AxiResp.SLVERR
    await bench.infer(0)


@cocotb.test(**LIMIT)
async def bytes_that_are_not_written_stay(dut):
    bench = await prepared(dut)
    await bench.bus.write(OFFSET["interrupt_enable"], b"\x03")
    await bench.bus.write(OFFSET["interrupt_enable"] + 1, b"\x00\x00\x00")
    await bench.bus.write(OFFSET["control"] + 1, b"\x03")
    assert await bench.read("interrupt_enable") == {"done": 1, "fault": 1}
    assert not (await bench.read("status"))["refused"]


@cocotb.test(**LIMIT)
async def the_interrupt_lasts_until_done_is_cleared(dut):
    bench = await prepared(dut)
    await bench.infer(0)
    await bench.write("interrupt_enable", "done")
    for index in range(2):
        await bench.start(index)
        if not dut.irq.value:
            await RisingEdge(dut.irq)
        assert (await bench.read("status"))["done"]
        await bench.finish(index)
        assert dut.irq.value
        await bench.write("status", "done")
        await ClockCycles(dut.aclk, 2)
        assert not dut.irq.value
