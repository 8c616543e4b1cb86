"""Operating capacity of the links between areas, as OCCTO's web-kohyo publishes it.

Two forms: a line for each direction (spare capacity of links), or both directions in one line with
the flow (actual flows). A reverse capacity is negative there. From March 2026 the three links
between Chubu, Hokuriku and Kansai give way to fences, each the border of one area with the other
two: what is known of such a link is then the least of its shipped capacity and of the fences that
its power crosses. Two links may together still exceed a fence, which the table cannot say.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .reading import Reading, UserFile, described, plain

_FORM = described("interconnectors")
#: OCCTO's names by shipped link; all count forward from the table's from_area to its to_area.
_LINKS: dict[str, str] = _FORM["links"]
#: Two sections of one link; they stand beside its own row or in its place.
_PARTS: dict[str, str] = _FORM["parts"]
#: Fences: the area each bounds, and whether forward leaves it.
_FENCES: dict[str, tuple[str, bool]] = {name: tuple(own) for name, own in _FORM["fences"].items()}
_KNOWN = {plain(name) for name in (*_LINKS, *_PARTS, *_FENCES)}
_LONG, _WIDE, _FLOW = (_FORM[form] for form in ("long", "wide", "flow"))
_SOURCE = "OCCTO web-kohyo, operating capacity"
_FLOW_YEAR = 2026  # the shipped columns of flows say so in their names


def read_interconnectors(reading: Reading) -> dict[str, pd.DataFrame]:
    """Take the largest and the median operating capacity of each direction of each link."""
    parts = [_rows(reading, file) for file in reading.files]
    rows = pd.concat(parts, ignore_index=True)
    if reading.problems or rows.empty:
        return {}
    for one in rows[rows.duplicated(["name", "end"], keep="first")].to_dict("records"):
        time = f"{one['name']} {one['end']:%Y-%m-%d %H:%M}"
        wrong = f"{time} stands in an earlier file too; give each time once"
        reading.wrong(reading.files[one["file"]], one["line"], "", wrong)
    series = {str(name): own.set_index("end") for name, own in rows.groupby("name")}
    for total, link in _LINKS.items():
        halves = [
            series[plain(name)]
            for name, own in _PARTS.items()
            if own == link and plain(name) in series
        ]
        if halves and plain(total) not in series:
            series[plain(total)] = sum(half[["forward", "reverse", "flow"]] for half in halves)  # type: ignore[assignment]
    shipped = reading.atlas.table("interconnectors").reset_index().set_index("link_id")
    days = rows["end"] - pd.Timedelta(minutes=5)
    period = f"{days.min():%Y-%m-%d}..{days.max():%Y-%m-%d}"
    fences = {own: series[plain(name)] for name, own in _FENCES.items() if plain(name) in series}
    found: list[dict[str, object]] = []
    for name, link in _LINKS.items():
        row: dict[str, object] = {str(key): cell for key, cell in shipped.loc[link].items()}
        row |= {"link_id": link, "capacity_period": period, "source": _SOURCE}
        if plain(name) in series:
            found.append(row | _capacity(series[plain(name)]))
        elif bounded := _bounded(row, fences):
            found.append(bounded)
    return {"interconnectors": pd.DataFrame(found)}


def _rows(reading: Reading, file: UserFile) -> pd.DataFrame:
    """Return a file's capacities in MW by link and the end of the time they hold for."""
    header = next(
        ({plain(cell) for cell in cells} for _, cells in file.rows[:30] if "連系線" in cells), set()
    )
    wide = _WIDE[3] in header
    name, day, clock, *_ = wanted = _WIDE if wide else _LONG
    rows = reading.table(file, wanted)
    names = rows[name].map(plain)
    unknown = names[~names.isin(_KNOWN)].drop_duplicates()
    allowed = f"is no link that is known; allowed are {', '.join(sorted(_KNOWN))}"
    reading.wrong_cells(file, unknown, name, allowed)
    minutes = rows[clock].str.extract(r"^(\d{1,2}):(\d\d)$").astype(float)
    end = pd.to_datetime(rows[day], format="%Y/%m/%d", errors="coerce") + pd.to_timedelta(
        minutes[0] * 60 + minutes[1], unit="min"
    )
    times = rows[day] + " " + rows[clock]
    reading.wrong_cells(file, times[end.isna()], day, "is no day (YYYY/MM/DD) and time")
    frame = pd.DataFrame({"name": names, "end": end, "line": rows.index})
    frame["file"] = reading.files.index(file)
    if wide:
        frame["forward"] = reading.numbers(file, rows[_WIDE[3]])
        frame["reverse"] = reading.numbers(file, rows[_WIDE[4]]).abs()
        frame["flow"] = reading.numbers(file, rows[_FLOW]) if _FLOW in rows else np.nan
        return frame.drop_duplicates(["name", "end"], keep="last")
    capacity = reading.numbers(file, rows["運用容量"]).abs()
    forward = rows["方向"] == "順方向"
    wrong = "is no direction; allowed are 順方向 and 逆方向"
    reading.wrong_cells(
        file, rows.loc[~rows["方向"].isin(["順方向", "逆方向"]), "方向"], "方向", wrong
    )
    frame = frame.assign(
        forward=capacity.where(forward), reverse=capacity.mask(forward), flow=np.nan
    )
    # Of a time that was updated the last line holds; the other direction's blank is passed over.
    return frame.groupby(["name", "end"], as_index=False).last()


def _capacity(own: pd.DataFrame) -> dict[str, float]:
    found = {}
    for side, place in (("forward", "from_to"), ("reverse", "to_from")):
        if own[side].notna().any():
            found[f"capacity_{place}_max_mw"] = round(float(own[side].max()), 1)
            found[f"capacity_{place}_median_mw"] = round(float(own[side].median()), 1)
    flow = own["flow"].dropna()
    if len(flow) and set(pd.DatetimeIndex(flow.index).year) == {_FLOW_YEAR}:
        found[f"mean_flow_from_to_mw_{_FLOW_YEAR}"] = round(float(flow.mean()), 1)
        found[f"p05_flow_mw_{_FLOW_YEAR}"] = round(float(flow.quantile(0.05)), 1)
        found[f"p95_flow_mw_{_FLOW_YEAR}"] = round(float(flow.quantile(0.95)), 1)
    return found


def _bounded(
    row: dict[str, object], fences: dict[tuple[str, bool], pd.DataFrame]
) -> dict[str, object] | None:
    """Bound a link by the fences its power crosses; None where none is known."""
    ends = {str(row["from_area"]), str(row["to_area"])}
    crossed = {area: (leaves, own) for (area, leaves), own in fences.items() if area in ends}
    if not crossed or not ends <= {area for area, _ in _FENCES.values()}:
        return None
    bound = dict(row)
    for place, source in (("from_to", row["from_area"]), ("to_from", row["to_area"])):
        for area, (forward_leaves, own) in crossed.items():
            leaves = area == source
            capacity = _capacity(own)
            side = "from_to" if leaves == forward_leaves else "to_from"
            for kind in ("max", "median"):
                key, limit = (
                    f"capacity_{place}_{kind}_mw",
                    capacity.get(f"capacity_{side}_{kind}_mw"),
                )
                if limit is not None:
                    bound[key] = min(float(str(bound[key])), limit)
    bound["note"] = "not above the shipped capacity and the fences its power crosses"
    return bound
