"""Area supply and demand of the ten transmission operators: half-hours since FY2024, hours before.

Columns are known by their names, never by their place: operators order them differently, write
them at full or half width, split a name over two lines, and give thermal power as one or as four.
"""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pandas as pd

from .reading import Reading, UserFile, described, plain

_FORM = described("area-supply-demand")
_AREAS: list[str] = _FORM["areas"]
#: What a column holds, by its plain name.
_KINDS: dict[str, str] = _FORM["columns"]
_QUANTITIES = tuple(dict.fromkeys(kind for kind in _KINDS.values() if kind))
_RENEWABLE = ["hydro", "geothermal", "biomass", "solar", "wind"]
#: A year is one with this share of its hours at least: 348 days of Tokyo's FY2025 are shipped.
_WHOLE_YEAR = 0.95
_HOURS_PER_YEAR = 8760


def read_area_supply_demand(reading: Reading) -> dict[str, pd.DataFrame]:
    """Average records by area, month and hour, and add up whole years."""
    parts = [part for file in reading.files if (part := _records(reading, file)) is not None]
    if reading.problems or not parts:
        return {}
    records = pd.concat(parts, ignore_index=True)
    twice = records.duplicated(["area", "start"], keep="first")
    for row in records[twice].to_dict("records"):
        wrong = f"{row['area']} {row['start']:%Y-%m-%d %H:%M} stands in an earlier line or file too"
        reading.wrong(
            reading.files[row["file"]], row["line"], "", f"{wrong}; give each record once"
        )
    return {
        "area_hourly_profile": _profile(records),
        "area_annual_energy": _years(reading, records),
    }


def _area(reading: Reading, file: UserFile) -> str | None:
    new = re.match(r"eria_jy?ukyu_\d{6}_(\d\d)", file.name)
    if reading.area is not None:
        found: str | None = reading.area
    elif new and 1 <= int(new[1]) <= len(_AREAS):
        found = _AREAS[int(new[1]) - 1]
    else:
        found = next(
            (area for name, area in _FORM["old_names"].items() if re.search(name, file.name)), None
        )
    if found not in _AREAS:
        wrong = (
            "the area cannot be told from the name" if found is None else f"{found!r} is no area"
        )
        reading.wrong(file, None, "", f"{wrong}; give --area, one of {', '.join(_AREAS)}")
        return None
    return found


def _records(reading: Reading, file: UserFile) -> pd.DataFrame | None:
    """Return the mean MW of each record of a file, by kind, with its start."""
    area = _area(reading, file)
    head = next(
        (
            number
            for number, (_, cells) in enumerate(file.rows[:30])
            if {"DATE", "DATE_TIME", "月日"} & {plain(cell).upper() for cell in cells}
        ),
        None,
    )
    if area is None:
        return None
    if head is None:
        reading.wrong(file, None, "", "no line in the first 30 names DATE, DATE_TIME or 月日")
        return None
    header = _header(file, head)
    rows = reading.below(file, head, header)
    day_column, *rest = [
        name for name in header if name in {"DATE", "DATE_TIME", "月日", "TIME", "時刻"}
    ]
    filled = rows.drop(columns=[day_column, *rest])
    rows = rows[(filled != "").any(axis=1)]  # lines for times that are still to come
    start, step_h = _starts(reading, file, rows, day_column, rest)
    titles = "".join(plain("".join(cells)) for _, cells in file.rows[: head + 1])
    factor = 10.0 if "万kW" in titles else 1.0
    if "MWh" in titles or "万kWh" in titles:
        factor /= step_h
    found: dict[str, pd.Series[float]] = {}
    for name in map(str, filled):
        kind = next((kind for form, kind in _KINDS.items() if re.search(form, name)), None)
        if kind is None:
            wrong = f"the column is not known; known are {_FORM['known']}"
            reading.wrong(file, file.rows[head][0], name, wrong)
            continue
        values = reading.numbers(file, rows[name], name, dash=0.0)
        if not kind or (rows[name] == "").all():
            continue  # a kind of power that the area has none of
        for line in rows.index[rows[name] == ""]:
            reading.wrong(file, int(line), name, "is blank; the others of this column are not")
        found[kind] = found[kind] + values if kind in found else values
    if "demand" not in found:
        reading.wrong(
            file, file.rows[head][0], "", "no column names the area's demand (エリア需要)"
        )
        return None
    frame = pd.DataFrame({kind: found.get(kind, 0.0) for kind in _QUANTITIES}, index=rows.index)
    frame = frame.astype(float) * factor
    frame = frame.assign(area=area, start=start, step_h=step_h, line=rows.index)
    return frame.assign(file=reading.files.index(file))


def _header(file: UserFile, head: int) -> list[str]:
    """Join names that are split over two lines: ``太陽光`` above ``実績``, or above a unit."""
    above = file.rows[head - 1][1] if head else []
    header = []
    for place, cell in enumerate(file.rows[head][1]):
        label = re.sub(r"\[?MWh\]?|\[?万kWh?\]?", "", plain(cell))
        upper = plain(above[place]) if place < len(above) else ""
        split = label in {"", "実績", "抑制量"}
        header.append((upper + label if split else label).upper())
    return header


def _starts(
    reading: Reading, file: UserFile, rows: pd.DataFrame, day_column: str, rest: list[str]
) -> tuple[pd.Series[pd.Timestamp], float]:
    """Return when each record starts, and its hours; operators name its start or its end."""
    days = rows[day_column].replace("", np.nan).ffill().fillna("")  # only on a day's first line
    split = days.str.split(" ", n=1, expand=True) if not rest else None
    clock = rows[rest[0]] if rest else split.reindex(columns=[0, 1])[1]  # type: ignore[union-attr]
    clock = clock.fillna("")
    dates = days if split is None else split[0]
    day = pd.to_datetime(
        dates.str.replace("-", "/").where(dates.str.contains("[/-]")), errors="coerce"
    )
    day = day.fillna(pd.to_datetime(dates, format="%Y%m%d", errors="coerce"))
    parts = clock.map(plain).str.extract(r"^(\d{1,2})(?::(\d\d)(?::00)?|時)$")
    minutes = parts[0].astype(float) * 60 + parts[1].fillna("0").astype(float)
    for bad, name, cells in ((day.isna(), day_column, dates), (minutes.isna(), "TIME", clock)):
        reading.wrong_cells(file, cells[bad], name, "is no day or time of day")
    times = sorted(set(minutes.dropna()))
    step = min((later - earlier for earlier, later in pairwise(times)), default=60.0)
    if step not in {30.0, 60.0}:
        reading.wrong(
            file, None, "TIME", f"records are {step:g} minutes apart; allowed are 30 and 60"
        )
    if 1440.0 in times or (times and 0.0 not in times):
        minutes -= step
    return day + pd.to_timedelta(minutes, unit="min"), step / 60.0


def _period(starts: pd.Series[pd.Timestamp]) -> str:
    first, last = f"{starts.min():%Y-%m}", f"{starts.max():%Y-%m}"
    return first if first == last else f"{first}..{last}"


def _profile(records: pd.DataFrame) -> pd.DataFrame:
    start = records["start"]
    groups = records.assign(month=start.dt.month, hour=start.dt.hour).groupby(
        ["area", "month", "hour"], sort=True
    )
    mean = groups[list(_QUANTITIES)].mean().round(1).add_suffix("_mw")
    mean["n_samples"] = groups.size()
    mean["period"] = groups["start"].agg(_period)
    return mean.reset_index()


def _years(reading: Reading, records: pd.DataFrame) -> pd.DataFrame:
    """Add up calendar and fiscal years that are whole; of two that overlap the calendar's."""
    rows = []
    for area, own in records.groupby("area", sort=True):
        calendar = own["start"].dt.year
        fiscal = calendar - (own["start"].dt.month < 4)
        whole = {str(year): one for year, one in own.groupby(calendar) if _is_year(one)}
        if not whole:
            whole = {f"FY{year}": one for year, one in own.groupby(fiscal) if _is_year(one)}
        if not whole:
            share = own["step_h"].sum() / _HOURS_PER_YEAR
            reading.note(1, "area.part_of_year", str(area), f"{share:.0%}")
        rows += [_year(str(area), period, one) for period, one in whole.items()]
    return pd.DataFrame(rows)


def _is_year(records: pd.DataFrame) -> bool:
    return bool(records["step_h"].sum() >= _WHOLE_YEAR * _HOURS_PER_YEAR)


def _year(area: str, period: str, records: pd.DataFrame) -> dict[str, object]:
    gwh = records[list(_QUANTITIES)].mul(records["step_h"], axis=0).sum() / 1e3
    renewable = gwh[_RENEWABLE].sum()
    decarbonised = renewable + gwh["nuclear"]
    generation = decarbonised + gwh["thermal"] + gwh["other"]
    curtailed = gwh["solar_curtailed"] + gwh["wind_curtailed"]
    variable = gwh["solar"] + gwh["wind"] + curtailed
    return {
        "area": area,
        "period": period,
        **{f"{kind}_gwh": round(float(gwh[kind]), 1) for kind in _QUANTITIES},
        "peak_demand_mw": records["demand"].max(),
        "renewable_share_of_generation_pct": round(100 * renewable / generation, 2),
        "decarbonised_share_of_generation_pct": round(100 * decarbonised / generation, 2),
        "decarbonised_to_demand_pct": round(100 * decarbonised / gwh["demand"], 2),
        "vre_curtailment_pct": round(100 * curtailed / variable, 3) if variable else 0.0,
        "n_records": len(records),
    }
