"""What the ports of a lane carry in every cycle of a run on the RTL."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hw.compiler import Program
from hw.technology import LANE_MODULE

from ..console import Progress
from ..execution import execute, readout_words
from ..model import build_model

__all__ = ["PortRecord", "record_lanes", "record_of"]

RECORDER = Path(__file__).with_name("recorder.v")
WORD_BITS = 32


@dataclass(frozen=True, eq=False)
class PortRecord:
    """Values of ports, cycle by cycle.

    Parameters
    ----------
    words
        uint32 [cycles, words].
    ports
        First bit and width of each port in a cycle's words, by name.
    """

    words: np.ndarray
    ports: dict[str, tuple[int, int]]

    def bit(self, port: str, bit: int = 0) -> np.ndarray:
        """Return one bit of a port, bool [cycles]."""
        place = self.ports[port][0] + bit
        return (self.words[:, place // WORD_BITS] >> np.uint32(place % WORD_BITS) & 1).astype(bool)

    def places(self, names) -> np.ndarray:
        """Return where the bits of these ports are, one after the other, int64."""
        return np.concatenate([np.zeros(0, np.int64), *(
            np.arange(first, first + width) for first, width in map(self.ports.get, names))])


def record_of(values: dict[str, np.ndarray], widths: dict[str, int]) -> PortRecord:
    """Return a record of these values, integers [cycles], of ports of these widths."""
    bits = np.concatenate([
        values[name].astype(np.uint64)[:, None] >> np.arange(width, dtype=np.uint64) & np.uint64(1)
        for name, width in widths.items()], axis=1).astype(np.uint8)
    padded = np.pad(bits, [(0, 0), (0, -bits.shape[1] % WORD_BITS)])
    return PortRecord(np.packbits(padded, axis=1, bitorder="little").view("<u4"), _places(widths))


def record_lanes(program: Program, images: np.ndarray, widths: dict[str, int], *,
                 lanes: int, build_root: Path = Path("sim_build"), progress: Progress | None = None
                 ) -> list[PortRecord]:
    """Run images, uint8 [N, C, H, W], on the RTL; return what ports of the first lanes carry.

    ``widths`` are those of the ports to record, by name. A record begins at the first edge of the
    clock, so with reset and the load of the program. Raises ``ToolchainError`` or
    :class:`cosim.execution.SimulationError`.
    """
    if progress is not None:
        progress(0, len(images), "building the simulation model")
    model = build_model(program.config, build_root, observer=_observer(widths, lanes))
    run = Path(tempfile.mkdtemp(prefix="run-", dir=model.directory))
    execute(model, program, images, run, outputs=("readout", "lanes"), progress=progress)
    words = -(-sum(widths.values()) // WORD_BITS)
    records = [PortRecord(np.fromfile(run / f"lanes_{lane}", "<u4").reshape(-1, words),
                          _places(widths)) for lane in range(lanes)]
    assert (run / "readout").stat().st_size == 8 * readout_words(program) * len(images)
    shutil.rmtree(run)
    return records


def _places(widths: dict[str, int]) -> dict[str, tuple[int, int]]:
    first, places = 0, {}
    for name, width in widths.items():
        places[name] = first, width
        first += width
    return places


def _observer(widths: dict[str, int], lanes: int) -> str:
    """Return Verilog that binds a recorder to every lane; the first ``lanes`` of them record."""
    width = sum(widths.values())
    names = ", ".join(f"\\{name} " for name in reversed(widths))
    fill = -width % WORD_BITS
    padding = f"{fill}'d0, " if fill else ""
    return (f"\n{RECORDER.read_text()}\nbind {LANE_MODULE} firstspike_port_recorder "
            f"#(.WIDTH({width + fill}), .LANES({lanes})) recorder (.clk(clk), .lane(\\index ), "
            f".word({{{padding}{names}}}));\n")
