"""Draw candidate points inside Japan's municipalities, as a user's own list might hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas

__all__ = ["drawn_candidates"]

#: Points drawn at a time; a longer list begins with the points of a shorter one.
_BLOCK = 500
#: Four decimals of a degree, about 10 m: no two candidates stand in one place.
_DECIMALS = 4


def drawn_candidates(atlas: Atlas, count: int, seed: int) -> pd.DataFrame:
    """Draw candidates: a municipality by its habitable area, then a point of its polygon.

    Parameters
    ----------
    atlas : Atlas
        Gives municipalities and their polygons.
    count : int
        How many.
    seed : int
        Seed of the draws; the first points do not depend on `count`.

    Returns
    -------
    pandas.DataFrame
        Columns `site_id`, `lat_deg`, `lon_deg`.
    """
    polygons = atlas.polygons("municipality_polygons").to_crs("EPSG:4326").sort_index()
    places = atlas.table("municipalities").reindex(polygons.index)
    weight = places["habitable_area_km2"].fillna(0.0).to_numpy(dtype=float)
    shapes = np.asarray(polygons.geometry.array)
    shapely.prepare(shapes)
    found: dict[tuple[float, float], None] = {}
    block = 0
    while len(found) < count:
        generator = np.random.default_rng([seed, block])
        drawn = generator.choice(len(shapes), size=_BLOCK, p=weight / weight.sum())
        lon, lat = _points_within(shapes[drawn], generator)
        found |= dict.fromkeys(
            zip(lat.round(_DECIMALS).tolist(), lon.round(_DECIMALS).tolist(), strict=True)
        )
        block += 1
    kept = list(found)[:count]
    return pd.DataFrame(
        {
            "site_id": [f"drawn-{number:05d}" for number in range(1, count + 1)],
            "lat_deg": [lat for lat, _ in kept],
            "lon_deg": [lon for _, lon in kept],
        }
    )


def _points_within(
    shapes: NDArray[np.object_], generator: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw one point in each shape, evenly in degrees, by drawing in its box until it is inside."""
    west, south, east, north = shapely.bounds(shapes).T
    lon, lat = np.empty(len(shapes)), np.empty(len(shapes))
    left = np.arange(len(shapes))
    while len(left):
        lon[left] = generator.uniform(west[left], east[left])
        lat[left] = generator.uniform(south[left], north[left])
        left = left[~shapely.contains_xy(shapes[left], lon[left], lat[left])]
    return lon, lat
