"""Buildings that a directory or a map calls data centres, as rows of ``data_centres_existing``.

Such sources give a name and a point and no capacity, so an imported row adds no megawatts. A
building the table already knows keeps its row, which says more.
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

from dcsite.geo.geodesy import geodesic_km

from .reading import Reading

#: Known points are of an oaza or a town office: one building may be this far from its own row.
_SAME_WITHIN_KM = 3.0


def data_centre_table(reading: Reading, rows: pd.DataFrame) -> pd.DataFrame:
    """Place data centres, and leave out those abroad and those that are known.

    Parameters
    ----------
    reading : Reading
        The import.
    rows : pandas.DataFrame
        Columns of the table, with `lat_deg`, `lon_deg` (degrees) and `file`.
    """
    frame = reading.in_japan(rows, "data_centres.abroad")
    known = reading.atlas.table("data_centres_existing")
    words = [_words(name) for name in known["name"]]
    away_km = geodesic_km(
        frame["lat_deg"].to_numpy(dtype=float)[:, None],
        frame["lon_deg"].to_numpy(dtype=float)[:, None],
        known["lat_deg"].to_numpy(dtype=float, na_value=np.nan)[None, :],
        known["lon_deg"].to_numpy(dtype=float, na_value=np.nan)[None, :],
    )
    near = (away_km <= _SAME_WITHIN_KM) & (
        frame["dc_id"].to_numpy()[:, None] != known.index.to_numpy()[None, :]
    )
    same = pd.Series(
        [
            any(_words(name)[: len(words[at])] == words[at] for at in np.flatnonzero(near[row]))
            for row, name in enumerate(frame["name"])
        ],
        index=frame.index,
        dtype=bool,
    )
    reading.note(frame.loc[same, "name"], "data_centres.known")
    towns = reading.atlas.table("municipalities").reindex(frame["municipality_code"])
    return frame.assign(
        city_en=towns["name_en"].to_numpy(), pref_code=towns["pref_code"].to_numpy()
    )[~same]


def _words(name: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", unicodedata.normalize("NFKC", name).casefold()))
