"""What sets each hub's MW, where three hubs and one weight leave only one answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import dcsite
from dcsite.contract import criteria
from dcsite.model import all_rules
from dcsite.solvers import SolveOptions
from dcsite.studies.explain import ExplainContext
from dcsite.studies.explain_load import explain_loads

#: Ebetsu, Goshogawara, Karatsu: the farther from Tokyo and Osaka, the more a MW scores.
FAR, MIDDLE, NEAR = "01217", "02205", "41202"
TOTAL_MW = 330.0
#: Only the distance to Tokyo and Osaka counts, only the total binds.
PLAIN = (
    *(f"weights.{one.name}={float(one.name == 'separation')}" for one in criteria()),
    *(f'rules.{rule}="off"' for rule in all_rules() if rule != "total_it_load"),
    "penalties.unserved=0",
    "tiers.large.it_load_mw={min=50,max=200}",
    f"demand.total_new_it_load_mw={TOTAL_MW}",
    "criteria.cooling.pue_everywhere=1.3",
    "criteria.separation.score_one_km=1000",
)
GAP = 0.002
#: Of this share of Hokkaido's energy 150 MW of IT load are all.
SHARE = 150.0 * 1.3 * 0.8 * 8.76 / 29980.2


@pytest.fixture
def sized(measured, shipped_atlas):
    """Return a function that explains the loads of three large hubs under further overrides."""

    def explain(*further, gap=GAP, sites=None, loads=(200.0, 80.0, 50.0), reserve=0.0):
        scenario = dcsite.load_scenario("policy-2023", (*PLAIN, *further))
        some = (measured if sites is None else sites).loc[[FAR, MIDDLE, NEAR]]
        own = next(one for one in criteria() if one.name == "area_load")
        some = some.assign(**own.measure(some, shipped_atlas, scenario))
        chosen = pd.DataFrame({"tier": "large", "it_load_mw": loads}, index=some.index)
        chosen["reserve_mw"] = reserve
        options = SolveOptions(gap=gap)
        context = ExplainContext(scenario, shipped_atlas, some, chosen, options, bound=1.0, jobs=1)
        return explain_loads(context)

    return explain


def kinds(size):
    return [(reason.kind, reason.name) for reason in size.held_by]


def test_largest_rest_and_least(sized, measured):
    found = sized()
    assert [found[site].best_mw for site in (FAR, MIDDLE, NEAR)] == pytest.approx([200, 80, 50])
    assert kinds(found[FAR]) == [("largest", "")]
    assert kinds(found[MIDDLE]) == [("rest", "")]
    least, why = found[NEAR].held_by
    assert least.kind == "least"
    assert (why.kind, why.title_en) == (
        "score",
        "distance to the nearest existing core, MW-weighted mean",
    )
    assert [reason.name for reason in found[FAR].kept_by] == [why.name]
    assert found[NEAR].kept_by == ()
    # A MW that moves from one hub to another loses the difference of their scores over the total.
    km = measured.loc[[FAR, MIDDLE, NEAR], "nearest_existing_core_km"].tolist()
    far, middle, near = (distance / 1000.0 for distance in km)
    within = GAP * (200 * far + 80 * middle + 50 * near) / TOTAL_MW
    assert found[MIDDLE].within == pytest.approx(within, rel=1e-5)
    assert found[MIDDLE].low_mw == pytest.approx(80 - within * TOTAL_MW / (middle - near), rel=1e-5)
    assert found[MIDDLE].high_mw == pytest.approx(80 + within * TOTAL_MW / (far - middle), rel=1e-5)
    assert why.points_per_100_mw == pytest.approx(100 * (far - near) / TOTAL_MW, rel=1e-5)


def test_nothing_within_a_wide_gap(sized):
    found = sized(gap=1.0)
    assert {tuple(kinds(size)) for size in found.values()} == {(("nothing", ""),)}
    assert {(size.low_mw, size.high_mw) for size in found.values()} == {(50.0, 200.0)}


def test_land(sized, measured):
    little = measured.assign(
        max_it_load_mw=measured["max_it_load_mw"].mask(measured.index == FAR, 120)
    )
    found = sized('rules.land="hard"', sites=little, loads=(120.0, 160.0, 50.0))
    assert kinds(found[FAR]) == [("land", "")]
    assert found[FAR].most_mw == 120.0


def test_a_reserve_that_must_stand_here_is_named(sized, monkeypatch):
    """Ebetsu must hold 90 MW free: of its 200 MW 110 are left for load."""
    cables = next(one for one in criteria() if one.name == "cables")
    monkeypatch.setattr(type(cables), "reserve_tiers", lambda *_: ("large",))

    def constrain(self, program):
        here = np.repeat((program.sites.index == FAR)[:, None], 3, axis=1)
        program.row("held_here", program.reserve_terms(here.astype(float)), ">=", 90.0)

    monkeypatch.setattr(type(cables), "constrain", constrain)
    found = sized(loads=(110.0, 170.0, 50.0), reserve=[90.0, 0.0, 0.0], gap=1e-4)
    assert kinds(found[FAR]) == [("reserve", "")]
    assert found[FAR].best_mw == pytest.approx(110.0)
    assert found[FAR].high_mw == pytest.approx(110.0)
    assert kinds(found[MIDDLE]) == [("rest", "")]


@pytest.mark.parametrize("mode", ["hard", "soft"])
def test_the_rule_that_is_named_moves_the_hub_and_others_do_not(sized, mode):
    """Both rules of the load are on; Hokkaido's 150 MW bind Ebetsu, nothing else does."""
    rules = (f'rules.area_load="{mode}"', f'rules.place_load="{mode}"')
    asked = (*rules, "penalties.area_load=10", "penalties.place_load=10")

    def ends(share, ratio, loads=(150.0, 130.0, 50.0)):
        keys = (f"criteria.area_load.max_area_share={share}",
                f"criteria.area_load.max_around_ratio={ratio}")  # fmt: skip
        found = sized(*asked, *keys, loads=loads, gap=1e-4)
        return found, {site: size.high_mw for site, size in found.items()}

    found, before = ends(SHARE, 0.5)
    assert found[FAR].best_mw == pytest.approx(150.0, rel=1e-4)
    assert kinds(found[FAR]) == [("rule", "area_load")]
    title = all_rules()["area_load"].title_ja
    assert found[FAR].held_by[0].title_ja == f"{title}［I14 L2838-2839］"
    _, looser = ends(SHARE * 1.02, 0.5)
    assert looser[FAR] - before[FAR] == pytest.approx(3.0, abs=0.1)
    _, other = ends(SHARE, 0.51)
    assert other[FAR] == pytest.approx(before[FAR], abs=1e-3)
    # Of 0.3 of what is used around it, Goshogawara's share is about 111 MW of IT load.
    found, before = ends(SHARE, 0.3, (150.0, 110.0, 70.0))
    assert found[MIDDLE].best_mw == pytest.approx(111, abs=1)
    assert kinds(found[MIDDLE]) == [("rule", "place_load")]
    _, looser = ends(SHARE, 0.303, (150.0, 110.0, 70.0))
    assert looser[MIDDLE] - before[MIDDLE] == pytest.approx(1.11, abs=0.1)
