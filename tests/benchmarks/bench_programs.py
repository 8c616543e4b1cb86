"""Eight programs, each in a fresh process: size, and what it takes to prove its plan to 0.1 %.

Seconds are of CPU, of this process and its solvers, for all that follows the measuring: the program
put together, and solved. ``DCSITE_BENCH_SOLVER`` names another solver than ``auto``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

SOLVER = os.environ.get("DCSITE_BENCH_SOLVER", "auto")
_NO_DISASTERS = tuple(
    f"rules.{rule}=off"
    for rule in ("disaster_survival", "backup", "core_areas", "tokyo_takeover", "own_site_hazard")
)

#: Scenario, overrides, and the step in degrees of a grid of own sites, or the part of the
#: municipalities' points that are own sites.
PROGRAMS: dict[str, tuple[str, tuple[str, ...], float]] = {
    "default": ("policy-2023", (), 0.0),
    "other weights": (
        "policy-2023",
        (
            "weights.separation=0.05",
            "weights.disasters=0.35",
            "weights.firm_ground=0.05",
            "weights.renewables=0.1",
            "weights.substation=0.3",
        ),
        0.0,
    ),
    "distance only": ("distance-only", (), 0.0),
    "no disasters": (
        "policy-2023",
        (
            *_NO_DISASTERS,
            "weights.disasters=0",
            "weights.renewables=0.4",
            "weights.substation=0.25",
        ),
        0.0,
    ),
    "distributed": ("distributed", (), 0.0),
    "infeasible": ("policy-2023", ("tiers.large.separation_km=400",), 0.0),
    "400 own sites": ("policy-2023", (), -400),
    "10 km grid": ("policy-2023", (), 0.1),
}


def own_sites(step: float) -> pd.DataFrame:
    """Return cells of a grid on land, or some of the municipalities' points with 5 to 60 ha."""
    import geopandas as gpd

    import dcsite
    from dcsite.sites import municipality_sites
    from dcsite.sites.landmass import landmasses

    atlas = dcsite.load_atlas()
    chance = np.random.default_rng(1)
    if step > 0.0:
        lat, lon = np.meshgrid(
            np.arange(24.05, 45.6, 0.9 * step), np.arange(122.95, 146, 1.1 * step)
        )
        points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon.ravel(), lat.ravel()), crs=4326)
        land = points.sjoin(landmasses(atlas), predicate="within").index.unique()
        lat, lon, hectares = lat.ravel()[land], lon.ravel()[land], np.full(len(land), 20)
    else:
        towns = municipality_sites(atlas, dcsite.load_scenario("policy-2023", ()).land)
        taken = towns.iloc[np.sort(chance.choice(len(towns), int(-step), replace=False))]
        lat, lon = taken["lat_deg"].to_numpy(), taken["lon_deg"].to_numpy()
        hectares = chance.integers(5, 60, len(taken))
    name = [f"s{number}" for number in range(len(lat))]
    return pd.DataFrame({"id": name, "name": name, "lat": lat, "lon": lon, "hectares": hectares})


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name, benchmark, row):
    words = [sys.executable, __file__, name]
    done = benchmark.pedantic(
        subprocess.run, (words,), {"stdout": subprocess.PIPE, "check": True}, rounds=1
    )
    told = json.loads(done.stdout)
    titles = ("program", "rows", "columns", "whole", "entries", "build s", "solve s", "wall s",
              "status", "objective", "gap", "nodes", "proven by")  # fmt: skip
    row(f"programs, {SOLVER}", titles, (name, *told))
    assert told[7] in {"optimal", "infeasible"}


def measure(name: str) -> list[str]:
    """Put a program together in this process and solve it."""
    from bench_run import cpu_s

    from dcsite.model import assemble
    from dcsite.plan import Session
    from dcsite.solvers import SolveOptions, solve_program
    from dcsite.solvers.matrix import ProgramMatrix

    scenario, overrides, step = PROGRAMS[name]
    with tempfile.TemporaryDirectory() as folder:
        sites = None
        if step:
            sites = Path(folder) / "sites.csv"
            own_sites(step).to_csv(sites, index=False)
        session = Session.open(scenario, overrides, sites)
        candidates = session.candidates
    begun = cpu_s()
    program = assemble(candidates)
    built, clock = cpu_s(), time.perf_counter()
    outcome = solve_program(program, SolveOptions(solver=SOLVER))  # type: ignore[arg-type]
    solved, wall_s = cpu_s(), time.perf_counter() - clock
    matrix = ProgramMatrix.from_problem(program.problem)
    size = (matrix.row_lower.size, len(matrix.names), int(matrix.integer.sum()))
    found = outcome.objective is not None
    return [
        *(f"{number:,}" for number in (*size, matrix.coefficient.size)),
        *(f"{seconds:.2f}" for seconds in (built - begun, solved - built, wall_s)),
        outcome.status,
        f"{outcome.objective:.5f}" if found else "-",
        f"{outcome.gap:.6f}" if found else "-",
        "-" if outcome.node_count is None else str(outcome.node_count),
        outcome.solver,
    ]


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
