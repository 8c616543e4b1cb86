"""Fixtures that several rooms share: the shipped geodata, the default scenario, measured sites."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import dcsite
from dcsite.criteria import measure_sites
from dcsite.sites import municipality_sites

if TYPE_CHECKING:
    from collections.abc import Callable

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario


#: Folders whose files take longest, the longest first.
_LONGEST = ("end_to_end", "studies", "model", "criteria", "outputs", "feasibility", "cli")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let files that take long begin first, so that no worker is left alone with one at the end."""

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        return _LONGEST.index(folder) if folder in _LONGEST else len(_LONGEST)

    items.sort(key=place)


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
