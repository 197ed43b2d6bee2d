"""Simulation of a netlist, cycle by cycle: how often each net changes."""

from dataclasses import dataclass

import numpy as np

from algo.golden.compiled import compiled

from .netlist import Gates, Memory, Netlist
from .record import PortRecord

__all__ = ["Activity", "simulate_netlist"]


@dataclass(frozen=True, eq=False)
class Activity:
    """What nets do in each phase.

    Parameters
    ----------
    cycles
        int64 [phases].
    toggles
        int64 [phases, nets]: changes from one cycle to the next.
    glitches
        int64 [phases, nets]: changes beyond those, if every gate had the same delay and the input
        ports, flip-flops and memories changed at once.
    high
        int64 [phases, nets]: cycles in which a net that enables flip-flops is 1; 0 of other nets.
    wrong_cycle
        First cycle in which an output differs from what was expected; -1 if none does.
    wrong_output
        That bit of the outputs.
    """

    cycles: np.ndarray
    toggles: np.ndarray
    glitches: np.ndarray
    high: np.ndarray
    wrong_cycle: int = -1
    wrong_output: int = -1


def simulate_netlist(netlist: Netlist, record: PortRecord, phase: np.ndarray, *,
                     phases: int | None = None, checked_from: int | None = None) -> Activity:
    """Run a netlist from a state of zeros, and memories of zeros.

    Parameters
    ----------
    record
        Values of its input ports; and what its output ports must carry.
    phase
        int64 [cycles]: which phase a cycle belongs to, from 0; a change counts in the cycle that
        it leads to. Those of the first cycle are none.
    phases
        How many there are; by default as many as there are cycles of.
    checked_from
        The first cycle in which outputs are compared; none are if it is ``None``.
    """
    phases = phases or int(phase.max()) + 1
    toggles, changes, high = np.zeros((3, phases, netlist.nets), np.int64)
    never = len(record.words)
    wrong = _run(
        np.ascontiguousarray(record.words), np.ascontiguousarray(phase, np.int64),
        (_nets(netlist.inputs), record.places(netlist.inputs)),
        (_nets(netlist.outputs), record.places(() if checked_from is None else netlist.outputs)),
        never if checked_from is None else checked_from,
        (*_tuple(netlist.gates), *_readers(netlist)), _tuple(netlist.states),
        _memory_arrays(netlist.memories), netlist.enables, toggles, changes, high)
    return Activity(np.bincount(phase, minlength=phases), toggles, changes - toggles, high,
                    *(int(value) for value in wrong))


def _nets(ports: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.int32), *ports.values()]).astype(np.int32)


def _tuple(gates: Gates):
    return gates.inputs, gates.truth, gates.outputs


def _readers(netlist: Netlist) -> tuple[np.ndarray, np.ndarray]:
    """Return the gates that read each net, and where those of a net begin, int32."""
    gates, fan_in = netlist.gates.inputs.shape
    pairs = np.unique(np.stack([netlist.gates.inputs.ravel(), np.arange(gates).repeat(fan_in)]),
                      axis=1)
    return (np.searchsorted(pairs[0], np.arange(netlist.nets + 1)).astype(np.int32),
            pairs[1].astype(np.int32))


def _memory_arrays(memories: tuple[Memory, ...]):
    """Return pins of all memories in one array: (first pin, address bits, width, first bit)."""
    table, pins, bits = np.zeros((len(memories), 4), np.int64), [np.zeros(0, np.int32)], 0
    for index, memory in enumerate(memories):
        address_bits, width = len(memory.read_address), len(memory.read_data)
        table[index] = sum(map(len, pins)), address_bits, width, bits
        pins += [np.array([memory.read, memory.write]), memory.read_address, memory.write_address,
                 memory.read_data, memory.write_data]
        bits += width << address_bits
    return table, np.concatenate(pins).astype(np.int32), np.zeros(bits, np.uint8)


@compiled
def _run(record, phase, sources, observed, checked_from, gates, states, memories, enables, toggles,
         changes, high):
    source_nets, source_places = sources
    observed_nets, observed_places = observed
    state_inputs, state_truth, state_outputs = states
    table, pins, words = memories
    values = np.zeros(toggles.shape[1], np.uint8)
    values[1] = 1
    settled = values.copy()
    # What flip-flops and memories show from the next clock edge on.
    following = np.zeros(len(state_outputs), np.uint8)
    shown = np.zeros(len(pins), np.uint8)
    changed = np.zeros(len(values), np.int32)
    for cycle in range(len(record)):
        now, count = phase[cycle], 0
        for index in range(len(source_nets)):
            value = _bit(record[cycle], source_places[index])
            count = _set(values, source_nets[index], value, changed, count)
        for index in range(len(state_outputs)):
            count = _set(values, state_outputs[index], following[index], changed, count)
        for memory in range(len(table)):
            first, address_bits, width, _ = table[memory]
            data = first + 2 + 2 * address_bits
            for index in range(data, data + width):
                count = _set(values, pins[index], shown[index], changed, count)
        _settle(values, changed, count, gates, changes[now], cycle == 0)
        if cycle:
            for net in range(len(values)):
                toggles[now, net] += values[net] != settled[net]
        else:
            changes[now] = 0
        settled[:] = values
        for net in enables:
            high[now, net] += values[net]
        if cycle >= checked_from:
            for index in range(len(observed_nets)):
                if values[observed_nets[index]] != _bit(record[cycle], observed_places[index]):
                    return cycle, index
        for state in range(len(state_outputs)):
            following[state] = _value(values, state_inputs[state], state_truth[state])
        for memory in range(len(table)):
            _clock_memory(table[memory], pins, values, words, shown)
    return -1, -1


@compiled
def _settle(values, changed, count, gates, changes, everything):
    """Let all gates follow the nets that have changed, step by step, and count the changes."""
    inputs, truth, outputs, first_reader, readers = gates
    waits = np.zeros(len(outputs), np.bool_)
    waiting = np.zeros(len(outputs), np.int32)
    value = np.zeros(len(outputs), np.uint8)
    waiters = 0
    if everything:
        waiters, waiting[:], waits[:] = len(outputs), np.arange(len(outputs)), True
    while True:
        for index in range(count):
            net = changed[index]
            changes[net] += 1
            for reader in readers[first_reader[net]:first_reader[net + 1]]:
                if not waits[reader]:
                    waits[reader] = True
                    waiting[waiters] = reader
                    waiters += 1
        if not waiters:
            return
        for index in range(waiters):                        # all of them before any changes
            gate = waiting[index]
            waits[gate] = False
            value[gate] = _value(values, inputs[gate], truth[gate])
        count = 0
        for index in range(waiters):
            gate = waiting[index]
            count = _set(values, outputs[gate], value[gate], changed, count)
        waiters = 0


@compiled
def _set(values, net, value, changed, count):
    """Give a net a value; return how many nets have changed, which are in ``changed``."""
    if values[net] == value:
        return count
    values[net] = value
    changed[count] = net
    return count + 1


@compiled
def _value(values, inputs, truth):
    row = 0
    for index in range(len(inputs)):
        row |= np.int64(values[inputs[index]]) << index
    return np.uint8((truth >> np.uint64(row)) & np.uint64(1))


@compiled
def _bit(words, place):
    return np.uint8((words[place >> 5] >> np.uint32(place & 31)) & np.uint32(1))


@compiled
def _clock_memory(memory, pins, values, words, shown):
    """Read, then write, as a memory does at the edge of the clock."""
    first, address_bits, width, base = memory
    read_at, write_at = base, base
    for bit in range(address_bits):
        read_at += (np.int64(values[pins[first + 2 + bit]]) << bit) * width
        write_at += (np.int64(values[pins[first + 2 + address_bits + bit]]) << bit) * width
    data = first + 2 + 2 * address_bits
    if values[pins[first]]:
        for bit in range(width):
            shown[data + bit] = words[read_at + bit]
    if values[pins[first + 1]]:
        for bit in range(width):
            words[write_at + bit] = values[pins[data + width + bit]]
