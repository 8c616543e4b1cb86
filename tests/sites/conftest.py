"""The shipped atlas, a land section, and ways to write sites files and to read bad ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from dcsite.atlas import Atlas, load_atlas
from dcsite.errors import SitesError
from dcsite.scenario import LandParameters
from dcsite.sites import read_sites

WriteFile = Callable[[str, str | bytes], Path]
Complaints = Callable[[Path], list[str]]


@pytest.fixture(scope="session")
def atlas() -> Atlas:
    return load_atlas()


@pytest.fixture(scope="session")
def land() -> LandParameters:
    """Ten MW per hectare, on one hundredth of the free gentle land."""
    return LandParameters(
        mw_per_ha=10.0,
        share_of_free_gentle_land=0.01,
        built_up_per_building_land=2.0,
        guide_ha=10.0,
    )


@pytest.fixture
def complaints(atlas: Atlas, land: LandParameters) -> Complaints:
    """Read a bad sites file: one line per problem, each naming the file."""

    def read(path: Path) -> list[str]:
        with pytest.raises(SitesError) as caught:
            read_sites(path, atlas, land)
        assert caught.value.exit_code == 2
        assert {problem.where for problem in caught.value.problems} == {path.name}
        lines = str(caught.value).splitlines()
        assert len(lines) == len(caught.value.problems)
        return lines

    return read
