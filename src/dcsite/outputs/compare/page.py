"""``compare.html``: measures side by side, and the hubs of every plan on one map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dcsite.outputs.map.layer import Field
from dcsite.outputs.map.style import hub_radius_px, tier_style
from dcsite.outputs.page import circles, render_beside_map

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.studies.compare import ComparedPlan, Comparison

#: Okabe and Ito's palette, as far apart as they go for colour-blind readers.
PLAN_COLOURS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#000000",
    "#7f7f7f",
)

_FIELDS = (Field("計画", "Plan"), Field("階層", "Tier"), Field("IT容量", "IT load", "MW"))


def render_comparison(found: Comparison, atlas: Atlas) -> str:
    """Return the text of ``compare.html``.

    Parameters
    ----------
    found : Comparison
        Plans side by side.
    atlas : Atlas
        Gives the map's ground and credits.
    """
    layers = [_layer(plan, PLAN_COLOURS[number], number) for number, plan in enumerate(found.plans)]
    return render_beside_map(
        "compare.html.j2",
        atlas,
        layers,
        atlas.tables_used(),
        found=found,
        colours=PLAN_COLOURS,
        rows=list(zip(*(plan.measures for plan in found.plans), strict=True)),
        assumptions=found.scenario.assumptions(),
    )


def _layer(plan: ComparedPlan, colour: str, number: int) -> dict[str, Any]:
    """Return a plan's hubs as circles, the largest first so that small ones stay on top."""
    own = plan.contender
    return circles(
        f"{own.title_ja} {own.title_en}",
        own.label,
        _FIELDS,
        (
            (
                float(hub["lat_deg"]),
                float(hub["lon_deg"]),
                hub_radius_px(float(hub["it_load_mw"])),
                [
                    str(hub["name_ja"]),
                    hub["name_en"] if isinstance(hub["name_en"], str) else "",
                    own.label,
                    f"{tier_style(str(hub['tier'])).ja} {tier_style(str(hub['tier'])).en}",
                    round(float(hub["it_load_mw"]), 1),
                ],
            )
            for _, hub in own.hubs.sort_values("it_load_mw", ascending=False).iterrows()
        ),
        order=number + 1,
        color=colour,
        weight=2.5,
        fillColor=colour,
        fillOpacity=0.25,
    )
