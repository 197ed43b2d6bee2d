"""Every Python block and every command in the manual runs, page by page, in an empty folder."""

import re
import shlex
from pathlib import Path

import pytest

from cosim.cli import COMMANDS, main

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [DOCS.parent / "README.md", *sorted(DOCS.glob("*.md"))]
PROMPT = "$ firstspike "
# Takes minutes; takes a Liberty file.
NOT_RUN = {"demo", "logic"}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


def commands(page: Path) -> list[str]:
    return [line.removeprefix(PROMPT) for block in blocks(page, "console")
            for line in block.splitlines() if line.startswith(PROMPT)]


def test_the_manual_shows_every_command():
    page = DOCS / "command-line.md"
    shown = {shlex.split(line)[0] for line in commands(page)}
    assert shown == set(COMMANDS) - NOT_RUN
    assert all(f"firstspike {command}" in page.read_text() for command in NOT_RUN)


def test_the_manual_names_the_targets_of_make():
    makefile = (DOCS.parent / "Makefile").read_text()
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    named = {name for page in PAGES
             for name in re.findall(r"(?:`|\$ )make\s+([a-z-]+)", page.read_text())}
    assert named == set(targets)
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


@pytest.mark.rtl
@pytest.mark.slow
@pytest.mark.xdist_group("commands")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_of_a_page_succeed(page, elsewhere, capfd):
    names = {"__name__": page.stem}
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), names)
    for line in commands(page):
        assert main(shlex.split(line)) == 0, f"{line}\n{capfd.readouterr().err}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_exist(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), target
