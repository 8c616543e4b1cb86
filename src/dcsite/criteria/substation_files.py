"""A user's own connection points, and what she knows of their capacity: two CSV files.

``--substations`` adds points, corrects and forbids them; ``--headroom`` says what points can bear.
Both name what they change; every flaw is told with its row and column, and nothing is half taken.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dcsite.atlas.atlas import JAPAN_BOX_DEG
from dcsite.errors import SubstationsError
from dcsite.geo.geodesy import geodesic_km
from dcsite.sites.reader import NO_VALUE, FileForm, UserRows, read_rows, shown

if TYPE_CHECKING:
    import pandas as pd

#: A position this near to a point means that point, in km.
_SAME_POINT_KM = 1.0
_WEST, _SOUTH, _EAST, _NORTH = JAPAN_BOX_DEG
_CONNECTIONS = ("any", "regional_only", "none")
_BAND = re.compile(r"([0-9.]+)\s*(?:MW)?\s*(?:[-~–〜]|to)\s*([0-9.]+)\s*(?:MW)?", re.IGNORECASE)
_FROM = re.compile(r"([0-9.]+)\s*(?:MW)?\s*(?:\+|以上|and more|or more)", re.IGNORECASE)
_POINTS_FILE, _HEADROOM_FILE = (
    FileForm.of("criteria", form, SubstationsError) for form in ("points", "headroom")
)


def with_own_points(nodes: pd.DataFrame, path: str | Path) -> pd.DataFrame:
    """Add, correct and forbid points by a user's file.

    A row with the id of a mapped node corrects what it gives (position, name, `voltage_kv`,
    `connection`: any, regional_only or none); another id is a new point, which needs a position and
    a voltage.

    Raises
    ------
    SubstationsError
        With all problems of the file.
    """
    rows = read_rows(Path(path), _POINTS_FILE)
    ids = rows.ids("substation_id", needed="give a mapped node's id, or a new one")
    for row, earlier in rows.repeats(ids):
        rows.note(row, "substation_id", f"{shown(ids[row])} stands in {earlier} already")
    given = {
        "lat_deg": rows.numbers("lat_deg", _SOUTH, _NORTH),
        "lon_deg": rows.numbers("lon_deg", _WEST, _EAST),
        "voltage_kv": rows.numbers("voltage_kv", 60.0, 1200.0),
    }
    name, name_ja, name_en = (rows.names(field) for field in ("name", "name_ja", "name_en"))
    texts = {
        "name_ja": [ja or own for ja, own in zip(name_ja, name, strict=True)],
        "name_en": list(name_en),
        "connection": [text.casefold() for text in rows.texts("connection")],
    }
    known = set(nodes.index)
    changed = nodes.copy()
    for row, one in enumerate(ids):
        lacking = [field for field, values in given.items() if np.isnan(values[row])]
        if one not in known and lacking:
            listed = ", ".join(lacking)
            rows.note(
                row, "substation_id", f"{shown(one)} is no mapped node; a new one needs {listed}"
            )
            continue
        if texts["connection"][row] not in ("", *_CONNECTIONS):
            what = f"{shown(texts['connection'][row])} is not known"
            rows.note(row, "connection", f"{what}; allowed: {', '.join(_CONNECTIONS)}, or nothing")
            continue
        if one not in known:
            changed.loc[one, ["connection", "area"]] = "any", ""
        for field, values in given.items():
            if not np.isnan(values[row]):
                changed.loc[one, field] = values[row]
        for field, words in texts.items():
            if words[row]:
                changed.loc[one, field] = words[row]
        changed.loc[one, "source"] = Path(path).name
    rows.problems.raise_if_any()
    return changed


def take_headroom(points: pd.DataFrame, path: str | Path, end: str) -> None:
    """Set the capacity of points by a user's file, over all else that is known.

    A row names its point by `substation_id`, by `name`, or by `lat_deg` and `lon_deg`; it gives
    `low_mw`, and `high_mw` where there is one, or a `band` ("50-100", "400+"), and optionally
    `lead_time_years` and `as_of`.

    Parameters
    ----------
    end : str
        Which end of a range counts, ``low`` or ``high``.

    Raises
    ------
    SubstationsError
        With all problems of the file.
    """
    rows = read_rows(Path(path), _HEADROOM_FILE)
    found = _points_meant(rows, points)
    for row, earlier in rows.repeats(one or None for one in found):
        rows.note(row, "substation_id", f"is point {shown(found[row])}, as {earlier} is; keep one")
    low, high = _ranges(rows)
    lead, as_of = rows.numbers("lead_time_years", 0.0, 50.0), rows.names("as_of")
    rows.problems.raise_if_any()
    file = Path(path).name
    for row, one in enumerate(found):
        counts = high[row] if end == "high" and not np.isnan(high[row]) else low[row]
        date = f", {as_of[row]}" if as_of[row] else ""
        columns = ["capacity_mw", "known_en", "known_ja", "lead_time_years", "stated"]
        points.loc[one, columns] = (
            counts, f"the user's file {file}{date}", f"利用者のファイル{file}{date}", lead[row],
            True,
        )  # fmt: skip


def _ranges(rows: UserRows) -> tuple[np.ndarray, np.ndarray]:
    """Return the low and high end of each row in MW; NaN where there is no high end."""
    low, high = rows.numbers("low_mw", 0.0, 20000.0), rows.numbers("high_mw", 0.0, 20000.0)
    for row, text in enumerate(rows.said("band")):
        if text:
            plain = unicodedata.normalize("NFKC", text).replace(",", "").strip()
            span, least = _BAND.fullmatch(plain), _FROM.fullmatch(plain)
            if not (span or least):
                wrong = f"{shown(text)} is no band; allowed: 50-100 or 400+, in MW, or nothing"
                rows.note(row, "band", wrong)
            elif not np.isnan(low[row]):
                rows.note(row, "band", f"{shown(text)} stands beside low_mw; give one of the two")
            else:
                low[row] = float((span or least)[1])  # type: ignore[index]
                high[row] = float(span[2]) if span else np.nan
    flawed = {number for number, _ in rows.problems.listed()}
    for row in range(len(rows)):
        if np.isnan(low[row]) and rows.record_numbers[row] not in flawed:
            rows.note(row, "low_mw", "is empty; allowed: a number from 0 to 20000, or a band")
        elif low[row] > high[row]:
            rows.note(row, "high_mw", f"{high[row]:g} is below low_mw {low[row]:g}")
    return low, high


def _points_meant(rows: UserRows, points: pd.DataFrame) -> list[str]:
    """Return the id of the point each row means, empty where it means none or several."""
    lat, lon = rows.numbers("lat_deg", _SOUTH, _NORTH), rows.numbers("lon_deg", _WEST, _EAST)
    named: dict[str, list[str]] = {}
    for column in ("name_ja", "name_en"):
        for one, name in points[column].dropna().items():
            named.setdefault(_folded(name), []).append(str(one))
    found: list[str] = []
    for row, (one, name) in enumerate(
        zip(rows.said("substation_id"), rows.names("name"), strict=True)
    ):
        meant = ""
        if one:
            meant = one if one in points.index else ""
            if not meant:
                rows.note(row, "substation_id", f"{shown(one)} is no point load can be taken from")
        elif name and name.casefold() not in NO_VALUE:
            same = sorted(set(named.get(_folded(name), [])))
            meant = same[0] if len(same) == 1 else ""
            if not meant:
                listed = (
                    f"means {len(same)} points ({', '.join(same[:5])})"
                    if same
                    else ("is the name of no point load can be taken from")
                )
                rows.note(row, "name", f"{shown(name)} {listed}; give its substation_id")
        elif np.isnan(lat[row]) or np.isnan(lon[row]):
            rows.note(row, "", "names no point; give substation_id, name, or lat_deg and lon_deg")
        else:
            away_km = geodesic_km(lat[row], lon[row], points["lat_deg"], points["lon_deg"])
            near = int(np.argmin(away_km))
            meant = str(points.index[near]) if away_km[near] <= _SAME_POINT_KM else ""
            if not meant:
                rows.note(
                    row,
                    "lat_deg",
                    f"no connection point within {_SAME_POINT_KM:g} km; the nearest is "
                    f"{points.index[near]} in {away_km[near]:.1f} km",
                )
        found.append(meant)
    return found


def _folded(name: str) -> str:
    """Return a name as it is compared: operators' lists leave out that it is a substation."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", name)).casefold()
    return re.sub(r"(?<=.)(変電所|substation)$", "", plain)
