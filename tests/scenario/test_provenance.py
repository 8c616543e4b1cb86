from __future__ import annotations

import json
import re
import tomllib
from importlib import resources

import pytest

from dcsite.scenario import Origin, as_dict, flatten, load_scenario, shipped_names
from dcsite.scenario.origin import LABELS, parse_source


@pytest.mark.parametrize("name", shipped_names())
def test_every_value_of_a_shipped_scenario_has_a_source(name):
    scenario = load_scenario(name)
    keys = {key for key, _ in flatten(as_dict(scenario))} - set(LABELS)
    assert set(scenario.provenance) == keys
    assert {origin.kind for origin in scenario.provenance.values()} <= {
        "strategy",
        "table",
        "assumption",
    }
    assert all(len(origin.why) > 20 for origin in scenario.provenance.values())


def test_every_source_of_a_shipped_file_is_used():
    for name in shipped_names():
        file = resources.files("dcsite.scenario") / "shipped" / f"{name}.toml"
        data = tomllib.loads(file.read_text("utf-8"))
        keys = [key for key, _ in flatten(data) if not key.startswith("sources.")]
        for source in data["sources"]:
            assert any(key == source or key.startswith(f"{source}.") for key in keys), source


def test_what_the_strategy_states_and_what_a_table_gives():
    provenance = load_scenario().provenance
    stated = {key: origin.lines for key, origin in provenance.items() if origin.kind == "strategy"}
    assert stated == {
        "tiers.core.count": ("F1",),
        "tiers.core.regions": ("F5",),
        "tiers.large.count": ("C8",),
        "tiers.regional.count": ("C3",),
        "demand.classes.latency_critical.growth": ("J3",),
        "demand.classes.latency_tolerant.growth": ("J3", "I5"),
        "demand.classes.latency_tolerant.max_ms": ("F7",),
        "demand.classes.latency_tolerant.sites": ("F7",),
        "demand.classes.sensitive.growth": ("J3",),
        "demand.classes.ai.share": ("J5", "J7"),
        "demand.classes.ai.growth": ("J7",),
        "land.guide_ha": ("B5",),
        "network.all_optical_year": ("F11", "K6"),
        "rules.land_guide": ("B5",),
        "rules.control_area": ("E2", "E3", "E4", "E5"),
        "demand.today_year": ("G1", "G2", "G3", "G4"),
        "criteria.landings.max_new": ("C10",),
        "criteria.exchanges.min_members": ("B12",),
    }
    assert provenance["tiers.core.count"].passages == ("L11170",)
    tables = {key: origin.lines for key, origin in provenance.items() if origin.kind == "table"}
    assert tables == {
        "demand.year": ("data_centre_demand_outlook",),
        "demand.grid_demand_mw": ("data_centre_demand_outlook",),
        "demand.core_growth_share.tokyo": ("data_centre_demand_outlook",),
        "demand.outlook_series": ("data_centre_demand_outlook",),
        "demand.load_factor": ("data_centre_demand_outlook",),
    }
    # the strategy gives no kilometre figure at all
    assert not [key for key in [*stated, *tables] if key.endswith("_km")]


def test_assumptions_list_everything_else_in_order_with_values():
    scenario = load_scenario(overrides=["demand.pue=1.2"])
    records = scenario.assumptions()
    assert records[0].key == "tiers.core.it_load_mw"
    assert records[0].value == {"min": 200.0, "max": 400.0}
    found = {record.key: record for record in records}
    assert len(found) == len(records) == len(scenario.provenance) - 23
    assert found["demand.pue"][:3] == ("demand.pue", 1.2, "set by --set")
    assert found["cores_count_as_large"].value is False
    assert "gives no km" in found["tiers.core.separation_km"].why
    json.dumps(records)


def test_values_a_user_changes_are_the_users(write):
    path = write(
        "mine.toml",
        'extends = "policy-2023"\n[tiers.core]\ncount = 3\nseparation_km = 400\n'
        "[tiers.large.count]\nmax = 8\n[criteria.substation.min_voltage_kv]\nlarge = 187\n",
    )
    provenance = load_scenario(path, overrides=["demand.share_in_new_hubs=0.5"]).provenance
    by_user = {key: origin.why for key, origin in provenance.items() if origin.kind == "user"}
    # separation_km = 400 is what policy-2023 says already: not a change
    assert by_user == {
        "tiers.core.count": "set in mine.toml",
        "tiers.large.count": "set in mine.toml",
        "criteria.substation.min_voltage_kv.large": "set in mine.toml",
        "demand.share_in_new_hubs": "set by --set",
    }


def test_a_file_may_give_sources_of_its_own_for_what_it_sets(write):
    base = write(
        "base.toml",
        'extends = "policy-2023"\n[demand]\npue = 1.2\nload_factor = 0.7\n[sources]\n'
        '"demand.pue" = { assumption = "measured at our sites" }\n',
    )
    top = write("top.toml", f'extends = "{base}"\n[demand]\nload_factor = 0.6\n')
    provenance = load_scenario(top).provenance
    assert provenance["demand.pue"] == Origin("assumption", (), "measured at our sites")
    assert provenance["demand.load_factor"] == Origin("user", (), "set in top.toml")


def test_what_another_value_was_seen_to_move_stands_with_the_assumption(write):
    path = write(
        "moved.toml",
        'extends = "policy-2023"\n[demand]\nload_factor = 0.7\n[sources]\n'
        '"demand.load_factor" = { assumption = "ours", tried = 0.9, moves_share = 0.4 }\n',
    )
    told = {one.key: one for one in load_scenario(path).assumptions()}
    assert (told["demand.load_factor"].tried, told["demand.load_factor"].moves_share) == (0.9, 0.4)
    assert told["land.mw_per_ha"].tried is None


def test_an_override_of_a_sourced_value_loses_the_source():
    origin = load_scenario(overrides=["tiers.core.count=3"]).provenance["tiers.core.count"]
    assert origin == Origin("user", (), "set by --set")


def test_defaults_of_a_third_partys_criterion_are_assumptions(snow):
    provenance = load_scenario().provenance
    for key in ("criteria.snow.min_depth_cm", "criteria.snow.seasons", "weights.snow"):
        assert provenance[key].kind == "assumption"
        assert "default of the criterion" in provenance[key].why


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"strategy": ["F1 L11170"], "why": "third"}, "strategy F1 (L11170): third"),
        ({"strategy": ["B2", "B4 L5402"]}, "strategy B2, B4 (L5402)"),
        ({"strategy": ["C8 L5454-5455"]}, "strategy C8 (L5454-5455)"),
        (
            {"strategy": ["C3 L5440-5441"], "reading": "ten-odd: 11 to 19"},
            "strategy C3 (L5440-5441), a reading: ten-odd: 11 to 19",
        ),
        ({"table": "municipalities", "why": "row"}, "table municipalities: row"),
        (
            {"table": "prefectures", "row": {"pref_code": "01"}, "column": "name_en", "why": "x"},
            "table prefectures: x",
        ),
        ({"assumption": "because"}, "assumption: because"),
        ({"assumption": "two\nlines"}, "assumption: two lines"),
    ],
)
def test_a_source_reads_back_as_one_line(entry, text):
    assert str(parse_source(entry)) == text


@pytest.mark.parametrize(
    "entry",
    [
        {},
        [],
        "F1",
        {"why": "x"},
        {"strategy": ["F1"], "assumption": "x"},
        {"strategy": []},
        {"strategy": "F1"},
        {"strategy": ["F1", 2]},
        {"strategy": ["T1"]},
        {"strategy": ["F1"], "why": 5},
        {"assumption": "x", "why": "y"},
        {"assumption": "x", "note": "y"},
        {"table": 5},
        {"strategy": ["F1"], "reading": "x", "why": "y"},
        {"strategy": ["F1"], "reading": 5},
        {"table": "prefectures", "reading": "x"},
        {"table": "prefectures", "row": {"pref_code": "01"}},
        {"table": "prefectures", "row": "01", "column": "name_en"},
        {"table": "prefectures", "row": {}, "column": "name_en", "times": "2"},
        {"assumption": "x", "column": "name_en"},
    ],
)
def test_a_source_of_another_form_is_refused(entry):
    assert isinstance(parse_source(entry), str)


def test_line_ids_of_shipped_reasons_look_like_line_ids():
    for origin in load_scenario().provenance.values():
        for line in origin.lines if origin.kind == "strategy" else ():
            assert re.fullmatch(r"[A-S]\d+", line)
