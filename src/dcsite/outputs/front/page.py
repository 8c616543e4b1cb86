"""One self-contained page: the front as a chart, and the plan of the point at hand on a map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dcsite.outputs.map.style import hub_radius_px, tier_style
from dcsite.outputs.page import land, place, render_page
from dcsite.studies.front import closest_pair

from .tables import front_document

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.studies.front import Front


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
    return render_page("front.html.j2", front=front, land=land(atlas), data=data)


def _closest(hubs: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the two hubs that set a plan's spacing: where the line between them is drawn."""
    pair = closest_pair(
        np.array([hub["lat_deg"] for hub in hubs]), np.array([hub["lon_deg"] for hub in hubs])
    )
    if pair is None:
        return None
    ends = [hubs[number] for number in pair[:2]]
    return {"ends": [(hub["x"], hub["y"]) for hub in ends], "km": round(pair[2], 1)}
