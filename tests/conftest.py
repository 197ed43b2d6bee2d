"""Fixtures for every test."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def build_root(pytestconfig) -> Path:
    """Folder of simulation models, kept between runs so that only what changed is compiled."""
    return pytestconfig.rootpath / "sim_build"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch, build_root) -> Path:
    """Run in an empty folder, which is returned, that shares the repository's simulation models."""
    monkeypatch.chdir(tmp_path)
    build_root.mkdir(exist_ok=True)
    (tmp_path / "sim_build").symlink_to(build_root)
    return tmp_path
