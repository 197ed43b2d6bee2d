"""Fixtures for every test."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def build_root(pytestconfig) -> Path:
    """Folder of simulation models, kept between runs so that only what changed is compiled."""
    return pytestconfig.rootpath / "sim_build"
