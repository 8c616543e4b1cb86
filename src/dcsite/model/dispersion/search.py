"""Find a number of points that are all far enough apart, or prove that there are none.

Each point's too-near points are one long integer, a bit for each point, so that whole sets are cut
and compared in one step. The search goes depth first:

- bound: points are covered by groups whose members are all too near to each other; each group gives
  at most one point, so fewer groups than points wanted ends the branch;
- branching: of a solution of `wanted` points at least one lies outside any ``wanted - 1`` groups.
  Also, some solution has a point in N[v] for any point v (else v could join it and another leave).
  The smaller of the two lists is tried, each point tried being dropped for those after it;
- reduction: a point whose too-near set holds all of another's is dropped, as in `reduce`;
- memory: sets that were refuted are not searched again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = ["find_spread"]

#: Refuted sets remembered at most; a few hundred bytes each.
_REMEMBERED = 1_000_000
#: Larger sets are not reduced below the root: comparing their pairs costs more than it saves.
_REDUCE_BELOW = 400


def find_spread(
    near: NDArray[np.bool_], wanted: int, check: Callable[[], None]
) -> list[int] | None:
    """Find `wanted` points no two of which are near, or prove that there are none.

    Parameters
    ----------
    near : numpy.ndarray of bool, shape (n, n)
        Symmetric, true on the diagonal.
    wanted : int
        How many points.
    check : callable
        Called at every branch; may raise to stop the search.

    Returns
    -------
    list of int, optional
        Positions of the points; None if there are no such points, which is proven.
    """
    if wanted <= 0:
        return []
    if wanted > len(near):
        return None
    packed = np.packbits(near, axis=1, bitorder="little")
    rows = [int.from_bytes(row.tobytes(), "little") for row in packed]
    return _Search(rows, check).run((1 << len(rows)) - 1, wanted)


class _Search:
    def __init__(self, rows: list[int], check: Callable[[], None]) -> None:
        self._rows = rows
        self._check = check
        self._refuted: dict[int, int] = {}

    def run(self, live: int, wanted: int) -> list[int] | None:
        """Find `wanted` points among `live`."""
        if wanted <= 1:
            return [live.bit_length() - 1] * wanted if live or not wanted else None
        self._check()
        if live.bit_count() <= _REDUCE_BELOW:
            live = self._reduce(live)
        if live.bit_count() < wanted or self._refuted.get(live, wanted + 1) <= wanted:
            return None
        left = live
        for point in self._branch(live, wanted):
            found = self.run(left & ~self._rows[point], wanted - 1)
            if found is not None:
                return [point, *found]
            left &= ~(1 << point)
        if len(self._refuted) < _REMEMBERED:
            self._refuted[live] = wanted
        return None

    def _branch(self, live: int, wanted: int) -> list[int]:
        """List points one of which is in some solution, if there is any; none if refuted."""
        outside = self._outside(live, wanted - 1)
        if not outside:
            return []
        rows = self._rows
        best, size = outside, outside.bit_count()
        for point in _bits(live):
            around = rows[point] & live
            number = around.bit_count()
            if number < size:
                best, size = around, number
        return sorted(_bits(best), key=lambda point: (rows[point] & live).bit_count())

    def _outside(self, live: int, groups: int) -> int:
        """Return the points left when the largest `groups` of a greedy cover are taken."""
        rows = self._rows
        left = live
        cover: list[tuple[int, int]] = []
        while left:
            first = (left & -left).bit_length() - 1
            group = 1 << first
            candidates = left & rows[first] & ~group
            while candidates:
                lowest = candidates & -candidates
                group |= lowest
                candidates &= rows[lowest.bit_length() - 1] & ~lowest
            cover.append((group.bit_count(), group))
            left &= ~group
        if len(cover) <= groups:
            return 0
        cover.sort()
        outside = 0
        for _, group in cover[: len(cover) - groups]:
            outside |= group
        return outside

    def _reduce(self, live: int) -> int:
        """Drop points whose too-near set holds all of another one's that is near to them."""
        rows = self._rows
        waiting = live
        while waiting:
            bit = waiting & -waiting
            waiting ^= bit
            if not bit & live:
                continue
            around = rows[bit.bit_length() - 1] & live
            # Points near to all points of `around` hold it whole: all of them but this one go.
            holders = around ^ bit
            rest = holders
            while rest and holders:
                low = rest & -rest
                rest ^= low
                holders &= rows[low.bit_length() - 1]
            if holders:
                live &= ~holders
                # Who lost a near point may now be held by others.
                again = 0
                for point in _bits(holders):
                    again |= rows[point]
                waiting |= again & live & ~bit
        return live


def _bits(mask: int) -> list[int]:
    found = []
    while mask:
        bit = mask & -mask
        found.append(bit.bit_length() - 1)
        mask ^= bit
    return found
