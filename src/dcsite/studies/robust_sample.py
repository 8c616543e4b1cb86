"""One sample of a robustness run: from which ranges it is drawn, and how it is solved.

The ranges are a small TOML of stated assumptions. Sample n of a seed is drawn by a generator of its
own, seeded with both: it is the same whatever the number of samples or processes, and samples are
independent, as the intervals need them to be. The scenario with the drawn values is measured,
solved and checked, in this process or in worker processes; what it needs to begin is plain data.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from dcsite.atlas import load_atlas
from dcsite.errors import InterruptedWithoutPlanError, NoPlanInTimeError, Problem, ScenarioError
from dcsite.model import assemble
from dcsite.plan import Session
from dcsite.plan.check import check_plan
from dcsite.records import Name, Record
from dcsite.scenario import as_dict, flatten, load_scenario
from dcsite.sites.rows import let_notes
from dcsite.solvers import SolveOptions, find_answer

from .toml_tables import Stated

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Drawn values are written with this many digits: a sample can be solved again from its record.
_DIGITS = 9


class WeightSpread(Stated):
    """How far the weights vary: a Dirichlet distribution around the scenario's."""

    concentration: Annotated[float, Field(gt=0, le=1e6)]
    """Concentration of the distribution; larger varies less."""
    why: Name
    """What this spread rests on."""


class KeyRange(Stated):
    """One scenario value drawn evenly, by a factor on the scenario's own or between two values."""

    key: Annotated[str, Field(pattern=r"^[a-z_0-9]+(\.[a-z_0-9]+)+$")]
    """Dotted key of the scenario."""
    factor: tuple[float, float] | None = None
    """Least and largest factor on the scenario's value."""
    between: tuple[float, float] | None = None
    """Least and largest value; whole ones of a value that is whole."""
    log: bool = False
    """Whether each doubling is as likely as the next, instead of each step."""
    why: Name
    """What this range rests on."""

    @model_validator(mode="after")
    def _one_and_ordered(self) -> Self:
        if (self.factor is None) == (self.between is None):
            raise ValueError("give either factor or between")
        low, high = self.factor or self.between or (0.0, 0.0)
        if low > high:
            raise ValueError(f"the least value must come first, got {low:g} and {high:g}")
        if self.log and low <= 0.0:
            raise ValueError(f"the least value must be above 0 where log is set, got {low:g}")
        return self

    def bounds(self, value: float) -> tuple[float, float]:
        """Return least and largest value for a scenario's own value."""
        if self.between is not None:
            return self.between
        low, high = self.factor or (1.0, 1.0)
        return low * value, high * value


class RobustRanges(Stated):
    """Everything that is drawn."""

    shipped: ClassVar[str] = "robust-ranges.toml"

    weights: WeightSpread
    range: tuple[KeyRange, ...] = ()

    @model_validator(mode="after")
    def _without_repeats(self) -> Self:
        keys = [entry.key for entry in self.range]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"{twice[0]} is given more than once")
        weights = [key for key in keys if key.startswith("weights.")]
        if weights:
            raise ValueError(f"{weights[0]} is drawn with all weights, by weights.concentration")
        return self


def check_ranges(ranges: RobustRanges, scenario: Scenario, where: str) -> None:
    """Raise ScenarioError where a range is not for a number of the scenario."""
    values = dict(flatten(as_dict(scenario)))
    problems: list[Problem] = []
    for entry in ranges.range:
        value = values.get(entry.key)
        if entry.key not in values:
            problems.append(
                Problem(where, entry.key, f"scenario {scenario.name} has no such value to vary")
            )
        elif not isinstance(value, float) and (
            isinstance(value, bool) or not isinstance(value, int) or entry.between is None
        ):
            message = f"is {value!r}; only a number can be varied, a whole one between two values"
            problems.append(Problem(where, entry.key, message))
    total = values.get("demand.total_new_it_load_mw")
    if total is not None and any(e.key == "demand.share_in_new_hubs" for e in ranges.range):
        wrong = "has no effect while demand.total_new_it_load_mw is set"
        how = "vary that key instead with --ranges FILE"
        problems.append(Problem(where, "demand.share_in_new_hubs", f"{wrong}; {how}"))
    if problems:
        raise ScenarioError(problems)


def draw(ranges: RobustRanges, scenario: Scenario, seed: int, number: int) -> dict[str, float]:
    """Draw the values of one sample.

    Parameters
    ----------
    ranges : RobustRanges
        What to draw from.
    scenario : Scenario
        The middle of it.
    seed, number : int
        Seed of the run and number of the sample, from 0.

    Returns
    -------
    dict of str to float
        Value by scenario key, to be laid over the scenario.
    """
    chance = np.random.default_rng([seed, number])
    drawn: dict[str, float] = {}
    weights = {name: float(weight) for name, weight in sorted(scenario.weights.items())}
    total = sum(weights.values())
    positive = [name for name, weight in weights.items() if weight > 0.0]
    if positive:
        around = [ranges.weights.concentration * weights[name] / total for name in positive]
        for name, share in zip(positive, chance.dirichlet(around), strict=True):
            drawn[f"weights.{name}"] = _rounded(share * total)
    values: dict[str, Any] = dict(flatten(as_dict(scenario)))
    for entry in ranges.range:
        low, high = entry.bounds(float(values[entry.key]))
        if isinstance(values[entry.key], int):
            drawn[entry.key] = int(chance.integers(round(low), round(high), endpoint=True))
            continue
        even = float(chance.random())
        value = low * (high / low) ** even if entry.log else low + (high - low) * even
        drawn[entry.key] = min(max(_rounded(value), low), high)
    return drawn


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


@dataclass(frozen=True, eq=False)
class Case:
    """What all samples of a run share.

    Parameters
    ----------
    source : str
        Shipped name of the scenario, or its file.
    overrides : tuple of str
        ``KEY=VALUE`` texts laid over it.
    geodata : Path
        Folder of the atlas.
    sites : Path or geopandas.GeoDataFrame, optional
        A user's own sites; the municipalities by default.
    options : SolveOptions
        How each sample is solved.
    """

    source: str
    overrides: tuple[str, ...]
    geodata: Path
    sites: Path | gpd.GeoDataFrame | None
    options: SolveOptions


class SampleHub(Record):
    """A hub chosen in one sample."""

    site_id: str
    """Id of the candidate site."""
    tier: str
    """Tier of the hub."""
    it_load_mw: float
    """IT load in MW, to the last digit: a run that goes on counts as one that never stopped."""
    reserve_mw: float = 0.0
    """Capacity held free for others, in MW."""


class Sample(Record):
    """What came of one sample."""

    number: int
    """Number of the sample, from 0."""
    status: Literal["optimal", "feasible", "infeasible", "no_plan_in_time"]
    """What the solver proved."""
    drawn: Mapping[str, float]
    """Drawn value by scenario key, to the last digit: the sample can be solved again from it."""
    objective: float | None = None
    """Objective points of its plan."""
    gap: float | None = None
    """Relative gap proven."""
    hubs: tuple[SampleHub, ...] = ()
    """Hubs of its plan, none without one."""
    tables: tuple[str, ...] = ()
    """Tables read for it."""
    seconds: float = 0.0
    """How long it took, in seconds."""


class Sampler:
    """Solves samples of a case, one after the other.

    Parameters
    ----------
    case : Case
        What all samples share.
    asked : mapping, optional
        The scenario as the run began with it, as plain data; read from its file by default.
    """

    def __init__(self, case: Case, asked: Mapping[str, Any] | None = None) -> None:
        self.case = case
        self.asked = as_dict(self.scenario()) if asked is None else dict(asked)
        self.atlas: Atlas = load_atlas(case.geodata)
        self._last: Session | None = None

    def scenario(self, drawn: dict[str, float] | None = None) -> Scenario:
        """Load the scenario with drawn values over it."""
        values = [f"{key}={value!r}" for key, value in (drawn or {}).items()]
        return load_scenario(self.case.source, (*self.case.overrides, *values))

    def session(self, scenario: Scenario) -> Session:
        """Return a session on a scenario; candidate sites are kept while they are read alike."""
        case = self.case
        if self._last is not None:
            self._last = self._last.beside(scenario)
        else:
            self._last = Session.open(
                scenario, sites=case.sites, options=case.options, atlas=self.atlas
            )
        return self._last

    def solve(self, number: int, drawn: dict[str, float]) -> Sample:
        """Solve one sample and check its plan.

        Raises
        ------
        KeyboardInterrupt
            If the user stopped the run.
        CheckError
            If the independent check disagrees.
        """
        begun = time.perf_counter()
        found = self._solve(number, drawn)
        return replace(
            found,
            tables=tuple(sorted(used.name for used in self.atlas.tables_used())),
            seconds=round(time.perf_counter() - begun, 3),
        )

    def _solve(self, number: int, drawn: dict[str, float]) -> Sample:
        scenario = self.scenario(drawn)
        if dict(flatten(as_dict(scenario))) != {**dict(flatten(self.asked)), **drawn}:
            changed = "was changed while its samples were solved"
            how = "put it back, or begin anew with another --output"
            raise ScenarioError(Problem(self.case.source, "", f"{changed}; {how}"))
        session = self.session(scenario)
        program = assemble(session.candidates)
        try:
            answer = find_answer(program, self.case.options)
        except NoPlanInTimeError:
            return Sample(number, "no_plan_in_time", drawn)
        except InterruptedWithoutPlanError:
            raise KeyboardInterrupt from None
        outcome = answer.outcome
        if outcome.interrupted:
            raise KeyboardInterrupt
        if outcome.status == "infeasible" or outcome.objective is None:
            return Sample(number, "infeasible", drawn)
        chosen = answer.chosen.sort_index()
        checked = check_plan(
            session.measured.join(chosen, how="inner"),
            self.atlas,
            session.scenario,
            claimed_objective=outcome.objective,
            bound=outcome.bound if outcome.bound is not None else float("inf"),
        )
        return Sample(
            number,
            "optimal" if outcome.status == "optimal" else "feasible",
            drawn,
            checked.objective,
            outcome.gap,
            tuple(
                SampleHub(str(site_id), hub["tier"], hub["it_load_mw"], hub["reserve_mw"])
                for site_id, hub in chosen.iterrows()
            ),
        )


_WORKERS: list[Sampler] = []


def begin_worker(case: Case, asked: Mapping[str, Any], told: tuple[str, ...]) -> None:
    """Set up a worker process, which does not tell again what was told of users' files."""
    let_notes(heard=False, told=told)
    _WORKERS[:] = [Sampler(case, asked)]


def solve_in_worker(number: int, drawn: dict[str, float], heard: bool) -> Sample:
    """Solve one sample in a worker process; of one alone notes on users' files are heard."""
    let_notes(heard)
    return _WORKERS[0].solve(number, drawn)
