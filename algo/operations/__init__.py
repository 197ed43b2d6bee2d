"""Synaptic operations: how many additions the spikes of an image cause, exactly."""
