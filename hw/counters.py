"""The activity counters of the processor: names and meanings, in the order of their readout."""

__all__ = ["COUNTERS", "COUNTER_BITS"]

COUNTER_BITS = 32

COUNTERS = {
    "cycles": "clock cycle of the layer, from its first instruction fetch to the next layer's",
    "synaptic_operations": "addition of a product to a potential",
    "events": "event sent by the dispatcher",
    "pixel_reads": "pixel read from the pixel memory",
    "input_table_reads": "row read from the input table",
    "weight_reads": "entry read from a weight memory, entries that only bridge zeros included",
    "weight_read_bits": "bit of such an entry",
    "weight_buffer_reads": "entry read from a weight buffer",
    "weight_buffer_writes": "entry written to a weight buffer",
    "pointer_reads": "word read from a pointer memory",
    "pointer_buffer_reads": "word read from a pointer buffer",
    "pointer_buffer_writes": "word written to a pointer buffer",
    "potential_reads": "word read from a potential memory, firing included",
    "potential_writes": "word written to a potential memory, clearing included",
    "spike_reads": "spike code read from an enabled spike bank",
    "spike_writes": "spike code written to a spike bank",
    "bias_reads": "word of bias and threshold read from a channel memory",
    "queue_writes": "event entering a lane's queue",
    "neuron_updates": "neuron fired or read out",
    "queue_stall_cycles": "cycle in which the dispatcher holds an event and a lane's queue is full",
    "weight_stall_cycles": "cycle in which it holds one for weights still being copied",
    "dram_stall_cycles": "cycle in which a group waits for weights from the load stream",
    "integration_cycles": "cycle of a group from its first event ready to its last lane drained",
    "lane_idle_cycles": "lane and integration cycle without a synaptic operation",
    "instruction_reads": "word read from the instruction memory",
    "dram_read_bits": "bit of streamed weights that entered during the inference, headers included",
    "input_bits": "bit of pixels loaded since the inference before",
}
