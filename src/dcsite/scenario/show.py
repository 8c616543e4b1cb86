"""Show a scenario: as TOML with the source behind each value, as plain data, as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .layers import EXTENDS, SOURCES, is_value, toml_key, toml_value
from .schema import Scenario, as_dict, scenario_model

_COMMENT_COLUMN = 44
_SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


def render_toml(scenario: Scenario) -> str:
    """Write the resolved scenario as TOML, with a comment behind each value saying its source.

    The text loads to the same scenario. Where a shipped scenario is at its root, the text extends
    it, so that values left as they are keep their sources when the text is edited and loaded.
    """
    data = as_dict(scenario)
    lines = [f"# {scenario.title_en}", f"# {scenario.title_ja}", ""]
    if scenario.extends:
        lines += [f"{EXTENDS} = {toml_value(scenario.extends)}"]
    _table(lines, scenario, data, ())
    return "\n".join(lines) + "\n"


def _table(
    lines: list[str], scenario: Scenario, table: Mapping[str, Any], path: tuple[str, ...]
) -> None:
    """Append a table: its values first, then the tables in it under headers of their own."""
    values = {key: entry for key, entry in table.items() if is_value(entry)}
    tables = {key: entry for key, entry in table.items() if not is_value(entry)}
    if path and (values or not tables):
        lines += ["", f"[{'.'.join(toml_key(part) for part in path)}]"]
    for key, entry in values.items():
        text = f"{toml_key(key)} = {toml_value(_shortest(entry))}"
        origin = scenario.provenance.get(".".join((*path, key)))
        if origin:
            text = f"{text:<{_COMMENT_COLUMN}} # {_printable(str(origin))}"
        lines.append(text)
    if path == ("demand",) and scenario.demand.total_new_it_load_mw is None:
        lines.append(
            f"# total_new_it_load_mw = {scenario.total_new_it_load_mw:.1f}, derived: "
            "grid_demand_mw / pue * share_in_new_hubs; give it to set it directly"
        )
    for key, entry in tables.items():
        _table(lines, scenario, entry, (*path, key))


def _shortest(entry: Any) -> Any:
    """Write a range whose ends are equal as one number."""
    if isinstance(entry, Mapping) and set(entry) == {"min", "max"} and entry["min"] == entry["max"]:
        return entry["min"]
    return entry


def _printable(text: str) -> str:
    """Make text fit for a comment: one line, no control characters."""
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for editors and checks.

    No key is required, since a file may extend another scenario and give only what differs.
    """
    schema = scenario_model().model_json_schema()
    _drop_required(schema)
    source = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {
            "strategy": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string"},
                "description": 'Line ids of the strategy, such as "F1" or "F1 L11170".',
            },
            "table": {"type": "string", "description": "Name of a table of geodata."},
            "assumption": {"type": "string", "description": "Why the value is what it is."},
            "why": {"type": "string", "description": "What the value rests on."},
        },
    }
    schema["properties"] = {
        EXTENDS: {
            "type": "string",
            "minLength": 1,
            "description": "Shipped name or path of the scenario this file changes.",
        },
        **schema["properties"],
        SOURCES: {
            "type": "object",
            "additionalProperties": source,
            "description": "Where each value is from, by its dotted key.",
        },
    }
    return {"$schema": _SCHEMA_ID, **schema, "title": "dcsite scenario"}


def _drop_required(node: Any) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("required"), list):
            del node["required"]
        for inner in node.values():
            _drop_required(inner)
    elif isinstance(node, list):
        for inner in node:
            _drop_required(inner)
