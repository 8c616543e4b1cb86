"""Decide where a country's data-centre hubs should stand.

The public interface is small: read a scenario, read what is known, solve, look at the plan.

>>> import dcsite
>>> scenario = dcsite.load_scenario("policy-2023")
>>> plan = dcsite.solve(scenario)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .atlas import Atlas
    from .plan import Plan, Session
    from .scenario import Scenario
    from .solve import SolveOptions

__all__ = ["Session", "__version__", "load_atlas", "load_scenario", "solve"]

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
    from .scenario import load_scenario as load

    return load(source, overrides)


def load_atlas(root: Path | None = None) -> Atlas:
    """Open the geodata: the shipped ones, or a folder with a datapackage.json."""
    from .atlas import load_atlas as load

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
    from .plan.session import Session

    return Session.open(scenario, cache=False, options=options, atlas=atlas).solve().plan


def __getattr__(name: str) -> Any:
    """Load the session when it is first asked for: its libraries take a second."""
    if name == "Session":
        from .plan.session import Session

        return Session
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
