"""Dominated hubs: openings that some best plan does without, whatever the rules in force.

Whether a hub may be left out is read off the assembled program alone, its rows, bounds and
costs, so no rule and no criterion need be known here, nor trusted.

Write ``(i, t)`` for a hub of tier t at site i. Its *columns* are ``open[i, t]`` with the helper
columns of separation that follow it, and ``extra_mw[i, t]``. The rows are of three kinds: rows of
*separation*, which the program names itself; *private* rows, which hold columns of one site
only; and all others, *shared*. Tiers s and t of two sites conflict nearer than ``D[s, t]``, the
distance of the lower of the two.

``(k, t)`` dominates ``(i, t)`` if separation is hard and

1. the sites are nearer to each other than ``D[s, t]`` for every tier s that k may have;
2. for every tier s, each site other than i nearer to k than ``D[s, t]`` that may have tier s is
   nearer than that to i, too;
3. in every shared row, and in the objective, the coefficient of each column of ``(k, t)`` is no
   worse than that of ``(i, t)``: not larger in a row with an upper bound and in the minimised
   objective, not smaller in a row with a lower bound, and so equal in an equation;
4. each private row of i holds where all columns of i are zero;
5. each private row of k holds where ``(k, t)`` is open with any extra load ``(i, t)`` can have,
   and the bounds of its columns admit that; the columns of ``(i, t)`` are bounded below by zero.

*Claim: in a plan that opens* ``(i, t)``, *move the hub to* ``(k, t)``, *extra load and all, and
leave every other column as it is. The result is a plan, and no worse.* The plan keeps k closed
by 1, so that the columns of k are zero, and those of the other tiers of i by the row of one tier
for each site. Separation holds: a hub that conflicts with ``(k, t)`` is at a site other than i
(now empty) and k, so by 2 it conflicted with ``(i, t)``, and the plan had none such; this is
said of pairs, so it covers the rows laid up front, those added as plans violate them, and the
cliques of both. A private row of i or k holds by 4 or 5, one of another site is untouched. In a
shared row the terms of ``(i, t)``, ``a * 1 + b * extra``, become ``a' * 1 + b' * extra``, and
extra is at least zero, so by 3 the row moves only where it may; likewise the objective. Columns
keep their bounds by 5. Nothing is assumed of other columns: flows, shares, excuses and whatever
a criterion may add stay as they are, so a hub with a column of its own (land exceeded, an
excuse) is held by the shared row that ties the two, unless 3 admits it.

*Claim: all hubs marked here can be left out together.* A hub is marked only for one that is not
marked by then. Replace a marked hub of a plan by the one it was marked for, again and again: the
latter was marked later or never, so hubs only ever move on in the order of marking, no circle is
possible, and the moves end, with a plan that has no marked hub and is no worse. Each move is
valid by the first claim, which asks nothing about marks. Of two equal hubs, the later site is
looked at first and goes. Hence the optimum, and whether there is a plan at all, stay the same,
and a bound proven without the marked hubs holds with them.

Comparisons are exact, without tolerance: hubs that differ by rounding alone are both kept.

No run leaves hubs out of itself, since solving does not get faster by it: ``dcsite bench --part
rows`` measures it beside the families of rows; only a scenario without the rule of backups, such
as ``distance-only``, lets it leave out any. CPU seconds of the solve, measured before disasters
were in the program, with all hubs and without
the 16 % (municipalities), 18 % (1,000 drawn points) and 17 % (3,000 and 5,000) that are dominated,
sums over seeds: CBC 31 and 34 (3 seeds), 40 and 34 (3), 78 and 121 (2), 19 and 64 (1); HiGHS 89
and 69 (2), 64 and 64 (2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.spatial import cKDTree

from dcsite.atlas.geodesy import to_ecef_km

from .cliques import conflicting_pairs
from .hub_rows import HubRows, TierHubs, entries

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .program import SiteProgram

__all__ = ["MOST_PAIRS", "dominated", "leave_out"]

#: Where more pairs of sites conflict than this, nothing is looked for: they would not fit memory.
MOST_PAIRS = 5_000_000

#: Pairs compared at a time.
_CHUNK = 20_000


def leave_out(program: SiteProgram, spare: NDArray[np.bool_] | None = None) -> int:
    """Fix dominated hubs of a program to closed.

    Parameters
    ----------
    program : SiteProgram
        Assembled; the upper bounds of the dominated ``open[i, t]`` become 0.
    spare : numpy.ndarray of bool, shape (sites, tiers), optional
        Hubs to leave as they are.

    Returns
    -------
    int
        How many hubs are left out.
    """
    marked = dominated(program, spare)
    for variable in program.open[marked]:
        variable.upBound = 0
    return int(marked.sum())


def dominated(program: SiteProgram, spare: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Mark the hubs that some best plan does without.

    Parameters
    ----------
    program : SiteProgram
        Assembled.
    spare : numpy.ndarray of bool, shape (sites, tiers), optional
        Hubs not to be marked.

    Returns
    -------
    numpy.ndarray of bool, shape (sites, tiers)
        Only hubs that the program has columns for are marked; none where separation is soft or
        off, where a rule asks for backups (what falls with one hub need not fall with another), or
        more than `MOST_PAIRS` pairs of sites conflict. Rows that stand ready and are not laid yet
        count like those that are.
    """
    marked = np.zeros(program.eligible.shape, dtype=bool)
    apart = _Conflicts.of(program)
    if apart is None:
        return marked
    rows = HubRows.of(program)
    if rows is None:
        return marked
    for tier in range(len(program.tiers)):
        hubs = TierHubs.of(program, rows, tier)
        pairs = apart.candidates(tier)
        pairs = pairs[hubs.removable[pairs[:, 0]]]
        if spare is not None:
            pairs = pairs[~spare[pairs[:, 0], tier]]
        pairs = pairs[hubs.no_worse(pairs)]
        pairs = pairs[apart.no_further_conflict(pairs, tier)]
        for ready in program.lazy:
            pairs = pairs[ready.may_stand_in(pairs)]
        _mark(pairs, marked[:, tier])
    return marked


def _mark(pairs: NDArray[np.intp], marked: NDArray[np.bool_]) -> None:
    """Mark first members of pairs, the last site first, each for one not marked by then."""
    order = np.argsort(-pairs[:, 0], kind="stable")
    for site, dominator in pairs[order].tolist():
        if not marked[site] and not marked[dominator]:
            marked[site] = True


@dataclass(frozen=True)
class _Conflicts:
    """Which sites stand nearer than each distance, as symmetric sparse matrices by distance."""

    near: dict[float, csr_array]
    distance_km: NDArray[np.float64]
    eligible: NDArray[np.bool_]

    @classmethod
    def of(cls, program: SiteProgram) -> _Conflicts | None:
        """Find the conflicts of hard separation; None where there are none, or too many."""
        if {rows.mode for rows in program.apart} != {"hard"}:
            return None
        by_tier = [max(rows.distance_km[t] for rows in program.apart) for t in program.tiers]
        tiers = np.arange(len(by_tier))
        distance_km = np.array(by_tier)[np.maximum(tiers[:, None], tiers[None, :])]
        near: dict[float, csr_array] = {}
        lat = program.sites["lat_deg"].to_numpy(dtype=float)
        lon = program.sites["lon_deg"].to_numpy(dtype=float)
        for km in np.unique(by_tier):
            # Only tiers down to the lowest of this distance ever ask for it.
            lowest = int(np.flatnonzero(np.array(by_tier) == km).max())
            here = np.flatnonzero(program.eligible[:, : lowest + 1].any(axis=1))
            found = _pairs(lat[here], lon[here], float(km))
            if found is None:
                return None
            first, second = here[found[:, 0]], here[found[:, 1]]
            ones = np.ones(2 * len(found), dtype=np.int32)
            ends = (np.concatenate([first, second]), np.concatenate([second, first]))
            near[float(km)] = csr_array((ones, ends), shape=(len(lat), len(lat)))
        return cls(near, distance_km, program.eligible)

    def candidates(self, tier: int) -> NDArray[np.intp]:
        """List pairs (site, dominator) of which one at most is open where the first has the tier.

        That is condition 1 of the module's text.
        """
        site, dominator = self.near[float(self.distance_km[tier, tier])].nonzero()
        pairs: NDArray[np.intp] = np.column_stack([site, dominator]).astype(np.intp)
        pairs = pairs[self.eligible[pairs, tier].all(axis=1)]
        for other in range(self.eligible.shape[1]):
            conflict = entries(self.near[float(self.distance_km[other, tier])], pairs)
            pairs = pairs[~self.eligible[pairs[:, 1], other] | conflict.astype(bool)]
        return pairs

    def no_further_conflict(self, pairs: NDArray[np.intp], tier: int) -> NDArray[np.bool_]:
        """Say for which pairs the dominator conflicts with no further hub: condition 2."""
        kept = np.ones(len(pairs), dtype=bool)
        for other in range(self.eligible.shape[1]):
            near = self.near[float(self.distance_km[other, tier])]
            there = csr_array(near.multiply(self.eligible[None, :, other].astype(np.int32)))
            count = np.asarray(there.sum(axis=1)).ravel()
            for begin in range(0, len(pairs), _CHUNK):
                part = np.flatnonzero(kept[begin : begin + _CHUNK]) + begin
                site, dominator = pairs[part].T
                common = there[site].multiply(there[dominator]).sum(axis=1)
                itself = entries(there, pairs[part][:, ::-1])
                kept[part] = count[dominator] - itself == np.asarray(common).ravel()
        return kept


def _pairs(
    lat: NDArray[np.float64], lon: NDArray[np.float64], distance_km: float
) -> NDArray[np.intp] | None:
    """Return conflicting pairs; None if there may be more than `MOST_PAIRS`."""
    if len(lat) > 1 and len(lat) ** 2 // 2 > MOST_PAIRS:
        tree = cKDTree(to_ecef_km(lat, lon))
        if (tree.count_neighbors(tree, distance_km) - len(lat)) // 2 > MOST_PAIRS:
            return None
    return conflicting_pairs(lat, lon, distance_km)
