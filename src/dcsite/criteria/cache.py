"""Keep measured sites between runs: a solve with other weights need not measure again.

What was measured is kept under a SHA-256 over everything it follows from: the sites, the hashes
of all geodata tables, the scenario without the parts no measurement may read (titles, weights,
rules, penalties), the code of the criteria, and the versions of dcsite and of the libraries that
compute. Scores are not kept, they are worked out anew from the anchors.

A file is JSON, nothing that could run, behind a SHA-256 of its own. One that is cut short, altered
or of another format counts as missing and is written anew; where the folder cannot be written there
is simply no cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import platformdirs
import shapely

from dcsite.contract import criteria, input_files
from dcsite.network import network_files
from dcsite.scratch import scratch_folder
from dcsite.sites.rows import notes_so_far, notes_told, tell_note

from .measuring import take_measurements, with_scores

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Environment variable that names another folder than the user's own.
CACHE_VARIABLE: Final = "DCSITE_CACHE_DIR"

#: Raised when the layout of a file changes; files of another format are never read.
_FORMAT: Final = 3
_SUFFIX = ".measured"
_DIGEST_BYTES = 64

#: Parts of a scenario that no criterion's `measure` may read.
_NOT_MEASURED = ("name", "title_en", "title_ja", "weights", "rules", "penalties", "places")


def cache_folder() -> Path:
    """Return where measured sites are kept: ``DCSITE_CACHE_DIR``, or the user's cache folder."""
    named = os.environ.get(CACHE_VARIABLE)
    root = Path(named) if named else platformdirs.user_cache_path("dcsite", appauthor=False)
    return root / "measured"


class MeasureCache:
    """Measured sites on the disk.

    Parameters
    ----------
    folder : Path, optional
        Where they are kept; :func:`cache_folder` by default. Made when first needed.
    keep : int
        Files kept at most; those unused for longest go first.

    Attributes
    ----------
    last : {"none", "hit", "miss"}
        Whether the last call found its sites measured.
    """

    def __init__(self, folder: Path | None = None, keep: int = 16) -> None:
        self.folder = cache_folder() if folder is None else folder
        self.keep = keep
        self.last: Literal["none", "hit", "miss"] = "none"

    def measure_sites(
        self, sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario
    ) -> gpd.GeoDataFrame:
        """Return what :func:`dcsite.criteria.measure_sites` returns, measured now or before.

        Tables that a kept measurement rests on count as used by the atlas, and are held against
        their SHA-256 as if they were read.

        Raises
        ------
        GeodataError
            If a table is not what its descriptor says.
        """
        path = self.folder / f"{_key(sites, atlas, scenario)}{_SUFFIX}"
        kept = _read(path, sites, frozenset(info.name for info in atlas.resources()))
        if kept is not None:
            columns, tables, notes = kept
            for name in tables:
                atlas.mark_used(name)
            for note in notes:
                tell_note(note)
            with contextlib.suppress(OSError):
                os.utime(path)
            self.last = "hit"
            return with_scores(sites.join(columns), scenario)
        self.last = "miss"
        before = notes_so_far()
        with atlas.recording() as names:
            measured = take_measurements(sites, atlas, scenario)
        own = measured.drop(columns=list(sites.columns))
        content = _encode(own, sorted(names), list(notes_told(before)))
        if content is not None:
            self._write(path, content)
        return with_scores(measured, scenario)

    def _write(self, path: Path, content: bytes) -> None:
        """Put a file in place at once, then drop those unused for longest; failing is no matter."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with scratch_folder(self.folder, "writing-") as folder:
                (folder / path.name).write_bytes(content)
                (folder / path.name).replace(path)
            self._prune()

    def _prune(self) -> None:
        files = {path: path.stat().st_mtime for path in self.folder.glob(f"*{_SUFFIX}")}
        for path in sorted(files, key=lambda path: (files[path], path.name))[: -self.keep]:
            path.unlink(missing_ok=True)


def _key(sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> str:
    """Return the SHA-256 of everything the measurements follow from."""
    stated = {
        "format": _FORMAT,
        "code": _code_digest(),
        "tables": {info.name: info.sha256 for info in atlas.resources()},
        "scenario": scenario.model_dump(mode="json", exclude=set(_NOT_MEASURED)),
        "files": [
            (str(path), hashlib.sha256(path.read_bytes()).hexdigest())
            for path in (*input_files(scenario), *network_files(scenario.network.file))
            if path.is_file()
        ],
        "crs": str(sites.crs),
        "index": _values(sites.index.to_series()),
        "columns": [(str(name), str(sites[name].dtype), _values(sites[name])) for name in sites],
    }
    text = json.dumps(stated, sort_keys=True, ensure_ascii=False, default=repr)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _values(column: pd.Series[Any]) -> list[Any]:
    """Return a column's content for JSON, which writes each number so that it reads the same."""
    if isinstance(column, gpd.GeoSeries):
        return list(shapely.to_wkb(column.array, hex=True))
    return list(column.tolist())


@lru_cache(maxsize=1)
def _code_digest() -> str:
    """Return a hash of the code that measures: ours, third parties' and the libraries' versions."""
    import pyproj
    import scipy

    rooms = Path(__file__).resolve().parent.parent
    files = {
        file
        for room in ("atlas", "contract", "criteria", "geo", "hazards", "network", "sites")
        for file in rooms.glob(f"{room}/*.py")
    }
    for criterion in criteria():
        source = getattr(sys.modules[type(criterion).__module__], "__file__", None)
        if source:
            files.add(Path(source).resolve())
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(f"{file.name}\0".encode())
        digest.update(file.read_bytes())
    names = [(criterion.name, type(criterion).__module__) for criterion in criteria()]
    libraries = (np, pd, gpd, shapely, pyproj, scipy)
    versions = [version("dcsite"), sys.version, *(library.__version__ for library in libraries)]
    digest.update(json.dumps([names, versions]).encode())
    return digest.hexdigest()


def _encode(columns: pd.DataFrame, tables: list[str], notes: list[str]) -> bytes | None:
    """Return a file's content; None where a column holds what cannot be kept as it is."""
    kept = [(str(name), str(columns[name].dtype), _values(columns[name])) for name in columns]
    meta = {"format": _FORMAT, "rows": len(columns), "tables": tables, "columns": kept}
    meta["notes"] = notes
    try:
        body = json.dumps(meta).encode()
        restored, *_ = _decode(body, columns.index)
    except (TypeError, ValueError):
        return None  # say, a set
    if not restored.equals(columns) or list(restored.dtypes) != list(columns.dtypes):
        return None  # say, a tuple
    return hashlib.sha256(body).hexdigest().encode("ascii") + body


def _read(
    path: Path, sites: gpd.GeoDataFrame, known: frozenset[str]
) -> tuple[pd.DataFrame, list[str], list[str]] | None:
    """Return kept columns, the tables they rest on and what was told of the user's files.

    None for anything but a sound file.
    """
    try:
        content = path.read_bytes()
        digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
        if hashlib.sha256(body).hexdigest().encode("ascii") != digest:
            return None
        columns, tables, notes = _decode(body, sites.index)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not known.issuperset(tables) or any(name in sites.columns for name in columns.columns):
        return None
    return columns, tables, notes


def _decode(body: bytes, index: pd.Index[Any]) -> tuple[pd.DataFrame, list[str], list[str]]:
    meta = json.loads(body)
    if meta["format"] != _FORMAT or meta["rows"] != len(index):
        raise ValueError("another format, or other sites")
    columns = {
        name: pd.Series(values, index=index, dtype=kind) for name, kind, values in meta["columns"]
    }
    notes = [str(note) for note in meta["notes"]]
    return pd.DataFrame(columns, index=index), list(meta["tables"]), notes
