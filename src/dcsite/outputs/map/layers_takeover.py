"""Who carries whose load when it falls: arcs on the map, lines of pop-ups, the first lines of all.

An arc runs from what falls (a hub, or an existing core) to the hub whose reserve carries it, as
wide as what it carries at most in any one event. Reserve is shared over events: arcs do not add up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import folium
import numpy as np

from dcsite.records import DRAWN_DECIMALS_DEG

from .encode import html_fragment
from .layer import Layer, Swatch, add, listed, rows, svg_group
from .style import LEAST_MW, about

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.contract import Backup, Takeover
    from dcsite.plan.types import Plan

BACKUP_PANE = "dc-backups"
#: Untyped in Folium.
_POLYLINE: Any = folium.PolyLine
#: Key, colour and names of the arcs of existing cores, and of those between hubs.
_KINDS = (
    ("cores", "#b2182b", "既存の中核の負荷を担う拠点", "Hubs that carry an existing core's load"),
    ("hubs", "#7b3294", "拠点どうしの引き受け", "Hubs that carry each other's load"),
)
#: Colours of the arrows' heads.
ARROWS = {key: colour for key, colour, *_ in _KINDS}
#: Width in pixels of the narrowest arc and of the one that carries most.
_WIDTHS_PX = (1.2, 9.0)
#: How far an arc leaves the straight line, as a share of its length.
_BEND = 0.16
_POINTS = 41
#: The arrow's piece of the arc; its head lies at the end.
_ARROW = slice(_POINTS // 2 - 1, _POINTS // 2 + 2)


class Named(NamedTuple):
    """A hub or an existing core: where it is, and what people call it."""

    lat_deg: float
    lon_deg: float
    name_ja: str
    name_en: str

    @property
    def both(self) -> str:
        """The name in both languages."""
        return f"{self.name_ja} {self.name_en}".strip()


def named_ends(plan: Plan, atlas: Atlas) -> dict[str, Named]:
    """Return all that a load can be carried for or by, by id."""
    cores = {
        str(core.Index): Named(core.lat_deg, core.lon_deg, core.name_ja, core.name_en)
        for core in rows(atlas.existing_cores())
    }
    return cores | {
        hub.site_id: Named(hub.lat_deg, hub.lon_deg, hub.name_ja, hub.name_en or "")
        for hub in plan.hubs
    }


def of_hubs(plan: Plan, *sites: str) -> str:
    """Return the class of what is drawn of hubs: the page hides it before all of them open."""
    return " ".join(f"dc-of-{n}" for n, hub in enumerate(plan.hubs) if hub.site_id in sites)


def takeover_layers(plan: Plan, atlas: Atlas) -> list[Layer]:
    """Return the arcs, those of existing cores shown at first.

    The page needs the heads of `ARROWS` and the pane `BACKUP_PANE`. Two hubs that carry each other
    get two arcs, each to the right of its own direction.
    """
    ends, hubs = named_ends(plan, atlas), {hub.site_id for hub in plan.hubs}
    known = [one for one in plan.backups if {one.site_id, one.backup_site_id} <= ends.keys()]
    most_mw = max((one.takeover_mw for one in known), default=0.0)
    layers: list[Layer] = []
    for key, colour, ja, en in _KINDS:
        own = [one for one in known if (one.site_id in hubs) == (key == "hubs")]
        if not own:
            continue
        members = [
            line
            for one in sorted(own, key=lambda one: -one.takeover_mw)
            for line in _arrow(
                one,
                ends,
                f"{key} {of_hubs(plan, one.site_id, one.backup_site_id)}",
                colour,
                _width_px(one.takeover_mw, most_mw),
            )
        ]
        sizes_mw = [one.takeover_mw for one in own]
        layers.append(
            listed(
                "takeover",
                svg_group(f"takeover-{key}", BACKUP_PANE, members, show=key == "cores"),
                key=f"takeover-{key}", shown=key == "cores",
                legend=[
                    Swatch("line", colour, about(mw), size=_width_px(mw, most_mw))
                    for mw in sorted({min(sizes_mw), max(sizes_mw)})
                ],
                ja=ja, en=en, count=len(own),
            )
        )  # fmt: skip
    return layers


def _width_px(mw: float, most_mw: float) -> float:
    low, high = _WIDTHS_PX
    return round(low + (high - low) * mw / most_mw, 1)


def _arrow(
    one: Backup, ends: Mapping[str, Named], key: str, colour: str, width: float
) -> list[Any]:
    start, end = ends[one.site_id], ends[one.backup_site_id]
    path = arc(start, end)
    line, head = (
        _POLYLINE(points.tolist(), color=colour, weight=width, pane=BACKUP_PANE, **style)
        for points, style in (
            (path, {"opacity": 0.7, "smooth_factor": 0.2, "class_name": f"dc-arc dc-arc-{key}"}),
            # This invisible piece of the middle carries the arrow's head, which a line has at its
            # end alone.
            (path[_ARROW], {"opacity": 0, "smooth_factor": 0, "interactive": False,
                            "class_name": f"dc-arc-head dc-arc-head-{key}"}),
        )
    )  # fmt: skip
    popup = html_fragment("popup_backup.html.j2", start=start, end=end, arc=one)
    add(line, folium.Popup(popup, max_width=340, class_name="dc-popup"))
    text = f"{start.name_ja} → {end.name_ja} {about(one.takeover_mw)}"
    add(line, folium.Tooltip(html_fragment("label.html.j2", text=text), sticky=True))
    return [line, head]


def arc(start: Named, end: Named) -> NDArray[np.float64]:
    """Return an arc between two places: a parabola that bends to the right of its direction.

    Returns
    -------
    numpy.ndarray, shape (41, 2)
        Latitude and longitude in degrees, the ends included.
    """
    first, last = np.array(start[:2]), np.array(end[:2])
    # A degree of longitude is drawn shorter than one of latitude by about this factor.
    narrow = np.cos(np.radians((first[0] + last[0]) / 2.0))
    north, east = last - first
    right = np.array([-east * narrow, north / narrow])
    along = np.linspace(0.0, 1.0, _POINTS)[:, None]
    path: NDArray[np.float64] = (
        first + along * (last - first) + 4.0 * along * (1.0 - along) * _BEND * right
    )
    return np.round(path, DRAWN_DECIMALS_DEG)


class Carried(NamedTuple):
    """What becomes of one load, and who carries it: what a pop-up and the panel say."""

    takeover: Takeover
    name_ja: str
    name_en: str
    unserved_mw: float
    event: str
    is_hub: bool

    @property
    def carried_share(self) -> float:
        """The share of the load that reserve carries."""
        return self.takeover.carried_mw / self.takeover.load_mw if self.takeover.load_mw else 1.0

    @property
    def is_short(self) -> bool:
        """Whether less is carried than is asked for."""
        return self.takeover.short_mw > LEAST_MW


def carried_loads(plan: Plan) -> list[Carried]:
    """Return what becomes of each load that must be taken over, existing cores first."""
    hubs = {hub.site_id: hub for hub in plan.hubs}
    names = {loss.event_id: f"{loss.name_ja} {loss.name_en}" for loss in plan.worst_disasters}
    found = [
        Carried(
            one,
            *(
                (hubs[one.site_id].name_ja, hubs[one.site_id].name_en or "")
                if one.site_id in hubs
                else (one.name_ja, one.name_en)
            ),
            one.load_mw - one.carried_mw,
            names.get(one.worst_event_id, one.worst_event_id).strip(),
            one.site_id in hubs,
        )
        for one in plan.takeovers
    ]
    return sorted(found, key=lambda one: (one.is_hub, -one.takeover.short_mw))


def carrying_lines(plan: Plan, names: Mapping[str, str], site_id: str) -> list[dict[str, str]]:
    """Return the lines of a pop-up on who carries a place's load, and for whom it carries."""
    lines = []
    for ja, en, own, other in (
        ("負荷を担う拠点", "Carried by", "site_id", "backup_site_id"),
        ("担う相手", "Carries for", "backup_site_id", "site_id"),
    ):
        arcs = [one for one in plan.backups if getattr(one, own) == site_id]
        if arcs:
            told = [
                f"{names.get(getattr(one, other), getattr(one, other))} {about(one.takeover_mw)}"
                for one in sorted(arcs, key=lambda one: -one.takeover_mw)
            ]
            lines.append({"ja": ja, "en": en, "value": str(len(arcs)), "more": "、".join(told)})
    for one in carried_loads(plan):
        if one.takeover.site_id == site_id and one.is_short:
            ja, en = (
                ("担い手のない負荷", "Carried by nobody")
                if one.is_hub
                else ("必要量に対する不足", "Short of what is asked")
            )
            lines.append(
                {
                    "ja": ja, "en": en,
                    "value": about(one.takeover.short_mw),
                    "more": one.event or "単独停止時 when it fails alone",
                }
            )  # fmt: skip
    return lines
