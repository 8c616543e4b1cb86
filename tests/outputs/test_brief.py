"""The page to decide from: what it says of a plan and of years, on a map, in one language each."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import pytest
from selenium.webdriver.common.by import By

from dcsite.contract import Measure, Takeover, Violation
from dcsite.outputs.brief import brief_page
from dcsite.plan.schedule import FixedPlan
from dcsite.plan.sources import RuleSource, SourcedValue
from dcsite.plan.strategy import KeptOut, StrategyHub, StrategyPlace, StrategyTier
from dcsite.plan.types import CheapestPlan, HubBrief, Tie

HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"


class _Read(HTMLParser):
    """The tags of a page, and its text in one language."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.other = {"ja": "en", "en": "ja"}[language]
        self.tags: list[str] = []
        self.hidden = 0
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if self.hidden or dict(attrs).get("lang") == self.other:
            self.hidden += tag not in {"input", "meta"}

    def handle_endtag(self, tag):
        self.hidden -= bool(self.hidden)
        self.text += " " * (tag in {"td", "th", "li", "p", "h2"})

    def handle_data(self, data):
        self.text += "" if self.hidden else data


def read(page, language="ja"):
    reader = _Read(language)
    reader.feed(page)
    reader.text = re.sub(r"\s+", " ", reader.text)
    return reader


@pytest.fixture(scope="module")
def told(plan):
    """The plan with Tokyo lost, a tie, rules, and a measure for each topic; Akita carries 3 MW."""
    nan = float("nan")
    hubs = [dataclasses.replace(hub, ties=()) for hub in plan.hubs]
    hubs[2] = dataclasses.replace(hubs[2], ties=(Tie(hub_place(plan, 3), 50.0, 0.0),), ties_open=4)
    measures = (
        Measure("m", "sum", "all of it", "総額", 123e9, "JPY", None, 0.0, "money"),
        Measure("c", "share", "share of Tokyo", "東京の割合", 0.625, "share", None, 0.0,
                "concentration"),
        Measure("d", "none", "not known to anyone", "誰も知らない値", nan, "MW", None, 0.0,
                "demand"),
    )  # fmt: skip
    return dataclasses.replace(
        plan,
        hubs=tuple(hubs),
        measures=(*plan.measures, *measures),
        takeovers=(Takeover("tokyo", "Tokyo area", "東京圏", 1000.0, 400.0, 100.0, ""),),
        rules=(
            RuleSource("apart", "apart", "離れている", "hard", 0.0, ("B4 L5402",), ""),
            RuleSource("clean", "clean", "再エネ", "soft", 1.0, (), ""),
            RuleSource("silent", "silent", "無効の規則", "off", 1.0, (), ""),
        ),
        sourced=(
            SourcedValue("tiers.core.count", 2, "strategy", ("F1 L11170",), True, ""),
            SourcedValue("tiers.core.country", 2, "strategy", ("Z9",), True, ""),
        ),
    )


def hub_place(plan, number):
    return plan.hubs[number].place


def section(page, name, language="ja"):
    found = re.search(rf'<section id="{name}">.*?</section>', page, re.DOTALL)
    assert found
    text = read(found[0], language).text
    return text.replace(" ", "") if language == "ja" else text


def test_a_plan_alone_is_told_in_each_language(told, atlas):
    page = brief_page([("", told)], atlas)
    assert "7拠点（中核拠点2、大規模拠点3、地方拠点2）" in section(page, "answer")
    assert "最適性を証明済み" in section(page, "answer")
    assert "0.0216%以内" in section(page, "answer")
    assert "7 hubs (2 × core hub," in section(page, "answer", "en")
    assert "100MW残る" in section(page, "answer")  # what is asked of Tokyo's load and not carried
    assert "総額1,230億円" in section(page, "money")
    assert "all of it JPY 123.0 bn" in section(page, "money", "en")
    lost = section(page, "concentration")
    assert "東京の割合62.5%" in lost
    assert "約1,000MWのうち、予備容量が引き受けるのは約400MW（40%）、残りは引き受け手" in lost
    rules = section(page, "rules")
    assert "必須離れているB4L5402努力再エネ仮定" in rules
    assert "無効の規則" not in rules
    assert "求める数2F1L11170（読み方）" in section(page, "open")
    assert "誰も知らない値" in section(page, "trust")
    assert "役所などの代表点" in section(page, "trust")
    assert "Akita-shi" in section(page, "open", "en")
    assert "秋田市秋田県≈長岡市(+4)" in section(page, "open")
    assert not re.search("[ぁ-んァ-ン]", section(page, "answer", "en"))


def test_the_cheapest_plan_stands_beside_with_what_it_loses(told, atlas):
    own = Measure("s", "far", "distance", "距離", 400.0, "km", 0.5, 0.1)
    near = dataclasses.replace(own, value=90.0, score=0.1)
    better = Measure("b", "good", "better", "良い", 1.0, "km", 0.5, 0.1)
    cheapest = CheapestPlan(
        "feasible", "cost of 15 years", "15年の費用", 7e11, 6.5e11, 8e11,
        tuple(HubBrief.of(hub.site_id, vars(hub)) for hub in told.hubs[:1]),
        (near, dataclasses.replace(better, score=0.9)), (),
    )  # fmt: skip
    beside = dataclasses.replace(told, measures=(*told.measures, own, better), cheapest=cheapest)
    page = brief_page([("", beside)], atlas)
    money = section(page, "money")
    assert "差は1,000億円（最も安い計画は未証明、多くても1,500億円）" in money
    assert "15年の費用8,000億円7,000億円距離400km90km守れない努力規則00" in money
    assert "最も安い計画の拠点：石狩市" in money
    assert "良い" not in money
    short = section(page, "answer")
    assert "集中：東京の割合62.5%" in short
    # What the cheapest plan was sought by is said first, where a measure has it.
    total = Measure("m", "all", "cost of 15 years", "15年の費用", 8e11, "JPY", None, 0.0, "money")
    counted = dataclasses.replace(beside, measures=(*beside.measures, total))
    short = section(brief_page([("", counted)], atlas), "answer")
    assert "費用：15年の費用8,000億円、最も安い計画との差1,000億円" in short
    assert "costs JPY 100.0 bn more than the cheapest" in section(page, "money", "en")


def test_the_strategys_own_places_with_rule_value_and_limit_and_no_code_of_a_rule(told, atlas):
    keeper = KeptOut(
        "separation", "19 km to a core (least 60 km)", "中核まで19 km（下限60 km）", ""
    )
    akita = told.hubs[2].place
    near = StrategyTier("regional", False, akita, None, 9, (keeper,))

    def of(kind, entry, ja, hub, *tiers):
        lines = ("D1",), (f"L{entry}",)
        return StrategyPlace(entry, kind, ja, f"{ja} en", None, ("1",), *lines, hub, tiers)

    ranked = StrategyTier("large", True, akita, 35, 120, ())
    places = (
        of("planned", "101", "印西市", None, near),
        of("planned", "102", "印西市", None, near),
        of("feasibility_study", "11", "甲賀市", None, ranked),
        of("feasibility_study", "12", "秋田市", StrategyHub(akita.site_id, "large", 180.0)),
    )
    page = brief_page([("", dataclasses.replace(told, strategy_places=places))], atlas)
    own = section(page, "own")
    assert "2件のうち1か所が拠点" in own
    assert "2022年以降の新設計画：2件（1か所）のうち0か所が拠点" in own
    assert "2022年以降の新設計画2件（1か所）のうち0か所が拠点" in section(page, "answer")
    assert "秋田市D1L12計画の大規模拠点（約180MW）" in own
    assert own.index("秋田市D1") < own.index("甲賀市D1L11立地可・非選定、順位：大規模拠点120中35位")
    assert "印西市×2D1L101L102全階層で除外、地方拠点：中核まで19km（下限60km）" in own
    english = section(page, "own", "en")
    assert "19 km to a core (least 60 km)" in english
    assert "separation" not in own + english
    assert 'id="own"' not in brief_page([("", told)], atlas)
    # Wakayama is a prefecture: its best candidate is named, in each language by its own name.
    several = dataclasses.replace(
        places[2], name_ja="和歌山県", name_en="Wakayama", site_ids=("1", "2")
    )
    nowhere = (of("planned", "103", "白井市", None), of("planned", "104", "府中市", None))
    nowhere = tuple(dataclasses.replace(one, site_ids=()) for one in nowhere)
    page = brief_page([("", dataclasses.replace(told, strategy_places=(several, *nowhere)))], atlas)
    assert "順位（秋田市）：大規模拠点120中35位" in section(page, "own")
    assert "rank (秋田市 Akita-shi): large 35 of 120" in section(page, "own", "en")
    assert "白井市、府中市この問いの候補地にない" in section(page, "own")


def test_what_is_wrong_comes_first_and_nothing_unproven_is_called_proven(troubled_plan, atlas):
    page = brief_page([("", troubled_plan)], atlas)
    answer = section(page, "answer")
    assert answer.index("賄えない：沖縄県") < answer.index("途中で中断")
    assert "努力規則を守れない" in answer
    assert "上限は得られていない" in answer
    assert "証明済み" not in answer.replace("最適性は未証明", "")
    assert "金額は示さない" in section(page, "money")
    # Of an objective of next to nothing a share says nothing.
    wide = dataclasses.replace(troubled_plan, objective=-0.03, bound=0.75, gap=26.0)
    answer = section(brief_page([("", wide)], atlas), "answer")
    assert "差は最大0.7800点" in answer
    assert "2600" not in answer


def test_years_side_by_side_say_when_a_hub_opens_and_what_a_year_loses(told, by_year, atlas):
    schedule, first = by_year
    page = brief_page([("2028", first), ("2034", told)], atlas, schedule)
    answer = section(page, "answer")
    assert "2028年：3拠点" in answer
    assert "うち新設4拠点" in answer
    assert "全年を通した評価" in answer
    assert "目的値0.7000、上限0.7007" in answer
    assert answer.count("最適性を証明済み") == 1
    opened = section(page, "open")
    assert "石狩市北海道2028150300" in opened
    # What is wrong in both years is said once; each year's own is not lost.
    same = (Violation("r", 0.1, "share", (), 0.01, "both", "両年とも"),)
    own = (Violation("r", 0.2, "share", (), 0.01, "later", "後の年だけ"),)
    wrong = [("2028", dataclasses.replace(first, violations=same)),
             ("2034", dataclasses.replace(told, violations=same + own))]  # fmt: skip
    troubles = section(brief_page(wrong, atlas, schedule), "answer")
    assert "2028年・2034年：努力規則を守れない（罰則を差し引いて採用）：両年とも" in troubles
    assert "2034年：努力規則を守れない（罰則を差し引いて採用）：後の年だけ" in troubles
    assert troubles.count("両年とも") == 1
    assert "秋田市秋田県≈長岡市(+4)2028180180" in opened
    assert "長岡市新潟県2034–120" in opened
    assert "大規模拠点1·180MW3(+2)·390MW" in opened
    assert "目的値に対する割合0%0.562%–0.842%" in opened  # 0.004 and 0.006 of 0.71234567
    assert page.count('class="old"') == 3
    fixed = dataclasses.replace(
        schedule, fixed=(FixedPlan(HOSTILE, "", 2028, 3),), status="feasible"
    )
    told_so = brief_page([("2028", first), ("2034", told)], atlas, fixed)
    assert "以前の計画の3拠点を残した（2028年から）" in section(told_so, "answer")
    assert "最適性は未証明" in section(told_so, "answer")
    assert "script" not in read(told_so).tags


def test_what_changes_from_year_to_year_is_told_of_each(told, by_year, atlas):
    """A figure behind a value is that of the year, not of the last one; so is what is asked."""

    def year(plan, count, subsidy, asked):
        en, ja = f"subsidy for land (of a budget; {asked} asked for)", f"補助額（所要額{asked}）"
        own = Measure("cost", "land_subsidy_jpy", en, ja, subsidy, "JPY", None, 0.0, "money")
        tiers = {**plan.scenario["tiers"], "large": {"count": count}}
        scenario = {**plan.scenario, "tiers": tiers}
        return dataclasses.replace(plan, measures=(*plan.measures, own), scenario=scenario)

    first = year(by_year[1], {"min": 1, "max": 3}, 7e9, "70億円")
    last = year(told, {"min": 5, "max": 7}, 2e10, "258億円")
    page = brief_page([("2028", first), ("2034", last)], atlas, by_year[0])
    money = section(page, "money")
    assert "補助額2028年（所要額70億円）2034年（所要額258億円）70.0億円200億円" in money
    assert "総額–1,230億円" in money  # a label of one year stays whole
    assert "subsidy for land2028 (of a budget; 70億円 asked for)" in section(page, "money", "en")
    assert "大規模拠点求める数1–3→5–7" in section(page, "open")
    alone = brief_page([("", last)], atlas)
    assert "補助額（所要額258億円）200億円" in section(alone, "money")
    assert "求める数5–7" in section(alone, "open")


def test_a_name_on_the_map_covers_nothing_and_a_hub_in_okinawa_stands_in_the_corner(told, atlas):
    page = brief_page([("", told)], atlas)
    width = float(re.search(r'<svg class="map" viewBox="[\d.]+ [\d.]+ ([\d.]+)', page)[1])
    names = re.findall(r'<text lang="ja" x="([\d.]+)" y="([\d.]+)" text-anchor="(\w+)"', page)
    assert len(names) == 5  # of cores and large hubs
    # A hub just west of Tokyo's ring is not named across it.
    near = dataclasses.replace(told.hubs[0], lat_deg=35.69, lon_deg=139.2)
    beside = brief_page([("", dataclasses.replace(told, hubs=(near,)))], atlas)
    x, anchor = re.search(
        r'<text lang="ja" x="([\d.]+)" y="[\d.]+" text-anchor="(\w+)"', beside
    ).groups()
    circle = re.search(r'<circle cx="([\d.]+)"', beside)[1]
    assert anchor == "end"
    assert float(x) < float(circle)
    assert page.count('class="corner"') == 1
    far = dataclasses.replace(told.hubs[-1], lat_deg=27.1, lon_deg=142.2)  # Ogasawara
    page = brief_page([("", dataclasses.replace(told, hubs=(*told.hubs[:-1], far)))], atlas)
    assert 'class="corner"' not in page
    assert float(re.search(r'<svg class="map" viewBox="0.0 0.0 ([\d.]+)', page)[1]) > width


def test_a_plan_without_hubs_is_a_page_too(told, atlas):
    page = brief_page([("", dataclasses.replace(told, hubs=(), takeovers=(), rules=()))], atlas)
    assert "0拠点、IT負荷は合わせて約0MW" in section(page, "answer")
    assert 'id="rules"' not in page


def test_hostile_text_stays_text(told, atlas):
    hub = dataclasses.replace(
        told.hubs[0], site_id=HOSTILE, name_ja=HOSTILE, name_en=HOSTILE, tier=HOSTILE,
        prefecture_ja=HOSTILE, prefecture_en=HOSTILE,
    )  # fmt: skip
    wrong = dataclasses.replace(told, hubs=(hub,), title_ja=HOSTILE, title_en=HOSTILE,
                                scenario_name=HOSTILE)  # fmt: skip
    page = read(brief_page([("", wrong)], atlas))
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert HOSTILE in page.text


@pytest.mark.browser
def test_the_switch_shows_one_language_and_print_has_the_one_shown(
    told, atlas, open_browser, tmp_path
):
    file = tmp_path / "brief.html"
    file.write_text(brief_page([("", told)], atlas), encoding="utf-8")
    driver = open_browser(1000, 900)
    driver.get(file.as_uri())

    def shown():
        return driver.find_element(By.ID, "answer").text

    assert "7拠点" in shown()
    assert "hubs" not in shown()
    driver.find_element(By.CSS_SELECTOR, 'label[for="in-en"]').click()
    assert "7 hubs (2" in shown()
    assert "拠点" not in shown()
    assert driver.execute_script("return document.querySelectorAll('.map text').length") == 10
    drawn = (
        "return [...document.querySelectorAll('.map text')].filter(e => e.getBBox().width).length"
    )
    assert driver.execute_script(drawn) == 5
    assert not [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
