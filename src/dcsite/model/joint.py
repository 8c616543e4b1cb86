"""One program of several years: each year's own, joined by rows that let nothing be taken back.

For every site i, tier t and years y < z that follow each other:

``open[i, t, y] <= open[i, t, z]``              a hub stays, in its tier
``it_load_mw[i, t, y] <= it_load_mw[i, t, z]``  its load never falls

A pair that a hard rule keeps out of a later year cannot open in an earlier one. The objective is
the weighted sum of the years' objectives.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pulp

from dcsite.contract import TIERS

from .formulation import assemble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .candidates import Candidates
    from .program import SiteProgram


class JointProgram:
    """The programs of several years in one problem.

    Parameters
    ----------
    candidates : mapping of int to Candidates
        What is asked in each year, of which sites; the years in order.
    weights : mapping of int to float
        What each year's objective counts.
    """

    def __init__(self, candidates: Mapping[int, Candidates], weights: Mapping[int, float]) -> None:
        self.problem = pulp.LpProblem("dcsite", pulp.LpMaximize)
        self.programs: dict[int, SiteProgram] = {}
        total = pulp.LpAffineExpression()
        #: By year, the objective that its plan alone has.
        self.objectives: dict[int, pulp.LpAffineExpression] = {}
        for year, one in candidates.items():
            self.programs[year] = assemble(one, problem=self.problem, suffix=f"_y{year}")
            self.objectives[year] = self.problem.objective
            total += weights[year] * self.problem.objective
        self.problem.setObjective(total)
        programs = self.programs.values()
        self.lazy = [rows for program in programs for rows in program.lazy]
        self.apart = [rows for program in programs for rows in program.apart]
        self.defined = [one for program in programs for one in program.defined]
        for earlier, later in pairwise(self.programs):
            self._link(earlier, later)

    def _link(self, earlier: int, later: int) -> None:
        before, after = self.programs[earlier], self.programs[later]
        place = after.sites.index.get_indexer(before.sites.index)
        for site, tier in np.argwhere(before.eligible):
            then, now = int(place[site]), before.open[site, tier]
            if then < 0 or not after.eligible[then, tier]:
                now.upBound = 0
                continue
            name = f"{before.labels[site]}_{TIERS[tier]}"
            next_open = after.open[then, tier]
            before.row(f"stays_{name}", [(now, 1.0), (next_open, -1.0)], "<=", 0.0)
            load = [
                (now, float(before.min_mw[tier])),
                (before.extra_mw[site, tier], 1.0),
                (next_open, -float(after.min_mw[tier])),
                (after.extra_mw[then, tier], -1.0),
            ]
            before.row(f"grows_{name}", load, "<=", 0.0)

    def objective_of(self, year: int, values: Mapping[str, float]) -> float:
        """Return what the plan of one year alone is worth at a point of the whole program."""
        terms = self.objectives[year]
        worth = sum(c * values.get(variable.name, 0.0) for variable, c in terms.items())
        return float(worth + terms.constant)
