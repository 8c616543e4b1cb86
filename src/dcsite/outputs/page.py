"""The builder of the pages of studies: one file each, in both languages, that asks for nothing.

A page is a template of ``assets``: a *sheet* of sections (front, stress) or a panel *beside a map*
(robust, compare), both on ``base.html.j2``. Jinja escapes every value; what goes into a script
passes ``json``, and only our own files are trusted. The filters write figures alike everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup
from shapely import MultiPolygon

from dcsite.records import drawn_deg

from .inline import TEMPLATES, asset, data_uri, leaflet_css, script, xstatic
from .map.encode import script_json
from .map.layers_known import prefecture_ground
from .map.panel import ATTRIBUTION, notices

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from dcsite.atlas import Atlas
    from dcsite.atlas.descriptor import ResourceSpec
    from dcsite.plan.types import GeodataUse

    from .map.layer import Field

#: The map's picture: degrees to pixels, east-west shortened as at this latitude.
_MIDDLE_LAT_DEG = 36.0
_PIXELS_PER_DEGREE = 40.0
_WEST_DEG, _NORTH_DEG = 122.5, 46.0
_SHORTER = math.cos(math.radians(_MIDDLE_LAT_DEG))

#: Width and height of the picture, in pixels.
SIZE = (
    round((147.2 - _WEST_DEG) * _SHORTER * _PIXELS_PER_DEGREE),
    round((_NORTH_DEG - 23.8) * _PIXELS_PER_DEGREE),
)
#: About half a pixel; islets of less than a pixel or so are not drawn.
_SIMPLIFY_DEG, _LEAST_PART_DEG2 = 0.012, 0.0008


def percent(value: float | None) -> str:
    """Write a share in per cent with two or three digits that mean something."""
    if value is None:
        return "–"
    share = value * 100.0
    if share == 0.0:
        return "0 %"
    return f"{share:.0f} %" if share >= 99.95 else f"{share:.3g} %"


def chance(value: float) -> str:
    """Write a probability of which less than a thousandth is as good as none."""
    return "< 0.1 %" if 0.0 < value < 0.001 else percent(value)


def amount(value: float | None) -> str:
    """Write an amount with three digits that mean something."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def interval(estimate: Any, *, share: bool = True) -> str:
    """Write the two ends of an estimate's interval (`low`, `high`); a dash where there is none."""
    write = percent if share else amount
    return "–" if estimate.low is None else f"{write(estimate.low)} – {write(estimate.high)}"


def render_page(
    template: str, tables: Iterable[ResourceSpec | GeodataUse] = (), **context: Any
) -> str:
    """Return the text of a page.

    Parameters
    ----------
    template : str
        A file of ``assets``.
    tables : iterable of ResourceSpec or GeodataUse
        Read for the page: the footer gives the notices that their licences ask for.
    **context
        What the template names; every value is escaped.
    """
    return TEMPLATES.get_template(template).render(notices=notices(tables), **context)


def render_beside_map(
    template: str,
    atlas: Atlas,
    layers: Sequence[dict[str, Any]],
    tables: Iterable[ResourceSpec | GeodataUse],
    **context: Any,
) -> str:
    """Return the text of a page with layers of :func:`circles` on Leaflet's map of prefectures.

    The template's box ``data-layer`` of number n switches the layer of that number.
    """
    # The ground is JSON already, made safe as the layers are.
    ground = Markup(prefecture_ground(atlas).data)  # noqa: S704
    return render_page(template, tables, ground=ground, layers=layers, **context)


def circles(
    kind: str,
    source: str,
    fields: Sequence[Field],
    marks: Iterable[tuple[float, float, float, Sequence[Any]]],
    *,
    order: int = 1,
    **style: Any,
) -> dict[str, Any]:
    """Return a layer of circles.

    Parameters
    ----------
    kind, source : str
        Head and foot of a circle's pop-up.
    fields : sequence of Field
        What the record's values after the two names are called.
    marks : iterable of tuple
        Latitude and longitude in degrees, radius in pixels, record (Japanese name, English name,
        values); the first lies lowest.
    order : int
        Later layers lie on top.
    **style
        Leaflet's options of the path.
    """
    places = list(marks)
    return {
        "order": order,
        "kind": kind,
        "source": source,
        "fields": fields,
        "styles": [{"radius": radius_px} | style for _, _, radius_px, _ in places],
        "rows": [
            [*drawn_deg(lat_deg, lon_deg), number, record]
            for number, (lat_deg, lon_deg, _, record) in enumerate(places)
        ],
    }


def place(lon_deg: float, lat_deg: float) -> tuple[float, float]:
    """Return where a position lies in the drawn map, in pixels from its upper left."""
    return (
        round((lon_deg - _WEST_DEG) * _SHORTER * _PIXELS_PER_DEGREE, 1),
        round((_NORTH_DEG - lat_deg) * _PIXELS_PER_DEGREE, 1),
    )


def land(atlas: Atlas) -> list[dict[str, Any]]:
    """Return each prefecture's names (`ja`, `en`) and outline (`path`), for ``land`` in words."""
    polygons = atlas.polygons("prefecture_polygons")
    return [
        {"ja": ja, "en": en, "path": outline(geometry)}
        for ja, en, geometry in zip(
            polygons["pref_name_ja"], polygons["pref_name_en"], polygons.geometry, strict=True
        )
    ]


def outline(geometry: BaseGeometry) -> str:
    """Return the outline of a polygon or several in EPSG:4326, simplified to half a pixel."""
    simple = geometry.simplify(_SIMPLIFY_DEG)
    parts = list(simple.geoms) if isinstance(simple, MultiPolygon) else [simple]
    largest = max(part.area for part in parts)
    pieces: list[str] = []
    for part in parts:
        if part.area < min(_LEAST_PART_DEG2, largest):
            continue
        corners = [place(lon, lat) for lon, lat in part.exterior.coords]
        pieces.append("M" + "L".join(f"{x:g} {y:g}" for x, y in corners) + "Z")
    return "".join(pieces)


def _own(name: str) -> Markup:
    """Return one of our own files, to stand in the page as it is."""
    return Markup(asset(name).decode("utf-8"))  # noqa: S704


TEMPLATES.filters.update(
    percent=percent,
    amount=amount,
    chance=chance,
    interval=interval,
    json=lambda value: Markup(script_json(value)),  # noqa: S704 - nothing to break out with
    own=_own,
    own_style=lambda name: Markup(data_uri("text/css", asset(name))),  # noqa: S704 - our own file
    own_script=lambda name: Markup(script(asset(name))),  # noqa: S704
)
TEMPLATES.globals.update(
    size=SIZE,
    attribution=ATTRIBUTION,
    leaflet_js=lambda: Markup(script(xstatic("leaflet", "leaflet.js"))),  # noqa: S704
    leaflet_css=lambda: Markup(leaflet_css()),  # noqa: S704
)
