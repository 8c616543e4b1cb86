"""How a file of a user's and its layer stand in one value: ``FILE|layername=NAME``, as in QGIS."""

from __future__ import annotations

from pathlib import Path

_MARK = "|layername="


def named_layer(file: str | Path, layer: str) -> str:
    """Return the value that names a layer (or sheet) of a file."""
    return f"{file}{_MARK}{layer}"


def file_and_layer(given: str | Path) -> tuple[Path, str | None]:
    """Return a user's file, and the layer named behind it; None where none is.

    A file whose whole name is what is given is that file.
    """
    file, mark, layer = str(given).partition(_MARK)
    if not mark or Path(given).exists():
        return Path(given), None
    return Path(file), layer
