"""One of several processes that normalise their part of a batch: what it found, in a file.

Usage, in the environment of torchrun: main([FOLDER])
"""

import os
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from algo.training.parallel import average_gradients, joined_processes, share_norms

BATCH, CHANNELS = 12, 5


def case() -> tuple[nn.Module, torch.Tensor, torch.Tensor]:
    """Return a model, a batch far from zero, and the gradient of its result."""
    generator = torch.Generator().manual_seed(1)
    model = nn.Sequential(nn.BatchNorm2d(CHANNELS))
    with torch.no_grad():
        for tensor in model[0].parameters():
            tensor.copy_(torch.rand(CHANNELS, generator=generator) + 0.5)
    batch = torch.randn(BATCH, CHANNELS, 4, 3, generator=generator) + 30
    return model, batch, torch.randn(BATCH, CHANNELS, 4, 3, generator=generator)


def results(model: nn.Module, batch: torch.Tensor, gradient: torch.Tensor,
            processes=None) -> dict[str, torch.Tensor]:
    """Return result, gradients and statistics; the loss is the mean over the processes' losses."""
    batch = batch.clone().requires_grad_()
    found = model(batch)
    found.backward(gradient)
    if processes:
        average_gradients(model, processes)
    return {"result": found.detach(), "batch": batch.grad, "weight": model[0].weight.grad,
            "bias": model[0].bias.grad,
            **{key: tensor.clone() for key, tensor in model[0].named_buffers()},
            "evaluated": model.eval()(batch).detach()}


def main(arguments: list[str]) -> int:
    model, batch, gradient = case()
    with joined_processes(torch.device("cpu")) as processes:
        share = BATCH // processes.count
        rows = slice(processes.rank * share, (processes.rank + 1) * share)
        shared = share_norms(model, processes)
        save_file(results(shared, batch[rows], gradient[rows], processes),
                  Path(arguments[0]) / f"{os.environ['RANK']}.safetensors")
        processes.wait()
    return 0
