"""The set of disasters: a few sites and events worked by hand, and what holds for any."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.special import expit, logit, ndtr
from scipy.stats import t as student_t

from dcsite.atlas import Atlas
from dcsite.contract import TIERS
from dcsite.errors import ScenarioError
from dcsite.hazards import DisasterSet, Fragility, disaster_set, falls_with, joint_risk
from dcsite.hazards.disaster_set import dark_share
from dcsite.hazards.settings import Kind

from .tiny import TinyAtlas, settings, tiny_atlas

NOT = -np.inf


def small_atlas() -> TinyAtlas:
    """Three municipalities in two areas; the cases of the tiny atlas shake some of them."""
    atlas = tiny_atlas()
    places = pd.DataFrame(
        {
            "population_2020": [600, 400, 500],
            "electricity_area": ["north", "north", "south"],
            "pref_name_ja": ["北県", "北県", "南県"],
            "pref_code": ["1", "1", "2"],
            "office_lat_deg": [35.0, 36.0, 45.0],
            "office_lon_deg": [139.0, 139.0, 141.0],
            "name_en": ["One", "Two", "Three"],
            "name_ja": ["一", "二", "三"],
        },
        index=pd.Index(["01", "02", "03"], name="municipality_code"),
    )
    felt = pd.Series(
        {
            ("G1", "01"): 6.5,
            ("G1", "02"): 5.4,
            ("G1", "03"): 5.5,
            ("G2", "02"): 6.0,
            ("Z1", "01"): 5.5,
            ("Z2", "03"): 5.49,
            ("S1", "02"): 7.0,
            ("S2", "03"): 5.0,
            ("GONE", "01"): 7.0,
        },
        name="intensity_office",
    ).rename_axis(["scenario_code", "municipality_code"])
    areas = pd.DataFrame(
        {
            "name_en": ["North", "South"],
            "name_ja": ["北", "南"],
            "nominal_frequency_hz": [50, 60],
        },
        index=pd.Index(["north", "south"], name="electricity_area"),
    )
    clusters = pd.DataFrame(
        {
            "cluster_id": ["east", "east", "west"],
            "name_en": ["East", "East", "West"],
            "name_ja": ["東", "東", "西"],
        }
    )
    cores = pd.DataFrame({"pref_code": ["1"]}, index=["tokyo"])
    outages = pd.DataFrame(
        {"event_en": "", "event_ja": "", "cause": ["earthquake", "typhoon"], "customers_out": 10},
        index=pd.Index(["quake", "storm"], name="outage_id"),
    )
    restored = pd.DataFrame(
        {
            "outage_id": ["quake", "storm"],
            "hours_after": [10.0, 20.0],
            "restored_pct": 100.0,
            "customers_still_out": 0,
        }
    )
    # The cases hold all of the hazard there is.
    published = pd.DataFrame({"p30_i6lower_pct": 0.0}, index=places.index)
    atlas.tables |= {
        "scenario_intensity_by_municipality": felt.to_frame(),
        "municipalities": places,
        "electricity_areas": areas,
        "landing_clusters": clusters,
        "existing_cores": cores,
        "seismic_hazard_by_municipality": published,
        "wide_area_power_outages": outages,
        "power_outage_restoration": restored,
    }
    return atlas


@pytest.fixture
def three() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "municipality_code": ["01", "02", "03"],
            "area": ["north", "north", "south"],
        },
        index=pd.Index(["a", "b", "c"], name="site_id"),
    )


def build(three: pd.DataFrame, **changes: object) -> DisasterSet:
    return disaster_set(three, small_atlas(), settings(**changes), ["east", "", "west"])


@pytest.fixture
def as_shaken(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many customers of an area are cut off as residents are shaken by 5.5 or more."""

    def dark_logit(atlas: TinyAtlas, settings: object, shaken: pd.DataFrame) -> pd.DataFrame:
        places = atlas.table("municipalities").loc[shaken.index]
        residents, area = places["population_2020"], places["electricity_area"]
        total = residents.groupby(area).transform("sum")
        return logit(shaken.mul(residents / total, axis=0).groupby(area).transform("sum"))

    # The function of that name hides its module.
    module = sys.modules["dcsite.hazards.disaster_set"]
    monkeypatch.setattr(module, "dark_logit", dark_logit)
    monkeypatch.setattr(module, "dark_sd", lambda *_: 0.0)


pytestmark = pytest.mark.usefixtures("as_shaken")


def test_events_and_what_they_do(three: pd.DataFrame) -> None:
    found = build(three)
    assert found.events.index.tolist() == [
        "G1", "G2", "Z1", "Z2", "S1", "S2", "blackout_north", "blackout_south",
        "blackout_50hz", "blackout_60hz", "landings_east", "landings_west", "tokyo_lost",
    ]  # fmt: skip
    assert list(dict.fromkeys(found.events["kind"])) == [
        kind for kind in get_args(Kind)[:7] if kind not in {"local_earthquake", "network"}
    ]
    assert found.site_ids == ("a", "b", "c")
    np.testing.assert_array_equal(
        found.intensity[:, :6],
        [
            [6.5, NOT, 5.5, NOT, NOT, NOT],
            [5.4, 6.0, NOT, NOT, 7.0, NOT],
            [5.5, NOT, NOT, 5.49, NOT, 5.0],
        ],
    )
    assert np.isneginf(found.intensity[:, 6:12]).all()
    # Of the cases G1 and Z1 shake most residents of Tokyo's prefecture, 600 of 1,000, by 5.5.
    assert found.intensity[:, 12].tolist() == [6.5, 5.4, 5.5]
    np.testing.assert_array_equal(
        found.lost,
        [
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
        ],
    )
    # 600 of 1,000 residents of the north are at a, 400 at b, and all of the south at c; 6.5, 6.0,
    # 5.5 and 5.4 reach 5.5 with these probabilities.
    sure, likely, even, less = ndtr([2.0, 1.0, 0.0, -0.2])
    north = [0.6 * sure + 0.4 * less, 0.4 * likely, 0.6 * even, 0.0, 0.4 * ndtr(3.0), 0.0]
    south = [even, 0.0, 0.0, ndtr(-0.02), 0.0, ndtr(-1.0)]
    dark = [
        [*north, 1, 0, 1, 0, 0, 0, north[0]],
        [*north, 1, 0, 1, 0, 0, 0, north[0]],
        [*south, 0, 1, 0, 1, 0, 0, south[0]],
    ]
    np.testing.assert_allclose(found.dark, dark, rtol=0, atol=1e-5)
    told = found.events["areas_dark"]
    assert told["G1"] == {
        "north": pytest.approx(north[0], 1e-4),
        "south": pytest.approx(even, 1e-4),
    }
    assert told["Z2"] == {"south": pytest.approx(south[3], 1e-4)}
    assert told["blackout_60hz"] == {"south": 1.0}
    assert told["landings_east"] == {}
    # After 8, 6 and 5 hours 20, 40 and 50 % of the customers cut by the earthquake are; and with
    # the typhoon, of which 60, 70 and 75 % are still out, 40, 55 and 62.5 %.
    np.testing.assert_allclose(found.outlast[:, 0], [0.2, 0.4, 0.5], rtol=1e-14)
    np.testing.assert_allclose(found.outlast[:, 6], [0.4, 0.55, 0.625], rtol=1e-14)
    assert found.outlast[:, 12].tolist() == found.outlast[:, 0].tolist()
    # The curve: half of the sites at 6.0, scatter of 0.5.
    down = found.down_by_tier[0]
    assert down[0, 0] == pytest.approx(1 - (1 - ndtr(1.0)) * (1 - 0.2 * north[0]), rel=1e-5)
    assert down[0, 6] == pytest.approx(0.4, rel=1e-14)
    assert down[1, 1] == pytest.approx(1 - 0.5 * (1 - 0.2 * north[1]), rel=1e-5)
    assert down[2, 3] == pytest.approx(1 - ndtr(1.02) * (1 - 0.2 * south[3]), rel=1e-5)
    assert down[2, 1] == 0.0


def test_probabilities_of_events(three: pd.DataFrame) -> None:
    events = build(three).events
    # A quarter of 75 % each; the zone has 6 %, of which two thirds and one third.
    np.testing.assert_allclose(
        events["probability_30y"],
        [0.1875, 0.1875, 0.04, 0.02, 0.002, np.nan, 0.1, 0.1, 0.02, 0.02, 0.05, 0.05, np.nan],
    )
    assert events.loc["G1", "probability_date"] == "2025-06-01"
    assert events.loc["blackout_north", "basis"] == "criteria.disasters.area_blackout_30y"
    assert events.loc["tokyo_lost", ["name_en", "name_ja"]].tolist() == [
        "Tokyo area lost (trough, case 1 of 2, Mw 7.0)",
        "東京圏の喪失（評価0：全2ケースの1番目、Mw 7.0）",
    ]  # fmt: skip
    assert events.loc["blackout_50hz", "areas_dark"] == {"north": 1.0}


@pytest.mark.parametrize(
    ("least", "out"),
    [
        (0.0, set()),
        (0.002, set()),
        (0.0021, {"S1"}),
        # The row's own probability decides within a zone; what is not known stays in force.
        (0.05, {"S1", "Z2"}),
        (1.0, {"S1", "Z1", "Z2", "G1", "G2"}),
    ],
)
def test_unlikely_earthquakes_are_not_in_force(
    three: pd.DataFrame, least: float, out: set[str]
) -> None:
    events = build(three, min_probability_30y=least).events
    assert set(events.index[~events["in_force"]]) == out


def test_tokyo_is_lost_in_the_case_that_is_asked_for(three: pd.DataFrame) -> None:
    found = build(three, tokyo_lost_case="S1").take(["tokyo_lost"])
    assert found.intensity[:, 0].tolist() == [NOT, 7.0, NOT]
    assert build(three, min_probability_30y=1.0).intensity[2, -1] == 5.0  # only S2 is in force
    with pytest.raises(ScenarioError, match=r"tokyo_lost_case: no computed .* 'X'; allowed: large"):
        build(three, tokyo_lost_case="X")


def test_a_users_events_come_last(three: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    columns = "scenario_id,municipality_code,probability_down,intensity\n"
    path.write_text(f"{columns}x,01100,1,\ny,01100,,5.5\n", "utf-8")
    places = pd.DataFrame(
        {"population_2020": [1000], "electricity_area": ["north"], "pref_name_ja": ["北県"]},
        index=["01100"],
    ).rename_axis("municipality_code")
    atlas = small_atlas()
    atlas.tables["municipalities"] = pd.concat([atlas.table("municipalities"), places])
    wards = pd.DataFrame({"municipality_code": []}, dtype=str)
    atlas.tables["seismic_hazard_by_ward"] = wards
    sites = three.assign(municipality_code=["01", "02", "01100"])
    found = disaster_set(sites, atlas, settings(footprints_file=str(path)), ["", "", ""])
    assert found.events.index[-2:].tolist() == ["user_x", "user_y"]
    assert found.events["kind"].iloc[-1] == "user"
    assert found.lost[:, -2:].tolist() == [[0, 0], [0, 0], [1, 0]]
    assert found.intensity[:, -1].tolist() == [NOT, NOT, 5.5]
    # Its shaking cuts off the area: 1,000 of now 2,000 residents, with one chance in two.
    assert not found.dark[:, -2].any()
    np.testing.assert_allclose(found.dark[:, -1], 0.25, atol=1e-5)
    assert found.events["areas_dark"].iloc[-1] == {"north": pytest.approx(0.25, abs=1e-5)}
    np.testing.assert_allclose(found.outlast[:, -1], found.outlast[:, 0])
    assert found.events.index.is_unique


def test_taking_some_events(three: pd.DataFrame) -> None:
    found = build(three)
    some = found.take(["tokyo_lost", "G2"])
    assert some.events.index.tolist() == ["tokyo_lost", "G2"]
    np.testing.assert_array_equal(some.intensity[:, 0], [6.5, 5.4, 5.5])
    np.testing.assert_array_equal(some.intensity[:, 1], [NOT, 6.0, NOT])
    assert some.site_ids == found.site_ids


def test_shipped_set(shipped_atlas: Atlas, measured: pd.DataFrame) -> None:
    sites = measured.loc[["01100", "13101", "27100"]]
    found = disaster_set(sites, shipped_atlas, settings(), ["", "", ""])
    kinds = found.events["kind"].value_counts()
    assert kinds["earthquake"] == 432
    assert kinds["area_blackout"] == 10
    assert kinds["frequency_blackout"] == 2
    assert kinds["tokyo_lost"] == 1
    # The whole Sagami Trough shakes Tokyo, and the areas around it.
    tokyo = found.take(["tokyo_lost"])
    assert "case 8 of 10, Mw 8.6" in tokyo.events["name_en"].iloc[0]
    assert tokyo.intensity[:, 0].tolist() == [NOT, pytest.approx(6.3, abs=0.2), NOT]
    felt = shipped_atlas.table("scenario_intensity_by_municipality")["intensity_office"]
    at = found.events.index.get_loc("ANN10")
    assert found.intensity[2, at] == felt["ANN10", "27100"]


#: Fuel of a core bridges nine outages in ten, of a large hub half, of a regional hub a quarter.
OUTLAST = np.array([0.1, 0.5, 0.75])
CURVE = Fragility(6.0, 0.3, 0.4)


def event(
    intensity: list[float],
    lost: list[float],
    fragility: Fragility,
    dark: list[float] | None = None,
    sd: float = 0.0,
    tiers: list[str] | None = None,
) -> DisasterSet:
    """One event; `dark` are log-odds."""
    column = np.array([intensity, lost, dark or [NOT] * len(lost)], dtype=float)[..., None]
    names = tiers or ["core"] * len(lost)
    sites = tuple(f"s{at}" for at in range(len(lost)))
    events = pd.DataFrame({"probability_30y": [0.2], "in_force": [True]}, index=["x"])
    return DisasterSet(events, *column, sd, OUTLAST[:, None], fragility, sites, tuple(names))


def test_fuel_of_a_tier_bridges_a_part_of_the_outages() -> None:
    tiers = ["core", "existing", "regional"]
    found = event([6.0, NOT, NOT], [0.0, 0.2, 0.0], CURVE, [np.inf, 0.0, 0.0], tiers=tiers)
    assert found.dark[:, 0].tolist() == [1.0, 0.5, 0.5]
    # 1 - 1/2 * 0.9; what is none of the tiers has the fuel of a large hub: 1 - 0.8 * 3/4.
    np.testing.assert_allclose(found.down[:, 0], [0.55, 0.4, 0.375], rtol=1e-14)
    np.testing.assert_allclose(found.down_by_tier[0][:, 0], [0.55, 0.24, 0.05], rtol=1e-14)
    # Cut off, or lost, for too long: 0.1 * 1 and 0.4; shaking of the first comes on top.
    both = found.both_down(0, np.array([1, 2]), 0)
    np.testing.assert_allclose(both, [0.1 + 0.3 * 0.5, 0.1 + 0.275 * 0.5], rtol=1e-14)
    np.testing.assert_allclose(
        found.both_down(2, np.array([1, 1]), 0, 0, np.array([0, 2])), [0.05, 0.05], rtol=1e-13
    )
    np.testing.assert_allclose(joint_risk(found, 0, np.array([1])), [0.2 * 0.25], rtol=1e-14)
    assert falls_with(found, 0, 0.245).tolist() == [True, True, False]
    assert falls_with(found, 0, 0.245, 0, 2).tolist() == [True, True, False]
    assert falls_with(found, 0, 0.2, 0, 0).tolist() == [True, False, False]
    nowhere = replace(found, tiers=None)
    np.testing.assert_array_equal(nowhere.down_by_tier[2], found.down_by_tier[2])
    with pytest.raises(ValueError, match="expected the tier of each site"):
        _ = nowhere.down


def test_both_down_by_hand() -> None:
    # Shaken by the median each, half of the scatter's variance common: correlation 1/2, so both
    # are down with 1/4 + asin(1/2) / (2 pi) = 1/3.
    found = event([6.0, 6.0], [0.0, 0.0], Fragility.from_total(6.0, 0.5, 0.5))
    np.testing.assert_allclose(found.both_down(0, np.array([1]), 0), [1 / 3], rtol=1e-14)
    # Lost with 0.2 and 0.5: together with 0.2; the second alone with 0.3, then the first is down
    # by shaking with 1/2; neither with 0.5, then 1/3. 0.2 + 0.15 + 1/6.
    found = event([6.0, 6.0], [0.2, 0.5], Fragility.from_total(6.0, 0.5, 0.5))
    np.testing.assert_allclose(found.both_down(0, np.array([1]), 0), [0.35 + 1 / 6], rtol=1e-14)
    # Unshaken sites fall together by loss alone.
    found = event([NOT, NOT, 9.9], [0.2, 0.5, 0.0], CURVE)
    np.testing.assert_allclose(found.both_down(0, np.array([1, 2]), 0), [0.2, 0.2], rtol=1e-14)


_FOUR = {
    "intensity": st.floats(4.0, 7.5) | st.just(NOT),
    "lost": st.floats(0.0, 1.0),
    "dark": st.floats(-8.0, 8.0) | st.just(NOT) | st.just(np.inf),
}


@hypothesis_settings(deadline=None, max_examples=25)
@given(
    **{name: st.lists(values, min_size=4, max_size=4) for name, values in _FOUR.items()},
    common=st.floats(0.0, 1.0),
    sd=st.floats(0.0, 2.0),
    tiers=st.lists(st.sampled_from(TIERS), min_size=4, max_size=4),
)
def test_down_is_what_draws_give_and_both_down_is_never_too_small(
    intensity, lost, dark, common, sd, tiers
) -> None:
    """The curves' common draws, a grid cut or not, an outage that outlasts the fuel or not."""
    curve = Fragility.from_total(6.0, 0.5, common)
    found = event(intensity, lost, curve, dark, sd, tiers)
    draws, others = 40_000, np.array([1, 2, 3])
    random = np.random.default_rng(1)
    own = random.standard_normal((draws, 4)) * curve.sigma_own
    felt = found.intensity[:, 0] + random.standard_normal((draws, 1)) * curve.sigma_common + own
    share = expit(found.dark_logit[:, 0] + sd * random.standard_t(2, (draws, 1)))
    rank = [TIERS.index(tier) for tier in tiers]
    # The longest an outage can be common: one draw for all of whether it outlasts the fuel.
    long = random.random((draws, 1)) < OUTLAST[rank]
    gone = (random.random((draws, 4)) < found.lost[:, 0]) | (
        (random.random((draws, 4)) < share) & long
    )
    down = (felt >= curve.median_intensity) | gone
    alone = found.down[:, 0]
    slack = 4.5 * np.sqrt(0.25 / draws)
    np.testing.assert_allclose(down.mean(axis=0), alone, rtol=0, atol=slack)
    both = found.both_down(0, others, 0)
    assert (both >= (down[:, [0]] & down[:, 1:]).mean(axis=0) - slack).all()
    assert (both <= np.minimum(alone[0], alone[others]) + 1e-12).all()
    assert (both >= alone[0] * alone[others] - 1e-12).all()
    back = [found.both_down(int(other), np.array([0]), 0)[0] for other in others]
    np.testing.assert_allclose(back, both, rtol=0, atol=1e-12)


@pytest.mark.parametrize("sd", [0.0, 0.7, 2.0])
def test_a_share_is_the_mean_over_the_common_draw(sd: float) -> None:
    median = np.array([NOT, *np.linspace(-9.0, 9.0, 13), np.inf])
    draws = student_t.ppf((np.arange(20_000) + 0.5) / 20_000, 2)
    brute = [0.0, *expit(median[1:-1, None] + sd * draws[None, :]).mean(axis=1), 1.0]
    np.testing.assert_allclose(dark_share(median, sd), brute, rtol=0, atol=1e-3)


def test_both_down_against_draws() -> None:
    found = event([6.2, 5.6, 5.9], [0.15, 0.4, 0.0], CURVE)
    draws = 400_000
    random = np.random.default_rng(20240101)
    common = random.standard_normal((draws, 1)) * CURVE.sigma_common
    own = random.standard_normal((draws, 3)) * CURVE.sigma_own
    shaken = found.intensity[:, 0] + common + own >= CURVE.median_intensity
    # One draw of loss for all: who is likelier to be lost is lost whenever the other is.
    lost = random.random((draws, 1)) < found.lost[:, 0]
    down = shaken | lost
    seen = (down[:, [0]] & down[:, 1:]).mean(axis=0)
    expected = found.both_down(0, np.array([1, 2]), 0)
    error = np.sqrt(expected * (1 - expected) / draws)
    assert (np.abs(seen - expected) < 4 * error).all()
    # As if they fell independently of each other, the draws would not be matched.
    alone = found.down[:, 0]
    assert (np.abs(seen - alone[0] * alone[1:]) > 20 * error).all()


def test_every_shipped_case_has_a_name_in_both_languages_and_no_code(
    shipped_atlas: Atlas, measured: pd.DataFrame
) -> None:
    events = disaster_set(measured.iloc[:1], shipped_atlas, settings(), [""]).events
    assert events["name_ja"].str.contains("[\u3040-\u30ff\u4e00-\u9fff]").all()
    for names in (events["name_en"], events["name_ja"]):
        assert names.is_unique
        assert not names.str.contains(r"[A-Z]{2,}[a-z]*|[A-Z]\d{5}|Area\d").any()
    assert events.loc[["F001001", "F006101", "F012701", "G030032"], "name_ja"].tolist() == [
        "津軽山地西縁断層帯（Northern part）",
        "柳ヶ瀬・関ヶ原断層帯（Main part/Northern segment）",
        "佐賀平野北縁断層帯",
        "福島県付近の活断層（Futaba fault nambu C-class zan）",
    ]
    assert events.loc["ANN13", ["name_en", "name_ja"]].tolist() == [
        "Nankai Trough earthquakes, case 4 of 15, Mw 9.1",
        "南海トラフ（M8〜M9クラス）：全15ケースの4番目、Mw 9.1",
    ]
