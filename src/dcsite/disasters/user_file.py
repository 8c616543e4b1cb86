"""A user's own disasters: polygons, a table of municipalities, or ruptures.

Every format gives rows of scenarios. `scenario_id` is needed; `name`, `name_en`, `name_ja`,
`probability_30y` (0..1) and `group` are optional: scenarios of one group are alternatives, of
which one happens at most. Where a scenario has several rows, those that say any of these must say
the same.

==================  ===============================================================================
File                Further columns
==================  ===============================================================================
GeoPackage,         `probability_down` (0..1; 1 without it) or `intensity` (JMA) of all sites in
GeoJSON             the row's polygon
CSV                 `municipality_code`, and `probability_down` or `intensity` of its sites
CSV                 `moment_magnitude`, `source_type` (crustal, interface, intraslab), `lat_deg`,
                    `lon_deg`, `top_depth_km`, `length_km`, `width_km`, `strike_deg`, `dip_deg` of
                    a plane of the rupture, as in :class:`dcsite.disasters.FaultPlanes`
==================  ===============================================================================
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dcsite.errors import DisastersError
from dcsite.sites.file_form import FileForm
from dcsite.sites.files import read_raw

from .user_events import scenario_positions, user_events
from .user_polygons import polygon_effects
from .user_rows import UserRows
from .user_ruptures import RUPTURE_FIELDS, rupture_intensity
from .user_tables import municipality_effects

if TYPE_CHECKING:
    import pandas as pd

    from dcsite.atlas import Atlas

__all__ = ["UserFootprints", "read_footprints"]

Floats = NDArray[np.float64]

_COMMON = (
    "scenario_id",
    "name",
    "name_en",
    "name_ja",
    "probability_30y",
    "group",
    "probability_down",
    "intensity",
)
_OTHER_NAMES = {
    "name": ("name", "名称"),
    "lat_deg": ("lat_deg", "lat", "latitude", "latitude_deg", "緯度"),
    "lon_deg": ("lon_deg", "lon", "longitude", "longitude_deg", "long", "lng", "経度"),
    "moment_magnitude": ("moment_magnitude", "mw"),
}


def _form(*fields: str) -> FileForm:
    return FileForm(
        record="scenario",
        kinds=(
            ".csv (municipalities or ruptures by scenario), .geojson, .json (GeoJSON) or .gpkg "
            "(GeoPackage)"
        ),
        shapes="polygons",
        layer="footprints",
        columns={field: _OTHER_NAMES.get(field, (field,)) for field in fields},
        needed=("scenario_id",),
        needed_in_layer=("scenario_id",),
        error=DisastersError,
    )


#: Forms apart: a layer of polygons may well have columns whose names are near to those of a plane.
_LAYER = _form(*_COMMON)
_TABLE = _form(*_COMMON, "municipality_code", *RUPTURE_FIELDS)


@dataclass(frozen=True, eq=False)
class UserFootprints:
    """Events of a user's file and what they do; see :class:`dcsite.disasters.DisasterSet`.

    Parameters
    ----------
    events : pandas.DataFrame
        Indexed by `event_id`: ``user_`` and the scenario's id. `source_id` is that too, or
        ``usergroup_`` and the group's name; `source_probability_30y` the sum over the group.
        Probabilities are NaN where none is given; all events are in force.
    intensity : numpy.ndarray, shape (n, m)
        JMA intensity at each site, ``-inf`` where an event does not shake it.
    lost : numpy.ndarray, shape (n, m)
        Probability that a site is down for another reason than shaking.
    """

    events: pd.DataFrame
    intensity: Floats
    lost: Floats


def read_footprints(path: str | Path, sites: pd.DataFrame, atlas: Atlas) -> UserFootprints:
    """Read and check a user's file of disasters.

    Parameters
    ----------
    path : str or pathlib.Path
        GeoPackage or GeoJSON of polygons in any stated coordinate reference system, or CSV (UTF-8
        or CP932) of municipalities or ruptures, told apart by its columns.
    sites : pandas.DataFrame
        Indexed by `site_id`: `municipality_code`, `lat_deg`, `lon_deg`; `arv` (amplification of
        the ground, used for ruptures) where known.
    atlas : Atlas
        Knows municipalities and their soil.

    Returns
    -------
    UserFootprints
        The file's scenarios, in its order.

    Raises
    ------
    DisastersError
        With all problems of the file: the first 20 in full.
    """
    path = Path(path)
    raw, problems = read_raw(path, _TABLE if path.suffix.lower() == ".csv" else _LAYER)
    rows = UserRows(raw, problems)
    in_municipalities = _in_municipalities(rows) if rows.geometry is None else False
    ids, position = scenario_positions(rows)
    events = user_events(rows, ids, position, path.name)
    shape = (len(sites), len(ids))
    if rows.geometry is not None:
        intensity, lost = polygon_effects(rows, ids, position, sites)
    elif in_municipalities:
        intensity, lost = municipality_effects(rows, ids, position, sites, atlas)
    else:
        intensity, lost = rupture_intensity(rows, ids, position, sites, atlas), np.zeros(shape)
    problems.raise_if_any()
    return UserFootprints(events, intensity, lost)


def _in_municipalities(rows: UserRows) -> bool:
    """Tell whether a table is one of municipalities or one of ruptures, or refuse it."""
    note = functools.partial(rows.problems.add, 0)
    of_ruptures = any(map(rows.has, RUPTURE_FIELDS))
    if rows.has("municipality_code"):
        if rows.has("moment_magnitude"):
            note("", "has municipality_code and moment_magnitude; give one file for each kind")
        elif rows.has("probability_down") or rows.has("intensity"):
            return True
        else:
            note("", "no column for probability_down or intensity; give one of the two")
    elif of_ruptures:
        missing = [field for field in RUPTURE_FIELDS if not rows.has(field)]
        for field in missing:
            note("", f"no column for {field}; a rupture needs it")
        for field in filter(rows.has, ("probability_down", "intensity")):
            note(field, "is not read for ruptures, whose intensity is computed; remove it")
        if not missing:
            return False
    else:
        note(
            "",
            "has neither municipality_code (a table of municipalities) nor moment_magnitude (one "
            "of ruptures); give one of the two",
        )
    rows.problems.raise_if_any()
    return False
