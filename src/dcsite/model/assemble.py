"""Assemble the program: decisions, rules, criteria and objective, in the order of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dcsite.criteria import Admission, criteria
from dcsite.errors import Problem, ScenarioError

from .demand import serve_demand
from .program import SiteProgram
from .rules import RuleModes, modes_of
from .tiers import count_tiers, land_guide, place_cores, total_load, workforce

if TYPE_CHECKING:
    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario


def admissions(sites: gpd.GeoDataFrame, scenario: Scenario) -> tuple[Admission, ...]:
    """Collect what every rule says of every measured site, the model's own rules last."""
    found = [
        admission for criterion in criteria() for admission in criterion.admit(sites, scenario)
    ]
    return (*found, workforce(sites, scenario), land_guide(sites, scenario))


def refuse_unknown_regions(scenario: Scenario, atlas: Atlas) -> None:
    """Raise a ScenarioError if the scenario names a region that no table knows."""
    known = sorted(set(atlas.table("core_regions")["region"]))
    unknown = [region for region in scenario.tiers.core.regions if region not in known]
    if unknown:
        raise ScenarioError(
            Problem(
                scenario.name,
                "tiers.core.regions",
                f"unknown region {unknown[0]!r}; known are {', '.join(known)}",
            )
        )


def assemble(
    scenario: Scenario,
    atlas: Atlas,
    sites: gpd.GeoDataFrame,
    modes: RuleModes | None = None,
    *,
    spacing_km: float = 0.0,
) -> SiteProgram:
    """Assemble the whole program for measured sites.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    atlas : Atlas
        What is known.
    sites : geopandas.GeoDataFrame
        Sites with the measurements of :func:`dcsite.criteria.measure_sites`.
    modes : RuleModes, optional
        How strictly each rule holds; the scenario's own by default.
    spacing_km : float
        Least distance between any two new hubs, beside the rules; 0 asks for none.

    Returns
    -------
    SiteProgram
        Its `problem` is ready for a solver.

    Raises
    ------
    ScenarioError
        If the scenario names a region that no table knows.
    """
    refuse_unknown_regions(scenario, atlas)
    program = SiteProgram(
        scenario,
        atlas,
        sites,
        admissions(sites, scenario),
        modes or modes_of(scenario),
        spacing_km,
    )
    count_tiers(program)
    place_cores(program)
    total_load(program)
    for criterion in criteria():
        criterion.constrain(program)
    unserved = serve_demand(program)
    for criterion in criteria():
        program.add_scores(criterion.name, criterion.score(program))
    program.set_objective(unserved)
    return program
