"""Operators' lists of expected flow and spare capacity (予想潮流・空容量), transformers.

The spare capacity in them is for generation that feeds in: an operator takes the flow whatever its
sign, and says nothing of load. So no list becomes megawatts for a data centre. What bears on load
is the capacity of a site's transformers, an upper limit: that is what is taken, as the shipped
table `substation_transformers` has it for the sites it knows. Banks down to 6.6 kV feed the streets
and bound no customer of that size, who is connected above them.
"""

from __future__ import annotations

import re

import pandas as pd

from .reading import Reading, UserFile, described, plain

#: Columns by the words their names hold, which differ in order and brackets by operator.
_COLUMNS: dict[str, str] = described("spare-capacity")["columns"]
#: Megawatts in the lists are MVA at this power factor: banks of 3 x 1,000 MVA stand as 2,850 MW.
_POWER_FACTOR = 0.95
_LEAST_KV = 20.0


def read_spare_capacity(reading: Reading) -> dict[str, pd.DataFrame]:
    """Add up the transformers of each site, and find the site among the mapped substations."""
    parts = [part for file in reading.files if (part := _banks(reading, file)) is not None]
    if not parts:
        return {}
    banks = pd.concat(parts, ignore_index=True)
    banks = banks[~(banks["lv_kv"] < _LEAST_KV)]
    banks["site"] = banks["name"].map(_stem)
    groups = banks.groupby(["area", "site"], sort=False)
    known = groups["capacity_mw"].agg(lambda column: bool(column.notna().all()))
    sites = groups.agg(
        name=("name", "first"), hv_kv=("hv_kv", "max"), n_units=("units", "sum"),
        capacity_mw=("capacity_mw", "sum"), least_mw=("spare_mw", "min"),
        most_mw=("spare_mw", "max"), as_of=("as_of", "max"), file=("file", "first"),
        line=("line", "first"),
    )  # fmt: skip
    reading.note(int((~known).sum()), "spare_capacity.unstated")
    sites = sites[known].reset_index()
    if sites.empty or reading.problems:
        return {}
    ids = _mapped(reading)
    keys = sites[["area", "site", "hv_kv"]].itertuples(index=False, name=None)
    sites["substation_id"] = [ids.get(key, "") for key in keys]
    reading.note(1, "spare_capacity.not_load")
    spare = [
        ""
        if pd.isna(most)
        else f"; spare for generation, not load: {least:g} to {most:g} MW by bank"
        for least, most in zip(sites["least_mw"], sites["most_mw"], strict=True)
    ]
    published = sites["capacity_mw"].map("{:,.0f} MW as published".format)
    return {
        "substation_transformers": sites.assign(
            electricity_area=sites["area"],
            substation_ja=sites["name"].where(
                sites["name"].str.contains("所$"), sites["name"] + "変電所"
            ),
            total_mva=(sites["capacity_mw"] / _POWER_FACTOR).round(1),
            status="existing",
            scope="whole_site",
            source_title="予想潮流・空容量一覧表（変圧器） " + sites["as_of"],
            source_kind="official",
            confidence="high",
            note=published
            + f", MVA at a power factor of {_POWER_FACTOR}"
            + pd.Series(spare, dtype="str"),
        )
    }


def _stem(name: str) -> str:
    return re.sub(r"(変電所|開閉所)$|\(.*?\)", "", plain(name))


def _banks(reading: Reading, file: UserFile) -> pd.DataFrame | None:
    area = "kansai" if re.match(r"154kv_(more|less)_trans", file.name) else reading.area
    if area is None:
        reading.wrong(file, None, "", "the area cannot be told from the name; give --area")
        return None
    rows = reading.table(
        file, ["変電所名"], lambda header: any("変電所名" in name for name in header)
    )
    found: dict[str, pd.Series[str]] = {}
    for wanted, words in _COLUMNS.items():
        named = [name for name in map(str, rows.columns) if re.search(words, name)]
        if named:
            found[wanted] = rows[named[0]]
        elif wanted != "spare_mw":
            have = ", ".join(map(str, rows.columns))
            reading.wrong(file, None, "", f"no column fits {words!r}; the columns are {have}")
    if len(found) < len(_COLUMNS) - ("spare_mw" not in found):
        return None
    frame = pd.DataFrame(found)
    frame = frame[(frame["name"] != "") & (frame["hv_kv"] != "")]  # the rest are remarks
    for column in frame.columns.drop("name"):
        frame[column] = reading.numbers(file, frame[column])
    if "spare_mw" not in frame:
        frame["spare_mw"] = float("nan")
    above = "".join("".join(cells) for _, cells in file.rows[:5])
    date = re.search(r"(\d{4})年(\d{1,2})月(\d{1,2})日", plain(above))
    as_of = "{}-{:0>2}-{:0>2}".format(*date.groups()) if date else ""
    return frame.assign(area=area, as_of=as_of, line=frame.index, file=reading.files.index(file))


def _mapped(reading: Reading) -> dict[tuple[str, str, float], str]:
    """Return mapped substations by area, name and level, where one alone has them."""
    nodes = reading.atlas.table("substations").reset_index().dropna(subset=["name_ja"])
    nodes = nodes.assign(
        site=nodes["name_ja"].map(_stem), level=nodes["voltage_levels_kv"].str.split(";")
    ).explode("level")
    nodes["level"] = nodes["level"].astype(float)
    key = ["area", "site", "level"]
    alone = nodes[~nodes.duplicated(key, keep=False)]
    return dict(alone.set_index(key)["substation_id"])
