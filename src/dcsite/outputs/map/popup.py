"""A hub's pop-up in words: what it is, what it is worth, its shares, what was measured."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

from dcsite.contract import criteria, link_kinds, load_mw

from .encode import html_fragment
from .layers_loads import loads_by_part
from .layers_takeover import carrying_lines
from .style import SCORE_RAMP, about, decimals, quantity, tier_style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dcsite.plan.explanation import (
        Cost,
        Explanation,
        HubExplanation,
        HubLoad,
        MeasureShare,
        PlaceName,
        RunnerUp,
    )
    from dcsite.plan.schedule import YearLoad
    from dcsite.plan.types import Hub, Plan

    from .layers_plan import HubMarker

#: Other hubs that come or go with a hub are named up to this many.
_LISTED = 3


def hub_popup(
    hub: Hub,
    area: tuple[str, str],
    names: Mapping[str, str],
    explanation: Explanation | None = None,
    plan: Plan | None = None,
    years: Sequence[YearLoad] = (),
) -> str:
    """Return a hub's pop-up as HTML, safe whatever names hold.

    Parameters
    ----------
    hub : Hub
        Whose it is.
    area : tuple of str
        Its electricity area in Japanese and English.
    names : mapping
        What hubs and existing cores are called, by their ids.
    explanation : Explanation, optional
        What hubs are worth.
    plan : Plan, optional
        Gives the figures and charts of the hub's area.
    years : sequence of YearLoad
        What it carries year by year, where there is a plan for each of several years.
    """
    titles = {item.name: (item.title_ja, item.title_en) for item in criteria()}
    return html_fragment(
        "popup_hub.html.j2",
        hub=hub,
        years=years,
        tier=tier_style(hub.tier),
        area=area,
        facts=_facts(hub, names, plan),
        loads=() if plan is None else loads_by_part(plan, hub.site_id),
        ways=[] if plan is None else [one for one in plan.routes if one.site_id == hub.site_id],
        carrying=() if plan is None else carrying_lines(plan, names, hub.site_id),
        worth=hub_worth(explanation, hub.site_id),
        shares=share_lines(hub.shares),
        **_of_area(hub, plan),
        groups=[
            (titles.get(name, (name, "")), list(members))
            for name, members in groupby(hub.values, key=lambda value: value.criterion)
        ],
    )


def _of_area(hub: Hub, plan: Plan | None) -> dict[str, Any]:
    """Return what the plan says of a hub's electricity area: figures and charts."""
    if plan is None:
        return {"area_figures": (), "heat_maps": (), "stacks": ()}
    return {
        "area_figures": [one for one in plan.areas if one.area == hub.area],
        "heat_maps": [one for one in plan.heat_maps if one.area == hub.area],
        "stacks": [one for one in plan.stacks if one.area == hub.area],
        "ramp": SCORE_RAMP,
    }


def hub_worth(explanation: Explanation | None, site_id: str) -> list[dict[str, str]] | None:
    """Return the lines of a pop-up on what a hub is worth; None where it was not computed."""
    hub = None if explanation is None else explanation.of(site_id)
    if explanation is None or hub is None or hub.cost is None:
        return None
    cost = _line("代替コスト", "Replacement cost", *_cost(hub.cost, explanation.objective))
    if not hub.cost.possible:
        return [cost, *_size(hub.size)]
    return [cost, *_successors(hub), *_size(hub.size)]


def _size(size: HubLoad | None) -> list[dict[str, str]]:
    """Return how firmly a hub's MW is set, and by what."""
    if size is None:
        return []
    low, high = load_mw(size.low_mw), load_mw(size.high_mw)
    value = about(size.low_mw) if low == high else f"約 about {low}–{high} MW"
    held, kept = (
        " / ".join(f"{reason.title_ja} {reason.title_en}" for reason in reasons)
        for reasons in (size.held_by, size.kept_by)
    )
    lines = [_line("同等のIT容量", "MW as good", value, f"上限の要因 held by: {held}")]
    return [*lines, _line("下支え", "Kept up by", "", kept)] if kept else lines


def share_lines(shares: Sequence[MeasureShare]) -> list[dict[str, str]]:
    """Return a hub's part of each scored measure, and of all of them together."""
    lines = [
        _share(share.label_ja, share.label_en, share.points, share.plan_points) for share in shares
    ]
    if len(shares) > 1:
        own = sum(share.points for share in shares)
        lines.append(_share("合計", "All", own, sum(share.plan_points for share in shares)))
    return lines


def hardest_first(
    explanation: Explanation | None, markers: Sequence[HubMarker]
) -> list[tuple[int, Hub, str]]:
    """Return the hubs whose cost is known, the hardest to replace first: number, hub, cost."""
    if explanation is None:
        return []
    known = [
        (number, drawn.hub, found.cost)
        for number, drawn in enumerate(markers)
        if (found := explanation.of(drawn.hub.site_id)) is not None and found.cost is not None
    ]
    known.sort(key=lambda entry: (_hardness(entry[2]), entry[0]))
    return [(number, hub, cost_points(cost)) for number, hub, cost in known]


def _hardness(cost: Cost) -> tuple[bool, float, float]:
    """Sort by what is proven first: the lower end, then the upper one; an open end is highest."""
    high = float("inf") if cost.high is None else cost.high
    return (cost.possible, -(cost.low or 0.0), -high)


def cost_points(cost: Cost) -> str:
    """Write a cost's interval in objective points."""
    if not cost.possible:
        return "代替不可 irreplaceable"
    if cost.high is None:
        return f"≥ {decimals(cost.low, 4)}"
    low, high = decimals(cost.low, 4), decimals(cost.high, 4)
    return low if low == high else f"{low}–{high}"


def _cost(cost: Cost, objective: float) -> tuple[str, str]:
    if not cost.possible:
        return (
            cost_points(cost),
            "この地点なしでは必須規則を守れない No plan holds all hard rules without it",
        )
    scale = 100.0 / max(abs(objective), 1e-9)
    low = decimals((cost.low or 0.0) * scale, 2)
    if cost.high is None:
        return f"{cost_points(cost)} 点 points", f"目的値の{low} %以上 of the objective, or more"
    high = decimals(cost.high * scale, 2)
    part = low if low == high else f"{low}–{high}"
    return f"{cost_points(cost)} 点 points", f"目的値の{part} % of the objective"


def _successors(hub: HubExplanation) -> list[dict[str, str]]:
    if not hub.runners_up:
        if hub.cost is None or hub.cost.high is None:
            return [_line("次点", "Runner-up", "–", "時間内に見つからず not found in time")]
        more = "ほかの拠点が負荷を担う the other hubs carry its load"
        return [_line("次点", "Runner-up", "なし none", more)]
    first, *further = hub.runners_up
    lines = [_line("次点", "Runner-up", _name(first.place), _where(first))]
    if further:
        named = [f"{_name(other.place)} {quantity(other.distance_km, 'km')}" for other in further]
        lines.append(_line("ほかに加わる拠点", "Also joining", str(len(further)), _list(named)))
    if hub.leaving:
        named = [_name(place) for place in hub.leaving]
        lines.append(_line("ほかに外れる拠点", "Also leaving", str(len(named)), _list(named)))
    return lines


def _where(other: RunnerUp) -> str:
    style = tier_style(other.tier)
    return (
        f"{other.place.prefecture_ja} {other.place.prefecture_en} · "
        f"{quantity(other.distance_km, 'km')} · {style.ja} {style.en} · "
        f"{about(other.it_load_mw)}"
    )


def _name(place: PlaceName) -> str:
    return place.name_ja if place.name_en is None else f"{place.name_ja} {place.name_en}"


def _list(named: Sequence[str]) -> str:
    more = f" … +{len(named) - _LISTED}" if len(named) > _LISTED else ""
    return "、".join(named[:_LISTED]) + more


def _share(ja: str, en: str, points: float, plan_points: float) -> dict[str, str]:
    part = quantity(points / plan_points, "share") if plan_points else "–"
    more = f"{decimals(points, 4)} / {decimals(plan_points, 4)} 点 points"
    return _line(ja, en, part, more)


def _line(ja: str, en: str, value: str, more: str = "") -> dict[str, str]:
    return {"ja": ja, "en": en, "value": value, "more": more}


def _facts(hub: Hub, names: Mapping[str, str], plan: Plan | None) -> list[dict[str, str]]:
    """Return what a hub is: load, links, neighbour, energy, uncertainty."""
    facts = [_line("IT容量", "IT load", about(hub.it_load_mw))]
    if hub.reserve_mw > 0.0:
        facts.append(_line("予備容量", "Reserve held free", about(hub.reserve_mw)))
    for key, kind in link_kinds().items():
        link = hub.links.get(key)
        if link is None:
            facts.append(_line(kind.end_ja, kind.end_en, "–"))
            continue
        value = " · ".join(filter(None, (link.detail, quantity(link.distance_km, "km"))))
        name = " ".join(filter(None, (link.name_ja, link.name_en))) or "名称なし no name"
        more = f"{name} ({link.end_id})" if link.end_id else name
        facts.append(_line(kind.end_ja, kind.end_en, value, more))
    if plan is not None:
        facts += [
            _line(
                "ギャップ内の代替地", "As good within the gap",
                _name(tie.place), f"損失 loses at most {tie.said(plan.objective)}",
            )
            for tie in hub.ties or ()
        ]  # fmt: skip
        if hub.ties_open:
            facts.append(_line("未判定の候補", "Not ruled out besides", str(hub.ties_open)))
    if hub.members:
        listed = "; ".join(map(str, hub.members))
        facts.append(_line("合わせた区画", "Parcels in it", str(len(hub.members)), listed))
    neighbour = names.get(hub.nearest_hub_id, hub.nearest_hub_id)
    facts += [
        _line("最寄りの拠点", "Nearest hub or core", quantity(hub.nearest_hub_km, "km"), neighbour),
        *(
            _line(fact.ja, fact.en, quantity(hub.facts.get(fact.name, math.nan), fact.unit))
            for criterion in criteria()
            for fact in criterion.facts
        ),
        _line(
            "位置の不確かさ（半径）", "Uncertainty of place, radius",
            quantity(hub.uncertainty_km, "km"),
        ),
    ]  # fmt: skip
    return facts
