"""Compiled loops that list events and add products to potentials.

Maps are [images, rows, columns, channels], so that the channels of a position lie side by side.
Potentials are int32 and cannot overflow: no partial sum exceeds the bound of DESIGN section 2.
Weights are codes + 128, uint8, so that they index a table of 256 products.
"""

import numpy as np

from .compiled import compiled

__all__ = ["EXPONENTS", "add_dense", "add_sparse", "list_events"]

# An event of a sparse group is its channel · EXPONENTS + exponent; windows have up to 250 steps.
EXPONENT_BITS = 8
EXPONENTS = 1 << EXPONENT_BITS


@compiled
def list_events(source, exponents_of, per_block, numbers_per_channel):
    """Return the events of each block of channels at each position.

    Parameters
    ----------
    source
        uint8 [images, rows, columns, channels], spike times or pixels.
    exponents_of
        int16 [256, m], the exponents of a value's events, counted from the first; −1 for none.
    per_block
        Channels of a block.
    numbers_per_channel
        An event is its channel within the block · ``numbers_per_channel`` + exponent.

    Returns
    -------
    starts, events
        Both int64. Those of block b at position p, counted over images, rows and columns, are
        ``events[starts[b, p]:starts[b, p + 1]]``.
    """
    channels = source.shape[3]
    values = source.reshape(source.size // channels, channels)
    blocks = (channels + per_block - 1) // per_block
    starts = np.empty((blocks, len(values) + 1), np.int64)
    # One more: an absent event is written, and then written over.
    events = np.empty(source.size * exponents_of.shape[1] + 1, np.int64)
    found = 0
    for block in range(blocks):
        first = block * per_block
        for position in range(len(values)):
            starts[block, position] = found
            for channel in range(first, min(channels, first + per_block)):
                value = values[position, channel]
                for entry in range(exponents_of.shape[1]):
                    exponent = exponents_of[value, entry]
                    events[found] = (channel - first) * numbers_per_channel + exponent
                    found += exponent >= 0
        starts[block, len(values)] = found
    return starts, events


@compiled
def add_dense(potential, source, starts, events, codes, products, exponents, per_block, geometry):
    """Add all products of one synapse group, output position by output position.

    The products of a block of input channels are worked out once for all images; then an event
    adds one row of them, all outputs of one tap.

    Parameters
    ----------
    potential
        int32 [images, rows, columns, outputs], added to.
    source
        (rows, columns) of the map that the events come from.
    starts, events
        Of :func:`list_events`, ``exponents`` numbers a channel.
    codes
        uint8 [channels, taps · outputs].
    products
        int16 or int32 [first octave of exponents, 256], ±P.
    exponents, per_block
        Exponents that events may have, counted from the first; input channels of a block.
    geometry
        (kernel, stride, padding).
    """
    images, rows, columns, outputs = potential.shape
    height, width = source
    kernel, stride, padding = geometry
    taps = kernel * kernel
    table = np.empty((per_block, exponents, taps * outputs), products.dtype)
    by_row = table.reshape(per_block * exponents * taps, outputs)
    met = np.empty(len(events), np.int64)
    for block in range(len(starts)):
        _fill_table(table, codes[block * per_block:(block + 1) * per_block], products)
        for place in range(images * rows * columns):
            image, row, column = place // columns // rows, place // columns % rows, place % columns
            count = 0
            for tap in range(taps):
                y = row * stride + tap // kernel - padding
                x = column * stride + tap % kernel - padding
                if 0 <= y < height and 0 <= x < width:
                    position = (image * height + y) * width + x
                    for index in range(starts[block, position], starts[block, position + 1]):
                        met[count] = events[index] * taps + tap
                        count += 1
            _add_rows(potential[image, row, column], by_row, met[:count])


@compiled
def _fill_table(table, codes, products):
    """Write ±P [channels, exponents, taps · outputs]; an octave on it is half, toward 0."""
    octave = len(products)
    for channel in range(len(codes)):
        code = codes[channel]
        for exponent in range(table.shape[1]):
            row = table[channel, exponent]
            if exponent < octave:
                product = products[exponent]
                for place in range(len(row)):
                    row[place] = product[code[place]]
            else:
                twice = table[channel, exponent - octave]
                for place in range(len(row)):
                    row[place] = (twice[place] + (twice[place] < 0)) >> 1


@compiled
def _add_rows(potential, table, rows):
    """Add rows of a table to the outputs of one position, four at a time."""
    outputs, done = len(potential), 0
    while done + 4 <= len(rows):
        a, b = table[rows[done]], table[rows[done + 1]]
        c, d = table[rows[done + 2]], table[rows[done + 3]]
        for output in range(outputs):
            potential[output] += a[output] + b[output] + c[output] + d[output]
        done += 4
    while done < len(rows):
        a = table[rows[done]]
        for output in range(outputs):
            potential[output] += a[output]
        done += 1


@compiled
def add_sparse(potential, source, starts, events, first, targets, codes, products, geometry):
    """Add all products of one synapse group, event by event and weight by weight.

    Every event adds all weights of its input channel to a map with a margin, of which only the
    inside counts. With a stride, weights are listed by phase: those that meet an even or odd row,
    and column.

    Parameters
    ----------
    potential, source, geometry
        As of :func:`add_dense`.
    starts, events
        Of :func:`list_events`: one block, ``EXPONENTS`` numbers a channel.
    first
        int64 [phases · channels + 1]: where the weights of a channel begin.
    targets
        uint32, where in the map with its margin a weight adds, from where its event lies.
    codes
        uint8, the weight.
    products
        int32 [exponents, 256], ±P.
    """
    _, rows, columns, outputs = potential.shape
    height, width = source
    kernel, stride, padding = geometry
    channels = (len(first) - 1) // (stride * stride)
    margin = (kernel - 1) // stride
    high = (height - 1 + padding) // stride + 1 + margin
    wide = (width - 1 + padding) // stride + 1 + margin
    sums = np.empty((high, wide, outputs), np.int32)
    flat = sums.reshape(sums.size)
    for image in range(len(potential)):
        flat[:] = 0
        for y in range(height):
            for x in range(width):
                down, right = (y + padding) // stride, (x + padding) // stride
                phase = (y + padding) % stride * stride + (x + padding) % stride
                base = np.uint64((down * wide + right) * outputs)
                position = (image * height + y) * width + x
                for index in range(starts[0, position], starts[0, position + 1]):
                    product = products[events[index] & (EXPONENTS - 1)]
                    place = phase * channels + (events[index] >> EXPONENT_BITS)
                    for weight in range(first[place], first[place + 1]):
                        flat[base + targets[weight]] += product[codes[weight]]
        potential[image] += sums[margin:margin + rows, margin:margin + columns]
