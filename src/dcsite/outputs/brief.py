"""The page to decide from, brief.html: one plan, or a plan for each of several years.

It answers what should be open and when, what that costs, what of Tokyo's share is left, which of
the strategy's own places made it and why not the others, and how far to trust all this. Each text
stands there in both languages; a switch without a script shows one of them, and that one is
printed. Measures find their section by their topic: no criterion is named here.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from dcsite.contract import TIER_TITLES, TIERS, step_said
from dcsite.plan.scorecard import STATUS
from dcsite.plan.strategy import by_name

from .map.layer import rows
from .map.layers_takeover import carried_loads
from .map.style import hub_radius_px, largest_first, tier_style, tiers_of
from .page import SIZE, land, percent, place, render_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dcsite.atlas import Atlas
    from dcsite.contract import Measure
    from dcsite.plan.schedule import PlanYear, Schedule
    from dcsite.plan.scorecard import Scorecard
    from dcsite.plan.types import CheapestPlan, Hub, Plan

#: Height of a name over the width of the map: of one map, and of several side by side.
_NAME = (0.036, 0.056)
#: The map shows the main islands, and Okinawa in its corner, by west, north, east and south.
_MAIN_DEG, _CORNER_DEG = (128.3, 45.8, 146.2, 29.9), (122.8, 29.9, 131.4, 24.0)
_CORNER_SCALE = 0.75
#: Radius of an existing core's ring.
_CORE_PX = 9.0
#: Width of a letter over its height, in Japanese and in English.
_LETTER = {"ja": 1.0, "en": 0.56}
#: So many measures are told in which the cheapest plan does worse.
_NAMED_LOSSES = 5
#: Up to so many candidates those without a hub are told with the reason: a user's own sites.
_LISTED_SITES = 40
#: So many candidates that are as good as a hub are named.
_NAMED_TIES = 2


def brief_page(
    years: Sequence[tuple[str, Plan]],
    atlas: Atlas,
    schedule: Schedule | None = None,
    card: Scorecard | None = None,
) -> str:
    """Return the text of ``brief.html``.

    Parameters
    ----------
    years : sequence of (str, Plan)
        Plans with their years, the earliest first; a plan alone has the year "".
    atlas : Atlas
        Gives the outlines of the prefectures, and credits.
    schedule : Schedule, optional
        Of the plans of several years: what is proven of all together, and what each year loses to
        the others.
    card : Scorecard, optional
        What became of the candidates; those without a hub are listed where they are few.
    """
    last = years[-1][1]
    many = len(years) > 1
    frame = _frame([hub for _, plan in years for hub in plan.hubs])
    cores = [(core, place(core.lon_deg, core.lat_deg)) for core in rows(atlas.existing_cores())]
    columns: list[dict[str, Any]] = []
    there: set[str] = set()
    for year, plan in years:
        columns.append(_column(year, plan, there))
        columns[-1]["names"] = _names(
            columns[-1]["hubs"], (at for _, at in cores), frame, _NAME[many]
        )
        there |= {hub.site_id for hub in plan.hubs}
    for tier in columns[-1]["tiers"]:
        asked = [_asked(plan, tier["style"].name)["asked"] or "–" for _, plan in years]
        tier["asked_by_year"] = asked if len({*asked}) > 1 else asked[:1]
    topics = {topic: _measure_rows(years, topic) for topic in ("money", "concentration", "demand")}
    with last.printed():  # all years to one step: a load that grows is never shown to fall
        return render_page(
            "brief.html.j2",
            [*last.geodata, *atlas.tables_used()],
            plan=last,
            columns=columns,
            schedule=schedule,
            prices=[] if schedule is None else list(map(_price, schedule.years)),
            step=step_said(),
            land=land(atlas),
            cores=cores,
            core_px=_CORE_PX,
            frame=frame,
            corner=_box(_CORNER_DEG) if frame == _box(_MAIN_DEG) else None,
            corner_scale=_CORNER_SCALE,
            name_px=round(_NAME[many] * frame[2], 1),
            hubs=_hub_rows(years),
            topics=topics,
            counted=_counted(topics["money"], last.cheapest),
            own=_own_places(last),
            others=_others(card),
            broken={one.rule for one in last.violations},
            unknown=list(_unknown(last)),
            deciding=sorted(
                (one for one in last.assumptions if one.decides),
                key=lambda one: -(one.moves_share or 0.0),
            ),
        )


def _price(year: PlanYear) -> str:
    """Write what a year loses to the others, in per cent of its objective: the proven interval."""
    ends = [one / max(abs(year.objective), 1e-9) for one in (year.price_least, year.price_most)]
    if ends[1] <= 0.0:
        return "0 %"
    most = percent(ends[1]) if math.isfinite(ends[1]) else "…"
    return f"{percent(max(ends[0], 0.0))} – {most}"


def _box(degrees: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return left, top, width and height in pixels of what lies between degrees."""
    west, north, east, south = degrees
    (left, top), (right, bottom) = place(west, north), place(east, south)
    return left, top, round(right - left, 1), round(bottom - top, 1)


def _frame(hubs: Sequence[Hub]) -> tuple[float, float, float, float]:
    """Return what the map shows: the main islands, or the whole picture for a hub elsewhere."""
    inside = all(
        any(
            west <= hub.lon_deg <= east and south <= hub.lat_deg <= north
            for west, north, east, south in (_MAIN_DEG, _CORNER_DEG)
        )
        for hub in hubs
    )
    return _box(_MAIN_DEG) if inside else (0.0, 0.0, float(SIZE[0]), float(SIZE[1]))


class _Drawn(NamedTuple):
    """A hub on the map: where, in pixels, and whether no earlier year has it."""

    hub: Hub
    new: bool
    x: float
    y: float
    r: float


def _column(year: str, plan: Plan, there: set[str]) -> dict[str, Any]:
    """Return what the page says of one year; `there` are the hubs of earlier years."""
    hubs = [
        _Drawn(
            hub,
            hub.site_id not in there,
            *place(hub.lon_deg, hub.lat_deg),
            round(1.2 * hub_radius_px(hub.it_load_mw), 1),
        )
        for hub in largest_first(plan.hubs)
    ]
    carried = carried_loads(plan)
    return {
        "year": year,
        "plan": plan,
        "hubs": hubs,
        "tiers": [
            {"style": tier_style(tier), "hubs": own, **_asked(plan, tier)}
            for tier in tiers_of(plan.hubs)
            if (own := [one for one in hubs if one.hub.tier == tier])
            or tier in plan.scenario.get("tiers", {})
        ],
        "carried": carried,
        "lost": [one for one in carried if not one.is_hub],
        "losses": [] if plan.cheapest is None else _losses(plan, plan.cheapest),
    }


def _range(count: Any) -> str:
    """Write how many hubs of a tier are asked for: a number, or from one to another."""
    if not isinstance(count, dict):
        return "" if count is None else str(count)
    ends = [str(count[end]) for end in ("min", "max") if count.get(end) is not None]
    return "–".join(dict.fromkeys(ends))


def _names(
    hubs: Sequence[_Drawn],
    cores: Iterable[tuple[float, float]],
    frame: tuple[float, float, float, float],
    size: float,
) -> list[dict[str, Any]]:
    """Place the names of all hubs but the regional ones; none covers another, or a circle.

    Each is tried right, left, above and below its circle, in each language by itself; one for which
    there is no room in the frame is left out, and the table has it.
    """
    found: list[dict[str, Any]] = []
    left, top, across, down = frame
    size_px = size * across
    half = size_px / 2.0
    circles = [(x, y, _CORE_PX) for x, y in cores] + [one[-3:] for one in hubs]
    for language, wide in _LETTER.items():
        taken = [(x - r, y - r, x + r, y + r) for x, y, r in circles]
        for hub, _, x, y, r in hubs:
            if hub.tier == TIERS[-1] or not left <= x <= left + across:
                continue
            away = r + 3.0
            text = hub.name_ja if language == "ja" else hub.name_en or hub.name_ja
            width = wide * size_px * len(text)
            # Above and below it may stand aside so that the frame has room for it.
            begins = min(max(x - width / 2.0, left), left + across - width)
            for anchor, from_x, middle, at_x in (
                ("start", x + away, y, x + away),
                ("end", x - away - width, y, x - away),
                ("start", begins, y - away - half, begins),
                ("start", begins, y + away + half, begins),
            ):
                box = (from_x, middle - half, from_x + width, middle + half)
                inside = left <= box[0] and box[2] <= left + across
                inside &= top <= box[1] and box[3] <= top + down
                if inside and not any(_cover(box, other) for other in taken):
                    taken.append(box)
                    at = {"x": round(at_x, 1), "y": round(middle + 0.35 * size_px, 1)}
                    found.append({"lang": language, "text": text, "anchor": anchor, **at})
                    break
    return found


def _cover(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _hub_rows(years: Sequence[tuple[str, Plan]]) -> list[dict[str, Any]]:
    """Return a row for each hub of any year: as it is last, and as each year's plan has it."""
    by_year = {year: {hub.site_id: hub for hub in plan.hubs} for year, plan in years}
    latest = {site: hub for hubs in by_year.values() for site, hub in hubs.items()}
    return [
        {
            "hub": hub,
            "opens": next(year for year, hubs in by_year.items() if hub.site_id in hubs),
            "years": [hubs.get(hub.site_id) for hubs in by_year.values()],
            "ties": [tie.place for tie in hub.ties or ()][:_NAMED_TIES],
            "more": max(len(hub.ties or ()) - _NAMED_TIES, 0) + hub.ties_open,
        }
        for hub in largest_first(latest.values())
    ]


def _measure_rows(years: Sequence[tuple[str, Plan]], topic: str) -> list[dict[str, Any]]:
    """Return the measures of a topic, each with its value in each plan.

    Where its label is not the same every year, for the figures behind the value that it has in
    brackets, the row is told without them and each year's stand below.
    """
    of = {
        year: {(one.criterion, one.name): one for one in plan.measures if one.topic == topic}
        for year, plan in years
    }
    known = {key: one for measures in of.values() for key, one in measures.items()}
    rows: list[dict[str, Any]] = []
    for key, last in known.items():
        told = {year: measures[key] for year, measures in of.items() if key in measures}
        ja, en, by_year = last.label_ja, last.label_en, {}
        if len({(one.label_ja, one.label_en) for one in told.values()}) > 1:
            ja, en = ja.partition("（")[0], en.partition(" (")[0]
            by_year = {
                year: (one.label_ja.removeprefix(ja), one.label_en.removeprefix(en))
                for year, one in told.items()
            }
        cells = [measures.get(key) for measures in of.values()]
        rows.append({"ja": ja, "en": en, "by_year": by_year, "cells": cells})
    return rows


def _counted(
    money: Sequence[dict[str, Any]], cheapest: CheapestPlan | None
) -> dict[str, Any] | None:
    """Return the row of what the cheapest plan was sought by; None where none was sought."""
    for row in money:
        last = row["cells"][-1]
        if cheapest and last and math.isclose(last.value, cheapest.plan_jpy):
            return row
    return None


def _own_places(plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """Return the strategy's own places by kind, the chosen first.

    Entries of a name share a row, and so do all places that are no candidates.
    """
    order = ("chosen", "admitted", "refused")
    found: dict[str, list[dict[str, Any]]] = {}
    for (first, *others), lines in sorted(
        by_name(plan.strategy_places),
        key=lambda named: (order.index(named[0][0].status), not named[0][0].is_candidate),
    ):
        rows, count = found.setdefault(first.kind, []), 1 + len(others)
        if not first.is_candidate and rows and not rows[-1]["places"][0].is_candidate:
            rows[-1]["places"].append(first)
            rows[-1]["count"] += count
            continue
        en, ja = first.said()
        rows.append({"places": [first], "count": count, "lines": lines, "en": en, "ja": ja})
    return found


def _others(card: Scorecard | None) -> list[dict[str, str]]:
    """Return the candidates without a hub, and why, where they are few enough for a sheet."""
    if card is None or len(card.status) > _LISTED_SITES:
        return []
    of = card.admitted.sum(axis=0)
    found = []
    for number, (ja, en) in enumerate(card.candidates.sites[["name_ja", "name_en"]].to_numpy()):
        if card.status[number] == "chosen":
            continue
        said_en, said_ja = STATUS[card.status[number]]
        ranked = [tier for tier in card.tiers if card.admitted[number, tier]]
        ranks = [(TIERS[tier], of[tier], int(card.rank[number, tier])) for tier in ranked]
        kept_out = card.refusals[number][card.tiers[-1]] if card.tiers and not ranked else ()
        why_ja = [f"{TIER_TITLES[tier][1]} {most}中{own}位" for tier, most, own in ranks]
        why_en = [f"{tier} {own} of {most}" for tier, most, own in ranks]
        why_ja += [one.ja for one in kept_out]
        why_en += [one.en for one in kept_out]
        found.append(
            {
                "name_ja": ja,
                "name_en": en if isinstance(en, str) else ja,
                "ja": f"{said_ja}：{'、'.join(why_ja)}",
                "en": f"{said_en}: {'; '.join(why_en)}",
            }
        )
    return found


def _losses(plan: Plan, cheapest: CheapestPlan) -> list[tuple[Measure, Measure]]:
    """Return the scored measures in which the cheapest plan does worse, most points first."""
    return [
        (own, other)
        for own, other in cheapest.loses(plan.measures)
        if (other.score or 0.0) < (own.score or 0.0)
    ][:_NAMED_LOSSES]


def _asked(plan: Plan, tier: str) -> dict[str, Any]:
    """Return how many hubs of a tier are asked for, with the strategy's lines that say so."""
    key = f"tiers.{tier}.count"
    said = [one for one in plan.sourced if f"{one.key}.".startswith(f"{key}.")]
    lines = dict.fromkeys(line for one in said if one.kind == "strategy" for line in one.cited)
    return {
        "asked": _range(plan.scenario.get("tiers", {}).get(tier, {}).get("count")),
        "lines": list(lines),
        "reading": any(one.reading for one in said),
    }


def _unknown(plan: Plan) -> Iterator[tuple[str, str]]:
    """Say, in Japanese and English, which figures of the plan no table gives."""
    for one in plan.measures:
        if not math.isfinite(one.value):
            yield one.label_ja, one.label_en
    areas = [one for one in plan.loads if one.part == "area"]
    for field, ja, en in (
        ("peak_mw", "エリアの最大需要", "peak demand of the area"),
        ("applications_mw", "特別高圧の接続申込み", "applications for special high voltage"),
    ):
        lacking = [one for one in areas if not math.isfinite(getattr(one, field))]
        if lacking:
            yield (
                f"{ja}（{'、'.join(one.name_ja for one in lacking)}）",
                f"{en} ({', '.join(one.name_en for one in lacking)})",
            )
