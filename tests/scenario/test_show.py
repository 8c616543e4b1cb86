from __future__ import annotations

import json
import tomllib
from importlib import resources

import jsonschema
import pytest

from dcsite.scenario import as_dict, json_schema, load_scenario, render_toml, shipped_names

ODD = [
    "tiers.core.count={min=1, max=3}",
    "tiers.core.regions=[]",
    "demand.total_new_it_load_mw=1234.5678",
    'title_en=Say \\"quotes\\" # no comment = here',
    "weights.cables=1e-7",
    "rules.land=off",
]


@pytest.mark.parametrize("name", shipped_names())
@pytest.mark.parametrize("overrides", [[], ODD], ids=["plain", "odd"])
def test_the_rendered_toml_loads_to_the_same_scenario(name, overrides, write):
    if load_scenario(name).years:  # of which some set these values themselves
        own = ("tiers.", "demand.total_new_it_load_mw")
        overrides = [one for one in overrides if not one.startswith(own)]
    scenario = load_scenario(name, overrides)
    path = write("resolved.toml", render_toml(scenario))
    again = load_scenario(path)
    assert again == scenario
    assert as_dict(again) == as_dict(scenario)
    same = {key for key, origin in again.provenance.items() if origin == scenario.provenance[key]}
    changed = {override.split("=")[0] for override in overrides} - {"title_en"}
    assert set(scenario.provenance) - same == changed


def test_a_scenario_that_extends_nothing_renders_without_extends(write):
    text = "\n".join(
        line for line in render_toml(load_scenario()).splitlines() if not line.startswith("extends")
    )
    alone = load_scenario(write("alone.toml", text))
    assert alone.extends is None
    rendered = render_toml(alone)
    assert "extends" not in tomllib.loads(rendered)
    assert load_scenario(write("again.toml", rendered)) == alone


def test_the_source_stands_behind_each_value(write):
    path = write("mine.toml", 'extends = "policy-2023"\n[demand]\npue = 1.2\n')
    lines = render_toml(load_scenario(path, ["tiers.large.count=6"])).splitlines()
    found = {line.split(" = ")[0]: line for line in reversed(lines) if " = " in line}

    def comment(line: str) -> str:
        return line.split("# ", 1)[1]

    assert comment(found["pue"]) == "set in mine.toml"
    assert comment(found["outlook_series"]).startswith("table data_centre_demand_outlook: ")
    assert comment(found["regions"]).startswith("strategy F5 (L11178), a reading: ")
    assert comment(found["mw_per_ha"]).startswith("assumption: the strategy gives neither MW")
    assert comment(lines[lines.index("[tiers.large]") + 1]) == "set by --set"
    assert lines[lines.index("[tiers.large]") + 1].startswith("count = 6 ")
    assert "#" not in found["name"]


def test_a_reason_with_control_characters_stays_a_comment(write):
    path = write(
        "mine.toml",
        'extends = "policy-2023"\n[demand]\npue = 1.2\n[sources]\n'
        '"demand.pue" = { assumption = "one\\n[demand]\\u0007\\u001b[31m two" }\n',
    )
    scenario = load_scenario(path)
    text = render_toml(scenario)
    assert tomllib.loads(text)["demand"]["pue"] == 1.2
    assert "# assumption: one [demand][31m two" in text


def test_as_dict_is_plain_and_stable():
    first = json.dumps(as_dict(load_scenario()), allow_nan=False)
    assert first == json.dumps(as_dict(load_scenario()), allow_nan=False)
    data = json.loads(first)
    labels = ["name", "title_en", "title_ja", "asks_en", "asks_ja"]
    assert list(data)[:7] == [*labels, "tiers", "cores_count_as_large"]
    assert data["tiers"]["core"]["count"] == {"min": 2, "max": 2}
    assert data["tiers"]["core"]["regions"] == ["hokkaido", "kyushu"]
    assert "total_new_it_load_mw" not in data["demand"]


def _shipped(name):
    file = resources.files("dcsite.scenario") / "shipped" / f"{name}.toml"
    return tomllib.loads(file.read_text("utf-8"))


@pytest.mark.parametrize("name", shipped_names())
def test_the_json_schema_takes_the_shipped_files(name):
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(_shipped(name), schema)


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("demand", "pue", 0.5),
        ("demand", "peu", 1.2),
        ("rules", "land", "strict"),
        ("weights", "unknown", 1),
        ("land", "mw_per_ha", "10"),
        ("tiers", "core", {"count": -1}),
        ("criteria", "cables", {"max_crowded_share": 3}),
        ("sources", "demand.pue", {"because": "x"}),
    ],
)
def test_the_json_schema_refuses_what_the_loader_refuses(table, key, value):
    data = {"extends": "policy-2023", table: {key: value}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, json_schema())


def test_every_key_of_the_schema_has_a_description():
    schema = json_schema()
    described = [schema, *schema["$defs"].values()]
    bare = [
        key
        for table in described
        for key, node in table["properties"].items()
        if not node.get("description")
    ]
    assert bare == []


def test_a_class_without_source_has_a_schema_without_descriptions():
    made: dict[str, object] = {"__name__": "made_at_run_time"}
    exec(  # noqa: S102
        "from dcsite.scenario.schema import Section\n"
        "class Made(Section):\n    depth_cm: float\n    'Depth, in cm.'\n",
        made,
    )
    schema = made["Made"].model_json_schema()  # type: ignore[attr-defined]
    assert schema["properties"]["depth_cm"]["type"] == "number"
