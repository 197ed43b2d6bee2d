"""What pytest leaves alone: benches are imported by the simulator only."""

collect_ignore = ["axi_bench.py", "batch_bench.py"]
