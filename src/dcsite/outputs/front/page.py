"""One self-contained page: the front as a chart, and the plan of the point at hand on a map."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from dcsite.outputs.map.encode import script_json
from dcsite.outputs.map.panel import ATTRIBUTION
from dcsite.outputs.map.style import hub_radius_px, tier_style
from dcsite.outputs.outline import SIZE, land, place
from dcsite.studies.front import closest_pair

from .tables import front_document

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.studies.front import Front

_TEMPLATES = Environment(
    loader=PackageLoader("dcsite.outputs.front", "assets"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render_front(front: Front, atlas: Atlas) -> str:
    """Return the text of ``front.html``: it holds all it needs and asks for nothing."""
    data = front_document(front)
    for point in data["points"]:
        for hub in point["hubs"]:
            hub["x"], hub["y"] = place(hub["lon_deg"], hub["lat_deg"])
            hub["r"] = round(1.2 * hub_radius_px(hub["it_load_mw"]), 1)
        point["closest"] = None if front.x.scored else _closest(point["hubs"])
    tiers = dict.fromkeys(hub.tier for point in front.points for hub in point.hubs)
    data["tiers"] = {
        name: {"colour": style.colour, "ja": style.ja, "en": style.en}
        for name, style in ((name, tier_style(name)) for name in tiers)
    }
    data["cores"] = [
        {
            "ja": core["name_ja"],
            "en": core["name_en"],
            "at": place(core["lon_deg"], core["lat_deg"]),
        }
        for core in atlas.existing_cores().to_dict("records")
    ]
    return _TEMPLATES.get_template("front.html.j2").render(
        front=front,
        width=SIZE[0],
        height=SIZE[1],
        land=land(atlas),
        # Our own script and style, and JSON made safe for both HTML and script.
        data=Markup(script_json(data)),  # noqa: S704
        script=Markup(_asset("front.js")),  # noqa: S704
        style=Markup(_asset("front.css")),  # noqa: S704
        credit=ATTRIBUTION.removesuffix(" · Leaflet"),
    )


def _closest(hubs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the two hubs that set a plan's spacing: where the line between them is drawn."""
    pair = closest_pair(
        np.array([hub["lat_deg"] for hub in hubs]), np.array([hub["lon_deg"] for hub in hubs])
    )
    if pair is None:
        return None
    ends = [hubs[number] for number in pair[:2]]
    return {"ends": [(hub["x"], hub["y"]) for hub in ends], "km": round(pair[2], 1)}


def _asset(name: str) -> str:
    return files("dcsite.outputs.front").joinpath("assets", name).read_text(encoding="utf-8")
