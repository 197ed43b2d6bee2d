"""Measures what a training step costs in each form, and prints a table.

The network of a recipe on random images in the loop of `algo.training.epoch`, without a teacher.
Rounds of all forms take turns, so that a busy machine slows all of them; the least time of each
counts. Targets: time at most 1.25 and log at most 1.35 times relu.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from algo.compression.masks import Masks
from algo.data import Split
from algo.models import in_form
from algo.training.averaging import Average
from algo.training.batches import Batches
from algo.training.checkpoint import new_model
from algo.training.epoch import Learner, train_epoch
from algo.training.evaluation import values_of
from algo.training.job import Job
from algo.training.optimiser import make_optimiser
from algo.training.parallel import ALONE
from algo.training.recipe import PRECISIONS
from algo.training.recipe_file import load_recipe

SHAPE, CLASSES = (3, 32, 32), 10
FORMS = ("relu", "time", "log")
TARGETS = {"relu": None, "time": 1.25, "log": 1.35}
HEAD = ("precision", "form", "ms / image", "to relu", "target", "processor ms / image", "to relu")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="cifar10-vgg16", metavar="NAME")
    parser.add_argument("--batches", type=int, default=6, metavar="N", help="in a round")
    parser.add_argument("--rounds", type=int, default=6, metavar="N")
    parser.add_argument("--threads", type=int, metavar="N", help="those of the recipe by default")
    parser.add_argument("--precision", choices=PRECISIONS, action="append",
                        help="by default both, one after the other")
    options = parser.parse_args(arguments)
    changes = ["distillation.weight=0"]
    if options.threads:
        changes.append(f"threads={options.threads}")
    print_row(HEAD)
    print_row(["---"] * len(HEAD))
    for precision in options.precision or PRECISIONS[::-1]:
        recipe = load_recipe(options.recipe, [*changes, f"precision={precision}"])
        torch.set_num_threads(recipe.threads)
        for row in measure_forms(recipe, options.batches, options.rounds):
            print_row(row)
    print("\nBeside the model, processor ms / batch: " + ", ".join(
        f"{what} {milliseconds:.1f}" for what, milliseconds in measure_others(
            load_recipe(options.recipe, changes), options.rounds).items()))
    return 0


def measure_forms(recipe, batches: int, rounds: int) -> list[list[str]]:
    """Return a row for each form."""
    split = random_images(batches * recipe.batch_size)
    job = Job(recipe, recipe.stages, Path(), None, torch.device("cpu"), ALONE, None)
    learners = learners_of(recipe)
    best = dict.fromkeys(learners, (np.inf, np.inf))
    for number in range(-1, rounds):                # the first one makes tables and buffers
        for form, learner in learners.items():
            stage = recipe.stages[recipe.stage_index(form)]
            took = timed(partial(train_epoch, job, stage, 0, learner, Batches(recipe, split)))
            if number >= 0:
                best[form] = tuple(map(min, best[form], took))
    each = 1e3 / len(split.labels)
    return [[recipe.precision, form, f"{each * wall:.2f}", f"{wall / best['relu'][0]:.2f}",
             f"{TARGETS[form] or ''}", f"{each * processor:.2f}",
             f"{processor / best['relu'][1]:.2f}"] for form, (wall, processor) in best.items()]


def learners_of(recipe) -> dict[str, Learner]:
    """Return what is trained, by form; weights are those of a new network."""
    torch.manual_seed(recipe.seed)
    model, learners = new_model(recipe, SHAPE, CLASSES), {}
    for form in FORMS:
        model = in_form(model, form, recipe.numbers, SHAPE)
        own = in_form(model, form, recipe.numbers, SHAPE).to(memory_format=torch.channels_last)
        stage = recipe.stages[recipe.stage_index(form)]
        learners[form] = Learner(own, Masks(own), make_optimiser(stage, own),
                                 Average(own, recipe.averaging), None)
    return learners


def measure_others(recipe, rounds: int) -> dict[str, float]:
    """Return milliseconds of the processor a batch of what is no model, the least of some."""
    learner, split = learners_of(recipe)["time"], random_images(recipe.batch_size)
    job = Job(recipe, recipe.stages, Path(), None, torch.device("cpu"), ALONE, None)
    batches, worth, model = Batches(recipe, split), job.worth(recipe.stages[0]), learner.model
    average = Average(model, 0.999)
    learner.masks.prune(model, 0.5, "layer")
    model(torch.rand(2, *SHAPE)).sum().backward()
    images, _ = next(batches.epoch(0, 1))
    works = {"augmentation": lambda: next(batches.epoch(1, 1)),
             "worth of pixels": lambda: values_of(images, worth),
             "optimiser": learner.optimiser.step,
             "masks": lambda: learner.masks.apply(model),
             "averaging": lambda: average.follow(model)}
    return {what: 1e3 * min(timed(work)[1] for _ in range(3 * rounds))
            for what, work in works.items()}


def random_images(count: int) -> Split:
    rng = np.random.default_rng(0)
    return Split(rng.integers(0, 256, (count, *SHAPE), dtype=np.uint8),
                 rng.integers(0, CLASSES, count), tuple("0123456789"))


def timed(work) -> tuple[float, float]:
    """Return the seconds that ``work`` took, and those of the processor."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def print_row(cells) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
