"""One session: what is asked, what is known, where a hub could stand, and what was measured there.

Every command and every study begins with one, so that all take the same overrides, the same sites
and disasters of a user, and keep measured sites between runs alike. What it holds is read when it
is first asked for; opening one reads the scenario only.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import floor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast

import numpy as np
from typing_extensions import Unpack

import dcsite
from dcsite.atlas import load_atlas
from dcsite.contract import (
    file_and_layer,
    file_keys,
    file_option_key,
    input_files,
    named_layer,
)
from dcsite.criteria import measure_sites
from dcsite.errors import Problem, ScenarioError
from dcsite.feasibility import look_ahead, why_infeasible
from dcsite.model import Candidates, all_rules, assemble
from dcsite.network import network_inputs
from dcsite.scenario import flatten, load_scenario, override_texts, scenarios_by_year
from dcsite.sites import joined_sites, merged_sites, municipality_sites, own_sites, read_sites
from dcsite.sites.reader import layer_names, shown
from dcsite.solvers import SolveOptions, find_answer, find_swaps

from .build import build_plan, tables_read
from .places import kept_place, settled_places, with_wishes
from .reload import check_files_of, check_geodata_of, check_sites_of
from .scorecard import Scorecard
from .start import complete_start
from .strategy import strategy_places
from .types import OwnSites

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario, TierParameters
    from dcsite.solvers import Answer, Progress, Swaps

    from .reload import SavedPlan
    from .types import Plan

#: Lists of places by name.
_NAMES = ("keep", "forbid", "prefer")
#: Keys of the options that no criterion brings.
_OWN_KEYS = {
    "add_sites": "places.sites_file",
    "merge_km": "places.merge_km",
    "count": "tiers.large.count",
    "network": "network.file",
    "latency": "network.measurements_file",
    "full_mw": "demand.hub_loads",
    **{name: f"places.{name}" for name in _NAMES},
}


class Asked(TypedDict, total=False):
    """What options of the commands lay over a scenario, by their names; None says nothing."""

    disasters: str | Path | None
    """File of further disasters."""
    substations: str | Path | None
    """File of own connection points."""
    headroom: str | Path | None
    """File of what connection points can bear."""
    hazards: str | Path | None
    """File or folder of zones of flood, tsunami, landslide and storm surge."""
    network: str | Path | None
    """File or folder of an own network."""
    latency: str | Path | None
    """File of measured round trips."""
    add_sites: str | Path | None
    """File of own sites beside the other candidates."""
    merge_km: float | None
    """Own parcels within so many km of each other become one site."""
    count: int | None
    """How many large hubs."""
    full_mw: bool | None
    """Whether each hub carries all the MW that its site can."""
    keep: str | Sequence[str] | None
    """Places that must be hubs, by id, code or name; "NAME=large,50" gives tier and MW."""
    forbid: str | Sequence[str] | None
    """Places that are no hubs."""
    prefer: str | Sequence[str] | None
    """Places that are worth the penalty of the rule preferred."""


@dataclass(frozen=True)
class Run:
    """A finished run: the plan and the measured candidates it was chosen from."""

    plan: Plan
    candidates: gpd.GeoDataFrame


@dataclass
class Session:
    """What a run stands on.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    options : SolveOptions
        Solver, time limit, gap, threads, seed.
    given_sites : str, Path or geopandas.GeoDataFrame, optional
        A user's file of candidate sites, or the candidates; the municipalities by default.
    given_atlas : Path or Atlas, optional
        A geodata folder or an overlay, or one that is open; the shipped geodata by default.
    saved : SavedPlan, optional
        The plan that questions are about.
    overrides : tuple of str
        What was laid over the scenario's file, the user's files too.

    Examples
    --------
    With a scenario and a list of five towns of one's own:

    >>> from pathlib import Path
    >>> from dcsite import Session
    >>> session = Session.open("small.toml", sites=Path("sites.csv"))
    >>> session.scenario.name, len(session.sites)
    ('small', 5)
    >>> [(hub.tier, hub.name_ja) for hub in session.solve().plan.hubs]
    [('core', 'Tosu'), ('core', 'Tomakomai'), ('regional', 'Aizu')]
    """

    scenario: Scenario
    options: SolveOptions
    given_sites: str | Path | gpd.GeoDataFrame | None = None
    given_atlas: Path | Atlas | None = field(default=None, repr=False)
    saved: SavedPlan | None = field(default=None, repr=False)
    overrides: tuple[str, ...] = field(default=(), repr=False)

    @classmethod
    def open(
        cls,
        scenario: str | Path | Scenario = "policy-2023",
        overrides: Sequence[str] | None = (),
        sites: str | Path | gpd.GeoDataFrame | None = None,
        *,
        layer: str | None = None,
        options: SolveOptions | None = None,
        atlas: Path | Atlas | None = None,
        by_year: bool = False,
        **asked: Unpack[Asked],
    ) -> Session:
        """Open a session on a scenario.

        Parameters
        ----------
        scenario : str, Path or Scenario
            Shipped name or TOML file, or one already loaded.
        overrides : sequence of str
            ``KEY=VALUE`` texts laid over it.
        sites : str, Path or geopandas.GeoDataFrame, optional
            Own candidate sites; the municipalities by default.
        layer : str, optional
            Layer or sheet to read, of each of the files that has one of this name.
        options : SolveOptions, optional
            Solver, time limit, gap, threads, seed.
        atlas : Path or Atlas, optional
            A geodata folder or an overlay, or one that is open; the shipped geodata by default.
        by_year : bool
            Whether the scenario may ask for plans of several years, which the session is then for;
            :meth:`each_year` gives a session of each.
        **asked
            What else the options of the commands say, by their names: see :class:`Asked`.

        Raises
        ------
        ScenarioError
            With one problem for each thing that is wrong.
        """
        laid = laid_over(overrides, **asked)
        if laid or isinstance(scenario, str | Path):
            scenario = load_scenario(scenario, laid)
        if layer is not None:
            sites, named = _with_layer(scenario, sites, layer)
            scenario, laid = load_scenario(scenario, named), (*laid, *named)
        return cls(
            scenario,
            options or SolveOptions(),
            sites,
            atlas,
            overrides=laid,
        )._settled(by_year=by_year)

    @classmethod
    def reopen(
        cls,
        saved: SavedPlan,
        sites: str | Path | gpd.GeoDataFrame | None = None,
        *,
        overrides: Sequence[str] | None = (),
        disasters: Path | None = None,
        add_sites: Path | None = None,
        layer: str | None = None,
        options: SolveOptions | None = None,
        atlas: Path | Atlas | None = None,
    ) -> Session:
        """Open a session on a plan that was written, for further questions.

        Parameters
        ----------
        saved : SavedPlan
            As :func:`dcsite.plan.reload.read_plan` returns it.
        sites : str, Path or geopandas.GeoDataFrame, optional
            The candidates it was made for; by default the file that it names, else the
            municipalities.
        add_sites : Path, optional
            Where the own sites beside them lie by now, if elsewhere.
        overrides, disasters, layer
            As of :meth:`open`, laid over the plan's own scenario: for questions about its hubs
            under other assumptions. What the plan proves holds for its own scenario alone.
        options, atlas
            As of :meth:`open`; the options are those of the plan's run by default.

        Raises
        ------
        OutputError
            If the plan's options are none of a run.
        ScenarioError
            With one problem for each override that is wrong.
        """
        changed = laid_over(overrides, disasters=disasters, add_sites=add_sites)
        own = saved.plan.own_sites
        sites = own.file if sites is None and own is not None else sites
        scenario = load_scenario(saved.scenario, changed) if changed else saved.scenario
        if layer is not None:
            sites, named = _with_layer(scenario, sites, layer)
            scenario = load_scenario(scenario, named)
        found = cls(scenario, options or saved.solve_options(), sites, atlas, saved)
        if scenario is not saved.scenario and atlas is not None:
            found.scenario = load_scenario(scenario, (), found.atlas.table)
        return found

    @cached_property
    def atlas(self) -> Atlas:
        """What is known; the tables a saved plan was made from, or none.

        Raises
        ------
        GeodataError
            If it cannot be read, or a table of the saved plan has other content.
        """
        given = self.given_atlas
        known = load_atlas(given) if given is None or isinstance(given, Path) else given
        if self.saved is not None:
            check_geodata_of(self.saved, known)
        return known

    @cached_property
    def sites(self) -> gpd.GeoDataFrame:
        """Where a hub could stand, not yet measured.

        Raises
        ------
        SitesError
            If a user's file cannot be used, or lacks a hub of the saved plan.
        """
        land, given = self.scenario.land, self.given_sites
        if self.saved is not None:
            check_files_of(self.saved, given, self.scenario.places.sites_file)
        if given is None:
            found = municipality_sites(self.atlas, land)
        elif isinstance(given, str | Path):
            found = read_sites(given, self.atlas, land)
        else:
            found = given
        if self.scenario.places.sites_file:
            added = read_sites(self.scenario.places.sites_file, self.atlas, land)
            found = joined_sites(found, added, self.scenario.places.sites_file)
        if self.scenario.places.merge_km > 0.0:
            found = merged_sites(found, self.scenario.places, land)
        if self.saved is not None:
            check_sites_of(self.saved, found)
        return found

    @cached_property
    def _all_measured(self) -> gpd.GeoDataFrame:
        return measure_sites(self.sites, self.atlas, self.scenario)

    @cached_property
    def measured(self) -> gpd.GeoDataFrame:
        """The sites with every criterion's columns.

        Without those that `places.forbid` names.
        """
        return with_wishes(self._all_measured, self.scenario)

    @cached_property
    def candidates(self) -> Candidates:
        """Which of the measured sites may become a hub of which tier.

        Raises
        ------
        ScenarioError
            If the scenario names a region that no table knows.
        """
        return Candidates.of(self.scenario, self.atlas, self.measured)

    def scorecard(self, plan: Plan | None = None) -> Scorecard:
        """Return the measures, scores and ranks of every candidate, and what keeps it out.

        Its ``frame()`` holds the columns of ``candidates.csv``; without a plan nothing is chosen.
        """
        return self._card if plan is None else self._card.of_plan(plan)

    @cached_property
    def _card(self) -> Scorecard:
        if not self.scenario.places.forbid:
            return Scorecard(self.candidates)
        return Scorecard(Candidates.of(self.scenario, self.atlas, self._all_measured))

    @property
    def files(self) -> tuple[Path, ...]:
        """The user's own files that a run reads."""
        asked, given = self.scenario, self.given_sites
        named = [given] if isinstance(given, str | Path) else []
        named += [asked.places.sites_file] if asked.places.sites_file else []
        layers = (file_and_layer(one)[0] for one in named)
        return (*layers, *input_files(asked), *network_inputs(asked.network))

    @property
    def version(self) -> str:
        """Version of dcsite, for manifests."""
        return dcsite.__version__

    def beside(self, scenario: str | Path | Scenario, overrides: Sequence[str] = ()) -> Session:
        """Return a session on another scenario over the same atlas and files."""
        asked = load_scenario(scenario, overrides)
        other = Session(asked, self.options, self.given_sites, self.atlas)
        if _read_by(asked) == _read_by(self.scenario):
            other.sites = self.sites
        return other._settled()

    def each_year(self) -> dict[int, Session]:
        """Return a session on what is asked in each year, over the same atlas and files."""
        return {
            year: self.beside(scenario)
            for year, scenario in scenarios_by_year(self.scenario).items()
        }

    def keeping(self, places: Sequence[str]) -> Session:
        """Return the session with further places that must be hubs, as `places.keep` settles them.

        They stand in place of what is said of the same sites, and hold whatever the rule's mode.
        """
        there = {kept_place(text, self.sites).site_id for text in places}
        said = self.scenario.places
        wrong = sorted(there & {*said.forbid})
        if wrong:
            message = f"forbids {', '.join(wrong)}, which an earlier plan opened (--fix)"
            raise ScenarioError(Problem(self.scenario.name, "places.forbid", message))
        own = [one for one in said.keep if kept_place(one, self.sites).site_id not in there]
        values: dict[str, Any] = {"places.keep": [*own, *places], "rules.kept": "hard"}
        if any(one in there for one in said.prefer):
            values["places.prefer"] = [one for one in said.prefer if one not in there]
        scenario = load_scenario(self.scenario, override_texts(values), self.atlas.table)
        other = replace(self, scenario=scenario)
        other.atlas, other.sites, other._all_measured = self.atlas, self.sites, self._all_measured
        return other

    def _settled(self, *, by_year: bool = False) -> Session:
        """Settle what hangs on the candidates: which places are meant, and given or equal loads.

        Of loads that are alike every hub gets its share as least load, which with the total leaves
        no other; room above it may hold reserve.

        Raises
        ------
        ScenarioError
            If the tiers' counts are no fixed number, or no tier can carry the share; if what is
            said of a place cannot be.
        SitesError
            If a place that is named is not among the candidates.
        """
        if self.scenario.years:
            if by_year:  # each year is settled by itself
                return self
            years, last = ", ".join(map(str, self.scenario.years)), self.scenario.years[-1]
            message = (
                f"asks for a plan of each year ({years}), which dcsite solve makes; for one of "
                f"them give its folder (OUT/{last}), or --set periods.year={last} beside a scenario"
            )
            raise ScenarioError(Problem(self.scenario.name, "periods.years", message))
        if self.given_atlas is not None:  # its tables may say another demand
            self.scenario = load_scenario(self.scenario, (), self.atlas.table)
        places = self.scenario.places
        settled: dict[str, Any] = {}
        if places.keep or places.forbid or places.prefer:
            settled |= settled_places(self.scenario, self.sites)
            self.scenario = load_scenario(self.scenario, override_texts(settled), self.atlas.table)
        tiers, demand = self.scenario.tiers, self.scenario.demand
        asked = {name: tier for name, tier in tiers.items() if tier.count.max}
        alone = sum(tier.count.max for tier in asked.values()) == 1
        if alone or demand.hub_loads == "full":  # no other hub, or none with room for more
            rules = (rule.name for rule in all_rules().values() if rule.needs_others)
            settled |= {
                f"rules.{name}": "off" for name in rules if self.scenario.rules[name] != "off"
            }
        if asked and demand.hub_loads == "alike":
            settled |= self._alike(asked)
        elif asked and demand.hub_loads == "full":
            settled |= self._full(asked)
        if settled:
            self.scenario = load_scenario(self.scenario, override_texts(settled), self.atlas.table)
        return self

    def _alike(self, asked: Mapping[str, TierParameters]) -> dict[str, Any]:
        """Return values by which every hub carries the same load."""
        demand, name = self.scenario.demand, self.scenario.name
        count = sum(tier.count.min for tier in asked.values())
        if any(tier.count.min != tier.count.max for tier in asked.values()):
            wrong = "needs a fixed number of hubs; give each tiers.*.count as one number"
            raise ScenarioError(Problem(name, "demand.hub_loads", f'"alike" {wrong}'))
        least_mw = max(tier.it_load_mw.min for tier in asked.values())
        if demand.total_new_it_load_mw is not None:
            share_mw = demand.total_new_it_load_mw / count
        else:
            carried_mw = self._carried_mw()
            share_mw = float(carried_mw[carried_mw >= least_mw].min(initial=np.inf))
            most_mw = min(tier.it_load_mw.max for tier in asked.values())
            share_mw = floor(1000.0 * min(share_mw, most_mw)) / 1000.0
        for text in self.scenario.places.keep:
            _, _, mw, least = kept_place(text, self.sites)
            if mw > 0.0 and (mw - share_mw > 1e-6 if least else abs(mw - share_mw) > 1e-6):
                wrong = f"all hubs carry the same {share_mw:g} MW; leave the MW out, or --full-mw"
                raise ScenarioError(Problem(name, "places.keep", f"{text}: {wrong}"))
        shared = {f"tiers.{tier}.it_load_mw.min": share_mw for tier in asked}
        return {**shared, "demand.total_new_it_load_mw": share_mw * count}

    def _full(self, asked: Mapping[str, TierParameters]) -> dict[str, Any]:
        """Return values by which every hub carries all it can, and no total is asked for.

        What all could carry together at most stands for the total, of which loads are shares.
        """
        carried_mw = np.sort(self._carried_mw())[::-1]
        most_mw = sum(
            float(np.minimum(carried_mw, tier.it_load_mw.max)[: tier.count.max].sum())
            for tier in asked.values()
        )
        return {
            "demand.total_new_it_load_mw": most_mw,
            "rules.total_it_load": "off",
            "penalties.unserved": 0,
        }

    def _carried_mw(self) -> NDArray[np.float64]:
        """Return what each site that is not forbidden can carry, in MW."""
        open_to = self.sites.drop(index=list(self.scenario.places.forbid))
        return np.asarray(open_to["max_it_load_mw"], dtype=float)

    def solve(
        self,
        *,
        on_stage: Callable[[str], None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        on_note: Callable[[str], None] | None = None,
        started: float | None = None,
        start: pd.DataFrame | None = None,
        check_first: bool = True,
        ties: int = 1,
    ) -> Run:
        """Carry the scenario from sites to a checked plan.

        Parameters
        ----------
        on_stage : callable, optional
            Called with ``read``, ``measure``, ``precheck``, ``build``, ``solve`` and ``check`` as
            each begins.
        on_progress : callable, optional
            Called with the solver's progress.
        on_note : callable, optional
            Called with what the check before the solve warns of, and what became of the start, each
            in one line.
        started : float, optional
            ``time.perf_counter()`` when the command began.
        start : pandas.DataFrame, optional
            Hubs of an earlier plan to begin from, where they still fit.
        check_first : bool
            Whether a check may answer at once that there is no plan. Without it such a scenario is
            built and solved, and every least set of rules that cannot hold is looked for.
        ties : int
            Candidates sought for each hub of a proven plan that could hold its place within the
            gap.

        Raises
        ------
        InfeasibleError
            If no plan meets all hard rules; names a least set that cannot hold together.
        NoPlanInTimeError, InterruptedWithoutPlanError, SolverError, CheckError
            As their texts say.
        """
        begun = time.perf_counter() if started is None else started
        stage = on_stage or (lambda _: None)
        stage("read")
        _ = self.atlas, self.sites
        stage("measure")
        options, _ = self.options, self.measured
        if check_first:
            stage("precheck")
            for warning in look_ahead(self.candidates, options.check_s):
                if on_note is not None:
                    on_note(warning)
        stage("build")
        program = assemble(self.candidates)
        if start is not None:
            begin = complete_start(program, start, options.first_plan_s)
            options = replace(options, start=begin.values)
            if on_note is not None:
                on_note(begin.note)
        stage("solve")
        searched = time.perf_counter()
        answer = find_answer(program, options, on_progress)
        if options.time_limit_s is not None and on_note is not None:
            on_note(
                f"searched for {time.perf_counter() - searched:.1f} s of at most "
                f"{options.time_limit_s:g} s; reading, measuring, checking and writing come on top"
            )
        if answer.outcome.status == "infeasible":
            stage("diagnose")
            raise why_infeasible(self.candidates, options)
        stage("check")
        outcome, swaps = answer.outcome, None
        if outcome.status == "optimal" and outcome.objective is not None:
            bound = outcome.objective if outcome.bound is None else outcome.bound
            within = max(0.0, bound - outcome.objective)
            swaps = find_swaps(program, outcome.values or {}, within, ties)
        return self.planned(answer, time.perf_counter() - begun, swaps)

    def planned(
        self,
        answer: Answer,
        wall_s: float,
        swaps: Mapping[tuple[int, int], Swaps] | None = None,
    ) -> Run:
        """Check an answer and return the plan of it.

        Parameters
        ----------
        answer : Answer
            What was chosen and proved.
        wall_s : float
            Seconds since the command began.
        swaps : mapping, optional
            Who else could hold a hub's place; None where that was not sought.

        Raises
        ------
        CheckError
            If the independent check disagrees.
        """
        for table in self.scenario.demand_tables:
            self.atlas.mark_used(table)
        plan = build_plan(
            answer,
            self.measured,
            self.atlas,
            self.scenario,
            version=self.version,
            gap_asked=self.options.gap,
            options=self.options.manifest,
            wall_s=wall_s,
            swaps=swaps,
        )
        count, sha256 = own_sites(self.sites)
        if count:
            given = self.given_sites
            file = (
                str(Path(given).expanduser().absolute()) if isinstance(given, str | Path) else None
            )
            plan = replace(plan, own_sites=OwnSites(file, count, sha256))
        named = strategy_places(self.scorecard(plan))
        plan = replace(plan, strategy_places=named, geodata=tables_read(self.atlas))
        return Run(plan, self.measured)


def _read_by(scenario: Scenario) -> tuple[Any, ...]:
    """Return what of a scenario says how candidate sites are read."""
    places = scenario.places
    return scenario.land, places.sites_file, places.merge_km, places.merge_extent_km


def laid_over(overrides: Sequence[str] | None, **asked: Unpack[Asked]) -> tuple[str, ...]:
    """Return the overrides of a call; what its options say is values like any other."""
    values: dict[str, Any] = {}
    for option, given in asked.items():
        key = _OWN_KEYS.get(option) or file_option_key(option)
        if option in _NAMES and given:
            values[key] = [given] if isinstance(given, str) else [*cast("Sequence[str]", given)]
        elif isinstance(given, str | Path):
            # The whole path, so that the plan can be explained from another folder.
            values[key] = str(Path(given).expanduser().absolute())
        elif option == "full_mw":
            values |= {key: "full"} if given else {}
        elif option not in _NAMES and given is not None:
            values[key] = given
    return (*(overrides or ()), *override_texts(values))


def _with_layer(
    scenario: Scenario, sites: str | Path | gpd.GeoDataFrame | None, layer: str
) -> tuple[str | Path | gpd.GeoDataFrame | None, tuple[str, ...]]:
    """Name a layer in each of a user's files that has one of this name.

    Returns
    -------
    sites
        As given, with the layer behind the file where it is one of these.
    overrides : tuple of str
        What to lay over the scenario for its own files.

    Raises
    ------
    ScenarioError
        If no file has such a layer.
    """
    values = dict(flatten(scenario.model_dump(mode="json")))
    given = {key: values[key] for key in file_keys() if values.get(key)}
    own = {"": sites} if isinstance(sites, str | Path) else {}
    files = {key: (file, layer_names(file)) for key, file in {**own, **given}.items()}
    named = {
        key: named_layer(file, layer) for key, (file, names) in files.items() if layer in names
    }
    if not named:
        listed = ", ".join(shown(name) for _, names in files.values() for name in names)
        what = f"they hold {listed}" if listed else "they have none that could be named"
        raise ScenarioError(
            Problem("--layer", "", f"no file given has a layer {shown(layer)}; {what}")
        )
    return Path(named.pop("")) if "" in named else sites, override_texts(named)
