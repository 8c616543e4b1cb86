"""Local earthquakes: cases and background sum to what is published, near sites fall together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dcsite.atlas import Atlas
from dcsite.geo.geodesy import geodesic_km
from dcsite.hazards import (
    DisasterSettings,
    hazard_of_cases,
    said_of_sources_without_case,
    settings_of,
    sources_without_case,
)
from dcsite.hazards.earthquakes import computed_earthquakes
from dcsite.hazards.fragility import Fragility, probability_down
from dcsite.hazards.local import local_earthquakes, local_shaking
from dcsite.scenario import Scenario

from .tiny import TinyAtlas, settings, tiny_atlas

#: Sums are exact but for rounding.
TOLERANCE = 1e-9


def country(
    places: list[tuple[float, float, float]], felt: dict[tuple[str, str], float]
) -> TinyAtlas:
    """Make a country of places (latitude, longitude, published percent) and the tiny cases."""
    atlas = tiny_atlas()
    codes = pd.Index([f"{number:05d}" for number in range(len(places))], name="municipality_code")
    lat, lon, percent = (list(column) for column in zip(*places, strict=True))
    intensity = pd.Series(felt, name="intensity_office", dtype=float)
    intensity = intensity.rename_axis(["scenario_code", "municipality_code"])
    atlas.tables |= {
        "municipalities": pd.DataFrame(
            {
                "office_lat_deg": lat,
                "office_lon_deg": lon,
                "population_2020": range(1, len(places) + 1),
                "electricity_area": "north",
                "pref_name_ja": "北県",
                "name_en": [f"Place{code}" for code in codes],
                "name_ja": [f"町{code}" for code in codes],
            },
            index=codes,
        ),
        "seismic_hazard_by_municipality": pd.DataFrame({"p30_i6lower_pct": percent}, index=codes),
        "scenario_intensity_by_municipality": intensity.to_frame(),
    }
    return atlas


def sums(atlas: Atlas | TinyAtlas, own: DisasterSettings, column: str) -> pd.DataFrame:
    """Add up, place by place and source by source, what shakes with 5.5 or more."""
    hazard = hazard_of_cases(atlas, own, column)
    events, _ = computed_earthquakes(atlas, own)
    curve = Fragility(5.5, 0.0, own.intensity_scatter)
    felt = atlas.table("scenario_intensity_by_municipality")[column].dropna().reset_index()
    felt["source_id"] = felt["scenario_code"].map(events["source_id"])
    felt["chance"] = felt["scenario_code"].map(events["probability_30y"]).fillna(
        0.0
    ) * probability_down(felt[column].to_numpy(float), curve)
    by_source = felt.groupby(["municipality_code", "source_id"])["chance"].sum()
    spared = (1.0 - by_source).groupby("municipality_code").prod().reindex(hazard.index)
    local, shaken = local_shaking(atlas, own, column)
    background = np.prod(1.0 - shaken.to_numpy() * local["probability_30y"].to_numpy(), axis=1)
    return hazard.assign(
        cases=1.0 - spared.fillna(1.0), total=1.0 - spared.fillna(1.0) * background
    )


@pytest.mark.parametrize(
    ("column", "beyond", "largest"),
    [("intensity_office", 325, 0.531), ("intensity_median", 85, 0.331)],
)
def test_cases_and_background_sum_to_the_hazard_map_at_all_municipalities(
    shipped_atlas: Atlas, policy: Scenario, column: str, beyond: int, largest: float
) -> None:
    found = sums(shipped_atlas, settings_of(policy), column)
    published = shipped_atlas.table("seismic_hazard_by_municipality")["p30_i6lower_pct"] / 100.0
    assert len(found) == 1741
    # Of all places Futaba alone has none: the worst of Fukushima stands for it.
    assert found.index[published.isna()].tolist() == ["07546"]
    np.testing.assert_allclose(
        found["published"], published.fillna(published.filter(like="07").max())
    )
    np.testing.assert_allclose(found["of_cases"], found["cases"], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(
        found["total"], found[["published", "cases"]].max(axis=1), rtol=0, atol=TOLERANCE
    )
    # Where the cases alone are more than the map has; docs/disasters.md says why.
    excess = found["cases"] - found["published"]
    assert (excess > 0.0).sum() == beyond
    assert excess.max() == pytest.approx(largest, abs=5e-4)
    assert (found["missing"][excess >= 0.0] == 0.0).all()


def test_the_page_has_the_figures_by_area(shipped_atlas: Atlas, policy: Scenario) -> None:
    hazard = hazard_of_cases(shipped_atlas, settings_of(policy))
    rate = -np.log1p(-hazard[["published", "of_cases"]])
    rate["held"] = rate.min(axis=1)
    area = shipped_atlas.table("municipalities")["electricity_area"].reindex(hazard.index)
    mean, total = hazard.groupby(area).mean(), rate.groupby(area).sum()
    page = (Path(__file__).parents[2] / "docs" / "disasters.md").read_text(encoding="utf-8")
    for name in mean.index.drop("okinawa"):
        said = "Tokyo area" if name == "tokyo" else str(name).capitalize()
        share = total.loc[name, "held"] / total.loc[name, "published"]
        row = mean.loc[name]
        line = f"| {said} | {row['published']:.3f} | {row['of_cases']:.3f} | {share:.0%} |"
        assert line in page


def test_two_places_and_one_case_by_hand() -> None:
    # Half a kilometre apart near a centre, so that the same two to four centres reach both.
    atlas = country(
        [(35.25, 139.875, 30.0), (35.254, 139.875, 10.0), (38.1, 141.1, 0.0)],
        {("S1", "00000"): 5.5, ("S1", "00001"): 7.5, ("S1", "00002"): 9.0},
    )
    own = settings(probabilities="hazard_map_2017", down_intensity=6.5)
    hazard = hazard_of_cases(atlas, own)
    # The fault breaks with 0.002; 5.5 is reached in half of its earthquakes, or in all.
    np.testing.assert_allclose(hazard["of_cases"], [0.001, 0.002, 0.002], rtol=1e-4)
    np.testing.assert_allclose(
        hazard["missing"], [1 - 0.7 / 0.999, 1 - 0.9 / 0.998, 0.0], rtol=1e-4
    )
    events, shaken = local_shaking(atlas, own)
    count = len(events)
    ratio = (1 - (0.9 / 0.998) ** (1 / count)) / (1 - (0.7 / 0.999) ** (1 / count))
    np.testing.assert_allclose(
        events["probability_30y"], 1 - (0.7 / 0.999) ** (1 / count), rtol=1e-4
    )
    np.testing.assert_allclose(shaken, [[1.0] * count, [ratio] * count, [0.0] * count], rtol=1e-3)
    here = events.loc["local_35250_139875"]
    # It is told by the larger of the two, beneath which it lies.
    assert here["name_en"] == "Local earthquake at Place00001"
    assert here["name_ja"] == "町00001直下の局地的な地震"
    assert (events["source_id"] == events.index).all()
    sites = pd.DataFrame({"municipality_code": ["00001", "00000", "00000"]})
    found = local_earthquakes(sites, atlas, own)
    # One unit of intensity more than 5.5 is exp(-2) as frequent.
    np.testing.assert_allclose(found.lost[0], ratio * np.exp(-2.0), rtol=1e-3)
    np.testing.assert_allclose(found.lost[1:], np.exp(-2.0))
    assert (found.intensity == -np.inf).all()
    weak = local_earthquakes(sites, atlas, settings(down_intensity=5.0))
    assert weak.lost.max() == pytest.approx(1.0)


def test_a_radius_that_leaves_places_without_a_centre_is_refused() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 25"):
        settings(local_radius_km=20.0)


_PLACES = st.lists(
    st.tuples(
        st.floats(33.0, 34.5),
        st.floats(130.0, 132.0),
        st.floats(0.0, 95.0).map(lambda x: round(x, 1)),
    ),
    min_size=1,
    max_size=8,
)


@hypothesis_settings(deadline=None, max_examples=60)
@given(_PLACES, st.sampled_from([25.0, 30.0, 60.0]), st.floats(0.1, 1.0), st.data())
def test_any_country(
    places: list[tuple[float, float, float]], radius: float, scatter: float, data: st.DataObject
) -> None:
    codes = [f"{number:05d}" for number in range(len(places))]
    felt = data.draw(
        st.dictionaries(
            st.tuples(
                st.sampled_from(["G1", "G2", "Z1", "Z2", "S1", "S2"]), st.sampled_from(codes)
            ),
            st.floats(5.0, 7.5),
            min_size=1,
        )
    )
    atlas = country(places, felt)
    own = settings(local_radius_km=radius, intensity_scatter=scatter)
    found = sums(atlas, own, "intensity_office")
    np.testing.assert_allclose(
        found["total"], found[["published", "cases"]].max(axis=1), rtol=0, atol=TOLERANCE
    )
    events, shaken = local_shaking(atlas, own)
    struck = shaken.to_numpy() > 0.0
    assert shaken.to_numpy().max(initial=0.0) <= 1.0
    # Each event is certain to shake the place that it is likeliest for.
    np.testing.assert_allclose(shaken.max(axis=0), np.ones(len(events)))
    lat, lon = np.array(places)[:, :2].T
    wanted = found["missing"].to_numpy() > 0.0
    # Every centre of the grid within the radius, and no other; a chord may err by metres.
    for lat_deg in np.arange(31.0, 36.5, 0.25):
        for lon_deg in np.arange(128.25, 134.0, 0.375):
            away = geodesic_km(lat, lon, lat_deg, lon_deg)
            name = f"local_{1000.0 * lat_deg:.0f}_{1000.0 * lon_deg:.0f}"
            here = struck[:, events.index == name].any(axis=1)
            assert ((here == (wanted & (away <= radius))) | (np.abs(away - radius) < 0.01)).all()
    apart = geodesic_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :])
    shared = (struck[:, None, :] & struck[None, :, :]).any(axis=2)
    assert not (shared & (apart > 2.0 * radius + 0.01)).any()


def test_the_slope_is_that_of_the_published_probabilities(
    shipped_atlas: Atlas, policy: Scenario
) -> None:
    table = shipped_atlas.table("seismic_hazard_at_stations")
    rate = -np.log1p(-table / 100.0)
    slope = -2.0 * np.log(rate["p30_i6upper_pct"] / rate["p30_i6lower_pct"])
    assert settings_of(policy).local_slope == pytest.approx(slope.median(), abs=0.05)
    # 6-upper is rarer than 6-lower everywhere, and the more so the rarer 6-lower is.
    assert slope.between(2.6, 7.1).all()
    assert slope.corr(rate["p30_i6lower_pct"], method="spearman") < -0.9


def test_published_sources_without_a_case_are_named(shipped_atlas: Atlas, policy: Scenario) -> None:
    found = sources_without_case(shipped_atlas, settings_of(policy))
    assert found.index[found["felt"]].tolist() == ["miyagi_oki_landward", "southern_kanto_m7"]
    # Every case of the hazard map is either computed or listed.
    computed, _ = computed_earthquakes(shipped_atlas, settings_of(policy))
    cases = shipped_atlas.table("scenario_earthquakes").index
    assert set(found.index[~found["felt"]]) == set(cases) - set(computed.index)
    assert found.loc["AETRF", "high"] == 0.69
    en, ja = said_of_sources_without_case(found)
    assert "Off Miyagi, landward side (80-90 % or more in 30 years, 2026-01-01); Southern" in en
    assert "as a whole (70 % in 30 years, 2022-05-25); 16 cases of the hazard map that" in en
    assert "宮城県沖（陸寄り）（30年以内80-90 %以上、2026-01-01時点）、南関東地域" in ja
    assert "どの役所でも震度5.0に達しない16ケース" in ja
