"""A peer's answer is judged by what its places are apart."""

from __future__ import annotations

import pytest

from dcsite.bench import peers
from dcsite.bench.child import LateRunError
from dcsite.bench.peers import PeerAsked, SpoptRow, measure_peer, measure_spopt, verdict
from dcsite.errors import Problem

ASKED = PeerAsked(points=30, count=4, seed=1, time_limit_s=60.0, whole_limit_s=99.0)


@pytest.mark.parametrize(
    ("complete", "apart_km", "proven", "word"),
    [
        (True, 100.0, True, "yes"),
        (True, 100.0 - 1e-10, True, "yes"),
        (True, 100.0, False, ""),
        (True, 99.9, True, "no"),
        (True, 99.9, False, "no"),  # whatever the optimum is, it is not this
        (False, 120.0, True, "no"),
        (False, None, True, ""),
    ],
)
def test_verdict(complete, apart_km, proven, word):
    assert verdict(complete, apart_km, 100.0, proven=proven) == word


def answer(monkeypatch, row):
    def measure_fresh(measure, asked, limit_s):
        assert (measure, asked, limit_s) == (measure_spopt, ASKED, 99.0)
        if row is None:
            raise LateRunError(Problem("bench", "", "late"))
        return row

    monkeypatch.setattr(peers, "measure_fresh", measure_fresh)
    return measure_peer(ASKED)


def test_places_too_near_are_wrong_whatever_is_claimed(monkeypatch):
    best = answer(monkeypatch, None)
    theirs = SpoptRow(
        status="Optimal",
        solution="Optimal Solution Found",
        claimed_km=best.dcsite_km,
        places=(0, 1, 2, 3),
        seconds=1.5,
    )
    found = answer(monkeypatch, theirs)
    assert (found.status, found.solution) == ("Optimal", "Optimal Solution Found")
    assert found.dcsite_proven
    assert found.dcsite_km == best.dcsite_km == found.claimed_km
    assert found.apart_km < found.dcsite_km
    assert found.right == "no"


def test_a_peer_that_comes_late_leaves_our_answer(monkeypatch):
    found = answer(monkeypatch, None)
    assert (found.status, found.right, found.seconds) == ("ended after 99 s", "", None)
    assert found.dcsite_proven
    assert found.dcsite_km == found.dcsite_bound_km > 0.0


def test_no_answer_is_neither_right_nor_wrong(monkeypatch):
    found = answer(
        monkeypatch,
        SpoptRow(
            status="Not Solved",
            solution="No Solution Found",
            claimed_km=None,
            places=(),
            seconds=9.0,
        ),
    )
    assert (found.status, found.apart_km, found.right) == ("Not Solved", None, "")


@pytest.mark.filterwarnings("ignore")  # the peer's own imports
def test_spopt_itself_on_few_places():
    pytest.importorskip("spopt", reason="python3 -m pip install 'dcsite[bench]'")
    few = ASKED.model_copy(update={"points": 15, "count": 3})
    found = measure_peer(few)
    assert (found.status, found.solution) == ("Optimal", "Optimal Solution Found")
    assert found.claimed_km == pytest.approx(found.dcsite_km, rel=1e-6)
    assert (found.points, found.count, found.right) == (15, 3, "yes")


def test_what_to_do_without_spopt(monkeypatch):
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda name: None)
    assert peers.missing() == (
        "spopt is not installed; python3 -m pip install 'dcsite[bench]' brings it"
    )
