"""One self-contained page: the front as a chart, and the plan of the point at hand on a map."""

from __future__ import annotations

import math
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from shapely import MultiPolygon

from dcsite.outputs.map.credits import ATTRIBUTION
from dcsite.outputs.map.encode import script_json
from dcsite.outputs.map.palette import hub_radius_px, tier_style
from dcsite.plan.front_axes import closest_pair

from .tables import front_document

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from dcsite.atlas import Atlas
    from dcsite.plan.front_types import Front

__all__ = ["render_front"]

#: The map's picture: degrees to pixels, east-west shortened as at this latitude.
_MIDDLE_LAT_DEG = 36.0
_PIXELS_PER_DEGREE = 40.0
_WEST_DEG, _NORTH_DEG = 122.5, 46.0
_SIZE = (
    round((147.2 - _WEST_DEG) * math.cos(math.radians(_MIDDLE_LAT_DEG)) * _PIXELS_PER_DEGREE),
    round((_NORTH_DEG - 23.8) * _PIXELS_PER_DEGREE),
)
#: About half a pixel; islets of less than a pixel or so are not drawn.
_SIMPLIFY_DEG, _LEAST_PART_DEG2 = 0.012, 0.0008

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
            hub["x"], hub["y"] = _place(hub["lon_deg"], hub["lat_deg"])
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
            "at": _place(core["lon_deg"], core["lat_deg"]),
        }
        for core in atlas.policy.existing_cores().to_dict("records")
    ]
    return _TEMPLATES.get_template("front.html.j2").render(
        front=front,
        width=_SIZE[0],
        height=_SIZE[1],
        land=_land(atlas),
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


def _place(lon_deg: float, lat_deg: float) -> tuple[float, float]:
    shorter = math.cos(math.radians(_MIDDLE_LAT_DEG))
    return (
        round((lon_deg - _WEST_DEG) * shorter * _PIXELS_PER_DEGREE, 1),
        round((_NORTH_DEG - lat_deg) * _PIXELS_PER_DEGREE, 1),
    )


def _land(atlas: Atlas) -> list[dict[str, Any]]:
    """Return each prefecture's names and outline as the path of an SVG."""
    polygons = atlas.places.prefecture_polygons()
    return [
        {"ja": ja, "en": en, "path": _path(geometry)}
        for ja, en, geometry in zip(
            polygons["pref_name_ja"], polygons["pref_name_en"], polygons.geometry, strict=True
        )
    ]


def _path(geometry: BaseGeometry) -> str:
    simple = geometry.simplify(_SIMPLIFY_DEG)
    parts = list(simple.geoms) if isinstance(simple, MultiPolygon) else [simple]
    largest = max(part.area for part in parts)
    pieces: list[str] = []
    for part in parts:
        if part.area < min(_LEAST_PART_DEG2, largest):
            continue
        corners = [_place(lon, lat) for lon, lat in part.exterior.coords]
        pieces.append("M" + "L".join(f"{x:g} {y:g}" for x, y in corners) + "Z")
    return "".join(pieces)
