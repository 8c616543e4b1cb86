from __future__ import annotations

import base64
import dataclasses
import re
from pathlib import Path

import geopandas as gpd
import pytest

from dcsite.atlas import Atlas
from dcsite.outputs.map import render_map
from dcsite.plan.types import Plan


@pytest.fixture(scope="module")
def page(map_file: Path) -> str:
    return map_file.read_text(encoding="utf-8")


def decoded(page: str) -> str:
    """The page with its embedded scripts and styles opened."""
    return re.sub(
        r"data:text/[a-z]+;charset=utf-8;base64,([A-Za-z0-9+/=]+)",
        lambda match: base64.b64decode(match[1]).decode("utf-8"),
        page,
    )


def test_the_map_is_small(page: str) -> None:
    assert len(page.encode("utf-8")) < 3_000_000


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    loaded = re.findall(
        r"""<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=["']?([^"'\s>]+)""", page
    )
    assert len(loaded) == 6
    assert all(address.startswith("data:") for address in loaded)
    assert "sourceMappingURL" not in decoded(page)
    urls = re.findall(r"url\((.{0,12})", decoded(page))
    assert [url for url in urls if not url.startswith(("data:", "#"))] == []


def test_only_the_optional_tiles_may_be_fetched(page: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'")
    assert re.findall(r"https?://\S+?(?=[;\s]|$)", policy[1]) == [
        "https://cyberjapandata.gsi.go.jp"
    ]
    assert page.index("Content-Security-Policy") < page.index("<script")


def test_the_same_plan_gives_the_same_page(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas
) -> None:
    some = candidates.head(20)
    assert render_map(plan, some, atlas) == render_map(plan, some, atlas)


def test_criteria_are_found_by_their_columns(page: str) -> None:
    assert 'data-key="score-separation"' in page
    assert 'data-key="score-snow_cooling"' in page
    assert "Snow cooling" in page
    assert '"snow depth cm"' in page  # a measured column nobody has named


def test_shapes_are_shared_by_all_criteria(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas
) -> None:
    one = len(render_map(plan, candidates.drop(columns="score_snow_cooling"), atlas))
    two = len(render_map(plan, candidates, atlas))
    assert 0 < two - one < 20_000  # 1,741 more numbers, no more polygons


def test_what_is_wrong_comes_before_the_measures(
    troubled_plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas
) -> None:
    page = render_map(troubled_plan, candidates.head(5), atlas)
    violations, unserved = page.index('id="dc-violations"'), page.index('id="dc-unserved"')
    assert page.index('id="dc-status"') < violations < unserved < page.index('id="dc-measures"')
    assert "追加性のある再エネが46.2%で、50%に届かない" in page
    assert "約 about 40 MW" in page
    assert "中断時点の最良解" in page
    assert "All rules in force hold" not in page


def test_a_plan_without_trouble_says_so(page: str) -> None:
    assert "有効な規則をすべて満たし、需要をすべて賄います。" in page
    assert 'id="dc-violations"' not in page


def test_credits_name_what_was_read(page: str) -> None:
    assert "OpenStreetMap contributors" in page
    assert "opendatacommons.org/licenses/odbl/1-0/" in page
    assert "「国土数値情報（行政区域データ）」（国土交通省）をもとに加工" in page
    assert "municipality_polygons" in page


def test_braces_in_names_are_text_and_not_run(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas
) -> None:
    name = "A{{ 123456789 * 3 }}B{% for x in [1] %}C{% endfor %}${alert(1)}\\x41`"
    hub = dataclasses.replace(plan.hubs[0], name_ja=name, name_en=name)
    hostile = dataclasses.replace(plan, hubs=(hub,), title_ja=name, scenario_name=name)
    own = candidates.head(2).assign(name_ja=name)
    own.index = [name, "b"]
    page = render_map(hostile, own, atlas)
    assert "370370367" not in page
    assert "${alert(1)}\\x41" not in page.replace(f"<title>{name}", "")


def test_wakayama_stands_at_its_prefectural_office(page: str) -> None:
    row = re.search(r'\[34\.2\d+,135\.1\d+,0,\["和歌山県","Wakayama",.+?\]\]', page)
    assert row is not None
    assert "県庁（市町村ではなく県が対象）" in row[0]


def test_cables_have_no_invented_routes(page: str) -> None:
    assert "Routes at sea are not known and not drawn" in page
    assert '["FASTER","","",null,"国際 international","運用中 in service","2016","60 Tbps"' in page


def test_an_assumption_that_moves_a_third_of_the_load_is_told_first(page: str) -> None:
    told = page[page.index('id="dc-deciding"') : page.index('id="dc-measures"')]
    assert "demand.load_factor = 0.8" in told
    assert "0.5にすると負荷の56.1 %が移る" in told
    assert "demand.pue" not in told  # a hair less than a third
