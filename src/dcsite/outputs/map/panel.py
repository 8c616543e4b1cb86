"""The panels beside the map: the plan, the list of layers with its legends, who is credited."""

from __future__ import annotations

import tomllib
from itertools import count, groupby
from typing import TYPE_CHECKING, Any

from dcsite.contract import WORKLOAD_TITLES, step_said
from dcsite.outputs.inline import asset

from .encode import html_fragment
from .layers_loads import loads_by_part
from .layers_takeover import ARROWS, carried_loads
from .popup import hardest_first
from .style import LEAST_MW, SCORE_RAMP, TIERS, hub_radius_px, quantity, tier_style

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dcsite.atlas import Atlas
    from dcsite.atlas.descriptor import ResourceSpec
    from dcsite.contract import AreaFigure
    from dcsite.plan.explanation import Explanation
    from dcsite.plan.schedule import Schedule
    from dcsite.plan.types import GeodataUse, Plan

    from .choropleth import ScoredCriterion, ThemeGroup
    from .layer import Layer
    from .layers_plan import HubMarker

_STATUS = {
    "optimal": ("最適性を証明済み", "Proven optimal"),
    "feasible": ("実行可能（最適性は未証明）", "Feasible, not proven optimal"),
    "interrupted": ("中断時点の最良解", "Interrupted: best plan found"),
}
_WORKLOADS = {name: f"{ja} {en}" for name, (en, ja) in WORKLOAD_TITLES.items()}
_GROUPS = {
    "plan": ("計画", "Plan"),
    "places": ("既存・政策", "Existing and policy"),
    "power": ("電力", "Power"),
    "network": ("通信", "Network"),
    "hazards": ("災害", "Hazards"),
    "ground": ("背景", "Ground"),
}


def plan_html(
    plan: Plan,
    markers: Sequence[HubMarker],
    atlas: Atlas,
    explanation: Explanation | None = None,
    schedule: Schedule | None = None,
) -> str:
    """Return the plan's panel: status and what is wrong first, then measures, hubs, the rest."""
    tables = credited_tables(plan, atlas)
    tiers = groupby(enumerate(markers), key=lambda drawn: drawn[1].hub.tier)
    return html_fragment(
        "panel.html.j2",
        plan=plan,
        cited={one.rule: one.cited for one in plan.rules},
        carried=carried_loads(plan),
        status=_STATUS[plan.status],
        gap=quantity(plan.gap, "share") if plan.gap >= 0.001 else _small_gap(plan.gap),
        unserved=plan.unserved if plan.unserved_mw > LEAST_MW else (),
        workloads=_WORKLOADS,
        tiers=[
            (
                tier_style(tier),
                [
                    (number, drawn.hub, drawn.loads[0].year if drawn.loads else None)
                    for number, drawn in members
                ],
            )
            for tier, members in tiers
        ],
        schedule=schedule,
        areas=_by_area(plan, atlas),
        loads=loads_by_part(plan),
        step=step_said(),
        hardest=hardest_first(explanation, markers),
        notices=notices(tables.values()),
        tables=tables,
    )


def _by_area(plan: Plan, atlas: Atlas) -> list[tuple[tuple[str, str], list[AreaFigure]]]:
    """Return a plan's figures area by area, in the order of the table of areas."""
    names = atlas.table("electricity_areas")[["name_ja", "name_en"]]
    grouped = [(area, [one for one in plan.areas if one.area == area]) for area in names.index]
    return [(tuple(names.loc[area]), figures) for area, figures in grouped if figures]


def _small_gap(gap: float) -> str:
    """Write a gap too small for one decimal of a percentage."""
    return f"{gap * 100:.3f} %" if gap >= 0 else "–"


def layers_html(
    entries: Sequence[Layer],
    criteria: Sequence[ScoredCriterion],
    themes: Sequence[ThemeGroup],
    network: Mapping[str, Any],
) -> str:
    """Return the list of layers, grouped, with legends and the network's years and systems."""
    return html_fragment(
        "layers.html.j2",
        groups=[
            (key, names, [entry for entry in entries if entry.group == key])
            for key, names in _GROUPS.items()
        ],
        network=network,
        criteria=criteria,
        themes=themes,
        # The page's script numbers the themes on from the criteria.
        number=count(len(criteria)).__next__,
        ramp=SCORE_RAMP,
        arrows=ARROWS,
        tiers=TIERS,
        sizes=[(round(2 * hub_radius_px(load_mw)), load_mw) for load_mw in (50, 150, 300)],
    )


#: Shown in the map's corner at all times; plain text.
ATTRIBUTION = "© OpenStreetMap contributors (ODbL) · 国土数値情報（国土交通省）を加工 · Leaflet"

#: Words in a table's source or licence, and the notice that its producer asks for.
_NOTICES = tomllib.loads(asset("notices.toml").decode("utf-8"))


def credited_tables(plan: Plan, atlas: Atlas) -> dict[str, GeodataUse | ResourceSpec]:
    """Return every table that the run or the map has read, by name."""
    tables: dict[str, GeodataUse | ResourceSpec] = {used.table: used for used in plan.geodata}
    # A map that is drawn again later has read fewer tables than the run, and says the same of them.
    of_plan = {(used.table, used.sha256) for used in plan.geodata}
    known = [table for table in atlas.resources() if (table.name, table.sha256) in of_plan]
    tables |= {table.name: table for table in (*known, *atlas.tables_used())}
    return dict(sorted(tables.items()))


def notices(tables: Iterable[GeodataUse | ResourceSpec]) -> list[str]:
    """Return the notices that the listed tables ask for."""
    texts = [f"{table.source} {table.licence}" for table in tables]
    return [notice for words, notice in _NOTICES.items() if any(words in text for text in texts)]
