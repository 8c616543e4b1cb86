"""Places that a user adds, keeps, forbids and prefers, held against every plan there is."""

from __future__ import annotations

import geopandas as gpd
import pytest

import dcsite
from dcsite.errors import CheckError, ScenarioError, SitesError
from dcsite.plan import Session
from dcsite.plan.check import check_plan
from dcsite.plan.places import find_place

SITES = """site_id,name,lat,lon,max_mw
a,Kitakami,39.30,141.10,150
b,Daisen,39.45,140.48,60
c,Ichinoseki,38.93,141.13,90
d,Saga,33.25,130.32,45.5
"""


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    path = tmp_path_factory.mktemp("places") / "mine.csv"
    path.write_text(SITES, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def opened(mine, shipped_atlas):
    def of(*overrides):
        asked = ("tiers.large.count=2", *overrides)
        return Session.open("best-of", asked, mine, atlas=shipped_atlas)

    return of


def hubs_of(session):
    return {hub.site_id for hub in session.solve().plan.hubs}


def test_kept_forbidden_and_preferred(opened):
    free = hubs_of(opened())
    out = min({"a", "b", "c", "d"} - free)
    assert out in hubs_of(opened(f'places.keep=["{out}"]'))
    gone = min(free)
    assert gone not in hubs_of(opened(f'places.forbid=["{gone}"]'))
    # Worth nothing, a preference moves nothing; worth more than all scores, it is kept.
    assert hubs_of(opened(f'places.prefer=["{out}"]', "penalties.preferred=1e-6")) == free
    assert out in hubs_of(opened(f'places.prefer=["{out}"]', "penalties.preferred=5"))


def test_a_kept_hub_has_its_tier_and_mw(opened):
    session = opened(
        "tiers.regional.count=1", "tiers.large.count=1", 'demand.hub_loads="chosen"',
        "demand.total_new_it_load_mw=60", 'places.keep=["Daisen=regional,25"]',
    )  # fmt: skip
    assert session.scenario.places.keep == ("b=regional,25",)
    hubs = {hub.site_id: hub for hub in session.solve().plan.hubs}
    assert (hubs["b"].tier, hubs["b"].it_load_mw) == ("regional", pytest.approx(25.0))


@pytest.mark.parametrize(
    ("asked", "kind", "message"),
    [
        ('places.keep=["Kitagami"]', SitesError, r"nearest names: Kitakami, Iwate \(a\)"),
        ('places.keep=["Saka"]', SitesError, r"nearest names: Saga, Saga \(d\)"),
        ('places.keep=["a=huge"]', ScenarioError, "after = comes a tier"),
        ('places.keep=["a=large,-3"]', ScenarioError, "MW above 0"),
        ('places.forbid=["a=large"]', ScenarioError, "takes names alone"),
        ('places.keep=["a", "Kitakami"]', ScenarioError, "name a place once"),
        ('places.keep=["a=core"]', ScenarioError, r"no core hub: none is asked for \(tiers\.core"),
        ('places.keep=["a", "b", "d"]', ScenarioError, "3 places can only be large hubs, of which"),
        ('places.keep=["a=500"]', ScenarioError, "all hubs carry the same 45.5 MW"),
    ],
)
def test_what_cannot_be_is_one_error(opened, asked, kind, message):
    with pytest.raises(kind, match=message) as caught:
        opened(asked).candidates  # noqa: B018
    assert len(caught.value.problems) == 1


def test_kept_places_that_are_too_near(opened):
    near = ('rules.separation="hard"', 'places.keep=["a", "b"]')
    assert opened(*near, "tiers.large.separation_km=55").candidates.spaced == "hard"
    with pytest.raises(
        ScenarioError, match=r"\(a\) and Daisen \(b\) are 56\.0 km apart, and 57 km"
    ):
        opened(*near, "tiers.large.separation_km=57").candidates  # noqa: B018


def test_the_independent_check_knows_what_was_said(opened):
    session = opened('places.keep=["a"]', 'places.forbid=["d"]')
    every = session.measured.assign(tier="large", it_load_mw=60.0, reserve_mw=0.0)
    scenario, atlas = session.scenario, session.atlas

    def check(hubs):
        return check_plan(hubs, atlas, scenario, claimed_objective=-9.0, bound=9.0)

    check(every.loc[["a", "b"]])
    with pytest.raises(CheckError, match=r"rules\.kept: a is to be kept and is no hub"):
        check(every.loc[["b", "c"]])
    stolen = gpd.GeoDataFrame(every.loc[["a", "b"]].rename(index={"b": "d"}))
    with pytest.raises(CheckError, match=r"d: is a hub that places or"):
        check(stolen)


def test_own_sites_stand_beside_the_municipalities(mine, shipped_atlas, tmp_path):
    session = Session.open("policy-2023", [f'places.sites_file="{mine}"'], atlas=shipped_atlas)
    sites = session.sites
    assert len(sites) == 1741 + 4
    assert sites.loc["d", ["municipality_code", "prefecture_ja", "max_it_load_mw"]].tolist() == [
        "41201", "佐賀県", 45.5
    ]  # fmt: skip
    assert sites["name_en"].isna().sum() == 4
    assert all(name is None for name in sites.loc[["a", "b"], "name_en"])
    alone = Session.open("policy-2023", atlas=shipped_atlas).sites
    assert sites.iloc[:1741].equals(alone)
    same = tmp_path / "same.csv"
    same.write_text("site_id,lat,lon\n41201,33.25,130.32\n", encoding="utf-8")
    taken = Session.open("policy-2023", [f'places.sites_file="{same}"'], atlas=shipped_atlas)
    with pytest.raises(SitesError, match="41201 is the id of another candidate"):
        taken.sites  # noqa: B018
    assert dcsite.load_scenario().places.keep == ()


def test_merged_parcels_are_known_by_their_own_names_and_come_back_out(mine, shipped_atlas):
    near = mine.with_name("near.csv")
    near.write_text(SITES + "e,Kitakami minami,39.305,141.103,50\n", encoding="utf-8")

    def opened(*overrides, **asked):
        return Session.open("best-of", overrides, near, atlas=shipped_atlas, merge_km=1.0, **asked)

    session = opened(count=2, keep="e", forbid=["Saga"])
    assert session.scenario.places.keep == ("a+e",)
    plan = session.solve().plan
    hub = next(hub for hub in plan.hubs if hub.site_id == "a+e")
    assert (hub.name_ja, hub.max_it_load_mw) == ("Kitakami + Kitakami minami", 200.0)
    assert [str(one) for one in hub.members] == ["a Kitakami (150 MW)", "e Kitakami minami (50 MW)"]
    assert plan.to_frame().loc["a+e", "members"] == "; ".join(map(str, hub.members))
    assert any(
        note.startswith("Kitakami + Kitakami minami is one site of 2") for note in plan.notes
    )
    assert dcsite.Plan.load(plan.dump()).hubs[0].members == plan.hubs[0].members
    with pytest.raises(ScenarioError, match=r"merged into a\+e; forbid that"):
        opened(forbid=["e"])
    with pytest.raises(ScenarioError, match="name a place once"):
        opened(keep=["e", "a"])


def test_a_site_without_a_municipality_is_not_found_by_the_word_for_nothing():
    sites = gpd.GeoDataFrame(
        {"municipality_code": [None, "41202"], "name_ja": ["沖の島", "唐津市"],
         "name_en": [None, "Karatsu-shi"], "prefecture_ja": "佐賀県", "prefecture_en": "Saga"},
        index=["isle", "41202"],
    )  # fmt: skip
    assert find_place(sites, "41202") == find_place(sites, "karatsu") == "41202"
    assert find_place(sites, "沖の島") == "isle"
    for nothing in ("none", "nan", ""):
        with pytest.raises(SitesError, match="no candidate place is called"):
            find_place(sites, nothing)
