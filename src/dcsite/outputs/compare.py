"""What a comparison of plans writes: ``compare.json``, and ``compare.html`` with all on one map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcsite.contract import load_mw, printed_for

from .map.layer import Field
from .map.style import hub_radius_px, tier_style
from .page import circles, render_beside_map
from .write import StudyPaths, write_study

if TYPE_CHECKING:
    from pathlib import Path

    from dcsite.atlas import Atlas
    from dcsite.studies.compare import ComparedPlan, Comparison

#: Okabe and Ito's palette, as far apart as they go for colour-blind readers.
PLAN_COLOURS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7"),
    *("#e69f00", "#56b4e9", "#000000", "#7f7f7f"),
)

_FIELDS = (Field("計画", "Plan"), Field("階層", "Tier"), Field("IT容量", "IT load", "MW"))


def write_comparison(found: Comparison, atlas: Atlas, directory: Path) -> StudyPaths:
    """Write a comparison, both files or neither.

    Parameters
    ----------
    found : Comparison
        Plans side by side.
    atlas : Atlas
        Gives the map's ground and credits.
    directory : Path
        Made, or replaced if it holds a comparison and nothing else.

    Raises
    ------
    OutputError
        If the folder cannot be written or holds files that are not ours; it is then unchanged.
    """
    return write_study(found, directory, render_comparison(found, atlas))


def render_comparison(found: Comparison, atlas: Atlas) -> str:
    """Return the text of ``compare.html``: measures side by side, hubs of every plan on one map."""
    layers = []
    for number, plan in enumerate(found.plans):
        with printed_for([hub.it_load_mw for hub in plan.hubs]):
            layers.append(_layer(plan, number))
    return render_beside_map(
        "compare.html.j2",
        atlas,
        layers,
        atlas.tables_used(),
        found=found,
        labels=found.labels(),
        colours=PLAN_COLOURS,
    )


def _layer(plan: ComparedPlan, number: int) -> dict[str, Any]:
    """Return a plan's hubs as circles, the largest first so that small ones stay on top."""
    return circles(
        f"{plan.title_ja} {plan.title_en}",
        plan.label,
        _FIELDS,
        (
            (
                hub.lat_deg,
                hub.lon_deg,
                hub_radius_px(hub.it_load_mw),
                [
                    *(hub.name_ja, hub.name_en or "", plan.label),
                    f"{tier_style(hub.tier).ja} {tier_style(hub.tier).en}",
                    f"約 about {load_mw(hub.it_load_mw)}",
                ],
            )
            for hub in sorted(plan.hubs, key=lambda hub: -hub.it_load_mw)
        ),
        order=number + 1,
        color=PLAN_COLOURS[number],
        weight=2.5,
        fillColor=PLAN_COLOURS[number],
        fillOpacity=0.25,
    )
