"""``dcsite backtest`` on the small country's plan, and on what it cannot take."""

from __future__ import annotations

import pytest

from dcsite.studies.backtest import Backtest

pytestmark = pytest.mark.usefixtures("in_small_country")


def test_a_plan_is_held_against_what_was_announced(call, folder):
    answer = call("backtest", folder, "-q", "--output", "held")
    assert answer.code == 0, answer.err
    assert answer.err == ""
    assert answer.out.splitlines()[-1] == "page: held/backtest.html"
    found = Backtest.read_file(folder.parent / "held" / "backtest.json")
    for place in found.outside:
        assert f"{place.name_ja} {place.name_en}" in answer.out


@pytest.mark.parametrize(
    ("given", "said"),
    [
        # A plan's own sites may have moved, whichever option they came by.
        (("--add-sites", "moved.csv"), "moved.csv"),
        (("--sites", "moved.csv"), "moved.csv"),
        (("--near-km", "nan"), "--near-km"),
        (("--near-km", "-1"), "--near-km"),
        (("--output", "."), "is the current folder"),
    ],
)
def test_bad_input_is_refused_in_a_line(call, folder, given, said):
    answer = call("backtest", folder, "-q", *given)
    assert answer.code == 2
    assert len(answer.errors) == 1
    assert said in answer.err
    assert not (folder.parent / "dcsite-out").exists()
