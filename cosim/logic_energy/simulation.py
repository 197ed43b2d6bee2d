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
        int64 [phases, nets]: changes from one cycle to the next, without glitches.
    high
        int64 [phases, nets]: cycles in which a net that enables flip-flops is 1; 0 of other nets.
    wrong_cycle
        First cycle in which an output differs from what was expected; -1 if none does.
    wrong_output
        That bit of the outputs.
    """

    cycles: np.ndarray
    toggles: np.ndarray
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
    toggles, high = np.zeros((2, phases, netlist.nets), np.int64)
    never = len(record.words)
    wrong = _run(
        np.ascontiguousarray(record.words), np.ascontiguousarray(phase, np.int64),
        (_nets(netlist.inputs), record.places(netlist.inputs)),
        (_nets(netlist.outputs), record.places(() if checked_from is None else netlist.outputs)),
        never if checked_from is None else checked_from, _tuple(netlist.gates),
        _tuple(netlist.states), _memory_arrays(netlist.memories), netlist.enables, toggles,
        high)
    return Activity(np.bincount(phase, minlength=phases), toggles, high,
                    *(int(value) for value in wrong))


def _nets(ports: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, np.int32), *ports.values()]).astype(np.int32)


def _tuple(gates: Gates):
    return gates.inputs, gates.truth, gates.outputs


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
         high):
    source_nets, source_places = sources
    observed_nets, observed_places = observed
    gate_inputs, gate_truth, gate_outputs = gates
    state_inputs, state_truth, state_outputs = states
    table, pins, words = memories
    fan_in = gate_inputs.shape[1]
    values = np.zeros(toggles.shape[1], np.uint8)
    values[1] = 1
    # What flip-flops and memories show from the next clock edge on.
    following = np.zeros(len(state_outputs), np.uint8)
    shown = np.zeros(len(pins), np.uint8)
    for cycle in range(len(record)):
        now, counts = phase[cycle], cycle > 0
        for index in range(len(source_nets)):
            place = source_places[index]
            value = np.uint8((record[cycle, place >> 5] >> np.uint32(place & 31)) & 1)
            if values[source_nets[index]] != value:
                values[source_nets[index]] = value
                toggles[now, source_nets[index]] += counts
        for index in range(len(state_outputs)):
            if values[state_outputs[index]] != following[index]:
                values[state_outputs[index]] = following[index]
                toggles[now, state_outputs[index]] += counts
        for memory in range(len(table)):
            first, address_bits, width, _ = table[memory]
            data = first + 2 + 2 * address_bits
            for index in range(data, data + width):
                if values[pins[index]] != shown[index]:
                    values[pins[index]] = shown[index]
                    toggles[now, pins[index]] += counts
        for gate in range(len(gate_outputs)):
            row = 0
            for index in range(fan_in):
                row |= np.int64(values[gate_inputs[gate, index]]) << index
            value = np.uint8((gate_truth[gate] >> np.uint64(row)) & np.uint64(1))
            output = gate_outputs[gate]
            if values[output] != value:
                values[output] = value
                toggles[now, output] += counts
        for net in enables:
            high[now, net] += values[net]
        if cycle >= checked_from:
            for index in range(len(observed_nets)):
                place = observed_places[index]
                if values[observed_nets[index]] != (
                        record[cycle, place >> 5] >> np.uint32(place & 31)) & 1:
                    return cycle, index
        for state in range(len(state_outputs)):
            row = 0
            for index in range(fan_in):
                row |= np.int64(values[state_inputs[state, index]]) << index
            following[state] = np.uint8((state_truth[state] >> np.uint64(row)) & np.uint64(1))
        for memory in range(len(table)):
            first, address_bits, width, base = table[memory]
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
    return -1, -1
