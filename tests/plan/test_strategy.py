"""The strategy's own places: found by municipality or prefecture, with rank or reasons."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from dcsite.geo.geodesy import geodesic_km
from dcsite.model import Candidates
from dcsite.plan.scorecard import Scorecard
from dcsite.plan.strategy import (
    KeptOut,
    dropped_places,
    other_places,
    strategy_marks,
    strategy_places,
)

#: Iga, Kashiwa, Nagareyama, Koto, Ishikari, Kainan and Kushimoto (Wakayama), Akita, Nayoro.
CODES = ("24216", "12217", "12220", "13108", "01235", "30202", "30428", "05201", "01221")


@pytest.fixture(scope="module")
def card(measured, shipped_atlas, policy):
    few = measured[measured["municipality_code"].isin(CODES)]
    hubs = [SimpleNamespace(site_id="30428", tier="regional", it_load_mw=30.0)]
    plan = SimpleNamespace(hubs=hubs, strategy_places=())
    return Scorecard(Candidates.of(policy, shipped_atlas, few), plan)


@pytest.fixture(scope="module")
def places(card):
    return {place.entry_id: place for place in strategy_places(card)}


def test_every_entry_stands_with_its_lines_and_candidates(places):
    assert len(places) == 37
    assert places["FS07"].site_ids == ("30202", "30428")  # a prefecture: whatever is in it
    assert places["PL20"].site_ids == ("12217", "12220")  # one entry for two cities
    assert places["PL01"].site_ids == places["PL02"].site_ids == ("01235",)
    assert places["FS08"].source == "D13 L5491-5493"
    assert places["PL02"].statements == ("G12", "O2")
    assert places["FS01"].site_ids == ()  # Nagaoka is no candidate here
    assert places["FS01"].status == "refused"
    assert "not among the candidates" in places["FS01"].outcome[0]


def test_a_place_is_ranked_or_told_by_rule_value_and_limit_what_keeps_it_out(card, places):
    iga, akita, wakayama = places["FS08"], places["FS06"], places["FS07"]
    assert [tier.admitted for tier in iga.tiers] == [False, False, False]
    near = {one.rule: one for one in iga.tiers[1].kept_out}["existing_core_clearance"]
    site, cores = card.candidates.sites.loc["24216"], card.candidates.atlas.existing_cores()
    ways = geodesic_km(site["lat_deg"], site["lon_deg"], cores["lat_deg"], cores["lon_deg"])
    km = float(min(ways))
    assert 50.0 < km < 60.0
    assert near.value == f"{km:.1f} km"
    assert f"{km:.1f} km (least 60 km)" in near.en
    assert f"{km:.1f} km（下限60 km）" in near.ja

    regional = akita.tiers[-1]
    row = card.candidates.sites.index.get_loc("05201")
    assert regional.rank == card.rank[row, 2]
    assert regional.of == card.admitted[:, 2].sum()
    assert akita.status == "admitted"
    assert f"regional {regional.rank} of {regional.of}" in akita.outcome[0]

    assert wakayama.status == "chosen"
    assert wakayama.hub is not None
    assert wakayama.hub.site_id == "30428"
    assert wakayama.outcome[0] == "regional hub of the plan, about 30 MW"


def test_what_is_dropped_is_said_by_the_rules_that_drop_it_and_the_rest_apart(places):
    plan = SimpleNamespace(strategy_places=tuple(places.values()))
    dropped = list(dropped_places(plan))
    assert len(dropped) == 3  # Iga, Kashiwa with Nagareyama, and Koto, which lacks land too
    assert all(en.count("likewise") == 0 for en, _ in dropped)
    assert any("伊賀市" in en and "[existing_core_clearance]" in en for en, _ in dropped)
    (koto,) = (en for en, _ in dropped if "江東区" in en)
    assert "PL21, PL22, PL23" in koto
    assert "L2658 L2659 L2660" in koto
    assert "[land]" in koto
    others = [en for en, _ in other_places(plan)]
    assert "和歌山県" in others[0]  # the chosen one first
    assert not any("伊賀市" in en for en in others)
    assert strategy_marks(plan.strategy_places)["30428"] == "FS07 (D12 L5488-5489)"


def test_places_of_a_kind_kept_out_alike_share_a_line(places):
    pair = [replace(places["PL20"], entry_id="PL99", name_ja="隣市"), places["PL20"]]
    assert len(list(dropped_places(SimpleNamespace(strategy_places=pair)))) == 1
    ((en, ja),) = dropped_places(SimpleNamespace(strategy_places=pair))
    value = places["PL20"].tiers[-1].kept_out[0].value
    assert f"likewise 柏市・流山市 Kashiwa-shi and Nagareyama-shi PL20 ({value})" in en
    assert f"同様に柏市・流山市 PL20（{value}）" in ja
    study = [replace(pair[0], kind="feasibility_study"), pair[1]]
    assert len(list(dropped_places(SimpleNamespace(strategy_places=study)))) == 2


def test_a_rule_without_a_figure_leaves_no_empty_brackets(places):
    told = KeptOut("places.forbid", "forbidden by the scenario", "シナリオで立地不可に指定", "")
    tiers = (replace(places["FS08"].tiers[-1], kept_out=(told,)),)
    forbidden = [replace(places[one], tiers=tiers, hub=None) for one in ("FS06", "FS08")]
    ((en, ja),) = dropped_places(SimpleNamespace(strategy_places=forbidden))
    assert en.endswith("[places.forbid]; likewise 伊賀市 Iga-shi FS08")
    assert ja.endswith("[places.forbid]、同様に伊賀市 FS08")


def test_a_question_of_other_places_names_none(measured, shipped_atlas, policy):
    few = measured[measured["municipality_code"] == "01221"]
    assert strategy_places(Scorecard(Candidates.of(policy, shipped_atlas, few))) == ()
