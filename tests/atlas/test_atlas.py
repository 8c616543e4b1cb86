from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from dcsite.atlas import load_atlas
from dcsite.atlas.atlas import default_root
from dcsite.errors import GeodataError


def test_nothing_is_read_until_it_is_asked_for():
    atlas = load_atlas()
    assert atlas.tables_used() == ()
    atlas.substations()
    atlas.table("prefectures")
    atlas.table("prefectures")
    assert [info.name for info in atlas.tables_used()] == [
        "prefectures", "electricity_areas", "substations", "network_companies",
    ]  # fmt: skip


def test_reading_existing_cores_counts_the_offices_too():
    atlas = load_atlas()
    atlas.existing_cores()
    assert [info.name for info in atlas.tables_used()] == ["prefectures", "existing_cores"]


def test_what_is_kept_is_made_once_and_its_tables_count_each_time():
    atlas, made = load_atlas(), []

    def count() -> int:
        made.append(len(atlas.table("prefectures")))
        return len(made)

    assert [atlas.kept("count", key, count) for key in ("a", "b", "a")] == [1, 2, 1]
    assert atlas.kept("other", "a", count) == 3
    with atlas.recording() as names:
        assert atlas.kept("count", "b", count) == 2
    assert names == {"prefectures"}
    # The last three keys of a name are kept.
    assert [atlas.kept("count", key, count) for key in "cdba"] == [4, 5, 2, 6]


def test_a_resource_tells_what_a_plan_must_name():
    info = load_atlas().resource("substations")
    assert info.path == "openstreetmap/substations.csv"
    assert info.theme == "power"
    assert info.rows == 3331
    assert info.licence == "Open Database License 1.0"
    assert info.licence_url == "https://opendatacommons.org/licenses/odbl/1-0/"
    assert "OpenStreetMap contributors" in info.source
    assert "2026-03" in info.vintage
    assert re.fullmatch("[0-9a-f]{64}", info.sha256)


def test_frames_belong_to_the_caller():
    atlas = load_atlas()
    mine = atlas.table("prefectures")
    mine.loc["13", "name_en"] = "changed"
    stations = atlas.substations()
    stations["voltage_kv"] = 0.0
    assert atlas.table("prefectures").loc["13", "name_en"] == "Tokyo"
    assert atlas.substations()["voltage_kv"].min() == 66.0


def test_an_unknown_table_is_named_with_what_there_is(few_tables):
    atlas = load_atlas(few_tables)
    with pytest.raises(GeodataError) as caught:
        atlas.table("wind_farms")
    message = str(caught.value)
    assert message.startswith("datapackage.json: resources.wind_farms: ")
    assert "submarine_cables" in message


def test_a_changed_table_is_refused_at_first_use_and_others_still_read(few_tables, edit):
    edit("places/prefectures.csv", lambda text: text.replace("Hokkaido", "Hokkaidou", 1))
    atlas = load_atlas(few_tables)
    assert len(atlas.table("electricity_areas")) == 10
    with pytest.raises(GeodataError) as caught:
        atlas.table("prefectures")
    assert str(caught.value).startswith("places/prefectures.csv: SHA-256 is ")
    assert "\n" not in str(caught.value)


def test_a_missing_table_is_named(few_tables):
    (few_tables / "places/prefectures.csv").unlink()
    with pytest.raises(GeodataError, match=r"^places/prefectures.csv: cannot be read \(No such"):
        load_atlas(few_tables).table("prefectures")


@pytest.mark.parametrize("path", ["places/prefectures.csv", "datapackage.json"])
def test_what_would_be_waited_for_is_refused(few_tables, path):
    """A pipe without a writer; so is a device, which never ends."""
    (few_tables / path).unlink()
    os.mkfifo(few_tables / path)
    with pytest.raises(GeodataError, match=rf"^{path}: cannot be read.*is no regular file"):
        load_atlas(few_tables).table("prefectures")


def test_a_descriptor_nested_too_deep_is_told(few_tables, edit):
    edit("datapackage.json", lambda _: "[" * 100_000)
    with pytest.raises(GeodataError, match=r"^datapackage.json: is nested too deep"):
        load_atlas(few_tables)


def test_a_resource_that_is_refused_is_not_missing_too(few_tables, edit):
    def only_one_with_a_short_hash(text):
        package = json.loads(text)
        package["resources"] = [{**package["resources"][0], "hash": "sha256:00"}]
        return json.dumps(package)

    edit("datapackage.json", only_one_with_a_short_hash)
    with pytest.raises(GeodataError) as caught:
        load_atlas(few_tables)
    assert len(caught.value.problems) == 1
    assert "hash" in str(caught.value)


def test_a_column_the_schema_lists_but_the_table_lacks_is_told(few_tables, edit):
    edit(
        "datapackage.json",
        lambda text: text.replace('"name": "iso_3166_2"', '"name": "iso_3166_3"', 1),
    )
    with pytest.raises(GeodataError, match=r"^places/prefectures.csv: does not fit its schema"):
        load_atlas(few_tables).table("prefectures")


def test_a_csv_table_is_not_handed_out_as_polygons(few_tables, edit):
    edit(
        "datapackage.json",
        lambda text: text.replace('"name": "prefecture_polygons"', '"name": "x"', 1).replace(
            '"name": "prefectures"', '"name": "prefecture_polygons"', 1
        ),
    )
    with pytest.raises(GeodataError, match=r"^places/prefectures.csv: is csv, not GeoJSON"):
        load_atlas(few_tables).polygons("prefecture_polygons")


def test_a_folder_without_descriptor_says_what_it_needs(tmp_path):
    with pytest.raises(GeodataError) as caught:
        load_atlas(tmp_path)
    assert str(caught.value).startswith(f"datapackage.json: no such file in {tmp_path}")


def test_the_shipped_folder_is_found_from_anywhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert (default_root() / "datapackage.json").is_file()
    assert load_atlas().root == default_root()
    assert isinstance(default_root(), Path)


def test_an_atlas_says_how_much_of_it_was_read():
    atlas = load_atlas()
    atlas.table("counts")
    assert repr(atlas).endswith(f"{len(atlas.resources())} tables, 1 read)")
