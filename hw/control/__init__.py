"""What the lanes share: dispatcher, sequencer, load and readout streams, counters."""
