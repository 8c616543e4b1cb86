"""The plan on the map: hubs by tier and size, their links, the existing cores."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import folium

from dcsite.criteria import criteria

from .encode import html_fragment
from .palette import TIERS, hub_radius_px, tier_style
from .parts import DrawAsSvg, LayerEntry, Swatch, add, rows
from .wording import quantity, score
from .worth import hub_shares, hub_worth, share_lines

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.plan.explanation import Explanation
    from dcsite.plan.types import CriterionValue, Hub, Plan

__all__ = [
    "CORE_PANE",
    "HUB_PANE",
    "LINK_PANE",
    "HubMarker",
    "core_entry",
    "hub_entries",
    "link_entries",
]

LINK_PANE, CORE_PANE, HUB_PANE = "dc-links", "dc-cores", "dc-hubs"
#: Untyped in Folium.
_POLYLINE: Any = folium.PolyLine
_LINK_COLOURS = {"substation": "#3b0f70", "landing": "#00798c"}
_EXISTING_COLOUR = "#2b333a"


@dataclass(frozen=True)
class HubMarker:
    """A drawn hub: its marker, and what the page's script needs beside it."""

    hub: Hub
    marker: folium.CircleMarker

    def as_config(self) -> dict[str, Any]:
        """Return what the page's script reads."""
        hub = self.hub
        return {
            "layer": self.marker.get_name(),
            "label": f"{hub.name_ja} {hub.name_en or ''} {hub.it_load_mw:.0f} MW",
            "first": hub.tier == TIERS[0].name,
            "uncertainty_km": hub.uncertainty_km if hub.uncertainty_km > 0 else None,
        }


def hub_entries(
    plan: Plan, atlas: Atlas, explanation: Explanation | None = None
) -> tuple[list[LayerEntry], list[HubMarker]]:
    """Return one layer of hubs per tier, and the markers, the most important first."""
    tiers = [tier.name for tier in TIERS]
    tiers += sorted({hub.tier for hub in plan.hubs} - set(tiers))
    entries: list[LayerEntry] = []
    markers: list[HubMarker] = []
    areas = atlas.table("electricity_areas")
    names = {hub.site_id: f"{hub.name_ja} {hub.name_en or ''}".strip() for hub in plan.hubs}
    for core in rows(atlas.existing_cores()):
        names[str(core.Index)] = f"{core.name_ja} {core.name_en}"
    titles = {item.name: (item.title_ja, item.title_en) for item in criteria()}
    for tier in tiers:
        style = tier_style(tier)
        group = folium.FeatureGroup(name=f"hubs-{tier}", control=False)
        own = sorted(
            (hub for hub in plan.hubs if hub.tier == tier),
            key=lambda hub: (-hub.it_load_mw, hub.site_id),
        )
        for hub in own:
            radius = hub_radius_px(hub.it_load_mw)
            marker = folium.CircleMarker(
                (hub.lat_deg, hub.lon_deg), radius=radius, color="#ffffff", weight=2, opacity=1,
                fill=True, fill_color=style.colour, fill_opacity=1, pane=HUB_PANE,
                class_name=f"dc-hub dc-hub-{style.name if style in TIERS else 'other'}",
            )  # fmt: skip
            area = areas.loc[hub.area] if hub.area in areas.index else None
            popup = html_fragment(
                "popup_hub.html.j2",
                hub=hub,
                tier=style,
                area_ja=hub.area if area is None else area["name_ja"],
                area_en=hub.area if area is None else area["name_en"],
                facts=_facts(hub, names),
                worth=hub_worth(explanation, hub.site_id),
                shares=share_lines(hub_shares(hub, explanation)),
                groups=_groups(hub.values, titles),
            )
            add(marker, folium.Popup(popup, max_width=400, max_height=460, class_name="dc-popup"))
            add(marker,
                folium.Tooltip(
                    html_fragment("label.html.j2", text=hub.name_ja), sticky=False, permanent=True,
                    direction="right", offset=[round(radius), 0], opacity=1,
                    class_name=f"dc-label dc-label-{'core' if tier == 'core' else 'other'}",
                )
            )  # fmt: skip
            add(group, marker)
            markers.append(HubMarker(hub, marker))
        add(group, DrawAsSvg(HUB_PANE))
        entries.append(
            LayerEntry(
                f"hubs-{tier}", "plan", f"{style.ja}（{len(own)}）", style.en, group, shown=True,
                legend=[Swatch("dot", style.colour, size=12)],
            )
        )  # fmt: skip
    return entries, markers


def _fact(ja: str, en: str, value: str, more: str = "") -> dict[str, str]:
    return {"ja": ja, "en": en, "value": value, "more": more}


def _facts(hub: Hub, names: dict[str, str]) -> list[dict[str, str]]:
    """Return what a hub is: load, links, neighbour, energy, uncertainty."""
    facts = [_fact("IT容量", "IT load", quantity(hub.it_load_mw, "MW"))]
    station, landing = hub.substation, hub.landing
    if station is None:
        facts.append(_fact("接続変電所", "Substation", "–"))
    else:
        name = " ".join(part for part in (station.name_ja, station.name_en) if part)
        value = f"{quantity(station.voltage_kv, 'kV')} · {quantity(station.distance_km, 'km')}"
        facts.append(
            _fact(
                "接続変電所",
                "Substation",
                value,
                f"{name or '名称なし no name'} ({station.substation_id})",
            )
        )
    if landing is not None:
        facts.append(
            _fact(
                "最寄りの国際陸揚局",
                "Nearest international landing",
                quantity(landing.distance_km, "km"),
                f"{landing.name_ja} {landing.name_en}",
            )
        )
    neighbour = names.get(hub.nearest_hub_id, hub.nearest_hub_id)
    facts += [
        _fact("最寄りの拠点", "Nearest hub or core", quantity(hub.nearest_hub_km, "km"), neighbour),
        _fact(
            "追加性のある再エネ", "Additional renewables", quantity(hub.renewable_share, "share")
        ),
        _fact(
            "脱炭素電源（参考）", "Decarbonised, for reference",
            quantity(hub.decarbonised_share, "share"),
        ),
        _fact(
            "位置の不確かさ（半径）", "Uncertainty of place, radius",
            quantity(hub.uncertainty_km, "km"),
        ),
    ]  # fmt: skip
    return facts


def _groups(
    values: tuple[CriterionValue, ...], titles: dict[str, tuple[str, str]]
) -> list[dict[str, Any]]:
    """Return the measured values, criterion by criterion."""
    groups: list[dict[str, Any]] = []
    for name, members in groupby(values, key=lambda value: value.criterion):
        ja, en = titles.get(name, (name, ""))
        lines = [
            {
                "ja": value.label_ja,
                "en": value.label_en,
                "value": quantity(value.value, value.unit),
                "score": score(value.score),
                "source": value.source,
            }
            for value in members
        ]
        groups.append({"ja": ja, "en": en, "lines": lines})
    return groups


def link_entries(plan: Plan) -> list[LayerEntry]:
    """Return straight links from each hub to its substation and to its landing."""
    entries: list[LayerEntry] = []
    for kind, ja, en in (
        ("substation", "拠点から変電所（直線）", "Hub to substation, straight"),
        ("landing", "拠点から陸揚局（直線）", "Hub to landing, straight"),
    ):
        group = folium.FeatureGroup(name=f"links-{kind}", control=False)
        for hub in plan.hubs:
            end = hub.substation if kind == "substation" else hub.landing
            if end is None:
                continue
            add(group,
                _POLYLINE(
                    [(hub.lat_deg, hub.lon_deg), (end.lat_deg, end.lon_deg)],
                    color=_LINK_COLOURS[kind], opacity=0.7, pane=LINK_PANE, interactive=False,
                    weight=2.2 if kind == "substation" else 1.2,
                    dash_array=None if kind == "substation" else "5 4", class_name="dc-link",
                )
            )  # fmt: skip
        add(group, DrawAsSvg(LINK_PANE))
        shape = "line" if kind == "substation" else "dash"
        entries.append(
            LayerEntry(
                f"links-{kind}", "plan", ja, en, group, shown=True,
                legend=[Swatch(shape, _LINK_COLOURS[kind], size=2)],
            )
        )  # fmt: skip
    return entries


def core_entry(atlas: Atlas) -> tuple[LayerEntry, list[str]]:
    """Return the existing cores, at their prefectural offices, and their markers' names."""
    names: list[str] = []
    group = folium.FeatureGroup(name="cores", control=False)
    for core in rows(atlas.existing_cores()):
        marker = folium.CircleMarker(
            (core.lat_deg, core.lon_deg), radius=9, color=_EXISTING_COLOUR, weight=4,
            fill=True, fill_color="#ffffff", fill_opacity=1, pane=CORE_PANE, class_name="dc-core",
        )  # fmt: skip
        popup = html_fragment("popup_core.html.j2", core=core)
        add(marker, folium.Popup(popup, max_width=340, class_name="dc-popup"))
        label = html_fragment("label.html.j2", text=core.name_ja)
        add(marker,
            folium.Tooltip(
                label, sticky=False, permanent=True, direction="left", offset=[-10, 0], opacity=1,
                class_name="dc-label dc-label-existing",
            )
        )  # fmt: skip
        add(group, marker)
        names.append(marker.get_name())
    add(group, DrawAsSvg(CORE_PANE))
    entry = LayerEntry(
        "cores", "places", "既存の中核（都府庁の位置）", "Existing cores, at prefectural offices",
        group, shown=True, legend=[Swatch("ring", _EXISTING_COLOUR, size=10)],
    )  # fmt: skip
    return entry, names
