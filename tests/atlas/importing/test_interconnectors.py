"""OCCTO's links: both published forms, the fences of 2026, and what is told."""

from __future__ import annotations

KIND = "interconnectors"
WIDE = (
    "連系線,対象日付,対象時刻,運用容量(順方向),運用容量(逆方向),広域調整枠(順方向),広域調整枠(逆方向),"
    "マージン(順方向),マージン(逆方向),空容量(順方向),空容量(逆方向),計画潮流(順方向),計画潮流(逆方向),"
    "潮流実績,運用容量拡大分(順方向),運用容量拡大分(逆方向)\n"
)
LONG = (
    "対象断面,策定日,策定／更新後,連系線,年月日,時刻,方向,空容量,計画潮流,広域調整枠,マージン,運用容量,"
    "運用容量決定要因,最新更新年月日時刻\n"
)


def wide(name: str, time: str, forward: object, reverse: object, flow: object = 0) -> str:
    return f"{name},2026/09/06,{time},{forward},{reverse},0,0,0,0,1,-1,2,2,{flow},0,0\n"


def long(name: str, time: str, direction: str, capacity: object) -> str:
    day = f"翌日,20260920,策定,{name},2026/09/21,{time}"
    return f"{day},{direction},95.1,5344.9,0,110,{capacity},熱容量,\n"


def links(desk, text: str) -> dict[str, dict[str, str]]:
    rows = desk.tables(KIND, desk.file("occto.csv", text))["interconnectors"].to_dict("records")
    return {row["link_id"]: row for row in rows}


def test_a_line_for_each_direction(desk):
    text = LONG + long("相馬双葉幹線", "00:30", "順方向", 5550)
    text += long("相馬双葉幹線", "00:30", "逆方向", -2360)
    text += long("相馬双葉幹線", "01:00", "順方向", 5000) + long(
        "相馬双葉幹線", "01:00", "逆方向", -2000
    )
    text += long("相馬双葉幹線", "24:00", "順方向", 4000) + long(
        "相馬双葉幹線", "24:00", "逆方向", -2360
    )
    [link] = links(desk, text).values()
    assert (link["link_id"], link["from_area"], link["to_area"]) == ("IC02", "tohoku", "tokyo")
    assert (link["capacity_from_to_max_mw"], link["capacity_from_to_median_mw"]) == ("5550", "5000")
    assert (link["capacity_to_from_max_mw"], link["capacity_to_from_median_mw"]) == ("2360", "2360")
    assert link["capacity_period"] == "2026-09-21..2026-09-21"
    assert link["mean_flow_from_to_mw_2026"] == "3321.8"  # as shipped: no flow in this form


def test_both_directions_and_the_flow_in_one_line(desk):
    text = WIDE + wide("関門連系線", "00:05", 800, -2800, -1500)
    text += wide("関門連系線", "00:10", 900, -2600, -1700)
    [link] = links(desk, text).values()
    assert (link["link_id"], link["capacity_from_to_max_mw"]) == ("IC10", "900")
    assert (link["capacity_to_from_max_mw"], link["capacity_to_from_median_mw"]) == ("2800", "2700")
    assert (link["mean_flow_from_to_mw_2026"], link["p05_flow_mw_2026"]) == ("-1600", "-1690")


def test_sections_of_one_link_are_added_unless_it_stands_there_itself(desk):
    halves = wide("関西-中国（東）", "00:30", 1000, -2000) + wide(
        "関西-中国（西）", "00:30", 2000, -2500
    )
    assert links(desk, WIDE + halves)["IC07"]["capacity_to_from_max_mw"] == "4500"
    whole = wide("西播東岡山線・山崎智頭線", "00:30", 2900, -4400)
    assert links(desk, WIDE + halves + whole)["IC07"]["capacity_to_from_max_mw"] == "4400"


def test_fences_bound_the_links_that_cross_them(desk):
    text = WIDE + wide("中部フェンス", "00:30", 2280, -2610)
    text += wide("北陸フェンス", "00:30", 200, -1900) + wide("関西フェンス", "00:30", 2600, -1000)
    found = links(desk, text)
    assert set(found) == {"IC04", "IC05", "IC06"}
    # Chubu to Kansai, shipped 2,500: out of Chubu 2,280, into Kansai 2,600
    assert found["IC04"]["capacity_from_to_max_mw"] == "2280"
    # back, shipped 1,700: out of Kansai 1,000 (reverse of its fence), into Chubu 2,610
    assert found["IC04"]["capacity_to_from_max_mw"] == "1000"
    # Chubu to Hokuriku, shipped 300: into Hokuriku 200; back 300 of 1,900 and 2,610
    assert found["IC05"]["capacity_from_to_max_mw"] == "200"
    assert found["IC05"]["capacity_to_from_max_mw"] == "300"
    # Hokuriku to Kansai, shipped 1,900 and 1,600: 1,900 out; back into Hokuriku 200
    assert found["IC06"]["capacity_from_to_max_mw"] == "1900"
    assert found["IC06"]["capacity_to_from_max_mw"] == "200"
    assert found["IC04"]["note"].startswith("not above the shipped capacity")


def test_lines_that_cannot_be_used_are_told(desk):
    text = (
        LONG + long("新しい連系線", "00:30", "順方向", 1) + long("関門連系線", "0時", "順方向", 1)
    )
    text += long("関門連系線", "00:30", "上り", "much")
    said = desk.said(KIND, desk.file("a.csv", text))
    assert "a.csv: line 2, 連系線: '新しい連系線' is no link that is known; allowed are" in said
    assert "a.csv: line 3, 年月日: '2026/09/21 0時' is no day (YYYY/MM/DD) and time" in said
    assert "a.csv: line 4, 方向: '上り' is no direction; allowed are 順方向 and 逆方向" in said
    assert "a.csv: line 4, 運用容量: 'much' is not a number" in said


def test_a_time_in_two_files_is_told(desk):
    one, two = (
        desk.file(name, WIDE + wide("関門連系線", "00:05", 800, -2800, flow))
        for name, flow in (("a.csv", 1), ("b.csv", 2))
    )
    assert "b.csv: line 2: 関門連系線 2026-09-06 00:05 stands in an earlier file" in desk.said(
        KIND, one, two
    )
