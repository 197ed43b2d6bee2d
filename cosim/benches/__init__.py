"""cocotb benches: what runs inside the simulator."""
