"""The cheapest plan beside the resilient one: what resilience costs, in yen (B10 L5416).

It has the same counts, loads and hard rules, and what it costs is its whole objective: no other
score counts, soft rules are off, no reserve is asked for. It is checked and measured by the plan's
own scenario, so that what it loses stands beside what it saves. The search runs in a process of
its own beside the main solve, from the moment sites are measured, where candidates are many; else
it follows the solve.
"""

from __future__ import annotations

import json
import math
import threading
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from dcsite.atlas import load_atlas
from dcsite.contract import Criterion, criteria
from dcsite.errors import CheckError, DcsiteError, Problem
from dcsite.model import Candidates, assemble
from dcsite.plan.check import check_plan, highest_first
from dcsite.plan.types import CheapestPlan, HubBrief
from dcsite.records import plain
from dcsite.scenario import as_dict, load_scenario, override_texts, scenario_model
from dcsite.solvers import find_answer

from .pool import run_in_workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.plan import Plan, Session
    from dcsite.scenario import Scenario
    from dcsite.solvers import SolveOptions

#: With so many candidates a search is worth a process of its own.
_MANY = 300
#: A cost is not proven more finely beside a solve, however fine the plan's gap: that takes minutes.
_LEAST_GAP = 1e-3
#: How soon a Ctrl-C is seen.
_LOOK_S = 0.2
#: Program and evaluation add up the same yen; they may part by so much of it.
_ROUNDED = 1e-6
#: The atlas of a worker.
_KNOWN: list[Atlas] = []


def find_cheapest(
    scenario: Scenario,
    atlas: Atlas,
    sites: gpd.GeoDataFrame,
    options: SolveOptions,
    halted: Callable[[], bool] | None = None,
) -> CheapestPlan | None:
    """Find the plan that costs least; its `plan_jpy` is not known yet.

    Parameters
    ----------
    scenario, atlas, sites
        Of the plan: what is asked, what is known, measured sites.
    options : SolveOptions
        As for the plan; the gap is of the cost.
    halted : callable, optional
        As for :func:`dcsite.solvers.solve`.

    Returns
    -------
    CheapestPlan or None
        None where no criterion prices anything.

    Raises
    ------
    CheckError
        If it breaks a hard rule, or the evaluation finds another cost.
    InfeasibleError, NoPlanInTimeError, SolverError, KeyboardInterrupt
        As :func:`dcsite.solvers.find_answer` raises them.
    """
    criterion = next((one for one in criteria() if one.price is not None), None)
    if criterion is None or criterion.price is None:
        return None
    program = assemble(Candidates.of(_cost_alone(scenario, criterion), atlas, sites))
    prices = criterion.price_terms(program)
    scale_jpy = sum(abs(jpy) for _, jpy in prices) / max(len(prices), 1) * program.most_hubs
    if not scale_jpy:
        return None
    program.scores.clear()
    program.scored_measures.clear()
    saved = [(variable, -jpy / scale_jpy) for variable, jpy in prices]
    program.set_objective([*program.unserved, *saved])
    answer = find_answer(program, options, halted=halted)
    outcome = answer.outcome
    if outcome.objective is None or outcome.values is None:
        return None
    hubs = highest_first(sites.join(answer.chosen, how="inner"))
    checked = check_plan(hubs, atlas, scenario, claimed_objective=-math.inf, bound=math.inf)
    measures = tuple(one for of in checked.evaluations.values() for one in of.measures)
    price = next(one for one in measures if one.name == criterion.price.in_plan)
    paid_jpy = sum(outcome.values.get(variable.name, 0.0) * jpy for variable, jpy in prices)
    if abs(price.value - paid_jpy) > _ROUNDED * abs(paid_jpy):
        wrong = f"the program counts {paid_jpy:,.0f} yen, evaluation from tables {price.value:,.0f}"
        raise CheckError(Problem("independent check", "cheapest plan", wrong))
    bound = math.inf if outcome.bound is None else outcome.bound
    return CheapestPlan(
        status="optimal" if outcome.status == "optimal" else "feasible",
        label_en=price.label_en,
        label_ja=price.label_ja,
        cost_jpy=price.value,
        bound_jpy=max(price.value - scale_jpy * max(bound - outcome.objective, 0.0), 0.0),
        plan_jpy=math.nan,
        hubs=tuple(HubBrief.of(site, hub) for site, hub in hubs.iterrows()),
        measures=measures,
        violations=checked.violations,
        unserved_mw=checked.unserved_mw,
    )


def _cost_alone(scenario: Scenario, criterion: Criterion[Any]) -> Scenario:
    """Return the scenario in which what a plan costs is all that counts."""
    values: dict[str, Any] = {f"weights.{one.name}": float(one is criterion) for one in criteria()}
    values |= {f"rules.{rule}": "off" for rule, mode in scenario.rules.items() if mode == "soft"}
    return load_scenario(scenario, override_texts(values))


class Beside:
    """A search for the cheapest plan beside a solve; leaving the block ends it.

    Parameters
    ----------
    session : Session
        Of the plan.
    wanted : bool
        Whether it is sought at all; it is not where hubs carry all they can, whatever that costs.
    turn : threading.Lock, optional
        Of several searches each waits for its turn, so that together they take one core.
    """

    def __init__(
        self, session: Session, *, wanted: bool, turn: threading.Lock | None = None
    ) -> None:
        self._turn = turn or threading.Lock()
        self._session = session
        self._options = replace(
            session.options, gap=max(session.options.gap, _LEAST_GAP), start=None
        )
        self._wanted = wanted and session.scenario.demand.hub_loads != "full"
        self._halt = threading.Event()
        self._tasks: SimpleQueue[tuple[Any, ...] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._handed = False
        self._found: CheapestPlan | None = None
        self._error: Exception | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the search, wherever it is."""
        self._halt.set()
        self._tasks.put(None)
        if self._thread is not None:
            self._thread.join()

    def stage(self, name: str) -> None:
        """Follow the solve: prepare while sites are measured, search from when they are."""
        if not self._wanted:
            return
        if name == "measure" and len(self._session.sites) > _MANY:
            self._thread = threading.Thread(target=self._follow, name="dcsite-cheapest")
            self._thread.start()
        elif name in {"precheck", "build"} and self._thread is not None and not self._handed:
            self._handed = True
            scenario = json.dumps(plain(as_dict(self._session.scenario)))
            self._tasks.put((scenario, self._session.measured, self._options))
            self._tasks.put(None)

    def into(
        self,
        plan: Plan,
        stopped: Callable[[], bool],
        on_note: Callable[[str], None],
        on_stage: Callable[[str], None] = lambda _: None,
    ) -> Plan:
        """Return the plan with the cheapest beside it; `on_note` is told why there is none.

        Waits for the search; once `stopped` says yes, it is given up and the plan kept as it is.
        """
        if not self._wanted or stopped():
            return plan
        on_stage("cheapest")
        if self._thread is None:
            self._search_here(stopped)
        while self._thread is not None and self._thread.is_alive() and not stopped():
            self._thread.join(_LOOK_S)
        if isinstance(self._error, DcsiteError | BrokenProcessPool):
            on_note(f"warning: the cheapest plan is left out: {self._error}")
        elif self._error is not None:
            raise self._error
        if self._found is None or stopped():
            return plan
        costs = {one.name: one.value for one in plan.measures}
        price = next(one.price for one in criteria() if one.price is not None)
        return replace(plan, cheapest=_beside(plan, self._found, costs[price.in_plan]))

    def _search_here(self, stopped: Callable[[], bool]) -> None:
        one = self._session
        try:
            self._found = find_cheapest(
                one.scenario, one.atlas, one.measured, self._options, stopped
            )
        except DcsiteError as error:
            self._error = error
        except KeyboardInterrupt:
            if not stopped():
                raise

    def _follow(self) -> None:
        def tasks() -> Iterator[tuple[Any, ...]]:
            yield ()  # begins the worker, which loads its libraries meanwhile
            while (task := self._tasks.get()) is not None:
                yield task

        def keep(_: int, found: CheapestPlan | None) -> None:
            self._found = found

        while not self._turn.acquire(timeout=_LOOK_S):
            if self._halt.is_set():
                return
        try:
            run_in_workers(
                _work, tasks(), keep, workers=1,
                begin=_open, begin_with=(self._session.atlas.root,), halted=self._halt.is_set,
            )  # fmt: skip
        except KeyboardInterrupt:  # given up
            self._found = None
        except Exception as error:  # noqa: BLE001  # told, or raised, where the plan is waited for
            self._error = error
        finally:
            self._turn.release()


def _beside(plan: Plan, found: CheapestPlan, plan_jpy: float) -> CheapestPlan:
    """Return what was found, or the plan itself where within the gap it costs less and serves all.

    Then resilience costs nothing that could be told.
    """
    if plan_jpy >= found.cost_jpy or plan.unserved_mw > found.unserved_mw:
        return replace(found, plan_jpy=plan_jpy)
    return replace(
        found,
        cost_jpy=plan_jpy,
        bound_jpy=min(found.bound_jpy, plan_jpy),
        plan_jpy=plan_jpy,
        hubs=tuple(HubBrief.of(hub.site_id, vars(hub)) for hub in plan.hubs),
        measures=plan.measures,
        violations=plan.violations,
        unserved_mw=plan.unserved_mw,
    )


def _open(root: Path) -> None:
    _KNOWN[:] = [load_atlas(root)]


def _work(*task: Any) -> CheapestPlan | None:
    """Search in a worker; without a task, load what is needed."""
    if not task:
        return None
    text, sites, options = task
    scenario = scenario_model().model_validate_json(text, strict=True)
    return find_cheapest(scenario, _KNOWN[0], sites, options)
