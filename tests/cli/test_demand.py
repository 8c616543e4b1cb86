"""``dcsite demand``."""

from __future__ import annotations

import json


def test_it_prints_both_languages_with_lines_and_flags(call):
    answer = call("demand")
    assert answer.code == 0
    for text in ("G4 L2557-2559", "3.8 times", "総発電量の3.8倍", "新拠点に向ける割合", "1,895"):
        assert text in answer.out


def test_json_is_the_record(call):
    answer = call("demand", "--json", "--set", "demand.basis=racks")
    rows = json.loads(answer.out)["rows"]
    assert {row["section"] for row in rows if row["used"]} == {"racks", "basis", "share"}
