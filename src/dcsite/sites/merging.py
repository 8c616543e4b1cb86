"""Parcels of one's own that lie near each other, taken together as one site.

The strategy's guide of about 10 ha is for one plot or for one cluster of plots within "roughly a
few km square" (B5). Parcels are joined the nearest first, as single linkage does, yet never into
what reaches farther than such a cluster.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from dcsite.errors import Problem, SitesError
from dcsite.geo.geodesy import geodesic_km

from .frame import site_frame
from .landmass import near_pairs
from .rows import MAX_ID_CHARACTERS, MAX_NAME_CHARACTERS, tell_note

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from dcsite.scenario import LandParameters, PlaceWishes

#: Parcels that differ in one of these stay apart: law, owner, sea, utility or tier is another.
_ALIKE = ("allowed_tier", "zone", "domestic", "landmass_id", "area")
_NAMED = 3
#: Parcels drawn by hand cross their neighbours by so much of their area.
_OVERLAP = 0.02
_TOLD = 12


def merged_sites(
    sites: gpd.GeoDataFrame, asked: PlaceWishes, land: LandParameters
) -> gpd.GeoDataFrame:
    """Return sites with the user's own parcels that lie near each other as one site each.

    Parameters
    ----------
    sites : geopandas.GeoDataFrame
        A frame of sites; the user's own are those without a number of residents.
    asked : PlaceWishes
        How near parcels are merged (`merge_km`, between their nearest points) and how far two
        points of a merged site may lie apart (`merge_extent_km`).
    land : LandParameters
        The scenario's ``land`` section.

    Returns
    -------
    geopandas.GeoDataFrame
        A merged site stands where its first parcel stood in the list, at the point of its largest
        one, whose municipality it takes. Hectares are summed where all are known; MW that file or
        area gives are summed, and where none is given the land about the point counts once.
        `uncertainty_km` reaches the farthest point of its land; `outline` is all its polygons or
        points; `members` says of which parcels it is made (JSON).

    Raises
    ------
    SitesError
        If there are no parcels of the user's own.
    """
    own = np.flatnonzero(sites["population_2020"].isna().to_numpy())
    if not own.size:
        wrong = (
            "merges parcels of your own, and there are none; give them by --sites or --add-sites"
        )
        raise SitesError(Problem("places.merge_km", "", wrong))
    groups = _groups(sites.iloc[own], asked.merge_km, asked.merge_extent_km)
    merged = [own[group] for group in groups if len(group) > 1]
    if not merged:
        tell_note(f"note: no two parcels within {asked.merge_km:g} km could be merged")
        return sites
    rows = sites.reset_index().to_dict("records")
    for group in merged:
        parcels = sites.iloc[group]
        _note_overlap(parcels)
        rows[group[0]] = _one_site(parcels, land)
    gone = [int(at) for group in merged for at in group[1:]]
    found = site_frame(pd.DataFrame(rows).drop(index=gone).set_index("site_id"))
    _tell(found, sum(map(len, merged)), asked)
    return found


def site_members(sites: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Return by site the parcels it was merged of: id, names, MW and hectares of each."""
    if "members" not in sites:
        return {}
    return {str(site): json.loads(text) for site, text in sites["members"].dropna().items()}


def _groups(parcels: gpd.GeoDataFrame, merge_km: float, extent_km: float) -> list[NDArray[np.intp]]:
    """Return the positions of parcels that become one site each, in the order of the list."""
    ground = _ground(parcels)
    kind = pd.DataFrame({name: parcels[name].fillna("") for name in _ALIKE if name in parcels})
    kind["drawn"] = shapely.get_dimensions(ground) == 2
    kinds = kind.groupby(list(kind), sort=False).ngroup().to_numpy()
    one, other, apart_km = near_pairs(ground, merge_km)
    order = np.lexsort((other, one, np.round(apart_km, 6)))
    order = order[kinds[one[order]] == kinds[other[order]]]
    group = {at: [at] for at in range(len(parcels))}
    hull = dict(enumerate(shapely.convex_hull(ground)))
    root = np.arange(len(parcels))
    for a, b in zip(root[one[order]], root[other[order]], strict=True):
        left, right = sorted((int(root[a]), int(root[b])))
        if left == right:
            continue
        whole = shapely.convex_hull(shapely.union(hull[left], hull[right]))
        if reach_km(whole) > extent_km:
            continue
        group[left] += group.pop(right)
        hull[left] = whole
        root[group[left]] = left
    return [np.array(sorted(members)) for _, members in sorted(group.items())]


def reach_km(shape: shapely.Geometry) -> float:
    """Return the greatest distance in km between two corners of a shape in degrees."""
    lon, lat = shapely.get_coordinates(shape).T
    return float(geodesic_km(lat[:, None], lon[:, None], lat, lon).max(initial=0.0))


def _ground(parcels: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Return each parcel as it is drawn in the user's file: its polygons, else its point."""
    ground: NDArray[np.object_] = shapely.points(
        parcels["lon_deg"].to_numpy(dtype=float), parcels["lat_deg"].to_numpy(dtype=float)
    )
    if "outline" in parcels:
        drawn = parcels["outline"].notna().to_numpy()
        ground[drawn] = shapely.from_wkt(parcels["outline"].to_numpy()[drawn])
    return ground


def _one_site(parcels: gpd.GeoDataFrame, land: LandParameters) -> dict[Hashable, Any]:
    """Return the row of the site that parcels make together."""
    mw, hectares = (parcels[name].to_numpy(dtype=float) for name in ("max_it_load_mw", "hectares"))
    around_mw = parcels["available_land_ha"].to_numpy(dtype=float) * land.mw_per_ha
    stated = ~np.isnan(hectares) | ~np.isclose(mw, around_mw)
    largest = int(np.lexsort((-np.nan_to_num(hectares), -np.where(stated, mw, 0.0)))[0])
    row: dict[Hashable, Any] = parcels.iloc[largest].to_dict()
    ids = "+".join(map(str, parcels.index))
    short = f"{str(parcels.index[0])[: MAX_ID_CHARACTERS - 5]}+{len(parcels) - 1}"
    ground = _ground(parcels)
    corners = shapely.get_coordinates(ground)
    reach = geodesic_km(row["lat_deg"], row["lon_deg"], corners[:, 1], corners[:, 0])
    english = [name for name in parcels["name_en"] if isinstance(name, str) and name]
    row |= {
        "site_id": ids if len(ids) <= MAX_ID_CHARACTERS else short,
        "name_ja": _joined(list(parcels["name_ja"]), "ほか{}区画"),
        "name_en": _joined(english, "and {} more") if len(english) == len(parcels) else None,
        "max_it_load_mw": mw[stated].sum() if stated.any() else mw.max(),
        "hectares": hectares.sum(),
        "uncertainty_km": float(reach.max()),
        "outline": shapely.to_wkt(shapely.union_all(ground), rounding_precision=-1),
        "members": json.dumps(
            [
                {
                    "site_id": str(site),
                    "name_ja": name,
                    "name_en": also if isinstance(also, str) else None,
                    "max_it_load_mw": load if known else None,
                    "hectares": None if np.isnan(area) else area,
                }
                for site, name, also, load, area, known in zip(
                    parcels.index, parcels["name_ja"], parcels["name_en"], mw, hectares, stated,
                    strict=True,
                )
            ],
            ensure_ascii=False,
        ),
    }  # fmt: skip
    if "own" in parcels:
        row["own"] = _own(parcels)
    if "substation_kv" in parcels:
        row["substation_kv"] = float(parcels["substation_kv"].max())
        for name in ("priority_zone", "adjustment_plan", "regional_project"):
            said = set(parcels[name])
            row[name] = "no" if "no" in said else "yes" if said == {"yes"} else None
    return row


def _joined(names: Sequence[str], more: str) -> str:
    """Join the first names, so short that the whole is no longer than a name may be."""
    most = MAX_NAME_CHARACTERS // _NAMED - 8
    named = [name if len(name) <= most else f"{name[: most - 1]}…" for name in names[:_NAMED]]
    rest = [more.format(len(names) - _NAMED)] if len(names) > _NAMED else []
    return " ".join([" + ".join(named), *rest])


def _own(parcels: gpd.GeoDataFrame) -> str | None:
    """Return the user's own columns: what all parcels say, else what each says after its id."""
    said = [json.loads(text) if isinstance(text, str) else {} for text in parcels["own"]]
    together: dict[str, str] = {}
    for column in dict.fromkeys(name for one in said for name in one):
        texts = [str(one.get(column, "")) for one in said]
        each = (f"{site}: {text}" for site, text in zip(parcels.index, texts, strict=True) if text)
        together[column] = texts[0] if len(set(texts)) == 1 else "; ".join(each)
    return json.dumps(together, ensure_ascii=False) if together else None


def _note_overlap(parcels: gpd.GeoDataFrame) -> None:
    """Tell of parcels of which one lies upon another, as a whole and its parts in one file do."""
    ground = _ground(parcels)
    whole, parts = shapely.area(shapely.union_all(ground)), shapely.area(ground).sum()
    if whole < (1.0 - _OVERLAP) * parts:
        tell_note(
            f"warning: {', '.join(map(str, parcels.index))} lie upon each other by "
            f"{1.0 - whole / parts:.0%} of their area, and their hectares and MW are summed; leave "
            "one of them out"
        )


def _tell(found: gpd.GeoDataFrame, parcels: int, asked: PlaceWishes) -> None:
    members = site_members(found)
    listed = ", ".join([*members][:_TOLD]) + (", …" if len(members) > _TOLD else "")
    word = "site" if len(members) == 1 else "sites"
    tell_note(
        f"note: {parcels} parcels are merged into {len(members)} {word} (within "
        f"{asked.merge_km:g} km of each other, at most {asked.merge_extent_km:g} km across): "
        f"{listed}"
    )
    silent = [
        one["site_id"] for site in members.values() for one in site if one["max_it_load_mw"] is None
    ]
    if silent:
        tell_note(
            f"note: neither MW nor area of {', '.join(silent[:_TOLD])}"
            f"{', …' if len(silent) > _TOLD else ''} is known; they add no MW to their site"
        )
