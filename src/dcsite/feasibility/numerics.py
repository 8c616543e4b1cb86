"""The range of the program's coefficients: too wide a range costs solvers their digits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from dcsite.criteria import criteria
from dcsite.model.assemble import admissions
from dcsite.model.demand import serve_demand
from dcsite.model.program import SiteProgram
from dcsite.model.tiers import count_tiers, place_cores, total_load
from dcsite.solvers.matrix import ProgramMatrix

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.model.rules import RuleModes
    from dcsite.scenario import Scenario


@dataclass(frozen=True)
class CoefficientRange:
    """Smallest and largest size of a coefficient that is not zero; 0 where there is none."""

    rows_least: float
    rows_most: float
    objective_least: float
    objective_most: float


def coefficient_range(
    scenario: Scenario, atlas: Atlas, sites: gpd.GeoDataFrame, modes: RuleModes
) -> CoefficientRange:
    """Measure the range of the coefficients of the whole program.

    The rows of separation take longest to build and hold nothing but ones (and its penalty, where
    it is soft, in the objective); they are left out of the building and counted as that.
    """
    program = _Unspaced(scenario, atlas, sites, admissions(sites, scenario), modes)
    count_tiers(program)
    place_cores(program)
    total_load(program)
    for criterion in criteria():
        criterion.constrain(program)
    unserved = serve_demand(program)
    for criterion in criteria():
        program.add_scores(criterion.name, criterion.score(program))
    program.set_objective(unserved)
    matrix = ProgramMatrix.from_problem(program.problem)
    rows, cost = np.abs(matrix.coefficient), np.abs(matrix.cost)
    for rule in program.unspaced:
        rows = np.append(rows, 1.0)
        if modes.mode[rule] == "soft":
            cost = np.append(cost, modes.penalty[rule])
    return CoefficientRange(*_ends(rows), *_ends(cost))


class _Unspaced(SiteProgram):
    """A program without the rows that keep hubs apart."""

    @cached_property
    def unspaced(self) -> list[str]:
        """Rules whose rows were left out."""
        return []

    def keep_apart(self, rule: str, distance_km: Mapping[str, float]) -> None:
        """Note the rule alone."""
        if self.mode(rule) != "off":
            self.unspaced.append(rule)


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    sizes = values[values > 0.0]
    return (float(sizes.min()), float(sizes.max())) if sizes.size else (0.0, 0.0)
