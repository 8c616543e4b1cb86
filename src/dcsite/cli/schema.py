"""``dcsite schema``: the JSON Schema of a file that dcsite writes, from the record it is."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def schema_command(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="plan, explanation or alternatives.")
    ] = "plan",
) -> None:
    """Print the JSON Schema of plan.json, explanation.json or alternatives.json."""
    from dcsite.plan.explanation import Explanation
    from dcsite.plan.types import Plan
    from dcsite.studies.alternatives import Alternatives

    known = {
        record.file_name.removesuffix(".json"): record
        for record in (Plan, Explanation, Alternatives)
    }
    if file.removesuffix(".json") not in known:
        raise typer.BadParameter(
            f"must be one of {', '.join(known)}, got {file!r}", param_hint="FILE"
        )
    schema = known[file.removesuffix(".json")].schema()
    typer.echo(json.dumps(schema, ensure_ascii=False, indent=2))
