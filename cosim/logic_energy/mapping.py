"""A lane as gates of a library: its netlist, in which memories stay whole."""

import hashlib
import json
from pathlib import Path

from filelock import FileLock

from hw.config import Configuration
from hw.emit import lane_verilog
from hw.network import write_whole
from hw.technology import LANE_MODULE

from ..console import Progress
from ..synthesis.library import UNUSED, Library
from ..synthesis.mapped import MAPPING
from ..synthesis.tools import YOSYS, require, run_tool, versions

__all__ = ["RAM", "map_lane", "map_verilog"]

RAM = "firstspike_ram"
NETLIST = "netlist.json"


def map_lane(config: Configuration, library: Library, *, build_root: Path = Path("sim_build"),
             progress: Progress | None = None) -> dict:
    """Return the netlist of a configuration's lane, as Yosys' JSON; made once and kept.

    Safe to call from several processes at once. Raises ``ToolchainError``.
    """
    return map_verilog(lane_verilog(config), LANE_MODULE, library, name=config.name,
                       build_root=build_root, progress=progress)


def map_verilog(text: str, top: str, library: Library, *, name: str, build_root: Path,
                progress: Progress | None = None) -> dict:
    """Return the netlist of Verilog's top module, flat, with modules ``firstspike_ram`` in it."""
    require(YOSYS)
    recipe = _script(top)
    identity = "\0".join([text, recipe, MAPPING, library.text, json.dumps(versions(YOSYS))])
    digest = hashlib.sha256(identity.encode()).hexdigest()[:16]
    folder = (build_root / "logic").resolve() / f"{name}-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / NETLIST
    with FileLock(folder / "lock"):
        if not kept.exists():
            texts = {
                f"{top}.v": text, "map.ys": recipe, "cells.lib": library.text,
                "constraints": f"set_driving_cell {library.buffer}\nset_load {library.load_ff}\n",
                "mapping.abc": MAPPING + "\n"}
            for file, content in texts.items():
                (folder / file).write_text(content)
            run_tool(YOSYS, ["map.ys"], folder, progress=progress)
            found = json.loads((folder / "all.json").read_bytes())["modules"][top]
            write_whole(kept, json.dumps(found).encode())
            for file in ("all.json", "cells.lib"):
                (folder / file).unlink()
    return json.loads(kept.read_bytes())


def _script(top: str) -> str:
    """Return what Yosys does; blocks are mapped apart, so that each cell belongs to one."""
    cells = f"-liberty cells.lib {' '.join(f'-dont_use {pattern}' for pattern in UNUSED)}"
    return f"""read_verilog {top}.v
blackbox {RAM}
hierarchy -top {top}
synth -top {top} -noabc
dfflibmap {cells}
abc {cells} -constr constraints -script mapping.abc
flatten -noscopeinfo
opt_clean -purge
write_json all.json
"""
