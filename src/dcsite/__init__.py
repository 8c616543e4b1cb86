"""Decide where a country's data-centre hubs should stand.

The public interface is small: read a scenario, read what is known, solve, look at the plan.

>>> import dcsite
>>> scenario = dcsite.load_scenario("policy-2023")
>>> plan = dcsite.solve(scenario)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dcsite.atlas import Atlas
    from dcsite.model import SolveOptions
    from dcsite.plan import Plan
    from dcsite.scenario import Scenario

__all__ = ["__version__", "load_atlas", "load_scenario", "solve"]

__version__ = version("dcsite")


def load_scenario(source: str | Path = "policy-2023", overrides: Sequence[str] = ()) -> Scenario:
    """Load a scenario, validated against every registered criterion.

    Parameters
    ----------
    source : str or Path
        Shipped name or TOML file.
    overrides : sequence of str
        ``KEY=VALUE`` texts laid over it.

    Raises
    ------
    ScenarioError
        With one problem for each thing that is wrong.
    """
    from dcsite.scenario import load_scenario as load

    return load(source, overrides)


def load_atlas(root: Path | None = None) -> Atlas:
    """Open the geodata: the shipped ones, or a folder with a datapackage.json."""
    from dcsite.atlas import load_atlas as load

    return load(root)


def solve(
    scenario: Scenario, atlas: Atlas | None = None, options: SolveOptions | None = None
) -> Plan:
    """Solve a scenario over Japan's municipalities.

    Parameters
    ----------
    scenario : Scenario
        As returned by :func:`load_scenario`.
    atlas : Atlas, optional
        The shipped geodata by default.
    options : SolveOptions, optional
        Solver, time limit, gap, threads, seed.

    Returns
    -------
    Plan
        Checked independently.

    Raises
    ------
    InfeasibleError, NoPlanInTimeError, SolverError, CheckError
        As their texts say.
    """
    from dcsite.model import SolveOptions
    from dcsite.plan import run_scenario
    from dcsite.sites import municipality_sites

    known = atlas if atlas is not None else load_atlas()
    sites = municipality_sites(known, scenario.land)
    return run_scenario(scenario, known, sites, options or SolveOptions(), version=__version__).plan
