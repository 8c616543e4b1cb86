"""A plan in a notebook: as a frame, in a few lines, and as HTML that stays text."""

from __future__ import annotations

import dataclasses
import json
import pickle
import re

import pytest

import dcsite
from dcsite.errors import OutputError, ScenarioError, SitesError
from dcsite.plan import Plan, Session
from dcsite.scenario import override_texts

#: Breaks out of HTML, of Jinja (Folium renders twice) and of JavaScript's template literals.
HOSTILE = "<img src=x onerror=alert(1)>{{ 7 * 7 }}`${alert(2)}</script>\\"


def test_a_frame_has_a_row_for_each_hub(plan):
    frame = plan.to_frame()
    assert list(frame.index) == [hub.site_id for hub in plan.hubs]
    assert frame.loc["01235", "name_ja"] == "石狩市"
    assert frame["it_load_mw"].sum() == pytest.approx(300 + 240 + 180 + 120.5 + 90 + 40 + 12)
    assert "geometry" not in frame


def test_a_geodataframe_has_longitude_first(plan):
    frame = plan.to_geodataframe()
    assert frame.crs.to_epsg() == 4326
    assert frame.geometry.iloc[0].x == pytest.approx(plan.hubs[0].lon_deg, abs=5e-7)
    assert frame.geometry.iloc[0].y == pytest.approx(plan.hubs[0].lat_deg, abs=5e-7)


def test_no_hubs_are_an_empty_frame(plan):
    empty = dataclasses.replace(plan, hubs=())
    assert len(empty.to_frame()) == 0
    assert "no hubs" in repr(empty)
    assert "no hubs" in empty._repr_html_()


def test_a_plan_is_told_in_a_few_lines(plan):
    lines = repr(plan).splitlines()
    assert len(lines) == 2
    assert plan.scenario_name in lines[0]
    assert plan.status in lines[0]
    assert "2 core, 3 large, 2 regional" in lines[1]
    assert "982 MW" in lines[1]  # 982.5, the half to the even number


def test_html_of_hostile_names_is_text(plan):
    hostile = dataclasses.replace(plan.hubs[0], name_ja="<img src=x onerror=alert(1)>")
    shown = dataclasses.replace(plan, hubs=(hostile,), scenario_name="<b>x")._repr_html_()
    assert "<img" not in shown
    assert "<b>x" not in shown
    assert "&lt;img src=x onerror=alert(1)&gt;" in shown


def test_tables_of_a_plan_are_frozen(plan):
    frozen = dataclasses.replace(plan, scenario={"weights": {"separation": 0.5}}, options={"a": 1})
    for table in (frozen.scenario, frozen.scenario["weights"], frozen.options):
        with pytest.raises(TypeError, match="frozen"):
            table["separation"] = 0.9
    for table in (plan.hubs[0].links, plan.hubs[0].facts):
        with pytest.raises(TypeError, match="frozen"):
            table["x"] = None
    read = Plan.read(frozen.text())
    with pytest.raises(TypeError, match="frozen"):
        read.scenario["weights"]["separation"] = 0.9
    assert read.scenario == frozen.scenario == pickle.loads(pickle.dumps(frozen)).scenario  # noqa: S301


def test_a_map_for_notebooks_has_hubs_and_links_and_fetches_nothing(plan):
    text = plan.explore().get_root().render()
    assert text.count("L.circleMarker(") == len(plan.hubs)
    links = sum(link is not None for hub in plan.hubs for link in hub.links.values())
    assert text.count("L.polyline(") == links > 0
    assert re.findall(r"https?://[^\s\"'<>]+", text) == []
    assert "cyberjapandata.gsi.go.jp" in plan.explore(tiles=True).get_root().render()
    assert len(text) < 1_000_000


@pytest.mark.browser
def test_hostile_names_are_text_on_the_map_for_notebooks(plan, open_browser, tmp_path):
    browser = open_browser(900, 700)
    hostile = dataclasses.replace(plan.hubs[0], site_id=HOSTILE, name_ja=HOSTILE, area=HOSTILE)
    shown = dataclasses.replace(plan, hubs=(hostile, *plan.hubs[1:]), scenario_name=HOSTILE)
    page = tmp_path / "map.html"
    page.write_text(shown.explore().get_root().render(), encoding="utf-8")
    browser.get(page.as_uri())
    opened = """
        const map = Object.values(window).find((one) => one instanceof L.Map);
        map.eachLayer((one) => one instanceof L.CircleMarker && one.options.radius > 0
            && one.getPopup && one.getPopup() && !window.first && (window.first = one));
        first.openPopup();
        return first.getPopup().getElement().textContent;
    """
    assert browser.execute_script(opened).count(HOSTILE) == 3
    assert browser.execute_script("return document.querySelectorAll('img[src=x]').length") == 0
    circles = browser.execute_script("return document.querySelectorAll('path[fill]').length")
    assert circles >= len(plan.hubs) + 47
    assert [line for line in browser.get_log("browser") if line["level"] == "SEVERE"] == []


def test_a_plan_is_written_as_the_command_writes_it(tmp_path):
    sites = tmp_path / "sites.csv"
    sites.write_text(
        "name,lat,lon,max_mw\nTomakomai,42.66,141.60,400\nTosu,33.39,130.52,300\n"
        "Aizu,37.55,139.85,60\n",
        encoding="utf-8",
    )
    asked = {
        "tiers.core.count": 2,
        "tiers.large.count": 0,
        "tiers.regional.count": 1,
        "demand.basis": "given",
        "demand.grid_demand_mw": 2000,
    }
    texts = override_texts(asked)
    session = Session.open("distance-only", texts, str(sites))
    plan = session.solve().plan
    paths = plan.write(tmp_path / "with session", session)
    again = Plan.read_file(paths.plan_json).write(str(tmp_path / "alone"), sites=str(sites))
    assert json.loads(again.plan_json.read_text("utf-8")) == plan.dump()
    for one in paths.directory.iterdir():
        assert (again.directory / one.name).read_bytes() == one.read_bytes(), one.name
    # The plan knows its file, and that it was changed or moved since.
    assert plan.write(tmp_path / "found").plan_json.is_file()
    sites.write_text(sites.read_text("utf-8").replace("Aizu,37.55", "Aizu,37.56"), "utf-8")
    with pytest.raises(SitesError, match=r"own_sites: the plan was made for 3 own sites .* others"):
        plan.write(tmp_path / "others")
    sites.unlink()
    with pytest.raises(SitesError, match=r"is not there; give where by --sites FILE"):
        plan.write(tmp_path / "others")
    assert not (tmp_path / "others").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").touch()
    with pytest.raises(OutputError, match=r"letter\.txt"):
        plan.write(tmp_path / "mine", session)


def test_overrides_are_written_as_the_command_line_takes_them():
    texts = override_texts(
        {
            "weights.renewables": 0.5,
            "rules.backup": "off",
            "tiers.large.count": {"min": 1, "max": 2},
        }
    )
    assert texts[:2] == ("weights.renewables=0.5", 'rules.backup="off"')
    loaded = dcsite.load_scenario("policy-2023", texts)
    assert loaded.weights["renewables"] == 0.5
    assert loaded.rules["backup"] == "off"
    assert loaded.tiers.large.count.max == 2


def test_overrides_are_laid_over_a_loaded_scenario_too(policy):
    before = policy.weights["renewables"]
    changed = dcsite.load_scenario(policy, ["weights.renewables=0.5"])
    assert changed.weights["renewables"] == 0.5
    assert policy.weights["renewables"] == before != 0.5
    assert changed.provenance["weights.renewables"].kind == "user"
    assert changed.provenance["demand.pue"] == policy.provenance["demand.pue"]
    assert dcsite.Session.open(policy, ["weights.renewables=0.5"]).scenario == changed
    with pytest.raises(ScenarioError, match=r"weights\.no"):
        dcsite.load_scenario(policy, ["weights.no=1"])
