"""The page of all candidates: what it holds, and that it sorts, filters and stays inert."""

from __future__ import annotations

import dataclasses
import html
import json
import re

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from dcsite.cli.summary import _ties
from dcsite.contract import load_mw
from dcsite.plan import Plan, Session
from dcsite.plan.explanation import PlaceName
from dcsite.plan.frame import hub_rows
from dcsite.plan.types import Tie

SITES = """site_id,name,lat,lon,max_mw
a,<img src=x onerror=alert(1)>,39.30,141.10,150
b,Daisen</script>,39.45,140.48,60
c,Ichinoseki,38.93,141.13,90
d,Saga,33.25,130.32,45.5
e,Odate,40.27,140.56,0.4
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory, atlas):
    folder = tmp_path_factory.mktemp("candidates")
    path = folder / "mine.csv"
    path.write_text(SITES, encoding="utf-8")
    session = Session.open("best-of", ["tiers.large.count=2"], path, atlas=atlas)
    plan = session.solve().plan
    return plan, plan.write(folder / "out", session)


def test_the_page_holds_every_candidate_and_no_markup_of_the_user(written):
    plan, paths = written
    page = paths.candidates_html.read_text(encoding="utf-8")
    assert "<img" not in page
    assert not re.search(r"(src|href)=\"?https?:", page.split("<footer>")[0])
    (data,) = re.findall(r'<script id="data" type="application/json">(.*?)</script>', page)
    found = json.loads(data)
    assert [row["id"] for row in found["rows"]] == list("abcde")
    assert {row["id"] for row in found["rows"] if row["hub"] is not None} == {
        hub.site_id for hub in plan.hubs
    }
    with plan.printed():
        loads = {hub.site_id: load_mw(hub.it_load_mw) for hub in plan.hubs}
    assert {row["id"]: row["mw"] for row in found["rows"] if row["mw"] is not None} == loads
    assert found["tiers"] == [["大規模拠点", "Large hub"]]
    ranks = {row["id"]: row["tiers"][0][0] for row in found["rows"]}
    assert sorted(rank for rank in ranks.values() if rank) == [1, 2, 3, 4]
    assert ranks["e"] is None
    ((_, text),) = found["rows"][4]["tiers"][0][4]
    assert found["texts"][text][1] == "IT load that its usable land carries 0.4 MW (least 45.5 MW)"


def test_the_page_to_decide_from_says_why_the_others_are_no_hubs(written):
    plan, paths = written
    page = paths.brief_html.read_text(encoding="utf-8")
    (told,) = re.findall(r'<section id="others">(.*?)</section>', page, re.DOTALL)
    rows = [re.findall(r'lang="ja">(.*?)</span>', row) for row in told.split("<tr>")[1:]]
    hubs = {hub.name_ja for hub in plan.hubs}
    names = {line.split(",")[1] for line in SITES.splitlines()[1:]}
    assert {html.unescape(name) for name, *_ in rows} == names - hubs
    reasons = {html.unescape(name): why for name, why, *_ in rows}
    assert reasons["Odate"].startswith("全階層で除外：")
    assert reasons["Odate"].endswith("0.4 MW（下限45.5 MW）")
    admitted = [why for why in reasons.values() if why.startswith("立地可・非選定：大規模拠点 4中")]
    assert len(admitted) == len(reasons) - 1 == 2
    # The file says where its sites are: they stand for no office.
    for one in (page, paths.map_html.read_text(encoding="utf-8")):
        assert "利用者のファイル" in one
        assert "市区町村の役所などの代表点" not in one
    assert "<img" not in page


@pytest.mark.browser
def test_it_sorts_filters_and_unfolds(written, open_browser):
    plan, paths = written
    driver = open_browser(1200, 900)
    driver.get(paths.candidates_html.as_uri())

    def lines():
        return driver.find_elements(By.CSS_SELECTOR, "#list tbody tr")

    def first_cells():
        return [line.find_element(By.TAG_NAME, "td").text for line in lines()]

    assert first_cells() == ["1", "2", "3", "4", "–"]
    assert len(driver.find_elements(By.CSS_SELECTOR, "#list tr.chosen")) == len(plan.hubs)
    head = driver.find_element(By.CSS_SELECTOR, 'th[data-key="rank"]')
    head.find_element(By.TAG_NAME, "button").click()
    assert first_cells() == ["4", "3", "2", "1", "–"]
    assert (
        driver.find_element(By.CSS_SELECTOR, 'th[data-key="rank"]').get_attribute("aria-sort")
        == "descending"
    )
    Select(driver.find_element(By.ID, "status")).select_by_value("refused")
    assert [line.find_element(By.TAG_NAME, "th").text[:5] for line in lines()] == ["Odate"]
    assert "least 45.5 MW" in lines()[0].text
    lines()[0].find_element(By.CSS_SELECTOR, "th button").click()
    assert "km" in driver.find_element(By.CSS_SELECTOR, "#list tr.more").text
    Select(driver.find_element(By.ID, "status")).select_by_value("")
    driver.find_element(By.ID, "text").send_keys("daisen")
    assert len(lines()) == 1
    assert driver.find_element(By.ID, "count").text == "1 / 5"
    assert not [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


def test_ties_are_told_in_tables_and_on_the_terminal(plan):
    first, *others = plan.hubs
    rivals = [PlaceName(f"r{n}", f"候補{n}", f"Rival {n}", "県", "Ken") for n in range(3)]
    told = (
        (Tie(rivals[0], 40.0, 0.001 * plan.objective), Tie(rivals[1], 40.0, 0.0)),
        (Tie(rivals[1], 40.0, -0.0002 * plan.objective),),
        (Tie(rivals[2], 40.0, 0.0),),
    )
    hubs = [
        dataclasses.replace(hub, tier="large", ties=own)
        for hub, own in zip(others, told, strict=False)
    ]
    hubs[0] = dataclasses.replace(hubs[0], ties_open=7)
    tied = dataclasses.replace(plan, hubs=(first, *hubs))
    assert Plan.load(json.loads(tied.text())).hubs[1].ties_open == 7
    assert [[hub.site_id for hub in group] for group in tied.tied] == [
        [hubs[0].site_id, hubs[1].site_id], [hubs[2].site_id]
    ]  # fmt: skip
    rows = {row["site_id"]: row for row in hub_rows(tied)}
    assert rows[hubs[0].site_id]["ties_with"] == (
        "候補0 Rival 0 r0 (0.100 %); 候補1 Rival 1 r1 (0.000 %)"
    )
    assert rows[first.site_id]["ties_with"] == ""
    head, both, alone = _ties(tied).splitlines()
    assert f"{plan.gap:.3%}" in head
    assert both == (
        f"  large {hubs[0].label}, {hubs[1].label} ~ 候補1 Rival 1 (-0.020 %), "
        "候補0 Rival 0 (0.100 %); up to 7 more not ruled out"
    )
    assert alone == f"  large {hubs[2].label} ~ 候補2 Rival 2 (0.000 %)"
