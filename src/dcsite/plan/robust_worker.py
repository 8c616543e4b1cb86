"""One sample of a robustness run: the scenario with drawn values, measured, solved and checked.

Runs in this process or in worker processes; what it needs to begin is plain data.
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
from pydantic import BaseModel, ConfigDict

from dcsite.atlas import load_atlas
from dcsite.criteria import measure_sites, parameter_schemas, rule_names
from dcsite.errors import (
    InterruptedWithoutPlanError,
    NoPlanInTimeError,
    Problem,
    ScenarioError,
)
from dcsite.model import SolveOptions, assemble, find_answer
from dcsite.scenario import as_dict, flatten, load_scenario
from dcsite.sites import municipality_sites, read_sites

from .check import check_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcsite.atlas import Atlas
    from dcsite.scenario import LandParameters, Scenario

__all__ = ["Case", "Sample", "SampleHub", "Sampler", "begin_worker", "solve_in_worker"]


@dataclass(frozen=True)
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
    sites : Path, optional
        A user's own sites; the municipalities by default.
    only : tuple of str, optional
        Ids of the sites to keep; all by default.
    options : SolveOptions
        How each sample is solved.
    """

    source: str
    overrides: tuple[str, ...]
    geodata: Path
    sites: Path | None
    only: tuple[str, ...] | None
    options: SolveOptions


class SampleHub(BaseModel):
    """A hub chosen in one sample."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    site_id: str
    tier: str
    it_load_mw: float


class Sample(BaseModel):
    """What came of one sample."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    status: Literal["optimal", "feasible", "infeasible", "no_plan_in_time"]
    drawn: dict[str, float]
    objective: float | None = None
    gap: float | None = None
    hubs: tuple[SampleHub, ...] = ()
    tables: tuple[str, ...] = ()
    seconds: float = 0.0


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
        self._sites = lru_cache(maxsize=4)(self._read_sites)

    def scenario(self, drawn: dict[str, float] | None = None) -> Scenario:
        """Load the scenario with drawn values over it."""
        values = [f"{key}={value!r}" for key, value in (drawn or {}).items()]
        return load_scenario(
            self.case.source,
            (*self.case.overrides, *values),
            parameter_schemas(),
            rule_names(),
        )

    def sites(self, scenario: Scenario) -> gpd.GeoDataFrame:
        """Return the candidate sites."""
        return self._sites(scenario.land)

    def _read_sites(self, land: LandParameters) -> gpd.GeoDataFrame:
        case = self.case
        sites = (
            municipality_sites(self.atlas, land)
            if case.sites is None
            else read_sites(case.sites, self.atlas, land)
        )
        return sites if case.only is None else sites.loc[list(case.only)]

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
        return found.model_copy(
            update={
                "tables": tuple(sorted(used.name for used in self.atlas.tables_used())),
                "seconds": round(time.perf_counter() - begun, 3),
            }
        )

    def _solve(self, number: int, drawn: dict[str, float]) -> Sample:
        scenario = self.scenario(drawn)
        if dict(flatten(as_dict(scenario))) != {**dict(flatten(self.asked)), **drawn}:
            raise ScenarioError(
                Problem(
                    self.case.source,
                    "",
                    "was changed while its samples were solved; put it back, or begin anew with "
                    "another --output",
                )
            )
        measured = measure_sites(self.sites(scenario), self.atlas, scenario)
        program = assemble(scenario, self.atlas, measured)
        try:
            answer = find_answer(program, self.case.options)
        except NoPlanInTimeError:
            return Sample(number=number, status="no_plan_in_time", drawn=drawn)
        except InterruptedWithoutPlanError:
            raise KeyboardInterrupt from None
        outcome = answer.outcome
        if outcome.interrupted:
            raise KeyboardInterrupt
        if outcome.status == "infeasible" or outcome.objective is None:
            return Sample(number=number, status="infeasible", drawn=drawn)
        chosen = answer.chosen.sort_index()
        checked = check_plan(
            measured.join(chosen, how="inner"),
            self.atlas,
            scenario,
            claimed_objective=outcome.objective,
            bound=outcome.bound if outcome.bound is not None else float("inf"),
        )
        return Sample(
            number=number,
            status="optimal" if outcome.status == "optimal" else "feasible",
            drawn=drawn,
            objective=checked.objective,
            gap=outcome.gap,
            hubs=tuple(
                SampleHub(site_id=str(site_id), tier=str(tier), it_load_mw=float(mw))
                for site_id, tier, mw in zip(
                    chosen.index, chosen["tier"], chosen["it_load_mw"], strict=True
                )
            ),
        )


_WORKERS: list[Sampler] = []


def begin_worker(case: Case, asked: Mapping[str, Any]) -> None:
    """Set up a worker process; Ctrl-C is for the process that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _WORKERS[:] = [Sampler(case, asked)]


def solve_in_worker(number: int, drawn: dict[str, float]) -> Sample:
    """Solve one sample in a worker process."""
    return _WORKERS[0].solve(number, drawn)
