"""Write a front's folder: front.csv, front.json, front.html, whole or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dcsite.outputs import atomic

from .page import render_front
from .tables import front_to_json, write_front_csv

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.studies.front import Front

#: Everything a front's folder holds; a folder that holds anything else is not ours to replace.
FRONT_FILE_NAMES = ("front.json", "front.csv", "front.html")


@dataclass(frozen=True)
class FrontPaths:
    """Where the files of a written front lie."""

    directory: Path
    front_json: Path
    front_csv: Path
    front_html: Path


def check_front_directory(directory: Path) -> None:
    """Raise OutputError if :func:`write_front` could not write `directory`; change nothing."""
    atomic.check_directory(Path(directory), FRONT_FILE_NAMES)


def write_front(front: Front, atlas: Atlas, directory: Path) -> FrontPaths:
    """Write a front's table, JSON and chart into a folder.

    Parameters
    ----------
    front : Front
        Complete or not; an incomplete one says so in every file.
    atlas : Atlas
        For the outlines of the prefectures.
    directory : Path
        Made if missing. One that holds only an older front is replaced as a whole.

    Raises
    ------
    OutputError
        If the folder cannot be written or holds files that are not ours; it is then unchanged.
    """
    directory = Path(directory)
    with atomic.replacing_directory(directory, FRONT_FILE_NAMES) as staging:
        atomic.write_text(staging / "front.json", front_to_json(front))
        write_front_csv(front, staging / "front.csv")
        atomic.write_text(staging / "front.html", render_front(front, atlas))
    return FrontPaths(directory, *(directory / name for name in FRONT_FILE_NAMES))
