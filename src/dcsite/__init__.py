"""Decide where a country's data-centre hubs should stand.

The public interface is small: read a scenario, read what is known, solve, look at the plan.
:func:`solve` does it all; a :class:`Session` keeps what was read and measured for more questions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import geopandas as gpd
    from typing_extensions import Unpack

    from .atlas import Atlas
    from .plan import Plan, Session
    from .plan.session import Asked
    from .scenario import Scenario
    from .solvers import SolveOptions
    from .studies.periods import ScheduleRun

    __version__: str

__all__ = [
    "Plan",
    "Session",
    "__version__",
    "load_atlas",
    "load_scenario",
    "solve",
    "solve_years",
]


def load_scenario(
    source: str | Path | Scenario = "policy-2023", overrides: Sequence[str] = ()
) -> Scenario:
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

    Examples
    --------
    >>> import dcsite
    >>> scenario = dcsite.load_scenario("policy-2023", ["tiers.large.count=7"])
    >>> scenario.tiers.large.count.min, scenario.tiers.core.separation_km
    (7, 400.0)
    """
    from .scenario import load_scenario as load

    return load(source, overrides)


def load_atlas(root: Path | None = None) -> Atlas:
    """Open the geodata: the shipped ones, or a folder with a datapackage.json.

    Examples
    --------
    >>> import dcsite
    >>> atlas = dcsite.load_atlas()
    >>> len(atlas.table("prefectures"))
    47
    """
    from .atlas import load_atlas as load

    return load(root)


def solve(
    scenario: Scenario | str | Path = "policy-2023",
    atlas: Path | Atlas | None = None,
    options: SolveOptions | None = None,
    *,
    sites: str | Path | gpd.GeoDataFrame | None = None,
    overrides: Mapping[str, Any] | None = None,
    layer: str | None = None,
    **asked: Unpack[Asked],
) -> Plan:
    """Solve a scenario over Japan's municipalities, or over sites of one's own.

    Parameters
    ----------
    scenario : Scenario, str or Path
        As returned by :func:`load_scenario`, a shipped name or a TOML file.
    atlas : Path or Atlas, optional
        A geodata folder or an overlay, or one that is open; the shipped geodata by default.
    options : SolveOptions, optional
        Solver, time limit, gap, threads, seed.
    sites : str, Path or geopandas.GeoDataFrame, optional
        A user's file of candidate sites, or candidates as :class:`Session` takes them.
    overrides : mapping of str to value, optional
        Values by dotted key, laid over the scenario.
    layer : str, optional
        Layer or sheet to read, of each of the files that has one of this name.
    **asked
        What else the options of ``dcsite solve`` say, by their names: `add_sites`, `merge_km`,
        `count`, `keep`, `forbid`, `prefer`, `disasters`, `substations`, `headroom`, `hazards`.

    Returns
    -------
    Plan
        Checked independently.

    Raises
    ------
    ScenarioError
        If the scenario cannot be used.
    InfeasibleError, NoPlanInTimeError, SolverError, CheckError
        As their texts say.

    Examples
    --------
    Of a country of five towns, two shall be cores and one regional:

    >>> from pathlib import Path
    >>> import dcsite
    >>> print(Path("sites.csv").read_text())
    name,lat,lon,max_mw
    Tomakomai,42.66,141.60,400
    Tosu,33.39,130.52,300
    Aizu,37.55,139.85,60
    Miyoshi,34.75,132.85,60
    Nagaoka,37.40,138.85,50
    <BLANKLINE>
    >>> plan = dcsite.solve(
    ...     "distance-only",
    ...     sites=Path("sites.csv"),
    ...     overrides={
    ...         "tiers.core.count": 2,
    ...         "tiers.large.count": 0,
    ...         "tiers.regional.count": 1,
    ...         "demand.basis": "given",
    ...         "demand.grid_demand_mw": 2000,
    ...     },
    ... )
    >>> plan.status
    'optimal'
    >>> dict(plan.to_frame()["tier"])
    {'site-0002': 'core', 'site-0001': 'core', 'site-0003': 'regional'}
    """
    from .plan.session import Session
    from .scenario import override_texts

    texts = override_texts(overrides or {})
    opened = Session.open(
        scenario,
        texts,
        sites,
        layer=layer,
        options=options,
        atlas=atlas,
        **asked,
    )
    return opened.solve().plan


def solve_years(
    scenario: Scenario | str | Path = "by-year",
    atlas: Path | Atlas | None = None,
    options: SolveOptions | None = None,
    *,
    sites: str | Path | gpd.GeoDataFrame | None = None,
    overrides: Mapping[str, Any] | None = None,
    layer: str | None = None,
    fix: Sequence[str | Path] = (),
    **asked: Unpack[Asked],
) -> ScheduleRun:
    """Solve a scenario that names years: a plan for each, with all that the one before opened.

    Parameters
    ----------
    scenario, atlas, options, sites, overrides, layer, **asked
        As for :func:`solve`.
    fix : sequence of str or Path
        Files plan.json or periods.json of earlier runs, or their folders, whose hubs stay.

    Returns
    -------
    ScheduleRun
        Its `schedule` is what periods.json holds, ``runs[year].plan`` the plan of a year;
        :func:`dcsite.outputs.write_schedule` writes them all.

    Raises
    ------
    ScenarioError
        If the scenario cannot be used, or names no years.
    OutputError
        If a file of `fix` is none of dcsite.
    InfeasibleError, NoPlanInTimeError, SolverError, CheckError
        As their texts say.

    Examples
    --------
    Two cores and a regional hub, and one regional hub more two years on:

    >>> from pathlib import Path
    >>> import dcsite
    >>> found = dcsite.solve_years(
    ...     "small.toml",
    ...     sites=Path("sites.csv"),
    ...     overrides={
    ...         "periods.years": [2028, 2030],
    ...         "periods.set.2030.tiers.regional.count": 2,
    ...         "periods.set.2030.demand.grid_demand_mw": 2200,
    ...     },
    ... )
    >>> [(hub.name_ja, hub.opened) for hub in found.schedule.hubs]
    [('Tosu', 2028), ('Tomakomai', 2028), ('Aizu', 2028), ('Miyoshi', 2030)]
    """
    from pathlib import Path as FilePath

    from .plan.session import Session
    from .scenario import override_texts
    from .studies.periods import read_fixed, solve_schedule

    opened = Session.open(
        scenario,
        override_texts(overrides or {}),
        sites,
        layer=layer,
        options=options,
        atlas=atlas,
        by_year=True,
        **asked,
    )
    return solve_schedule(opened, fixed=[read_fixed(FilePath(path)) for path in fix])


def __getattr__(name: str) -> Any:
    """Load what is first asked for: the libraries of plan and session take a second."""
    if name == "__version__":
        from importlib.metadata import version

        return version("dcsite")
    if name in {"Plan", "Session"}:
        from . import plan

        return getattr(plan, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
