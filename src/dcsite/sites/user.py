"""A user's own list of sites, checked row by row and set beside what is known of its places."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.spatial import KDTree

from .cells import UserCells, check_cells
from .files import read_raw_sites
from .frame import disc_radius_km, site_frame
from .landmass import COAST_TOLERANCE_KM, landmass_of, landmasses
from .lookup import PolygonLookup
from .municipalities import municipality_table

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import LandParameters

    from .problems import ProblemList

__all__ = ["read_sites"]

#: Round numbers outside all land of Japan: what is not in here is a slip, not a coast.
_LATITUDES_DEG = (20.0, 46.0)
_LONGITUDES_DEG = (122.0, 154.0)
#: Two sites nearer than this in both axes (about a metre) are one place written twice.
_SAME_PLACE_DEG = 1e-5


def read_sites(path: str | Path, atlas: Atlas, land: LandParameters) -> gpd.GeoDataFrame:
    """Read and check a user's list of sites.

    Parameters
    ----------
    path : str or pathlib.Path
        CSV with latitude and longitude columns (UTF-8 or CP932), GeoJSON, or GeoPackage in any
        coordinate reference system, of points or polygons. Optional columns: `site_id` or `id`,
        `name`, `name_ja`, `name_en`, `hectares`, `max_it_load_mw` or `max_mw`, `tier`.
    atlas : Atlas
        Gives prefecture and municipality polygons, municipalities and their terrain.
    land : LandParameters
        The scenario's ``land`` section.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns `SITE_COLUMNS`, index `site_id` (``site-0001`` and on where none is given).
        `max_it_load_mw` is the given one, else hectares times `land.mw_per_ha`, else that of the
        municipality. `uncertainty_km` is 0 for a point, for a polygon the radius of a disc of
        its area. Terrain, prefecture and electricity area are those of the municipality that
        holds the point (of a split municipality, the main area).

    Raises
    ------
    SitesError
        With all problems of the file: the first 20 in full.
    """
    path = Path(path)
    raw, problems = read_raw_sites(path)
    cells = check_cells(raw, problems)
    inside = _check_places(cells, atlas, problems)
    municipalities = municipality_table(atlas, land)
    code = _municipality_codes(cells, inside, atlas)
    _check_hectares(cells, code, raw.labels.get("hectares", "hectares"), atlas, problems)
    problems.raise_if_any()

    here = municipalities.reindex(code)
    columns: dict[str, Any] = {str(name): values.to_numpy() for name, values in here.items()}
    hectares = np.where(np.isnan(cells.hectares), cells.polygon_hectares, cells.hectares)
    from_land_mw = np.where(
        np.isnan(hectares), columns["max_it_load_mw"], hectares * land.mw_per_ha
    )
    columns |= {
        "municipality_code": code,
        "name_ja": cells.name_ja,
        "name_en": cells.name_en,
        "lat_deg": cells.lat_deg,
        "lon_deg": cells.lon_deg,
        "uncertainty_km": disc_radius_km(np.nan_to_num(cells.polygon_hectares) / 100.0),
        "landmass_id": landmass_of(cells.lat_deg, cells.lon_deg, landmasses(atlas)),
        "max_it_load_mw": np.where(
            np.isnan(cells.max_it_load_mw), from_land_mw, cells.max_it_load_mw
        ),
        "allowed_tier": cells.tier,
        "hectares": hectares,
        # Whoever names a site has judged who can run it: the municipality's people are not asked.
        "population_2020": np.full(len(code), np.nan),
    }
    return site_frame(pd.Index(cells.site_id, dtype="str"), columns)


def _check_places(cells: UserCells, atlas: Atlas, problems: ProblemList) -> NDArray[np.bool_]:
    """Note points outside Japan and points given twice; return which points are in Japan."""
    lat, lon = cells.lat_deg, cells.lon_deg
    boxed = _between(lat, _LATITUDES_DEG) & _between(lon, _LONGITUDES_DEG)
    swapped = _between(lon, _LATITUDES_DEG) & _between(lat, _LONGITUDES_DEG)
    known = ~(np.isnan(lat) | np.isnan(lon))
    off_km = np.full(lat.shape, np.inf)
    lookup = PolygonLookup(atlas.polygons("prefecture_polygons"))
    off_km[boxed] = lookup.locate(lat[boxed], lon[boxed])[1]
    inside: NDArray[np.bool_] = off_km <= COAST_TOLERANCE_KM
    for at in np.flatnonzero(known & ~inside):
        place = f"({lat[at]:.10g}, {lon[at]:.10g})"
        if swapped[at]:
            message = f"latitude and longitude {place} look swapped; swap them"
        elif boxed[at]:
            message = (
                f"{place} is {off_km[at]:.1f} km from the nearest land of Japan; "
                f"allowed: up to {COAST_TOLERANCE_KM:g} km; check the coordinates"
            )
        else:
            message = (
                f"{place} is outside Japan; allowed: latitude {_LATITUDES_DEG[0]:g} to "
                f"{_LATITUDES_DEG[1]:g}, longitude {_LONGITUDES_DEG[0]:g} to "
                f"{_LONGITUDES_DEG[1]:g}; check the coordinates"
            )
        problems.add(cells.numbers[at], "", message)
    _check_same_place(cells, np.flatnonzero(inside), problems)
    return inside


def _between(values: NDArray[np.float64], bounds: tuple[float, float]) -> NDArray[np.bool_]:
    return np.asarray((values >= bounds[0]) & (values <= bounds[1]), dtype=bool)


def _check_same_place(cells: UserCells, inside: NDArray[np.int64], problems: ProblemList) -> None:
    """Note every site that stands where an earlier one does."""
    points = np.column_stack([cells.lat_deg[inside], cells.lon_deg[inside]])
    # Points equal to the last digit are paired with their first; the tree gets each place once,
    # or a file of one place a thousand times over would give a million pairs.
    places, first, place = np.unique(points, axis=0, return_index=True, return_inverse=True)
    earlier = first[place.ravel()].copy()
    if len(places) > 1:
        pairs = KDTree(places).query_pairs(_SAME_PLACE_DEG, p=np.inf, output_type="ndarray")
        ends = first[pairs]
        np.minimum.at(earlier, ends.max(axis=1), ends.min(axis=1))
    for at in np.flatnonzero(earlier < np.arange(len(inside))):
        lat, lon = points[at]
        problems.add(
            cells.numbers[inside[at]],
            "",
            f"stands at ({lat:.10g}, {lon:.10g}), as {problems.unit} "
            f"{cells.numbers[inside[earlier[at]]]} does; remove one of the two",
        )


def _municipality_codes(
    cells: UserCells, inside: NDArray[np.bool_], atlas: Atlas
) -> NDArray[np.object_]:
    """Return the code of the municipality that holds each point in Japan, else of the nearest."""
    polygons = atlas.polygons("municipality_polygons").sort_index()
    position, _ = PolygonLookup(polygons).locate(cells.lat_deg[inside], cells.lon_deg[inside])
    codes = np.full(len(inside), None, dtype=object)
    codes[inside] = polygons.index.to_numpy(dtype=object)[position]
    return codes


def _check_hectares(
    cells: UserCells,
    code: NDArray[np.object_],
    label: str,
    atlas: Atlas,
    problems: ProblemList,
) -> None:
    """Note sites larger than their whole municipality: square metres, most likely."""
    places = atlas.table("municipalities")
    whole_ha = places["area_km2"].reindex(code).to_numpy(dtype=float) * 100.0
    names = places["name_ja"].reindex(code).to_numpy(dtype=object)
    for at in np.flatnonzero(cells.hectares > whole_ha):
        problems.add(
            cells.numbers[at],
            label,
            f"{cells.hectares[at]:g} ha is more than all of {names[at]} ({whole_ha[at]:.0f} ha); "
            "allowed: the site's area in hectares, not in square metres",
        )
