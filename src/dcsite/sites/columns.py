"""Which columns of a user's file are read, under which names."""

from __future__ import annotations

import difflib
import re
import unicodedata
from typing import TYPE_CHECKING

from .problems import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .problems import ProblemList

__all__ = ["COLUMN_NAMES", "match_columns"]

#: What each field of a sites file may be called, its own name first; case, spaces and hyphens are
#: free.
COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    "site_id": ("site_id", "id"),
    "name": ("name", "名称"),
    "name_ja": ("name_ja",),
    "name_en": ("name_en",),
    "lat_deg": ("lat_deg", "lat", "latitude", "latitude_deg", "緯度"),
    "lon_deg": ("lon_deg", "lon", "longitude", "longitude_deg", "long", "lng", "経度"),
    "hectares": ("hectares", "hectare", "ha", "area_ha"),
    "max_it_load_mw": ("max_it_load_mw", "max_mw"),
    "tier": ("tier", "allowed_tier"),
}
#: Readers of vector files add the feature's own ``id`` beside the user's ``site_id``.
_GIVES_WAY = {"id"}
_NEARLY = 0.8


def match_columns(
    header: Sequence[str],
    problems: ProblemList,
    column_names: Mapping[str, Sequence[str]] = COLUMN_NAMES,
) -> dict[str, int]:
    """Return the position of each field that the header names.

    Parameters
    ----------
    header : sequence of str
        Column names as in the file.
    problems : ProblemList
        Takes note of fields named twice and of names that are nearly right; other columns are
        the user's own and are left alone.
    column_names : mapping of str to sequence of str
        Names of each field in plain form (lower case, words joined by underscores).

    Returns
    -------
    dict of str to int
        Position in `header` by field.
    """
    field_of = {name: field for field, names in column_names.items() for name in names}
    found: dict[str, int] = {}
    unknown: list[str] = []
    for position, label in enumerate(header):
        name = _plain(label)
        field = field_of.get(name)
        if field is None:
            unknown.append(label)
        elif field not in found or _plain(header[found[field]]) in _GIVES_WAY:
            found[field] = position
        elif name not in _GIVES_WAY:
            first = header[found[field]]
            problems.add(
                0, label, f"gives {field}, as column {shown(first)} does; keep one of the two"
            )
    missing = [name for name, field in field_of.items() if field not in found]
    for label in unknown:
        near = difflib.get_close_matches(_plain(label), missing, n=1, cutoff=_NEARLY)
        if near:
            problems.add(0, label, f"is not read; did you mean {near[0]}? Rename or remove it")
    return found


def _plain(label: str) -> str:
    """Return a column name as it is compared: NFKC, lower case, words joined by underscores."""
    folded = unicodedata.normalize("NFKC", label).casefold()
    return re.sub(r"[\W_]+", "_", folded).strip("_")
