"""The separation rows of a program: laid up front, and added where a point violates them.

Up to :data:`~dcsite.model.cliques.DENSE_LIMIT` sites the rows laid up front cover every pair that
is too near. Beyond it discs leave some out; those that a plan violates, or that the relaxation
gains by, are grown to maximal cliques and added, until a plan violates none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dcsite.contract import TIERS

from .cliques import DENSE_LIMIT, clique_cover, clique_of, conflict_matrix, conflicting_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dcsite.contract import Terms

    from .program import SiteProgram

#: Values above this count as taken, in part, by a point of the relaxation.
_TOUCHED = 1e-6

#: A clique is worth a row where the relaxation puts this much more than one hub into it.
_VIOLATED = 1e-2


@dataclass
class _Level:
    """What one set of clique rows is made from."""

    name: str
    distance_km: float
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    hub: list[Any]
    excused: NDArray[np.object_]
    rows: int = 0


class SeparationRows:
    """Keep each tier's hubs at least its distance from hubs of its own and higher tiers.

    For tier t with distance D, over every clique C of sites nearer than D:
    ``sum(open[i, s] for i in C, for tiers s not below t) <= 1``. Where a higher tier asks for
    less than D, only pairs with a hub of tier t itself conflict at D; those rows are pairs.
    Under a soft rule a hub may be excused, in all rows its tier stands in:
    ``sum(open[i, s] - excused[i, s]) <= 1``. The violation is the number of excused hubs: the
    fewest whose removal would leave all others far enough apart.

    Parameters
    ----------
    program : SiteProgram
        Gets the rows, hard or soft as it holds the rule.
    rule : str
        The rule's name.
    distance_km : mapping of str to float
        Least distance by tier.
    """

    def __init__(self, program: SiteProgram, rule: str, distance_km: Mapping[str, float]) -> None:
        self._program = program
        self._levels: list[_Level] = []
        excused: NDArray[np.object_] = np.full(program.eligible.shape, None, dtype=object)
        if program.mode(rule) == "soft":
            for site, number in np.argwhere(program.eligible):
                label = f"{program.labels[site]}_{TIERS[number]}"
                variable = program.binary(f"excused_{label}")
                excused[site, number] = variable
                terms = [(variable, 1.0), (program.open[site, number], -1.0)]
                program.row(f"excuse_{label}", terms, "<=", 0.0)
                program.violations[rule].append((variable, 1.0))
        for number, tier in enumerate(TIERS):
            if distance_km[tier] <= 0.0:
                continue
            if all(distance_km[upper] >= distance_km[tier] for upper in TIERS[:number]):
                name = f"separation_{tier}"
                self._clique_rows(name, number, distance_km[tier], excused)
            else:
                self._pair_rows(number, distance_km, excused)

    @property
    def covers_all(self) -> bool:
        """Tell whether the rows laid up front cover every pair that is too near."""
        return all(len(level.hub) <= DENSE_LIMIT for level in self._levels)

    def separate(self, values: Mapping[str, float]) -> int:
        """Add a clique row for each pair of hubs too near in a candidate solution; return how many.

        Parameters
        ----------
        values : mapping of str to float
            Value of each variable by name.
        """
        added = 0
        for level in self._levels:
            kept = np.array([values.get(hub.name, 0.0) > 0.5 for hub in level.hub], dtype=bool)
            for site in np.flatnonzero(kept):
                waived = [v for v in level.excused[site] if v is not None]
                kept[site] = not any(values.get(v.name, 0.0) > 0.5 for v in waived)
            chosen = np.flatnonzero(kept)
            near = conflicting_pairs(level.lat[chosen], level.lon[chosen], level.distance_km)
            for pair in chosen[near]:
                self._clique_row(level, clique_of(pair, level.lat, level.lon, level.distance_km))
                added += 1
        return added

    def separate_relaxed(self, values: Mapping[str, float]) -> int:
        """Add clique rows that a point of the relaxation violates; return how many.

        Around each site that the point touches, a clique is grown over touched sites, those it
        takes most of first, and then to a maximal one over all sites.

        Parameters
        ----------
        values : mapping of str to float
            Value of each variable by name.
        """
        added = 0
        for level in self._levels:
            taken = np.array([values.get(hub.name, 0.0) for hub in level.hub])
            here = np.flatnonzero(taken > _TOUCHED)
            near = conflict_matrix(level.lat[here], level.lon[here], level.distance_km)
            order = np.argsort(-taken[here], kind="stable")
            found = {_grown(int(start), order, near) for start in range(len(here))}
            for members in sorted(found):
                seeds = here[list(members)]
                if len(seeds) > 1 and taken[seeds].sum() > 1.0 + _VIOLATED:
                    self._clique_row(
                        level, clique_of(seeds, level.lat, level.lon, level.distance_km)
                    )
                    added += 1
        return added

    def _clique_rows(
        self, name: str, number: int, distance_km: float, excused: NDArray[np.object_]
    ) -> None:
        program = self._program
        here = np.flatnonzero(program.eligible[:, : number + 1].any(axis=1))
        lat, lon = program.candidates.lat_deg[here], program.candidates.lon_deg[here]
        if number not in program.hub_columns:
            program.hub_columns[number] = self._hub_variables(number, here)
        hub = program.hub_columns[number]
        level = _Level(name, distance_km, lat, lon, hub, excused[here, : number + 1])
        self._levels.append(level)
        for clique in clique_cover(lat, lon, distance_km):
            self._clique_row(level, clique)

    def _clique_row(self, level: _Level, clique: NDArray[np.intp]) -> None:
        terms: Terms = [(level.hub[member], 1.0) for member in clique]
        terms += _less_excused(level.excused[clique])
        self._program.row(f"{level.name}_{level.rows}", terms, "<=", 1.0)
        level.rows += 1

    def _hub_variables(self, number: int, here: NDArray[np.intp]) -> list[Any]:
        """Return, site by site, a variable equal to ``sum(open[i, s])`` over tiers not below one.

        One extra column for a site of several tiers keeps the long clique rows short.
        """
        program = self._program
        hubs: list[Any] = []
        for site in here:
            eligible = program.eligible[site, : number + 1]
            members = program.open[site, : number + 1][eligible]
            if len(members) == 1:
                hubs.append(members[0])
                continue
            name = f"hub_{TIERS[number]}_{program.labels[site]}"
            hub = program.continuous(name, 0.0, 1.0)
            terms = [(hub, -1.0), *((member, 1.0) for member in members)]
            program.row(name, terms, "==", 0.0)
            hubs.append(hub)
        return hubs

    def _pair_rows(
        self, level: int, distance_km: Mapping[str, float], excused: NDArray[np.object_]
    ) -> None:
        """Add a row for each conflicting pair of a tier that asks for more than a higher one."""
        program = self._program
        tier = TIERS[level]
        candidates = program.candidates
        pairs = conflicting_pairs(candidates.lat_deg, candidates.lon_deg, distance_km[tier])
        both = np.concatenate([pairs, pairs[:, ::-1]])
        number = 0
        for first, second in both[program.eligible[both[:, 0], level]]:
            others = program.open[second, : level + 1][program.eligible[second, : level + 1]]
            if not len(others):
                continue
            terms: Terms = [(program.open[first, level], 1.0), *((v, 1.0) for v in others)]
            terms += _less_excused(excused[[first], level])
            terms += _less_excused(excused[second, : level + 1])
            program.row(f"separation_{tier}_pair_{number}", terms, "<=", 1.0)
            number += 1


def _grown(start: int, order: NDArray[np.intp], near: NDArray[np.bool_]) -> tuple[int, ...]:
    """Grow a clique from a site, taking others in an order while they are near to all."""
    members = [start]
    rest = order[near[start, order]]
    while len(rest):
        members.append(int(rest[0]))
        rest = rest[near[rest[0], rest]]
    return tuple(sorted(members))


def _less_excused(excused: NDArray[np.object_]) -> Terms:
    """Return ``-sum(excused)`` over the variables there are."""
    return [(variable, -1.0) for variable in excused.ravel() if variable is not None]
