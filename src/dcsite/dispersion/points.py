"""Points with a metric, and which pairs of them stand too near.

Searches work on straight lines: planar points as they are, points on WGS 84 by their chords. A
verdict on a pair is always that of the metric itself; straight lines only settle the pairs that
they settle beyond doubt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from dcsite.geo.geodesy import (
    LEAST_RADIUS_KM,
    geodesic_km,
    longest_geodesic_km,
    safe_chord_km,
    to_ecef_km,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: ``geodesic``: km on WGS 84; ``euclidean``: straight lines; ``euc_2d`` and ``ceil_2d``: straight
#: lines rounded to the nearest integer and up, as TSPLIB does.
Metric = Literal["geodesic", "euclidean", "euc_2d", "ceil_2d"]

METRICS: tuple[Metric, ...] = ("geodesic", "euclidean", "euc_2d", "ceil_2d")

#: Radii of WGS 84, in km.
_POLAR_RADIUS_KM = 6356.752
_EQUATORIAL_RADIUS_KM = 6378.138

#: Rounding of chords, in km; a micrometre is far above it and far below any distance of interest.
_CHORD_SLACK_KM = 1e-9
_LARGE_KM = 1800.0

#: Pairs measured in one go.
_PAIRS_AT_ONCE = 4_000_000


@dataclass(frozen=True, eq=False)
class Points:
    """Points and the metric between them.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (n,)
        Latitude and longitude in degrees for ``geodesic``, else x and y.
    metric : str
        One of `METRICS`.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    metric: Metric = "geodesic"

    def __post_init__(self) -> None:
        for name in ("first", "second"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        if self.metric not in METRICS:
            raise ValueError(f"expected a metric of {', '.join(METRICS)}, got {self.metric!r}")
        if self.first.ndim != 1 or self.first.shape != self.second.shape:
            raise ValueError(
                f"expected two one-dimensional arrays of equal length, got shapes "
                f"{self.first.shape} and {self.second.shape}"
            )
        if not (np.isfinite(self.first).all() and np.isfinite(self.second).all()):
            raise ValueError("expected finite coordinates, got missing or infinite ones")
        if self.metric == "geodesic" and (np.abs(self.first) > 90.0).any():
            raise ValueError("expected latitudes between -90 and 90 degrees")

    def __len__(self) -> int:
        return len(self.first)

    @property
    def whole(self) -> bool:
        """Tell whether all distances are whole numbers."""
        return self.metric in {"euc_2d", "ceil_2d"}

    @cached_property
    def everyone(self) -> NDArray[np.intp]:
        """Indices of all points."""
        return np.arange(len(self))

    @cached_property
    def places(self) -> NDArray[np.float64]:
        """Coordinates in which straight lines stand for the metric, shape (n, 2 or 3)."""
        if self.metric == "geodesic":
            return to_ecef_km(self.first, self.second)
        return np.column_stack((self.first, self.second))

    @cached_property
    def _axes(self) -> tuple[NDArray[np.float64], ...]:
        return tuple(np.ascontiguousarray(axis) for axis in self.places.T)

    def straight(self, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Measure straight lines of all `rows` to all `columns`."""
        return self._straight(rows[:, None], columns[None, :])

    def _straight(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        step = self._axes[0][first] - self._axes[0][second]
        total = np.asarray(step * step)
        for axis in self._axes[1:]:
            step = axis[first] - axis[second]
            step *= step
            total += step
        return np.asarray(np.sqrt(total))

    def distance(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.float64]:
        """Measure pairs of points by the metric; the index arrays broadcast."""
        if self.metric == "geodesic":
            return geodesic_km(
                self.first[first], self.second[first], self.first[second], self.second[second]
            )
        return self._rounded(self._straight(first, second))

    def _rounded(self, straight: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what straight lines on the plane count by the metric."""
        if self.metric == "euc_2d":
            return np.floor(straight + 0.5)
        return np.ceil(straight) if self.metric == "ceil_2d" else straight

    def farthest_first(
        self, chosen: list[int], count: int
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Choose points up to a number, each the one farthest from those before.

        Returns
        -------
        chosen : numpy.ndarray
            Indices, those given first.
        nearest : numpy.ndarray, shape (n,)
            Straight line from each point to the nearest chosen one, -1 for these themselves.
        """
        members = list(chosen)
        nearest = self.straight(self.everyone, np.array(members)).min(axis=1)
        nearest[members] = -1.0
        while len(members) < count:
            members.append(int(nearest.argmax()))
            nearest = np.minimum(
                nearest, self.straight(self.everyone, np.array(members[-1:]))[:, 0]
            )
            nearest[members[-1]] = -1.0
        return np.array(members, dtype=np.intp), nearest

    def near(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp], limit: float
    ) -> NDArray[np.bool_]:
        """Tell which pairs of `rows` and `columns` lie at most `limit` apart by the metric."""
        near = np.empty((len(rows), len(columns)), dtype=bool)
        # Block by block: the lengths take eight times the room of the verdicts and more.
        step = max(1, _PAIRS_AT_ONCE // max(1, len(columns)))
        for begin in range(0, len(rows), step):
            block = slice(begin, begin + step)
            near[block] = self._near(rows[block], columns, limit)
        return near

    def _near(
        self, rows: NDArray[np.intp], columns: NDArray[np.intp], limit: float
    ) -> NDArray[np.bool_]:
        straight = self.straight(rows, columns)
        if self.metric != "geodesic":
            return self._rounded(straight) <= limit
        near = straight < self.surely_near(limit)
        row, column = np.nonzero(~near & (straight <= self.straight_reach(limit)))
        near[row, column] = self.distance(rows[row], columns[column]) <= limit
        return near

    def surely_near(self, limit: float) -> float:
        """Return a straight line below which every pair lies at most `limit` apart.

        On WGS 84 that is :func:`safe_chord_km`.
        """
        if self.metric != "geodesic":
            return limit - 1.0
        return safe_chord_km(max(limit, 0.0)) - _CHORD_SLACK_KM

    def straight_reach(self, limit: float) -> float:
        """Return a straight line beyond which no pair lies at most `limit` apart.

        No path is shorter than its chord. Over long ways more is known: pressed onto the sphere
        inside the ellipsoid a path only shrinks, so it is at least the polar radius times the
        angle at the earth's centre, which the chord and the equatorial radius bound from below.
        """
        if self.metric != "geodesic":
            return limit + 1.0
        reach = limit
        if limit > _LARGE_KM:
            half = min(limit / (2.0 * _POLAR_RADIUS_KM), np.pi / 2.0)
            reach = min(limit, float(2.0 * _EQUATORIAL_RADIUS_KM * np.sin(half)))
        return reach + _CHORD_SLACK_KM

    def surely_far(self, limit: float) -> float:
        """Return a straight line beyond which every pair lies more than `limit` apart."""
        if self.metric == "geodesic":
            return self.straight_reach(limit)
        return limit + 0.5 if self.metric == "euc_2d" else limit

    def longest(self, straight: float) -> float:
        """Return the largest distance that two points this straight line apart can have."""
        if self.metric == "euclidean":
            return straight
        if self.metric != "geodesic":
            return float(np.ceil(straight))
        # Nearly antipodal points: half of the meridian is the longest way there is.
        return (
            20_004.0 if straight >= 2.0 * LEAST_RADIUS_KM else float(longest_geodesic_km(straight))
        )

    def smallest(self, members: NDArray[np.intp]) -> float:
        """Return the smallest distance among some points, infinite for fewer than two."""
        first, second = np.triu_indices(len(members), 1)
        if not len(first):
            return float("inf")
        return float(self.distance(members[first], members[second]).min())
