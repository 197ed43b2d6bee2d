"""What pytest leaves alone: a bench is imported by the simulator only."""

collect_ignore = ["axi_bench.py"]
