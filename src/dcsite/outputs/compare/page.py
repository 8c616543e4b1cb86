"""``compare.html``: measures side by side, and the hubs of every plan on one map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dcsite.outputs.inline import asset, data_uri, leaflet_css, script, xstatic
from dcsite.outputs.map.encode import script_json
from dcsite.outputs.map.layer import Field
from dcsite.outputs.map.layers_known import prefecture_ground
from dcsite.outputs.map.panel import ATTRIBUTION, notices
from dcsite.outputs.map.style import hub_radius_px, quantity, tier_style

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

_ENVIRONMENT = Environment(
    loader=PackageLoader("dcsite.outputs.compare", "assets"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters["quantity"] = lambda measure: quantity(measure.value, measure.unit)

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
    ground = prefecture_ground(atlas)
    tables = [{"source": used.source, "licence": used.licence} for used in atlas.tables_used()]
    layers = [_layer(plan, PLAN_COLOURS[number], number) for number, plan in enumerate(found.plans)]
    return _ENVIRONMENT.get_template("compare.html.j2").render(
        found=found,
        colours=PLAN_COLOURS,
        rows=list(zip(*(plan.measures for plan in found.plans), strict=True)),
        sides=[
            (plan, found.moved(plan), (("得るもの Gains", found.gains(plan)),
                                       ("失うもの Costs", found.costs(plan))))
            for plan in found.plans[1:]
        ],
        assumptions=found.scenario.assumptions(),
        notices=notices(tables),
        ground=Markup(ground.data),  # noqa: S704 - script_json leaves nothing to break out with
        layers=Markup(script_json(layers)),  # noqa: S704
        prefix=Markup(script_json(ATTRIBUTION)),  # noqa: S704
        leaflet_js=Markup(script(xstatic("leaflet", "leaflet.js"))),  # noqa: S704 - our own files
        leaflet_css=Markup(leaflet_css()),  # noqa: S704
        layers_js=Markup(script(asset("layers.js"))),  # noqa: S704
        page_css=Markup(data_uri("text/css", asset("page.css"))),  # noqa: S704
    )  # fmt: skip


def _layer(plan: ComparedPlan, colour: str, number: int) -> dict[str, Any]:
    """Return a plan's hubs as circles, the largest first so that small ones stay on top."""
    hubs = plan.contender.hubs.sort_values("it_load_mw", ascending=False)
    return {
        # Later plans lie on top.
        "order": number + 1,
        "kind": f"{plan.contender.title_ja} {plan.contender.title_en}",
        "source": plan.contender.label,
        "fields": _FIELDS,
        "styles": [
            {
                "radius": hub_radius_px(float(load)),
                "color": colour,
                "weight": 2.5,
                "fillColor": colour,
                "fillOpacity": 0.25,
            }
            for load in hubs["it_load_mw"]
        ],
        "rows": [
            [
                round(float(hub["lat_deg"]), 4),
                round(float(hub["lon_deg"]), 4),
                place,
                [
                    str(hub["name_ja"]),
                    hub["name_en"] if isinstance(hub["name_en"], str) else "",
                    plan.contender.label,
                    f"{tier_style(str(hub['tier'])).ja} {tier_style(str(hub['tier'])).en}",
                    round(float(hub["it_load_mw"]), 1),
                ],
            ]
            for place, (_, hub) in enumerate(hubs.iterrows())
        ],
    }
