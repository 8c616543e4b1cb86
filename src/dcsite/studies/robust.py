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
from collections.abc import Mapping
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from pydantic import PlainSerializer
from scipy.stats import binomtest

import dcsite
from dcsite.contract import TIERS
from dcsite.errors import DcsiteError, OutputError, Problem
from dcsite.plan.types import GeodataUse, NamedHub
from dcsite.records import Mw, Name, Plain, Points, Record, Share
from dcsite.scenario import as_dict
from dcsite.sites.rows import notes_told

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
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd

    from dcsite.atlas import Atlas
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
        made, self._made = not directory.exists(), False
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
            self._made = made
            self._load(json.loads(json.dumps(inputs)))
        except BaseException:
            self.close()
            raise

    def _problem(self, message: str) -> OutputError:
        return OutputError(Problem(str(self.path), "", message))

    def _load(self, inputs: dict[str, Any]) -> None:
        self._file.seek(0)
        content = self._file.read()
        whole = content.rfind(b"\n") + 1
        lines = content[:whole].splitlines() or [content]
        ours = b'{"inputs":'
        if len(lines) < 2 and ours.startswith(content[: len(ours)]):  # no sample yet
            self._file.truncate(0)
            self._append({"inputs": inputs})
            return
        try:
            before = json.loads(lines[0])["inputs"]
            found = [Sample.load(json.loads(line)) for line in lines[1:]]
        except (ValueError, KeyError, TypeError, OutputError) as error:
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
            self._append(sample.dump())
        except OSError as error:
            raise self._problem(f"cannot be written: {error.strerror or error}") from error
        self.samples[sample.number] = sample

    def _append(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"
        self._file.write(line.encode("utf-8"))
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        if self._made and not self.samples:  # a folder without a sample is of no use to anyone
            self.path.unlink()
            self.path.parent.rmdir()


#: A site in whatever tier.
ANY_TIER = "any"

_CONFIDENCE = 0.95


class Frequency(NamedHub):
    """How often a place is chosen in a tier; `tier` is ``any`` for its sum over the tiers."""

    prefecture_ja: str
    """Prefecture in Japanese."""
    prefecture_en: str
    """Prefecture in English."""
    chosen: int
    """Samples that choose it."""
    samples: int
    """Samples that have a plan."""
    frequency: Share
    """Share of those samples that choose it."""
    low: Share
    """Lower end of the interval of that share."""
    high: Share
    """Upper end of the interval of that share."""
    mean_it_load_mw: Mw
    """Mean IT load in MW over the samples that choose it."""


Ranges = Annotated[
    RobustRanges,
    PlainSerializer(
        lambda ranges: ranges.model_dump(mode="json", exclude_none=True), return_type=dict[str, Any]
    ),
]


class Robustness(Record):
    """What came of a robustness run; the same for the same inputs."""

    file_name: ClassVar[str] = "robust.json"

    dcsite_version: Name
    """Version of dcsite."""
    seed: int
    """Seed of the draws and of the solver."""
    gap: Points
    """Relative gap that each sample is solved to."""
    samples: int
    """Samples drawn."""
    samples_with_plan: int
    """Samples that have a plan: what frequencies are shares of."""
    counts: Mapping[str, int]
    """Samples by status."""
    confidence: Share
    """Probability of the intervals."""
    interval: str
    """Kind of interval; it reflects the number of samples only."""
    ranges: Ranges
    """What was drawn from."""
    frequencies: tuple[Frequency, ...]
    """Places, most often chosen first; ``any`` before the tiers of a place."""
    geodata: tuple[GeodataUse, ...]
    """Tables that the samples read."""
    scenario: Mapping[str, Plain]
    """The resolved scenario in the middle of the draws."""


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
) -> tuple[Robustness, tuple[Sample, ...]]:
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

    Returns
    -------
    tuple of Robustness and of the samples
        In the order of their numbers.

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
    sites = here.session(scenario).sites
    tell = on_sample or (lambda *_: None)
    inputs = _inputs(case, ranges, seed, scenario, sites, here.atlas)
    with closing(SampleStore(directory, inputs)) as store:
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
    statuses: Counter[str] = Counter(sample.status for sample in found)
    names = ("optimal", "feasible", "infeasible", "no_plan_in_time")
    robustness = Robustness(
        dcsite_version=dcsite.__version__,
        seed=seed,
        gap=case.options.gap,
        samples=samples,
        samples_with_plan=sum(1 for sample in found if sample.hubs),
        counts={name: statuses[name] for name in names},
        confidence=_CONFIDENCE,
        interval="Wilson",
        ranges=ranges,
        frequencies=_frequencies(found, sites),
        geodata=tuple(map(GeodataUse.of, here.atlas.tables_used())),
        scenario=as_dict(scenario),
    )
    return robustness, found


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
            [(*task, task is tasks[0]) for task in tasks],
            keep,
            workers=min(processes, len(tasks)),
            begin=begin_worker,
            begin_with=(here.case, here.asked, notes_told()),
        )
    except BrokenProcessPool as error:
        how = "finished samples are kept, run again with --processes 1 to see why"
        died = f"a worker process died ({error}); {how}"
        raise DcsiteError(Problem("robust", "", died)) from error


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
        low, high = wilson_interval(len(mw), total)
        found.append(
            Frequency.of(
                site_id,
                sites.loc[site_id],
                tier=tier,
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
