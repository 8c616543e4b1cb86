"""The page of all candidates, candidates.html: a scorecard to sort, filter and print."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dcsite.contract import TIER_TITLES, TIERS, criteria, load_mw
from dcsite.model import all_rules
from dcsite.plan.scorecard import STATUS
from dcsite.records import rounded, unit_decimals

from .page import render_page

if TYPE_CHECKING:
    from dcsite.plan.scorecard import Scorecard
    from dcsite.plan.types import Plan


def candidates_page(card: Scorecard, plan: Plan) -> str:
    """Return the text of the page.

    Parameters
    ----------
    card : Scorecard
        Every candidate of the plan.
    plan : Plan
        The plan; its tables' notices stand at the foot.
    """
    scenario, sites = card.candidates.scenario, card.candidates.sites
    weighed = [one for one in criteria() if scenario.weights[one.name]]
    hubs = {hub.site_id: hub for hub in plan.hubs}
    with plan.printed():
        loads = {hub.site_id: load_mw(hub.it_load_mw) for hub in plan.hubs}
    prefectures = list(
        dict.fromkeys(zip(sites["prefecture_ja"], sites["prefecture_en"], strict=True))
    )
    figures = [
        (quantity, sites[column].to_numpy(dtype=float))
        for criterion in criteria()
        for column, quantity in criterion.columns(sites).items()
    ]
    rules = list(dict.fromkeys(one.rule for site in card.refusals for tier in site for one in tier))
    titles = {name: (rule.title_ja, rule.title_en) for name, rule in all_rules().items()}
    texts: dict[tuple[str, str], int] = {}
    rows = []
    for number, (site, row) in enumerate(sites[["name_ja", "name_en"]].iterrows()):
        hub = hubs.get(str(site))
        place = (sites["prefecture_ja"].iloc[number], sites["prefecture_en"].iloc[number])
        rows.append(
            {
                "id": str(site),
                "ja": _text(row["name_ja"]),
                "en": _text(row["name_en"]),
                "prefecture": prefectures.index(place),
                "status": card.status[number],
                "hub": None if hub is None else TIERS.index(hub.tier),
                "mw": loads.get(str(site)),
                "ties": "、".join(card.ties.get(str(site), ())),
                "tiers": [
                    (
                        _whole(card.rank[number, tier]),
                        rounded(float(card.total[number, tier]), 4),
                        rounded(float(card.candidates.could_bear_mw[number, tier]), 1),
                        [rounded(float(card.scores[one.name][number, tier]), 2) for one in weighed],
                        [
                            (rules.index(one.rule), texts.setdefault((one.ja, one.en), len(texts)))
                            for one in card.refusals[number][tier]
                        ],
                    )
                    for tier in card.tiers
                ],
                "figures": [
                    rounded(float(values[number]), min(3, unit_decimals(quantity.unit)))
                    for quantity, values in figures
                ],
            }
        )
    data = {
        "tiers": [TIER_TITLES[TIERS[tier]][::-1] for tier in card.tiers],
        "numbers": list(card.tiers),
        "titles": [TIER_TITLES[tier][::-1] for tier in TIERS],
        "prefectures": prefectures,
        "rules": [titles.get(name, (name, name)) for name in rules],
        "statuses": {key: (ja, en) for key, (en, ja) in STATUS.items()},
        "figures": [(one.ja, one.en, one.unit) for one, _ in figures],
        "texts": list(texts),
        "rows": rows,
    }
    return render_page(
        "candidates.html.j2",
        plan.geodata,
        plan=plan,
        data=data,
        weighed=[(one.title_ja, one.title_en, scenario.weights[one.name]) for one in weighed],
        counts={key: card.status.count(key) for key in STATUS},
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: float) -> int | None:
    return None if math.isnan(value) else int(value)
