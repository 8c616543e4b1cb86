"""Submarine cables: the JSON of public cable maps, in the layouts of 2021 (v2) and since (v3).

A file is a cable with its landing points, landing points with their positions, a country's list of
cables, or GeoJSON of courses, whose ends tell the landings of a cable without a file of its own;
the courses themselves are drawn by the publisher and not taken. A cable or a landing that is known
keeps its id, so that clusters and segments still fit it: a landing by its name, or within
:data:`SAME_LANDING_KM`. A cable never goes back in its life: an old map does not raise the retired.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from dcsite.atlas.atlas import CRS
from dcsite.atlas.check import METRIC
from dcsite.geo.geodesy import geodesic_km

from .reading import Reading, described, letters

#: Known points are of districts and town offices: tens of kilometres, their table says.
SAME_LANDING_KM = 20.0
_INLAND_KM = 5.0
_UNCERTAINTY_KM = 10.0
#: A course ends at its landing points but for some metres.
_END_KM = 1.0
_KEY = "cable-map"


@dataclass
class _Map:
    """What the files say together, by the publisher's ids."""

    cables: dict[str, dict[str, Any]] = field(default_factory=dict)
    points: dict[str, dict[str, Any]] = field(default_factory=dict)
    courses: dict[str, dict[str, Any]] = field(default_factory=dict)
    listed: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[str, object] = field(default_factory=dict)


def read_cables(reading: Reading) -> dict[str, pd.DataFrame]:
    """Turn the cables that land in Japan into rows, with new landings."""
    given = _Map()
    for number, file in enumerate(reading.files):
        answer = reading.json(file)
        if answer is not None and not _take(reading, number, answer, given):
            reading.unused.add(file)
    _by_courses(given)
    lands = _Landings(reading, given.points)
    rows = _cables(reading, given, lands)
    if rows.empty or reading.problems:
        return {}
    return {"submarine_cables": rows, "cable_landing_stations": lands.new()}


def _take(reading: Reading, number: int, answer: Any, given: _Map) -> bool:
    """Take what a file holds; False where it is of no use, as a list of bare names."""
    file = reading.files[number]
    if isinstance(answer, dict) and "landing_points_in_country" in answer:
        if answer.get("id") == "japan" and isinstance(answer.get("cables"), list):
            cables = [one for one in answer["cables"] if isinstance(one, dict)]
            given.listed |= {str(one.get("id")): one for one in cables}
        return answer.get("id") == "japan"
    records: Any = answer.get("features", answer) if isinstance(answer, dict) else answer
    useful = False
    listing: list[Any] = records if isinstance(records, list) else [records]
    for record in listing:
        own: Any = record.get("properties", record) if isinstance(record, dict) else None
        if not isinstance(own, dict):
            reading.wrong(file, None, "", f"{str(record)[:60]!r} is no object")
            return False
        key = str(own.get("id", own.get("slug")))
        shape = record.get("geometry")
        shape = shape if isinstance(shape, dict) else {}
        form, drawn = str(shape.get("type")), shape.get("coordinates")
        drawn = drawn if isinstance(drawn, list) else []
        if isinstance(own.get("landing_points"), list) and ("rfs" in own or "length" in own):
            if reading.once(file, key, own, given.seen):
                given.cables[key] = own | {"file": number}
        elif form.endswith("LineString"):
            lines = [drawn] if form == "LineString" else drawn
            given.courses[key] = own | {"lines": lines, "file": number}
        elif form == "Point" or "latitude" in own:
            lon, lat = (*drawn, None, None)[:2]
            ends = (own.get("latitude", lat), own.get("longitude", lon))
            point = given.points.setdefault(key, own | {"ends": ends, "file": number})
            apart_km = geodesic_km(*_degrees(ends), *_degrees(point["ends"]))
            if apart_km > _END_KM:
                reading.wrong(file, None, key, f"stands elsewhere too, {apart_km:.0f} km away")
        else:
            continue
        useful = True
    return useful


def _by_courses(given: _Map) -> None:
    """Give cables without a file of their own the landing points at which their courses end."""
    keys = np.array(list(given.points))
    lats, lons = np.array(
        [_degrees(one["ends"]) for one in given.points.values()], dtype=float
    ).reshape(-1, 2).T  # fmt: skip
    for key in sorted(given.courses.keys() - given.cables.keys()):
        lines = [line for line in given.courses[key]["lines"] if isinstance(line, list) and line]
        ends = [_degrees(line[at][1::-1]) for line in lines for at in (0, -1)
                if isinstance(line[at], list)]  # fmt: skip
        lat, lon = np.array(ends, dtype=float).reshape(-1, 2).T
        away_km = geodesic_km(lat[:, None], lon[:, None], lats[None], lons[None])
        touched = keys[(away_km <= _END_KM).any(axis=0)]
        points = [{"id": one, "name": given.points[one].get("name")} for one in touched]
        stated = given.listed.get(key, {"bare": True})
        given.cables[key] = given.courses[key] | stated | {"landing_points": points}


def _degrees(pair: Any) -> tuple[float, float]:
    """Return a latitude and a longitude, NaN where they are none: those used are told later."""
    try:
        lat, lon = (float(value) for value in pair)
    except (TypeError, ValueError, OverflowError):
        return np.nan, np.nan
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else (np.nan, np.nan)


def _cables(reading: Reading, given: _Map, lands: _Landings) -> pd.DataFrame:
    """Turn cables into rows, and tell what was left out or has changed."""
    told = defaultdict[str, list[str]](list)
    table = reading.atlas.table("submarine_cables").reset_index()
    shipped = [{str(name): cell for name, cell in row.items()} for row in table.to_dict("records")]
    known = {alias: row for row in shipped for alias in _own_names(row)}
    rows: dict[str, dict[str, Any]] = {}
    abroad = 0
    for key, cable in given.cables.items():
        points = [point for point in cable["landing_points"] if isinstance(point, dict)]
        codes = list(map(lands.country, points))
        if "JP" not in codes:
            abroad += 1
            continue
        stated = reading.fields(
            reading.files[cable["file"]], key, cable, described("submarine-cables")["columns"]
        )
        if stated is None:
            continue
        name = stated["name"]
        found = [known[alias] for alias in _aliases(key, name) if alias in known]
        old = next((one for one in found if one["cable_id"] not in rows), {})
        there = [code for code in dict.fromkeys(codes) if code != "JP"]
        told["unknown"] += [code for code in there if len(code) > 2]
        lead = lands.directions(there) if there else ["domestic"]
        lead = lead or [one for one in [old.get("directions")] if one]
        if not lead or (cable.get("bare") and not old):
            told["bare" if lead else "nowhere"].append(name)
            continue
        paired = list(zip(points, codes, strict=True))
        home = [point for point, code in paired if code == "JP"]
        towns = [
            re.split("[,;]", f"{point.get('name')}")[0] for point, code in paired if code != "JP"
        ]
        landings = ";".join(lands.of(cable, home, told)) or old.get("japan_landings")
        sources = [one for one in [old.get("source_keys")] if one and _KEY not in one]
        length_km = _length_km(reading, key, cable)
        row = old | {
            "cable_id": old.get("cable_id") or _slug(key),
            "name": old.get("name") or name,
            "kind": "international" if there else "domestic",
            "length_km": old.get("length_km") if length_km is None else length_km,
            "japan_landings": landings,
            "other_landing_points": ";".join(towns),
            "other_countries": ";".join(code for code in there if len(code) == 2) or "JP",
            "directions": ";".join(lead),
            "source_keys": ";".join([*sources, _KEY]),
            "file": cable["file"],
        }
        if not cable.get("bare"):
            row |= _state(cable, stated, old, reading.today.year, told)
        rows[row["cable_id"]] = row
    if given.listed:
        names = {key: str(one.get("name")) for key, one in given.listed.items()}
        told["unread"] = [name for key, name in names.items() if key not in given.cables]
        ids = {alias for key, name in names.items() for alias in _aliases(key, name)}
        told["unlisted"] = [row["name"] for row in shipped if row["status"] == "in_service"
                            and ids.isdisjoint(_own_names(row))]  # fmt: skip
    reading.note(abroad, "cables.abroad")
    for what, named in told.items():
        reading.note(named, f"cables.{what}")
    return pd.DataFrame(list(rows.values()))


def _state(
    cable: Mapping[str, Any],
    stated: Mapping[str, Any],
    old: Mapping[str, Any],
    this_year: int,
    told: defaultdict[str, list[str]],
) -> dict[str, Any]:
    """Return status and year of a file, unless a later state is known."""
    year = stated["rfs_year"]
    if year is None and (words := re.search(r"(19|20)\d\d", stated["rfs"] or "")):
        year = int(words[0])
    planned = cable.get("is_planned")
    if not isinstance(planned, bool):  # layouts before 2022 do not say
        planned = year is None or year >= this_year
    before, now = old.get("status"), "planned" if planned else "in_service"
    if before and described("submarine-cables")["life"].index(now) < described("submarine-cables")[
        "life"
    ].index(before):
        told["kept"].append(f"{old['name']} ({before}; file: {now})")
        return {}
    row = {"status": now, "status_check": "listed", "rfs_year": year or old.get("rfs_year")}
    if before == now:
        row["status_check"] = old["status_check"]
    elif before:
        told["changed"].append(f"{old['name']} ({before} to {now})")
    return row


def _own_names(row: Mapping[str, Any]) -> set[str]:
    return {letters(row["cable_id"]), letters(row["name"])}


def _aliases(key: str, name: str) -> list[str]:
    """Return what a cable may be known as: id, name, its letters in brackets, without ``cable``."""
    bare = re.sub(r"\(.*?\)", "", name)
    short = re.sub(r"[ -]+(cable system|cable network|cable)\s*$", "", bare, flags=re.IGNORECASE)
    return list(map(letters, [key, key.removesuffix("-cable"), name, bare, short,
                              *re.findall(r"\((.*?)\)", name)]))  # fmt: skip


def _length_km(reading: Reading, key: str, cable: Mapping[str, Any]) -> float | None:
    """Return a length such as ``12,700 km``; None where there is none."""
    length = cable.get("length")
    if length is None or str(length).strip().lower() in {"", "n.a."}:
        return None
    found = re.fullmatch(r"([\d,]*\d(?:\.\d+)?) *(?:km)?", str(length).strip())
    if found is None:
        wrong = f"{str(length)[:40]!r} is no length in km, such as '12,700 km'"
        reading.wrong(reading.files[cable["file"]], None, f"{key}, length", wrong)
        return None
    return float(found[1].replace(",", ""))


def _undecided(point: Mapping[str, Any]) -> bool:
    return str(point.get("is_tbd")).lower() == "true" or "t.b.d" in str(point.get("name")).lower()


class _Landings:
    """The known landings, new ones as cables need them, and the countries at the other ends."""

    def __init__(self, reading: Reading, points: Mapping[str, Mapping[str, Any]]) -> None:
        self._reading, self._points = reading, points
        self._known = reading.atlas.table("cable_landing_stations")
        self._names = {letters(name): str(key) for key, name in self._known["name_en"].items()}
        self._names |= {letters(str(key)): str(key) for key in self._known.index}
        self._found: dict[str, str | None] = {}
        self._new: dict[str, dict[str, Any]] = {}
        countries = reading.atlas.table("cable_countries")
        self._leads = {str(code): to for code, to in countries["direction"].dropna().items()}
        self._codes = {"japan": "JP"}
        for code, row in countries.iterrows():
            written = str(row["written_as"]).split("|") if pd.notna(row["written_as"]) else []
            names = [str(code), row["name_en"], row["name_ja"], *written]
            self._codes |= {letters(name): str(code) for name in names}

    def country(self, point: Mapping[str, Any]) -> str:
        """Return the code of a landing point's country; its name where that is not known."""
        parts = [part.strip() for part in str(point.get("name")).split(",")]
        for name in (", ".join(parts[-2:]), point.get("country"), parts[-1]):
            if name and letters(str(name)) in self._codes:
                return self._codes[letters(str(name))]
        return str(point.get("country") or f"({parts[-1]})")

    def directions(self, codes: list[str]) -> list[str]:
        """Return the directions of countries, in the order of `cable_corridors`."""
        led = {self._leads[code] for code in codes if code in self._leads}
        if "europe_via_south" in led and "southeast_asia" not in led:
            led = led - {"europe_via_south"} | {"arctic_europe"}
        return [
            str(one) for one in self._reading.atlas.table("cable_corridors").index if one in led
        ]

    def of(
        self,
        cable: Mapping[str, Any],
        home: list[dict[str, Any]],
        told: defaultdict[str, list[str]],
    ) -> list[str]:
        """Return the ids of a cable's landings in Japan, as far as their places are known."""
        ids: dict[str, None] = {}
        for point in home:
            key = str(point.get("id"))
            if _undecided(point) or _undecided(self._points.get(key, {})):
                told["undecided"].append(f"{cable.get('name')}: {point.get('name')}")
                continue
            if key not in self._found:
                self._found[key] = self._find(cable["file"], key, point)
            if (found := self._found[key]) is None:
                told["lost"].append(str(point.get("name")))
            else:
                ids[found] = None
        return list(ids)

    def _find(self, number: int, key: str, point: Mapping[str, Any]) -> str | None:
        reading, stated = self._reading, self._points.get(key, {})
        name = re.sub(r",\s*Japan\s*$", "", str(point.get("name") or stated.get("name") or key))
        ends = stated.get("ends") or (*str(point.get("latlon", "")).split(","), None)[:2]
        file = reading.files[stated.get("file", number)]
        at = reading.position(file, key, *(end or None for end in ends))
        alike = self._names.get(letters(name))
        if at is None:
            town = reading.town(name)
            if alike is not None or town is None:
                return alike
            at = town[1:]
        away_km = pd.Series(
            geodesic_km(*at, self._known["lat_deg"].to_numpy(), self._known["lon_deg"].to_numpy()),
            index=self._known.index.astype(str),
        )
        if alike is not None and away_km[alike] <= 2 * SAME_LANDING_KM:
            return alike
        if away_km.min() <= SAME_LANDING_KM:
            return str(away_km.idxmin())
        short = _slug(key.removesuffix("-japan"))
        new = short if short not in away_km.index else _slug(key)
        self._new[new] = {
            "landing_id": new, "name_en": name, "lat_deg": at[0], "lon_deg": at[1], "file": number
        }  # fmt: skip
        return new

    def new(self) -> pd.DataFrame:
        """Return the landings that were not known."""
        reading = self._reading
        if not self._new:
            return pd.DataFrame()
        fresh = reading.located(pd.DataFrame(list(self._new.values())))
        reading.refuse_abroad(fresh)
        reading.refuse()
        towns = reading.atlas.table("municipalities").loc[fresh["municipality_code"]]
        land = reading.atlas.polygons("prefecture_polygons").to_crs(METRIC).union_all()
        points = gpd.GeoSeries.from_xy(fresh["lon_deg"], fresh["lat_deg"], crs=CRS).to_crs(METRIC)
        inland_km = points.distance(land.boundary).where(points.within(land), 0.0) / 1e3
        far = inland_km > _INLAND_KM
        names = fresh["name_en"] + inland_km.map(" ({:.0f} km)".format)
        reading.note(names[far], "cables.inland")
        reading.note(fresh["name_en"], "cables.new")
        return fresh.drop(columns=["prefecture_ja", "area"]).assign(
            name_ja=towns["name_ja"].to_numpy(),
            municipality_ja=towns["name_ja"].to_numpy(),
            pref_code=towns["pref_code"].to_numpy(),
            prefecture_en=towns["pref_name_en"].to_numpy(),
            precision="municipality",
            uncertainty_km=inland_km.clip(lower=_UNCERTAINTY_KM).round(),
            coordinate_basis="point of an imported cable map",
        )


def _slug(text: str) -> str:
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")
