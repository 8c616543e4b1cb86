"""What a user's table of municipalities by scenario does to the sites of each municipality."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dcsite.sites.problems import shown

if TYPE_CHECKING:
    import pandas as pd

    from dcsite.atlas import Atlas

    from .user_rows import UserRows

__all__ = ["municipality_effects"]

Floats = NDArray[np.float64]

#: Spreadsheets take the code for a number and drop its leading zero.
_WITHOUT_ZERO = re.compile(r"[1-9][0-9]{3}")


def municipality_effects(
    rows: UserRows,
    ids: tuple[str, ...],
    position: NDArray[np.int64],
    sites: pd.DataFrame,
    atlas: Atlas,
) -> tuple[Floats, Floats]:
    """Return what each scenario does to each site, by the site's municipality.

    Parameters
    ----------
    rows : UserRows
        Rows with `municipality_code` and either `probability_down` or `intensity`.
    ids, position : tuple of str, numpy.ndarray
        The m scenarios, and which of them each row belongs to.
    sites : pandas.DataFrame
        n sites with `municipality_code`.
    atlas : Atlas
        Knows the municipalities.

    Returns
    -------
    intensity, lost : numpy.ndarray, shape (n, m)
        ``-inf`` and 0 for sites whose municipality a scenario does not list.
    """
    down, felt = rows.effects(otherwise=np.nan)
    codes = _codes(rows, atlas)
    first: dict[tuple[int, str], int] = {}
    for row, (at, code) in enumerate(zip(position.tolist(), codes, strict=True)):
        if code and (at, code) in first:
            rows.note(
                row,
                "municipality_code",
                f"{shown(code)} is listed for scenario {shown(ids[at])} in "
                f"{rows.called(first[at, code])} already; keep one of the two",
            )
        first.setdefault((at, code), row)

    shape = (len(sites), len(ids))
    intensity, lost = np.full(shape, -np.inf), np.zeros(shape)
    row_of = np.full((len(ids), 1 + len(set(codes))), -1)
    column = {code: at for at, code in enumerate(dict.fromkeys(codes), 1)}
    for (at, code), row in first.items():
        row_of[at, column[code]] = row
    # Column 0 is that of municipalities no row names.
    here = [column.get(str(code), 0) for code in sites["municipality_code"]]
    chosen = row_of[:, here].T
    listed = chosen >= 0
    lost[listed] = np.nan_to_num(down)[chosen[listed]]
    intensity[listed] = np.where(np.isnan(felt), -np.inf, felt)[chosen[listed]]
    return intensity, lost


def _codes(rows: UserRows, atlas: Atlas) -> list[str]:
    """Return the codes as the atlas writes them, empty where they are unknown."""
    known = set(atlas.table("municipalities").index.astype(str))
    city_of_ward = atlas.table("seismic_hazard_by_ward")["municipality_code"]
    codes = []
    for row, text in enumerate(rows.texts("municipality_code")):
        code = f"0{text}" if _WITHOUT_ZERO.fullmatch(text) else text
        if code not in known:
            rows.note(row, "municipality_code", _unknown(code, known, city_of_ward))
        codes.append(code if code in known else "")
    return codes


def _unknown(code: str, known: set[str], city_of_ward: pd.Series) -> str:
    allowed = "allowed: the five digits of one of the municipalities of 2020, such as 01100"
    if not code:
        return f"is empty; {allowed}"
    if code in city_of_ward.index:
        return f"{shown(code)} is a ward; give its city, {city_of_ward[code]}"
    if len(code) == 6 and code[:5] in known:
        return f"{shown(code)} ends in a check digit; give {code[:5]}"
    return f"{shown(code)} is no municipality; {allowed}"
