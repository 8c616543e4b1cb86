from __future__ import annotations

from dcsite.atlas import load_atlas
from dcsite.atlas.atlas import default_root
from dcsite.atlas.check import MAX_LINES_PER_COLUMN, Fault, report
from dcsite.atlas.descriptor import read_package

SPECS = read_package(default_root()).resources
TARGET = ("cable_landing_stations", "landing_id")


def lines(*faults: Fault) -> list[str]:
    return [str(problem) for problem in report(faults, SPECS)]


def test_lines_follow_tables_then_rows():
    found = lines(
        Fault("landing_clusters", 2, "basis", "c"),
        Fault("municipalities", 9, "kind", "b"),
        Fault("municipalities", 3, "kind", "a"),
        Fault("prefecture_polygons", 4, "geometry", "g"),
    )
    assert found == [
        "places/municipalities.csv: row 3, column kind: a",
        "places/municipalities.csv: row 9, column kind: b",
        "places/prefecture_polygons.geojson: feature 4, column geometry: g",
        "policy/landing_clusters.csv: row 2, column basis: c",
    ]


def test_one_cell_gets_one_line():
    found = lines(Fault("prefectures", 2, "name_en", "x"), Fault("prefectures", 2, "name_en", "y"))
    assert found == ["places/prefectures.csv: row 2, column name_en: x"]


def test_a_missing_id_is_silent_where_its_own_column_is_at_fault():
    orphan = Fault("landing_clusters", 2, "landing_id", "no such landing", TARGET)
    cause = Fault("cable_landing_stations", 3, "landing_id", "doubled")
    assert lines(orphan, cause) == [
        "network/cable_landing_stations.csv: row 3, column landing_id: doubled"
    ]
    assert lines(orphan) == [
        "policy/landing_clusters.csv: row 2, column landing_id: no such landing"
    ]


def test_a_missing_id_speaks_where_the_other_table_fails_elsewhere():
    orphan = Fault("landing_clusters", 2, "landing_id", "no such landing", TARGET)
    other = Fault("cable_landing_stations", 3, "lat_deg", "out")
    assert len(lines(orphan, other)) == 2


def test_long_runs_are_cut_and_counted():
    found = lines(*(Fault("municipalities", row, "kind", "bad") for row in range(2, 1002)))
    assert len(found) == MAX_LINES_PER_COLUMN + 1
    assert found[-1] == "places/municipalities.csv: column kind: and 980 more rows like these"


def test_specs_and_listing_agree():
    assert list(SPECS) == list(load_atlas().resources())
