"""Sources of earthquakes: shares and probabilities of a few cases worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dcsite.atlas import Atlas
from dcsite.hazards import earthquake_sources

from .tiny import NEW, OLD, settings, tiny_atlas


def test_values_of_2017() -> None:
    found = earthquake_sources(tiny_atlas(), settings(probabilities="hazard_map_2017"))
    assert found["source_id"].tolist() == ["GROUP"] * 4 + ["ZONE"] * 3 + ["S1", "S2"]
    # A zone has the largest of its rows, not their sum; a group what is published for it.
    np.testing.assert_allclose(
        found["source_probability_30y"], [0.7] * 4 + [0.03] * 3 + [0.002, np.nan]
    )
    # A row of a zone without a probability takes no share; a source of one row is all of it.
    np.testing.assert_allclose(found["share"], [0.25] * 4 + [0.25, 0.75, 0.0, 1.0, 1.0])
    np.testing.assert_allclose(
        found["published_probability_30y"], [0.7] * 4 + [0.01, 0.03, np.nan, 0.002, np.nan]
    )
    assert set(found["probability_date"]) == {OLD}
    assert set(found["basis"]) == {"scenario_earthquakes"}


@pytest.mark.parametrize(
    ("changes", "trough", "fault"),
    [
        ({}, 0.75, 0.06),
        ({"range_end": "low"}, 0.6, 0.04),
        ({"range_end": "high"}, 0.9, 0.08),
        ({"nankai_model": "interval_only"}, 0.35, 0.06),
        ({"nankai_model": "interval_only", "range_end": "high"}, 0.5, 0.08),
    ],
)
def test_newest_values_replace_those_they_stand_for(changes, trough, fault) -> None:
    found = earthquake_sources(tiny_atlas(), settings(**changes))
    np.testing.assert_allclose(
        found["source_probability_30y"], [trough] * 4 + [fault] * 3 + [0.002, np.nan]
    )
    np.testing.assert_allclose(
        found.loc[["Z1", "Z2", "Z3"], "share"], [fault / (fault + 0.03), 0.03 / (fault + 0.03), 0]
    )
    assert found["probability_date"].tolist() == [NEW] * 7 + [OLD] * 2
    assert found["basis"].tolist() == ["herp_probabilities"] * 7 + ["scenario_earthquakes"] * 2


def test_a_zone_is_dated_by_the_row_whose_probability_it_has() -> None:
    atlas = tiny_atlas()
    table = atlas.table("herp_probabilities")
    table.loc[3, ["p30_low_pct", "p30_high_pct"]] = 2.0
    atlas.tables["herp_probabilities"] = table
    found = earthquake_sources(atlas, settings()).loc["Z1"]
    # The newer value of 2 % is less than the 3 % of 2017 of another row.
    assert found["source_probability_30y"] == 0.03
    assert found["published_probability_30y"] == 0.02
    assert (found["probability_date"], found["basis"]) == (OLD, "scenario_earthquakes")


def test_shipped_sources(shipped_atlas: Atlas) -> None:
    found = earthquake_sources(shipped_atlas, settings())
    trough = found[found["source_id"] == "ANNKI"]
    assert len(trough) == 15
    np.testing.assert_allclose(trough["share"], 1 / 15)
    # 60 to 90 % or more, of 2025-09-26.
    assert set(trough["source_probability_30y"]) == {0.75}
    assert set(trough["probability_date"]) == {"2025-09-26"}
    sagami = found[found["source_id"] == "ASGMI"]
    np.testing.assert_allclose(sagami["share"], 1 / 10)
    assert set(sagami["source_probability_30y"]) == {0.03}
    np.testing.assert_allclose(found.groupby("source_id")["share"].sum(), 1.0)
    assert (
        not found[["source_id", "source_probability_30y"]]
        .drop_duplicates()["source_id"]
        .duplicated()
        .any()
    )
    old = earthquake_sources(shipped_atlas, settings(probabilities="hazard_map_2017"))
    assert set(old.loc[old["source_id"] == "ANNKI", "source_probability_30y"]) == {0.713}
    assert set(old["probability_date"].dropna()) == {OLD}
