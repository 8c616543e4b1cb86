"""``dcsite demand``."""

from __future__ import annotations

import json


def test_it_prints_both_languages_with_lines_and_flags(call):
    answer = call("demand")
    assert answer.code == 0
    for text in ("G4 L2557-2559", "3.8 times", "総発電量の3.8倍", "新拠点に向ける割合", "1,895"):
        assert text in answer.out


def test_each_years_share_stands_in_the_title(call, tmp_path):
    mine = tmp_path / "mine.toml"
    own = "[periods.set.2028]\ndemand.share_in_new_hubs = 0.3\n"
    mine.write_text(f'extends = "by-year"\n{own}', encoding="utf-8")
    answer = call("demand", str(mine))
    assert "/ PUE 1.3 x 0.3/0.4 /" in answer.out
    assert "784.8 TWh/year" in answer.out


def test_a_section_without_figures_has_no_title(call):
    answer = call("demand", "best-of")
    assert "各根拠による計画年の増分" in answer.out
    assert "処理の種類別の伸び" not in answer.out


def test_json_is_the_record(call):
    answer = call("demand", "--json", "--set", "demand.basis=racks")
    rows = json.loads(answer.out)["rows"]
    assert {row["section"] for row in rows if row["used"]} == {"racks", "class", "basis", "share"}
