"""The PyTorch side: data, time-coded training, export, and the golden integer model."""
