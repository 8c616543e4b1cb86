"""The backtest: entries read from the tables, overlaps counted once, agreement by hand."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcsite.errors import GeodataError
from dcsite.model import Candidates
from dcsite.outputs.backtest import render_backtest
from dcsite.plan.explanation import PlaceName
from dcsite.plan.scorecard import Scorecard
from dcsite.studies.backtest import (
    Backtest,
    announcements,
    area_under_curve,
    counted_mw,
    run_backtest,
)

#: Inzai (kept clear of Tokyo), Nanto, Tomakomai, Ishikari; Nayoro, Akita and Izumi are announced by
#: nobody.
CODES = ("12231", "16210", "01213", "01235", "01221", "05201", "46208")


@pytest.fixture(scope="module")
def card(measured, shipped_atlas, policy):
    few = measured[measured["municipality_code"].isin(CODES)]
    return Scorecard(Candidates.of(policy, shipped_atlas, few))


@pytest.fixture(scope="module")
def plan(card):
    site = card.candidates.sites.loc["01213"]
    hub = SimpleNamespace(
        site_id="01213",
        lat_deg=site["lat_deg"],
        lon_deg=site["lon_deg"],
        it_load_mw=100.0,
        place=PlaceName("01213", "苫小牧市", "Tomakomai-shi", "北海道", "Hokkaido"),
    )
    far = SimpleNamespace(**{**vars(hub), "site_id": "46208", "lat_deg": 32.1, "lon_deg": 130.3})
    far.it_load_mw = 300.0
    return SimpleNamespace(title_en="<b>x</b>", title_ja="題", digest="0" * 64, hubs=[hub, far])


@pytest.fixture(scope="module")
def found(plan, card):
    return run_backtest(plan, card, 50.0)


def entry(found: Backtest, name: str):
    return next(one for one in found.entries if one.entry_id == name)


def test_entries_carry_the_step_their_words_are_read_as(shipped_atlas):
    known = {one.entry_id: one for one in announcements(shipped_atlas)}
    assert known["gigastream-nanto"].stage == "announced"
    assert known["airtrunk-tok1"].stage == "operating"  # in service in phases
    assert known["nagareyama"].stage == "cancelled"
    assert known["PA09"].stage == "applied"
    assert known["fantasista-sendai"].municipality_code == "04100"
    # Opened before, no site of its own, or no place: none is a test of the plan.
    assert not {"sakura-ishikari", "idcf-fuchu", "ikoma-takayama", "PA01", "PA10"} & set(known)


def test_a_status_that_cannot_be_read_is_named(shipped_atlas):
    table = shipped_atlas.table("data_centres_existing").copy()
    table.loc["glp-tkw1", "status_at_source_date"] = "dreamt of"
    other = SimpleNamespace(root="geo", table=lambda _: table)
    with pytest.raises(GeodataError, match=r"glp-tkw1: must be one of planned, .*'dreamt of'"):
        announcements(other)


def test_of_entries_that_share_a_site_the_largest_counts(found):
    inzai = [
        entry(found, name)
        for name in ("airtrunk-tok1", "daiwa-chiba-nt", "daiwa-inzai-park", "mc-dr-inzai")
    ]
    assert [one.capacity_mw for one in inzai] == [300.0, 600.0, 1000.0, 122.0]
    assert counted_mw(inzai) == 1122.0  # one park of 1,000 and another site of 122
    assert counted_mw(inzai[::-1]) == 1122.0
    assert counted_mw([*inzai, replace(inzai[3], entry_id="n", capacity_mw=math.nan)]) == 1122.0
    assert math.isnan(counted_mw([replace(inzai[0], capacity_mw=math.nan)]))
    assert math.isnan(counted_mw([]))
    # A row that joins two sites makes one of them.
    one, two = (replace(inzai[3], entry_id=name, overlaps=()) for name in "ab")
    both = replace(inzai[3], entry_id="c", overlaps=("a", "b"), capacity_mw=5.0)
    assert counted_mw([one, two]) == 244.0
    assert counted_mw([one, two, both]) == 122.0


def test_places_carry_rank_reasons_and_the_plans_mw_near(found, card):
    places = {one.municipality_code: one for one in found.places}
    nanto, inzai, tomakomai = places["16210"], places["12231"], places["01213"]
    assert (nanto.known_mw, nanto.core_id, nanto.stage) == (3100.0, None, "announced")
    assert (inzai.core_id, inzai.known_mw) == ("tokyo", 1000.0 + 300.0 + 122.0)
    assert [one.rule for one in inzai.tiers[-1].kept_out] == ["existing_core_clearance"]
    row = card.candidates.sites.index.get_loc("16210")
    assert [tier.rank for tier in nanto.tiers] == [
        None if math.isnan(rank) else rank for rank in card.rank[row]
    ]
    assert (tomakomai.plan_mw, nanto.plan_mw) == (100.0, 0.0)
    assert found.plan_near_share == 0.25
    assert places["04100"].tiers[-1].place is None  # Sendai is no candidate here
    assert "12220" not in places  # Nagareyama was cancelled
    assert "02411" not in places  # Rokkasho only applied
    assert found.places[0].core_id is None
    assert sum(found.area_mw.values()) >= found.known_mw
    assert set(found.area_mw) == {"tokyo", "osaka", "outside"}


def test_a_hub_stands_at_its_own_place(plan, card):
    """Distances are from where a municipality's candidate stands, not from its middle."""
    places = {one.municipality_code: one for one in run_backtest(plan, card, 0.0).places}
    assert places["01213"].plan_mw == 100.0


def test_agreement_counts_places_outside_the_areas_among_all_admitted(found, card):
    regional = found.agreement[-1]
    assert (regional.places, regional.others) == (3, 3)  # Inzai is in neither group
    sites = card.candidates.sites.index
    score = np.where(card.admitted[:, 2], card.total[:, 2], -np.inf)
    value = dict(zip(sites, score, strict=True))
    wins = [
        (value[one] > value[other]) + 0.5 * (value[one] == value[other])
        for one in ("16210", "01213", "01235")
        for other in ("01221", "05201", "46208")
    ]
    assert regional.auc == pytest.approx(sum(wins) / 9)
    ranked = [
        (value[one] > value[other]) + 0.5 * (value[one] == value[other])
        for one in ("16210", "01213", "01235")
        for other in ("01221", "05201", "46208")
        if np.isfinite(value[one]) and np.isfinite(value[other])
    ]
    assert regional.auc_admitted == pytest.approx(sum(ranked) / len(ranked))


def test_the_area_under_the_curve_by_hand_and_its_interval():
    auc, low, high = area_under_curve(np.array([3.0, 1.0]), np.array([2.0, 1.0, 0.0]))
    assert auc == pytest.approx((3 + 1.5) / 6)  # 3 beats all, 1 beats one and ties one
    # Hanley and McNeil: q1 = 0.75 / 1.25 = 0.6, q2 = 2 * 0.5625 / 1.75.
    spread = 0.1875 + 1 * (0.6 - 0.5625) + 2 * (1.125 / 1.75 - 0.5625)
    error = 1.959964 * math.sqrt(spread / 6)
    assert (low, high) == (pytest.approx(0.75 - error), min(1.0, 0.75 + error))
    alone = area_under_curve(np.array([2.0]), np.array([1.0]))
    assert alone[0] == 1.0
    assert math.isnan(alone[1])
    assert math.isnan(area_under_curve(np.array([]), np.array([1.0]))[0])


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
    st.lists(st.integers(0, 5), min_size=1, max_size=8),
)
def test_the_area_is_the_share_of_pairs_and_turns_round(ones, others):
    a, b = np.array(ones, dtype=float), np.array(others, dtype=float)
    auc, low, high = area_under_curve(a, b)
    pairs = [(x > y) + 0.5 * (x == y) for x in ones for y in others]
    assert auc == pytest.approx(sum(pairs) / len(pairs))
    assert area_under_curve(b, a)[0] == pytest.approx(1.0 - auc)
    assert math.isnan(low) or 0.0 <= low <= auc <= high <= 1.0


def test_the_file_reads_back_and_the_page_holds_hostile_names_as_text(found, shipped_atlas):
    assert Backtest.read(found.text()).text() == found.text()
    hostile = replace(
        found,
        places=(
            replace(found.places[0], name_ja="<script>alert(1)</script>", name_en="a&b"),
            *found.places[1:],
        ),
    )
    page = render_backtest(hostile, shipped_atlas)
    assert "<script" not in page
    assert "<b>x</b>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "not known" in page
    # Each entry with its town in Japanese, its date and where it was read; no codes of a table.
    row = next(row for row in page.split("<tr>") if "TKW1 (Tama)" in row)
    for said in (
        "多摩市",
        "31",
        "IT load",
        "2023",
        "cloud.watch.impress.co.jp",
        "under construction",
    ):
        assert said in row
    assert "under_construction" not in page
    assert re.search(r"京都府.*市区町村は不明", page)
    assert "件数が少ない" in page
    assert "0.5 is chance" in page
