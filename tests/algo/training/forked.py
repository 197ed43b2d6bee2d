"""Runs commands in processes that are forked after the imports, which take most of a short one's
time, and kills them when it is told to. Usage: python -m tests.algo.training.forked PLAN

PLAN is JSON, a list of runs, done in turn; the last line of output is a list of their exit codes,
one for each process, negative for a signal:

    {"main": "module:function", "arguments": [...], "processes": 1, "seconds": 120,
     "lines": null, "delay": 0.0,       kill when log.jsonl in "folder" has so many lines, and later
     "folder": "...", "write": null}    kill when so many files were written, half through the next
"""

import importlib
import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

# Imported before a fork, for all children.
IMPORTS = ("torch._dynamo", "sklearn.datasets", "algo.training.train", "cosim.cli")


def main() -> int:
    for name in IMPORTS:
        importlib.import_module(name)
    print(json.dumps([run(**entry) for entry in json.loads(sys.argv[1])]))
    return 0


def run(*, main: str, arguments: list[str], processes: int = 1, seconds: float = 120,
        lines: int | None = None, delay: float = 0.0, folder: str = "",
        write: int | None = None) -> list[int]:
    """Return the exit codes of the processes of one run."""
    sys.stdout.flush()
    port, pids = free_port(), []
    for rank in range(processes):
        pid = os.fork()
        if not pid:
            child(main, arguments, rank, processes, port, write)
        pids.append(pid)
    log, end = Path(folder) / "log.jsonl", time.monotonic() + seconds
    codes: dict[int, int] = {}
    while len(codes) < processes:
        for pid in set(pids) - codes.keys():
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                codes[pid] = os.waitstatus_to_exitcode(status)
        is_there = lines is not None and count_lines(log) >= lines
        if is_there:
            time.sleep(delay)
        if is_there or time.monotonic() > end or any(codes.values()):
            for pid in set(pids) - codes.keys():
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)
    return [codes[pid] for pid in pids]


def child(main: str, arguments: list[str], rank: int, processes: int, port: int,
          write: int | None) -> None:
    if processes > 1:
        os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(processes),
                          MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    code = 70
    try:
        if write is not None:
            die_writing(write)
        module, _, function = main.partition(":")
        code = getattr(importlib.import_module(module), function)(arguments)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def die_writing(number: int) -> None:
    """Make this process die half through the file that it writes after ``number`` others."""
    whole, written = Path.write_bytes, 0

    def write_bytes(path: Path, content: bytes) -> int:
        nonlocal written
        if written == number:
            whole(path, content[:len(content) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        written += 1
        return whole(path, content)

    Path.write_bytes = write_bytes


def count_lines(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
