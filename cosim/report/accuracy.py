"""From the network that was trained to the hardware: what is right at each stage."""

from dataclasses import dataclass

from .folder import RunFolder

__all__ = ["Stage", "agreement_of", "headline_of", "stages_of"]


@dataclass(frozen=True)
class Stage:
    """A form of the network, and the part of ``images`` test images that it recognises.

    ``accuracy`` and ``images`` are ``None`` where they are not known.
    """

    name: str
    accuracy: float | None
    images: int | None
    meaning: str


def stages_of(folder: RunFolder) -> list[Stage]:
    """Return the stages whose accuracy is known, the hardware last."""
    run, prediction = folder.run, folder.prediction
    chain = run.get("chain") if run else None
    stages = _demo_stages(chain, run["images"]) if chain else _trained_stages(folder)
    if prediction:
        stages.append(Stage("calculated", prediction["accuracy"], prediction["images"],
                            "the integer model, with the cycles and accesses of the hardware "
                            "calculated for each image"))
    if run:
        exact = ("the same answers as the integer model" if run["bit_exact"] else
                 "not the same answers as the integer model")
        stages.append(Stage("RTL", run["accuracy"], run["images"],
                            f"the hardware description itself, simulated: {exact}"))
    return stages


def headline_of(stages: list[Stage]) -> Stage | None:
    """Return the stage whose accuracy is of most images, the last of them."""
    known = [stage for stage in stages if stage.accuracy is not None and stage.images]
    return max(reversed(known), key=lambda stage: stage.images, default=None)


def agreement_of(folder: RunFolder) -> float | None:
    """Return how often integers and training network agree, if it is known."""
    chain = (folder.run or {}).get("chain")
    if chain:
        return chain["agreement"]
    found = _provenance(folder).get("agreement")
    return found if isinstance(found, float) else None


def _demo_stages(chain: dict, images: int) -> list[Stage]:
    return [
        Stage("floating point", chain["float"], images, "dense, ReLU: an ordinary network"),
        Stage("time-coded", chain["time_coded"], images,
              f"at most one spike for each neuron; {chain['density']:.0%} of the weights"),
        Stage("logarithmic weights", chain["log_weights"], images,
              "each weight is a sign and an exponent"),
        Stage("integer model", chain["integer"], images,
              "exact arithmetic of the hardware, in Python")]


def _trained_stages(folder: RunFolder) -> list[Stage]:
    """Return the stages that the provenance of the network tells of."""
    found = _provenance(folder).get("accuracy")
    if not isinstance(found, dict):
        return []
    images, known = found.get("images"), {
        "test_of_training_network": ("training network", "time-coded, with logarithmic weights, in "
                                     "floating point; the test images, when it was shipped"),
        "test": ("integer model", "exact arithmetic of the hardware, in Python; the test images, "
                 "when it was shipped")}
    if _neuron(folder) == "lif":
        known["test_of_training_network"] = ("training network", "leaky neurons, with logarithmic "
                                             "weights; the test images, when it was shipped")
    stages = [Stage(name, found[key], images, meaning) for key, (name, meaning) in known.items()
              if isinstance(found.get(key), float)]
    if not stages and isinstance(found.get("validation"), float):
        stages = [Stage("training network", found["validation"], None, "validation images")]
    return stages


def _provenance(folder: RunFolder) -> dict:
    return folder.context["network"]["provenance"] if folder.context else {}


def _neuron(folder: RunFolder) -> str | None:
    return folder.context["network"]["neuron"] if folder.context else None
