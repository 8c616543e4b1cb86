"""Write robust.csv, robust.json and robust.html beside the samples they were made from."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dcsite
from dcsite.outputs import atomic
from dcsite.outputs.tables import write_csv
from dcsite.scenario import as_dict
from dcsite.studies.robust import SAMPLES_NAME, Frequency

from .page import render_robustness

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.studies.robust import Robustness

#: Everything the folder holds; one that holds anything else is not ours to replace.
ROBUST_FILES = (SAMPLES_NAME, "robust.csv", "robust.json", "robust.html")

_COLUMNS = tuple(column.name for column in fields(Frequency))


@dataclass(frozen=True)
class RobustPaths:
    """Where the files lie."""

    directory: Path
    samples: Path
    csv: Path
    json: Path
    html: Path


def check_robust_directory(directory: Path) -> None:
    """Raise OutputError if :func:`write_robust` could not write `directory`; change nothing."""
    atomic.check_directory(directory, ROBUST_FILES)


def write_robust(found: Robustness, atlas: Atlas, directory: Path) -> RobustPaths:
    """Write the table, the JSON and the map, all or none; the samples stay.

    Parameters
    ----------
    found : Robustness
        What came of the run.
    atlas : Atlas
        Gives the map's ground.
    directory : Path
        Holds ``samples.jsonl``.

    Raises
    ------
    OutputError
        If the folder cannot be written or holds files that are not ours; it is then unchanged.
    """
    with atomic.replacing_directory(directory, ROBUST_FILES) as staging:
        samples = directory / SAMPLES_NAME
        if samples.exists():
            shutil.copy2(samples, staging / SAMPLES_NAME)
        write_csv(staging / "robust.csv", _COLUMNS, map(_cells, found.frequencies))
        _write_text(staging / "robust.json", robust_json(found))
        _write_text(staging / "robust.html", render_robustness(found, atlas))
    return RobustPaths(directory, *(directory / name for name in ROBUST_FILES))


def robust_json(found: Robustness) -> str:
    """Return the run as JSON: inputs, counts, frequencies; the same for the same inputs."""
    record: dict[str, Any] = {
        "dcsite_version": dcsite.__version__,
        "seed": found.seed,
        "gap": found.gap,
        "samples": len(found.samples),
        "samples_with_plan": found.with_plan,
        "counts": found.counts,
        "confidence": 0.95,
        "interval": "Wilson",
        "ranges": found.ranges.model_dump(mode="json", exclude_none=True),
        "frequencies": [asdict(entry) for entry in found.frequencies],
        "geodata": [
            {"table": used.name, "sha256": used.sha256, "licence": used.licence}
            for used in found.geodata
        ],
        "scenario": as_dict(found.scenario),
    }
    return json.dumps(record, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _cells(entry: Frequency) -> list[Any]:
    values = (getattr(entry, name) for name in _COLUMNS)
    return [round(value, 6) if isinstance(value, float) else value for value in values]


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
