"""Substations, power lines and data centres of OpenStreetMap, as the Overpass API answers in JSON.

Voltages are tagged in volts, several joined by ``;``. Mappers at times write kilovolts: a value
below 1,000 counts as such where Japan's grid has that level, else as the volts of a railway.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import shapely

from dcsite.geo.geodesy import geodesic_km

from .data_centres import data_centre_table
from .reading import Reading, described

_FORM = described("overpass")
_LEVELS_KV = {60, 66, 70, 77, 100, 110, 132, 154, 187, 200, 220, 250, 275, 500}
_LINES_KV = {154, 187, 200, 220, 250, 275, 500}
_LEAST_KV = 60.0
_SIMPLIFIED_DEG = 0.004
#: Keys a data centre is tagged with; one to be built is a building under construction.
_DATA_CENTRE = ("telecom", "building", "construction", "man_made")
_TYPES = ("node", "way", "relation")


def read_overpass(reading: Reading) -> dict[str, pd.DataFrame]:
    """Turn elements into substations of 60 kV and above and lines of 154 kV and above."""
    nodes: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    centres: list[dict[str, Any]] = []
    left_out = 0
    for number, place, element in _elements(reading):
        file, tags = reading.files[number], element.get("tags")
        tags = {key: str(value) for key, value in tags.items()} if isinstance(tags, dict) else {}
        power, levels = tags.get("power"), voltages_kv(tags.get("voltage", ""))
        if "data_center" in {tags.get(key) for key in _DATA_CENTRE}:
            centres += _data_centre(reading, number, place, element, tags)
            continue
        try:
            if power == "substation" and levels and levels[0] >= _LEAST_KV:
                nodes.append(_node(element, tags, levels) | {"file": number})
                continue
            if power in {"line", "cable"} and levels and levels[0] in _LINES_KV:
                lines.append(_line(element, tags, levels) | {"file": number})
                continue
        except (LookupError, TypeError, ValueError, OverflowError, shapely.GEOSException):
            ask = "center" if power == "substation" else "geom"
            wrong = f"has no position or course; ask Overpass for: out {ask} tags;"
            reading.wrong(file, None, place, wrong)
            continue
        if power in {"substation", "line", "cable"}:
            left_out += 1
    reading.note(left_out, "overpass.voltage")
    tables = {"substations": pd.DataFrame(nodes), "transmission_lines": pd.DataFrame(lines)}
    found = {
        name: reading.in_japan(frame, "overpass.abroad")
        for name, frame in tables.items()
        if len(frame)
    }
    if centres and not reading.problems:
        found["data_centres_existing"] = data_centre_table(reading, pd.DataFrame(centres))
    if "substations" in found:
        _own(reading, found["substations"])
    if "transmission_lines" in found:
        found["transmission_lines"] = found["transmission_lines"].rename(
            columns={"prefecture_ja": "prefecture_mid_ja"}
        )
        reading.note(1, "overpass.replaces")
    return found


def voltages_kv(tag: str) -> list[float]:
    """Return the levels of a voltage tag in kV, the highest first, without what is no number."""
    found = set()
    for part in re.split("[;,/]", tag):
        try:
            value = float(part)
        except ValueError:
            continue
        found.add(value if value < 1000 and value in _LEVELS_KV else value / 1e3)
    return sorted(found, reverse=True)


def _elements(reading: Reading) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Give each element once; overlapping extracts hold the same, others are told."""
    seen: dict[str, object] = {}
    for number, file in enumerate(reading.files):
        answer = reading.json(file)
        elements = answer.get("elements") if isinstance(answer, dict) else None
        if not isinstance(elements, list):
            if answer is not None:
                reading.wrong(file, None, "elements", 'is missing; ask Overpass with "[out:json]"')
            continue
        if "error" in str(answer.get("remark", "")):
            wrong = f"the server gave up ({str(answer['remark'])[:80]}); ask for less or wait"
            reading.wrong(file, None, "remark", wrong)
        for element in elements:
            if not isinstance(element, dict):
                continue
            place = f"{element.get('type')} {element.get('id')}"
            if element.get("type") not in _TYPES or not isinstance(element.get("id"), int):
                reading.wrong(file, None, place, "is no element with a type and an id")
            elif reading.once(file, place, element, seen):
                yield number, place, element


def _data_centre(
    reading: Reading, number: int, place: str, element: dict[str, Any], tags: dict[str, str]
) -> list[dict[str, Any]]:
    file = reading.files[number]
    point = element if element["type"] == "node" else element.get("center")
    point = point if isinstance(point, dict) else {}
    at = reading.position(file, place, point.get("lat"), point.get("lon"))
    if at is None:
        if "lat" not in point:
            reading.wrong(file, None, place, "has no position; ask Overpass for: out center tags;")
        return []
    year = re.match(r"(1[89]|20)\d\d", tags.get("start_date", ""))
    operator = tags.get("operator", "")
    building = "construction" in {tags.get("building"), tags.get("telecom")}
    return [
        {
            "dc_id": f"OSM-{element['type'][0]}{element['id']}",
            "name": tags.get("name:en") or tags.get("name") or operator or f"(no name) {place}",
            "operator": operator,
            "kind": "unspecified",
            "lat_deg": at[0],
            "lon_deg": at[1],
            "coordinate_basis": "the element's middle in OpenStreetMap",
            "precision": "oaza",
            "status_at_source_date": "under_construction" if building else "in_service",
            "year": int(year[0]) if year else None,
            "source_url": f"https://www.openstreetmap.org/{place.replace(' ', '/')}",
            "source_date": reading.today.isoformat(),
            "note": "",
            "file": number,
        }
    ]


def _node(element: dict[str, Any], tags: dict[str, str], levels: list[float]) -> dict[str, Any]:
    point = element if "lat" in element else element["center"]
    name = tags.get("name:ja") or tags.get("name", "")
    operator = tags.get("operator:ja") or tags.get("operator", "")
    category = _FORM["categories"].get(tags.get("substation", ""), "unspecified")
    owner = next((key for key, words in _FORM["owners"].items() if re.search(words, operator)), "")
    category = "traction" if owner == "railway" else category
    return {
        "substation_id": f"OSM-{element['type'][0]}{element['id']}",
        "name_ja": name,
        "name_en": tags.get("name:en", ""),
        "voltage_kv": levels[0],
        "voltage_levels_kv": ";".join(f"{level:g}" for level in levels),
        "lat_deg": round(float(point["lat"]), 5),
        "lon_deg": round(float(point["lon"]), 5),
        "owner_group": owner,
        "operator_ja": operator,
        "category": category,
        "grid_node": int(category not in _FORM["no_grid_node"]),
        "frequency_hz": tags.get("frequency", ""),
        "voltage_source": "osm_tag",
        "name_source": "osm" if name or tags.get("name:en") else "unnamed",
        "osm_type": element["type"],
        "osm_id": str(element["id"]),
    }


def _line(element: dict[str, Any], tags: dict[str, str], levels: list[float]) -> dict[str, Any]:
    path = [(float(one["lon"]), float(one["lat"])) for one in element["geometry"] if one]
    lon, lat = np.array(path).T
    simple = shapely.LineString(path).simplify(_SIMPLIFIED_DEG)
    middle = simple.interpolate(0.5, normalized=True)
    return {
        "line_id": f"OSM-{element['type'][0]}{element['id']}",
        "voltage_kv": levels[0],
        "name_ja": tags.get("name:ja") or tags.get("name", ""),
        "length_km": round(float(geodesic_km(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum()), 2),
        "path_lon_lat": "|".join(f"{x:.3f} {y:.3f}" for x, y in simple.coords),
        "lat_deg": middle.y,
        "lon_deg": middle.x,
    }


def _own(reading: Reading, nodes: pd.DataFrame) -> None:
    """Give nodes their shipped ids, and the network company that their operator names."""
    shipped = reading.atlas.table("substations").reset_index().dropna(subset=["osm_id"])
    ids = dict(shipped.set_index(["osm_type", "osm_id"])["substation_id"])
    nodes["substation_id"] = [
        ids.get((row.osm_type, row.osm_id), row.substation_id) for row in nodes.itertuples()
    ]
    companies = reading.atlas.table("network_companies")
    for names, group in zip(companies["written_as"], companies["owner_group"], strict=True):
        written = "|".join(map(re.escape, names.split("|")))
        named = nodes["operator_ja"].str.contains(written, case=False)
        nodes.loc[named & (nodes["owner_group"] == ""), "owner_group"] = group
    others = (nodes["operator_ja"] != "") & (nodes["owner_group"] == "")
    nodes.loc[others, "owner_group"] = "other"
