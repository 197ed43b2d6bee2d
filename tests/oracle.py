"""Oracle: a network evaluated neuron by neuron, straight from the definitions.

Deliberately naive and slow: lists, loops and unbounded integers of the standard library. It shares
no arithmetic with the package; roots are compared by raising both sides to an integer power.
"""

__all__ = ["fire", "infer", "leaky_steps", "lookup", "product"]


def is_at_least_power(value: int, numerator: int, denominator: int) -> bool:
    """Return whether ``value >= 2 ** (numerator / denominator)`` for a positive ``value``."""
    power = value ** denominator
    return power >= 2 ** numerator if numerator >= 0 else power * 2 ** -numerator >= 1


def lookup(tau: int, product_bits: int, fraction: int) -> int:
    """Return ``floor(2 ** (F - f/τ) + 1/2)``, the largest n with n - 1/2 <= 2 ** (F - f/τ)."""
    value = 2 ** product_bits
    while (2 * value - 1) ** tau > 2 ** (tau * (product_bits + 1) - fraction):
        value -= 1
    return value


def product(numbers, exponent: int) -> int:
    """Return P(E)."""
    key = numbers.steps_per_octave, numbers.product_bits, exponent % numbers.steps_per_octave
    if key not in LOOKUPS:
        LOOKUPS[key] = lookup(*key)
    return LOOKUPS[key] // 2 ** (exponent // numbers.steps_per_octave)


LOOKUPS = {}


def fire(numbers, potential: int, threshold_step: int) -> int:
    """Return the first step whose threshold the potential reaches, T for silence."""
    if potential <= 0:
        return numbers.window
    for step in range(numbers.window):
        doubled = 2 * (threshold_step - step) - int(2 * numbers.threshold_offset)
        if is_at_least_power(potential, doubled, 2 * numbers.steps_per_octave):
            return step
    return numbers.window


def infer(network, image) -> tuple[list[int], dict[str, list]]:
    """Return scores and trace (nested lists) of one image [C][H][W]."""
    steps = network.steps
    rows = [[e for e in row if e != 255] for row in network.exponents.tolist()]
    events = {"input": [[[[rows[pixel] for pixel in line] for line in plane] for plane in image]]
              * steps}
    trace = {}
    for layer in network.layers:
        is_output = layer is network.layers[-1]
        sums = [layer_sums(network, layer, {name: maps[step] for name, maps in events.items()})
                for step in range(steps)]
        if network.neuron == "lif":
            potentials, times = leaky(layer, sums, is_output)
        else:
            potentials = sums
            times = None if is_output else [
                [[[fire(network.numbers, v, int(layer.threshold_step[c])) for v in line]
                  for line in plane] for c, plane in enumerate(sums[0])]]
        trace[f"{layer.name}.potential"] = potentials
        if not is_output:
            pooled = [pool_earliest(maps, layer.pool) for maps in times]
            trace[f"{layer.name}.time"] = pooled
            silence = 1 if network.neuron == "lif" else network.numbers.window
            events[layer.name] = [
                [[[[] if t == silence else [t] for t in line] for line in plane] for plane in maps]
                for maps in pooled]
    scores = [plane[0][0] for plane in potentials[-1]]
    if network.neuron == "ttfs":
        trace = {key: value[0] for key, value in trace.items()}
    return scores, trace


def layer_sums(network, layer, events) -> list:
    """Return bias + sum of products, [C][H][W]."""
    total = None
    for group in layer.synapses:
        source, weight = events[group.source], group.weight.tolist()
        if group.kind == "linear":
            flat = [pixel for plane in source for line in plane for pixel in line]
            part = [[[sum(add(network.numbers, group, events, w)
                          for events, w in zip(flat, row, strict=True))]] for row in weight]
        else:
            part = convolve(network.numbers, group, source, weight)
        total = part if total is None else [
            [[a + b for a, b in zip(*lines, strict=True)] for lines in zip(*planes, strict=True)]
            for planes in zip(total, part, strict=True)]
    return [[[v + int(bias) for v in line] for line in plane]
            for bias, plane in zip(layer.bias.tolist(), total, strict=True)]


def convolve(numbers, group, source, weight) -> list:
    height, width, kernel = len(source[0]), len(source[0][0]), len(weight[0][0])
    out_height = (height + 2 * group.padding - kernel) // group.stride + 1
    out_width = (width + 2 * group.padding - kernel) // group.stride + 1
    result = [[[0] * out_width for _ in range(out_height)] for _ in weight]
    for c, filters in enumerate(weight):
        for oy in range(out_height):
            for ox in range(out_width):
                for i, taps in enumerate(filters):
                    for ky in range(kernel):
                        for kx in range(kernel):
                            y = oy * group.stride + ky - group.padding
                            x = ox * group.stride + kx - group.padding
                            if taps[ky][kx] and 0 <= y < height and 0 <= x < width:
                                result[c][oy][ox] += add(
                                    numbers, group, source[i][y][x], taps[ky][kx])
    return result


def add(numbers, group, events, weight: int) -> int:
    """Return what the events of one source neuron add through one weight."""
    if weight == 0:
        return 0
    stride = numbers.steps_per_octave // numbers.weight_steps_per_octave
    magnitude = sum(product(numbers, e + group.offset + (abs(weight) - 1) * stride) for e in events)
    return magnitude if weight > 0 else -magnitude


def leaky(layer, sums, is_output: bool) -> tuple[list, list | None]:
    """Return potentials and spikes, [steps][C][H][W]."""
    steps, shape = len(sums), (len(sums[0]), len(sums[0][0]), len(sums[0][0][0]))
    potentials, times = ([[[[0] * shape[2] for _ in range(shape[1])] for _ in range(shape[0])]
                          for _ in range(steps)] for _ in range(2))
    for c in range(shape[0]):
        for y in range(shape[1]):
            for x in range(shape[2]):
                inputs = [sums[step][c][y][x] for step in range(steps)]
                one = ([(sum(inputs[:n + 1]), 1) for n in range(steps)] if is_output
                       else leaky_steps(inputs, layer.leak, layer.threshold))
                for step, (potential, time) in enumerate(one):
                    potentials[step][c][y][x] = potential
                    times[step][c][y][x] = time
    return potentials, None if is_output else times


def leaky_steps(inputs: list[int], leak: int, threshold: int) -> list[tuple[int, int]]:
    """Return (potential before the reset, 0 for a spike or 1) of one neuron at each step."""
    kept, result = 0, []
    for value in inputs:
        potential = leak * kept // 256 + value
        spikes = potential >= threshold
        result.append((potential, 0 if spikes else 1))
        kept = potential - threshold if spikes else potential
    return result


def pool_earliest(maps, pool: int) -> list:
    return [[[min(plane[y * pool + dy][x * pool + dx] for dy in range(pool) for dx in range(pool))
              for x in range(len(plane[0]) // pool)] for y in range(len(plane) // pool)]
            for plane in maps]
