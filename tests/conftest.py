"""Fixtures that several rooms share: the shipped geodata, the default scenario, measured sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import dcsite
from dcsite.criteria import measure_sites
from dcsite.sites import municipality_sites

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario


@pytest.fixture(scope="session")
def shipped_atlas() -> Atlas:
    """Return the shipped geodata, read once."""
    return dcsite.load_atlas()


@pytest.fixture(scope="session")
def policy() -> Scenario:
    """Return the default scenario."""
    return dcsite.load_scenario("policy-2023")


@pytest.fixture(scope="session")
def measured(shipped_atlas: Atlas, policy: Scenario) -> gpd.GeoDataFrame:
    """Return the municipalities, measured by the default scenario."""
    return measure_sites(municipality_sites(shipped_atlas, policy.land), shipped_atlas, policy)


@pytest.fixture
def write_file(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Return a function that writes a file into the test's own folder."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    return write
