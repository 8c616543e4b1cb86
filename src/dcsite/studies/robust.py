"""Robustness: how often each place is chosen when weights and assumptions vary.

Each sample draws weights and other assumptions (:mod:`dcsite.studies.robust_sample`), is solved to
its gap and checked like any plan. A place's frequency is its share of the samples that have a
plan, with Wilson's interval for so many independent draws; samples without a plan are counted and
told. The interval speaks of the number of draws only: it says nothing of ranges that are wrong, nor
of plans nearly as good within the gap.

Finished samples lie on the disk, one JSON line each, so that a stopped run can go on. The first
line says what the samples are of; a file of anything else is refused. A line is written at once and
flushed; one cut short by a crash is the last, and is dropped when the file is opened.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections import Counter, defaultdict
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import ValidationError
from scipy.stats import binomtest

import dcsite
from dcsite.criteria import TIERS
from dcsite.errors import DcsiteError, OutputError, Problem
from dcsite.scenario import as_dict

from .pool import run_in_workers
from .robust_sample import (
    Case,
    RobustRanges,
    Sample,
    Sampler,
    begin_worker,
    check_ranges,
    draw,
    solve_in_worker,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.atlas.descriptor import ResourceInfo
    from dcsite.scenario import Scenario

SAMPLES_NAME = "samples.jsonl"


class SampleStore:
    """The file of finished samples, held by one run at a time.

    Parameters
    ----------
    directory : Path
        Made if missing.
    inputs : mapping
        All that the samples follow from; JSON values only.

    Raises
    ------
    OutputError
        If the folder cannot be written, another run holds the file, or it is of other inputs.
    """

    def __init__(self, directory: Path, inputs: Mapping[str, Any]) -> None:
        self.path = directory / SAMPLES_NAME
        self.samples: dict[int, Sample] = {}
        made = not directory.exists()
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b")
        except OSError as error:
            raise self._problem(f"cannot be written: {error.strerror or error}") from error
        try:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise self._problem(
                    "another run is writing it; wait, or give another folder with --output"
                ) from error
            self._load(json.loads(json.dumps(inputs)))
        except BaseException:
            self._file.close()
            if made and not self.path.stat().st_size:
                self.path.unlink()
                directory.rmdir()
            raise

    def _problem(self, message: str) -> OutputError:
        return OutputError(Problem(str(self.path), "", message))

    def _load(self, inputs: dict[str, Any]) -> None:
        self._file.seek(0)
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        lines = content[:whole].splitlines()
        if not lines:
            self._file.truncate(0)
            self._append({"inputs": inputs})
            return
        try:
            before = json.loads(lines[0])["inputs"]
            found = [Sample.model_validate_json(line) for line in lines[1:]]
        except (ValueError, KeyError, TypeError, ValidationError) as error:
            raise self._problem(
                "is not what dcsite wrote; move it away or give another folder with --output"
            ) from error
        if before != inputs:
            names = sorted(key for key in {*before, *inputs} if before.get(key) != inputs.get(key))
            raise self._problem(
                f"holds samples of another run (different: {', '.join(names)}); ask for the same, "
                "or give another folder with --output"
            )
        self._file.truncate(whole)
        self.samples = {sample.number: sample for sample in found}

    def add(self, sample: Sample) -> None:
        """Keep a finished sample.

        Raises
        ------
        OutputError
            If it cannot be written, say for want of room.
        """
        try:
            self._append(sample.model_dump(mode="json"))
        except OSError as error:
            raise self._problem(f"cannot be written: {error.strerror or error}") from error
        self.samples[sample.number] = sample

    def _append(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
        self._file.write(line.encode("utf-8"))
        self._file.flush()
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        """Hold the file."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the file."""
        self._file.close()


#: A site in whatever tier.
ANY_TIER = "any"

_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Frequency:
    """How often a place is chosen in a tier; `tier` is ``any`` for its sum over the tiers.

    `low` and `high` bound the frequency at 95 % by Wilson's interval; `mean_it_load_mw` is the
    mean over the samples that choose it.
    """

    site_id: str
    tier: str
    name_ja: str
    name_en: str
    prefecture_ja: str
    prefecture_en: str
    lat_deg: float
    lon_deg: float
    chosen: int
    samples: int
    frequency: float
    low: float
    high: float
    mean_it_load_mw: float


@dataclass(frozen=True)
class Robustness:
    """What came of a robustness run."""

    scenario: Scenario
    ranges: RobustRanges
    seed: int
    gap: float
    samples: tuple[Sample, ...]
    frequencies: tuple[Frequency, ...]
    geodata: tuple[ResourceInfo, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of samples by status."""
        found: Counter[str] = Counter(sample.status for sample in self.samples)
        names = ("optimal", "feasible", "infeasible", "no_plan_in_time")
        return {name: found[name] for name in names}

    @property
    def with_plan(self) -> int:
        """Return how many samples have a plan: what frequencies are shares of."""
        return sum(1 for sample in self.samples if sample.hubs)


def wilson_interval(chosen: int, samples: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    Parameters
    ----------
    chosen, samples : int
        Successes of so many independent draws.
    """
    if samples == 0:
        return 0.0, 1.0
    interval = binomtest(chosen, samples).proportion_ci(_CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


def run_robust(
    case: Case,
    ranges: RobustRanges,
    directory: Path,
    *,
    samples: int,
    seed: int,
    processes: int,
    where: str = "ranges",
    on_sample: Callable[[int, int, Sample | None], None] | None = None,
) -> Robustness:
    """Draw, solve and count; go on where an earlier run of the same inputs stopped.

    Parameters
    ----------
    case : Case
        Scenario, sites and solver options.
    ranges : RobustRanges
        What to draw from.
    directory : Path
        Keeps the finished samples.
    samples : int
        Samples wanted in all.
    seed : int
        Seed of the draws.
    processes : int
        Samples solved at a time; the result does not depend on it.
    where : str
        Where the ranges are from, for messages.
    on_sample : callable, optional
        Called with samples done, samples wanted and the one just finished (None at the start).

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C; finished samples are kept.
    ScenarioError, SitesError, GeodataError, SolverError, CheckError, OutputError
        As their texts say; finished samples are kept.
    """
    here = Sampler(case)
    scenario = here.scenario()
    check_ranges(ranges, scenario, where)
    sites = here.sites(scenario)
    tell = on_sample or (lambda *_: None)
    with SampleStore(directory, _inputs(case, ranges, seed, scenario, sites, here.atlas)) as store:
        wanted = [number for number in range(samples) if number not in store.samples]
        tasks = [(number, draw(ranges, scenario, seed, number)) for number in wanted]
        tell(samples - len(tasks), samples, None)

        def keep(_: int, sample: Sample) -> None:
            store.add(sample)
            tell(len(store.samples.keys() & set(range(samples))), samples, sample)

        _solve_all(here, tasks, processes, keep)
        found = tuple(store.samples[number] for number in range(samples))
    for name in sorted({name for sample in found for name in sample.tables}):
        here.atlas.mark_used(name)
    return Robustness(
        scenario=scenario,
        ranges=ranges,
        seed=seed,
        gap=case.options.gap,
        samples=found,
        frequencies=_frequencies(found, sites),
        geodata=here.atlas.tables_used(),
    )


def _inputs(
    case: Case,
    ranges: RobustRanges,
    seed: int,
    scenario: Scenario,
    sites: gpd.GeoDataFrame,
    atlas: Atlas,
) -> dict[str, Any]:
    """Say in names and values what all samples follow from; the number of samples is no part."""
    tables = "".join(f"{info.name}={info.sha256};" for info in atlas.resources())
    places = sites.drop(columns="geometry").to_csv()
    return {
        "dcsite_version": dcsite.__version__,
        "numpy_version": np.__version__,
        "scenario": as_dict(scenario),
        "ranges": ranges.model_dump(mode="json"),
        "seed": seed,
        "solver": case.options.solver,
        "gap": case.options.gap,
        "time_limit_s": case.options.time_limit_s,
        "geodata": hashlib.sha256(tables.encode()).hexdigest(),
        "sites": hashlib.sha256(places.encode()).hexdigest(),
    }


def _solve_all(
    here: Sampler,
    tasks: Sequence[tuple[int, dict[str, float]]],
    processes: int,
    keep: Callable[[int, Sample], None],
) -> None:
    """Hand over samples as they are finished."""
    if processes == 1 or len(tasks) < 2:
        for place, task in enumerate(tasks):
            keep(place, here.solve(*task))
        return
    try:
        run_in_workers(
            solve_in_worker,
            tasks,
            keep,
            workers=min(processes, len(tasks)),
            begin=begin_worker,
            begin_with=(here.case, here.asked),
        )
    except BrokenProcessPool as error:
        raise DcsiteError(
            Problem(
                "robust",
                "",
                f"a worker process died ({error}); finished samples are kept, run again with "
                "--processes 1 to see why",
            )
        ) from error


def _frequencies(samples: Sequence[Sample], sites: gpd.GeoDataFrame) -> tuple[Frequency, ...]:
    """Count the places, most often chosen first; ``any`` before the tiers of a place."""
    loads: dict[tuple[str, str], list[float]] = defaultdict(list)
    for sample in samples:
        for hub in sample.hubs:
            loads[hub.site_id, hub.tier].append(hub.it_load_mw)
            loads[hub.site_id, ANY_TIER].append(hub.it_load_mw)
    total = sum(1 for sample in samples if sample.hubs)
    order = {tier: number for number, tier in enumerate((ANY_TIER, *TIERS))}
    found: list[Frequency] = []
    for (site_id, tier), mw in loads.items():
        row = sites.loc[site_id]
        low, high = wilson_interval(len(mw), total)
        found.append(
            Frequency(
                site_id=site_id,
                tier=tier,
                name_ja=str(row["name_ja"]),
                name_en=row["name_en"] if isinstance(row["name_en"], str) else "",
                prefecture_ja=str(row["prefecture_ja"]),
                prefecture_en=str(row["prefecture_en"]),
                lat_deg=float(row["lat_deg"]),
                lon_deg=float(row["lon_deg"]),
                chosen=len(mw),
                samples=total,
                frequency=len(mw) / total,
                low=low,
                high=high,
                mean_it_load_mw=sum(mw) / len(mw),
            )
        )
    ever = {entry.site_id: entry.chosen for entry in found if entry.tier == ANY_TIER}
    return tuple(sorted(found, key=lambda e: (-ever[e.site_id], e.site_id, order[e.tier])))
