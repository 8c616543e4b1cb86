"""Robustness on a few sites: draws, frequencies, going on after a stop, any number of processes."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import dcsite
from dcsite.atlas.atlas import default_root
from dcsite.errors import OutputError, ScenarioError
from dcsite.sites import municipality_sites
from dcsite.solvers import SolveOptions
from dcsite.studies import robust as robust_module
from dcsite.studies import robust_sample
from dcsite.studies.robust import SampleStore, run_robust, wilson_interval
from dcsite.studies.robust_sample import Case, RobustRanges, Sampler, draw

SMALL = (
    "tiers.large.count=0",
    "tiers.regional.count=1",
    "tiers.core.it_load_mw={min=100,max=300}",
    "demand.total_new_it_load_mw=440",
    "demand.classes.latency_critical.share=0",
    "criteria.cables.max_crowded_share=1",
)
#: Hokkaido, Kyushu and places between for one regional hub.
ONLY = ("01217", "01224", "41206", "40130", "43100", "07203", "15100", "17201", "32201", "02201")
RANGES = RobustRanges.model_validate(
    {
        "weights": {"concentration": 5.0, "why": "a test"},
        "range": [
            {"key": "tiers.core.separation_km", "factor": [0.8, 1.2], "why": "a test"},
            {"key": "criteria.renewables.contractable_share", "between": [0.1, 0.4], "why": "-"},
        ],
    }
)


@pytest.fixture
def own_atlas() -> None:
    """Ask for this where a run shall read the tables itself."""


@pytest.fixture(autouse=True)
def _shared_atlas(request, monkeypatch, shipped_atlas) -> None:
    """Spare each run the reading of the same tables and the joining of the land bodies."""
    if "own_atlas" not in request.fixturenames:
        monkeypatch.setattr(robust_sample, "load_atlas", lambda root: shipped_atlas)


@cache
def places():
    land = dcsite.load_scenario("policy-2023").land
    return municipality_sites(dcsite.load_atlas(), land).loc[list(ONLY)]


def case(*overrides: str) -> Case:
    return Case(
        "policy-2023", (*SMALL, *overrides), default_root(), places(), SolveOptions(gap=0.01)
    )


def run(directory: Path, samples: int = 4, *overrides: str, **changes):
    arguments = {"seed": 1, "processes": 1, "ranges": RANGES, **changes}
    ranges = arguments.pop("ranges")
    found, drawn = run_robust(case(*overrides), ranges, directory, samples=samples, **arguments)
    assert len(drawn) == found.samples
    return found, drawn


def test_of_many_wrong_keys_twenty_are_listed(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text("".join(f"k{at} = 1\n" for at in range(30_000)), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        RobustRanges.read(path)
    assert len(caught.value.problems) == 21
    assert str(caught.value).endswith(" more problems not shown")


def test_shipped_ranges_state_why_and_fit_the_default_scenario(policy):
    ranges = RobustRanges.read()
    keys = [entry.key for entry in ranges.range]
    assert "tiers.core.separation_km" in keys
    assert all(len(entry.why) >= len("as for cores") for entry in ranges.range)
    for number in range(20):
        drawn = draw(ranges, policy, 1, number)
        weights = [value for key, value in drawn.items() if key.startswith("weights.")]
        assert sum(weights) == pytest.approx(1.0, abs=1e-8)
        assert 320.0 <= drawn["tiers.core.separation_km"] <= 480.0
        assert 0.3 <= drawn["demand.share_in_new_hubs"] <= 0.5
        assert isinstance(drawn["criteria.renewables.start_year_not_known"], int)
        loaded = dcsite.load_scenario("policy-2023", [f"{k}={v!r}" for k, v in drawn.items()])
        key = "demand.classes.latency_critical.max_ms"
        assert loaded.demand.classes.latency_critical.max_ms == drawn[key]


def test_draws_hang_on_seed_and_number_only(policy):
    ranges = RobustRanges.read()
    assert draw(ranges, policy, 7, 3) == draw(ranges, policy, 7, 3)
    assert draw(ranges, policy, 7, 3) != draw(ranges, policy, 7, 4)
    assert draw(ranges, policy, 7, 3) != draw(ranges, policy, 8, 3)


def test_weights_vary_as_the_concentration_says(policy):
    ranges = RobustRanges.read()
    drawn = np.array(
        [draw(ranges, policy, 1, number)["weights.separation"] for number in range(2000)]
    )
    # Dirichlet: mean w, variance w (1 - w) / (c + 1) with w = 0.1 and c = 40.
    assert drawn.mean() == pytest.approx(0.1, abs=0.006)
    assert drawn.std() == pytest.approx((0.1 * 0.9 / 41) ** 0.5, rel=0.08)


def test_each_doubling_is_as_likely_where_asked(policy):
    ranges = RobustRanges.read()
    drawn = [draw(ranges, policy, 1, n)["criteria.disasters.area_blackout_30y"] for n in range(500)]
    assert np.median(drawn) == pytest.approx((0.002 * 0.2) ** 0.5, rel=0.2)
    assert 0.002 <= min(drawn) < 0.003
    assert 0.15 < max(drawn) <= 0.2


def test_a_weight_of_zero_stays_zero_and_the_sum_is_kept():
    scenario = dcsite.load_scenario("policy-2023", ("weights.cables=0", "weights.separation=1.15"))
    drawn = draw(RANGES, scenario, 1, 0)
    assert "weights.cables" not in drawn
    assert sum(v for k, v in drawn.items() if k.startswith("weights.")) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("chosen", "samples", "low", "high"),
    [
        (0, 10, 0.0, 0.27753),
        (10, 10, 0.72247, 1.0),
        (5, 10, 0.23659, 0.76341),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_interval(chosen, samples, low, high):
    assert wilson_interval(chosen, samples) == pytest.approx((low, high), abs=1e-5)


def test_frequencies_are_counts_of_the_samples(tmp_path):
    found, samples = run(tmp_path / "out")
    assert found.counts == {"optimal": 4, "feasible": 0, "infeasible": 0, "no_plan_in_time": 0}
    chosen: dict[tuple[str, str], int] = {}
    for sample in samples:
        assert len(sample.hubs) == 3
        for hub in sample.hubs:
            chosen[hub.site_id, hub.tier] = chosen.get((hub.site_id, hub.tier), 0) + 1
    by_tier = {(e.site_id, e.tier): e for e in found.frequencies if e.tier != "any"}
    assert {key: entry.chosen for key, entry in by_tier.items()} == chosen
    for entry in found.frequencies:
        assert entry.samples == 4
        assert entry.frequency == entry.chosen / 4
        assert (entry.low, entry.high) == wilson_interval(entry.chosen, 4)
    whole = [entry for entry in found.frequencies if entry.tier == "any"]
    assert sum(entry.chosen for entry in whole) == 12
    assert {used.table for used in found.geodata} >= {"substations", "submarine_cables"}


def test_a_sample_can_be_solved_again_from_its_record(tmp_path):
    _, samples = run(tmp_path / "out", 2)
    again = Sampler(case()).solve(1, samples[1].drawn)
    assert again.hubs == samples[1].hubs
    assert again.objective == samples[1].objective


def test_the_number_of_processes_changes_nothing(tmp_path, own_atlas):
    alone, one_by_one = run(tmp_path / "one", 3)
    together, at_once = run(tmp_path / "two", 3, processes=2)
    assert [replace(s, seconds=0.0) for s in one_by_one] == [
        replace(s, seconds=0.0) for s in at_once
    ]
    assert alone.frequencies == together.frequencies
    assert alone.geodata == together.geodata


def test_infeasible_samples_are_counted_not_hidden(tmp_path):
    ranges = RobustRanges.model_validate(
        {
            "weights": {"concentration": 5.0, "why": "-"},
            # Cores keep this distance to Osaka too: of the places in Kyushu, Takeo is the
            # farthest, at 534 km.
            "range": [{"key": "tiers.core.separation_km", "between": [300, 700], "why": "-"}],
        }
    )
    found, samples = run(tmp_path / "out", 6, ranges=ranges)
    bad = found.counts["infeasible"]
    assert 0 < bad < 6
    assert found.samples_with_plan == 6 - bad
    for sample in samples:
        apart_km = sample.drawn["tiers.core.separation_km"]
        assert sample.status == ("infeasible" if apart_km > 535 else sample.status)
        assert sample.status == ("optimal" if apart_km < 440 else sample.status)
    assert all(entry.samples == 6 - bad for entry in found.frequencies)


class Stop:
    """Ctrl-C after so many samples."""

    def __init__(self, after: int) -> None:
        self.after = after

    def __call__(self, done, wanted, sample) -> None:
        if sample is not None and done == self.after:
            raise KeyboardInterrupt


@pytest.mark.parametrize("processes", [1, 2])
def test_a_stopped_run_goes_on(tmp_path, monkeypatch, processes):
    whole, _ = run(tmp_path / "whole", 3)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        run(out, 3, processes=processes, on_sample=Stop(1))
    lines = (out / "samples.jsonl").read_text().splitlines()
    assert len(lines) == 1 + 1
    solved: list[int] = []
    monkeypatch.setattr(
        robust_module.Sampler,
        "solve",
        lambda self, number, drawn, real=Sampler.solve: (
            solved.append(number),
            real(self, number, drawn),
        )[1],
    )
    found, _ = run(out, 3)
    assert len(solved) == 2
    assert found.frequencies == whole.frequencies


def test_more_samples_extend_fewer_and_a_line_cut_short_is_dropped(tmp_path):
    whole, _ = run(tmp_path / "whole", 3)
    out = tmp_path / "out"
    run(out, 2)
    path = out / "samples.jsonl"
    path.write_bytes(path.read_bytes()[:-10])  # the second sample's line is torn
    found, _ = run(out, 3)
    assert found.frequencies == whole.frequencies
    assert [json.loads(line)["number"] for line in path.read_text().splitlines()[1:]] == [0, 1, 2]


@pytest.mark.parametrize(
    ("overrides", "changes", "named"),
    [
        (("weights.cables=0.21",), {}, "scenario"),
        ((), {"seed": 2}, "seed"),
        ((), {"ranges": RANGES.model_copy(update={"range": ()})}, "ranges"),
    ],
)
def test_samples_of_other_inputs_are_refused(tmp_path, overrides, changes, named):
    run(tmp_path / "out", 1)
    before = (tmp_path / "out" / "samples.jsonl").read_bytes()
    with pytest.raises(OutputError, match=rf"another run \(different: {named}\)"):
        run(tmp_path / "out", 1, *overrides, **changes)
    assert (tmp_path / "out" / "samples.jsonl").read_bytes() == before


@pytest.mark.parametrize("text", ["my notes\n", "my notes"])
def test_a_file_of_somebody_else_is_refused_and_left(tmp_path, text):
    path = tmp_path / "samples.jsonl"
    path.write_text(text)
    with pytest.raises(OutputError, match="is not what dcsite wrote"):
        SampleStore(tmp_path, {"seed": 1})
    assert path.read_text() == text


def test_a_run_that_was_killed_before_its_first_sample_is_in_nobodys_way(tmp_path):
    path = tmp_path / "samples.jsonl"
    for begun in ("", '{"inp', '{"inputs":{"seed":1}}\n', '{"inputs":{"seed":1}}\n{"num'):
        path.write_text(begun)
        SampleStore(tmp_path, {"seed": 2}).close()
        assert path.read_text() == '{"inputs":{"seed":2}}\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[weights", "is not valid TOML: "),
        ("[weights]\nconcentration=1\n", "weights.why: Field required"),
        ("[weights]\nconcentration=0\nwhy='x'\n", "weights.concentration"),
        (
            (
                "[weights]\nconcentration=1\nwhy='x'\n[[range]]\nkey='tiers.core.separation_km'\n"
                "between=[3,1]\nwhy='x'\n"
            ),
            "the least value must come first, got 3 and 1",
        ),
        (
            (
                "[weights]\nconcentration=1\nwhy='x'\n[[range]]\nkey='tiers.core.separation_km'\n"
                "why='x'\n"
            ),
            "give either factor or between",
        ),
        (
            (
                "[weights]\nconcentration=1\nwhy='x'\n[[range]]\nkey='weights.cables'\n"
                "between=[0,1]\nwhy='x'\n"
            ),
            "is drawn with all weights",
        ),
        (
            "[weights]\nconcentration='3'\nwhy='x'\n",
            "weights.concentration: Input should be a valid",
        ),
        (
            "[weights]\nconcentration=true\nwhy='x'\n",
            "weights.concentration: Input should be a valid",
        ),
    ],
)
def test_ranges_that_are_wrong_are_named(tmp_path, text, words):
    path = tmp_path / "ranges.toml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        RobustRanges.read(path)
    assert len(caught.value.problems) == 1
    assert words in str(caught.value.problems[0])
    assert caught.value.problems[0].where == str(path)


def test_ranges_that_do_not_fit_the_scenario_are_named(tmp_path):
    ranges = RobustRanges.model_validate(
        {
            "weights": {"concentration": 1.0, "why": "-"},
            "range": [
                {"key": "tiers.core.altitude_m", "factor": [1, 2], "why": "-"},
                {"key": "tiers.core.regions", "between": [1, 2], "why": "-"},
                {"key": "network.year", "factor": [1, 2], "why": "-"},
                {"key": "demand.share_in_new_hubs", "between": [0.1, 0.2], "why": "-"},
            ],
        }
    )
    with pytest.raises(ScenarioError) as caught:
        run(tmp_path / "out", 1, ranges=ranges)
    told = [str(problem) for problem in caught.value.problems]
    assert "tiers.core.altitude_m: scenario policy-2023 has no such value" in told[0]
    assert "tiers.core.regions" in told[1]
    assert "network.year: is 2028; only a number can be varied, a whole one" in told[2]
    assert "has no effect while demand.total_new_it_load_mw is set" in told[3]
    assert not (tmp_path / "out").exists()


def test_a_scenario_file_changed_meanwhile_is_noticed(tmp_path):
    path = tmp_path / "mine.toml"
    head = 'extends = "policy-2023"\nname = "mine"\n'
    path.write_text(head + "[tiers.core]\nseparation_km = 390\n")
    sampler = Sampler(Case(str(path), SMALL, default_root(), places(), SolveOptions(gap=0.01)))
    drawn = {"demand.pue": 1.25}
    assert sampler.solve(0, drawn).status == "optimal"
    path.write_text(head + "[tiers.core]\nseparation_km = 380\n")
    with pytest.raises(ScenarioError, match=r"mine\.toml: was changed while"):
        sampler.solve(1, drawn)
