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
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from .data_centres import data_centre_table
from .importer import Importer
from .reading import Reading, letters

#: Objects of PeeringDB by keys that no other object has.
_OBJECTS = {
    "ix": {"name_long", "media"},
    "fac": {"name_long", "clli"},
    "ixfac": {"ix_id", "fac_id"},
    "netixlan": {"ixlan_id", "asn"},
}
_IX = {"id": "whole!", "name": "text!", "city": "text", "net_count": "whole", "fac_count": "whole"}
_FAC = {"id": "whole!", "name": "text!", "org_name": "text", "city": "text", "net_count": "whole"}
_IXFAC = {"ix_id": "whole!", "fac_id": "whole!"}
_NETIXLAN = {"ix_id": "whole!", "asn": "whole!"}
#: Columns of PCH's directory: as its API names them, or spelled out.
_PCH = {
    "ctry": "country", "cit": "city", "stat": "status", "prts": "participants",
    "date": "established", "lat": "latitude", "lon": "longitude",
}  # fmt: skip
_DIRECTORY = {
    "id": "whole!", "name": "text!", "cit": "text", "stat": "text", "prts": "whole",
}  # fmt: skip
#: What one source spells out and the other shortens.
_SHORT = {"broadbandinternetexchange": "bbix", "internetexchange": ""}

_Rows = list[tuple[int, dict[str, Any]]]


def read_peeringdb(reading: Reading) -> dict[str, pd.DataFrame]:
    """Turn exchanges of Japan, and buildings where networks meet, into rows."""
    rows, as_of = _objects(reading)
    ours = {row["id"] for _, row in rows["ix"]}
    networks: dict[int, tuple[set[int], set[int]]] = {}
    for _, row in rows["netixlan"]:
        if row["ix_id"] in ours:
            listed, up = networks.setdefault(row["ix_id"], (set(), set()))
            listed.add(row["asn"])
            up |= {row["asn"]} if row["operational"] is not False else set()
    buildings = {row["id"]: row | {"file": number} for number, row in rows["fac"] if row["at"]}
    sites: dict[int, list[dict[str, Any]]] = {}
    for _, row in rows["ixfac"]:
        if row["fac_id"] in buildings:
            sites.setdefault(row["ix_id"], []).append(buildings[row["fac_id"]])
    found, partly = [], []
    for number, row in rows["ix"]:
        listed, up = networks.get(row["id"], (set(), set()))
        members = row["net_count"]
        if listed and len(listed) >= (members or 0):
            members = len(up)
        elif listed:  # one page of many
            partly.append(row["name"])
        site = max(sites.get(row["id"], []), key=lambda one: one["net_count"] or 0, default=None)
        found.append(
            {
                "ix_id": f"pdb-{row['id']}",
                "name": row["name"],
                "city": row["city"] or "",
                "at": site and site["at"],
                "basis": f"building of the most networks ({site['name']})" if site else "",
                "members": members,
                "as_of": as_of[number],
                "peeringdb_id": str(row["id"]),
                "note": f"{row['fac_count']} facilities" if row["fac_count"] else "",
                "file": number,
            }
        )
    reading.note(
        partly, "netixlan lists only some networks of {} exchanges: net_count is taken",
        "netixlan が一部しかない {} か所は net_count を使います",
    )  # fmt: skip
    tables = {"internet_exchanges": _exchange_table(reading, found, "peeringdb")}
    if rows["fac"] and not reading.problems:
        tables["data_centres_existing"] = _facilities(reading, rows["fac"], as_of)
    return tables


def _objects(reading: Reading) -> tuple[dict[str, _Rows], dict[int, str]]:
    """Return the objects of Japan by kind, and the date of each file as far as it tells one."""
    rows: dict[str, _Rows] = {kind: [] for kind in _OBJECTS}
    as_of = {}
    seen: dict[str, object] = {}
    abroad, gone = 0, []
    for number, file in enumerate(reading.files):
        as_of[number] = f"imported {reading.today}"
        taken = 0
        for kind, record in _records(reading, number, as_of):
            forms = {"ix": _IX, "fac": _FAC, "ixfac": _IXFAC, "netixlan": _NETIXLAN}
            if kind in {"ix", "fac"} and str(record.get("country")).upper() != "JP":
                abroad += 1
                continue
            place = f"{kind} {record.get('id')}"
            if not reading.once(file, place, record, seen):
                continue
            taken += 1
            if record.get("status", "ok") != "ok":
                gone.append(f"{place} ({record['status']})")
                continue
            row = reading.fields(file, place, record, forms[kind])
            if kind == "fac":
                row["at"] = reading.position(
                    file, place, record.get("latitude"), record.get("longitude")
                )
            row["operational"] = record.get("operational")
            if None not in {row[key] for key, form in forms[kind].items() if form.endswith("!")}:
                rows[kind].append((number, row))
        if not taken:
            reading.unused.add(file)
    if abroad:
        note = f"{abroad:,} exchanges and buildings abroad passed over"
        reading.notes.append(f"{note} / 国外の {abroad:,} 件は対象外です")
    reading.note(
        gone, "{} objects that are not in use left out", "使われていない {} 件は除きました"
    )
    return rows, as_of


def _records(
    reading: Reading, number: int, as_of: dict[int, str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the objects of a file that are read, with their kind."""
    file = reading.files[number]
    answer = reading.json(file)
    if answer is None:
        return
    listed = answer if isinstance(answer, dict) else {"data": answer}
    if isinstance(listed.get("data"), list):
        listed = {"": listed}
    lists = {
        kind: one.get("data") if isinstance(one, dict) else one for kind, one in listed.items()
    }
    if not any(isinstance(one, list) for one in lists.values()):
        said = next(
            (str(listed[key]) for key in ("message", "detail", "meta") if key in listed), ""
        )
        wrong = 'holds no list "data" of objects'
        reading.wrong(file, None, "", wrong + (f"; the server said: {said[:80]}" if said else ""))
    meta = answer.get("meta") if isinstance(answer, dict) else None
    stamp = meta.get("generated") if isinstance(meta, dict) else None
    dated = re.search(r"(20\d\d)[-_]([01]\d)[-_]([0-3]\d)", file.name)
    if isinstance(stamp, int | float) and 0 < stamp < 1e11:
        as_of[number] = str(datetime.datetime.fromtimestamp(stamp, datetime.UTC).date())
    elif dated:
        as_of[number] = "-".join(dated.groups())
    for kind, objects in lists.items():
        for record in objects if isinstance(objects, list) else ():
            if not isinstance(record, dict):
                reading.wrong(file, None, kind, f"{str(record)[:60]!r} is no object")
                return
            of = [name for name, keys in _OBJECTS.items() if keys <= record.keys()]
            if kind in _OBJECTS or (not kind and of):
                yield kind or of[0], record


def _facilities(reading: Reading, rows: _Rows, as_of: dict[int, str]) -> pd.DataFrame:
    found, nowhere = [], []
    for number, row in rows:
        place = ("", *row["at"]) if row["at"] else reading.town(row["city"] or "")
        if place is None:
            nowhere.append(row["name"])
            continue
        _, lat_deg, lon_deg = place
        found.append(
            {
                "dc_id": f"pdb-fac-{row['id']}",
                "name": row["name"],
                "operator": row["org_name"] or "",
                "kind": "interconnection",
                "lat_deg": lat_deg,
                "lon_deg": lon_deg,
                "coordinate_basis": "building" if row["at"] else "office of the municipality",
                "precision": "oaza" if row["at"] else "municipality",
                "status_at_source_date": "in_service",
                "source_url": f"https://www.peeringdb.com/fac/{row['id']}",
                "source_date": as_of[number],
                "note": f"{row['net_count']} networks" if row["net_count"] else "",
                "file": number,
            }
        )
    reading.note(nowhere, "{} buildings without a place left out", "位置不明の {} 棟は除きました")
    return data_centre_table(reading, found) if found else pd.DataFrame()


def read_pch(reading: Reading) -> dict[str, pd.DataFrame]:
    """Turn exchanges of Japan in use into rows."""
    found, abroad, gone = [], 0, []
    seen: dict[str, object] = {}
    for number, line, record in _directory(reading):
        file = reading.files[number]
        if str(record.get("ctry")).strip().casefold() not in {"japan", "jp"}:
            abroad += 1
            continue
        place = f"exchange {record.get('id')}"
        if not reading.once(file, place, record, seen):
            continue
        row = reading.fields(file, place, record, _DIRECTORY)
        if None in {row["id"], row["name"]}:
            continue
        if row["stat"] and row["stat"] != "Active":
            gone.append(f"{row['name']} ({row['stat']})")
            continue
        started = re.match(r"((?:19|20)\d\d)-?(0[1-9]|1[0-2])?", str(record.get("date", "")))
        found.append(
            {
                "ix_id": f"pch-{row['id']}",
                "name": row["name"],
                "city": row["cit"] or "",
                "at": None,
                "basis": "",
                "coarse": reading.position(file, place, record.get("lat"), record.get("lon")),
                "members": row["prts"] or None,
                "as_of": f"imported {reading.today}",
                "established": "-".join(filter(None, started.groups())) if started else "",
                "file": number,
                "line": line,
            }
        )
    reading.note(abroad, "{} exchanges abroad passed over", "国外の {} 件は対象外です")
    reading.note(gone, "{} exchanges not in use left out", "運用中でない {} か所は除きました")
    return {"internet_exchanges": _exchange_table(reading, found, "pch")}


def _directory(reading: Reading) -> Iterator[tuple[int, int | None, dict[str, Any]]]:
    """Give the records of files of JSON or CSV, by the API's names."""
    short = {long: name for name, long in _PCH.items()}
    for number, file in enumerate(reading.files):
        if re.search(r"\.(csv|tsv)(\.gz)?$", file.name.lower()):
            table = reading.table(file, ["id", "name"])
            records = [(int(str(line)), dict(row)) for line, row in table.iterrows()]
        else:
            answer = reading.json(file)
            if answer is not None and not isinstance(answer, list):
                wrong = (
                    "is no list of exchanges; fetch https://www.pch.net/api/ixp/directory/Active"
                )
                reading.wrong(file, None, "", wrong)
            records = [(0, one) for one in answer] if isinstance(answer, list) else []
        for line, record in records:
            if isinstance(record, dict):
                yield (
                    number,
                    line or None,
                    {short.get(str(k), str(k)): v for k, v in record.items()},
                )


def _name_key(name: str) -> str:
    key = letters(re.sub(r"\(.*?\)", "", unicodedata.normalize("NFKC", name))) or letters(name)
    for long, short in _SHORT.items():
        key = key.replace(long, short)
    return key


def _exchange_table(reading: Reading, found: list[dict[str, Any]], source: str) -> pd.DataFrame:
    """Find each exchange among the known ones, or a place for it."""
    known = reading.atlas.table("internet_exchanges").reset_index()
    ids: dict[str, Any] = {str(own): at for at, own in known["peeringdb_id"].dropna().items()}
    names: dict[str, Any] = dict(zip(known["name"].map(_name_key), known.index, strict=True))
    towns = reading.atlas.table("municipalities")
    rows: dict[str, dict[str, Any]] = {}
    nowhere, silent, doubles = [], [], []
    for one in sorted(found, key=lambda each: -(each["members"] or 0)):
        at = ids.get(one.get("peeringdb_id", ""))
        if at is None and (alike := names.get(_name_key(one["name"]))) is not None:
            other = "peeringdb_id" in one and pd.notna(known.loc[alike, "peeringdb_id"])
            at = None if other else alike
        if at is not None and one["members"] is None:
            silent.append(one["name"])
            continue
        row = _known(known.loc[at], one) if at is not None else _placed(reading, one, towns)
        if row is None:
            nowhere.append(f"{one['name']} ({one['city'] or 'no city'})")
        elif row["ix_id"] in rows:
            doubles.append(one["name"])
        else:
            new = {key: one[key] for key in ("members", "as_of", "file", "line") if key in one}
            rows[row["ix_id"]] = row | new | {"members_source": source}
    reading.note(
        nowhere, "{} exchanges whose city is no place in Japan that is known left out",
        "都市が分からない {} か所は除きました",
    )  # fmt: skip
    reading.note(
        silent, "{} known exchanges keep their row, no number of networks being stated",
        "接続数の記載がない既知の {} か所は元の行のままです",
    )  # fmt: skip
    reading.note(
        doubles, "{} exchanges left out, the same as one of more networks",
        "同じエクスチェンジの重複 {} 件は除きました",
    )  # fmt: skip
    return pd.DataFrame(list(rows.values()))


def _known(row: pd.Series[Any], one: Mapping[str, Any]) -> dict[str, Any]:
    kept = {str(key): cell for key, cell in row.items()}
    for key in ("peeringdb_id", "established", "note"):
        if one.get(key) and (key == "note" or pd.isna(kept[key])):
            kept[key] = one[key]
    return kept


def _placed(reading: Reading, one: Mapping[str, Any], towns: pd.DataFrame) -> dict[str, Any] | None:
    code, at, basis = None, one["at"], one["basis"]
    if at is None and (town := reading.town(one["city"])) is not None:
        code, *at = town
        basis = "office of the municipality; only the city is stated"
    elif at is None:
        at, basis = one.get("coarse"), "point of the city in the directory"
    if at is None:
        return None
    if code is None:
        point = pd.DataFrame({"lat_deg": [at[0]], "lon_deg": [at[1]]})
        code = reading.located(point)["municipality_code"].iloc[0]
        if pd.isna(code):
            return None
    return {
        "ix_id": one["ix_id"],
        "name": one["name"],
        "city_en": towns.loc[code, "name_en"],
        "pref_code": towns.loc[code, "pref_code"],
        "municipality_code": code,
        "lat_deg": at[0],
        "lon_deg": at[1],
        "coordinate_basis": basis,
        "established": one.get("established", ""),
        "peeringdb_id": one.get("peeringdb_id", ""),
        "note": one.get("note", ""),
    }


PEERINGDB = Importer(
    kind="peeringdb",
    reads_en="PeeringDB's exchanges (ix, with netixlan and ixfac where given) and buildings (fac): "
    "answers of its API, its dumps, CAIDA's dumps (JSON)",
    reads_ja="PeeringDB のエクスチェンジ（ix、あれば netixlan・ixfac）と施設（fac）：API の応答、"
    "公開ダンプ、CAIDA のダンプ（JSON）",
    source={"title": "PeeringDB", "path": "https://www.peeringdb.com/"},
    licence={
        "name": "PeeringDB-AUP",
        "title": "PeeringDB Acceptable Use Policy; not to be republished in bulk",
        "path": "https://www.peeringdb.com/aup",
    },
    read=read_peeringdb,
)
PCH = Importer(
    kind="pch",
    reads_en="Packet Clearing House, directory of internet exchanges (JSON, or CSV with "
    "?format=csv)",
    reads_ja="Packet Clearing House のエクスチェンジ一覧（JSON または CSV）",
    source={
        "title": "Packet Clearing House, Internet Exchange Directory",
        "path": "https://www.pch.net/ixp/data",
    },
    licence={
        "name": "CC-BY-NC-SA-3.0",
        "title": "Creative Commons Attribution-NonCommercial-ShareAlike 3.0",
        "path": "https://creativecommons.org/licenses/by-nc-sa/3.0/",
    },
    read=read_pch,
)
