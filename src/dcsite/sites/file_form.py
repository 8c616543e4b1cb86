"""What the files of one purpose hold, and what messages call it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcsite.errors import DcsiteError, Problem, SitesError

from .columns import COLUMN_NAMES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["SITES_FORM", "FileForm"]


@dataclass(frozen=True)
class FileForm:
    """What files of one purpose are called and hold.

    Parameters
    ----------
    record : str
        What one record stands for, as in "give at least one site".
    kinds : str
        Extensions that are read, with what is in them, for messages.
    shapes : str
        Geometries of a layer, in the plural.
    layer : str
        What the one layer holds, as in "keep the one with sites".
    columns : mapping of str to sequence of str
        Names of each field's column.
    needed : tuple of str
        Fields without which a CSV file is of no use.
    needed_in_layer : tuple of str
        Fields without which a layer is of no use.
    error : type of DcsiteError
        What is raised.
    """

    record: str
    kinds: str
    shapes: str
    layer: str
    columns: Mapping[str, Sequence[str]]
    needed: tuple[str, ...]
    needed_in_layer: tuple[str, ...]
    error: type[DcsiteError]

    def unusable(self, path: Path, message: str) -> DcsiteError:
        """Return the error for a file as a whole."""
        return self.error(Problem(path.name, "", message))


SITES_FORM = FileForm(
    record="site",
    kinds=".csv (with latitude and longitude), .geojson, .json (GeoJSON) or .gpkg (GeoPackage)",
    shapes="points or polygons",
    layer="sites",
    columns=COLUMN_NAMES,
    needed=("lat_deg", "lon_deg"),
    needed_in_layer=(),
    error=SitesError,
)
