"""What a run amounts to: a paragraph for people who read no further."""

from markupsafe import Markup

from .accuracy import headline_of, stages_of
from .folder import RunFolder
from .number import count, exact, percent, significant

__all__ = ["verdict_of"]


def verdict_of(folder: RunFolder) -> list[Markup]:
    """Return the verdict, a sentence each."""
    result = folder.result
    energy, counts = result["energy_uj"], result["counts"]
    sentences = [_recognised(folder), _equal(folder), Markup(
        "An image takes {} clock cycles ({} at {}, {} images a second) and {}").format(
            count(counts["cycles"]), _duration(counts["cycles"] / result["clock_mhz"]),
            exact(result["clock_mhz"], "MHz"), significant(result["frames_per_second"]),
            significant(energy["total"], "µJ"))]
    sentences[-1] += (
        Markup(", of which {} on the chip and {} for reading weights from memory outside it."
               ).format(significant(energy["total_on_chip"], "µJ"),
                        significant(energy["dram"], "µJ"))
        if energy["dram"] else ": all weights stay on the chip, and no outside memory is read.")
    return [sentence for sentence in sentences if sentence]


def _recognised(folder: RunFolder) -> Markup:
    best, result = headline_of(stages_of(folder)), folder.result
    if best is None:
        return Markup("The images have no labels, so how many are recognised is not known.")
    if best.images <= result["images"]:
        return Markup("The network {} recognises {} of {} images.").format(
            result["network"], percent(best.accuracy, 2), count(best.images))
    return Markup("The network {} recognises {} of {} test images ({}).").format(
        result["network"], percent(best.accuracy, 2), count(best.images), best.name)


def _equal(folder: RunFolder) -> Markup:
    run = folder.run
    if run is None:
        return Markup("Nothing was simulated: cycles and accesses are calculated, which gives what "
                      "the hardware counts.")
    seen = "every potential and spike time" if run["traced"] else "the scores"
    if run["bit_exact"]:
        return Markup("The hardware was simulated on {} image{} and computed {} exactly as the "
                      "integer model does.").format(
            count(run["images"]), "s" if run["images"] > 1 else "", seen)
    return Markup("<strong>The hardware is wrong</strong>: on {} of {} simulated images {} differ "
                  "from the integer model.").format(
        count(run["images"] - run["bit_exact_images"]), count(run["images"]), seen)


def _duration(microseconds: float) -> Markup:
    return (significant(microseconds, "µs", 3) if microseconds < 1e3 else
            significant(microseconds / 1e3, "ms", 3))
