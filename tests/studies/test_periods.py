"""Plans by year, held against every sequence of plans that there is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import combinations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsite.errors import CheckError, InfeasibleError, OutputError, ScenarioError
from dcsite.outputs import check_directory, write_schedule
from dcsite.plan import Session, check_plan
from dcsite.plan.reload import read_plan
from dcsite.plan.schedule import Schedule
from dcsite.solvers import SolveOptions
from dcsite.studies.periods import check_growth, read_fixed, solve_schedule, with_fixed

SITES = """site_id,name,lat,lon,max_mw
a,Tomakomai,42.66,141.60,100
b,Tosu,33.39,130.52,300
c,Aizu,37.55,139.85,100
d,Miyoshi,34.75,132.85,100
e,Nagaoka,37.40,138.85,100
"""
#: One core, one regional hub in 2028 and two in 2030; 2028 prefers a place, 2030 two others.
ASKED = (
    'tiers.core={count=1,it_load_mw=200,regions=[],separation_km=100}',
    "tiers.large.count=0",
    "tiers.regional.it_load_mw=50",
    "penalties.preferred=0.3",
    "penalties.unserved=0.1",
    'demand.basis="given"',
    "demand.grid_demand_mw=2000",
    "periods.years=[2028,2030]",
    "periods.set.2028.demand.total_new_it_load_mw=250",
    "periods.set.2028.tiers.regional.count=1",
    'periods.set.2028.places.prefer=["e"]',
    "periods.set.2030.demand.total_new_it_load_mw=300",
    "periods.set.2030.tiers.regional.count=2",
    'periods.set.2030.places.prefer=["c","d"]',
)  # fmt: skip


@pytest.fixture(scope="module")
def session(tmp_path_factory, shipped_atlas):
    path = tmp_path_factory.mktemp("periods") / "sites.csv"
    path.write_text(SITES, encoding="utf-8")
    return Session.open(
        "distance-only",
        ASKED,
        path,
        atlas=shipped_atlas,
        options=SolveOptions(gap=1e-7),
        by_year=True,
    )


@pytest.fixture(scope="module")
def found(session):
    return solve_schedule(session)


@pytest.fixture(scope="module")
def worth(session):
    """Return what every plan of each year is worth, found by the independent check alone."""
    every: dict[int, dict[tuple[str, ...], float]] = {}
    for year, own in session.each_year().items():
        every[year] = {}
        number = own.scenario.tiers.regional.count.max
        for others in combinations("acde", number):  # none of them has land for a core
            tiers, mw = ["core", *["regional"] * number], [200.0, *[50.0] * number]
            hubs = own.measured.loc[["b", *others]].assign(
                tier=tiers, it_load_mw=mw, reserve_mw=0.0
            )
            with suppress(CheckError):
                checked = check_plan(
                    hubs, own.atlas, own.scenario, claimed_objective=-1e6, bound=1e6
                )
                every[year]["b", *others] = checked.objective
    return every


def nested(worth, kept=()):
    """Yield what each pair of plans is worth of which the later has all hubs of the earlier."""
    for first, one in worth[2028].items():
        for then, two in worth[2030].items():
            if first[0] == then[0] and {*first} <= {*then} and {*kept} <= {*first}:
                yield 0.5 * one + 0.5 * two, first, then


def test_the_plans_are_the_best_that_build_on_each_other(found, worth):
    best, first, then = max(nested(worth))
    said = found.schedule
    assert said.status == "optimal"
    assert said.objective == pytest.approx(best, abs=1e-6)
    assert best - 1e-9 <= said.bound <= best + 1e-5
    plans = {year: {hub.site_id for hub in run.plan.hubs} for year, run in found.runs.items()}
    assert plans == {2028: {*first}, 2030: {*then}}
    assert [hub.opened for hub in said.hubs] == [2028, 2028, 2030]
    assert {hub.in_year(2028) is None for hub in said.hubs[2:]} == {True}


def test_the_price_of_building_on_the_other_years(found, worth):
    _, first, then = max(nested(worth))
    for one, hubs in zip(found.schedule.years, (first, then), strict=True):
        best = max(worth[one.year].values())
        lost = best - worth[one.year][hubs]
        assert one.free_objective == pytest.approx(best, abs=1e-6)
        assert one.price_least - 1e-6 <= lost <= one.price_most + 1e-6
        plan = found.runs[one.year].plan
        assert plan.bound >= best - 1e-6
        assert plan.gap == pytest.approx(lost / abs(plan.objective), abs=1e-5)
        assert plan.status == "feasible" or lost < 1e-6
    assert max(one.price_least for one in found.schedule.years) > 0.01


def test_a_written_schedule_reads_back_and_each_year_stands_whole(found, tmp_path):
    folder = tmp_path / "out"
    paths = write_schedule(found, folder)
    assert Schedule.read_file(folder / "periods.json").dump() == found.schedule.dump()
    assert sorted(path.name for path in folder.iterdir()) == [
        "2028", "2030", "brief.html", "map.html", "periods.csv", "periods.json",
    ]  # fmt: skip
    table = pd.read_csv(folder / "periods.csv", encoding="utf-8-sig")
    hubs = table[table["site_id"].notna()]
    assert hubs.groupby("year")["it_load_mw"].sum().to_dict() == {2028: 250.0, 2030: 300.0}
    totals = table[table["site_id"].isna()]
    assert totals.groupby("year")["hubs"].sum().to_dict() == {2028: 2, 2030: 3}
    assert all(own.plan_json.is_file() for own in paths.values())
    page, above = ((folder / name).read_text("utf-8") for name in ("brief.html", "map.html"))
    assert ">2028年<" in page
    assert ">2030年<" in page
    opened = [one.loads[0].year for one in found.schedule.hubs]
    assert [above.count(f'"years":[[{year}') for year in (2028, 2030)] == [
        opened.count(year) for year in (2028, 2030)
    ]
    assert 'href="2030/candidates.html"' in above
    with pytest.raises(OutputError, match=r"takes one plan: give .*2028, .*2030"):
        read_plan(folder)
    check_directory(folder, by_year=True)  # it would be replaced
    (folder / "2028" / "mine.txt").write_text("x")
    with pytest.raises(OutputError, match=r"what this command did not write \(2028\)"):
        check_directory(folder, by_year=True)


def test_what_an_earlier_run_opened_stays(session, found, worth, tmp_path):
    first = max(worth[2028], key=worth[2028].get)
    best = max(nested(worth))
    assert {*first} != {*best[1]}  # chosen alone, 2028 opens other hubs
    year = session.each_year()[2028]
    (tmp_path / "plan.json").write_text(year.solve().plan.text(), encoding="utf-8")
    fixed = read_fixed(tmp_path)
    assert fixed.plan.since == 2028
    again = solve_schedule(session, fixed=[fixed])
    expected = max(one for one in nested(worth, first) if one[1] == first)
    assert again.schedule.objective == pytest.approx(expected[0], abs=1e-6)
    assert [hub.fixed for hub in again.schedule.hubs] == [True, True, False]
    # The other way round: what both years opened stays in one plan of the later year.
    (tmp_path / "periods.json").write_text(found.schedule.text(), encoding="utf-8")
    later = with_fixed(session.each_year()[2030], [read_fixed(tmp_path)], 2030)
    kept = {hub.site_id: hub.tier for hub in later.solve().plan.hubs}
    assert kept == {hub.site_id: hub.tier for hub in found.schedule.hubs}


def test_a_hub_that_is_no_longer_admitted_is_one_error(session, found, tmp_path):
    (tmp_path / "periods.json").write_text(found.schedule.text(), encoding="utf-8")
    fixed = [read_fixed(tmp_path)]
    core = found.schedule.hubs[0].site_id
    for override, expected in (
        (
            "tiers.core.it_load_mw={min=450,max=500}",
            "can be a hub of no tier .*land: its land carries less",
        ),
        ("periods.set.2028.tiers.core.it_load_mw=150", "cannot carry"),
        (f'places.forbid=["{core}"]', "which an earlier plan opened"),
    ):
        other = Session.open(
            "distance-only",
            (*ASKED, override),
            session.given_sites,
            atlas=session.atlas,
            by_year=True,
        )
        with pytest.raises(ScenarioError, match=expected):
            solve_schedule(other, fixed=fixed)


def test_years_that_cannot_build_on_each_other(session):
    overrides = (*ASKED, "periods.set.2030.tiers.regional.count=0",
                 "periods.set.2030.demand.total_new_it_load_mw=200")  # fmt: skip
    other = Session.open(
        "distance-only", overrides, session.given_sites, atlas=session.atlas, by_year=True
    )
    with pytest.raises(InfeasibleError, match="none of them builds on each other"):
        solve_schedule(other)


def test_other_commands_name_the_folder_of_a_year(session):
    with pytest.raises(ScenarioError, match=r"asks for a plan of each year \(2028, 2030\)"):
        Session.open("distance-only", ASKED, session.given_sites)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_growth_is_checked_hub_by_hub(found, data):
    before, after = (run.plan for run in found.runs.values())
    check_growth({2028: before, 2030: after})
    number = data.draw(st.integers(0, len(before.hubs) - 1))
    hub = next(one for one in after.hubs if one.site_id == before.hubs[number].site_id)
    change = data.draw(
        st.sampled_from([None, {"tier": "large"}, {"it_load_mw": hub.it_load_mw - 0.001}])
    )
    others = tuple(one for one in after.hubs if one is not hub)
    hubs = others if change is None else (*others, replace(hub, **change))
    with pytest.raises(CheckError, match=hub.site_id):
        check_growth({2028: before, 2030: replace(after, hubs=hubs)})
