"""Packets become the beats that the loader takes apart."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from hw.compiler.packets import END_OF_SLICE, Packet, image_packet, lane_packets, to_beats
from hw.config import CHOICES
from hw.layout import LANE_TARGETS, LOADED, Target
from tests.hw.configurations import SMALL
from tests.hw.control.test_loader import Form, header
from tests.hw.processor_bench import beats_of

STREAM_BITS = pytest.mark.parametrize("stream_bits", CHOICES["stream_bits"])


def limbs(word: int, width: int) -> list[int]:
    return [word >> 32 * index & 0xffffffff for index in range(-(-width // 32))]


@pytest.mark.parametrize("row_entries", [1, 4])
@STREAM_BITS
def test_beats_of_every_memory(stream_bits, row_entries):
    rng = Random(stream_bits)
    config = replace(SMALL, stream_bits=stream_bits, row_entries=row_entries, lanes=8)
    packets, wanted = [], []
    for target in LOADED:
        form = Form(config, target)
        rows = [[rng.randrange(1 << form.width) for _ in range(form.lanes)] for _ in range(5)]
        words = np.array([[limbs(word, form.width) for word in row] for row in rows], np.uint32)
        lane = form.lanes if target in LANE_TARGETS and form.lanes < config.lanes else 0
        packets += [Packet(target=target, lane=lane, address=9, words=words), END_OF_SLICE]
        wanted += [*form.packet(lane, 9, rows), *header(config, Target.SLICE.value, 0, 0, 0)]
    beats = to_beats(config, packets)
    assert beats.dtype == np.uint32 and beats.shape[1] == stream_bits // 32
    assert beats_of(beats) == wanted
    assert len(to_beats(config, [])) == 0


@STREAM_BITS
def test_lanes_share_packets_and_are_filled_up(stream_bits):
    config = replace(SMALL, stream_bits=stream_bits, lanes=8)
    counts = [3, 0, 5, 1, 0, 0, 0, 0]
    words = [np.full((count, 1), lane + 1, np.uint32) for lane, count in enumerate(counts)]
    packets = lane_packets(config, Target.WEIGHT, 7, words)
    together = Form(config, Target.WEIGHT).lanes
    found = {}
    for packet in packets:
        assert packet.target == Target.WEIGHT and packet.address == 7
        assert packet.lane % together == 0 and packet.words.shape[1] == together
        assert packet.words.any()
        for slot in range(together):
            found[packet.lane + slot] = packet.words[:, slot, 0].tolist()
    for lane, count in enumerate(counts):
        own = found.get(lane, [])
        assert own[:count] == [lane + 1] * count and not any(own[count:])


def test_an_image_is_its_pixels_in_order():
    image = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    assert beats_of(to_beats(SMALL, [image_packet(image)])) == [
        *header(SMALL, Target.PIXEL.value, 0, 0, 24), *range(24)]
