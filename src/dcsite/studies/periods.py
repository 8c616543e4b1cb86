"""Plans of several years of which none takes back what an earlier one opened.

Each year is first planned freely, by itself: no plan that builds on the others is better, so the
years' own bounds, weighted, bound all years together. Then all years are one program (see
:mod:`dcsite.model.joint`), whose relaxation is a second bound. It is first restricted to the hubs
that some year chose freely, which gives a plan in a fraction of the time; where that lies within
the gap of the bound it is proven, else the whole program is solved from there, if it is small or a
time is given.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from dcsite.contract import TIERS
from dcsite.errors import (
    CheckError,
    InfeasibleError,
    InterruptedWithoutPlanError,
    NoPlanInTimeError,
    Problem,
    ScenarioError,
)
from dcsite.feasibility import look_ahead, why_infeasible
from dcsite.model import JointProgram, assemble
from dcsite.plan.schedule import FixedPlan, PlanYear, Schedule, ScheduledHub, TierYear, YearLoad
from dcsite.plan.types import Plan
from dcsite.records import read_json
from dcsite.scenario import as_dict
from dcsite.solvers import Answer, Outcome, chosen_hubs, relaxed_bound, solve_program

from .pool import SolvePool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from dcsite.model import SiteProgram
    from dcsite.plan import Run, Session
    from dcsite.solvers import Progress, SolveOptions

#: What a file's three decimals may have added to a load.
_ROUNDED_MW = 0.001
#: A load that falls by less than this is the solvers' tolerance, and is made not to.
_STEP_MW = 0.01
#: A program of all years with more columns is searched whole only in a time that is given: three
#: years of the national program, with 20,000, were not proven in ten minutes.
_WHOLE_COLUMNS = 10_000
#: Too short for anything.
_NO_TIME_S = 1e-3
#: To how many times the gap asked for each year alone is solved: it tells what the other years cost
#: it, which comes to more, and the first year took four times as long to be proven to once the gap.
_ALONE_GAP = 2.0
#: Which proof a bound is from.
Proof: TypeAlias = Literal["all years together", "each year alone"]


@dataclass(frozen=True)
class Fixed:
    """Hubs of an earlier run, which stay: by year from which on they do (None: in all)."""

    plan: FixedPlan
    hubs: Mapping[int | None, tuple[tuple[str, str, float], ...]]

    def in_year(self, year: int | None) -> dict[str, tuple[str, float]]:
        """Return tier and least MW of each hub that stands in a year; None: asked for no year."""
        found: dict[str, tuple[str, float]] = {}
        for since, hubs in self.hubs.items():
            if since is None or year is None or since <= year:
                for site, tier, mw in hubs:
                    found[site] = tier, max(mw, found.get(site, ("", 0.0))[1])
        return found


@dataclass(frozen=True)
class ScheduleRun:
    """Plans by year, each whole with the candidates it was chosen from, and what joins them."""

    schedule: Schedule
    runs: Mapping[int, Run]
    sessions: Mapping[int, Session]


def read_fixed(path: Path) -> Fixed:
    """Read hubs that are to stay from a plan.json, a periods.json or a folder of either.

    Raises
    ------
    OutputError
        With one problem for each thing in the file that is not as dcsite writes it.
    """
    if path.is_dir():
        top = path / Schedule.file_name
        path = top if top.is_file() else path / Plan.file_name
    document = read_json(path, Plan.file_name)
    if isinstance(document, dict) and "hubs" in document and "years" in document:
        plans = Schedule.load(document, str(path))
        since: dict[int | None, tuple[tuple[str, str, float], ...]] = {
            year.year: tuple(
                (hub.site_id, hub.tier, load.it_load_mw)
                for hub in plans.hubs
                if (load := hub.in_year(year.year)) is not None
            )
            for year in plans.years
        }
        last = plans.years[-1]
        said = FixedPlan(str(path), last.digest, plans.years[0].year, len(plans.hubs))
        return Fixed(said, since)
    plan = Plan.load(document, str(path))
    year = (plan.scenario.get("periods") or {}).get("year")
    hubs = tuple((hub.site_id, hub.tier, hub.it_load_mw) for hub in plan.hubs)
    return Fixed(FixedPlan(str(path), plan.digest, year, len(hubs)), {year: hubs})


def with_fixed(session: Session, fixed: Sequence[Fixed], year: int | None = None) -> Session:
    """Return a session in which hubs of earlier runs stay: open, in their tier, with their load.

    Raises
    ------
    ScenarioError
        If two of them give a site another tier, or one is no candidate; the check of the
        candidates says which rule keeps one out.
    """
    kept: dict[str, tuple[str, float]] = {}
    problems = []
    for one in fixed:
        for site, (tier, mw) in one.in_year(year).items():
            before, more_mw = kept.get(site, (tier, 0.0))
            if before != tier:
                message = f"{site} is a {tier} hub there and a {before} hub in another plan"
                problems.append(Problem("--fix", one.plan.file, message))
            if site not in session.sites.index:
                message = f"{site}, a {tier} hub, is none of the candidates of this run"
                problems.append(Problem("--fix", one.plan.file, message))
            kept[site] = tier, max(mw, more_mw)
    if problems:
        raise ScenarioError(problems)
    if not kept:
        return session
    return session.keeping(
        [f"{site}={tier},{_floor_mw(mw, tier, session)}+" for site, (tier, mw) in kept.items()]
    )


def _floor_mw(mw: float, tier: str, session: Session) -> str:
    """Write the least load of a hub: what rounding may have added taken off, within its tier."""
    least = session.scenario.tiers[tier].it_load_mw.min
    return f"{max(mw - _ROUNDED_MW, min(mw, least)):.6f}".rstrip("0").rstrip(".")


def solve_schedule(
    session: Session,
    *,
    fixed: Sequence[Fixed] = (),
    on_stage: Callable[[str, str], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_note: Callable[[str], None] | None = None,
    on_measured: Callable[[Mapping[int, Session]], None] | None = None,
    check_first: bool = True,
    started: float | None = None,
) -> ScheduleRun:
    """Plan every year of a scenario so that no later year takes back what an earlier one opened.

    Parameters
    ----------
    session : Session
        Opened with `by_year`, on a scenario that names years.
    fixed : sequence of Fixed
        Hubs of earlier runs that stay.
    on_stage : callable, optional
        Called with each stage as it begins, and of which year it is (else empty).
    on_progress, on_note, check_first, started
        As for :meth:`Session.solve`.
    on_measured : callable, optional
        Called with the years' sessions before the years are planned together, on one core.

    Returns
    -------
    ScheduleRun
        Every year's plan checked like any plan, and all of them for growth.

    Raises
    ------
    InfeasibleError
        If a year, or all together, have no plan; names the year and a least set of rules.
    NoPlanInTimeError, InterruptedWithoutPlanError, SolverError, CheckError
        As their texts say.
    """
    begun = time.perf_counter() if started is None else started
    stage = on_stage or (lambda *_: None)
    options = session.options
    if not session.scenario.years:
        message = 'names no years; extend "by-year", or give periods.years'
        raise ScenarioError(Problem(session.scenario.name, "periods.years", message))
    refuse_late(fixed, session.scenario.years[-1])
    sessions, programs, alone, searched_s = _each_alone(session, fixed, stage, on_note, check_first)
    near = _chosen_or_kept(programs, alone, fixed)
    del programs
    if on_measured is not None:
        on_measured(sessions)
    stage("build", "")
    weights = _weights(session)
    joint = JointProgram({year: own.candidates for year, own in sessions.items()}, weights)
    bound = sum(weights[year] * _bound(alone[year]) for year in sessions)
    stage("solve", "")
    if options.time_limit_s is not None:
        options = replace(options, time_limit_s=max(0.1, options.time_limit_s - searched_s))
    outcome, proof = _together(joint, near, bound, options, on_progress)
    if outcome.status == "infeasible":
        stage("diagnose", "")
        raise _no_schedule(sessions, options)
    if outcome.values is None or outcome.objective is None:
        if outcome.interrupted:
            raise InterruptedWithoutPlanError("interrupted before plans of all years were found")
        message = "no plans of all years together were found; allow more time"
        raise NoPlanInTimeError(Problem("--time-limit", "", message))
    runs: dict[int, Run] = {}
    before = None
    for year, own in sessions.items():
        stage("check", str(year))
        chosen = _grown(chosen_hubs(joint.programs[year], outcome.values), before)
        answer = _of_year(joint, year, outcome, alone[year], chosen, options)
        runs[year] = own.planned(answer, time.perf_counter() - begun)
        before = chosen
    check_growth({year: run.plan for year, run in runs.items()})
    schedule = _schedule(session, runs, alone, weights, outcome, proof, fixed, begun)
    return ScheduleRun(schedule, runs, sessions)


def _weights(session: Session) -> dict[int, float]:
    """Return what each year counts, of 1 in all."""
    periods = session.scenario.periods
    said = {} if periods is None else periods.weights
    weights = {year: float(said.get(str(year), 1.0)) for year in session.scenario.years}
    return {year: weight / sum(weights.values()) for year, weight in weights.items()}


def _chosen_or_kept(
    programs: Mapping[int, SiteProgram], alone: Mapping[int, Outcome], fixed: Sequence[Fixed]
) -> set[tuple[str, str]]:
    """Return sites and tiers of the hubs that some year chose by itself, or that must stay."""
    near = {
        (str(site), tier)
        for year, found in alone.items()
        for site, tier in chosen_hubs(programs[year], found.values)["tier"].items()
    }
    kept = (one.in_year(year) for one in fixed for year in programs)
    return near | {(site, tier) for hubs in kept for site, (tier, _) in hubs.items()}


def refuse_late(fixed: Sequence[Fixed], last: int | None) -> None:
    """Refuse an earlier plan that is later than the last year asked for, whose hubs nobody keeps.

    Raises
    ------
    ScenarioError
        With one problem for each of them.
    """
    late = [one for one in fixed if not one.in_year(last)]
    if late:
        raise ScenarioError(
            [
                Problem(
                    "--fix",
                    one.plan.file,
                    f"is of {one.plan.since}, after the last year asked for, {last}: no hub of it "
                    "would stay",
                )
                for one in late
            ]
        )


def _each_alone(
    session: Session,
    fixed: Sequence[Fixed],
    stage: Callable[[str, str], None],
    on_note: Callable[[str], None] | None,
    check_first: bool,
) -> tuple[dict[int, Session], dict[int, SiteProgram], dict[int, Outcome], float]:
    """Plan each year by itself, several at once, while the next is measured and built.

    Returns
    -------
    sessions : dict of int to Session
        Of each year, with its fixed hubs.
    programs : dict of int to SiteProgram
        Of each year without them.
    alone : dict of int to Outcome
        What the programs lead to.
    searched_s : float
        How long was searched on after the last program was built, in seconds.

    Raises
    ------
    InfeasibleError
        If a year has no plan.
    """
    sessions: dict[int, Session] = {}
    programs: dict[int, SiteProgram] = {}
    alone: dict[int, Outcome] = {}
    years, options = session.scenario.years, session.options
    at_once = min(len(years), 1 + (os.cpu_count() or 1))  # one may be on its way meanwhile
    if options.time_limit_s is not None:  # of which the years together get more than half
        rounds = -(-len(years) // max(1, at_once - 1))
        options = replace(options, time_limit_s=max(0.1, 0.4 * options.time_limit_s / rounds))
    options = replace(options, gap=_ALONE_GAP * options.gap)
    pool = SolvePool([None] * at_once)

    built = 0.0

    def solving(program: SiteProgram) -> Callable[[None], Outcome]:
        return lambda _: solve_program(program, options, halted=pool.halted)

    def tasks() -> Iterator[Callable[[None], Outcome]]:
        nonlocal built
        for year, own in session.each_year().items():
            stage("measure", str(year))
            sessions[year] = with_fixed(own, fixed, year)
            _ = own.measured
            stage("precheck", str(year))
            if check_first:
                for warning in look_ahead(sessions[year].candidates, options.check_s):
                    if on_note is not None:
                        on_note(f"{year}: {warning}")
            stage("build", str(year))
            program = programs[year] = assemble(own.candidates)
            built = time.perf_counter()
            if year == years[-1]:
                stage("years", "")
            yield solving(program)

    def keep(number: int, outcome: Outcome) -> None:
        alone[years[number]] = outcome

    pool.run(tasks(), keep)
    for year in years:
        if alone[year].status == "infeasible":
            raise why_infeasible(programs[year].candidates, options)
        if alone[year].interrupted:
            raise InterruptedWithoutPlanError("interrupted before plans of all years were found")
    return sessions, programs, alone, time.perf_counter() - built


def _bound(outcome: Outcome) -> float:
    return np.inf if outcome.bound is None else outcome.bound


def _together(
    joint: JointProgram,
    near: set[tuple[str, str]],
    bound: float,
    options: SolveOptions,
    on_progress: Callable[[Progress], None] | None,
) -> tuple[Outcome, Proof]:
    """Solve all years together; return what was found and which proof its bound is from.

    `near` are sites and tiers that some year chose freely or must keep.
    """
    begun, limit_s = time.perf_counter(), options.time_limit_s
    part = replace(options, time_limit_s=None if limit_s is None else max(0.1, 0.5 * limit_s))
    proof: Proof = "each year alone"
    relaxed = relaxed_bound(joint, part, on_progress)
    if relaxed is not None and relaxed < bound:
        bound, proof = relaxed, "all years together"
    small = len(joint.problem.variables()) <= _WHOLE_COLUMNS
    with _only(joint, near):
        # Rounding leads to no plan of so many years and takes as long as half the search.
        hasty = part if small else replace(part, first_plan_s=_NO_TIME_S)
        found = solve_program(joint, hasty, on_progress)
    first = _under(found, bound, options)
    if found.interrupted or (first.gap is not None and first.gap <= options.gap):
        return first, proof
    if first.values is not None and not small and limit_s is None:
        note = (
            f"the years together were searched among the {len(near)} hubs that some year chose by "
            "itself or must keep; with --time-limit the rest is searched too / "
            f"全年を合わせた探索は、各年単独の計画が選んだ、または固定した{len(near)}拠点に限りました"
            "（--time-limitを指定すると残りも探索します）"
        )
        return replace(first, notes=(*first.notes, note)), proof
    if limit_s is not None:
        limit_s = max(0.1, limit_s - (time.perf_counter() - begun))
    rest = replace(options, time_limit_s=limit_s, start=found.values)
    whole = solve_program(joint, rest, on_progress)
    if whole.bound is not None and whole.bound <= bound:
        return whole, "all years together"
    return whole if whole.status == "infeasible" else _under(whole, bound, options), proof


@contextmanager
def _only(joint: JointProgram, pairs: set[tuple[str, str]]) -> Iterator[None]:
    """Keep all sites closed but some, each in a tier, while the context lasts."""
    shut = [
        program.open[site, tier]
        for program in joint.programs.values()
        for site, tier in np.argwhere(program.eligible)
        if (str(program.sites.index[site]), TIERS[tier]) not in pairs
        and program.open[site, tier].upBound == 1
    ]
    for variable in shut:
        variable.upBound = 0
    try:
        yield
    finally:
        for variable in shut:
            variable.upBound = 1


def _under(outcome: Outcome, bound: float, options: SolveOptions) -> Outcome:
    """Return an outcome of a restricted program under a bound on the whole one."""
    if outcome.values is None or outcome.objective is None:
        return replace(outcome, bound=None if np.isinf(bound) else bound)
    gap = max(bound - outcome.objective, 0.0) / max(abs(outcome.objective), 1e-9)
    status = "interrupted" if outcome.interrupted else "feasible"
    if not outcome.interrupted and gap <= options.gap:
        status = "optimal"
    return replace(
        outcome,
        status=status,  # type: ignore[arg-type]
        bound=None if np.isinf(bound) else max(bound, outcome.objective),
        gap=None if np.isinf(bound) else gap,
    )


def _no_schedule(sessions: Mapping[int, Session], options: SolveOptions) -> InfeasibleError:
    """Say why there are no plans: one year with its fixed hubs has none, or only all together."""
    for own in sessions.values():
        if solve_program(assemble(own.candidates, scored=False), options).status == "infeasible":
            return why_infeasible(own.candidates, options)
    years = ", ".join(map(str, sessions))
    message = (
        f"each of the years {years} has a plan, and none of them builds on each other: a hub may "
        "not close, change its tier or lose load; give later years as many hubs and as much demand "
        "as earlier ones, or loosen what they do not admit"
    )
    return InfeasibleError(Problem("periods", "years", message))


def _grown(chosen: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    """Return a year's hubs; a load that fell by the solvers' tolerance is that of before."""
    if before is None:
        return chosen
    was_mw = before["it_load_mw"].reindex(chosen.index)
    fell = (was_mw > chosen["it_load_mw"]) & (was_mw - chosen["it_load_mw"] < _STEP_MW)
    return chosen.assign(it_load_mw=chosen["it_load_mw"].where(~fell, was_mw))


def _of_year(
    joint: JointProgram,
    year: int,
    outcome: Outcome,
    alone: Outcome,
    chosen: pd.DataFrame,
    options: SolveOptions,
) -> Answer:
    """Return the answer of one year, under the bound of the year alone."""
    values = outcome.values or {}
    objective = joint.objective_of(year, values)
    bound = None if alone.bound is None else max(alone.bound, objective)
    own = replace(outcome, objective=objective, notes=())
    own = _under(own, np.inf if bound is None else bound, options)
    said = (
        "one of several years' plans, each with all that the one before it opened; the bound is "
        "that of the year alone, so that the gap holds what building on the others costs / "
        "複数年の計画の一つで、前の年の拠点をすべて含みます。上界はこの年を単独で計画した場合のもので、"
        "ギャップには他の年と両立させるための損失が含まれます"
    )
    own = replace(own, notes=(said,))
    return Answer(own, chosen, joint.programs[year].scored_measures)


def check_growth(plans: Mapping[int, Plan]) -> None:
    """Hold each year's plan against the one before: no hub gone, moved to another tier or smaller.

    Raises
    ------
    CheckError
        With one problem for each hub of which that is not so.
    """
    problems = []
    for (earlier, before), (later, after) in pairwise(plans.items()):
        now = {hub.site_id: hub for hub in after.hubs}
        for hub in before.hubs:
            other = now.get(hub.site_id)
            if other is None:
                wrong = f"is a hub in {earlier} and none in {later}"
            elif other.tier != hub.tier:
                wrong = f"is a {hub.tier} hub in {earlier} and a {other.tier} hub in {later}"
            elif round(other.it_load_mw, 3) < round(hub.it_load_mw, 3):
                wrong = (
                    f"carries {hub.it_load_mw:g} MW in {earlier}, {other.it_load_mw:g} in {later}"
                )
            else:
                continue
            problems.append(Problem("independent check", hub.site_id, wrong))
    if problems:
        raise CheckError(problems)


def _schedule(
    session: Session,
    runs: Mapping[int, Run],
    alone: Mapping[int, Outcome],
    weights: Mapping[int, float],
    outcome: Outcome,
    proof: Proof,
    fixed: Sequence[Fixed],
    begun: float,
) -> Schedule:
    plans = {year: run.plan for year, run in runs.items()}
    objective = sum(weights[year] * plan.objective for year, plan in plans.items())
    bound = np.inf if outcome.bound is None else max(outcome.bound, objective)
    some, scenario = next(iter(plans.values())), session.scenario
    gap = max(bound - objective, 0.0) / max(abs(objective), 1e-9)
    status = outcome.status
    if status == "optimal" and gap > session.options.gap + 1e-7:
        status = "feasible"
    return Schedule(
        dcsite_version=some.dcsite_version,
        scenario_name=scenario.name,
        title_en=scenario.title_en,
        title_ja=scenario.title_ja,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        status=status,  # type: ignore[arg-type]
        objective=objective,
        bound=bound,
        gap=gap,
        gap_asked=session.options.gap,
        bound_from=proof,
        solver=outcome.solver,
        solver_version=outcome.solver_version,
        options=session.options.manifest,
        wall_s=time.perf_counter() - begun,
        years=tuple(_years(plans, alone, weights)),
        hubs=tuple(_hubs(plans, fixed)),
        fixed=tuple(one.plan for one in fixed),
        notes=outcome.notes,
        scenario=as_dict(scenario),
    )


def _years(
    plans: Mapping[int, Plan], alone: Mapping[int, Outcome], weights: Mapping[int, float]
) -> Iterable[PlanYear]:
    before: set[str] = set()
    for year, plan in plans.items():
        best, bound = alone[year].objective, _bound(alone[year])
        yield PlanYear(
            year=year,
            folder=str(year),
            digest=plan.digest,
            weight=weights[year],
            objective=plan.objective,
            free_objective=best,
            free_bound=bound,
            price_least=0.0 if best is None else max(0.0, best - plan.objective),
            price_most=max(0.0, bound - plan.objective),
            tiers=tuple(
                TierYear(
                    tier,
                    len(own),
                    sum(hub.site_id not in before for hub in own),
                    sum(hub.it_load_mw for hub in own),
                )
                for tier in TIERS
                for own in [[hub for hub in plan.hubs if hub.tier == tier]]
            ),
            it_load_mw=sum(hub.it_load_mw for hub in plan.hubs),
            reserve_mw=plan.reserve_mw,
            unserved_mw=plan.unserved_mw,
            violations=len(plan.violations),
        )
        before = {hub.site_id for hub in plan.hubs}


def _hubs(plans: Mapping[int, Plan], fixed: Sequence[Fixed]) -> Iterable[ScheduledHub]:
    seen: set[str] = set()
    for year, plan in plans.items():
        given = {site for one in fixed for site in one.in_year(year)}
        for hub in plan.hubs:
            if hub.site_id in seen:
                continue
            seen.add(hub.site_id)
            loads = tuple(
                YearLoad(later, own.it_load_mw, own.reserve_mw)
                for later, other in plans.items()
                for own in other.hubs
                if own.site_id == hub.site_id
            )
            yield ScheduledHub.of(
                hub.site_id, vars(hub), opened=year, fixed=hub.site_id in given, loads=loads
            )
