"""Show a scenario: as TOML with the source behind each value, as plain data, as JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from .layers import EXTENDS, SOURCES, is_value, toml_key, toml_value
from .schema import Scenario, Section, as_dict, scenario_model

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
        if (*path, key) == ("demand", "grid_demand_mw") and scenario.demand.basis != "given":
            text = f"# {text}, derived"
        origin = scenario.provenance.get(".".join((*path, key)))
        if origin:
            text = f"{text:<{_COMMENT_COLUMN}}  # {_printable(str(origin))}"
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


class ValueSource(Section):
    """What a value is from: one of `strategy`, `table` and `assumption`, and why."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    strategy: Annotated[list[str], Field(min_length=1)]
    """Line ids of the strategy, such as "F1" or "F1 L11170"."""
    reading: str
    """Of the strategy, in place of `why`: how its words were read, where they do not say so."""
    table: str
    """Name of a table of geodata."""
    row: dict[str, Any]
    """Of a table: columns and what stands in them in the row of the value."""
    column: str
    """Of a table: the column of the value."""
    times: float
    """Of a table: what its value is taken times, such as 0.01 for per cent."""
    assumption: str
    """Why the value is what it is."""
    why: str
    """What the value rests on."""
    tried: Any
    """Of an assumption: another value that was tried on the scenario's plan."""
    moves_share: Annotated[float, Field(ge=0, le=1)]
    """Share of the load that then stood elsewhere."""


class _File(Section):
    """What a file says beside the scenario itself."""

    extends: Annotated[str, Field(min_length=1)]
    """Shipped name or path of the scenario this file changes."""
    sources: dict[str, ValueSource]
    """Where each value is from, by its dotted key."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for editors and checks.

    No key is required, since a file may extend another scenario and give only what differs.
    """
    schema, file = scenario_model().model_json_schema(), _File.model_json_schema()
    extends, sources = file["properties"][EXTENDS], file["properties"][SOURCES]
    schema["properties"] = {EXTENDS: extends, **schema["properties"], SOURCES: sources}
    schema["$defs"] |= file["$defs"]
    for table in (schema, *schema["$defs"].values()):
        table.pop("required", None)
    return {"$schema": _SCHEMA_ID, **schema, "title": "dcsite scenario"}
