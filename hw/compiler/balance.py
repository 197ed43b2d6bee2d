"""Which lane gets which output channel: an order of channels that evens out the lanes' work."""

import numpy as np

__all__ = ["busiest_load", "channel_order"]

# Numbers that the search for swaps may look at, in channels x channels x blocks.
SWAP_BUDGET = 1 << 27
# Times that the search looks at each channel.
MOST_SWEEPS = 8
# More than any load.
NEVER = 1 << 60


def busiest_load(counts: np.ndarray, order: np.ndarray, lanes: int, block: int) -> int:
    """Return the sum over blocks of ``block`` input channels of the busiest lane's weights.

    ``counts`` int [out, in] are the weights of an output channel for an input channel; place p, on
    lane p mod ``lanes``, holds output channel ``order[p]``.
    """
    return int(_loads(_by_block(counts, block)[order], lanes).max(axis=0).sum())


def channel_order(counts: np.ndarray, lanes: int, block: int) -> np.ndarray:
    """Return an order of output channels, int64 [out], that makes :func:`busiest_load` small.

    Place p (lane p mod ``lanes``, local channel p div ``lanes``) holds output channel ``order[p]``.
    First the heaviest channels are placed, each where it raises the sum least; then two channels of
    different lanes are swapped while that helps, within a fixed budget. Deterministic. Returns the
    identity unless what was found is better.
    """
    blocks = _by_block(counts, block)
    identity = np.arange(len(blocks))
    if len(blocks) <= lanes:
        return identity
    found = _swapped(blocks, _placed(blocks, lanes), lanes)
    before, after = (_loads(blocks[order], lanes).max(axis=0).sum() for order in (identity, found))
    return found if after < before else identity


def _by_block(counts: np.ndarray, block: int) -> np.ndarray:
    """Return the weights of each output channel in each block, int64 [out, blocks]."""
    return np.add.reduceat(counts.astype(np.int64), np.arange(0, counts.shape[1], block), axis=1)


def _loads(placed: np.ndarray, lanes: int) -> np.ndarray:
    """Return the weights of each lane in each block, int64 [lanes, blocks]."""
    padded = np.pad(placed, ((0, -len(placed) % lanes), (0, 0)))
    return padded.reshape(-1, lanes, placed.shape[1]).sum(axis=0)


def _placed(blocks: np.ndarray, lanes: int) -> np.ndarray:
    """Place the heaviest channels first, each on the lane where it raises the maxima least.

    Among equals, on the lane whose squared loads it raises least.
    """
    outputs = len(blocks)
    room = np.bincount(np.arange(outputs) % lanes, minlength=lanes)
    loads = np.zeros((lanes, blocks.shape[1]), np.int64)
    busiest = np.zeros(blocks.shape[1], np.int64)
    members = [[] for _ in range(lanes)]
    for channel in np.argsort(-blocks.sum(axis=1), kind="stable"):
        raised = np.maximum(loads + blocks[channel] - busiest, 0).sum(axis=1)
        raised[room == 0] = NEVER
        lane = np.lexsort((loads @ blocks[channel], raised))[0]
        loads[lane] += blocks[channel]
        busiest = np.maximum(busiest, loads[lane])
        room[lane] -= 1
        members[lane].append(channel)
    order = np.empty(outputs, np.int64)
    for lane, own in enumerate(members):
        order[lane::lanes] = own
    return order


def _swapped(blocks: np.ndarray, order: np.ndarray, lanes: int) -> np.ndarray:
    """Swap pairs of channels while the sum of the maxima falls, or the squares at the same sum."""
    order, lane_of = order.copy(), np.arange(len(order)) % lanes
    placed = blocks[order]                                          # (places, blocks)
    loads = _loads(placed, lanes)
    tries = min(SWAP_BUDGET // placed.size, MOST_SWEEPS * len(order))
    since_last = 0
    for step in range(tries):
        if since_last == len(order):
            break
        place = step % len(order)
        since_last += 1
        lane = lane_of[place]
        change = placed - placed[place]                             # what place's lane would gain
        own, others = loads[lane] + change, loads[lane_of] - change
        sums = np.maximum(np.maximum(own, others), _without_two(loads, lane)[lane_of]).sum(axis=1)
        sums[lane::lanes] = NEVER
        # (a + c)² + (b − c)² − a² − b², with a + c = own and b − c = others
        squares = 2 * (change * (own - others - change)).sum(axis=1)
        best = np.lexsort((squares, sums))[0]
        if (sums[best], squares[best]) < (loads.max(axis=0).sum(), 0):
            loads[lane] += change[best]
            loads[lane_of[best]] -= change[best]
            for array in (order, placed):
                array[[place, best]] = array[[best, place]]
            since_last = 0
    return order


def _without_two(loads: np.ndarray, lane: int) -> np.ndarray:
    """Return per block the busiest lane but ``lane`` and each other one, int64 [lanes, blocks]."""
    rest = loads.copy()
    rest[lane] = -1
    first = rest.argmax(axis=0)
    columns = np.arange(loads.shape[1])
    top = rest[first, columns]
    rest[first, columns] = -1
    without = np.broadcast_to(top, loads.shape).copy()
    without[first, columns] = rest.max(axis=0)
    return without
