"""Arrivals of slices by hand: beats, checks of headers, and slices that wait for room."""

from dataclasses import replace

import pytest

from cosim.prediction.load_stream import SliceStream, slice_beats
from tests.cosim.cases import make_case
from tests.hw.configurations import SMALL


def stream(slices, bits: int = 32) -> SliceStream:
    """A header of 96 bits takes three beats of 32."""
    return SliceStream(replace(SMALL, stream_bits=bits), slices)


def test_a_slice_is_there_after_its_beats_and_a_check_of_each_header():
    """Beats in cycles 1 to 5, a check in between; then the next packet, 3 beats: 7 to 9."""
    one = stream([[5, 3]])
    assert one.next_ready() == 1 + 5 + 1 + 3 + 1


def test_beats_of_a_header_count_when_it_is_checked():
    """Header 1 … 3, checked in 4, words in 5 and 6; the next header is checked in 10."""
    one = stream([[5, 3]])
    one.next_ready()
    assert one.beats_before([4, 5, 6, 7, 10, 11]).tolist() == [0, 3, 4, 5, 5, 8]


def test_a_third_slice_waits_until_the_first_is_done():
    three = stream([[3], [3], [3]])
    assert three.next_ready() == 5 and three.next_ready() == 9
    three.end(100)
    assert three.next_ready() == 105


@pytest.mark.parametrize(("bits", "header"), [(32, 3), (64, 2), (128, 1)])
def test_a_header_takes_the_beats_that_it_needs(bits, header):
    assert stream([], bits).header == header


@pytest.mark.parametrize("number", [1, 13, 16])
def test_beats_of_a_program_are_those_that_are_sent(number):
    program = make_case(number).program
    assert program.slices
    # What is left is the end of the inference: a header.
    header = SliceStream(program.config, []).header
    assert sum(map(sum, slice_beats(program))) + header == len(program.streamed_words)
