"""Dominated hubs: the optimum stays without them, and hubs that only look dominated stay in."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array

import dcsite
from dcsite.criteria import TIERS, ScoreTerm
from dcsite.model import assemble
from dcsite.model.dominance import dominated, leave_out
from dcsite.model.lazy_rows import TableRows
from dcsite.model.program import SiteProgram
from dcsite.model.rules import modes_of
from dcsite.model.solvers.matrix import ProgramMatrix
from dcsite.model.tiers import count_tiers

#: Kilometres of one degree of latitude around 38 degrees north.
DEGREE_KM = 111.0
CORE, LARGE, REGIONAL = range(3)


def optimum(program) -> float | None:
    """Return the proven optimum with every row that stands ready, None where there is no plan."""
    for ready in program.lazy:
        assert isinstance(ready, TableRows)  # rows that are searched for cannot all be laid
        for row in set(range(len(ready._table.least))) - ready._laid.rows:
            ready._add(row)
    matrix = ProgramMatrix.from_problem(program.problem)
    shape = (matrix.row_lower.size, len(matrix.names))
    rows = csr_array((matrix.coefficient, matrix.column, matrix.start), shape=shape)
    found = milp(
        matrix.cost,
        integrality=matrix.integer.astype(int),
        bounds=Bounds(matrix.lower, matrix.upper),
        constraints=LinearConstraint(rows, matrix.row_lower, matrix.row_upper),
        options={"mip_rel_gap": 0.0},
    )
    assert found.status in {0, 2}, found.message
    return None if found.x is None else matrix.sense * matrix.objective(found.x)


# -- a program of a few sites and rows of all kinds ------------------------------------------------


def bare(sites, *overrides) -> SiteProgram:
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            "tiers.core.separation_km=60",
            "tiers.large.separation_km=40",
            "tiers.regional.separation_km=20",
            "tiers.core.count={min=0,max=1}",
            "tiers.large.count={min=0,max=2}",
            "tiers.regional.count={min=1,max=3}",
            *overrides,
        ),
    )
    program = SiteProgram(scenario, None, sites, (), modes_of(scenario))
    count_tiers(program)
    program.keep_apart(
        "separation", {t: getattr(scenario.tiers, t).separation_km for t in program.tiers}
    )
    return program


def places(north_km, **columns) -> pd.DataFrame:
    """Set sites on a meridian, so many km north of 38 degrees."""
    north = np.asarray(north_km, dtype=float)
    frame = {
        "lat_deg": 38.0 + north / DEGREE_KM,
        "lon_deg": 140.0,
        "max_it_load_mw": 1000.0,
        "allowed_tier": None,
        **columns,
    }
    return pd.DataFrame(frame, index=[f"s{number}" for number in range(len(north))])


def scored(program: SiteProgram, score) -> SiteProgram:
    """Score load, site by site."""
    share = np.repeat(np.asarray(score, dtype=float)[:, None] / 1000.0, len(TIERS), axis=1)
    program.add_scores("own", [ScoreTerm("own", 1.0, program.load_terms(share))])
    program.set_objective([])
    return program


def test_one_of_four_hubs_is_dominated():
    # Sites at 0, 10, 25 and 90 km, regional hubs only, 20 km apart. The second conflicts with the
    # first and third, the first with the second alone: so the first, scoring as much, beats the
    # second. The third scores least, but of its neighbours the second conflicts with the first.
    sites = places([0.0, 10.0, 25.0, 90.0], allowed_tier="regional")
    marked = dominated(scored(bare(sites), [0.5, 0.5, 0.1, 0.9]))
    assert np.argwhere(marked).tolist() == [[1, REGIONAL]]


def test_a_site_that_may_be_open_beside_a_hub_does_not_dominate_it():
    # 30 km apart, no two cores may stand (60 km), but a core and a regional hub may (20 km).
    sites = places([0.0, 30.0])
    assert not dominated(scored(bare(sites), [0.4, 0.5])).any()
    cores = places([0.0, 30.0], allowed_tier=[None, "core"])
    program = bare(cores, "tiers.regional.count={min=0,max=3}")
    assert np.argwhere(dominated(scored(program, [0.4, 0.5]))).tolist() == [[0, CORE]]


def test_of_equal_hubs_the_earlier_site_is_kept():
    sites = places([0.0, 1.0, 2.0], allowed_tier="regional")
    marked = dominated(scored(bare(sites), [0.5, 0.5, 0.5]))
    assert np.argwhere(marked).tolist() == [[1, REGIONAL], [2, REGIONAL]]


def test_each_tier_is_judged_by_itself():
    # All but the distance of regional hubs leaves the second dominated: 5 km apart, and a third
    # site 22 km from the first, 17 km from the second. It conflicts with large hubs of both.
    sites = places([0.0, 5.0, 22.0], allowed_tier=[None, None, "regional"])
    marked = dominated(scored(bare(sites), [0.4, 0.5, 0.5]))
    assert not marked[0, REGIONAL]  # the second conflicts with the third as well
    # A large hub at either conflicts with the third: separation counts the lower tier, 20 km.
    assert not marked[0, LARGE]
    nearer = dominated(scored(bare(places([0.0, 5.0, 18.0])), [0.4, 0.5, 0.4]))
    assert nearer[0].tolist() == [True, True, True]


@pytest.mark.parametrize("mode", ["soft", "off"])
def test_nothing_is_dominated_where_separation_is_not_hard(mode):
    sites = places([0.0, 1.0, 90.0])
    program = scored(bare(sites, f'rules.separation="{mode}"'), [0.4, 0.5, 0.5])
    assert not dominated(program).any()


def test_spared_hubs_stay_in_and_may_dominate():
    sites = places([0.0, 1.0, 2.0], allowed_tier="regional")
    program = scored(bare(sites), [0.4, 0.5, 0.6])
    spare = np.zeros(program.eligible.shape, dtype=bool)
    spare[0, REGIONAL] = True
    assert np.argwhere(dominated(program, spare)).tolist() == [[1, REGIONAL]]
    assert leave_out(program, spare) == 1
    assert [v.upBound for v in program.open[:, REGIONAL]] == [1, 0, 1]


def test_more_conflicts_than_fit_are_left_alone(monkeypatch):
    program = scored(bare(places([0.0, 1.0, 2.0])), [0.4, 0.5, 0.6])
    assert dominated(program).any()
    monkeypatch.setattr("dcsite.model.dominance.MOST_PAIRS", 2)
    assert not dominated(program).any()


@pytest.mark.parametrize(
    ("sense", "better", "goes"),
    [("<=", True, True), ("<=", False, False), (">=", True, True), (">=", False, False),
     ("==", True, False), ("==", False, False)],
)  # fmt: skip
@pytest.mark.parametrize("of", ["open", "extra_mw"])
def test_a_row_of_any_sense_holds_a_hub_in(sense, better, goes, of):
    # Whatever a criterion asks: the first hub goes only where the second is no worse in its row.
    sites = places([0.0, 1.0, 90.0], allowed_tier="regional")
    program = scored(bare(sites), [0.4, 0.5, 0.5])
    less, more = (1.0, 2.0) if (sense == "<=") == better else (2.0, 1.0)
    own = [column[REGIONAL] for column in getattr(program, of)]
    program.row("own", [(own[0], more), (own[1], less), (own[2], 1.0)], sense, 1.0)
    assert dominated(program)[0, REGIONAL] == goes


def test_rows_of_one_site_alone_bind_it_too():
    def case(row) -> np.ndarray:
        sites = places([0.0, 1.0], allowed_tier="regional")
        program = scored(bare(sites), [0.4, 0.5])
        row(program)
        return dominated(program)[:, REGIONAL]

    first, second = 0, 1
    assert case(lambda p: None).tolist() == [True, False]
    forced = case(lambda p: p.row("own", [(p.open[first, REGIONAL], 1.0)], ">=", 1.0))
    assert forced.tolist() == [False, False]
    barred = case(lambda p: p.row("own", [(p.open[second, REGIONAL], 1.0)], "<=", 0.0))
    assert barred.tolist() == [False, False]
    capped = case(lambda p: p.row("own", [(p.extra_mw[second, REGIONAL], 1.0)], "<=", 39.0))
    assert capped.tolist() == [False, False]
    enough = case(lambda p: p.row("own", [(p.extra_mw[second, REGIONAL], 1.0)], "<=", 40.0))
    assert enough.tolist() == [True, False]


def test_a_column_of_a_hubs_own_holds_it_in():
    # Two columns that a criterion ties to a hub each: what they stand for is not known here.
    sites = places([0.0, 1.0], allowed_tier="regional")
    program = scored(bare(sites), [0.4, 0.5])
    for number in (0, 1):
        tied = program.continuous(f"own_{number}", 0.0, 1.0)
        program.row(f"own_{number}", [(tied, 1.0), (program.open[number, REGIONAL], -1.0)], "<=", 0)
    assert not dominated(program).any()


@settings(
    deadline=None,
    max_examples=80,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(data=st.data())
def test_the_optimum_of_any_rows_is_the_same_without_dominated_hubs(data):
    draw = data.draw
    count = draw(st.integers(2, 7))
    few = st.sampled_from([0.0, 0.5, 1.0])
    each = st.lists(few, min_size=count, max_size=count)
    sites = places(
        draw(st.lists(st.integers(0, 60), min_size=count, max_size=count, unique=True)),
        max_it_load_mw=draw(
            st.lists(st.sampled_from([40.0, 90.0, 500.0]), min_size=count, max_size=count)
        ),
        allowed_tier=draw(
            st.lists(st.sampled_from([None, None, *TIERS]), min_size=count, max_size=count)
        ),
    )
    km = draw(st.sampled_from([(60, 40, 20), (20, 40, 60), (40, 20, 40), (30, 30, 30)]))
    least = draw(st.integers(0, 2))
    overrides = [f"tiers.{t}.separation_km={d}" for t, d in zip(TIERS, km, strict=True)]
    overrides += [f"tiers.regional.count={{min={least},max=3}}"]
    program = bare(sites, *overrides)
    if not program.eligible.any():
        return
    shared = program.continuous("shared", 0.0, 2.0)
    for number in range(draw(st.integers(0, 3))):
        opening, loading = (np.array(draw(each))[:, None] * np.ones(3) for _ in range(2))
        terms = [*program.open_terms(opening), *program.load_terms(loading / 100.0)]
        sense = draw(st.sampled_from(["<=", ">=", "=="]))
        program.row(f"own_{number}", [*terms, (shared, -1.0)], sense, draw(few))
    scored(program, draw(each))

    marked = dominated(program)
    before = optimum(program)
    assert leave_out(program) == marked.sum()
    after = optimum(program)
    assert (before is None) == (after is None)
    if before is not None:
        assert after == pytest.approx(before, abs=1e-7)


# -- whole programs --------------------------------------------------------------------------------


@settings(
    deadline=None,
    max_examples=12,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 2**16),
    apart_km=st.sampled_from([40.0, 80.0, 160.0]),
    land=st.sampled_from(["hard", "soft"]),
)
def test_the_optimum_of_whole_programs_is_the_same(measured, shipped_atlas, seed, apart_km, land):
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            "tiers.core.count={min=0,max=1}",
            "tiers.large.count={min=1,max=2}",
            "tiers.regional.count={min=1,max=3}",
            "tiers.core.regions=[]",
            f"tiers.large.separation_km={apart_km * 2}",
            f"tiers.regional.separation_km={apart_km}",
            "demand.total_new_it_load_mw=300",
            "criteria.renewables.min_share=0.3",
            "rules.backup=off",
            f'rules.land="{land}"',
        ),
    )
    sites = measured[measured["area"] == "tohoku"].sample(35, random_state=seed).sort_index()
    program = assemble(scenario, shipped_atlas, sites)
    before = optimum(program)
    leave_out(program)
    after = optimum(program)
    assert (before is None) == (after is None)
    if before is not None:
        assert after == pytest.approx(before, abs=1e-7)


NEAR = "near"
OTHER = "other"


def beside(measured, scenario, atlas, change=None, further=(), shift_km=(0.0, 1.0)) -> np.ndarray:
    """Mark the hubs of a site that has a better one, changed as said, 1 km north of it."""
    at = measured.loc[["06201"]]
    pair = pd.concat([at, at]).set_axis([NEAR, OTHER])
    pair["lat_deg"] += np.array(shift_km) / DEGREE_KM
    pair["max_it_load_mw"] = 1000.0
    pair.loc[OTHER, "nearest_existing_core_km"] += 50.0
    for column, value in (change or {}).items():
        pair.loc[OTHER, column] = value
    more = pd.concat([at] * len(further)) if further else at.iloc[:0]
    more = more.set_axis([f"further_{number}" for number in range(len(further))])
    more["lat_deg"] += np.array(further, dtype=float) / DEGREE_KM
    sites = pd.concat([pair, more, measured.loc[["01100", "40130"]]])
    return dominated(assemble(scenario, atlas, sites))[0]


@pytest.fixture(scope="module")
def asked():
    return dcsite.load_scenario(
        "policy-2023",
        (
            "criteria.separation.score_one_km=2000",
            "tiers.core.separation_km=250",
            "rules.backup=off",
        ),
    )


def test_a_better_site_beside_it_leaves_no_use_for_a_site(measured, shipped_atlas, asked):
    marked = beside(measured, asked, shipped_atlas)
    assert marked[[LARGE, REGIONAL]].all()


@pytest.mark.parametrize(
    "change",
    [
        {"area": "tokyo"},
        {"landing_cluster": "shima"},
        {"landing_distance_km": 900.0},
        {"local_renewable_ratio": 0.0},
        {f"substation_distance_km_{kv}kv": 29.0 for kv in (60, 100, 154, 187, 220, 500)},
        {"nearest_existing_core_km": 70.0},
        # Hamamatsu's shaking in the Nankai Trough: it shows in rows that are not laid yet.
        {"municipality_code": "22130"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_site_worse_in_one_thing_does_not_dominate(measured, shipped_atlas, asked, change):
    column, value = next(iter(change.items()))
    assert measured.loc["06201", column] != value, "a change that changes nothing"
    assert not beside(measured, asked, shipped_atlas, change).any()


def test_where_backups_are_asked_for_every_site_may_be_needed(measured, shipped_atlas):
    backed = dcsite.load_scenario(
        "policy-2023", ("criteria.separation.score_one_km=2000", "tiers.core.separation_km=250")
    )
    assert not beside(measured, backed, shipped_atlas).any()


def test_less_land_dominates_only_where_it_is_enough(measured, shipped_atlas, asked):
    marked = beside(measured, asked, shipped_atlas, {"max_it_load_mw": 199.0})
    assert (marked[LARGE], marked[REGIONAL]) == (False, True)


def test_a_site_of_one_tier_dominates_in_that_tier_alone(measured, shipped_atlas, asked):
    marked = beside(measured, asked, shipped_atlas, {"allowed_tier": "regional"})
    assert (marked[LARGE], marked[REGIONAL]) == (False, True)


def test_one_conflict_more_is_enough_to_keep_a_site(measured, shipped_atlas, asked):
    # Regional hubs keep 80 km: a site 80.5 km north of the one is 79.5 km from the other.
    assert not beside(measured, asked, shipped_atlas, further=[80.5]).any()
    marked = beside(measured, asked, shipped_atlas, further=[79.0, 82.0])
    assert marked[REGIONAL]


def test_demand_out_of_reach_keeps_a_site(measured, shipped_atlas):
    # Only the office of Yamagata is within about 10 km; 8 km north of it is within 8.5, 9 is not.
    reach = dcsite.load_scenario(
        "policy-2023",
        (
            "criteria.separation.score_one_km=2000",
            "demand.latency_critical_max_km=8.5",
            "rules.backup=off",
        ),
    )
    office = shipped_atlas.table("prefectures").loc["06"]
    at = measured.copy()
    at.loc["06201", ["lat_deg", "lon_deg"]] = [office["office_lat_deg"], office["office_lon_deg"]]
    assert not beside(at, reach, shipped_atlas, shift_km=(8.0, 9.0)).any()
    assert beside(at, reach, shipped_atlas, shift_km=(9.0, 8.0))[REGIONAL]
    assert beside(at, reach, shipped_atlas, shift_km=(7.0, 8.0))[REGIONAL]
