"""Files as published, and what an import makes of them."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from dcsite.atlas.importing import Imported, import_files
from dcsite.errors import GeodataError


class Desk:
    """A folder with a user's files, and the overlay she imports into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.into = folder / "own"

    def file(self, name: str, text: str, encoding: str = "cp932") -> Path:
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        return path

    def made(self, kind: str, *paths: Path, **options: object) -> Imported:
        today = datetime.date(2026, 11, 29)
        return import_files(kind, paths, self.into, today=today, **options)

    def tables(self, kind: str, *paths: Path, **options: object) -> dict[str, pd.DataFrame]:
        made = self.made(kind, *paths, **options)
        return {
            name: pd.read_csv(io.BytesIO(made.files[f"{name}.csv"]), dtype=str).fillna("")
            for name in made.rows
        }

    def said(self, kind: str, *paths: Path, **options: object) -> str:
        with pytest.raises(GeodataError) as raised:
            import_files(kind, paths, self.into, **options)
        return str(raised.value)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


Said = Callable[..., str]
