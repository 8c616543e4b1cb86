"""Taking over: loads from racks, who carries what by hand, the program against the evaluation."""

from __future__ import annotations

import math
import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import dcsite
from dcsite.criteria import takeover
from dcsite.criteria.takeover import core_loads, most_lacking, osaka_idle_mw
from dcsite.criteria.takeover_found import _hand_on, evaluate_takeover
from dcsite.feasibility.check import check_scenario
from dcsite.hazards import DisasterSet, Fragility
from dcsite.model import Candidates, assemble
from dcsite.plan import check_plan
from dcsite.solvers import SolveOptions, find_answer

ASKED = ("demand.total_new_it_load_mw=1000", "criteria.takeover.tokyo_share=0.2")


def asked(*changes: str):
    return dcsite.load_scenario("policy-2023", (*ASKED, *changes))


def made_up(down: list[list[float]], events: list[tuple[str, str, float]]) -> DisasterSet:
    """Return disasters that take down each hub with a probability, whatever its fuel."""
    frame = pd.DataFrame(events, columns=["event_id", "kind", "probability_30y"])
    frame = frame.set_index("event_id").assign(in_force=True, name_en="A Quake", name_ja="大地震")
    lost = np.array(down, dtype=float)
    never = np.full(lost.shape, -np.inf)
    ids = tuple(f"h{number}" for number in range(len(lost)))
    return DisasterSet(
        frame, never, lost, never, 0.0, np.ones((3, len(frame))), Fragility(6.0, 0.0, 0.0), ids,
        ("core",) * len(ids),
    )  # fmt: skip


def hubs_of(*rows: tuple[str, float, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["tier", "it_load_mw", "reserve_mw"])
    frame.index = pd.Index([f"h{number}" for number in range(len(rows))], name="site_id")
    return frame


# Two cores and a large hub; h0 and h2 fall together in the quake, h1 stands in everything.
HUBS = hubs_of(("core", 300.0, 100.0), ("core", 200.0, 200.0), ("large", 100.0, 50.0))
EVENTS = [("quake", "earthquake", 0.1), ("tokyo_lost", "tokyo_lost", math.nan)]
DOWN = [[1.0, 0.0], [0.0, 0.1], [0.5, 0.5]]


def test_tokyos_load_is_racks_in_operation_times_kw_times_its_share(shipped_atlas, policy):
    racks = shipped_atlas.table("rack_figures")["racks"]
    in_operation = racks["operating_domestic_2025"] + racks["operating_hyperscale_2025"]
    assert in_operation == 273_930 + 118_770  # G3, G4
    tokyo, osaka = (core_loads(shipped_atlas, policy.demand)[core] for core in ("tokyo", "osaka"))
    assert tokyo.load_mw == pytest.approx(392_700 * 4.0 / 1000.0 * 0.64)
    assert tokyo.capacity_mw == pytest.approx((344_180 + 129_320) * 4.0 / 1000.0 * 0.64)
    assert osaka.capacity_mw - osaka.load_mw == pytest.approx(80_800 * 0.004 * 0.16)
    # What all racks draw over a year, at a PUE of 1.4, is about what is published of all centres.
    outlook = shipped_atlas.table("data_centre_demand_outlook").reset_index()
    known = outlook[
        outlook["series"].eq("wood_mackenzie_energy") & outlook["fiscal_year"].eq("2024")
    ]
    drawn_twh = in_operation * policy.demand.kw_per_rack / 1e6 * 1.4 * 8.760
    assert drawn_twh == pytest.approx(float(known["value"].iloc[0]), rel=0.05)


def test_who_carries_what_by_hand(shipped_atlas):
    found = evaluate_takeover(HUBS, shipped_atlas, asked(), made_up(DOWN, EVENTS))
    breaches = {breach.rule: breach for breach in found.breaches}
    # h0 alone: only h1 carries it, 200 of 300 MW; quake: 300 + 50 MW fall, h1 has 200. h1 alone
    # finds 100 and 50, h2 alone 200: the quake is the worst.
    assert breaches["backup"].amount == pytest.approx(0.15)
    # By its name, in each language its own, and not by its id.
    assert "(A Quake): " in breaches["backup"].message_en
    assert "（大地震）" in breaches["backup"].message_ja
    # With Tokyo lost h0 has 100 MW, h1 180 (0.9 of 200); h2 falls with Tokyo (0.5). 20 MW of h1 and
    # 50 MW of h2 fall and come first: h2's onto h1, h1's onto h0 or what stands of h2 (25 MW).
    tokyo = found.takeovers[0]
    assert (tokyo.site_id, tokyo.worst_event_id) == ("tokyo", "tokyo_lost")
    assert tokyo.load_mw == pytest.approx(1005.312)
    # 280 MW less the 50 of h2; the 20 of h1 fit into the 25 of h2, that Tokyo cannot have.
    assert tokyo.carried_mw == pytest.approx(230.0)
    assert "tokyo_takeover" not in breaches
    arcs = {(arc.site_id, arc.backup_site_id): arc.takeover_mw for arc in found.backups}
    assert arcs["h0", "h1"] == pytest.approx(200.0)
    assert arcs["tokyo", "h0"] + arcs["tokyo", "h1"] == pytest.approx(230.0)
    assert arcs.keys().isdisjoint({("tokyo", "h2"), ("h0", "h2")})
    short = {one.site_id: one.short_mw for one in found.takeovers}
    assert short["h1"] == pytest.approx(50.0)  # 200 MW alone, 150 MW elsewhere
    assert "392,700 racks in operation in Japan (2025) x 4 kW x 64% = 1,005 MW" in found.notes[0]
    assert "全国の稼働ラック392,700（2025年）×4 kW×64%＝1,005 MW" in found.notes[0]


def test_the_share_wanted_is_of_tokyos_real_load(shipped_atlas):
    # The plan of 600 MW has not the MW: that is a shortfall and no cap.
    wanted = asked("criteria.takeover.tokyo_share=1")
    found = evaluate_takeover(HUBS, shipped_atlas, wanted, made_up(DOWN, EVENTS))
    (lack,) = [breach for breach in found.breaches if breach.rule == "tokyo_takeover"]
    assert lack.amount == pytest.approx((1005.312 - 230.0) / 1000.0)
    assert found.takeovers[0].short_mw == pytest.approx(1005.312 - 230.0)


def test_reserve_where_none_may_be_held_does_not_count(shipped_atlas):
    only_cores = asked('criteria.takeover.reserve_tiers=["core"]', "rules.backup=off")
    found = evaluate_takeover(HUBS, shipped_atlas, only_cores, made_up(DOWN, EVENTS))
    assert found.takeovers[0].carried_mw == pytest.approx(280.0)  # nobody's fall comes first
    assert {breach.rule for breach in found.breaches} == set()


def test_osakas_idle_racks_count_where_asked(shipped_atlas, policy):
    counted = asked("criteria.takeover.osaka_idle_counts=true")
    idle = osaka_idle_mw(shipped_atlas, counted)
    assert 0.0 < idle <= 80_800 * 0.004 * 0.16 + 1e-9
    found = evaluate_takeover(HUBS, shipped_atlas, counted, made_up(DOWN, EVENTS))
    assert found.takeovers[0].carried_mw == pytest.approx(230.0 + idle)


mw = st.integers(0, 6).map(float)


@settings(deadline=None)
@given(
    fall=st.lists(mw, min_size=1, max_size=4),
    stand=st.lists(mw, min_size=1, max_size=4),
    seed=st.integers(0, 2**16 - 1),
)
def test_what_is_left_is_what_some_set_of_hubs_lacks_most(fall, stand, seed):
    bits = np.array([seed >> number & 1 for number in range(16)], dtype=bool).reshape(4, 4)
    arcs = bits[: len(fall), : len(stand)]
    fallen, stands = np.array(fall), np.array(stand)
    # Brute force: of every set of hubs, what falls less what stands among its backups.
    brute = max(
        sum(fall[i] for i in chosen) - stands[arcs[list(chosen)].any(axis=0)].sum()
        for size in range(len(fall) + 1)
        for chosen in combinations(range(len(fall)), size)
    )
    flow, left = _hand_on(fallen, stands, [np.flatnonzero(row) for row in arcs])
    assert left.sum() == pytest.approx(brute, abs=1e-7)
    assert (flow[~arcs] == 0.0).all()
    assert (flow.sum(axis=0) <= stands + 1e-7).all()
    assert flow.sum(axis=1) + left == pytest.approx(fallen, abs=1e-7)
    # Three events, two of them in one program: as they are, with half of what falls, with nothing.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(takeover, "_ARCS_AT_ONCE", 2 * max(1, int(arcs.sum())))
        lacks, sets = most_lacking(
            np.outer(fallen, [1.0, 0.5, 0.0]), np.outer(stands, [1.0, 0.5, 1.0]), arcs
        )
    assert lacks == pytest.approx([brute, brute / 2.0, 0.0], abs=1e-7)
    for chosen in sets.T[:2]:
        own = fallen[chosen].sum() - stands[arcs[chosen].any(axis=0)].sum()
        assert own == pytest.approx(brute)


POOL = (
    "01100", "01213", "02201", "04100", "15100", "17201", "23100", "34100", "37201", "40100",
    "43100", "46201", "47201",
)  # fmt: skip
SMALL = (
    "tiers.core.count={min=1,max=2}",
    "tiers.core.it_load_mw={min=100,max=300}",
    "tiers.large.count={min=1,max=3}",
    "tiers.large.it_load_mw={min=50,max=200}",
    "tiers.regional.count={min=0,max=2}",
    "demand.total_new_it_load_mw=400",
    "rules.core_regions=off",
    "rules.tier_counts=hard",
    "rules.land=off",
    "rules.connection_capacity=off",
    "rules.substation_reach=off",
    "rules.landing_reach=off",
)


@settings(
    deadline=None,
    max_examples=4,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    picked=st.lists(st.sampled_from(POOL), min_size=4, max_size=7, unique=True),
    least=st.sampled_from([0.02, 0.1, 0.25]),
    share=st.sampled_from([0.0, 0.3, 1.0]),
    penalty=st.sampled_from([0.1, 2.0]),
    lowest=st.sampled_from(["large", "regional"]),
)
def test_the_programs_shortage_is_the_evaluations(
    measured, shipped_atlas, picked, least, share, penalty, lowest
):
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            *SMALL,
            f"criteria.takeover.joint_probability={least}",
            f"criteria.takeover.tokyo_share={share}",
            f"penalties.backup={penalty}",
            f'criteria.takeover.backup_tiers=["core", "{lowest}"]',
            "criteria.takeover.weight_parts={tokyo_carried=0.5, reserve_share=0.5}",
        ),
    )
    agree(scenario, shipped_atlas, measured.loc[sorted(picked)])


def agree(scenario, atlas, sites) -> pd.DataFrame:
    """Solve; hold the program's shortages to the evaluation's; return the hubs chosen."""
    answer = find_answer(assemble(Candidates.of(scenario, atlas, sites)), SolveOptions(gap=1e-7))
    assert answer.outcome.status == "optimal"
    checked = check_plan(
        sites.join(answer.chosen, how="inner"),
        atlas,
        scenario,
        claimed_objective=answer.outcome.objective,
        bound=answer.outcome.bound,
    )
    found = checked.evaluations["takeover"]
    short = {breach.rule: breach.amount for breach in found.breaches}
    values = answer.outcome.values
    assert values["short_backup"] == pytest.approx(short.get("backup", 0.0), abs=2e-6)
    assert values["short_tokyo_takeover"] == pytest.approx(
        short.get("tokyo_takeover", 0.0), abs=2e-6
    )
    carried = next(one.value for one in found.measures if one.name == "tokyo_carried")
    assert max(values["tokyo_carried"], 0.0) == pytest.approx(carried, abs=2e-6)
    return answer.chosen


def test_a_hub_that_falls_with_tokyo_takes_reserve_that_tokyo_could_have_had(
    measured, shipped_atlas
):
    # Fujioka falls in part with Tokyo: its own reserve serves neither itself nor Tokyo.
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            *SMALL,
            "tiers.core.count=1",
            "tiers.large.count=3",
            "tiers.regional.count=0",
            "demand.total_new_it_load_mw=650",
            "criteria.takeover.tokyo_share=0.2",
        ),
    )
    sites = measured.loc[["01100", "10209", "15100", "34100"]]
    chosen = agree(scenario, shipped_atlas, sites)
    assert chosen.loc["10209", "it_load_mw"] > 50.0


def test_a_hard_share_that_cannot_be_met_is_infeasible(measured, shipped_atlas):
    sites = measured.loc[list(POOL)]
    hard = (*SMALL, "rules.tokyo_takeover=hard", "rules.backup=off")
    for share, status in ((0.3, "optimal"), (0.9, "infeasible")):
        scenario = dcsite.load_scenario(
            "policy-2023", (*hard, f"criteria.takeover.tokyo_share={share}")
        )
        answer = find_answer(
            assemble(Candidates.of(scenario, shipped_atlas, sites)), SolveOptions()
        )
        # At most 2 x 300 + 3 x 200 MW can stand, 400 of which serve demand.
        assert answer.outcome.status == status


def test_the_check_says_which_share_would_do(measured, shipped_atlas):
    scenario = dcsite.load_scenario(
        "policy-2023",
        (*SMALL, "rules.tokyo_takeover=hard", "criteria.takeover.tokyo_share=0.9"),
    )
    found = check_scenario(Candidates.of(scenario, shipped_atlas, measured.loc[list(POOL)]))
    (problem,) = [one for one in found.errors if "tokyo_share" in one.rule_or_key]
    # 300 + 300 + 3 x 200 + 2 x 50 MW less the 400 MW that serve demand; less than all of it stands.
    assert "905 MW are wanted" in problem.message
    assert re.search(
        r"at most \d+ MW of reserve can stand.*; set it to 0\.\d+ or less", problem.message
    )
