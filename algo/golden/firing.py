"""Compiled loops that turn potentials into spike times, by the exact integer rule."""

import numpy as np

from .compiled import compiled

__all__ = ["fire", "integrate"]


@compiled
def fire(potential, threshold_step, thresholds, steps_per_octave, window):
    """Return spike times, uint8 like ``potential``; ``window`` for silence.

    As hardware does it: the leading one of a potential V finds its octave, at most
    ``steps_per_octave`` comparisons its level, the largest m with V ≥ 2^((m − δ)/τ).

    Parameters
    ----------
    potential
        int32 [images, rows, columns, channels].
    threshold_step
        int64 [channels].
    thresholds
        int64, ``thresholds[m]`` the least integer of level m; the last is above any potential.
    """
    channels = potential.shape[3]
    values = potential.reshape(potential.size // channels, channels)
    times = np.empty(values.shape, np.uint8)
    last = len(thresholds) - 1
    # What a potential must reach to fire within the window.
    least = np.empty(channels, np.int64)
    for channel in range(channels):
        least[channel] = thresholds[min(max(threshold_step[channel] - window + 1, 0), last)]
    for place in range(len(values)):
        for channel in range(channels):
            value = values[place, channel]
            if value < least[channel]:
                times[place, channel] = window
                continue
            level = _leading_one(value) * steps_per_octave
            while thresholds[level + 1] <= value:
                level += 1
            times[place, channel] = max(0, threshold_step[channel] - level)
    return times.reshape(potential.shape)


@compiled
def _leading_one(value):
    """Return the position of the highest bit that is set in a positive number below 2^32."""
    found = 0
    for bits in (16, 8, 4, 2, 1):
        if value >> bits:
            value >>= bits
            found += bits
    return found


@compiled
def integrate(sums, leak, threshold):
    """Leak, add, fire and reset, step after step; return spikes, 0, and silence, 1, as uint8.

    ``sums`` is int32 [images, steps, neurons], what each step adds. It becomes the potential
    before the threshold is subtracted.
    """
    images, steps, neurons = sums.shape
    times = np.empty(sums.shape, np.uint8)
    for image in range(images):
        kept = np.zeros(neurons, np.int64)
        for step in range(steps):
            for neuron in range(neurons):
                value = ((leak * kept[neuron]) >> 8) + sums[image, step, neuron]
                sums[image, step, neuron] = value
                fires = value >= threshold
                times[image, step, neuron] = not fires
                kept[neuron] = value - threshold if fires else value
    return times
