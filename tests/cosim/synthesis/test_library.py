"""What is read of a Liberty file."""

import gzip

import pytest

from cosim.synthesis.library import LibraryError, load_library, read_library

from .recorded import LIBRARY


def test_areas_flip_flops_and_the_smallest_buffer_for_logic():
    library = read_library(LIBRARY)
    assert (library.name, library.buffer, library.load_ff) == ("two_gates", "buf_1", 8.0)
    assert library.sequential == {"dfxtp_1"}
    assert library.area({"nand2_1": 2, "dfxtp_1": 1, "firstspike_ram": 7}) == 26.0


def test_capacitances_have_the_unit_of_the_library():
    assert read_library(LIBRARY.replace('"pf"', '"ff"')).load_ff == pytest.approx(0.008)


@pytest.mark.parametrize("packed", [False, True])
def test_files_may_be_packed(tmp_path, packed):
    path = tmp_path / "cells.lib"
    path.write_bytes(gzip.compress(LIBRARY.encode()) if packed else LIBRARY.encode())
    assert load_library(path) == read_library(LIBRARY)


@pytest.mark.parametrize("content, complaint", [
    (b"module x; endmodule", "not a Liberty file"), (b"\x1f\x8b\x08broken", "not a Liberty file"),
    (b"\xff\xfe", "not a Liberty file"),
    (LIBRARY.replace("ff (", "gg (").encode(), "must have a flip-flop, and two_gates has none"),
    (LIBRARY.replace('"(A)"', '"(!A)"').replace('"A"', '"!A"').encode(),
     "must have a buffer, and two_gates has none")])
def test_other_files_are_refused_by_name(tmp_path, content, complaint):
    path = tmp_path / "cells.lib"
    path.write_bytes(content)
    with pytest.raises(LibraryError, match=rf"cells\.lib: .*{complaint}"):
        load_library(path)
