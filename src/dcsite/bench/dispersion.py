"""Part ``dispersion``: the places farthest apart, on a folder of TSPLIB files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dcsite.errors import BenchError, DcsiteError, Problem
from dcsite.model.dispersion import Points, disperse
from dcsite.sites.tsplib import read_tsplib

from .published import Published, agreement, read_published
from .task import Asked, Row, Task

if TYPE_CHECKING:
    from .task import Request

__all__ = ["InstanceAsked", "InstanceRow", "measure_instance", "tasks"]


class InstanceAsked(Asked):
    """One instance and count, to be solved in so many seconds."""

    file: Path
    count: int
    time_limit_s: float
    published: Published | None = None


class InstanceRow(Row):
    """Distance, bound and time of one instance, and what was published of it."""

    instance: str
    points: int
    count: int
    distance: float | None = None
    bound: float | None = None
    proven: bool = False
    seconds: float | None = None
    published_lower: float | None = None
    published_upper: float | None = None
    published_s: str = ""
    agrees: str = ""

    def beside(self, published: Published | None) -> InstanceRow:
        """Return the row with what was published, and whether the two agree."""
        if published is None:
            return self
        told = {
            "published_lower": published.lower_bound,
            "published_upper": published.upper_bound,
            "published_s": published.seconds,
        }
        if self.distance is not None and self.bound is not None:
            told["agrees"] = agreement(self.distance, self.bound, published)
        return self.model_copy(update=told)


def measure_instance(asked: InstanceAsked) -> InstanceRow:
    """Solve one instance in this process."""
    read = read_tsplib(asked.file)
    answer = disperse(
        Points(read.x, read.y, read.metric), asked.count, time_limit_s=asked.time_limit_s
    )
    row = InstanceRow(
        status="optimal" if answer.proven else "time limit",
        instance=asked.file.stem,
        points=len(read.x),
        count=answer.count,
        distance=answer.distance,
        bound=answer.bound,
        proven=answer.proven,
        seconds=answer.seconds,
    )
    return row.beside(asked.published)


def tasks(request: Request) -> list[Task]:
    """List instances by size, each with every count, after reading all files once.

    Raises
    ------
    BenchError, SitesError
        If the folder or a file cannot be used, or has fewer points than are to be chosen.
    """
    if request.instances is None:
        raise BenchError(
            Problem("--instances", "", "is missing; give a folder of TSPLIB files (.tsp)")
        )
    if not request.instances.is_dir():
        what = "is not a folder" if request.instances.exists() else "no such folder"
        raise BenchError(Problem("--instances", str(request.instances), what))
    published = {} if request.published is None else read_published(request.published)
    problems: list[Problem] = []
    sizes: dict[Path, int] = {}
    for file in sorted(request.instances.glob("*.tsp")):
        try:
            sizes[file] = len(read_tsplib(file).x)
        except DcsiteError as error:
            problems += error.problems
    most = max(request.counts)
    problems += [
        Problem("--counts", "", f"asks for {most} points, but {file.name} has {size}")
        for file, size in sizes.items()
        if size < most
    ]
    if not sizes and not problems:
        problems.append(Problem("--instances", str(request.instances), "holds no .tsp file"))
    if problems:
        raise BenchError(problems)
    return [
        _task(file, size, count, request, published.get((file.stem, count)))
        for file, size in sorted(sizes.items(), key=lambda entry: (entry[1], entry[0]))
        if size <= request.most
        for count in request.counts
    ]


def _task(file: Path, size: int, count: int, request: Request, published: Published | None) -> Task:
    late = InstanceRow(
        status=f"ended after {request.whole_limit_s:g} s",
        instance=file.stem,
        points=size,
        count=count,
    )
    return Task(
        f"{file.stem}, {count} of {size} points",
        measure_instance,
        InstanceAsked(
            file=file.resolve(),
            count=count,
            time_limit_s=request.time_limit_s,
            published=published,
        ),
        request.whole_limit_s,
        late.beside(published),
    )
