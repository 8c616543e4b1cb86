"""The panels beside the map: the plan, the list of layers with its legends, who is credited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import count
from typing import TYPE_CHECKING, Any

from .encode import html_fragment
from .layer import Swatch
from .popup import hardest_first
from .style import SCORE_RAMP, TIERS, assumed, decimals, hub_radius_px, quantity, score, tier_style

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.plan.explanation import Explanation
    from dcsite.plan.types import Plan

    from .choropleth import ScoredCriterion, ThemeGroup
    from .layer import Layer
    from .layers_plan import HubMarker

_STATUS = {
    "optimal": ("最適性を証明済み", "Proven optimal"),
    "feasible": ("実行可能（最適性は未証明）", "Feasible, not proven optimal"),
    "interrupted": ("中断時点の最良解", "Interrupted: best plan found"),
}
_WORKLOADS = {
    "latency_critical": "低遅延 latency-critical",
    "latency_tolerant": "遅延許容 latency-tolerant",
}
_GROUPS = {
    "plan": ("計画", "Plan"),
    "places": ("既存・政策", "Existing and policy"),
    "power": ("電力", "Power"),
    "network": ("通信", "Network"),
    "hazards": ("災害", "Hazards"),
    "ground": ("背景", "Ground"),
}
#: Below this a shortage is a rounding of the solver, as in the terminal's summary.
_LEAST_UNSERVED_MW = 0.05


def plan_html(
    plan: Plan,
    markers: Sequence[HubMarker],
    atlas: Atlas,
    explanation: Explanation | None = None,
) -> str:
    """Return the plan's panel: status and what is wrong first, then measures, hubs, the rest."""
    status_ja, status_en = _STATUS[plan.status]
    unserved = plan.unserved if plan.unserved_mw > _LEAST_UNSERVED_MW else ()
    tables = credited_tables(plan, atlas)
    return html_fragment(
        "panel.html.j2",
        plan=plan,
        status={"ja": status_ja, "en": status_en},
        objective=decimals(plan.objective, 4),
        bound=decimals(plan.bound, 4),
        gap=quantity(plan.gap, "share") if plan.gap >= 0.001 else _small_gap(plan.gap),
        violations=[
            {
                "ja": item.message_ja,
                "en": item.message_en,
                "rule": item.rule,
                "amount": quantity(item.amount, item.unit),
                "penalty": decimals(item.penalty, 4),
            }
            for item in plan.violations
        ],
        unserved_total=quantity(plan.unserved_mw, "MW"),
        unserved=[
            {
                "ja": zone.name_ja,
                "en": zone.name_en,
                "value": quantity(zone.unserved_mw, "MW"),
                "workload": _WORKLOADS.get(zone.workload, zone.workload),
            }
            for zone in unserved
        ],
        measures=[
            {
                "ja": item.label_ja,
                "en": item.label_en,
                "value": quantity(item.value, item.unit),
                "score": score(item.score),
                "share": None if item.score is None else round(100 * item.score, 1),
                "weight": f"{item.weight:.2f}" if item.weight else "",
            }
            for item in plan.measures
        ],
        hub_count=len(plan.hubs),
        total_load=quantity(round(sum(hub.it_load_mw for hub in plan.hubs), 1), "MW"),
        tiers=_tiers(markers),
        hardest=hardest_first(explanation, markers),
        assumptions=[
            {"key": item.key, "value": assumed(item.value), "why": item.why}
            for item in plan.assumptions
        ],
        notices=notices(tables),
        tables=tables,
        wall=f"{plan.wall_s:.1f} s",
    )


def _small_gap(gap: float) -> str:
    """Write a gap too small for one decimal of a percentage."""
    return f"{gap * 100:.3f} %" if gap >= 0 else "–"


def _tiers(markers: Sequence[HubMarker]) -> list[dict[str, Any]]:
    """Return the hubs by tier, each with its number in the page's script."""
    tiers: dict[str, dict[str, Any]] = {}
    for place, drawn in enumerate(markers):
        hub = drawn.hub
        style = tier_style(hub.tier)
        tier = tiers.setdefault(
            hub.tier,
            {"ja": style.ja, "en": style.en, "colour": style.colour, "hubs": [], "mw": 0.0},
        )
        tier["mw"] += hub.it_load_mw
        tier["hubs"].append(
            {
                "number": place,
                "name_ja": hub.name_ja,
                "name_en": hub.name_en or "",
                "prefecture": hub.prefecture_ja,
                "load": quantity(hub.it_load_mw, "MW"),
            }
        )
    for tier in tiers.values():
        tier["load"] = quantity(round(tier["mw"], 1), "MW")
    return list(tiers.values())


def layers_html(
    entries: Sequence[Layer],
    criteria: Sequence[ScoredCriterion],
    themes: Sequence[ThemeGroup] = (),
) -> str:
    """Return the list of layers, grouped, with legends, and the key of the hubs."""
    groups = [
        {
            "ja": ja,
            "en": en,
            "entries": [
                {
                    "key": entry.key,
                    "variable": entry.layer.get_name(),
                    "ja": entry.ja,
                    "en": entry.en,
                    "shown": entry.shown,
                    "legend": entry.legend,
                    "note_ja": entry.note_ja,
                    "note_en": entry.note_en,
                }
                for entry in entries
                if entry.group == key
            ],
        }
        for key, (ja, en) in _GROUPS.items()
    ]
    return html_fragment(
        "layers.html.j2",
        groups=groups,
        criteria=[asdict(item) for item in criteria],
        themes=_themes(themes, len(criteria)),
        ramp=SCORE_RAMP,
        tiers=TIERS,
        sizes=[
            {"diameter": round(2 * hub_radius_px(load)), "label": f"{load} MW"}
            for load in (50, 150, 300)
        ],
    )


def _themes(groups: Sequence[ThemeGroup], first: int) -> list[dict[str, Any]]:
    """Return the groups of themes with their legends; themes are numbered on from the criteria."""
    numbers = count(first)
    return [
        {
            "ja": group.ja,
            "en": group.en,
            "themes": [
                {"key": theme.key, "ja": theme.ja, "en": theme.en, "number": next(numbers)}
                for theme in group.themes
            ],
            "swatches": [
                Swatch("area", item.colour, item.ja, item.en)
                for item in (*reversed(group.classes), group.absent)
            ],
            "note_ja": group.note_ja,
            "note_en": group.note_en,
            "source": group.source,
        }
        for group in groups
    ]


#: Shown in the map's corner at all times; plain text.
ATTRIBUTION = "© OpenStreetMap contributors (ODbL) · 国土数値情報（国土交通省）を加工 · Leaflet"

#: Words in a table's source or licence, and the notice that its producer asks for.
_NOTICES: dict[str, str] = {
    "Open Database License": (
        "© OpenStreetMap contributors. 変電所・送電線は Open Database License (ODbL) 1.0 に基づく"
        "派生データベースです。 Substations and transmission lines are a derivative database under "
        "the ODbL 1.0: openstreetmap.org/copyright"
    ),
    "National Land Numerical Information": (
        "「国土数値情報（行政区域データ）」（国土交通省）をもとに加工。 Made from National Land "
        "Numerical Information (Administrative Areas), MLIT, processed."
    ),
    "SSDSE": (
        "「SSDSE」（独立行政法人統計センター）を加工して作成。 Made from SSDSE, National "
        "Statistics Center, processed."
    ),
    "Copernicus DEM": (
        "Produced using Copernicus WorldDEM-30 © DLR e.V. 2010-2014 and © Airbus Defence and Space "
        "GmbH 2014-2018 provided under COPERNICUS by the European Union and ESA; all rights "
        "reserved."
    ),
    "Global Energy Monitor": (
        "Copyright © Global Energy Monitor. Distributed under a Creative Commons Attribution 4.0 "
        "International License (CC BY 4.0)."
    ),
    "Global Wind Power Tracker": (
        "Global Wind Power Tracker, Global Energy Monitor, February 2025 release. Distributed "
        "under a Creative Commons Attribution 4.0 International License (CC BY 4.0)."
    ),
    "Global Power Plant Database": (
        "Global Energy Observatory, Google, KTH Royal Institute of Technology in Stockholm, "
        "Enipedia, World Resources Institute: Global Power Plant Database (CC BY 4.0)."
    ),
    "J-SHIS": (
        "「J-SHIS」（防災科学技術研究所）の地震動予測地図・表層地盤をもとに作成。 Made from "
        "J-SHIS, National Research Institute for Earth Science and Disaster Resilience (NIED)."
    ),
    "Headquarters for Earthquake Research Promotion": (
        "地震調査研究推進本部の長期評価をもとに作成。 Made from long-term evaluations of the "
        "Headquarters for Earthquake Research Promotion."
    ),
    "Hazard Map Portal": (
        "「ハザードマップポータルサイト」（国土交通省・国土地理院）を加工して作成。 Made from the "
        "Hazard Map Portal Site, MLIT and GSI, processed."
    ),
    "Geolonia": (
        "「Geolonia 住所データ」(CC BY 4.0)、「位置参照情報」（国土交通省）をもとに加工。 Geolonia "
        "address data (CC BY 4.0), from the MLIT location reference information, processed."
    ),
}


def credited_tables(plan: Plan, atlas: Atlas) -> list[dict[str, str]]:
    """Return every table that the run or the map has read, by name."""
    tables = {
        used.table: {
            "name": used.table,
            "title": used.table,
            "source": used.source,
            "licence": used.licence,
            "vintage": used.vintage,
            "url": "",
        }
        for used in plan.geodata
    }
    # A map that is drawn again later has read fewer tables than the run, and says the same of them.
    of_plan = {(used.table, used.sha256) for used in plan.geodata}
    known = [table for table in atlas.resources() if (table.name, table.sha256) in of_plan]
    for table in (*known, *atlas.tables_used()):
        url = table.licence_url or ""
        tables[table.name] = {
            "name": table.name,
            "title": table.title,
            "source": table.source,
            "licence": table.licence,
            "vintage": table.vintage,
            "url": url if url.startswith(("https://", "http://")) and " " not in url else "",
        }
    return [tables[name] for name in sorted(tables)]


def notices(tables: list[dict[str, str]]) -> list[str]:
    """Return the notices that the listed tables ask for."""
    texts = [f"{table['source']} {table['licence']}" for table in tables]
    return [notice for words, notice in _NOTICES.items() if any(words in text for text in texts)]
