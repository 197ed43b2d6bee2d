"""Compression during training: which weights exist, and how that changes from epoch to epoch."""
