"""Training by several processes (``torchrun``): equal parts of each batch, one common gradient.

The processes hold the same weights and take the same steps. Batch normalisation uses the statistics
of the whole batch, so that the number of processes changes roundings only.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
import torch.distributed.nn.functional as dist_nn
from torch import Tensor, nn

__all__ = ["ALONE", "Processes", "SharedBatchNorm2d", "average", "average_gradients",
           "joined_processes", "share_norms"]


@dataclass(frozen=True)
class Processes:
    """Which of how many processes this one is; the first one writes files."""

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def wait(self) -> None:
        """Return when every process has come here."""
        if self.count > 1:
            dist.barrier()


ALONE = Processes()


@contextmanager
def joined_processes(device: torch.device) -> Iterator[Processes]:
    """Join the processes that ``torchrun`` started, if it did; leave them at the end."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield ALONE
        return
    dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(dist.get_rank(), count)
    finally:
        dist.destroy_process_group()


def average_gradients(model: nn.Module, processes: Processes) -> None:
    """Replace every gradient by its mean over the processes."""
    if processes.count == 1:
        return
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    together = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(together)
    together /= processes.count
    parts = together.split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))


def average(value: float, processes: Processes, device: torch.device) -> float:
    """Return the mean of a number over the processes."""
    if processes.count == 1:
        return value
    total = torch.tensor(value, dtype=torch.float32, device=device)
    dist.all_reduce(total)
    return float(total) / processes.count


class SharedBatchNorm2d(nn.BatchNorm2d):
    """``nn.BatchNorm2d`` with statistics over the batches of all processes, of equal size."""

    def forward(self, potential: Tensor) -> Tensor:
        if not self.training:
            return super().forward(potential)
        values = potential.float()
        sums = torch.stack([values.mean((0, 2, 3)), values.square().mean((0, 2, 3))])
        mean, square = dist_nn.all_reduce(sums) / dist.get_world_size()
        variance = square - mean.square()
        with torch.no_grad():
            count = values.numel() // len(mean) * dist.get_world_size()
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        gain = (variance + self.eps).rsqrt() * self.weight
        shift = self.bias - mean * gain
        shaped = values * gain[:, None, None] + shift[:, None, None]
        return shaped.to(potential.dtype)


def share_norms(model: nn.Module, processes: Processes) -> nn.Module:
    """Give batch normalisation the statistics of all processes, in place; return ``model``."""
    if processes.count > 1:
        for parent in list(model.modules()):
            for name, child in parent.named_children():
                if type(child) is nn.BatchNorm2d:
                    other = SharedBatchNorm2d(child.num_features, child.eps, child.momentum)
                    other.load_state_dict(child.state_dict())
                    setattr(parent, name, other.train(child.training))
    return model
