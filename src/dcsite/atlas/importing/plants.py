"""Power plants: trackers of Global Energy Monitor, and WRI's database of 2018 and 2019.

A tracker is worldwide and lists units; each spells its columns in its own way. Its plants stand in
for those of the same fuel in the table, where a changed status would else leave the old row beside
the new. The shipped wind farms hold judgements on positions and doubles: a farm of the same name,
phase and size keeps them.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from .reading import Reading, UserFile, described, letters

_FORM = described("gem")
#: Columns by their spellings in the trackers, letters and digits alone.
_SPELLINGS: dict[str, list[str]] = _FORM["columns"]
#: Fuels by words of a unit's fuel, technology and name, or of the file's name.
_FUELS: dict[str, str] = _FORM["fuels"]
_BUILT: dict[str, str] = _FORM["built"]
_DECARBONISED = {"nuclear", "hydro", "hydro_pumped", "geothermal", "solar", "wind", "biomass"}
_KEPT_OF_WRI = ("solar", "wind", "waste")


def read_gem(reading: Reading) -> dict[str, pd.DataFrame]:
    """Sum units to plants by fuel and status; wind projects go to a table of their own."""
    units = _units(reading)
    if units.empty:
        return {}
    units["status"] = units["status"].str.lower()
    wind = units["fuel"] == "wind"
    found = {"wind_farms": _wind_farms(reading, units[wind])} if wind.any() else {}
    others = units[~wind]
    if len(others):
        releases = "|".join(sorted({reading.files[int(one)].name for one in others["file"]}))
        found["power_plants"] = _plants(reading, others, "GEM", releases)
    return found


def read_wri(reading: Reading) -> dict[str, pd.DataFrame]:
    """Take solar, wind and waste of WRI's database, as the shipped table does."""
    units = _units(reading)
    units = units[units["fuel"].isin(_KEPT_OF_WRI)].assign(status="operating")
    return {"power_plants": _plants(reading, units, "WRI GPPD", "1.3.0")} if len(units) else {}


def _units(reading: Reading) -> pd.DataFrame:
    parts = [_units_of(reading, number, file) for number, file in enumerate(reading.files)]
    units = pd.concat(parts, ignore_index=True)
    key = ["name_en", "unit", "fuel"]
    twice = units[units.duplicated(key) & (units["unit"] != "")]
    both = twice.merge(units.drop_duplicates(key), on=key, suffixes=("", "_first"))
    for row in both[both["file"] != both["file_first"]].to_dict("records"):
        wrong = f"{row['name_en']}, unit {row['unit']} stands in an earlier file too; keep one"
        reading.wrong(reading.files[row["file"]], row["line"], "", wrong)
    return units


def _units_of(reading: Reading, number: int, file: UserFile) -> pd.DataFrame:
    known = {name: key for key, names in _SPELLINGS.items() for name in names}

    def told(header: set[str]) -> bool:
        keys = {known.get(letters(name)) for name in header}
        return keys.issuperset(_FORM["needed"])

    table = reading.table(file, _FORM["needed"], told)
    named: dict[str, pd.Series[str]] = {}
    for name in map(str, table.columns):
        if key := known.get(letters(name)):
            named.setdefault(key, table[name])
    units = pd.DataFrame(named, index=table.index).reindex(columns=list(_SPELLINGS), fill_value="")
    units = units[units["country"].str.lower().isin(["japan", "jpn"])].copy()
    for column in ("capacity_mw", "lat_deg", "lon_deg", "start_year"):
        if column == "start_year":  # "TBD", "2026-2030": no year is known
            units[column] = pd.to_numeric(units[column], errors="coerce").round()
        else:
            units[column] = reading.numbers(file, units[column])
            empty = units[column].isna()
            reading.wrong_cells(file, units.loc[empty, "name_en"], column, "has no number here")
    words = units["fuel"].where(units["fuel"] != "", units["technology"] + " " + units["name_en"])
    words = (words + " " + units["technology"]).str.lower()
    units["fuel"] = [
        next((fuel for fuel, form in _FUELS.items() if re.search(form, text)), "") for text in words
    ]
    by_file = next((f for f, form in _FUELS.items() if re.search(form, file.name.lower())), "")
    units["fuel"] = units["fuel"].mask(units["fuel"] == "", by_file)
    reading.wrong_cells(
        file, units.loc[units["fuel"] == "", "name_en"], "fuel", "is of no fuel that is known"
    )
    return units.assign(line=units.index, file=number)


def _plants(reading: Reading, units: pd.DataFrame, source: str, vintage: str) -> pd.DataFrame:
    key = ["name_en", "fuel", "status"]
    groups = units.groupby(key, as_index=False, sort=False)
    plants = groups.agg(
        capacity_mw=("capacity_mw", "sum"), n_units=("capacity_mw", "size"),
        start_year=("start_year", "min"), lat_deg=("lat_deg", "mean"), lon_deg=("lon_deg", "mean"),
        owner=("owner", "first"), url=("url", "first"), technology=("technology", "first"),
        file=("file", "first"), line=("line", "first"),
    )  # fmt: skip
    plants["capacity_mw"] = plants["capacity_mw"].round(3)
    plants = reading.located(plants.round({"lat_deg": 4, "lon_deg": 4}))
    reading.refuse_abroad(plants)
    slug = plants[key].agg("-".join, axis=1).str.replace("[^A-Za-z0-9]+", "-", regex=True)
    plants = plants.assign(
        plant_id=f"{source.split(maxsplit=1)[0]}-" + slug,
        decarbonised=plants["fuel"].isin(_DECARBONISED).astype(int),
        source=source,
        vintage=vintage,
    )
    kept = reading.atlas.table("power_plants").reset_index()
    kept = kept[~kept["fuel"].isin(set(plants["fuel"]))]
    return pd.concat([kept, plants], ignore_index=True).fillna({"file": 0})


def _wind_farms(reading: Reading, units: pd.DataFrame) -> pd.DataFrame:
    farms = units[units["status"].isin(_BUILT)].copy()
    reading.note(len(units) - len(farms), "gem.unbuilt")
    farms["status"] = farms["status"].map(_BUILT)
    farms["phase"] = farms["unit"].replace("--", "")
    kinds = farms["installation"].str.lower()
    farms["installation"] = np.select(
        [kinds.str.startswith("onshore"), kinds.str.startswith("offshore")],
        ["onshore", "offshore"], "unknown",
    )  # fmt: skip
    farms["gem_lat_deg"], farms["gem_lon_deg"] = farms["lat_deg"], farms["lon_deg"]
    exact = farms["accuracy"].str.lower() == "exact"
    farms["gem_location_accuracy"] = np.where(exact, "exact", "approximate")
    farms["location_quality"] = farms["gem_location_accuracy"]
    farms = reading.located(farms.reset_index(drop=True)).assign(include_in_totals=1)
    towns = reading.atlas.table("municipalities").reindex(farms["municipality_code"])
    farms["municipality_ja"] = towns["name_ja"].to_numpy()
    farms["pref_code"] = towns["pref_code"].to_numpy()
    shipped = reading.atlas.table("wind_farms").reset_index()
    key = ["name_en", "phase", "capacity_mw"]
    same = shipped.fillna({"phase": ""}).drop_duplicates(key).set_index(key)
    judged = [
        name for name in map(str, same) if name.startswith(("location_", "include_", "exclusion_"))
    ]
    judged += ["lat_deg", "lon_deg", "municipality_code", "municipality_ja", "pref_code"]
    judged += ["prefecture_ja", "area", "wind_farm_id"]
    found = same[judged].reindex(pd.MultiIndex.from_frame(farms[key])).reset_index(drop=True)
    known = found["wind_farm_id"].notna()
    farms = farms.reindex(columns=list(dict.fromkeys([*farms.columns, *judged])))
    for column in judged:
        farms[column] = farms[column].astype(object).mask(known, found[column].astype(object))
    slug = (farms["name_en"] + "-" + farms["phase"]).str.replace("[^A-Za-z0-9]+", "-", regex=True)
    number = farms.groupby(slug).cumcount().astype(str).replace("0", "")
    farms["wind_farm_id"] = farms["wind_farm_id"].fillna("GEM-" + slug.str.strip("-") + number)
    return farms
