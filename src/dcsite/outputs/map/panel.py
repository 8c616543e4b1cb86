"""The panels beside the map: the plan, and the list of layers with its legends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import count
from typing import TYPE_CHECKING, Any

from .credits import credited_tables, notices
from .encode import html_fragment
from .palette import SCORE_RAMP, TIERS, hub_radius_px, tier_style
from .parts import Swatch
from .wording import assumed, decimals, quantity, score
from .worth import hardest_first

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.plan.explanation import Explanation
    from dcsite.plan.types import Plan

    from .candidates import ScoredCriterion
    from .hubs import HubMarker
    from .parts import LayerEntry
    from .themes import ThemeGroup

__all__ = ["layers_html", "plan_html"]

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
    entries: Sequence[LayerEntry],
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
