"""Three sites, and ways to write files of disasters and to read bad ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dcsite.atlas import Atlas
from dcsite.errors import DisastersError
from dcsite.hazards.user import read_footprints

WriteFile = Callable[[str, str | bytes], Path]
Complaints = Callable[[Path], list[str]]


@pytest.fixture
def sites() -> pd.DataFrame:
    """Sapporo and Hakodate by their own ids, and a second place in Sapporo."""
    return pd.DataFrame(
        {
            "municipality_code": ["01100", "01202", "01100"],
            "area": ["hokkaido", "hokkaido", "hokkaido"],
            "lat_deg": [43.06, 41.77, 43.00],
            "lon_deg": [141.35, 140.73, 141.30],
        },
        index=pd.Index(["sapporo", "hakodate", "south"], name="site_id"),
    )


@pytest.fixture
def complaints(sites: pd.DataFrame, shipped_atlas: Atlas) -> Complaints:
    """Read a bad file of disasters: one line per problem, each naming the file."""

    def read(path: Path) -> list[str]:
        with pytest.raises(DisastersError) as caught:
            read_footprints(path, sites, shipped_atlas)
        assert caught.value.exit_code == 2
        assert {problem.where for problem in caught.value.problems} == {path.name}
        lines = str(caught.value).splitlines()
        assert len(lines) == len(caught.value.problems)
        return lines

    return read
