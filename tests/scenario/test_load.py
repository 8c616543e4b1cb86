from __future__ import annotations

import copy
import pickle
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from dcsite.contract import criteria
from dcsite.errors import ScenarioError
from dcsite.scenario import as_dict, load_scenario, shipped_names


def test_the_default_is_policy_2023_with_the_counts_of_the_strategy():
    scenario = load_scenario()
    assert scenario.name == "policy-2023"
    counts = {tier: (own.count.min, own.count.max) for tier, own in scenario.tiers.items()}
    assert counts == {"core": (2, 2), "large": (5, 7), "regional": (11, 19)}
    assert scenario.tiers.core.regions == ("hokkaido", "kyushu")
    assert scenario.cores_count_as_large is False
    assert scenario.land.guide_ha == 10
    assert scenario.rules["renewable_share"] == "soft"
    assert sum(scenario.weights.values()) == pytest.approx(1.0)


def test_criteria_are_the_objects_of_the_schemas_handed_in():
    scenario = load_scenario()
    own = scenario.criteria["separation"]
    assert isinstance(own, next(one.Parameters for one in criteria() if one.name == "separation"))
    assert own.existing_core_clearance_km.large == 60
    assert scenario.criteria["cables"].min_directions == 2


def test_tiers_can_be_had_by_name():
    tiers = load_scenario().tiers
    assert tiers["large"] is tiers.large
    with pytest.raises(KeyError):
        tiers["count"]


def test_total_new_it_load_is_derived_or_the_value_given():
    # 6,160 MW at the grid / PUE 1.25 = 4,928 MW of IT load; a quarter of it is 1,232 MW.
    derived = load_scenario(overrides=["demand.pue=1.25", "demand.share_in_new_hubs=0.25"])
    assert derived.demand.total_new_it_load_mw is None
    assert derived.total_new_it_load_mw == pytest.approx(1232.0)
    given = load_scenario(overrides=["demand.total_new_it_load_mw=900"])
    assert given.total_new_it_load_mw == 900.0


def test_a_scenario_is_frozen():
    scenario = load_scenario()
    with pytest.raises(ValidationError, match="frozen"):
        scenario.demand.pue = 1.1  # type: ignore[misc]


@pytest.mark.parametrize("table", ["weights", "rules", "penalties", "criteria", "provenance"])
def test_its_tables_are_frozen(table):
    scenario = load_scenario(overrides=["weights.cables=0.3"])
    frozen = getattr(scenario, table)
    before, key = dict(frozen), next(iter(frozen))
    for change in (
        lambda: frozen.__setitem__(key, 0.9),
        lambda: frozen.__delitem__(key),
        lambda: frozen.update({key: 0.9}),
        lambda: frozen.setdefault("new", 0.9),
        lambda: frozen.pop(key),
        frozen.popitem,
        frozen.clear,
        lambda: frozen.__ior__({key: 0.9}),
    ):
        with pytest.raises(TypeError, match="frozen"):
            change()
    with pytest.raises(TypeError):
        scenario.weights["renewables"] = 0.9
    assert dict(frozen) == before
    assert {**frozen, key: 0.9}[key] == 0.9


def test_the_parameters_of_shipped_criteria_are_frozen_to_the_ground():
    def check(entry):
        if isinstance(entry, BaseModel):
            assert entry.model_config.get("frozen"), type(entry)
            for _, inner in entry:
                check(inner)
        else:
            assert entry is None or isinstance(entry, str | int | float | tuple), entry

    for own in load_scenario().criteria.values():
        check(own)


@pytest.mark.parametrize("again", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy])  # noqa: S301
def test_a_scenario_can_be_pickled_and_copied(again):
    scenario = load_scenario("distributed", ["weights.cables=0.3"])
    other = again(scenario)
    assert other == scenario
    assert type(other) is type(scenario)
    assert other.provenance == scenario.provenance
    assert other.assumptions() == scenario.assumptions()
    assert other.extends == scenario.extends == "distributed"
    assert as_dict(other) == as_dict(scenario)
    with pytest.raises(TypeError, match="frozen"):
        other.weights["cables"] = 0.9


def test_dumps_are_plain_tables():
    scenario = load_scenario()
    for dump in (scenario.model_dump(), as_dict(scenario)):
        assert type(dump["weights"]) is type(dump["criteria"]["cables"]) is dict
        dump["weights"]["cables"] = 9.0
    assert scenario.weights["cables"] != 9.0


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_scenario_loads_under_its_own_name(name):
    scenario = load_scenario(name)
    assert scenario.name == name
    assert scenario.extends == name


def test_distributed_has_more_smaller_and_wider_spaced_hubs():
    base, wide = load_scenario(), load_scenario("distributed")
    for tier in ("core", "large", "regional"):
        assert wide.tiers[tier].separation_km > base.tiers[tier].separation_km
        assert wide.tiers[tier].it_load_mw.max <= base.tiers[tier].it_load_mw.max
        assert wide.tiers[tier].count.min >= base.tiers[tier].count.min
    reach = sum(own.count.max * own.it_load_mw.max for _, own in wide.tiers.items())
    assert reach > wide.total_new_it_load_mw


def test_an_extending_file_changes_only_what_it_says(write):
    path = write(
        "mine.toml",
        'extends = "policy-2023"\n[tiers.large]\nseparation_km = 120\n[rules]\nland = "soft"\n',
    )
    scenario = load_scenario(path)
    expected = as_dict(load_scenario())
    del expected["asks_en"], expected["asks_ja"]
    expected["name"] = "mine"
    expected["title_en"] += " (mine)"
    expected["title_ja"] += "（mine）"
    expected["tiers"]["large"]["separation_km"] = 120
    expected["rules"]["land"] = "soft"
    assert as_dict(scenario) == expected


def test_a_chain_of_three_files_is_relative_to_each_file(write):
    write("deep/base.toml", 'extends = "policy-2023"\n[demand]\npue = 1.1\nload_factor = 0.7\n')
    write("deep/mid.toml", 'extends = "base.toml"\n[demand]\npue = 1.2\n')
    top = write("top.toml", 'extends = "deep/mid.toml"\ntitle_en = "Mine"\n')
    scenario = load_scenario(top)
    assert (scenario.demand.pue, scenario.demand.load_factor) == (1.2, 0.7)
    assert (scenario.name, scenario.title_en) == ("top", "Mine")


def test_a_byte_order_mark_is_no_error(write):
    path = write("mine.toml", '\ufeffextends = "policy-2023"\n[demand]\npue = 1.1\n')
    assert load_scenario(path).demand.pue == 1.1


def test_a_file_name_makes_a_safe_scenario_name(write):
    path = write("my plan (v2).toml", 'extends = "policy-2023"\n')
    assert load_scenario(path).name == "my-plan-v2"


def test_a_name_in_japanese_is_allowed(write):
    path = write("北.toml", 'extends = "policy-2023"\n')
    assert load_scenario(path).name == "北"


def test_a_path_object_is_a_file_even_where_it_reads_like_a_shipped_name(write):
    write("policy-2023", 'extends = "policy-2023"\n[demand]\npue = 1.1\n')
    assert load_scenario(Path("policy-2023")).demand.pue == 1.1
    assert load_scenario("policy-2023").demand.pue == 1.3


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("tiers.large.count=4", 4, 4),
        ("tiers.large.count={min=1, max=3}", 1, 3),
        ("tiers.large.count.max=9", 5, 9),
        ("tiers.core.count.max=3", 2, 3),  # the shipped value is the plain number 2
        ("tiers.regional.count.min=0", 0, 19),
    ],
)
def test_a_count_is_a_number_or_a_range(text, least, most):
    count = load_scenario(overrides=[text]).tiers[text.split(".")[1]].count
    assert (count.min, count.max) == (least, most)


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("rules.land=soft", "rules.land", "soft"),
        ('rules.land = "off"', "rules.land", "off"),
        ("cores_count_as_large=true", "cores_count_as_large", True),
        ('tiers.core.regions=["kyushu"]', "tiers.core.regions", ["kyushu"]),
        ("tiers.core.regions=[]", "tiers.core.regions", []),
        ("title_en=Two words = more", "title_en", "Two words = more"),
        ("weights.cables=0", "weights.cables", 0.0),
        ("tiers.core.it_load_mw=150", "tiers.core.it_load_mw", {"min": 150.0, "max": 150.0}),
    ],
)
def test_overrides_are_toml_else_plain_text(override, key, value):
    found = as_dict(load_scenario(overrides=[override]))
    for part in key.split("."):
        found = found[part]
    assert found == value


def test_the_last_override_wins():
    assert load_scenario(overrides=["demand.pue=1.1", "demand.pue=1.2"]).demand.pue == 1.2


def test_third_party_criteria_bring_parameters_rules_and_defaults(snow):
    plain = load_scenario()
    assert plain.criteria["snow"].min_depth_cm == 50
    assert (plain.weights["snow"], plain.rules["snow_depth"]) == (0.0, "off")
    used = load_scenario(
        overrides=[
            "criteria.snow.min_depth_cm=80",
            "weights.snow=0.1",
            "rules.snow_depth=soft",
            "penalties.snow_depth=0.5",
        ],
    )
    assert used.criteria["snow"].min_depth_cm == 80
    assert used.penalties["snow_depth"] == 0.5


def test_the_weight_of_an_unknown_criterion_is_refused():
    with pytest.raises(ScenarioError, match=r"weights\.snow: unknown key"):
        load_scenario(overrides=["weights.snow=0.1"])


def test_the_same_criteria_give_the_same_model():
    first = load_scenario()
    assert type(first) is type(load_scenario("distributed"))
