"""Counts what the processor does, layer by layer."""

from amaranth import *
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from ..config import Configuration
from ..counters import COUNTER_BITS, COUNTERS
from ..lane.lane import Activity
from ..pipeline import delayed, history
from .loader import STREAMED_BEATS
from .snapshots import Snapshots

__all__ = ["CounterFile", "SharedActivity"]

PIXEL_BITS = 8


class SharedActivity(data.Struct):
    """What the shared blocks do in a cycle, for the counters."""

    event: 1
    pixel_read: 1
    table_read: 1
    instruction_read: 1
    queue_stall: 1
    weight_stall: 1
    dram_stall: 1
    integrating: 1
    streamed_beats: STREAMED_BEATS
    pixel_write: 1


def total(bits: list) -> Value:
    """Return the sum of small numbers, such as how many bits are set, by a balanced tree."""
    if len(bits) <= 1:
        return bits[0] if bits else Const(0)
    half = len(bits) // 2
    return total(bits[:half]) + total(bits[half:])


class CounterFile(wiring.Component):
    """One running total for each counter; a snapshot of all at the end of each layer.

    A counter is 32 bits wide and wraps; what a cycle did is added two cycles after it, in a deep
    pipeline three, and a snapshot is written a cycle later. ``report`` sends the snapshots layer by
    layer as words in the order of ``COUNTERS``, one word per cycle while taken, then sets all
    totals to zero.
    Totals, not differences: a layer's count is its snapshot minus the one before, modulo 2^32.
    Reset sets all totals to zero.

    Members
    -------
    running : ``In(1)``
        Cycles count.
    lanes : ``In(ArrayLayout(Activity(config), lanes))``, shared : ``In(SharedActivity)``
        Activity of this cycle.
    save : ``In(1)``
        The layer ends with this cycle.
    report : ``In(1)``
        Send the snapshots; held until ``words`` has shown its last word.
    words : ``Out(stream.Signature(32))``, last : ``Out(1)``
    """

    def __init__(self, config: Configuration):
        self.config = config
        super().__init__({
            "running": In(1), "lanes": In(data.ArrayLayout(Activity(config), config.lanes)),
            "shared": In(SharedActivity), "save": In(1), "report": In(1),
            "words": Out(stream.Signature(COUNTER_BITS)), "last": Out(1)})

    def _increments(self, m, running, shared, lanes) -> dict[str, Value]:
        """What each counter grows by for a cycle with this activity.

        In a deep pipeline the lanes' activity is that of the cycle after: sums of four lanes are
        kept in registers.
        """
        def lane_count(field):
            counts = [lane[field] for lane in lanes]
            return total([delayed(m, total(counts[first:first + 4]), self.config.deep_pipeline)
                          for first in range(0, len(counts), 4)])

        operations   = lane_count("operation")
        weight_reads = lane_count("weight_read")
        return {
            "cycles": running,
            "synaptic_operations": operations,
            "events": shared.event,
            "pixel_reads": shared.pixel_read,
            "input_table_reads": shared.table_read,
            "weight_reads": weight_reads,
            "weight_read_bits": weight_reads * self.config.entry_bits,
            "weight_buffer_reads": lane_count("weight_buffer_read"),
            "weight_buffer_writes": lane_count("weight_buffer_write"),
            "pointer_reads": lane_count("pointer_read"),
            "pointer_buffer_reads": lane_count("pointer_buffer_read"),
            "pointer_buffer_writes": lane_count("pointer_buffer_write"),
            "potential_reads": lane_count("potential_read"),
            "potential_writes": lane_count("potential_write"),
            "spike_reads": lane_count("spike_read"),
            "spike_writes": lane_count("spike_write"),
            "bias_reads": lane_count("channel_read"),
            "queue_writes": lane_count("queue_write"),
            "neuron_updates": lane_count("neuron"),
            "queue_stall_cycles": shared.queue_stall,
            "weight_stall_cycles": shared.weight_stall,
            "dram_stall_cycles": shared.dram_stall,
            "integration_cycles": shared.integrating,
            "lane_idle_cycles": Mux(shared.integrating, len(lanes) - operations, 0),
            "instruction_reads": shared.instruction_read,
            "dram_read_bits": Mux(
                running, shared.streamed_beats * self.config.stream_bits, 0),
            "input_bits": Mux(shared.pixel_write, PIXEL_BITS, 0),
        }

    def elaborate(self, platform):
        m = Module()
        m.submodules.snapshots = snapshots = Snapshots(self.config)
        is_deep = self.config.deep_pipeline
        steps = 1 + is_deep                             # before the increments are known
        running, shared = (delayed(m, value, steps) for value in (self.running, self.shared))
        increments = {name: delayed(m, value, 1) for name, value in self._increments(
            m, running, shared, list(delayed(m, self.lanes, 1))).items()}
        assert increments.keys() == COUNTERS.keys()

        totals = Signal(data.ArrayLayout(COUNTER_BITS, len(COUNTERS)))
        for index, name in enumerate(COUNTERS):
            m.d.sync += totals[index].eq(totals[index] + increments[name])
        with m.If(self.words.valid & self.words.ready & self.last):
            m.d.sync += totals.eq(0)

        # The cycle that ends a layer is in the totals when its activity has gone all the way.
        saves = history(m, self.save, 2 + steps)
        m.d.comb += [
            snapshots.totals.eq(totals), snapshots.save.eq(saves[-2] if is_deep else saves[-1]),
            snapshots.report.eq(self.report & ~Cat(saves[1:]).any()),
            self.last.eq(snapshots.last)]
        wiring.connect(m, snapshots.words, wiring.flipped(self.words))
        return m
