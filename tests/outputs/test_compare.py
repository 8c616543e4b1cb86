"""compare.json and compare.html: content, escaping, both or neither."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

import dcsite
from dcsite.errors import OutputError
from dcsite.outputs import check_directory
from dcsite.outputs.compare import PLAN_COLOURS, write_comparison
from dcsite.outputs.write import STUDY_FILES
from dcsite.studies.compare import Contender, compare_plans

HOSTILE = "<img src=x onerror=alert(1)></script><b>"


@pytest.fixture(scope="module")
def found(measured, shipped_atlas):
    asked = dcsite.load_scenario("policy-2023", ("demand.total_new_it_load_mw=600",))
    hubs = measured.loc[["01217", "43100"]].assign(tier="core", it_load_mw=300.0, reserve_mw=0.0)
    named = hubs.assign(name_ja=[HOSTILE, "熊本市"])
    return compare_plans(
        [
            Contender("one", "Plan one", "計画一", hubs),
            Contender(HOSTILE, f"Plan {HOSTILE}", f"計画{HOSTILE}", named, HOSTILE, HOSTILE),
        ],
        shipped_atlas,
        asked,
    )


@pytest.fixture(scope="module")
def paths(found, shipped_atlas, tmp_path_factory):
    return write_comparison(found, shipped_atlas, tmp_path_factory.mktemp("compare") / "out")


def test_json_holds_plans_measures_and_differences(paths, found):
    document = json.loads(paths.json.read_text("utf-8"))
    assert document["measured_by"] == "policy-2023"
    assert [plan["label"] for plan in document["plans"]] == ["one", HOSTILE]
    assert {hub["site_id"] for hub in document["plans"][0]["hubs"]} == {"01217", "43100"}
    (against,) = document["against_first"]
    # The same hubs and loads: nothing is gained and nothing lost.
    assert (against["gains"], against["costs"]) == ([], [])
    assert (against["hubs_given_up"], against["hubs_elsewhere"]) == ([], [])
    assert any(one["key"] == "criteria.disasters.down_intensity" for one in document["assumptions"])


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.images = self.scripts = 0

    def handle_starttag(self, tag, attrs):
        self.images += tag == "img"
        self.scripts += tag == "script"


def test_text_from_a_file_never_becomes_markup(paths):
    text = paths.html.read_text("utf-8")
    tags = _Tags()
    tags.feed(text)
    assert tags.images == 0
    assert tags.scripts == 3
    assert "onerror=alert(1)></script>" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


def test_page_shows_both_plans_and_asks_for_nothing(paths):
    text = paths.html.read_text("utf-8")
    assert text.count('type="checkbox"') == 2
    assert PLAN_COLOURS[0] in text
    assert PLAN_COLOURS[1] in text
    assert "default-src 'none'" in text
    assert "http://" not in text.replace("http://www.w3.org/", "")


def test_what_is_held_against_what_is_said_and_no_more(paths):
    """Today's data centres are no price of resilience: plans of any kind are compared."""
    text = paths.html.read_text("utf-8")
    assert "<h2>one に比べた &lt;img" in text
    assert "レジリエンスの価格" not in text


def test_a_folder_with_other_files_is_left_alone(tmp_path, found, shipped_atlas):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        check_directory(tmp_path, "compare")
    with pytest.raises(OutputError):
        write_comparison(found, shipped_atlas, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert STUDY_FILES["compare"] == ("compare.json", "compare.html")
