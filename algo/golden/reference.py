"""Reference of the golden model: exact integer inference in plain PyTorch, batched.

Equal bit by bit to the definitions of the network file, for every number format. Sums are matrix
products in floating point that never round. Per occurring exponent e of a source, the events with
that exponent (0, 1 or, for repeated table entries, more per neuron) meet the integer matrix of
±P(e + offset + q·τ/ρ). Whatever order and blocking the product uses, each intermediate value is the
signed sum of some of the additions that DESIGN section 2 bounds: one source neuron adds at most the
maximum over table rows, so no subset of them exceeds the bound B < 2^(A−1) in magnitude. Integers
below 2^24 are exact in float32 (A ≤ 24) and below 2^53 in float64 (any A). This needs an algorithm
that only multiplies and adds: no convolution (Winograd, FFT) is called, and reduced precision is
switched off.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hw.network import INPUT, Layer, Network, Synapses
from hw.network.model import NO_EVENT
from hw.numbers import NumberFormat

from .inference import Inference, Progress, check_images

__all__ = ["infer"]

# Numbers of one unfolded batch: 64 MiB in float32.
COLUMNS_PER_BATCH = 1 << 24
MOST_PER_BATCH = 512


def infer(network: Network, images: np.ndarray, *, trace: bool = False,
          progress: Progress | None = None, device: str = "cpu") -> Inference:
    """Return scores, and with ``trace`` every potential and spike time, of a valid network.

    ``images`` is uint8 [N, C, H, W]. Raises ``ValueError`` if it is not.
    """
    check_images(network, images)
    weights = [[_matrices(network, group, device) for group in layer.synapses]
               for layer in network.layers]
    batch, parts = _batch_size(network), []
    with _exact(), torch.inference_mode():
        for start in range(0, max(len(images), 1), batch):
            part = torch.from_numpy(images[start:start + batch]).to(device)
            parts.append(_infer_batch(network, weights, part, trace))
            if progress:
                progress(min(start + batch, len(images)), len(images), "images")
    joined = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    return Inference(joined.pop("scores"), joined)


@contextmanager
def _exact() -> Iterator[None]:
    """Multiply float32 matrices in float32, never in TF32 or bfloat16."""
    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(precision)


def _batch_size(network: Network) -> int:
    columns = max(
        network.steps * network.neuron_shapes[layer.name].size // layer.channels
        * group.weight[0].size for layer in network.layers for group in layer.synapses)
    return max(1, min(MOST_PER_BATCH, COLUMNS_PER_BATCH // columns))


def _exponents(network: Network, source: str) -> list[int]:
    """Return the exponents that events of a source can have."""
    if source == INPUT:
        return [int(e) for e in np.unique(network.exponents) if e != NO_EVENT]
    return [0] if network.neuron == "lif" else list(range(network.numbers.window))


def _matrices(network: Network, group: Synapses, device: str) -> dict[int, Tensor]:
    """Return for each exponent the matrix of ±P, [out, fan-in], where it is not all zero."""
    numbers, found = network.numbers, {}
    dtype = np.float32 if numbers.potential_bits <= 24 else np.float64
    codes = group.weight.reshape(len(group.weight), -1).astype(np.int64)
    for exponent in _exponents(network, group.source):
        products = [0] + [
            numbers.product(numbers.exponent(spike=exponent, weight=code, offset=group.offset))
            for code in range(1, numbers.largest_code + 1)]
        matrix = np.sign(codes) * np.array(products)[np.abs(codes)]
        if matrix.any():
            found[exponent] = torch.from_numpy(matrix.astype(dtype)).to(device)
    return found


def _infer_batch(network: Network, weights: list, images: Tensor,
                 trace: bool) -> dict[str, np.ndarray]:
    """Return ``scores``, and with ``trace`` the traces, of one batch."""
    spikes, found = {INPUT: images}, {}
    for layer, matrices in zip(network.layers, weights, strict=True):
        sums = _sums(network, layer, matrices, spikes)
        if network.neuron == "lif":
            potential, times = _integrate(network, layer, sums)
        else:
            potential = sums
            times = None if network.is_output(layer) else _fire(network.numbers, layer, sums)
        if trace:
            found[f"{layer.name}.potential"] = potential.to(torch.int32).cpu().numpy()
        if times is not None:
            spikes[layer.name] = _earliest(times, layer.pool)
            if trace:
                found[f"{layer.name}.time"] = spikes[layer.name].cpu().numpy()
    scores = potential[:, -1] if network.neuron == "lif" else potential
    return {"scores": scores.flatten(1).to(torch.int64).cpu().numpy(), **found}


def _sums(network: Network, layer: Layer, matrices: list, spikes: dict[str, Tensor]) -> Tensor:
    """Return bias + Σ ±P, int64 [N, C, H, W]; ``lif`` [N, steps, C, H, W]."""
    shape = network.neuron_shapes[layer.name]
    bias = torch.from_numpy(layer.bias.astype(np.int64)).to(spikes[INPUT].device)
    total = bias.reshape(-1, 1, 1)
    for group, by_exponent in zip(layer.synapses, matrices, strict=True):
        source = spikes[group.source]
        images = source.shape[:-3]
        part = _group_sums(network, group, by_exponent, source.flatten(0, -4))
        part = part.reshape(shape.channels, *images, shape.height, shape.width).movedim(0, -3)
        if network.neuron == "lif" and group.source == INPUT:
            part = part.unsqueeze(1)                                # the same at each step
        total = total + part
    if network.neuron == "lif":
        total = total.expand(-1, network.steps, *shape)
    return total


def _group_sums(network: Network, group: Synapses, by_exponent: dict[int, Tensor],
                source: Tensor) -> Tensor:
    """Return Σ ±P of one group, int64 [out, N · positions]; ``source`` uint8 [N, C, H, W]."""
    columns = _columns(group, source)                               # (fan-in, N · positions)
    double = network.numbers.potential_bits > 24
    dtype = torch.float64 if double else torch.float32
    total = torch.zeros(len(group.weight), columns.shape[1], dtype=dtype, device=source.device)
    table = None
    if group.source == INPUT:
        padded = np.vstack([network.exponents, np.full_like(network.exponents[:1], NO_EVENT)])
        table = torch.from_numpy(padded.astype(np.int64)).to(source.device)
    for exponent, matrix in by_exponent.items():
        if table is None:
            events = (columns == exponent).to(dtype)
        else:
            events = (table == exponent).sum(1).to(dtype)[columns.long()]
        total.addmm_(matrix, events)
    return total.to(torch.int64)


def _columns(group: Synapses, source: Tensor) -> Tensor:
    """Return what each output position sees, int16 [fan-in, N · positions]; padding is 256.

    256 is neither a spike time nor a pixel.
    """
    if group.kind == "linear":
        return source.flatten(1).to(torch.int16).T
    shifted = source.to(torch.float32) - 256                        # unfold pads with zeros
    columns = F.unfold(shifted, group.kernel, padding=group.padding, stride=group.stride)
    return (columns + 256).to(torch.int16).transpose(0, 1).flatten(1)


def _fire(numbers: NumberFormat, layer: Layer, potential: Tensor) -> Tensor:
    """Return spike times, uint8 [N, C, H, W], by counting the thresholds that are reached."""
    levels = range(numbers.steps_per_octave * numbers.potential_bits + 1)
    thresholds = torch.tensor([numbers.firing_threshold(level) for level in levels],
                              device=potential.device)
    level = torch.bucketize(potential.contiguous(), thresholds, right=True) - 1
    step = torch.from_numpy(layer.threshold_step.astype(np.int64)).to(potential.device)
    times = (step.reshape(-1, 1, 1) - level).clamp(0, numbers.silence)
    return torch.where(potential > 0, times, numbers.silence).to(torch.uint8)


def _integrate(network: Network, layer: Layer, sums: Tensor) -> tuple[Tensor, Tensor | None]:
    """Return potentials int64 and spikes uint8 (``None`` for the output), [N, steps, C, H, W]."""
    if network.is_output(layer):
        return sums.cumsum(1), None
    kept, potentials, times = torch.zeros_like(sums[:, 0]), [], []
    for step in range(network.steps):
        potential = ((layer.leak * kept) >> 8) + sums[:, step]
        is_silent = potential < layer.threshold
        kept = torch.where(is_silent, potential, potential - layer.threshold)
        potentials.append(potential)
        times.append(is_silent.to(torch.uint8))
    return torch.stack(potentials, 1), torch.stack(times, 1)


def _earliest(times: Tensor, pool: int) -> Tensor:
    """Return the earliest spike of each ``pool`` x ``pool`` window, uint8."""
    if pool == 1:
        return times
    height, width = (side // pool * pool for side in times.shape[-2:])
    windows = times[..., :height, :width].unflatten(-2, (-1, pool)).unflatten(-1, (-1, pool))
    return windows.amin((-3, -1))
