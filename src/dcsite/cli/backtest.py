"""``dcsite backtest``: a plan beside the places where data centres were announced."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from .options import (
    GeodataOption,
    JsonOption,
    LayerOption,
    MovedAddSitesOption,
    MovedSitesOption,
    PlanArgument,
    QuietOption,
    output_option,
)
from .progress import Reporter
from .show import columns, output_console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from dcsite.studies.backtest import AnnouncedPlace, Backtest


def backtest_command(
    plan: PlanArgument,
    near_km: Annotated[
        float,
        typer.Option("--near-km", min=0.0, max=2000.0, help="Hubs so near to a place are told."),
    ] = 50.0,
    output: Annotated[
        Path | None, output_option("Folder to write; dcsite-out/backtest by default.")
    ] = None,
    sites: MovedSitesOption = None,
    add_sites: MovedAddSitesOption = None,
    layer: LayerOption = None,
    geodata: GeodataOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Hold a plan against the data centres announced since the strategy: how far to trust it.

    Writes backtest.json and backtest.html.
    """
    from dcsite.outputs.backtest import write_backtest
    from dcsite.outputs.write import check_directory
    from dcsite.plan import Session
    from dcsite.plan.reload import read_plan
    from dcsite.studies.backtest import run_backtest

    saved = read_plan(plan)
    session = Session.reopen(saved, sites, add_sites=add_sites, layer=layer, atlas=geodata)
    directory = output or Path("dcsite-out") / "backtest"
    check_directory(directory, "backtest", [saved.path])
    with Reporter(quiet=quiet, notes=saved.notes) as progress:
        progress.stage("measure")
        found = run_backtest(saved.plan, session.scorecard(saved.plan), near_km)
        progress.stage("write")
        paths = write_backtest(found, session.atlas, directory)
    if as_json:
        print_json(found.dump())
        return 0
    _print(output_console(), found)
    # The path stands alone and whole on the last line, so that scripts can take it.
    typer.echo(f"page: {paths.html}")
    return 0


def _print(console: Console, found: Backtest) -> None:
    """Print how the places outside the two areas rank, then what the tables say of MW."""
    console.print(Text.assemble((found.title_en, "bold"), f"  {found.title_ja}"))
    tiers = [one.tier for one in found.agreement]
    heads = ("place 場所", "stage", ">MW", *(f">{tier}" for tier in tiers), ">plan's MW near")
    table = columns(*heads, "kept out by", wide=("place 場所", "kept out by"))
    for one in found.outside:
        table.add_row(*map(Text, _cells(one)))
    console.print(table)
    table = columns("tier", ">candidates 両圏の外", ">admitted", ">best tenth", ">better half",
                    ">AUC (0.5: chance)", ">95 % interval", ">AUC of admitted")  # fmt: skip
    for tier in found.agreement:
        known = tier.low == tier.low  # NaN where there is none
        table.add_row(
            tier.tier,
            *map(str, (tier.places, tier.admitted, tier.top_tenth, tier.top_half)),
            f"{tier.auc:.2f}" if tier.auc == tier.auc else "-",
            f"{tier.low:.2f} - {tier.high:.2f}" if known else "-",
            f"{tier.auc_admitted:.2f}" if tier.auc_admitted == tier.auc_admitted else "-",
        )
    console.print(table)
    parts = ", ".join(f"{name} {mw:,.0f} MW" for name, mw in found.area_mw.items())
    console.print(
        Text(
            f"announced where known: {found.known_mw:,.0f} MW ({parts}; bases differ); "
            f"{found.plan_near_share:.0%} of the plan's MW stand within {found.near_km:g} km of a "
            "place. Few places: a hint, no proof. The plan is not tuned to them, and wants no new "
            "hubs in the Tokyo and Osaka areas."
        )
    )


def _cells(one: AnnouncedPlace) -> list[str]:
    rules = dict.fromkeys(kept.rule for tier in one.tiers[-1:] for kept in tier.kept_out)
    return [
        f"{one.name_ja} {one.name_en}",
        one.stage.replace("_", " "),
        f"{one.known_mw:,.0f}" if one.known_mw == one.known_mw else "not known",
        *(f"{tier.rank}/{tier.of}" if tier.rank else "-" for tier in one.tiers),
        f"{one.plan_mw:,.0f}",
        ", ".join(rules),
    ]
