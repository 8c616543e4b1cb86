"""Internet exchanges: PeeringDB (API answers, dumps) and the directory of Packet Clearing House.

An exchange the table knows, by its id of PeeringDB or by name, keeps its row, its point and its id,
and gets the new number of networks. A new one stands at the building of the most networks, else at
the office of the municipality its city names: neither source gives an exchange a point of its own.
A number that is not stated is not known; PCH writes 0 for that.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import pandas as pd

from .data_centres import data_centre_table
from .reading import Reading, described, letters

#: Objects of PeeringDB: what is read of them, and keys that no other object has.
_OBJECTS: dict[str, dict[str, str]] = described("peeringdb")["objects"]
_MARKS = {kind: {*keys} for kind, keys in described("peeringdb")["marks"].items()}
_ENDS = ["lat_deg", "lon_deg"]
_BESIDE = (*_ENDS, "operational", "file", "as_of")


def read_peeringdb(reading: Reading) -> dict[str, pd.DataFrame]:
    """Turn exchanges of Japan, and buildings where networks meet, into rows."""
    rows = _objects(reading)
    halls, ports = rows["fac"], rows["netixlan"]
    exchanges = rows["ix"].drop(columns=_ENDS)
    placed = halls.dropna(subset=["lat_deg"]).drop(columns=["file", "as_of", "city", "operator"])
    sites = rows["ixfac"][["ix_id", "id"]].merge(placed.rename(columns={"name": "site"}))
    sites = sites.fillna({"networks": 0}).sort_values("networks").groupby("ix_id").last()
    listed = exchanges["id"].map(ports.groupby("id")["asn"].nunique()).fillna(0)
    up = ports[ports["operational"].ne(False)].groupby("id")["asn"].nunique()
    whole = (listed > 0) & (listed >= exchanges["members"].fillna(0).astype(float))
    reading.note(exchanges.loc[(listed > 0) & ~whole, "name"], "peeringdb.partial")
    counted = exchanges["id"].map(up).fillna(0)
    found = exchanges.join(sites[["site", *_ENDS]], on="id").assign(
        ix_id="pdb-" + exchanges["id"].astype(str),
        peeringdb_id=exchanges["id"].astype(str),
        members=exchanges["members"].mask(whole, counted),
        note=exchanges["buildings"].map("{:.0f} facilities".format, na_action="ignore"),
    )
    basis = "building of the most networks (" + found["site"].astype(str) + ")"
    tables = {"internet_exchanges": _table(reading, found.assign(basis=basis), "peeringdb")}
    if len(halls) and not reading.problems:
        tables["data_centres_existing"] = _halls(reading, halls)
    return tables


def _objects(reading: Reading) -> dict[str, pd.DataFrame]:
    """Return the objects of Japan by kind, with `file`, `as_of` and, of buildings, positions."""
    rows: dict[str, list[dict[str, Any]]] = {kind: [] for kind in _OBJECTS}
    seen: dict[str, object] = {}
    abroad, gone, used = 0, [], set()
    for number, as_of, kind, record in _records(reading):
        file, place = reading.files[number], f"{kind} {record.get('id')}"
        if kind in {"ix", "fac"} and str(record.get("country")).upper() != "JP":
            abroad += 1
        elif record.get("status", "ok") != "ok":
            gone.append(f"{place} ({record['status']})")
        elif reading.once(file, place, record, seen):
            used.add(file)
            row = reading.fields(file, place, record, _OBJECTS[kind])
            ends = [record.get(name) for name in ("latitude", "longitude") if kind == "fac"]
            at = reading.position(file, place, *(ends or [None, None])) or (None, None)
            own = (*at, record.get("operational"), number, as_of)
            rows[kind] += [row | dict(zip(_BESIDE, own, strict=True))] if row else []
    reading.unused |= set(reading.files) - used
    reading.note(abroad, "peeringdb.abroad")
    reading.note(gone, "peeringdb.gone")
    return {
        kind: pd.DataFrame(rows[kind], columns=[*form, *_BESIDE], dtype=object).infer_objects()
        for kind, form in _OBJECTS.items()
    }


def _records(reading: Reading) -> Iterator[tuple[int, str, str, dict[str, Any]]]:
    """Give the objects that are read, with the number of their file, its date and their kind."""
    for number, file in enumerate(reading.files):
        answer = reading.json(file)
        listed: dict[str, Any] = answer if isinstance(answer, dict) else {"data": answer}
        lists = {kind: one.get("data") if isinstance(one, dict) else one
                 for kind, one in listed.items()}  # fmt: skip
        if isinstance(lists.get("data"), list):
            lists = {"": lists["data"]}
        lists = {kind: one for kind, one in lists.items() if isinstance(one, list)}
        if answer is not None and not lists:
            said = next((f"; the server said: {listed[key]}"[:100] for key in ("message", "detail")
                         if key in listed), "")  # fmt: skip
            reading.wrong(file, None, "", f'holds no list "data" of objects{said}')
        meta = listed.get("meta")
        stamp = meta.get("generated") if isinstance(meta, dict) else None
        dated = re.search(r"(20\d\d)[-_]([01]\d)[-_]([0-3]\d)", file.name)
        as_of = "-".join(dated.group(1, 2, 3)) if dated else f"imported {reading.today}"
        if isinstance(stamp, int | float) and 0 < stamp < 1e11:
            as_of = str(datetime.datetime.fromtimestamp(stamp, datetime.UTC).date())
        for kind, objects in lists.items():
            for record in objects or ():
                if not isinstance(record, dict):
                    reading.wrong(file, None, kind, f"{str(record)[:60]!r} is no object")
                    break
                of = [name for name, keys in _MARKS.items() if keys <= record.keys()]
                if kind in _OBJECTS or (not kind and of):
                    yield number, as_of, kind or of[0], record


def _halls(reading: Reading, halls: pd.DataFrame) -> pd.DataFrame:
    exact = halls["lat_deg"].notna()
    towns = [None if here else reading.town(city or "")
             for here, city in zip(exact, halls["city"], strict=True)]  # fmt: skip
    offices = pd.DataFrame(
        [town or (None, None, None) for town in towns], index=halls.index, columns=["code", *_ENDS]
    )
    nowhere = ~exact & offices["code"].isna()
    reading.note(halls.loc[nowhere, "name"], "peeringdb.nowhere")
    rows = halls.assign(
        dc_id="pdb-fac-" + halls["id"].astype(str),
        kind="interconnection",
        **halls[_ENDS].astype(float).fillna(offices[_ENDS].astype(float)),
        coordinate_basis=exact.map({True: "building", False: "office of the municipality"}),
        precision=exact.map({True: "oaza", False: "municipality"}),
        status_at_source_date="in_service",
        source_url="https://www.peeringdb.com/fac/" + halls["id"].astype(str),
        source_date=halls["as_of"],
        note=halls["networks"].map("{:.0f} networks".format, na_action="ignore"),
    )
    return data_centre_table(reading, rows[~nowhere])


def read_pch(reading: Reading) -> dict[str, pd.DataFrame]:
    """Turn exchanges of Japan in use into rows."""
    found, abroad, gone = [], 0, []
    seen: dict[str, object] = {}
    for number, line, record in _directory(reading):
        file, place = reading.files[number], f"exchange {record.get('id')}"
        if str(record.get("ctry", record.get("country"))).casefold() not in {"japan", "jp"}:
            abroad += 1
            continue
        row = reading.fields(file, place, record, described("pch")["columns"])
        if row is None or not reading.once(file, place, record, seen):
            continue
        if row["state"] not in {None, "Active"}:
            gone.append(f"{row['name']} ({row['state']})")
            continue
        lat = record.get("lat", record.get("latitude"))
        lon = record.get("lon", record.get("longitude"))
        date = str(record.get("date", record.get("established")))
        started = re.match(r"((?:19|20)\d\d)-?(0[1-9]|1[0-2])?", date)
        found.append(
            row
            | {
                "ix_id": f"pch-{row['id']}",
                "members": row["members"] or None,
                "as_of": f"imported {reading.today}",
                "established": "-".join(filter(None, started.groups())) if started else None,
                "city_at": reading.position(file, place, lat, lon),
                "file": number,
                "line": line,
            }
        )
    reading.note(abroad, "pch.abroad")
    reading.note(gone, "pch.gone")
    return {"internet_exchanges": _table(reading, pd.DataFrame(found), "pch")}


def _directory(reading: Reading) -> Iterator[tuple[int, int | None, dict[str, Any]]]:
    """Give the records of files of JSON or CSV, with the number of the file and the line."""
    for number, file in enumerate(reading.files):
        if re.search(r"\.(csv|tsv)(\.gz)?$", file.name.lower()):
            table = reading.table(file, ["id", "name"])
            for line, row in table.iterrows():
                yield number, int(str(line)), {str(key): cell for key, cell in row.items()}
            continue
        answer = reading.json(file)
        if answer is not None and not isinstance(answer, list):
            wrong = "is no list of exchanges; fetch https://www.pch.net/api/ixp/directory/Active"
            reading.wrong(file, None, "", wrong)
            continue
        yield from ((number, None, one) for one in answer or () if isinstance(one, dict))


def _alike(name: str) -> str:
    key = letters(re.sub(r"\(.*?\)", "", unicodedata.normalize("NFKC", name))) or letters(name)
    for long, short in described("peeringdb")["short"].items():
        key = key.replace(long, short)
    return key


def _table(reading: Reading, found: pd.DataFrame, source: str) -> pd.DataFrame:
    """Find each exchange among the known ones, or a place for it."""
    known = reading.atlas.table("internet_exchanges").reset_index()
    shipped = [{str(key): cell for key, cell in row.items() if pd.notna(cell)}
               for row in known.to_dict("records")]  # fmt: skip
    ids = {str(row["peeringdb_id"]): row for row in shipped if "peeringdb_id" in row}
    names = {_alike(row["name"]): row for row in shipped}
    names_en = dict(reading.atlas.table("municipalities")["name_en"].items())
    rows: dict[str, dict[str, Any]] = {}
    told: dict[str, list[str]] = {"nowhere": [], "silent": [], "double": []}
    if len(found):
        found = found.sort_values("members", ascending=False, key=lambda own: own.astype(float))
    for record in found.astype(object).where(found.notna(), None).to_dict("records"):
        one = {str(key): cell for key, cell in record.items()}
        own_id = one.get("peeringdb_id")
        alike = names.get(_alike(one["name"]), {})
        old = ids.get(str(own_id)) or (alike if not own_id or "peeringdb_id" not in alike else {})
        if old:
            row: dict[str, Any] = {"peeringdb_id": own_id, "established": one.get("established")}
            row |= old
        elif (place := _place(reading, one)) is not None:
            code, lat_deg, lon_deg, basis = place
            row = one | {"municipality_code": code, "pref_code": code[:2], "lat_deg": lat_deg}
            row |= {"lon_deg": lon_deg, "city_en": names_en[code], "coordinate_basis": basis}
        else:
            told["nowhere"].append(f"{one['name']} ({one['city'] or 'no city'})")
            continue
        if old and one["members"] is None:
            told["silent"].append(one["name"])
        elif row["ix_id"] in rows:
            told["double"].append(one["name"])
        else:
            new = {key: one.get(key) for key in ("members", "as_of", "file", "line")}
            rows[row["ix_id"]] = row | new | {"members_source": source}
    for what, named in told.items():
        reading.note(named, f"exchanges.{what}")
    return pd.DataFrame(list(rows.values()))


def _place(reading: Reading, one: dict[str, Any]) -> tuple[str, float, float, str] | None:
    """Return municipality, position and what it is of: a building, else the city."""
    if one.get("lat_deg") is None and (town := reading.town(one["city"] or "")) is not None:
        return (*town, "office of the municipality; only the city is stated")
    at, basis = one.get("city_at"), "point of the city in the directory"
    if one.get("lat_deg") is not None:
        at, basis = (one["lat_deg"], one["lon_deg"]), one["basis"]
    if at is None:
        return None
    point = pd.DataFrame({"lat_deg": [at[0]], "lon_deg": [at[1]]})
    code = reading.located(point)["municipality_code"].iloc[0]
    return None if pd.isna(code) else (str(code), *at, basis)
