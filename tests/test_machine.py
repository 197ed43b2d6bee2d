"""The check of a machine before installation: what is missing gets one line with its package."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

CHECK = Path(__file__).parents[1] / ".ci" / "check_machine"
GOOD_PYTHON = 'exit 0'
OLD_PYTHON = 'case "$1 $2" in *version_info*) exit 1;; "-V "*) echo Python 3.9.2;; esac'
BARE_PYTHON = 'case "$2" in *ensurepip*) exit 1;; esac'


def check(tmp_path: Path, python: str | None, *programs: str):
    """Run the check on a machine that has ``programs`` and, unless None, a ``python3``."""
    scripts = dict.fromkeys(programs, "exit 0") | ({} if python is None else {"python3": python})
    for name, text in scripts.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "cut").symlink_to(shutil.which("cut"))
    return subprocess.run(["/bin/sh", CHECK, "python3"], capture_output=True, text=True,
                          env=os.environ | {"PATH": str(tmp_path)})


@pytest.mark.parametrize(("python", "programs", "message"), [
    (None, ["g++", "perl"], "python3 is missing: install it (apt-get install python3)"),
    (OLD_PYTHON, ["g++", "perl"], "Python 3.11 or newer is needed, python3 is 3.9.2"),
    (BARE_PYTHON, ["g++", "perl"],
     "Python's venv module is missing: install it (apt-get install python3-venv)"),
    (GOOD_PYTHON, ["perl"], "g++ is missing: install it (apt-get install g++)"),
    (GOOD_PYTHON, ["g++"], "perl is missing: install it (apt-get install perl)"),
])
def test_what_is_missing_gets_one_line(python, programs, message, tmp_path):
    ran = check(tmp_path, python, *programs)
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", f"firstspike: {message}\n")


def test_complete_machine_passes_silently(tmp_path):
    ran = check(tmp_path, GOOD_PYTHON, "g++", "perl")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")


def test_ci_names_a_missing_make(tmp_path):
    for name in ("bash", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name))
    ran = subprocess.run([tmp_path / "bash", CHECK.with_name("run")], capture_output=True,
                         text=True, env=os.environ | {"PATH": str(tmp_path)})
    assert ran.returncode == 1
    assert ran.stderr == "firstspike: make is missing: install it (apt-get install make)\n"
