"""The axes of a front: scored measures by their names, and the spacing between new hubs."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import numpy as np

from dcsite.atlas.geodesy import geodesic_km
from dcsite.errors import DcsiteError, Problem

from .front_types import AxisLabel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["SPACING", "SPACING_LABEL", "check_axes", "closest_pair", "measure_named", "spacing_of"]

#: What a user calls the axis over the least distance between any two new hubs.
SPACING = "spacing"

SPACING_LABEL = AxisLabel(
    "separation",
    "least_hub_spacing_km",
    "least distance between any two new hubs",
    "新拠点どうしの最小距離",
    "km",
    scored=False,
)


def check_axes(x: str, y: str, points: int) -> None:
    """Raise DcsiteError for a front that cannot be drawn."""
    problems = []
    if points < 2:
        problems.append(Problem("--points", "", f"is {points}; a front has at least 2 points"))
    if x == y:
        problems.append(Problem("--y", "", f"is {y} as --x is; give two different measures"))
    elif y == SPACING:
        problems.append(
            Problem("--y", "", f"is {SPACING}, which is no score; give --x {SPACING} --y {x}")
        )
    if problems:
        raise DcsiteError(problems)


def measure_named(option: str, name: str, scored: Mapping[str, Sequence[str]]) -> str:
    """Return the measure a user means: its own name, or a criterion's for its first scored one.

    Parameters
    ----------
    option, name : str
        Where the name was given, and the name.
    scored : mapping of str to sequence of str
        Scored measures by criterion.

    Raises
    ------
    DcsiteError
        If there is none; names the nearest.
    """
    measures = [measure for own in scored.values() for measure in own]
    if name in measures:
        return name
    if scored.get(name):
        return scored[name][0]
    known = [*(criterion for criterion, own in scored.items() if own), *measures]
    if option == "--x":
        known.append(SPACING)
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    raise DcsiteError(
        Problem(option, "", f"unknown measure {name!r}; {hint}known are {', '.join(known)}")
    )


def closest_pair(
    lat_deg: NDArray[np.float64], lon_deg: NDArray[np.float64]
) -> tuple[int, int, float] | None:
    """Find the two points nearest to each other on WGS 84.

    Returns
    -------
    tuple of int, int and float, or None
        Positions of the two, the lower first, and the geodesic between them in km; None for fewer
        than two points.
    """
    first, second = np.triu_indices(len(lat_deg), 1)
    if not len(first):
        return None
    between_km = geodesic_km(lat_deg[first], lon_deg[first], lat_deg[second], lon_deg[second])
    nearest = int(between_km.argmin())
    return int(first[nearest]), int(second[nearest]), float(between_km[nearest])


def spacing_of(hubs: pd.DataFrame) -> float:
    """Return the least geodesic distance between any two hubs, in km; infinite for fewer than two.

    Parameters
    ----------
    hubs : pandas.DataFrame
        With `lat_deg` and `lon_deg` on WGS 84.
    """
    pair = closest_pair(
        hubs["lat_deg"].to_numpy(dtype=float), hubs["lon_deg"].to_numpy(dtype=float)
    )
    return float("inf") if pair is None else pair[2]
