"""A user's maps of flood, tsunami, landslide and storm surge, measured at the site itself.

Layers of National Land Information are read as they are published, told by their columns; a file
of one's own says in a column `kind` (or `hazard`) what each polygon is: flood, tsunami, landslide
or storm_surge.

===========  =====================================  ==============================================
Layer        Column                                 Reading
===========  =====================================  ==============================================
A31a, A31    A31a_205, A31_205 (largest flood       Depth rank, in the codes below; deep is a
             conceivable); A31a_105, A31_105        class that reaches above 3 m
             (flood planned for); A31_201, A31_101
             (both, by mesh); A31_001 (of 2012)
A40          A40_003 (depth in words), A40_002      Inside at any depth
             (prefecture)
A33          A33_002 (zone), A33_003 (prefecture)   Inside 1, 2 (warning and special warning zone)
                                                    or 3, 4 (the same, not yet designated)
A49          A49_003 (depth in words), A49_002      Inside at any depth
             (prefecture)
one's own    `kind`, and `depth_m` of floods        Deep from 3 m; a flood without depth is deep
===========  =====================================  ==============================================

The ranks are those of the code list of water depth that comes with A31 and A31a (Ministry of Land,
Infrastructure, Transport and Tourism): 1 to 6 since 2019, 11 to 15 and 21 to 27 in 2012. Class 14
of 2012 (2 to 5 m) lies on both sides of 3 m and counts as deep.

A map of polygons does not say where nothing was mapped. A layer that names its prefecture covers
that; any other covers the municipalities in which it has a polygon of the kind. Elsewhere nothing
is known of the site itself.
"""

from __future__ import annotations

import functools
import glob
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from dcsite.contract import file_and_layer, named_layer
from dcsite.errors import HazardsError, Problem
from dcsite.sites.reader import FileForm, geometry_flaw, read_rows

from .user import beyond_japan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.sites.reader import UserRows

#: What can be measured, in the order of the columns; a deep flood is one of `DEEP_M` or more.
ZONES = ("deep_flood", "tsunami", "landslide", "storm_surge")
DEEP_M = 3.0
#: Upper end of each class of depth in m, by its code.
_RANK_TOP_M = {
    "1": 0.5, "2": 3.0, "3": 5.0, "4": 10.0, "5": 20.0, "6": np.inf,
    "11": 0.5, "12": 1.0, "13": 2.0, "14": 5.0, "15": np.inf,
    "21": 0.5, "22": 1.0, "23": 2.0, "24": 3.0, "25": 4.0, "26": 5.0, "27": np.inf,
}  # fmt: skip
_KINDS = {
    "flood": ("洪水",),
    "tsunami": ("津波",),
    "landslide": ("土砂災害",),
    "storm_surge": ("高潮",),
}
_RANKS = ("flood_rank", "flood_mesh_rank")
#: By kind, the columns that tell it and the one of the prefecture.
_OFFICIAL = {
    "tsunami": ("tsunami_depth", "tsunami_prefecture"),
    "landslide": ("landslide_zone", "landslide_prefecture"),
    "storm_surge": ("surge_depth", "surge_prefecture"),
}
_FILE = FileForm.of("hazards", "zones", HazardsError)


@dataclass(frozen=True, eq=False)
class ZonePolygons:
    """Polygons of one kind.

    Parameters
    ----------
    geometry : numpy.ndarray
        All polygons of the kind, in EPSG:4326.
    counts : numpy.ndarray of bool
        Which of them a site should not stand in: of floods the deep ones, else all.
    prefectures : frozenset of str
        Codes of the prefectures that the layers say they are of.
    loose : numpy.ndarray
        A point in each part of those polygons whose prefecture is not told.
    """

    geometry: NDArray[np.object_]
    counts: NDArray[np.bool_]
    prefectures: frozenset[str]
    loose: NDArray[np.object_]


def hazard_files(path: str | Path) -> tuple[Path, ...]:
    """Return what a user's file or folder consists of: the parts of a Shapefile too."""
    path, _ = file_and_layer(path)
    found = path.iterdir() if path.is_dir() else path.parent.glob(f"{glob.escape(path.stem)}.*")
    return tuple(sorted(one for one in found if one.is_file()))


def read_polygons(path: str | Path) -> Mapping[str, ZonePolygons]:
    """Read a user's file, or all of a folder, by kind of zone.

    Polygons that cross themselves, which official layers have, are made valid.

    Raises
    ------
    HazardsError
        With all problems of a file: the first 20 in full.
    """
    path, layer = file_and_layer(path)
    files = [path]
    if path.is_dir():
        files = [one for one in hazard_files(path) if one.suffix.lower() in _FILE.suffixes]
        if not files:
            raise HazardsError(
                Problem(path.name, "", f"holds no file of zones; allowed: {_FILE.kinds}")
            )
    # Whoever checks or explains a plan reads the same large files again.
    return _read_all(tuple((file, layer, _state(file)) for file in files))


def _state(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a file or a part of it does."""
    stats = ((one.name, one.stat()) for one in hazard_files(path))
    return tuple((name, found.st_mtime_ns, found.st_size) for name, found in stats)


@functools.lru_cache(maxsize=2)
def _read_all(files: tuple[tuple[Path, str | None, object], ...]) -> Mapping[str, ZonePolygons]:
    given = (file if layer is None else named_layer(file, layer) for file, layer, _ in files)
    frame = pd.concat([_read(each) for each in given], ignore_index=True)
    found = {}
    for zone, rows in frame.groupby("zone"):
        geometry = rows["geometry"].to_numpy(dtype=object)
        parts = shapely.get_parts(geometry[(rows["prefecture"] == "").to_numpy()])
        told = frozenset(map(str, rows["prefecture"])) - {""}
        found[str(zone)] = ZonePolygons(
            geometry, rows["counts"].to_numpy(dtype=bool), told, shapely.point_on_surface(parts)
        )
    return MappingProxyType(found)


def measure_polygons(sites: pd.DataFrame, path: str | Path, atlas: Atlas) -> pd.DataFrame:
    """Measure the share of each site's ground in the zones of a user's file.

    Parameters
    ----------
    sites : pandas.DataFrame
        `lat_deg`, `lon_deg`, `municipality_code`, `uncertainty_km`, and `outline` (WKT) of those
        that are polygons.
    path : str or pathlib.Path
        The file, or a folder of files.
    atlas : Atlas
        Knows the municipalities' polygons.

    Returns
    -------
    pandas.DataFrame
        Index as `sites`; columns `ZONES`: 0 or 1 at a point, the share of its area of a polygon,
        NaN where the file does not cover the site. A site that only stands for its municipality
        (`uncertainty_km` without an outline) has no ground of its own, and NaN.

    Raises
    ------
    HazardsError
        If a file cannot be used, or covers none of the sites.
    """
    shares = pd.DataFrame(np.nan, index=sites.index, columns=list(ZONES))
    places = site_ground(sites)
    own = np.flatnonzero([place is not None for place in places])
    if not own.size:
        message = "is measured at points and polygons of your own; give them by --sites"
        raise HazardsError(Problem(Path(path).name, "", message))
    tree = shapely.STRtree(places[own])
    towns = atlas.polygons("municipality_polygons")
    lookup = shapely.STRtree(towns.geometry.to_numpy())
    code = sites["municipality_code"].to_numpy(dtype=object)[own]
    for zone, polygons in read_polygons(path).items():
        row, at = tree.query(polygons.geometry, predicate="intersects")
        within = towns.index[lookup.query(polygons.loose, predicate="intersects")[1]]
        covered = np.isin(code.astype(str), within.to_numpy(dtype=str))
        covered |= np.isin([one[:2] for one in code], list(polygons.prefectures))
        covered[at] = True
        share = np.where(covered, 0.0, np.nan)
        hit = polygons.counts[row]
        for site, rows in pd.Series(row[hit]).groupby(at[hit]):
            ground = places[own[site]]
            zones = shapely.union_all(polygons.geometry[rows])
            area = shapely.area(ground)
            share[site] = shapely.area(shapely.intersection(ground, zones)) / area if area else 1.0
        shares.loc[sites.index[own], zone] = share
    if shares.isna().to_numpy().all():
        message = "covers none of the sites; give the map of where they are, or leave it out"
        raise HazardsError(Problem(Path(path).name, "", message))
    return shares


def site_ground(sites: pd.DataFrame) -> NDArray[np.object_]:
    """Return each site's own ground: its polygon, else its point; None of a municipality."""
    points = shapely.points(sites[["lon_deg", "lat_deg"]].to_numpy(dtype=float))
    known = sites["uncertainty_km"].to_numpy(dtype=float) == 0.0
    ground: NDArray[np.object_] = np.where(known, points, np.array(None, dtype=object))
    if "outline" in sites:
        drawn = sites["outline"].notna().to_numpy()
        ground[drawn] = shapely.make_valid(shapely.from_wkt(sites.loc[drawn, "outline"].to_numpy()))
    return ground


def _read(path: str | Path) -> pd.DataFrame:
    """Return `zone`, `counts`, `prefecture` and `geometry` of each polygon of a file."""
    rows = read_rows(path, _FILE)
    ranks = next((field for field in _RANKS if rows.has(field)), "")
    kinds = [*(["flood"] if ranks else []), *(k for k, (f, _) in _OFFICIAL.items() if rows.has(f))]
    if len(kinds) > 1 or (not kinds and not rows.has("kind")):
        said = f"has columns of {' and '.join(kinds)}" if kinds else "does not say what it maps"
        layers = "A31 or A31a (depth rank), A33_002, A40_003, A49_003"
        rows.problems.add(0, "", f"{said}; allowed: a column kind, or that of one of {layers}")
        rows.problems.raise_if_any()
    prefecture: list[str] = [""] * len(rows)
    deep = np.ones(len(rows), dtype=bool)
    if not kinds:
        kind = [word or "" for word in rows.said_as("kind", _KINDS)]
        for row, text in enumerate(rows.said("kind")):
            if not text:
                rows.note(row, "kind", f"is empty; allowed: {', '.join(_KINDS)}")
        deep = ~(rows.numbers("depth_m", 0.0, 100.0) < DEEP_M)
    else:
        kind = kinds * len(rows)
        if ranks:
            codes = rows.choices(ranks, tuple(_RANK_TOP_M))
            deep = np.array([_RANK_TOP_M.get(code, 0.0) > DEEP_M for code in codes])
        else:
            if kinds == ["landslide"]:
                rows.choices("landslide_zone", ("1", "2", "3", "4"))
            prefectures = rows.numbers(_OFFICIAL[kinds[0]][1], 1.0, 47.0)
            prefecture = ["" if np.isnan(one) else f"{one:02.0f}" for one in prefectures]
    geometry = _polygons(rows)
    rows.problems.raise_if_any()
    zone = ["deep_flood" if one == "flood" else one for one in kind]
    counts = deep | (np.array(zone) != "deep_flood")
    return pd.DataFrame(
        {"zone": zone, "counts": counts, "prefecture": prefecture, "geometry": list(geometry)}
    )


def _polygons(rows: UserRows) -> NDArray[np.object_]:
    """Return the polygons in two dimensions, valid; note what is none or lies out of Japan."""
    geometry = np.asarray(shapely.force_2d(rows.geometry), dtype=object)
    for row, each in enumerate(geometry):
        wrong = beyond_japan(each)
        if not wrong and (each is None or each.is_empty or "Polygon" not in each.geom_type):
            wrong = geometry_flaw(each, "Polygon MultiPolygon", "a polygon or a multipolygon")
        if wrong:
            rows.note(row, "geometry", wrong)
            geometry[row] = None
    invalid = ~shapely.is_valid(geometry) & ~shapely.is_missing(geometry)
    geometry[invalid] = shapely.make_valid(geometry[invalid])
    return geometry
