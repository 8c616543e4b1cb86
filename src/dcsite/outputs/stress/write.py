"""Write stress.json and stress.html, into the folder of their plan or one of their own."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dcsite.errors import OutputError, Problem
from dcsite.outputs import atomic
from dcsite.outputs.write import OWN_NAMES, STRESS_FILES
from dcsite.plan.types import Plan

from .document import stress_to_json
from .page import render_stress

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.studies.stress_types import StressTest

_PLAN = "plan.json"


@dataclass(frozen=True)
class StressPaths:
    """Where the files lie."""

    directory: Path
    json: Path
    html: Path


def check_stress_directory(directory: Path) -> None:
    """Raise OutputError if :func:`write_stress` could not write `directory`; change nothing."""
    atomic.check_directory(directory, _names(directory))


def write_stress(found: StressTest, atlas: Atlas, directory: Path) -> StressPaths:
    """Write both files, or none.

    Parameters
    ----------
    found : StressTest
        What came of the simulation.
    atlas : Atlas
        For the page's maps.
    directory : Path
        The plan's folder, whose other files stay byte for byte what they were, or one for these
        two files alone, made if missing.

    Raises
    ------
    OutputError
        If the folder cannot be written, holds files that are not ours, or another plan than the
        one that was stressed; it is then unchanged.
    """
    texts = {"stress.json": stress_to_json(found), "stress.html": render_stress(found, atlas)}
    with _open(directory) as staging:
        plan = staging / _PLAN
        if plan.exists():
            _check_same(found, plan, directory / _PLAN)
        for name, text in texts.items():
            # Lone surrogates, which no file can hold, become question marks.
            (staging / name).unlink(missing_ok=True)
            (staging / name).write_text(text, encoding="utf-8", errors="replace", newline="\n")
    return StressPaths(directory, *(directory / name for name in STRESS_FILES))


def _names(directory: Path) -> tuple[str, ...]:
    """Return what the folder may hold: a plan's files only where there is a plan."""
    return OWN_NAMES if (directory / _PLAN).is_file() else STRESS_FILES


def _open(directory: Path) -> AbstractContextManager[Path]:
    names = _names(directory)
    if names == OWN_NAMES:
        return atomic.updating_directory(directory, names)
    return atomic.replacing_directory(directory, names)


def _check_same(found: StressTest, staged: Path, path: Path) -> None:
    there = Plan.read(staged.read_text(encoding="utf-8"), str(path))
    hubs = {(hub.site_id, hub.it_load_mw) for hub in there.hubs}
    if hubs != {(hub.site_id, hub.it_load_mw) for hub in found.plan.hubs}:
        raise OutputError(
            Problem(
                str(path),
                "hubs",
                "are not those that were stressed; give a folder of its own with --output",
            )
        )
