"""``dcsite schema``: the JSON Schema of a file that dcsite writes, from the record it is."""

from __future__ import annotations

from typing import Annotated

import typer

from .show import print_json


def schema_command(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="plan, explanation, alternatives, stress, ..."),
    ] = "plan",
) -> None:
    """Print the JSON Schema of a file that dcsite writes, such as plan.json or stress.json."""
    from dcsite.plan.explanation import Explanation
    from dcsite.plan.schedule import Schedule
    from dcsite.plan.types import Plan
    from dcsite.studies.alternatives import Alternatives
    from dcsite.studies.backtest import Backtest
    from dcsite.studies.compare import Comparison
    from dcsite.studies.edge import Edge
    from dcsite.studies.front import Front
    from dcsite.studies.robust import Robustness
    from dcsite.studies.stress_types import StressTest

    records = (
        Plan,
        Schedule,
        Explanation,
        Alternatives,
        Backtest,
        Comparison,
        Front,
        Robustness,
        StressTest,
        Edge,
    )
    known = {record.file_name.removesuffix(".json"): record for record in records}
    if file.removesuffix(".json") not in known:
        raise typer.BadParameter(
            f"must be one of {', '.join(known)}, got {file!r}", param_hint="FILE"
        )
    schema = known[file.removesuffix(".json")].schema()
    print_json(schema)
