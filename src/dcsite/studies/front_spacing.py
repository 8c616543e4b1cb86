"""A front over the spacing between hubs: the least distance between any two of them, in km.

Spacing enters the program as clique rows, not as a term, so nothing can be added to the objective
to break ties. What the augmented method does by a term is done here by a search: once y is
maximised for a least spacing, the largest spacing that keeps this y is found by bisection, each
step a program of its own whose rows are laid for that spacing. So of equal y the wider plan is
returned, to the gap asked for in both. The upper end starts from the exact p-dispersion of all
sites that may carry a hub: no plan can be spaced wider.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dcsite.dispersion import Points, disperse
from dcsite.errors import DcsiteError, Problem
from dcsite.geo.geodesy import geodesic_km
from dcsite.model.cliques import DENSE_LIMIT

from .front import SPACING
from .front_search import Answered, FrontProgram, FrontSearch

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.model import SiteProgram
    from dcsite.solvers import Outcome

#: Seconds the p-dispersion may take; the bound it has by then holds as well.
_DISPERSION_S = 20.0

#: No two spacings are told apart more finely than this, in km.
_LEAST_TOLERANCE_KM = 1e-6

#: Scores on y nearer than this are equal: what the programs give back of a bound.
_SAME_Y = 1e-7


@dataclass(frozen=True)
class _Farthest:
    """A plan, the spacing it keeps, and a spacing that no such plan exceeds; both in km."""

    spacing_km: float
    bound_km: float
    values: Mapping[str, float]
    wall_s: float


def least_hubs(program: SiteProgram) -> int:
    """Return how many hubs every plan has at the least, by hard rules alone."""
    tiers = program.scenario.tiers
    count = 0
    if program.mode("tier_counts") == "hard":
        large = tiers.large.count.min
        if program.scenario.cores_count_as_large:
            large = max(0, large - tiers.core.count.max)
        count = tiers.core.count.min + large + tiers.regional.count.min
    if program.mode("total_it_load") == "hard" and program.eligible.any():
        most_mw = float(program.max_mw[program.eligible].max())
        count = max(count, math.ceil(program.total_it_load_mw / most_mw - 1e-9))
    return count


class SpacingSearch(FrontSearch):
    """The search where x is the spacing between hubs."""

    def find_ends(self, first: Mapping[str, float]) -> tuple[float, float]:
        """Find the widest spacing and the best y it allows; and the reverse."""
        top_km = self._widest_km

        def far(program: FrontProgram) -> tuple[_Farthest, Outcome]:
            widest = self._farthest(program, first, top_km)
            best_y = self.solve(
                program, self.goal(y=1.0, least_x=widest.spacing_km, start=widest.values)
            )
            return widest, best_y

        def near(program: FrontProgram) -> tuple[_Farthest, Outcome]:
            best_y = self.solve(program, self.goal(y=1.0, start=first))
            return self._farthest(program, self.values(best_y), top_km, keep_y=True), best_y

        (widest, y_there), (nearest, top_y) = self.all(far, near)
        self.x_bound = widest.bound_km
        low, high = nearest.spacing_km, widest.spacing_km
        self.take(high, self.values(y_there), y_there, widest.wall_s + y_there.wall_s)
        self.take(low, nearest.values, top_y, nearest.wall_s + top_y.wall_s)
        if high <= low:
            self.notes.append(
                f"nothing to trade: a plan with the best y keeps its hubs {low:.1f} km apart, and "
                f"no plan more than {self.x_bound:.1f} km"
            )
        return low, high

    def answer(
        self,
        program: FrontProgram,
        eps: float,
        eps_above: float,
        start: Mapping[str, float] | None,
    ) -> Answered:
        """Maximise y from a neighbour's plan, then keep that y and space the hubs out."""
        outcome = self.solve(program, self.goal(y=1.0, least_x=eps, start=start))
        if outcome.values is None:
            return Answered(outcome, None, outcome.wall_s)
        if start is not None and start["front_y"] >= outcome.values["front_y"] - _SAME_Y:
            # The neighbour is as good and spaced no less: it stands for this epsilon too.
            return Answered(outcome, start, outcome.wall_s)
        wider = self._farthest(program, outcome.values, eps_above, keep_y=True, nearby=True)
        return Answered(outcome, wider.values, outcome.wall_s + wider.wall_s)

    @cached_property
    def _widest_km(self) -> float:
        """Bound the spacing of any plan: as many sites as it has hubs, as far apart as can be."""
        program = self.programs[0].site_program
        count = least_hubs(program)
        if count < 2:
            raise DcsiteError(
                Problem(
                    "--x",
                    "",
                    f"{SPACING} lies between two hubs, and the hard rules of this scenario allow "
                    f"a plan of {count}; ask for two at least (tiers.*.count)",
                )
            )
        sites = self._candidates
        points = Points(sites["lat_deg"].to_numpy(dtype=float), sites["lon_deg"].to_numpy(float))
        limit_s = min(self.options.time_limit_s or _DISPERSION_S, _DISPERSION_S)
        return disperse(points, count, time_limit_s=limit_s).bound

    @cached_property
    def _candidates(self) -> gpd.GeoDataFrame:
        """Return the sites that may carry a hub of some tier."""
        program = self.programs[0].site_program
        return program.sites[program.eligible.any(axis=1)]

    @cached_property
    def _between_km(self) -> NDArray[np.float64]:
        """Return all distances between candidates, rising: a spacing is one of them.

        None for very many sites, where the table would be too large; steps are then not snapped.
        """
        sites = self._candidates
        if len(sites) > DENSE_LIMIT:
            return np.empty(0)
        lat, lon = sites["lat_deg"].to_numpy(dtype=float), sites["lon_deg"].to_numpy(dtype=float)
        first, second = np.triu_indices(len(sites), 1)
        return np.unique(geodesic_km(lat[first], lon[first], lat[second], lon[second]))

    @property
    def _tolerance_km(self) -> float:
        return max(self.options.gap * self._widest_km, _LEAST_TOLERANCE_KM)

    def _farthest(
        self,
        program: FrontProgram,
        values: Mapping[str, float],
        bound_km: float,
        *,
        keep_y: bool = False,
        nearby: bool = False,
    ) -> _Farthest:
        """Space the hubs of a plan out by bisection, with no less y if that is to be kept.

        Stops within the tolerance, or at a step that no solve decided in time. `nearby` tries the
        smallest step first: mostly there is none. To keep y it is maximised, and plans as good
        within the gap are let in: with none to stop at, to prove the last of the gap takes several
        times as long as all before it. The bound is proven only where y need not be kept.
        """
        same_y = values["front_y"] - _SAME_Y if keep_y else -np.inf
        parts = {}
        if keep_y:
            parts = {"y": 1.0, "least_y": values["front_y"] * (1.0 - self.options.gap)}
        spacing_km = program.x_of(values)
        wall_s = 0.0
        part = 0.0 if nearby else 0.5
        while bound_km - spacing_km > self._tolerance_km:
            step_km = max(part * (bound_km - spacing_km), self._tolerance_km)
            outcome = self.solve(program, self.goal(least_x=spacing_km + step_km, **parts))
            wall_s += outcome.wall_s
            if outcome.values is None and outcome.status != "infeasible":
                break
            if outcome.values is None or outcome.values["front_y"] < same_y:
                bound_km = self._below(spacing_km + step_km)
            else:
                values = outcome.values
                spacing_km = max(program.x_of(values), spacing_km + step_km)
            part = 0.5
        return _Farthest(spacing_km, bound_km, values, wall_s)

    def _below(self, distance_km: float) -> float:
        """Return the largest spacing there can be below a distance that no plan keeps."""
        number = int(np.searchsorted(self._between_km, distance_km))
        return float(self._between_km[number - 1]) if number else distance_km
