"""The best of one's own sites: shared alike, by the criteria, without national tiers or demand."""

from __future__ import annotations

import json
from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import dcsite
from dcsite.errors import CheckError, ScenarioError
from dcsite.feasibility.check import check_scenario
from dcsite.model import Candidates
from dcsite.plan import Plan, Session
from dcsite.plan.check import check_plan

SITES = """site_id,name,lat,lon,max_mw
a,Kitakami,39.30,141.10,150
b,Daisen,39.45,140.48,60
c,Ichinoseki,38.93,141.13,90
d,Saga,33.25,130.32,45.5
e,Odate,40.27,140.56,0.4
"""
ALONE = tuple(
    f"weights.{name}={float(name == 'substation')}"
    for name in dcsite.load_scenario("best-of").weights
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory, shipped_atlas):
    path = tmp_path_factory.mktemp("private") / "mine.csv"
    path.write_text(SITES, encoding="utf-8")

    def of(*overrides, **asked):
        return Session.open("best-of", overrides, path, atlas=shipped_atlas, **asked)

    return of


def test_all_carry_what_the_smallest_can(opened):
    session = opened("tiers.large.count=2")
    # 0.4 MW is less than any hub of the tier.
    assert session.scenario.tiers.large.it_load_mw.min == 45.5
    assert session.scenario.total_new_it_load_mw == 91.0
    plan = session.solve().plan
    assert [hub.it_load_mw for hub in plan.hubs] == pytest.approx([45.5, 45.5])
    assert {hub.tier for hub in plan.hubs} == {"large"}
    allowed = {"a": 150.0, "b": 60.0, "c": 90.0, "d": 45.5}
    assert all(hub.max_it_load_mw == allowed[hub.site_id] for hub in plan.hubs)
    assert plan.unserved_mw == 0.0
    assert plan.decided_otherwise == ""
    # Nothing national: neither Tokyo's load nor what moves the nation's plan.
    assert {one.site_id for one in plan.takeovers} <= set(allowed)
    assert not any(one.decides for one in plan.assumptions)
    short = replace(plan, unserved_mw=12.0, objective=plan.objective - 1.3)
    assert "not the criteria decide this plan" in short.decided_otherwise
    assert "unserved demand 1.300" in short.decided_otherwise


def test_the_criteria_choose_whatever_the_size(opened):
    asked = ('rules.backup="off"', *ALONE)
    every = opened("tiers.large.count=4", *asked).solve().plan
    away_km = {hub.site_id: hub.links["substation"].distance_km for hub in every.hubs}
    best = opened("tiers.large.count=2", *asked).solve().plan
    assert {hub.site_id for hub in best.hubs} == set(sorted(away_km, key=away_km.get)[:2])


@pytest.mark.parametrize(
    ("asked", "share"),
    [
        (("demand.total_new_it_load_mw=120", "tiers.large.count=2"), 60.0),
        (("tiers.large.it_load_mw=50", "tiers.large.count=3"), 50.0),
    ],
)
def test_a_load_that_is_given_is_shared(opened, asked, share):
    session = opened(*asked)
    large = session.scenario.tiers.large
    assert large.it_load_mw.min == share
    assert session.scenario.total_new_it_load_mw == share * large.count.max
    # Who cannot carry the share is not offered.
    fit = session.sites["max_it_load_mw"] >= share
    assert session.candidates.eligible[:, 1].tolist() == fit.tolist()


def test_each_site_at_its_full_mw(opened):
    asked = (*ALONE, 'rules.substation_reach="off"', 'rules.connection_capacity="off"')
    every = opened(*asked, count=4, full_mw=True).solve().plan
    full_mw = {"a": 150.0, "b": 60.0, "c": 90.0, "d": 45.5}
    assert {hub.site_id: hub.it_load_mw for hub in every.hubs} == full_mw
    # The best two earn most points together: score times MW.
    points = {hub.site_id: sum(one.points for one in hub.shares) for hub in every.hubs}
    session = opened(*asked, count=2, full_mw=True)
    assert session.scenario.total_new_it_load_mw == 240.0  # what the two largest carry
    plan = session.solve().plan
    best = sorted(points, key=points.get)[2:]
    assert {hub.site_id: hub.it_load_mw for hub in plan.hubs} == {
        site: full_mw[site] for site in best
    }
    assert (plan.unserved_mw, plan.reserve_mw, plan.decided_otherwise) == (0.0, 0.0, "")
    # MW that a kept place is given goes over that of the file, and is checked as such.
    kept = opened(*asked, count=1, full_mw=True, keep=["d=20"]).solve().plan
    assert [(hub.site_id, hub.it_load_mw) for hub in kept.hubs] == [("d", 20.0)]
    less = session.measured.loc[["a", "c"]].assign(tier="large", it_load_mw=90.0, reserve_mw=0.0)
    with pytest.raises(CheckError, match=r"a: is a hub that places or demand\.hub_loads"):
        check_plan(less, session.atlas, session.scenario, claimed_objective=-9.0, bound=9.0)


def test_of_one_hub_no_other_is_asked(opened):
    plan = opened(count=1).solve().plan
    assert plan.scenario["rules"]["backup"] == "off"
    assert (plan.violations, plan.takeovers, plan.reserve_mw) == ((), (), 0.0)
    assert opened(count=2).scenario.rules["backup"] == "soft"


def test_more_mw_than_the_share_is_refused(opened):
    with pytest.raises(ScenarioError, match=r"a=100: all hubs carry the same 45\.5 MW"):
        opened(count=2, keep=["a=100"])
    with pytest.raises(ScenarioError, match="cannot carry 500 MW; it can be: large 1 to 150 MW"):
        opened(count=2, keep=["a=500"], full_mw=True).candidates  # noqa: B018


def test_a_share_needs_a_fixed_number(opened):
    with pytest.raises(ScenarioError, match="fixed number of hubs"):
        opened("tiers.large.count={min=1,max=3}")


def test_a_tier_of_no_hubs_is_silent(opened, shipped_atlas, measured):
    found = check_scenario(opened().candidates)
    assert [tier.funnel.tier for tier in found.tiers] == ["large"]
    assert "core" not in found.load.most_text + found.load.least_text
    # Regions that want a core count for nothing where no core is asked for.
    none = dcsite.load_scenario("policy-2023", ["tiers.core.count=0"])
    national = check_scenario(Candidates.of(none, shipped_atlas, measured), thorough=False)
    assert national.core_regions == ()
    assert not any("core" in finding.rule_or_key for finding in national.findings)


def test_parcels_and_own_columns_come_back_out(tmp_path, shipped_atlas):
    square = shapely.box(141.10, 39.30, 141.106, 39.304)
    places = gpd.GeoDataFrame(
        {
            "site_id": ["p", "q"],
            "max_mw": [50, 60],
            "Owner": ["<b>市</b>", "x"],
            "owner": ["=1+1", "y"],
            "面積の根拠": ["登記", "図面"],
        },
        geometry=[square, shapely.Point(140.48, 39.45)],
        crs="EPSG:4326",
    )
    path = tmp_path / "own.geojson"
    places.to_file(path)
    session = Session.open("best-of", ["tiers.large.count=2"], path, atlas=shipped_atlas)
    plan = session.solve().plan
    assert Plan.load(json.loads(plan.text())).hubs[0].own == plan.hubs[0].own
    paths = plan.write(tmp_path / "out", session)
    rows = pd.read_csv(paths.hubs_csv).set_index("site_id")
    assert rows.loc["p", ["own_owner", "own_owner_", "own_面積の根拠"]].tolist() == [
        "<b>市</b>", "'=1+1", "登記"
    ]  # fmt: skip
    (parcel,) = gpd.read_file(tmp_path / "out" / "plan.gpkg", layer="parcels").geometry
    assert parcel.symmetric_difference(square).area < 1e-12
    page = paths.map_html.read_text(encoding="utf-8")
    assert "Parcels of the candidates" in page
    assert "[39.304, 141.106]" in page
    assert "<b>市</b>" not in page
