"""Importers: official files of a user become tables of an overlay, whole or not at all.

An importer turns files into tables of the shipped schema. Every cell is held against that schema
with the line it came from before anything is written; the folder that holds the tables names the
files with their SHA-256.
"""

from __future__ import annotations

import datetime
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dcsite.atlas.atlas import default_root, load_atlas
from dcsite.atlas.check import cell_faults, key_faults
from dcsite.atlas.descriptor import DESCRIPTOR, TableSchema, read_package
from dcsite.atlas.overlay import updated
from dcsite.errors import GeodataError, Problem

from .area_supply_demand import read_area_supply_demand
from .cables import read_cables
from .exchanges import read_pch, read_peeringdb
from .fit import read_fit
from .interconnectors import read_interconnectors
from .overpass import read_overpass
from .plants import read_gem, read_wri
from .reading import MAX_BYTES, Reading, UserFile, described, sheets_of
from .spare_capacity import read_spare_capacity

#: What reads the files of each kind as tables by name. A table has the columns of the shipped one,
#: as far as they are known, and may have `file` (its number among the files) and `line`, so that a
#: fault is told where the user can mend it.
IMPORTERS: Mapping[str, Callable[[Reading], dict[str, pd.DataFrame]]] = {
    "area-supply-demand": read_area_supply_demand,
    "overpass": read_overpass,
    "spare-capacity": read_spare_capacity,
    "interconnectors": read_interconnectors,
    "gem": read_gem,
    "wri": read_wri,
    "fit": read_fit,
    "peeringdb": read_peeringdb,
    "pch": read_pch,
    "submarine-cables": read_cables,
}

#: What may be meant in a folder; hidden files are not.
_FILES = re.compile(r"^[^.].*\.(json|geojson|csv|tsv|xlsx)(\.gz)?$", re.IGNORECASE)

__all__ = ["IMPORTERS", "Imported", "described", "import_files"]


@dataclass(frozen=True)
class Imported:
    """Tables ready to be written: all files of the overlay, and what came of each table."""

    files: Mapping[str, bytes]
    rows: Mapping[str, int]
    notes: Sequence[str]


def import_files(
    kind: str,
    paths: Sequence[Path],
    into: Path,
    *,
    area: str | None = None,
    replace: bool = False,
    today: datetime.date | None = None,
) -> Imported:
    """Read files of one kind as tables of an overlay.

    Parameters
    ----------
    kind : str
        One of :data:`IMPORTERS`.
    paths : sequence of Path
        The files.
    into : Path
        The overlay to add to; read where it exists, and not written here.
    area : str, optional
        Electricity area of all files, where their names do not tell it.
    replace : bool
        Whether the tables stand in for the shipped ones; by default their rows are laid over the
        shipped rows of equal key.
    today : datetime.date, optional
        Date of the import; today's by default.

    Raises
    ------
    GeodataError
        With file, line and value of all that is wrong.
    """
    if kind not in IMPORTERS:
        wrong = f"{kind!r} is not known; allowed are {', '.join(IMPORTERS)}"
        raise GeodataError(Problem("KIND", "", wrong))
    told, old = described(kind), (into / DESCRIPTOR).is_file()
    if replace and "never_alone" in told:
        wrong = f"is not for {kind}: {told['never_alone']} need rows of the shipped tables"
        raise GeodataError(Problem("--replace", "", wrong))
    if old and not read_package(into).overlay:
        wrong = "is no overlay but geodata that stand alone; give another folder with --into"
        raise GeodataError(Problem(str(into / DESCRIPTOR), "overlay", wrong))
    shipped = json.loads((default_root() / DESCRIPTOR).read_text(encoding="utf-8"))
    package: dict[str, Any] = {
        "profile": "data-package",
        "name": into.resolve().name,
        "overlay": shipped["name"],
        "resources": [],
    }
    if old:
        package = json.loads((into / DESCRIPTOR).read_text(encoding="utf-8"))
    today = today or datetime.datetime.now(tz=datetime.UTC).date()
    reading = Reading(_opened(paths), load_atlas(into if old else None), area, today)
    tables = {name: frame for name, frame in IMPORTERS[kind](reading).items() if len(frame)}
    if not tables and not reading.problems:
        why = "; ".join([f"holds no rows that {kind} could use", *reading.notes])
        reading.wrong(reading.files[0], None, "", why)
    reading.refuse()
    for name, frame in tables.items():
        _hold(reading, name, frame)
    reading.refuse()
    files = {entry["path"]: (into / entry["path"]).read_bytes() for entry in package["resources"]}
    listed = {entry["name"]: entry for entry in package["resources"]}
    used = {(one.name, one.sha256): None for one in reading.files if one not in reading.unused}
    made = {
        "kind": kind,
        "date": today.isoformat(),
        "files": [{"name": name, "sha256": sha256} for name, sha256 in used],
    }
    licence, source = told["licence"], told["source"]
    where = f" ({licence['path']})" if "path" in licence else ""
    reading.notes.append(f"licence of these files ライセンス: {licence['title']}{where}")
    count = f"{len(used)} file{'s' if len(used) > 1 else ''}"
    title = f"{source['title']}, imported {today} from {count} ({kind})"
    for name, frame in tables.items():
        below = next(entry for entry in shipped["resources"] if entry["name"] == name)
        entry = listed.setdefault(
            name, below | {"path": f"{name}.csv", "licenses": [], "sources": []}
        )
        entry["licenses"] += [one for one in [licence] if one not in entry["licenses"]]
        entry["sources"].append(source | {"title": title})
        entry.setdefault("imports", []).append(made)
        whole = replace or name in told.get("always_replaced", ())
        entry |= {"overlay": "replace" if whole else "update", "vintage": f"imported {today}"}
        schema = TableSchema.model_validate(below["schema"])
        kept = None if whole else files.get(entry["path"])
        files[entry["path"]] = _laid(schema, frame, kept).encode()
    package["resources"] = list(listed.values())
    text = json.dumps(package, ensure_ascii=False, indent=1) + "\n"
    rows = {name: len(frame) for name, frame in tables.items()}
    return Imported(files | {DESCRIPTOR: text.encode()}, rows, tuple(reading.notes))


def _opened(paths: Sequence[Path]) -> tuple[UserFile, ...]:
    """Read the files given, and those of a folder as far as their names say they may be meant."""
    found: dict[str, list[UserFile]] = {}
    problems = []
    for given in paths:
        inside = sorted(one for one in given.rglob("*") if _FILES.search(one.name))
        if given.is_dir() and not inside:
            wrong = "is a folder without files of .json, .geojson, .csv, .tsv or .xlsx"
            problems.append(Problem(str(given), "", wrong))
        for path in inside if given.is_dir() else [given]:
            try:
                if (size := path.stat().st_size) > MAX_BYTES:
                    wrong = f"has {size:,} bytes; allowed are up to {MAX_BYTES:,}"
                    problems.append(Problem(str(path), "", wrong))
                    continue
                file = UserFile(path, path.read_bytes())
            except OSError as error:
                wrong = f"cannot be read ({error.strerror or error})"
                problems.append(Problem(str(path), "", wrong))
                continue
            same = found.get(file.sha256)
            if same and not inside:
                wrong = f"is the same file as {same[0].path}; give it once"
                problems.append(Problem(str(path), "", wrong))
            elif not same:
                found[file.sha256] = sheets_of(file)
    if problems:
        raise GeodataError(problems)
    return tuple(file for files in found.values() for file in files)


def _texts(schema: TableSchema, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of the schema as the text of a CSV file; unknown columns are empty."""

    def written(cell: Any, kind: str) -> str:
        if pd.isna(cell):
            return ""
        whole = kind == "integer" or (kind == "number" and float(cell).is_integer())
        return str(int(cell)) if whole and not isinstance(cell, str) else str(cell)

    given = frame.reindex(columns=schema.names)
    columns = {
        field.name: [written(cell, field.type) for cell in given[field.name]]
        for field in schema.fields
    }
    return pd.DataFrame(columns, dtype="str")


def _hold(reading: Reading, name: str, frame: pd.DataFrame) -> None:
    """Hold the rows of a table against the shipped schema, and tell faults by file and line."""
    schema = reading.atlas.resource(name).table_schema
    if schema is None:
        return
    text = _texts(schema, frame)
    faults = [
        fault for field in schema.fields for fault in cell_faults(name, field, text[field.name])
    ]
    for fault in [*faults, *key_faults(name, schema, text)]:
        row = frame.iloc[fault.row or 0]
        file = reading.files[int(row.get("file", 0))]
        line = row.get("line")
        reading.wrong(
            file, None if pd.isna(line) else int(line), f"{name}.{fault.column}", fault.message
        )


def _laid(schema: TableSchema, frame: pd.DataFrame, kept: bytes | None) -> str:
    """Write a table, over the rows of an earlier import."""
    text, key = _texts(schema, frame).set_index(list(schema.primary_key)), list(schema.primary_key)
    if kept is not None:
        before = pd.read_csv(io.BytesIO(kept), dtype="str", keep_default_na=False).set_index(key)
        text = updated(before, text)
    ordered: pd.DataFrame = text.reset_index()[schema.names]
    return str(ordered.to_csv(index=False, lineterminator="\n"))
