"""Measured sites kept between runs: the same frame, the same tables, never anything stale."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

import dcsite
from dcsite.atlas import Atlas, load_atlas
from dcsite.atlas.atlas import default_root
from dcsite.criteria import cache as cache_module
from dcsite.criteria import measure_sites
from dcsite.criteria.cache import CACHE_VARIABLE, MeasureCache, cache_folder
from dcsite.criteria.measuring import take_measurements
from dcsite.errors import GeodataError
from dcsite.scenario import Scenario
from dcsite.sites.rows import notes_so_far, notes_told, tell_note

FEW = ["01100", "01217", "04100", "15100", "41206", "47201", "13421"]


@pytest.fixture(scope="module")
def few(measured: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Sites as they were before they were measured."""
    columns = list(measured.columns)
    return measured.loc[FEW, columns[: columns.index("population_2020") + 1]]


@pytest.fixture
def cache(tmp_path: Path) -> MeasureCache:
    return MeasureCache(tmp_path / "cache")


@pytest.fixture
def no_measuring(monkeypatch: pytest.MonkeyPatch):
    """From its call on, measuring is an error."""

    def forbid() -> None:
        def fail(*_: object) -> None:
            raise AssertionError("measured again")

        monkeypatch.setattr(cache_module, "take_measurements", fail)

    return forbid


def files(cache: MeasureCache) -> list[Path]:
    return sorted(cache.folder.iterdir())


def test_other_weights_are_answered_without_measuring(
    few, shipped_atlas, policy, cache, no_measuring
):
    cold = cache.measure_sites(few, shipped_atlas, policy)
    assert cache.last == "miss"
    no_measuring()
    other = dcsite.load_scenario(
        "policy-2023",
        ("weights.cables=0.5", "penalties.unserved=3", 'rules.separation="soft"', 'name="another"'),
    )
    warm = cache.measure_sites(few, shipped_atlas, other)
    assert cache.last == "hit"
    pd.testing.assert_frame_equal(warm, measure_sites(few, shipped_atlas, other))
    pd.testing.assert_frame_equal(warm, cold)
    assert isinstance(warm, gpd.GeoDataFrame)
    assert warm.crs == few.crs


@pytest.mark.parametrize(
    "override",
    [
        "criteria.renewables.local_decay_km=51",
        "network.year=2027",
        "criteria.substation.min_voltage_kv.core=275",
        "criteria.separation.score_one_km=700",
    ],
)
def test_other_parameters_are_measured_anew(few, shipped_atlas, policy, cache, override):
    cache.measure_sites(few, shipped_atlas, policy)
    other = dcsite.load_scenario("policy-2023", (override,))
    found = cache.measure_sites(few, shipped_atlas, other)
    assert cache.last == "miss"
    pd.testing.assert_frame_equal(found, measure_sites(few, shipped_atlas, other))
    assert len(files(cache)) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda sites: sites.iloc[::-1],
        lambda sites: sites.rename(index={"01100": "01101"}),
        lambda sites: sites.assign(lat_deg=sites["lat_deg"] + 1e-9),
        lambda sites: sites.assign(name_en=[None, *sites["name_en"].iloc[1:]]),
        lambda sites: sites.assign(remark=1.0),
    ],
)
def test_other_sites_are_measured_anew(few, shipped_atlas, policy, cache, change):
    cache.measure_sites(few, shipped_atlas, policy)
    other = change(few)
    found = cache.measure_sites(other, shipped_atlas, policy)
    assert cache.last == "miss"
    pd.testing.assert_frame_equal(found, measure_sites(other, shipped_atlas, policy))


def test_other_code_or_version_is_measured_anew(few, shipped_atlas, policy, cache, monkeypatch):
    cache.measure_sites(few, shipped_atlas, policy)
    cache_module._code_digest.cache_clear()
    monkeypatch.setattr(cache_module, "version", lambda _: "99.0")
    try:
        cache.measure_sites(few, shipped_atlas, policy)
    finally:
        cache_module._code_digest.cache_clear()
    assert cache.last == "miss"
    monkeypatch.setattr(cache_module, "_FORMAT", 99)
    cache.measure_sites(few, shipped_atlas, policy)
    assert cache.last == "miss"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: content[:40],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content[:900] + bytes([content[900] ^ 1]) + content[901:],
        lambda content: content + b"\0",
        lambda content: b"\x80\x04K\x01.",  # a pickle
    ],
)
def test_a_spoilt_file_is_silently_made_anew(
    few, shipped_atlas, policy, cache, spoil, no_measuring
):
    good = cache.measure_sites(few, shipped_atlas, policy)
    (path,) = files(cache)
    sound = path.read_bytes()
    path.write_bytes(spoil(sound))
    pd.testing.assert_frame_equal(cache.measure_sites(few, shipped_atlas, policy), good)
    assert cache.last == "miss"
    no_measuring()
    pd.testing.assert_frame_equal(cache.measure_sites(few, shipped_atlas, policy), good)
    assert files(cache) == [path]


def test_a_sound_file_of_another_format_is_made_anew(
    few, shipped_atlas, policy, cache, monkeypatch
):
    cache.measure_sites(few, shipped_atlas, policy)
    (path,) = files(cache)
    with monkeypatch.context() as patch:
        patch.setattr(cache_module, "_FORMAT", 0)
        other = MeasureCache(cache.folder.with_name("older"))
        other.measure_sites(few, shipped_atlas, policy)
        (older,) = files(other)
    shutil.copyfile(older, path)
    cache.measure_sites(few, shipped_atlas, policy)
    assert cache.last == "miss"


def test_the_plan_still_lists_the_tables_measuring_read(
    few, policy, cache, shipped_atlas, no_measuring
):
    cold = load_atlas()
    cache.measure_sites(few, cold, policy)
    read = {info.name: info.sha256 for info in cold.tables_used()}
    assert {"substations", "submarine_cables", "wind_farms", "prefecture_polygons"} <= set(read)
    no_measuring()
    warm = load_atlas()
    assert warm.tables_used() == ()
    cache.measure_sites(few, warm, policy)
    assert {info.name: info.sha256 for info in warm.tables_used()} == read


def test_what_was_told_of_users_files_is_told_again(
    few, policy, cache, shipped_atlas, no_measuring, monkeypatch
):
    def measure(*given):
        tell_note("note: d.gpkg: of 7 places strikes: 2")
        return take_measurements(*given)

    monkeypatch.setattr(cache_module, "take_measurements", measure)
    cache.measure_sites(few, shipped_atlas, policy)
    no_measuring()
    before = notes_so_far()
    cache.measure_sites(few, shipped_atlas, policy)
    assert notes_told(before) == ("note: d.gpkg: of 7 places strikes: 2",)


def test_tables_read_for_something_else_are_not_listed_later(few, policy, cache):
    busy = load_atlas()
    busy.table("budgets")
    cache.measure_sites(few, busy, policy)
    warm = load_atlas()
    cache.measure_sites(few, warm, policy)
    assert cache.last == "hit"
    names = {info.name for info in warm.tables_used()}
    assert "substations" in names
    assert len({info.name for info in busy.tables_used()} - names) >= 1


def test_a_changed_table_is_refused_though_measurements_are_kept(few, policy, cache, tmp_path):
    root = shutil.copytree(default_root(), tmp_path / "geodata")
    cache.measure_sites(few, load_atlas(root), policy)
    path = root / load_atlas(root).resource("wind_farms").path
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(GeodataError, match=r"wind_farms\.csv: SHA-256"):
        cache.measure_sites(few, load_atlas(root), policy)


def test_only_the_newest_files_are_kept(few, shipped_atlas, policy, cache):
    cache.keep = 2
    scenarios = [
        dcsite.load_scenario("policy-2023", (f"network.year={year}",))
        for year in (2026, 2027, 2028)
    ]
    for age, scenario in zip((300, 200), scenarios, strict=False):
        cache.measure_sites(few, shipped_atlas, scenario)
        newest = max(files(cache), key=lambda path: path.stat().st_mtime_ns)
        moment = newest.stat().st_mtime - age
        os.utime(newest, (moment, moment))
    cache.measure_sites(few, shipped_atlas, scenarios[0])  # used again: now the newest
    assert cache.last == "hit"
    left = cache.folder / "writing-12345678"
    left.mkdir()
    (left / "part").write_bytes(b"begun by a run that died")
    cache.measure_sites(few, shipped_atlas, scenarios[2])
    assert len(files(cache)) == 2
    cache.measure_sites(few, shipped_atlas, scenarios[0])
    assert cache.last == "hit"
    cache.measure_sites(few, shipped_atlas, scenarios[1])
    assert cache.last == "miss"


def test_a_folder_that_cannot_be_is_no_harm(few, shipped_atlas, policy, tmp_path):
    blocked = tmp_path / "a_file"
    blocked.write_text("not a folder")
    cache = MeasureCache(blocked / "cache")
    for _ in range(2):
        found = cache.measure_sites(few, shipped_atlas, policy)
        assert cache.last == "miss"
    pd.testing.assert_frame_equal(found, measure_sites(few, shipped_atlas, policy))
    assert blocked.read_text() == "not a folder"


def test_a_disk_that_fills_up_leaves_nothing_behind(few, shipped_atlas, policy, cache, monkeypatch):
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    cache.measure_sites(few, shipped_atlas, policy)
    assert files(cache) == []


def test_columns_that_cannot_be_kept_are_not(few, shipped_atlas, policy, cache, monkeypatch):
    def odd(sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> gpd.GeoDataFrame:
        found = take(sites, atlas, scenario)
        return found.assign(ways=[frozenset({"asia"})] * len(sites))

    take = cache_module.take_measurements
    monkeypatch.setattr(cache_module, "take_measurements", odd)
    found = cache.measure_sites(few, shipped_atlas, policy)
    assert found["ways"].iloc[0] == {"asia"}
    assert not cache.folder.exists()


def test_the_folder_is_named_by_the_environment_or_the_users_own(monkeypatch, tmp_path):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_folder() == tmp_path / "measured"
    monkeypatch.delenv(CACHE_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "dcsite" / "measured"
