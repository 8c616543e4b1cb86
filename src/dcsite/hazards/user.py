"""A user's own disasters: polygons, a table of municipalities, or ruptures.

Every format gives rows of scenarios. `scenario_id` is needed; `name`, `name_en`, `name_ja`,
`probability_30y` (0..1, or with %) and `group` are optional: scenarios of one group are
alternatives, of which one happens at most. Where a scenario has several rows, those that say any of
these must say the same.

==================  ===============================================================================
File                Further columns
==================  ===============================================================================
A layer             `probability_down` (0..1; 1 without it) or `intensity` (JMA, as instruments
                    give it, or a class such as 6強) of all sites in the row's polygon
A table             `municipality_code`, and `probability_down` or `intensity` of its sites
A table             `moment_magnitude`, `source_type` (crustal, interface, intraslab), `lat_deg`,
                    `lon_deg`, `top_depth_km`, `length_km`, `width_km`, `strike_deg`, `dip_deg` of
                    a plane of the rupture, as in :class:`.FaultPlanes`
==================  ===============================================================================
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from dcsite.contract import file_and_layer
from dcsite.errors import DisastersError, Problem
from dcsite.sites.reader import (
    TABLES,
    FileForm,
    UserRows,
    geometry_flaw,
    read_rows,
    shown,
)
from dcsite.sites.values import PART, plain

from .footprints import Footprints, event_table
from .ground_motion import PLANE_RANGES, FaultPlanes, SourceType, jma_intensity, rupture_distance_km

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from dcsite.atlas import Atlas
    from dcsite.geo.geodesy import Floats

#: Above any instrumental intensity on record, and below a class written as 55 or a PGV.
_LARGEST_INTENSITY = 7.5

#: All of Japan and a few hundred kilometres of the sea about it, which footprints may cover.
_LATITUDES_DEG = (18.0, 48.0)
_LONGITUDES_DEG = (118.0, 158.0)
#: Least and largest number of each field of a plane; see :class:`FaultPlanes`.
_PLANE_RANGES = PLANE_RANGES | {
    "lat_deg": _LATITUDES_DEG,
    "lon_deg": _LONGITUDES_DEG,
    "top_depth_km": (0.0, 700.0),
    "length_km": (0.0, 2000.0),
    "width_km": (0.0, 1000.0),
}
_MAGNITUDES = (4.0, 10.0)
_RUPTURE_FIELDS = ("moment_magnitude", "source_type", *_PLANE_RANGES)
#: Spreadsheets take the code for a number and drop its leading zero.
_WITHOUT_ZERO = re.compile(r"[1-9][0-9]{3}")
#: Ids of users' events and groups begin so: no shipped id does, and no event is taken for a group.
_EVENT_PREFIX = "user_"
_GROUP_PREFIX = "usergroup_"
#: Sums of decimal fractions go wrong in the last digits.
_HAIR = 1e-9
Value = TypeVar("Value", str, float)
#: JMA intensity from which a place counts as struck in what the user is told.
_FELT = 5.0
_MAX_TOLD = 8
_EFFECTS = ("probability_down", "intensity")
#: A name of a column without it leaves open within how many years.
_YEARS = re.compile("30")
_PARTS = {"probability_30y": PART, "probability_down": PART}
_LAYER_FILE, _TABLE_FILE = (
    FileForm.of("hazards", form, DisastersError, measures=_PARTS)
    for form in ("footprints", "ruptures")
)


def read_footprints(path: str | Path, sites: pd.DataFrame, atlas: Atlas) -> Footprints:
    """Read and check a user's file of disasters.

    Parameters
    ----------
    path : str or pathlib.Path
        A layer of polygons in any stated coordinate reference system, or a table of municipalities
        or of ruptures, told apart by its columns; ``FILE|layername=NAME`` where there are several.
    sites : pandas.DataFrame
        Indexed by `site_id`: `municipality_code`, `lat_deg`, `lon_deg`; `arv` (amplification of
        the ground, used for ruptures) where known.
    atlas : Atlas
        Knows municipalities and their soil.

    Returns
    -------
    Footprints
        The file's scenarios, in its order.

    Raises
    ------
    DisastersError
        With all problems of the file: the first 20 in full.
    """
    file, _ = file_and_layer(path)
    rows = read_rows(path, _TABLE_FILE if file.suffix.lower() in TABLES else _LAYER_FILE)
    in_municipalities = rows.geometry is None and _in_municipalities(rows)
    given = _ids(rows)
    codes, ids = pd.factorize(np.array(given, dtype=object))
    scenarios = _Scenarios(rows, tuple(map(str, ids)), codes.astype(np.int64), sites)
    events = scenarios.events(file.name)
    if rows.geometry is not None:
        intensity, lost = scenarios.polygons(rows.geometry)
    elif in_municipalities:
        intensity, lost = scenarios.municipalities(atlas)
    else:
        intensity, lost = scenarios.ruptures(atlas), np.zeros((len(sites), len(ids)))
    rows.problems.raise_if_any()
    if "name_ja" in sites:  # not the offices that tell what an area feels
        _tell_struck(rows, events, intensity, lost)
    return Footprints(events, intensity, lost)


def _tell_struck(rows: UserRows, events: pd.DataFrame, intensity: Floats, lost: Floats) -> None:
    """Tell how many of the places each scenario strikes: a wrong system of coordinates shows."""
    struck = ((lost > 0.0) | (intensity >= _FELT)).sum(axis=0).tolist()
    listed = [f"{shown(name)} {n}" for name, n in zip(events["name_en"], struck, strict=True)]
    more = f" and {len(listed) - _MAX_TOLD} more" if len(listed) > _MAX_TOLD else ""
    listed = listed[:_MAX_TOLD]
    rows.problems.tell(f"of {len(lost):,} places strikes: {', '.join(listed)}{more}")


def _ids(rows: UserRows) -> tuple[str, ...]:
    """Return the id of each row's scenario; without such a column rows of a name are of one."""
    label = rows.labels.get("probability_30y", "")
    if label and not _YEARS.search(plain(label)):
        parts = "in %" if PART.stated(label)[1] else "0 to 1"
        what = f"column {shown(label)} is read as the probability within 30 years"
        rows.problems.tell(f"{what}, {parts}")
    if rows.has("scenario_id"):
        return rows.ids("scenario_id", needed="give each row the id of its scenario")
    number: dict[str, int] = {}
    for row, name in enumerate(rows.names("name")):
        if not name:
            rows.note(row, "name", "is empty; give each row the name of its scenario")
        number.setdefault(name, len(number) + 1)
    return tuple(f"scenario-{number[name]:04d}" for name in rows.texts("name"))


def _in_municipalities(rows: UserRows) -> bool:
    """Tell whether a table is one of municipalities or one of ruptures, or refuse it."""
    note = functools.partial(rows.problems.add, 0)
    if rows.has("municipality_code"):
        if rows.has("moment_magnitude"):
            note("", "has municipality_code and moment_magnitude; give one file for each kind")
        elif any(map(rows.has, _EFFECTS)):
            return True
        else:
            note("", "no column for probability_down or intensity; give one of the two")
    elif any(map(rows.has, _RUPTURE_FIELDS)):
        missing = [field for field in _RUPTURE_FIELDS if not rows.has(field)]
        for field in missing:
            note("", f"no column for {field}; a rupture needs it")
        for field in filter(rows.has, _EFFECTS):
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


@dataclass(frozen=True, eq=False)
class _Scenarios:
    """The m scenarios of a file, before n sites.

    `position` tells which of the scenarios, named by `ids`, each row belongs to; `sites` are a
    frame with `lat_deg`, `lon_deg`, `municipality_code`, and `arv` where known.
    """

    rows: UserRows
    ids: tuple[str, ...]
    position: NDArray[np.int64]
    sites: pd.DataFrame

    def events(self, basis: str) -> pd.DataFrame:
        """List the scenarios; `basis` is the name of their file.

        `event_id` is ``user_`` and the scenario's id, `source_id` that too, or ``usergroup_`` and
        the group's name; `source_probability_30y` is the sum over the group. Probabilities are NaN
        where none is given. Names are the user's words, not escaped in any way; without any name
        the id stands for the English one, and the Japanese one is empty.
        """
        rows, ids = self.rows, self.ids
        own_name, name_en, name_ja = (
            self._one(field, rows.names(field), "") for field in ("name", "name_en", "name_ja")
        )
        group = self._one("group", rows.ids("group"), "")
        given = rows.numbers("probability_30y", 0.0, 1.0).tolist()
        probability = np.array(self._one("probability_30y", given, np.nan), dtype=float)
        self._check_groups(group, probability)
        event_id = [f"{_EVENT_PREFIX}{scenario}" for scenario in ids]
        source = [
            f"{_GROUP_PREFIX}{name}" if name else event
            for name, event in zip(group, event_id, strict=True)
        ]
        summed = (
            pd.Series(probability).groupby(source).transform(lambda each: each.sum(skipna=False))
        )
        names = list(zip(own_name, name_en, name_ja, ids, strict=True))
        return event_table(
            "user",
            event_id,
            [en or own or ja or scenario for own, en, ja, scenario in names],
            [ja or own for own, _, ja, _ in names],
            probability,
            basis,
            source_id=source,
            source_probability_30y=np.minimum(summed.to_numpy(), 1.0),
        )

    def _one(self, field: str, values: Sequence[Value], missing: Value) -> list[Value]:
        """Return the one value that the rows of each scenario give it, noting those that disagree.

        Empty and NaN say nothing, and other rows may still; `missing` is where none does.
        """
        found: list[Value] = [missing] * len(self.ids)
        first: dict[int, int] = {}
        for row, (value, at) in enumerate(zip(values, self.position.tolist(), strict=True)):
            if value == "" or pd.isna(value):
                continue
            if at not in first:
                first[at], found[at] = row, value
            elif value != found[at]:
                other = f"{_as_text(found[at])}, as {self.rows.called(first[at])} has it"
                what = f"{_as_text(value)} is not {other} for scenario {self._called(at)}"
                self.rows.note(row, field, f"{what}; give a scenario one {field}")
        return found

    def _called(self, scenario: int) -> str:
        """Return what the file calls a scenario: its id, or where it gives none its name."""
        if self.rows.has("scenario_id"):
            return shown(self.ids[scenario])
        return shown(self.rows.texts("name")[self._first_row(scenario)])

    def _first_row(self, scenario: int) -> int:
        return int(np.flatnonzero(self.position == scenario)[0])

    def _check_groups(self, group: list[str], probability: Floats) -> None:
        """Note groups whose probabilities sum above 1, and those that have only some of them."""
        for name in dict.fromkeys(filter(None, group)):
            members = np.array([at for at, one in enumerate(group) if one == name])
            missing = np.isnan(probability[members])
            if missing.any() and not missing.all():
                self.rows.note(
                    self._first_row(members[missing][0]),
                    "probability_30y",
                    f"is missing, while other alternatives of group {shown(name)} have one; give "
                    "all of them one, or none",
                )
            total = float(np.nansum(probability[members]))
            if total > 1.0 + _HAIR:
                self.rows.note(
                    self._first_row(members[-1]),
                    "probability_30y",
                    f"the {len(members)} alternatives of group {shown(name)} sum to {total:g}; "
                    "allowed: up to 1",
                )

    def _note_repeats(self, keys: Iterable[object], field: str, what: str) -> None:
        """Note rows whose key an earlier row of the same scenario has; None is no key."""
        position = self.position.tolist()
        of_scenario = (
            None if key is None else (at, key) for at, key in zip(position, keys, strict=True)
        )
        for row, earlier in self.rows.repeats(of_scenario):
            value = f"{shown(self.rows.texts(field)[row])} " if self.rows.has(field) else ""
            same = f"in the same scenario {self._called(position[row])}"
            message = f"{value}is {what} {earlier} again, {same}; keep one of the two"
            self.rows.note(row, field, message)

    def polygons(self, geometry: NDArray[np.object_]) -> tuple[Floats, Floats]:
        """Return intensity and loss of each site by the polygons it stands in, shape (n, m).

        A site on a border is inside. Where polygons of one scenario overlap the largest value
        counts: polygons that say the same act as their union. Borders run straight in longitude
        and latitude between their corners, whichever the system of the file.
        """
        rows = self.rows
        down, felt = self._row_effects(otherwise=1.0)
        polygons = np.asarray(shapely.force_2d(geometry), dtype=object)
        allowed = "a polygon or a multipolygon"
        for row, each in enumerate(geometry):
            if wrong := beyond_japan(each) or geometry_flaw(each, "Polygon MultiPolygon", allowed):
                scenario = self._called(self.position[row])
                rows.note(row, "geometry", f"of scenario {scenario} {wrong}")
                polygons[row] = None
        outlines = shapely.to_wkb(shapely.normalize(polygons))
        said = zip(outlines, down.tolist(), felt.tolist(), strict=True)
        keys = (None if line is None else (line, repr(p), repr(i)) for line, p, i in said)
        self._note_repeats(keys, "geometry", "that of")
        lon_lat = self.sites[["lon_deg", "lat_deg"]].to_numpy(dtype=float)
        row, site = shapely.STRtree(shapely.points(lon_lat)).query(polygons, predicate="intersects")
        return self._at_sites(row, site, down, felt)

    def municipalities(self, atlas: Atlas) -> tuple[Floats, Floats]:
        """Return intensity and loss of each site by its municipality, shape (n, m)."""
        rows = self.rows
        down, felt = self._row_effects(otherwise=np.nan)
        codes = _codes(rows, atlas)
        self._note_repeats([code or None for code in codes], "municipality_code", "that of")
        of_row = pd.DataFrame({"code": codes, "row": range(len(codes))})
        of_site = pd.DataFrame({"code": self.sites["municipality_code"].astype(str).to_numpy()})
        pairs = of_row[of_row["code"] != ""].merge(of_site.reset_index(names="site"), on="code")
        return self._at_sites(pairs["row"].to_numpy(), pairs["site"].to_numpy(), down, felt)

    def _row_effects(self, otherwise: float) -> tuple[Floats, Floats]:
        """Return probability of being down and JMA intensity of each row; one of them is NaN.

        `otherwise` is the probability where a row gives neither; NaN if that is a flaw.
        """
        rows = self.rows
        down = rows.numbers("probability_down", 0.0, 1.0)
        intensity = rows.numbers("intensity", 0.0, _LARGEST_INTENSITY)
        given = np.array([list(map(bool, rows.said(field))) for field in _EFFECTS]).sum(axis=0)
        for row in np.flatnonzero(given == 2):
            rows.note(row, "", "gives both probability_down and intensity; give one of the two")
        for row in np.flatnonzero(given == 0) if np.isnan(otherwise) else ():
            rows.note(row, "", "gives neither probability_down nor intensity; give one of the two")
        return np.where(given == 0, otherwise, down), intensity

    def _at_sites(
        self, row: NDArray[np.int64], site: NDArray[np.int64], down: Floats, felt: Floats
    ) -> tuple[Floats, Floats]:
        """Return intensity and loss of the sites that rows strike; ``-inf`` and 0 elsewhere."""
        shape = (len(self.sites), len(self.ids))
        intensity, lost = np.full(shape, -np.inf), np.zeros(shape)
        where = (site, self.position[row])
        np.maximum.at(lost, where, np.nan_to_num(down[row]))
        np.maximum.at(intensity, where, np.nan_to_num(felt[row], nan=-np.inf))
        return intensity, lost

    def ruptures(self, atlas: Atlas) -> Floats:
        """Return the median JMA intensity of each rupture at each site, shape (n, m).

        However weak: unlike the shipped cases nothing is cut off below 5.0. All ``-inf`` if
        anything about the planes is wrong.

        The nearest point of all planes of a scenario counts as the distance, and their mean depth,
        weighted by area, as the depth. The amplification is the site's `arv`, or the median over
        its municipality, which mountains pull down: a hub on lowland is shaken more (0.3 of an
        intensity for an `arv` of 1.2 in place of 0.8).

        Raises
        ------
        DisastersError
            If the amplification of a site's municipality is not known and the site has none.
        """
        rows = self.rows
        before = len(rows.problems)
        planes = {
            field: rows.numbers(field, low, high, needed=True)
            for field, (low, high) in _PLANE_RANGES.items()
        }
        given = rows.numbers("moment_magnitude", *_MAGNITUDES, needed=True).tolist()
        magnitude = self._one("moment_magnitude", given, np.nan)
        kind = self._one("source_type", rows.choices("source_type", tuple(SourceType)), "")
        self._note_repeats(
            zip(*map(np.ndarray.tolist, planes.values()), strict=True), "", "the plane of"
        )
        intensity = np.full((len(self.sites), len(self.ids)), -np.inf)
        if len(rows.problems) > before:
            return intensity
        amplification = _amplification(self.sites, atlas)[:, None]
        lat, lon = (self.sites[axis].to_numpy(dtype=float) for axis in ("lat_deg", "lon_deg"))
        for at in range(len(self.ids)):
            here = self.position == at
            source = FaultPlanes(**{field: values[here] for field, values in planes.items()})
            nearest = rupture_distance_km(lat, lon, source).min(axis=1, keepdims=True)
            area = source.length_km * source.width_km
            weights = area if area.sum() > 0.0 else None
            depth = np.average(source.mean_depth_km, weights=weights)
            intensity[:, [at]] = jma_intensity(
                magnitude[at], depth, nearest, kind[at], amplification
            )
        return intensity


def beyond_japan(geometry: shapely.Geometry | None) -> str:
    """Return how a polygon leaves Japan and the sea about it, else nothing."""
    if geometry is None or geometry.is_empty:
        return ""
    west, south, east, north = geometry.bounds
    # What cannot be brought to degrees has infinite corners.
    if _within(_LATITUDES_DEG, south, north) and _within(_LONGITUDES_DEG, west, east):
        return ""
    if _within(_LATITUDES_DEG, west, east) and _within(_LONGITUDES_DEG, south, north):
        return "has latitude and longitude swapped; swap them"
    return (
        f"reaches from latitude {south:.6g} to {north:.6g} and longitude {west:.6g} to "
        f"{east:.6g}, out of Japan; allowed: latitude {_LATITUDES_DEG[0]:g} to "
        f"{_LATITUDES_DEG[1]:g}, longitude {_LONGITUDES_DEG[0]:g} to {_LONGITUDES_DEG[1]:g}; "
        "check the coordinate reference system"
    )


def _within(bounds: tuple[float, float], low: float, high: float) -> bool:
    return bool(bounds[0] <= low <= high <= bounds[1])


def _codes(rows: UserRows, atlas: Atlas) -> list[str]:
    """Return the codes as the atlas writes them, empty where they are unknown."""
    known = set(atlas.table("municipalities").index.astype(str))
    city_of_ward = atlas.table("seismic_hazard_by_ward")["municipality_code"]
    codes = []
    for row, text in enumerate(rows.texts("municipality_code")):
        code = f"0{text}" if _WITHOUT_ZERO.fullmatch(text) else text
        if code not in known:
            rows.note(row, "municipality_code", _unknown(code, known, city_of_ward))
        codes.append(code if code in known else "")
    return codes


def _unknown(code: str, known: set[str], city_of_ward: pd.Series) -> str:
    allowed = "allowed: the five digits of one of the municipalities of 2020, such as 01100"
    if not code:
        return f"is empty; {allowed}"
    if code in city_of_ward.index:
        return f"{shown(code)} is a ward; give its city, {city_of_ward[code]}"
    if len(code) == 6 and code[:5] in known:
        return f"{shown(code)} ends in a check digit; give {code[:5]}"
    return f"{shown(code)} is no municipality; {allowed}"


def _amplification(sites: pd.DataFrame, atlas: Atlas) -> Floats:
    """Return each site's amplification from engineering bedrock, shape (n,)."""
    codes = sites["municipality_code"].to_numpy(dtype=object)
    found = (
        atlas.table("seismic_hazard_by_municipality")["arv_median"]
        .reindex(codes)
        .to_numpy(dtype=float)
    )
    if "arv" in sites:
        own = sites["arv"].to_numpy(dtype=float)
        found = np.where(np.isnan(own), found, own)
    unknown = np.flatnonzero(~(found > 0.0))
    if unknown.size:
        names = atlas.table("municipalities")["name_ja"].reindex(codes[unknown[:1]])
        raise DisastersError(
            Problem(
                "seismic_hazard_by_municipality",
                "arv_median",
                f"the soil of {names.iloc[0]} ({codes[unknown[0]]}), where site "
                f"{sites.index[unknown[0]]} stands, is not known; give the site its own arv",
            )
        )
    return np.asarray(found, dtype=np.float64)


def _as_text(value: str | float) -> str:
    return shown(value) if isinstance(value, str) else f"{value:g}"
