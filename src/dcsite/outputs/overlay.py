"""Write an overlay of geodata whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dcsite.atlas import check_geodata
from dcsite.atlas.describe import refresh
from dcsite.errors import GeodataError

from .atomic import replacing_directory


def write_overlay(files: Mapping[str, bytes], directory: Path) -> None:
    """Write an overlay's files, checked as ``dcsite data check`` checks them.

    Raises
    ------
    GeodataError
        If a table is not as the shipped ones are described; nothing is changed then.
    OutputError
        As :func:`dcsite.outputs.atomic.replacing_directory` does.
    """
    with replacing_directory(directory, files) as staging:
        for name, data in files.items():
            (staging / name).write_bytes(data)
        refresh(staging)
        problems = check_geodata(staging)
        if problems:
            raise GeodataError(problems)
