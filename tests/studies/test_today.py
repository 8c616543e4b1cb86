"""Today's data centres as hubs: in service, with a capacity and a place, none counted twice."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd

from dcsite.studies.today import todays_hubs


def test_the_shipped_table(shipped_atlas):
    found = todays_hubs(shipped_atlas)
    assert list(found.columns) == [
        "name_en", "name_ja", "municipality_code", "area", "lat_deg", "lon_deg", "it_load_mw",
        "tier",
    ]  # fmt: skip
    assert found.index.name == "site_id"
    assert found.index.is_monotonic_increasing
    # The park of 300 MW stands for its tenant of 60; Keihanna is found by its position.
    assert "goodman-inzai" in found.index
    assert "stt-tokyo-1" not in found.index
    assert found.loc["colt-keihanna", "municipality_code"] == "26366"
    assert found.loc["colt-keihanna", "area"] == "kansai"
    assert found.loc["pdg-ty1", "municipality_code"] == "11100"
    # No position and no municipality: nobody knows where.
    assert "airtrunk-tok2" not in found.index
    assert found["it_load_mw"].sum() == 943.0
    assert not found.isna().any(axis=None)


def stub(rows: list[dict[str, object]], shipped_atlas) -> SimpleNamespace:
    base = {
        "name": "Site", "status_at_source_date": "in_service", "municipality_code": "13206",
        "lat_deg": 35.67, "lon_deg": 139.48, "precision": "municipality", "overlaps_with": None,
        "capacity_mw": 10.0,
    }  # fmt: skip
    table = pd.DataFrame([{**base, **row} for row in rows]).set_index("dc_id")
    tables = {
        "data_centres_existing": table,
        "municipalities": shipped_atlas.table("municipalities"),
    }
    return SimpleNamespace(table=lambda name: tables[name].copy(), polygons=shipped_atlas.polygons)


def test_of_a_chain_of_overlaps_the_largest_stands_for_all(shipped_atlas):
    rows = [
        {"dc_id": "a", "capacity_mw": 10.0, "overlaps_with": "b"},
        {"dc_id": "b", "capacity_mw": 20.0, "overlaps_with": "a;c"},
        {"dc_id": "c", "capacity_mw": 30.0},
        {"dc_id": "d", "capacity_mw": 5.0, "overlaps_with": "elsewhere"},
    ]
    found = todays_hubs(stub(rows, shipped_atlas))
    assert dict(found["it_load_mw"]) == {"c": 30.0, "d": 5.0}


def test_what_is_planned_or_of_unknown_capacity_or_place_does_not_count(shipped_atlas):
    rows = [
        {"dc_id": "planned", "status_at_source_date": "planned"},
        {"dc_id": "building", "status_at_source_date": "under_construction"},
        {"dc_id": "phased", "status_at_source_date": "in_service_phased"},
        {"dc_id": "silent", "capacity_mw": None},
        {"dc_id": "metro", "municipality_code": None, "precision": "metro"},
        {"dc_id": "nowhere", "municipality_code": None, "lat_deg": None, "precision": "none"},
        {"dc_id": "office", "lat_deg": None, "lon_deg": None, "precision": "none"},
    ]
    found = todays_hubs(stub(rows, shipped_atlas))
    assert list(found.index) == ["office", "phased"]
    place = shipped_atlas.table("municipalities").loc["13206"]
    assert found.loc["office", "lat_deg"] == place["office_lat_deg"]
    assert found.loc["phased", "lat_deg"] == 35.67
