"""Disasters: survival, losses and breaches, by hand on a set of four made-up events."""

from __future__ import annotations

import dataclasses
import json
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.optimize import linprog

import dcsite
from dcsite.criteria.disaster_terms import (
    disasters_of,
    down_by_cause,
    existing_areas,
    expected_down,
    tail_weights,
)
from dcsite.criteria.disasters import TailRows
from dcsite.criteria.disasters_found import cvar, evaluate_disasters, worst_disasters
from dcsite.hazards import DisasterSet, Fragility

#: Half of the sites are down at 6.0, without any scatter: an event takes a site down or not.
PLAIN = Fragility(6.0, 0.0, 0.0)


def made_up(lost: list[list[float]], events: list[tuple[str, str, float, bool]]) -> DisasterSet:
    frame = pd.DataFrame(events, columns=["event_id", "kind", "probability_30y", "in_force"])
    frame = frame.set_index("event_id")
    frame["name_en"] = [f"Event {event}" for event in frame.index]
    frame["name_ja"] = ["" for _ in frame.index]
    frame["areas_dark"] = [{} for _ in frame.index]
    frame["source_id"], frame["probability_date"], frame["basis"] = frame.index, "", ""
    losses = np.array(lost, dtype=float)
    ids = tuple(f"h{number}" for number in range(len(losses)))
    never = np.full(losses.shape, -np.inf)
    fuel = np.ones((3, len(frame)))
    return DisasterSet(frame, never, losses, never, 0.0, fuel, PLAIN, ids, ("core",) * len(ids))


def hubs_of(*rows: tuple[str, float, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["tier", "it_load_mw", "area"])
    frame.index = pd.Index([f"h{number}" for number in range(len(rows))], name="site_id")
    return frame.assign(municipality_code="01100")


# Four hubs of 400, 300, 200 and 100 MW; the scenario asks for 1,000 MW.
HUBS = hubs_of(
    ("core", 400.0, "hokkaido"),
    ("core", 300.0, "kyushu"),
    ("large", 200.0, "tohoku"),
    ("regional", 100.0, "tohoku"),
)
EVENTS = [
    ("quake", "earthquake", 0.10, True),
    ("dark", "area_blackout", 0.30, True),
    ("slim", "earthquake", 0.60, False),
    ("tokyo_lost", "tokyo_lost", math.nan, True),
]
LOST = [
    # quake, dark, slim, tokyo
    [0.5, 0.0, 1.0, 0.0],
    [0.5, 0.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 0.0],
    [0.0, 1.0, 0.0, 1.0],
]


@pytest.fixture
def asked():
    return dcsite.load_scenario(
        "policy-2023",
        (
            "demand.total_new_it_load_mw=1000",
            "criteria.disasters.cvar_level=0.8",
            "criteria.disasters.expected_zero_at=0.5",
            "weights.disasters=1",
        ),
    )


def test_measures_by_hand(shipped_atlas, asked):
    found = evaluate_disasters(HUBS, shipped_atlas, asked, made_up(LOST, EVENTS))
    by_name = {measure.name: measure for measure in found.measures}
    # quake: 350 of 1000 MW down; dark: 300. Of those in force the quake is the worse; "slim" takes
    # 400 MW and is not in force.
    assert by_name["worst_survival"].value == pytest.approx(0.65)
    assert "Event quake" in by_name["worst_survival"].label_en
    assert by_name["worst_survival"].weight == pytest.approx(0.4)
    # Expected times down: 0.05 + 0.6, 0.05, 0.3, 0.3; weighted by MW: 0.260 + 0.015 + 0.09.
    assert by_name["expected_down_30y"].value == pytest.approx(0.365)
    # None is on record in 380 area-years: 0 to 25 % in place of 30 %, each with 300 of 1,000 MW.
    assert "(0.28 to 0.35 by what" in by_name["expected_down_30y"].label_en
    # Scores 1 - x / 0.5, never below 0: 0, 0.9, 0.4, 0.4 -> 270 + 80 + 40 of 1000.
    assert by_name["expected_down_30y"].score == pytest.approx(0.39)
    # Scored events weigh 0.1, 0.3 and 0.6. The worst fifth is a fifth of "slim", which loses 400.
    assert by_name["cvar_loss"].value == pytest.approx(0.4)
    assert by_name["cvar_loss"].score == pytest.approx(0.6)
    assert sum(measure.weight for measure in found.measures) == pytest.approx(1.0)


def test_breaches_by_hand(shipped_atlas, asked):
    found = evaluate_disasters(HUBS, shipped_atlas, asked, made_up(LOST, EVENTS))
    breaches = {breach.rule: breach for breach in found.breaches}
    # 70 % must stand in an earthquake, 65 % do; with dark exactly 70 %.
    assert breaches["disaster_survival"].amount == pytest.approx(0.05)
    assert "65.0% of the capacity stands in: Event quake; 70% wanted" in (
        breaches["disaster_survival"].message_en
    )
    assert "core_areas" not in breaches


def test_no_two_cores_in_an_area_nor_beside_an_existing_one(shipped_atlas, asked):
    assert existing_areas(shipped_atlas) == {"tokyo", "kansai"}
    nothing = made_up([[0.0]] * 4, [("tokyo_lost", "tokyo_lost", math.nan, True)])
    nothing.events.loc["tokyo_lost", "kind"] = "user"  # a worst event there must be
    hubs = hubs_of(
        ("core", 1.0, "kyushu"), ("core", 1.0, "kyushu"), ("core", 1.0, "kansai"),
        ("large", 997.0, "kyushu"),
    )  # fmt: skip
    found = evaluate_disasters(hubs, shipped_atlas, asked, nothing)
    areas = [breach for breach in found.breaches if breach.rule == "core_areas"]
    assert [(breach.amount, breach.site_ids) for breach in areas] == [
        (1.0, ("h2",)),
        (1.0, ("h0", "h1")),
    ]


def test_values_of_a_hub_name_its_worst_earthquake(shipped_atlas, asked):
    found = evaluate_disasters(HUBS, shipped_atlas, asked, made_up(LOST, EVENTS))
    values = {value.name: value for value in found.hub_values["h2"]}
    assert values["expected_down_30y"].value == pytest.approx(0.3)
    assert values["worst_earthquake_down"].value == 0.0


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(1, 9)), min_size=1, max_size=8),
    st.sampled_from([0.0, 0.5, 0.8, 0.95]),
)
def test_cvar_is_that_of_rockafellar_and_uryasev(drawn, level):
    loss = np.array([value for value, _ in drawn])
    weight = np.array([part for _, part in drawn], dtype=float)
    probability = weight / weight.sum()
    # min eta + sum(p * excess) / (1 - level), excess >= loss - eta, excess >= 0.
    count = len(loss)
    result = linprog(
        np.concatenate([[1.0], probability / (1.0 - level)]),
        A_ub=np.hstack([-np.ones((count, 1)), -np.eye(count)]),
        b_ub=-loss,
        bounds=[(None, None), *[(0.0, None)] * count],
        method="highs",
    )
    assert cvar(loss, probability, level) == pytest.approx(result.fun, abs=1e-7)


class OneRow:
    """As much of a program as the tail asks for: a load given, rows kept as coefficients."""

    total_it_load_mw = 100.0

    def __init__(self) -> None:
        self.load = np.zeros((3, 3))
        self.rows: list[np.ndarray] = []

    def continuous(self, name: str, *_: float) -> SimpleNamespace:
        return SimpleNamespace(name=name)

    def load_by_tier(self, _: object) -> np.ndarray:
        return self.load

    def load_terms(self, coefficient: np.ndarray) -> list[np.ndarray]:
        return [coefficient]

    def row(self, _: str, terms: list[object], sense: str, rhs: float) -> None:
        assert (terms[0][1], sense, rhs) == (1.0, ">=", 0.0)
        self.rows.append(-terms[1])


@given(
    hnp.arrays(float, (3, 4), elements=st.floats(0, 1)),
    hnp.arrays(float, (3, 4), elements=st.floats(0, 1)),
    hnp.arrays(float, (2, 3, 3), elements=st.floats(0, 40)),
    st.sampled_from([0.0, 0.5, 0.95]),
)
def test_a_tangent_of_the_tail_meets_it_and_never_lies_above(lost, outlast, loads, level):
    events = [(name, "earthquake", 0.1 * (n + 1), True) for n, name in enumerate("abcd")]
    found = dataclasses.replace(
        made_up(lost.tolist(), events), dark_logit=np.full((3, 4), np.inf), outlast=outlast
    )

    def tail(load: np.ndarray) -> float:
        down = 1.0 - (1.0 - lost[None]) * (1.0 - outlast[:, None, :])
        loss = (load.T[:, :, None] * down).sum(axis=(0, 1)) / program.total_it_load_mw
        return cvar(loss, np.arange(1, 5) / 10.0, level)

    program = OneRow()
    rows = TailRows(program, found, level)
    program.load = loads[0]
    expected = tail(loads[0])
    assert rows.complete({})[rows.loss.name] == pytest.approx(min(expected, 1.0), abs=1e-9)
    assert rows.separate({rows.loss.name: expected}) == 0
    if rows.separate({}):
        assert (program.rows[0] * loads[0]).sum() == pytest.approx(expected, abs=1e-9)
        assert (program.rows[0] * loads[1]).sum() <= tail(loads[1]) + 1e-9
    else:
        assert expected <= 1e-5


def test_the_shipped_set_by_known_figures(measured, shipped_atlas, policy):
    found = disasters_of(measured, shipped_atlas, policy)
    events = found.events
    assert events["kind"].value_counts().to_dict() == {
        "local_earthquake": 666, "earthquake": 432, "area_blackout": 10, "frequency_blackout": 2,
        "landing_cluster": 2, "network": 7, "tokyo_lost": 1,
    }  # fmt: skip
    sapporo, naha, tokyo = map(measured.index.get_loc, ("01100", "47201", "13101"))
    down = found.down_by_tier[2]
    of = {name: events.index.get_loc(name) for name in ("blackout_hokkaido", "tokyo_lost")}
    # A regional hub has fuel for a day, which few recorded outages outlast; a core's lasts longer.
    outlast = found.outlast[:, of["blackout_hokkaido"]]
    assert down[sapporo, of["blackout_hokkaido"]] == pytest.approx(outlast[2])
    assert 0.0 < outlast[0] < outlast[1] < outlast[2] < 0.5
    assert down[naha, of["blackout_hokkaido"]] == 0.0
    assert down[tokyo, of["tokyo_lost"]] > 0.7
    # The loss of Tokyo reaches places that may hold hubs: Honjo, Kamisu, Hokuto by their power.
    assert (found.dark[:, of["tokyo_lost"]] > 0.5).sum() > 300
    assert tail_weights(found).sum() == pytest.approx(1.0)
    parts = down_by_cause(dataclasses.replace(found, tiers=("regional",) * len(measured)))
    np.testing.assert_allclose(sum(parts.values()), expected_down(found, 2), atol=1e-12)
    # No computed case shakes Naha; local earthquakes do, and it goes dark with its area.
    assert parts["shaking"][naha] == 0.0
    assert min(parts[cause][naha] for cause in ("local_earthquake", "power")) > 0.01
    # One of the 15 patterns of the Nankai Trough: 75 % over 15.
    assert events.loc["ANN11", "probability_30y"] == pytest.approx(0.05)
    assert events.loc["ANN11", "probability_date"] == "2025-09-26"


def test_a_set_is_worked_out_once_and_anew_when_anything_changes(measured, shipped_atlas, policy):
    few = measured.iloc[:20]
    first = disasters_of(few, shipped_atlas, policy)
    assert disasters_of(few, shipped_atlas, policy) is first
    # Its tables count as read again, as if it had been worked out anew.
    with shipped_atlas.recording() as names:
        disasters_of(few, shipped_atlas, policy)
    assert {"scenario_intensity_by_municipality", "herp_probabilities"} <= names
    other = dcsite.load_scenario("policy-2023", ("criteria.disasters.down_intensity=5.5",))
    assert disasters_of(few, shipped_atlas, other).fragility.median_intensity == 5.5
    assert disasters_of(few.iloc[::-1], shipped_atlas, policy) is not first
    assert disasters_of(few, dcsite.load_atlas(), policy) is not first


def test_a_changed_file_of_disasters_is_read_anew(measured, shipped_atlas, tmp_path):
    file = tmp_path / "mine.csv"
    asked = dcsite.load_scenario(
        "policy-2023", (f"criteria.disasters.footprints_file={json.dumps(str(file))}",)
    )
    few = measured.loc[["01100", "47201"]]
    for probability in (0.25, 0.75):
        file.write_text(
            f"scenario_id,municipality_code,probability_down\nx,01100,{probability}\n", "utf-8"
        )
        found = disasters_of(few, shipped_atlas, asked)
        own = found.events.index.get_loc("user_x")
        assert found.down_by_tier[2][:, own].tolist() == [pytest.approx(probability), 0.0]


def test_the_loss_of_tokyo_is_listed_however_little_it_takes():
    events = [
        *[(f"quake{n}", "earthquake", 0.1, True) for n in range(3)],
        ("tokyo_lost", "tokyo_lost", math.nan, True),
    ]
    lost = [[0.5, 0.4, 0.3, 0.01]] * 4
    found = made_up(lost, events)
    found.events.loc["tokyo_lost", "basis"] = "ASG01"
    listed = worst_disasters(HUBS["it_load_mw"].to_numpy(), found, count=2)
    assert [(one.event_id, one.case_id) for one in listed] == [
        ("quake0", "quake0"),
        ("quake1", "quake1"),
        ("tokyo_lost", "ASG01"),
    ]
    nothing = made_up([[0.0]] * 4, events[-1:])
    assert worst_disasters(HUBS["it_load_mw"].to_numpy(), nothing) == ()
