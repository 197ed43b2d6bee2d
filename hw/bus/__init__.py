"""The processor behind standard buses: AXI4-Lite registers, AXI4-Stream load and readout."""
