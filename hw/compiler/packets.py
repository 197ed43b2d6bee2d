"""The packets of the load stream, and the beats that they become."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..config import Configuration
from ..layout import PacketHeader, Target, load_slots
from .packing import LIMB_BITS, pack_one

__all__ = ["END_OF_INFERENCE", "END_OF_SLICE", "Packet", "image_packet", "lane_packets", "to_beats"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Packet:
    """Words for one memory, or for that of several neighbouring lanes, from ``address`` on.

    ``words`` is uint32 [addresses, lanes, limbs].
    """

    target: Target
    lane: int
    address: int
    words: np.ndarray


NO_WORDS = np.zeros((0, 1, 1), np.uint32)
END_OF_SLICE = Packet(target=Target.SLICE, lane=0, address=0, words=NO_WORDS)
# Not for a slice, so it waits for the end of the inference, and holds back the slices of the next
# one, which may be offered at any time.
END_OF_INFERENCE = Packet(target=Target.PIXEL, lane=0, address=0, words=NO_WORDS)


def image_packet(image: np.ndarray) -> Packet:
    """Return the pixels of an image, uint8 [C, H, W]."""
    return Packet(target=Target.PIXEL, lane=0, address=0,
                  words=image.reshape(-1, 1, 1).astype(np.uint32))


def lane_packets(config: Configuration, target: Target, address: int,
                 words: list[np.ndarray]) -> list[Packet]:
    """Return packets that bring words, uint32 [n, limbs] of each lane, to one address of all lanes.

    Lanes that share a beat get as many words as the one with most, zeros behind their own.
    """
    together, _ = load_slots(config, target)
    packets = []
    for lane in range(0, len(words), together):
        own = words[lane:lane + together]
        most = max(len(part) for part in own)
        joined = np.zeros((most, together, own[0].shape[1]), np.uint32)
        for index, part in enumerate(own):
            joined[:len(part), index] = part
        if most:
            packets.append(Packet(target=target, lane=lane, address=address, words=joined))
    return packets


def to_beats(config: Configuration, packets: Iterable[Packet]) -> np.ndarray:
    """Return packets as beats of the load stream, uint32 [beats, limbs]."""
    limbs = config.stream_bits // LIMB_BITS
    found = [np.zeros((0, limbs), np.uint32)]
    for packet in packets:
        header = pack_one(PacketHeader(), target=packet.target, lane=packet.lane,
                          address=packet.address, count=len(packet.words))
        found.append(_beats(header, limbs))
        if len(packet.words):
            found.append(_words_as_beats(config, packet, limbs))
    return np.concatenate(found)


def _words_as_beats(config: Configuration, packet: Packet, limbs: int) -> np.ndarray:
    count, together, _ = packet.words.shape
    slots = load_slots(config, packet.target)[0]
    if slots == 1:
        return _beats(packet.words.reshape(count, -1), limbs)
    words = np.zeros((count, slots, limbs // slots), np.uint32)
    words[:, :together, :packet.words.shape[2]] = packet.words
    return words.reshape(count, limbs)


def _beats(words: np.ndarray, limbs: int) -> np.ndarray:
    """Return words [n, any] as beats [n · beats per word, limbs], filled up with zeros."""
    fill = -words.shape[1] % limbs
    return np.pad(words, ((0, 0), (0, fill))).reshape(-1, limbs)
