"""Decide where a country's data-centre hubs should stand.

The public interface is small: read a scenario, read what is known, solve, look at the plan.

>>> import dcsite
>>> scenario = dcsite.load_scenario("policy-2023")
>>> plan = dcsite.solve(scenario)  # doctest: +SKIP
"""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from .atlas import Atlas
    from .plan import Plan, Session
    from .scenario import Scenario
    from .solvers import SolveOptions

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
    scenario: Scenario | str | Path = "policy-2023",
    atlas: Atlas | None = None,
    options: SolveOptions | None = None,
    *,
    sites: Path | gpd.GeoDataFrame | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Plan:
    """Solve a scenario over Japan's municipalities, or over sites of one's own.

    Parameters
    ----------
    scenario : Scenario, str or Path
        As returned by :func:`load_scenario`, a shipped name or a TOML file.
    atlas : Atlas, optional
        The shipped geodata by default.
    options : SolveOptions, optional
        Solver, time limit, gap, threads, seed.
    sites : Path or geopandas.GeoDataFrame, optional
        A user's file of candidate sites, or candidates as :class:`Session` takes them.
    overrides : mapping of str to value, optional
        Values by dotted key, laid over a scenario that is given by its name or file.

    Returns
    -------
    Plan
        Checked independently.

    Raises
    ------
    ScenarioError
        If the scenario cannot be used, or overrides are given for one that is already loaded.
    InfeasibleError, NoPlanInTimeError, SolverError, CheckError
        As their texts say.

    Examples
    --------
    >>> import dcsite
    >>> plan = dcsite.solve("policy-2023", overrides={"weights.renewables": 0.5})  # doctest: +SKIP
    >>> plan.to_frame()[["name_ja", "it_load_mw"]]  # doctest: +SKIP
    """
    from .errors import Problem, ScenarioError
    from .plan.session import Session
    from .scenario import override_texts

    if overrides and not isinstance(scenario, str | Path):
        raise ScenarioError(
            Problem(
                "overrides",
                "",
                "cannot be laid over a scenario that is already loaded; give them to "
                "load_scenario, or the scenario by its name or file",
            )
        )
    texts = override_texts(overrides or {})
    opened = Session.open(scenario, texts, sites, cache=False, options=options, atlas=atlas)
    return opened.solve().plan


def __getattr__(name: str) -> Any:
    """Load the session when it is first asked for: its libraries take a second."""
    if name == "Session":
        from .plan.session import Session

        return Session
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
