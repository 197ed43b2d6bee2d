"""The file at the end of the load stream: any width, words sent again, and back-pressure."""

import subprocess

import numpy as np
import pytest

from cosim import toolchain
from cosim.harness import VERILOG

WIDTH = 256
TOP = """
module top (input clk, input [31:0] first, input [31:0] limit, input send, input ready,
            output valid, output idle);
    wire [255:0] word;
    firstspike_source #(.WIDTH(256)) source (
        .clk(clk), .rst(1'b0), .first(first), .limit(limit), .send(send), .word(word),
        .valid(valid), .ready(ready), .idle(idle));
    firstspike_sink #(.NAME("taken"), .WIDTH(256)) sink (
        .clk(clk), .valid(valid && ready), .word(word));
endmodule
"""
# Sends each pair of the arguments after the plusargs; `ready` follows a fixed pattern.
MAIN = """
#include "Vtop.h"
#include <cstdio>
#include <cstdlib>
int main(int count, char** values) {
    VerilatedContext context;
    context.commandArgs(count, values);
    Vtop top{&context};
    int cycles = 0;
    auto tick = [&] {
        top.ready = cycles++ % 7 != 3 && cycles % 5 != 0;
        top.clk = 0; top.eval(); top.clk = 1; top.eval();
    };
    for (int i = 3; i < count; i += 2) {
        top.first = std::atoi(values[i]);
        top.limit = std::atoi(values[i + 1]);
        top.send = 1;
        do tick(); while (!top.idle && cycles < 1000);
        top.send = 0;
        tick();
    }
    top.final();
    return cycles >= 1000;
}
"""


@pytest.mark.rtl
def test_segments_of_a_file_are_sent_in_any_order_and_again(tmp_path):
    (tmp_path / "top.v").write_text(TOP)
    (tmp_path / "main.cpp").write_text(MAIN)
    sources = [path for path in VERILOG if path.name == "streams.v"]
    built = subprocess.run(
        ["verilator", "--cc", "--exe", "--build", "--top-module", "top", "top.v", *sources,
         "main.cpp"], cwd=tmp_path, env=toolchain.environment(), capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    words = np.random.default_rng(1).integers(0, 1 << 32, (40, WIDTH // 32), dtype=np.uint32)
    words[:, ::-1].astype(">u4").tofile(tmp_path / "source")

    segments = [(0, 10), (30, 31), (10, 30), (31, 40), (10, 30), (10, 30), (0, 1), (0, 40)]
    subprocess.run([tmp_path / "obj_dir" / "Vtop", f"+source={tmp_path / 'source'}",
                    f"+taken={tmp_path / 'taken'}", *(str(end) for pair in segments
                                                      for end in pair)], check=True)

    taken = np.fromfile(tmp_path / "taken", "<u4").reshape(-1, WIDTH // 32)
    assert np.array_equal(taken, np.concatenate([words[first:limit]
                                                 for first, limit in segments]))
