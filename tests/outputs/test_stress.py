"""What a stress test writes: the same bytes for the same seed, one page that fetches nothing."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from jsonschema import Draft202012Validator

from dcsite.errors import OutputError
from dcsite.outputs.stress import (
    check_stress_directory,
    exceedance_chart,
    render_stress,
    write_stress,
)
from dcsite.outputs.write import STRESS_FILES
from dcsite.studies.stress import run_stress
from dcsite.studies.stress_simulate import StressAssumptions
from dcsite.studies.stress_types import (
    METHODS,
    Estimate,
    Exceedance,
    Spread,
    StressTest,
    TokyoTaker,
)

YEARS = 5000


def stressed(plan, policy, atlas, seed=1):
    return run_stress(
        plan,
        policy,
        atlas,
        StressAssumptions.read(),
        years=YEARS,
        seed=seed,
        version="1.2.3",
        sets=2,
    )


@pytest.fixture(scope="module")
def found(plan, policy, atlas):
    return stressed(plan, policy, atlas)


@pytest.fixture(scope="module")
def document(found):
    return json.loads(found.text())


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(found, plan, policy, atlas):
    text = found.text()
    assert stressed(plan, policy, atlas).text() == text
    assert stressed(plan, policy, atlas, seed=2).text() != text


def test_the_document_holds_what_its_module_says(document):
    assert list(document) == [
        "dcsite_version", "scenario_name", "title_en", "title_ja", "years", "seed", "confidence",
        "methods", "sources", "occurred", "plan", "today", "left_out", "varied", "tokyo_lost",
        "footprints", "history", "not_replayed", "settings", "assumptions", "restoration",
        "geodata",
    ]  # fmt: skip
    assert (document["dcsite_version"], document["years"], document["seed"]) == ("1.2.3", YEARS, 1)
    assert document["methods"] == [method.en for method in METHODS]
    assert document["occurred"]["tokyo_lost"] == 0
    assert "tokyo_lost" in {one["event_id"] for one in document["left_out"]}
    assert document["assumptions"]["repair_after_shaking_days"]["unit"] == "d"
    assert document["settings"]["fuel_hours"]["core"] == 72.0
    assert [len(one) for one in document["varied"]["sets"]] == [8, 8]
    assert {used["table"] for used in document["geodata"]} >= {
        "wide_area_power_outages",
        "scenario_intensity_by_municipality",
    }


def test_the_file_reads_back_and_meets_its_schema(found, document):
    Draft202012Validator(StressTest.schema()).validate(document)
    assert StressTest.read(found.text()).text() == found.text()


def estimates(value):
    if isinstance(value, dict):
        if set(value) == {"value", "low", "high"}:
            yield value
        else:
            for each in value.values():
                yield from estimates(each)
    elif isinstance(value, list):
        for each in value:
            yield from estimates(each)


def test_every_figure_lies_within_its_interval(document):
    listed = list(estimates(document))
    assert len(listed) > 200
    for estimate in listed:
        if estimate["low"] is not None:
            assert estimate["low"] <= estimate["value"] <= estimate["high"]


def test_a_fleets_figures_agree_with_each_other(document, plan):
    for name in ("plan", "today"):
        fleet = document[name]
        hubs = fleet["hubs"]
        assert len(fleet["pairs"]) == len(hubs) * (len(hubs) - 1) // 2
        assert sum(hub["it_load_mw"] for hub in hubs) == pytest.approx(fleet["total_mw"])
        alone = {hub["site_id"]: hub["down_per_year"]["value"] for hub in hubs}
        lost = sum(hub["mwh_per_year"]["value"] for hub in hubs)
        assert lost == pytest.approx(fleet["mwh_per_year"]["value"], rel=1e-4)
        by_kind = sum(loss["value"] for loss in fleet["mwh_by_kind"].values())
        assert by_kind == pytest.approx(fleet["mwh_per_year"]["value"], rel=1e-4)
        assert fleet["pairs"][0]["per_year"]["value"] <= fleet["two_down"]["value"]
        assert fleet["exceedance"][0]["per_year"]["value"] <= fleet["damaged_years"] / YEARS
        assert max(alone.values()) <= fleet["damaged_years"] / YEARS
        sources = [loss["source_id"] for loss in fleet["worst"]]
        assert len(sources) == len(set(sources)) == 10
        shares = [loss["expected_share"] for loss in fleet["worst"]]
        assert shares == sorted(shares, reverse=True)
    assert [hub["site_id"] for hub in document["plan"]["hubs"]] == [h.site_id for h in plan.hubs]


def test_footprints_are_those_of_the_worst_event_and_the_worst_earthquake(document):
    worst = document["plan"]["worst"]
    ids = [one["event_id"] for one in document["footprints"]]
    quake = next(loss["event_id"] for loss in worst if loss["kind"] == "earthquake")
    assert ids == [*dict.fromkeys([worst[0]["event_id"], quake]), "tokyo_lost"]
    assert document["footprints"][-1]["case_id"].startswith("A")
    assert document["footprints"][-1]["municipalities_ge_6lower"] > 100
    expected = sum(
        hub["it_load_mw"] * document["footprints"][0]["plan"][hub["site_id"]]
        for hub in document["plan"]["hubs"]
    )
    assert expected / document["plan"]["total_mw"] == pytest.approx(
        worst[0]["expected_share"], rel=1e-4
    )


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data):
        self.text += data


def read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


def test_the_page_fetches_nothing_and_runs_nothing(found, atlas):
    page = read(render_stress(found, atlas))
    assert page.addresses == []
    assert "script" not in page.tags


def test_the_page_names_hubs_events_and_assumptions_in_both_languages(found, atlas):
    page = read(render_stress(found, atlas))
    for hub in found.plan.hubs:
        assert hub.name_ja in page.text
    assert "50 Hz系統の全域停電" in page.text
    assert "北海道胆振東部地震" in page.text
    for _, value in found.assumptions:
        assert value.name_ja in page.text
        assert value.name_en in page.text
        assert value.why in page.text
    assert found.tokyo_lost.name_ja in page.text
    for method in METHODS:
        assert method.en in page.text
        assert method.ja in page.text


def test_tokyos_load_goes_by_lines_to_those_who_take_it(found, atlas):
    taker = TokyoTaker(found.plan.hubs[0].site_id, 80.0, 75.0, 0.1)
    load = {"load_mw": 100.0, "carried_mw": Spread(70.0, 75.0, 75.0)}
    lost = replace(found.tokyo_lost, hubs=(taker,), unserved_mw=Spread(30.0, 25.0, 25.0), **load)
    page = render_stress(replace(found, tokyo_lost=lost), atlas)
    (line,) = re.findall(r'<path class="arc" style="stroke-width: ([\d.]+)"', page)
    assert float(line) == 3.0
    text = read(page).text
    assert f"東京 Tokyo → {found.plan.hubs[0].name_ja}" in text
    assert "30 MW" in text


def test_a_hostile_name_stays_text(found, plan, policy, atlas):
    name = "</title><script>alert(1)</script>{{ 7*7 }}"
    hubs = (replace(plan.hubs[0], name_ja=name, name_en=name), *plan.hubs[1:])
    evil = stressed(replace(plan, hubs=hubs, title_ja=name, title_en=name), policy, atlas)
    page = read(render_stress(evil, atlas))
    assert "script" not in page.tags
    assert name in page.text


def point(percent_down: int, value: float, low: float, high: float) -> Exceedance:
    return Exceedance(percent_down / 100.0, Estimate(value, low, high))


def test_a_curve_by_hand(found):
    curve = (point(1, 0.1, 0.01, 1.0), point(2, 0.01, 0.001, 0.1), point(3, 0.0, 0.0, 0.001))
    chart = exceedance_chart([replace(found.plan, exceedance=curve)], years=1000)
    # From 1/1000 at the bottom (345) to 1 at the top (15): 110 pixels a decade; 4.9 a per cent.
    at, labels, others = zip(*chart.up, strict=True)
    assert labels == ("0.1 %", "1 %", "10 %", "100 %")
    assert at == (345.0, 235.0, 125.0, 15.0)
    assert others == ("1/1,000", "1/100", "1/10", "1/1")
    line, band = chart.curves["plan"]
    assert line == "M70 125L74.9 125L74.9 235L79.8 235"
    assert band == ("M70 15L74.9 15L74.9 125L79.8 125L79.8 345L74.9 345L74.9 235L70 235Z")


def test_a_fleet_that_nothing_strikes_has_no_curve(found):
    curve = tuple(point(percent_down, 0.0, 0.0, 0.1) for percent_down in range(1, 101))
    chart = exceedance_chart([replace(found.plan, exceedance=curve)], years=1)
    assert chart.curves == {"plan": ("", "")}


def test_the_plans_folder_gets_both_files_and_keeps_the_others(found, plan, atlas, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "plan.json").write_text(plan.text(), encoding="utf-8")
    (folder / "map.html").write_bytes(b"map\r\n")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    check_stress_directory(folder)
    for _ in range(2):
        record, page = write_stress(found, atlas, folder)
        assert {path.name for path in folder.iterdir()} == {*before, *STRESS_FILES}
        for name, content in before.items():
            assert (folder / name).read_bytes() == content
    assert record.read_text(encoding="utf-8") == found.text()
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_another_plans_folder_is_left_alone(found, plan, atlas, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    other = replace(plan, hubs=plan.hubs[1:])
    (folder / "plan.json").write_text(other.text(), encoding="utf-8")
    with pytest.raises(OutputError, match="not those that were stressed"):
        write_stress(found, atlas, folder)
    assert [path.name for path in folder.iterdir()] == ["plan.json"]


def test_a_folder_of_its_own_holds_nothing_else(found, atlas, tmp_path):
    write_stress(found, atlas, tmp_path / "a" / "b")
    assert {path.name for path in (tmp_path / "a" / "b").iterdir()} == set(STRESS_FILES)
    (tmp_path / "a" / "b" / "notes.txt").touch()
    with pytest.raises(OutputError, match=r"did not write \(notes\.txt\)"):
        check_stress_directory(tmp_path / "a" / "b")


def test_pages_have_no_broken_numbers(found, atlas):
    page = render_stress(found, atlas)
    assert not re.search(r"\bnan\b|\binf\b|Estimate\(", page)
    assert math.isfinite(found.plan.mwh_per_year.value)
