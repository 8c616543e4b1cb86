"""A front's files: what they hold, that they are whole, and the page in a real browser."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from dcsite.atlas import Atlas
from dcsite.errors import OutputError
from dcsite.outputs.front import write_front
from dcsite.plan.types import HubBrief
from dcsite.studies.front import Axis, Front, FrontPoint, PointMeasure

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"

X = Axis("separation", "existing_core_distance_km", "distance to core", "距離", "km")
Y = Axis("renewables", "hourly_renewable_share", "renewable share", "再エネ比率", "share")
HUBS = (
    HubBrief("01235", "石狩市", "Ishikari-shi", "core", 43.17, 141.32, "Hokkaido", "北海道", 300.0),
    HubBrief("40203", "久留米市", None, "large", 33.32, 130.51, "Fukuoka", "福岡県", 120.5),
    HubBrief("47201", "那覇市", "Naha-shi", "regional", 26.21, 127.68, "Okinawa", "沖縄県", 12.0),
)


def measured(axis: Axis, value: float, score: float) -> PointMeasure:
    return PointMeasure(**vars(axis), value=value, score=score)


def point(x: float, y: float, hubs: tuple[HubBrief, ...], **others: object) -> FrontPoint:
    whole = FrontPoint(
        eps=x / 800, x=x, y=y, x_score=x / 800, y_score=y, y_score_bound=y, gap=0.0,
        status="optimal", wall_s=1.25, hubs=hubs,
        measures=(measured(X, x, x / 800), measured(Y, y, y)),
    )  # fmt: skip
    return replace(whole, **others)


@pytest.fixture
def front() -> Front:
    return Front(
        scenario_name="fixture", title_en="Fixture, not a result", title_ja="試験用", x=X, y=Y,
        points=(
            point(400.0, 0.9, HUBS),
            point(480.5, 0.75, HUBS[:2], y_score_bound=0.78, gap=0.04, status="feasible"),
            point(600.0, 0.5, HUBS[1:]),
        ),
        points_asked=5, dominated=1, notes=("x score 0.700000: no plan in time",), complete=True,
        gap_asked=0.001, penalty=0.0, x_bound=0.76, dcsite_version="test",
        created_at="2026-01-02T03:04:05+00:00", wall_s=12.5,
    )  # fmt: skip


def test_json_and_csv_hold_every_point_in_units_and_scores(
    front: Front, atlas: Atlas, tmp_path: Path
) -> None:
    paths = write_front(front, atlas, tmp_path / "out")
    assert sorted(path.name for path in paths.json.parent.iterdir()) == [
        "front.csv", "front.html", "front.json",
    ]  # fmt: skip
    document = json.loads(paths.json.read_text(encoding="utf-8"))
    assert (document["complete"], document["points_asked"], document["dominated"]) == (True, 5, 1)
    middle = document["points"][1]
    assert (middle["x"], middle["x_score"], middle["eps"]) == (480.5, 0.600625, 0.600625)
    assert (middle["y"], middle["y_score_bound"], middle["gap"]) == (0.75, 0.78, 0.04)
    assert middle["status"] == "feasible"
    assert [hub["site_id"] for hub in middle["hubs"]] == ["01235", "40203"]
    with paths.csv.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["x_existing_core_distance_km"] for row in rows] == ["400.0", "480.5", "600.0"]
    assert rows[2]["y_hourly_renewable_share"] == "0.5"
    assert rows[2]["hubs"] == "large:40203 regional:47201"
    assert {row["front_complete"] for row in rows} == {"yes"}


def test_a_written_front_is_read_back_and_describes_itself(
    front: Front, atlas: Atlas, tmp_path: Path
) -> None:
    paths = write_front(front, atlas, tmp_path / "out")
    assert Front.read_file(paths.json) == front
    Draft202012Validator(Front.schema()).validate(front.dump())


def test_values_on_the_axes_carry_the_decimals_of_their_units(front: Front) -> None:
    fine = 512.3456789
    document = replace(front, points=(point(fine, 1 / 3, HUBS),)).dump()["points"][0]
    assert (document["x"], document["y"]) == (512.346, 0.333333)
    assert [one["value"] for one in document["measures"]] == [512.346, 0.333333]


def test_an_incomplete_front_says_so_in_every_file(
    front: Front, atlas: Atlas, tmp_path: Path
) -> None:
    whole = write_front(front, atlas, tmp_path / "whole")
    part = write_front(replace(front, complete=False), atlas, tmp_path / "part")
    assert json.loads(part.json.read_text(encoding="utf-8"))["complete"] is False
    assert ",no," in part.csv.read_text(encoding="utf-8-sig")
    assert 'id="incomplete"' in part.html.read_text(encoding="utf-8")
    assert 'id="incomplete"' not in whole.html.read_text(encoding="utf-8")


def test_a_folder_of_a_user_is_left_alone(front: Front, atlas: Atlas, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        write_front(front, atlas, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def ready(driver: webdriver.Chrome, path: Path) -> None:
    driver.get("about:blank")
    driver.get_log("performance")
    driver.get_log("browser")
    driver.get(path.resolve().as_uri())
    script = "return document.body.classList.contains('dc-ready')"
    WebDriverWait(driver, 20).until(lambda page: page.execute_script(script))


def shown(driver: webdriver.Chrome) -> list[str]:
    circles = driver.find_elements(By.CSS_SELECTOR, "#hubs circle")
    return sorted(str(circle.get_attribute("data-site")) for circle in circles)


@pytest.mark.browser
def test_the_page_shows_the_plan_of_the_point_at_hand_and_asks_for_nothing(
    front: Front, atlas: Atlas, tmp_path: Path, open_browser: Callable[[int, int], webdriver.Chrome]
) -> None:
    nasty = replace(HUBS[1], name_ja=HOSTILE, name_en=HOSTILE)
    points = (*front.points[:2], point(600.0, 0.5, (nasty,)))
    paths = write_front(
        replace(front, points=points, title_ja=HOSTILE, notes=(HOSTILE,)), atlas, tmp_path / "out"
    )
    driver = open_browser(1400, 900)
    ready(driver, paths.html)
    assert len(driver.find_elements(By.CSS_SELECTOR, "#land path")) == 47
    assert not driver.find_elements(By.ID, "single")
    marks = driver.find_elements(By.CSS_SELECTOR, "#chart .point")
    assert len(marks) == 3
    # More is better in both: points go right and down.
    places = [(mark.location["x"], mark.location["y"]) for mark in marks]
    assert places == sorted(places)
    assert [y for _, y in places] == sorted(y for _, y in places)
    assert shown(driver) == ["01235", "40203", "47201"]

    marks[1].click()
    assert shown(driver) == ["01235", "40203"]
    slider = driver.find_element(By.ID, "slider")
    assert slider.get_property("value") == "1"
    assert "gap 4.000 %" in driver.find_element(By.ID, "which").text

    driver.execute_script(
        "arguments[0].value = 2; arguments[0].dispatchEvent(new Event('input'));", slider
    )
    assert shown(driver) == ["40203"]
    assert HOSTILE in driver.find_element(By.ID, "places").text
    assert HOSTILE in driver.find_element(By.CSS_SELECTOR, "h1").text
    driver.find_element(By.ID, "before").click()
    assert shown(driver) == ["01235", "40203"]

    with pytest.raises(NoAlertPresentException):
        _ = driver.switch_to.alert.text
    assert not [e for e in driver.get_log("browser") if e["level"] != "INFO"]
    messages = [json.loads(e["message"])["message"] for e in driver.get_log("performance")]
    asked = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert asked == [paths.html.resolve().as_uri()]


@pytest.mark.browser
def test_a_front_of_one_point_is_a_chart_too(
    front: Front, atlas: Atlas, tmp_path: Path, open_browser: Callable[[int, int], webdriver.Chrome]
) -> None:
    paths = write_front(replace(front, points=front.points[:1]), atlas, tmp_path / "out")
    driver = open_browser(1400, 900)
    ready(driver, paths.html)
    assert len(driver.find_elements(By.CSS_SELECTOR, "#chart .point")) == 1
    assert shown(driver) == ["01235", "40203", "47201"]
    assert not driver.find_element(By.ID, "slider").is_enabled()
    assert "One point" in driver.find_element(By.ID, "single").text
    assert not [e for e in driver.get_log("browser") if e["level"] != "INFO"]
