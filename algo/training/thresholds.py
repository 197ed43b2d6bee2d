"""First thresholds of leaky neurons, from what training images do to them.

Percentile of Chowdhury, Rathi and Roy 2021 (arXiv 2110.05929), of several batches in place of one.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from ..data import Split
from ..neurons.leaky import Leaky, neurons_of
from .evaluation import values_of
from .job import Job
from .stage import Stage

__all__ = ["initialise_thresholds", "set_thresholds"]

# A percentile is at least this much; layers of mostly negative sums fire too.
LEAST_PERCENTILE = 0.1


def initialise_thresholds(job: Job, stage: Stage, model: nn.Module) -> None:
    """Give the neurons of ``model`` the thresholds and leaks that the recipe's ``lif`` says."""
    settings = job.recipe.lif
    set_thresholds(model, list(_values(job, stage)), percentile=settings.percentile,
                   factor=settings.factor)
    for neurons in neurons_of(model).values():
        nn.init.constant_(neurons.leak, settings.leak)


def _values(job: Job, stage: Stage) -> Iterator[Tensor]:
    """Yield batches of training images, which seed and recipe alone choose, not augmented."""
    split, worth, recipe = job.split("train"), job.worth(stage), job.recipe
    order = torch.randperm(len(split.images), generator=torch.Generator().manual_seed(recipe.seed))
    for index in order[:recipe.lif.images].split(recipe.batch_size):
        yield values_of(_images(split, index).to(job.device), worth)


def _images(split: Split, index: Tensor) -> Tensor:
    return torch.from_numpy(split.images)[index]


@torch.no_grad()
def set_thresholds(model: nn.Module, batches: Sequence[Tensor], *, percentile: float,
                   factor: float) -> None:
    """Set the threshold of each leaky layer, in order, with the layers before it spiking already.

    It is ``factor`` times a percentile of what the layer's neurons get in a step: the mean of the
    batches, at the step where it is largest, and at least 0.1. Batch normalisation uses, and
    follows, the statistics of the batches, since spikes have others than what they replace. The
    images of a batch are ``values`` float [B, C, H, W]; leaks are 1 meanwhile.
    """
    model.train()
    for neurons in neurons_of(model).values():
        nn.init.ones_(neurons.leak)
    for name in _in_order(model, batches[0]):
        neurons = model.get_submodule(name)
        found = torch.stack([_percentiles(model, neurons, values, percentile)
                             for values in batches]).mean(0)
        neurons.threshold.fill_(factor * max(LEAST_PERCENTILE, float(found.max())))


def _in_order(model: nn.Module, values: Tensor) -> list[str]:
    """Return the names of the leaky neurons in the order in which the model calls them."""
    called = []
    handles = [neurons.register_forward_hook(lambda *_, name=name: called.append(name))
               for name, neurons in neurons_of(model).items()]
    model(values)
    for handle in handles:
        handle.remove()
    return called


def _percentiles(model: nn.Module, neurons: Leaky, values: Tensor, percentile: float) -> Tensor:
    """Return the percentile at each step of what one batch adds to the potentials, float [N].

    Of n numbers it is number ⌈p/100 · n⌉ from below.
    """
    sums = []
    handle = neurons.register_forward_pre_hook(lambda _, inputs: sums.append(inputs[0]))
    model(values)
    handle.remove()
    steps = sums[0][None] if neurons.is_first else neurons.inputs(sums[0])
    steps = steps.flatten(1).float()
    rank = max(1, -int(-percentile * steps.shape[1] // 100))
    return steps.kthvalue(rank, dim=1).values
