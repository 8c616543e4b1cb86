"""METI's feed-in disclosure, table B: capacity in operation by municipality (導入容量, in kW).

It stands on two sheets, facilities approved under the scheme (新規認定分) and those moved into it
(移行認定分): the fleet is their sum, so both are asked for. Wards of designated cities add up to
their city, as the shipped table has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from .reading import Reading, UserFile, described, plain

_SHEETS: dict[str, str] = described("fit")["sheets"]
#: Classes by the names of their columns, without commas and the word for "of which".
_CLASSES: dict[str, str] = described("fit")["classes"]
_GROUP = "太陽光発電設備"
_ALL_LARGE = "10 kW and above"
_MW = ["solar_residential_mw", "solar_small_mw", "solar_medium_mw", "solar_utility_mw"]
_TOTALS = re.compile("|合計|総計|計|小計")
_ROUNDING_KW = 5.0


def read_fit(reading: Reading) -> dict[str, pd.DataFrame]:
    """Sum both sheets by municipality and class; a total is updated where its month is given."""
    parts = [part for file in reading.files if (part := _sheet(reading, file)) is not None]
    given = [part.attrs["kind"] for part in parts]
    for kind in _SHEETS:
        if not reading.problems and given.count(kind) != 1:
            found = "is missing" if kind not in given else "is given twice"
            wrong = f"the table of {kind} {found}; give B②-1 and B②-2 of one month, each once"
            reading.wrong(reading.files[0], None, "", wrong)
    if reading.problems:
        return {}
    fleet = pd.concat(parts).groupby("municipality_code")[_MW].sum().div(1e3).round(3)
    months = {part.attrs["month"] for part in parts}
    shipped = reading.atlas.table("solar_fit_by_municipality")
    table = shipped.loc[shipped.index.isin(fleet.index)].copy()
    table[_MW] = fleet.reindex(table.index)
    dated = [f"solar_total_mw_{month}" for month in months if len(months) == 1]
    for column in (name for name in dated if name in table):
        table[column] = table[_MW].sum(axis=1).round(3)
    said = ", ".join(sorted(months)).replace("_", "-") or "no date"
    reading.note(1, "fit.months", said)
    return {"solar_fit_by_municipality": table.reset_index()}


def _sheet(reading: Reading, file: UserFile) -> pd.DataFrame | None:
    rows = [(line, [plain(cell).replace(",", "") for cell in cells]) for line, cells in file.rows]
    head = next((n for n, (_, cells) in enumerate(rows[:30]) if _GROUP in cells), None)
    prefectures = list(reading.atlas.table("prefectures")["name_ja"])
    above = "".join("".join(cells) for _, cells in rows[: (head or 0) + 1])
    title = above + plain(file.sheet)
    kind = next((kind for kind, form in _SHEETS.items() if re.search(form, title)), None)
    if head is None or kind is None or not ("導入容量" in title or "表B2" in title):
        if not file.sheet:
            wrong = (
                "is no table B② of capacity in operation (導入容量) with 新規認定分 or 移行認定分"
            )
            reading.wrong(file, None, "", f"{wrong} in its title and {_GROUP} in its header")
        return None
    start = rows[head][1].index(_GROUP)
    group = rows[head][1]
    end = next((n for n in range(start + 1, len(group)) if group[n]), len(group))
    body = [
        (n, line) for n, (line, cells) in enumerate(rows) if n > head and _of(prefectures, cells)
    ]
    first = body[0][0] if body else len(rows)
    columns: dict[int, str] = {}
    for place in range(start, end):
        label = "".join(cells[place] for _, cells in rows[head + 1 : first] if place < len(cells))
        if label in _CLASSES:
            columns[place] = _CLASSES[label]
    if missing := [one for one in (*_MW, _ALL_LARGE) if one not in columns.values()]:
        wrong = f"no column is there for {', '.join(missing)}"
        reading.wrong(file, rows[head][0], _GROUP, wrong)
        return None
    kw = pd.DataFrame(
        {
            place: [rows[n][1][place] if place < len(rows[n][1]) else "" for n, _ in body]
            for place in columns
        },
        index=[line for _, line in body], dtype="str",
    )  # fmt: skip
    read = kw.apply(lambda cells: reading.numbers(file, cells, _GROUP, dash=0.0).fillna(0.0))
    found = read.T.groupby(pd.Series(columns)).sum().T
    filled = set(found.index[found.sum(axis=1) > 0.0])
    named = [(line, rows[n][1][:start]) for n, line in body if line in filled]
    codes = dict(_codes(reading, file, named))
    found = found.loc[[line for line in found.index if line in codes]]
    off = (found[_MW[1:]].sum(axis=1) - found[_ALL_LARGE]).abs() > _ROUNDING_KW
    for line in found.index[off]:
        reading.wrong(file, int(line), _GROUP, f"the classes do not add up to {_ALL_LARGE}")
    found["municipality_code"] = [codes[line] for line in found.index]
    month = re.search(r"(\d{4})年(\d{1,2})月", title)
    found.attrs = {"kind": kind, "month": f"{month[1]}_{month[2]:0>2}" if month else ""}
    return found


def _of(prefectures: list[str], cells: list[str]) -> bool:
    return any("".join(cells[:3]).lstrip("0123456789").startswith(name) for name in prefectures)


def _codes(
    reading: Reading, file: UserFile, lines: list[tuple[int, list[str]]]
) -> Iterator[tuple[int, str]]:
    """Give the municipality of each line: by name, without its county, or by its ward's city.

    Sums and what METI itself cannot place (不明) are passed over.
    """
    towns = reading.atlas.table("municipalities")
    fleet = reading.atlas.table("solar_fit_by_municipality")  # writes some names in another way
    by_name = {
        (str(pref), str(name).replace("ヶ", "ケ")): str(code)
        for code, pref, name in (
            *zip(towns.index, towns["pref_name_ja"], towns["name_ja"], strict=True),
            *zip(fleet.index, fleet["prefecture_ja"], fleet["municipality_ja"], strict=True),
        )
    }
    names: dict[str, list[str]] = {}
    for pref, name in by_name:
        names.setdefault(pref, []).append(name)
    seen: dict[str, int] = {}
    for line, cells in lines:
        text = "".join(cell for cell in cells if not cell.isdigit()).replace("ヶ", "ケ")
        pref = next(name for name in names if text.startswith(name))
        rest = text.removeprefix(pref)
        while rest.startswith(pref):
            rest = rest.removeprefix(pref)
        if _TOTALS.fullmatch(rest) or "不明" in rest:
            continue
        wards = [name for name in names[pref] if rest.startswith(name)]
        choices = [rest, re.sub("^.+?郡", "", rest), max(wards, key=len, default="")]
        code = next((by_name[pref, one] for one in choices if (pref, one) in by_name), None)
        if code is None:
            reading.wrong(file, line, "", f"{rest!r} is no municipality of {pref}")
        elif seen.setdefault(text, line) != line:
            reading.wrong(file, line, "", f"{text} stands in line {seen[text]} too; keep one")
        else:
            yield line, code
