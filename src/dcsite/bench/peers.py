"""Part ``peers``: p-dispersion by spopt and by dcsite, on the same distances.

Municipalities are drawn with a seed. Both sides get geodesic km on WGS 84: dcsite from the points,
spopt as the cost matrix of ``PDispersion.from_cost_matrix``, solved by the CBC that PuLP brings
with a time limit. Each side is timed in a process of its own, from the points or the matrix to the
answer. spopt's answer is judged by what its places are apart, not by what it says.
"""

from __future__ import annotations

import contextlib
import importlib.util
import time
from typing import TYPE_CHECKING

import numpy as np

import dcsite
from dcsite.atlas.geodesy import geodesic_km
from dcsite.errors import BenchError, Problem
from dcsite.model.dispersion import Points, disperse

from .child import LateRunError, measure_fresh
from .task import Asked, Row, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .task import Request

__all__ = ["COUNT", "SIZES", "PeerAsked", "PeerRow", "measure_peer", "missing", "tasks", "verdict"]

SIZES = (50, 100, 200, 500)
COUNT = 10

#: Two distances in km that differ by less than this share are the same.
_SAME = 1e-9


class PeerAsked(Asked):
    """So many of so many municipalities."""

    points: int
    count: int
    seed: int
    time_limit_s: float
    whole_limit_s: float


class PeerRow(Row):
    """Both answers: `status` and `claimed_km` are what spopt says, `apart_km` what its places are.

    `status` is PuLP's status, the only one that spopt looks at; PuLP calls a run that its time
    limit stopped ``Optimal`` too, and says in `solution` that it only found some solution.
    `right` is ``yes``, ``no`` or empty where it gave none or the optimum is not known.
    """

    points: int
    count: int
    solution: str = ""
    claimed_km: float | None = None
    apart_km: float | None = None
    seconds: float | None = None
    dcsite_km: float | None = None
    dcsite_bound_km: float | None = None
    dcsite_proven: bool = False
    dcsite_s: float | None = None
    right: str = ""


class SpoptRow(Row):
    """What spopt says: the value, the places, and the seconds from matrix to answer."""

    solution: str
    claimed_km: float | None
    places: tuple[int, ...]
    seconds: float


def missing() -> str | None:
    """Say what to do if spopt is not installed; None if it is."""
    if importlib.util.find_spec("spopt") is not None:
        return None
    return "spopt is not installed; python3 -m pip install 'dcsite[bench]' brings it"


def measure_peer(asked: PeerAsked) -> PeerRow:
    """Solve one size by dcsite in this process and by spopt in one of its own."""
    points = _points(asked)
    ours = disperse(points, asked.count, time_limit_s=asked.time_limit_s)
    row = PeerRow(
        status=f"ended after {asked.whole_limit_s:g} s",
        points=asked.points,
        count=asked.count,
        dcsite_km=ours.distance,
        dcsite_bound_km=ours.bound,
        dcsite_proven=ours.proven,
        dcsite_s=ours.seconds,
    )
    try:
        theirs = measure_fresh(measure_spopt, asked, asked.whole_limit_s)
    except LateRunError:
        return row
    apart_km = None
    if len(theirs.places) > 1:
        apart_km = points.smallest(np.array(theirs.places, dtype=np.intp))
    return row.model_copy(
        update={
            "status": theirs.status,
            "solution": theirs.solution,
            "claimed_km": theirs.claimed_km,
            "apart_km": apart_km,
            "seconds": theirs.seconds,
            "right": verdict(
                len(theirs.places) == asked.count, apart_km, ours.distance, proven=ours.proven
            ),
        }
    )


def verdict(complete: bool, apart_km: float | None, optimum_km: float, *, proven: bool) -> str:
    """Say whether places chosen by a peer are as far apart as can be.

    Parameters
    ----------
    complete : bool
        Whether there are as many places as were asked for.
    apart_km : float or None
        Their smallest distance; None if there are none.
    optimum_km : float
        The largest smallest distance found here.
    proven : bool
        Whether that one is proven.

    Returns
    -------
    str
        ``yes``, ``no``, or empty where nothing was answered or the optimum is not known.
    """
    if apart_km is None:
        return ""
    if not complete or apart_km < optimum_km * (1.0 - _SAME):
        return "no"
    return "yes" if proven else ""


def measure_spopt(asked: PeerAsked) -> SpoptRow:
    """Solve one size by spopt in this process."""
    import pulp
    from spopt.locate import PDispersion

    points = _points(asked)
    cost_km = _matrix_km(points)
    begun = time.perf_counter()
    model = PDispersion.from_cost_matrix(cost_km, asked.count)
    # spopt raises a RuntimeError where PuLP does not call it solved; its words are the status's.
    with contextlib.suppress(RuntimeError):
        model.solve(pulp.PULP_CBC_CMD(msg=False, timeLimit=asked.time_limit_s))
    seconds = time.perf_counter() - begun
    places = tuple(
        at for at, variable in enumerate(model.fac_vars) if (variable.varValue or 0.0) > 0.5
    )
    claimed = model.problem.objective.value()
    return SpoptRow(
        status=str(pulp.LpStatus[model.problem.status]),
        solution=str(pulp.LpSolution[model.problem.sol_status]),
        claimed_km=None if claimed is None or not places else float(claimed),
        places=places,
        seconds=seconds,
    )


def _points(asked: PeerAsked) -> Points:
    places = dcsite.load_atlas().table("municipalities").sort_index()
    drawn = np.random.default_rng(asked.seed).permutation(len(places))[: asked.points]
    chosen = places.iloc[np.sort(drawn)]
    return Points(
        chosen["point_lat_deg"].to_numpy(dtype=float),
        chosen["point_lon_deg"].to_numpy(dtype=float),
        "geodesic",
    )


def _matrix_km(points: Points) -> NDArray[np.float64]:
    lat, lon = points.first, points.second
    return geodesic_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :])


def tasks(request: Request) -> list[Task]:
    """List the sizes.

    Raises
    ------
    BenchError
        If spopt is not installed, or fewer places are allowed than the least there is to measure.
    """
    lacking = missing()
    if lacking is not None:
        raise BenchError(Problem("--part", "peers", lacking))
    sizes = [size for size in SIZES if size <= request.most]
    if not sizes:
        raise BenchError(
            Problem("--most", "", f"is {request.most}; the part peers begins at {SIZES[0]} places")
        )
    limit_s = 2.0 * request.whole_limit_s  # for the two sides together
    return [
        Task(
            f"{COUNT} of {size} municipalities, spopt and dcsite",
            measure_peer,
            PeerAsked(
                points=size,
                count=COUNT,
                seed=request.seed,
                time_limit_s=request.time_limit_s,
                whole_limit_s=request.whole_limit_s,
            ),
            limit_s,
            PeerRow(status=f"ended after {limit_s:g} s", points=size, count=COUNT),
        )
        for size in sizes
    ]
