"""Each hub's backup, as an arc from the one to the other with an arrow half-way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import folium
import numpy as np

from .encode import html_fragment
from .parts import DrawAsSvg, LayerEntry, Swatch, add

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dcsite.plan.types import Hub, Plan

__all__ = ["ARROW_SVG", "BACKUP_PANE", "BackupPair", "backup_entry", "backup_pairs"]

BACKUP_PANE = "dc-backups"
_COLOUR = "#7b3294"
#: Untyped in Folium.
_POLYLINE: Any = folium.PolyLine
#: How far an arc leaves the straight line, as a share of its length.
_BEND = 0.16
_POINTS = 41
#: The arrow's piece of the arc; its head lies at the end.
_ARROW = slice(_POINTS // 2 - 1, _POINTS // 2 + 2)

#: The head of all arrows; the style sheet hangs it on the arcs' middle pieces.
ARROW_SVG = (
    '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
    '<marker id="dc-arrow" viewBox="0 0 10 10" refX="6" refY="5" markerWidth="11" '
    'markerHeight="11" markerUnits="userSpaceOnUse" orient="auto">'
    f'<path d="M0 0L10 5L0 10L2.5 5z" fill="{_COLOUR}"/></marker></defs></svg>'
)


@dataclass(frozen=True)
class BackupPair:
    """A hub, the hub that stands in for it, and why that one; plain text in both languages."""

    site_id: str
    backup_site_id: str
    reason_ja: str
    reason_en: str


def backup_pairs(plan: Plan) -> list[BackupPair]:
    """Return a plan's hubs that have a backup, with how often both are down and what was left."""
    pairs: list[BackupPair] = []
    for item in plan.backups:
        if item.backup_site_id is None:
            continue
        reasons = [
            (
                f"同時に停止しない{item.choices}拠点から選択",
                f"chosen among {item.choices} that no disaster takes down with it",
            )
        ]
        if item.both_down_30y is not None:
            reasons.append(
                (
                    f"同時停止の期待回数は30年で{item.both_down_30y:.2g}回",
                    f"expected down together {item.both_down_30y:.2g} times in 30 years",
                )
            )
        pairs.append(
            BackupPair(
                item.site_id,
                item.backup_site_id,
                "、".join(ja for ja, _ in reasons),
                "; ".join(en for _, en in reasons),
            )
        )
    return pairs


def backup_entry(plan: Plan, pairs: Sequence[BackupPair]) -> LayerEntry:
    """Return arcs from hubs to their backups, off at first.

    Parameters
    ----------
    plan : Plan
        Whose hubs they are.
    pairs : sequence of BackupPair
        Which hub backs up which; both must be hubs of the plan. Two hubs that back each other up
        get two arcs, each to the right of its own direction.

    Returns
    -------
    LayerEntry
        An entry of the group ``plan``; the page needs `ARROW_SVG` and the pane `BACKUP_PANE`.

    Raises
    ------
    ValueError
        If a pair names a hub that the plan does not have, or one hub twice.
    """
    hubs = {hub.site_id: hub for hub in plan.hubs}
    group = folium.FeatureGroup(name="backups", control=False, show=False)
    for pair in pairs:
        for site_id in (pair.site_id, pair.backup_site_id):
            if site_id not in hubs:
                raise ValueError(f"{site_id!r} is no hub of the plan; give hubs of the plan alone")
        if pair.site_id == pair.backup_site_id:
            raise ValueError(f"{pair.site_id!r} cannot be its own backup; give two hubs")
        hub, backup = hubs[pair.site_id], hubs[pair.backup_site_id]
        path = arc(hub, backup)
        line = _POLYLINE(
            path.tolist(), color=_COLOUR, weight=2.4, opacity=0.85, pane=BACKUP_PANE,
            smooth_factor=0.2, class_name="dc-arc",
        )  # fmt: skip
        popup = html_fragment("popup_backup.html.j2", hub=hub, backup=backup, pair=pair)
        add(line, folium.Popup(popup, max_width=340, class_name="dc-popup"))
        add(group, line)
        # The invisible middle piece carries the arrow's head, which a line has at its end alone.
        add(group,
            _POLYLINE(
                path[_ARROW].tolist(), color=_COLOUR, weight=2.4, opacity=0, pane=BACKUP_PANE,
                smooth_factor=0, interactive=False, class_name="dc-arc-head",
            )
        )  # fmt: skip
    add(group, DrawAsSvg(BACKUP_PANE))
    return LayerEntry(
        "backups",
        "plan",
        f"代替拠点（{len(pairs)}）",
        "Backup of each hub",
        group,
        legend=[Swatch("line", _COLOUR, size=2.4)],
        note_ja="矢印の先が代替。弧は関係を示し、回線の経路ではない。",
        note_en="The arrow points to the backup; arcs show pairs, not routes.",
    )


def arc(hub: Hub, backup: Hub) -> NDArray[np.float64]:
    """Return an arc between two hubs: a parabola that bends to the right of its direction.

    Returns
    -------
    numpy.ndarray, shape (41, 2)
        Latitude and longitude in degrees, the ends included.
    """
    start = np.array([hub.lat_deg, hub.lon_deg])
    end = np.array([backup.lat_deg, backup.lon_deg])
    # A degree of longitude is drawn shorter than one of latitude by about this factor.
    narrow = np.cos(np.radians((start[0] + end[0]) / 2.0))
    north, east = end - start
    right = np.array([-east * narrow, north / narrow])
    along = np.linspace(0.0, 1.0, _POINTS)[:, None]
    path: NDArray[np.float64] = (
        start + along * (end - start) + 4.0 * along * (1.0 - along) * _BEND * right
    )
    return np.round(path, 4)
