"""The map of a robustness run: a circle per place and tier, as large as it is often chosen.

One self-contained file: Leaflet, the layers' script of the plan's map and all data inside.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dcsite.outputs.inline import asset, data_uri, leaflet_css, script, xstatic
from dcsite.outputs.map.encode import script_json
from dcsite.outputs.map.layer import Field
from dcsite.outputs.map.layers_known import prefecture_ground
from dcsite.outputs.map.panel import ATTRIBUTION, notices
from dcsite.outputs.map.style import TIERS

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.studies.robust import Frequency, Robustness

#: A place chosen in every sample has this radius; areas go with the frequency.
_LARGEST_PX = 20.0
_LEAST_PX = 2.0

_ENVIRONMENT = Environment(
    loader=PackageLoader("dcsite.outputs.robust", "assets"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)

_FIELDS = (
    Field("選ばれた割合", "Chosen in", "share"),
    Field("95%区間の下端", "95 % interval, from", "share"),
    Field("95%区間の上端", "95 % interval, to", "share"),
    Field("選ばれた回数", "Samples choosing it"),
    Field("IT容量の平均", "Mean IT load", "MW"),
)


def render_page(found: Robustness, atlas: Atlas) -> str:
    """Return the text of ``robust.html``.

    Parameters
    ----------
    found : Robustness
        What came of the run.
    atlas : Atlas
        Gives the prefectures' polygons.
    """
    ground = prefecture_ground(atlas)
    tables = [{"source": used.source, "licence": used.licence} for used in found.geodata]
    counts = found.counts
    return _ENVIRONMENT.get_template("robust.html.j2").render(
        found=found,
        without=len(found.samples) - found.with_plan,
        infeasible=counts["infeasible"],
        late=counts["no_plan_in_time"],
        top=[entry for entry in found.frequencies if entry.tier == "any"][:30],
        tiers=TIERS,
        notices=notices(tables),
        ground=Markup(ground.data),  # noqa: S704 - script_json leaves nothing to break out with
        layers=Markup(script_json([_layer(found, tier.name) for tier in TIERS])),  # noqa: S704
        prefix=Markup(script_json(ATTRIBUTION)),  # noqa: S704
        leaflet_js=Markup(script(xstatic("leaflet", "leaflet.js"))),  # noqa: S704 - our own files
        leaflet_css=Markup(leaflet_css()),  # noqa: S704
        layers_js=Markup(script(asset("layers.js"))),  # noqa: S704
        page_css=Markup(data_uri("text/css", asset("page.css"))),  # noqa: S704
    )


def _layer(found: Robustness, tier: str) -> dict[str, Any]:
    """Return the circles of one tier, the largest first so that small ones stay on top."""
    style = next(entry for entry in TIERS if entry.name == tier)
    places = [entry for entry in found.frequencies if entry.tier == tier]
    places.sort(key=lambda entry: (-entry.frequency, entry.site_id))
    return {
        "order": 1,
        "kind": f"{style.ja} {style.en}",
        "source": f"{found.with_plan} 標本 samples, seed {found.seed}",
        "fields": _FIELDS,
        "styles": [
            {
                "radius": radius_px(entry.frequency),
                "color": "#ffffff",
                "weight": 1,
                "fillColor": style.colour,
                "fillOpacity": 0.75,
            }
            for entry in places
        ],
        "rows": [
            [round(entry.lat_deg, 4), round(entry.lon_deg, 4), number, _record(entry)]
            for number, entry in enumerate(places)
        ],
    }


def _record(entry: Frequency) -> list[Any]:
    return [
        entry.name_ja,
        f"{entry.name_en} {entry.prefecture_en}".strip(),
        round(entry.frequency, 4),
        round(entry.low, 4),
        round(entry.high, 4),
        f"{entry.chosen} / {entry.samples}",
        round(entry.mean_it_load_mw, 1),
    ]


def radius_px(frequency: float) -> float:
    """Return a circle's radius: its area goes with the frequency, with a floor to be seen."""
    return round(max(_LEAST_PX, _LARGEST_PX * math.sqrt(frequency)), 1)
