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
from torch import Tensor, nn

__all__ = ["ALONE", "Processes", "SharedBatchNorm2d", "average", "average_gradients",
           "device_of", "joined_processes", "own_norms", "share_norms"]


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


def device_of(name: str | None) -> torch.device:
    """Return the device of that name; by default CUDA if there is one, another for each process.

    Raises ``ValueError`` if there is none of that name.
    """
    try:
        device = torch.device(name or ("cuda" if torch.cuda.is_available() else "cpu"))
        if device.type == "cuda" and device.index is None:
            device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device must be cpu, or a device that this machine has, not {name!r} "
                         f"({' '.join(str(error).split()):.120})") from None
    return device


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


class _Sum(torch.autograd.Function):
    """The sum of a tensor over the processes; each depends on all, so gradients are summed too."""

    @staticmethod
    def forward(ctx, values: Tensor) -> Tensor:
        return _Sum._over_processes(values)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return _Sum._over_processes(gradient)

    @staticmethod
    def _over_processes(values: Tensor) -> Tensor:
        total = values.contiguous().clone()
        dist.all_reduce(total)
        return total


class SharedBatchNorm2d(nn.BatchNorm2d):
    """``nn.BatchNorm2d`` with statistics over the batches of all processes, of equal size."""

    def forward(self, potential: Tensor) -> Tensor:
        if not self.training:
            return super().forward(potential)
        values, processes = potential.float(), dist.get_world_size()
        mean = _Sum.apply(values.mean((0, 2, 3))) / processes
        centred = values - mean[:, None, None]
        variance = _Sum.apply(centred.square().mean((0, 2, 3))) / processes
        with torch.no_grad():
            count = values.numel() // len(mean) * processes
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
        gain = (variance + self.eps).rsqrt() * self.weight
        shaped = centred * gain[:, None, None] + self.bias[:, None, None]
        return shaped.to(potential.dtype)


def share_norms(model: nn.Module, processes: Processes) -> nn.Module:
    """Give batch normalisation the statistics of all processes, in place; return ``model``."""
    return _norms_as(SharedBatchNorm2d, model) if processes.count > 1 else model


def own_norms(model: nn.Module) -> nn.Module:
    """Undo :func:`share_norms`, in place; return ``model``."""
    return _norms_as(nn.BatchNorm2d, model)


def _norms_as(kind: type[nn.BatchNorm2d], model: nn.Module) -> nn.Module:
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) in (nn.BatchNorm2d, SharedBatchNorm2d) and type(child) is not kind:
                other = kind(child.num_features, child.eps, child.momentum,
                             device=child.weight.device)
                other.load_state_dict(child.state_dict())
                setattr(parent, name, other.train(child.training))
    return model
