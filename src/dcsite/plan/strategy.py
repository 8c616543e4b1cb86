"""The strategy's own places: its feasibility studies and listed plans, and what became of each.

A place is a municipality, two of them, or a whole prefecture (Wakayama): every candidate in it
counts. Of each tier asked for stands who of them ranks best, or, where hard rules admit none, the
one with the fewest rules against it and what they say.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from dcsite.contract import TIER_TITLES, TIERS, about_mw
from dcsite.records import Mw, Name, Record

from .explanation import PlaceName
from .places import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .scorecard import Scorecard
    from .types import Plan

Kind = Literal["feasibility_study", "planned"]
#: What kinds of places are called, English and Japanese.
PLACE_KINDS = {
    "feasibility_study": ("feasibility study", "FS調査採択"),
    "planned": ("listed plan", "新設計画"),
}
_NO_CANDIDATE = ("not among the candidates of this question", "この問いの候補地にない")


class KeptOut(Record):
    """A hard rule that keeps a place out of a tier, with its value and limit in words."""

    rule: Name
    """Name of the rule."""
    en: str
    """Value and limit in English."""
    ja: str
    """Value and limit in Japanese."""
    value: str
    """What the place has, with its unit; empty where the rule gives no figure."""


class StrategyTier(Record):
    """What one of the strategy's places is worth as a hub of one tier."""

    tier: Name
    """The tier."""
    admitted: bool
    """Whether hard rules admit any candidate of the place."""
    place: PlaceName | None
    """Candidate that the rest is said of: the best ranked, else the one with the fewest rules
    against it; null where the place has no candidate."""
    rank: int | None
    """Its rank in the tier, from 1; null where it is not admitted."""
    of: Annotated[int, Field(ge=0)]
    """How many candidates are admitted in the tier."""
    kept_out: tuple[KeptOut, ...]
    """Rules that keep it out."""


class StrategyHub(Record):
    """The hub of the plan at one of the strategy's places, the largest where there are several."""

    site_id: Name
    """Its site."""
    tier: Name
    """Its tier."""
    it_load_mw: Mw
    """Its IT load in MW."""


class StrategyPlace(Record):
    """A place that the strategy itself names, and what became of it."""

    entry_id: Name
    """Id in the table feasibility_places or planned_sites."""
    kind: Kind
    """Feasibility study with a subsidy, or plan that the strategy lists."""
    name_ja: str
    """Japanese name."""
    name_en: str
    """English name."""
    operator_ja: str | None
    """Operator as the strategy names it; null for feasibility studies."""
    site_ids: tuple[str, ...]
    """Candidates in the place."""
    statements: tuple[str, ...]
    """Statements of the strategy (`D6`)."""
    lines: tuple[str, ...]
    """Lines of its text (`L5477-5479`)."""
    hub: StrategyHub | None
    """The plan's hub there; null where there is none."""
    tiers: tuple[StrategyTier, ...]
    """Of each tier asked for."""

    @property
    def label(self) -> str:
        """Names in both languages."""
        return f"{self.name_ja} {self.name_en}"

    @property
    def source(self) -> str:
        """Statement and lines of the strategy."""
        return " ".join((*self.statements, *self.lines))

    @property
    def is_candidate(self) -> bool:
        """Whether a hub could be asked for there at all."""
        return self.hub is not None or bool(self.site_ids and self.tiers)

    @property
    def status(self) -> Literal["chosen", "admitted", "refused"]:
        """What became of it."""
        if self.hub is not None:
            return "chosen"
        return "admitted" if any(tier.admitted for tier in self.tiers) else "refused"

    @property
    def outcome(self) -> tuple[str, str]:
        """Say what became of it, in English and Japanese, with the names of rules."""
        return self.said(coded=True)

    def said(self, *, coded: bool = False) -> tuple[str, str]:
        """Say what became of it, in English and Japanese; `coded`: with the names of rules."""
        if self.hub is not None:
            en, ja = TIER_TITLES[self.hub.tier]
            mw_en, mw_ja = about_mw(self.hub.it_load_mw)
            return f"{en.lower()} of the plan, {mw_en}", f"計画の{ja}（{mw_ja}）"
        if not self.is_candidate:
            return _NO_CANDIDATE
        if self.status == "admitted":
            ranked = [one for one in self.tiers if one.rank is not None]
            en = ", ".join(f"{one.tier} {one.rank:,} of {one.of:,}" for one in ranked)
            ja = "、".join(
                f"{TIER_TITLES[one.tier][1]} {one.of:,}中{one.rank:,}位" for one in ranked
            )
            at_en, at_ja = self._at(ranked[-1])
            return f"admitted, not chosen; rank{at_en}: {en}", f"立地可・非選定、順位{at_ja}：{ja}"
        last = self.tiers[-1]
        code = {one.rule: f"[{one.rule}]" if coded else "" for one in last.kept_out}
        en = "; ".join(f"{one.en} {code[one.rule]}".rstrip() for one in last.kept_out)
        ja = "、".join(f"{one.ja}{code[one.rule]}" for one in last.kept_out)
        at_en, at_ja = self._at(last)
        return (
            f"kept out of every tier; {last.tier}{at_en}: {en}",
            f"全階層で除外、{TIER_TITLES[last.tier][1]}{at_ja}：{ja}",
        )

    def _at(self, tier: StrategyTier) -> tuple[str, str]:
        """Name the candidate that is told of, where the place has several."""
        if tier.place is None or len(self.site_ids) <= 1:
            return "", ""
        return f" ({tier.place.label})", f"（{tier.place.name_ja}）"


def strategy_places(card: Scorecard) -> tuple[StrategyPlace, ...]:
    """Return what became of every place the strategy names; none where no candidate is in any.

    Parameters
    ----------
    card : Scorecard
        Of the plan.
    """
    atlas, sites = card.candidates.atlas, card.candidates.sites
    codes = sites["municipality_code"].fillna("").astype(str).to_numpy(dtype=str)
    tables: dict[Kind, str] = {
        "feasibility_study": "feasibility_places",
        "planned": "planned_sites",
    }
    found = tuple(
        _place(card, str(entry), kind, row, codes)
        for kind, table in tables.items()
        for entry, row in atlas.table(table).iterrows()
    )
    return found if any(place.site_ids for place in found) else ()


def _place(card: Scorecard, entry: str, kind: Kind, row: Any, codes: Any) -> StrategyPlace:
    if row.get("kind") == "prefecture":
        inside = np.char.startswith(codes, str(row["pref_code"]))
    else:
        named = (row["municipality_code"], row.get("second_municipality_code"))
        inside = np.isin(codes, [code for code in named if isinstance(code, str) and code])
    numbers = np.flatnonzero(inside).tolist()
    ids = tuple(str(card.candidates.sites.index[number]) for number in numbers)
    hubs = [hub for hub in card.plan.hubs if hub.site_id in ids] if card.plan is not None else []
    largest = max(hubs, key=lambda hub: hub.it_load_mw, default=None)
    operator = row.get("operator_ja")
    return StrategyPlace(
        entry,
        kind,
        str(row["name_ja"]),
        str(row["name_en"]),
        operator if isinstance(operator, str) and operator else None,
        ids,
        tuple(str(row["lines"]).split(";")),
        tuple(f"L{line}" for line in str(row["dump_lines"]).split(";")),
        None if largest is None else StrategyHub(largest.site_id, largest.tier, largest.it_load_mw),
        tuple(tier_verdict(card, numbers, tier) for tier in card.tiers),
    )


def tier_verdict(card: Scorecard, numbers: Sequence[int], tier: int) -> StrategyTier:
    """Return what the candidates of these rows are worth together as a hub of a tier."""
    admitted = [number for number in numbers if card.admitted[number, tier]]
    of = int(card.admitted[:, tier].sum())
    if not numbers:
        return StrategyTier(TIERS[tier], False, None, None, of, ())
    sites = card.candidates.sites
    if admitted:
        best = min(admitted, key=lambda number: card.rank[number, tier])
        rank = int(card.rank[best, tier])
        return StrategyTier(TIERS[tier], True, name_of(sites, str(sites.index[best])), rank, of, ())
    refusals = {number: card.refused(number, tier) for number in numbers}
    best = min(numbers, key=lambda number: (len(refusals[number]), -card.total[number, tier]))
    told = tuple(KeptOut(one.rule, one.en, one.ja, one.value) for one in refusals[best])
    return StrategyTier(TIERS[tier], False, name_of(sites, str(sites.index[best])), None, of, told)


def strategy_marks(places: Iterable[StrategyPlace]) -> dict[str, str]:
    """Return by site the entries of the strategy that name its place, with their lines."""
    marks: dict[str, list[str]] = {}
    for place in places:
        for site in place.site_ids:
            marks.setdefault(site, []).append(f"{place.entry_id} ({place.source})")
    return {site: "; ".join(entries) for site, entries in marks.items()}


def dropped_places(plan: Plan) -> Iterator[tuple[str, str]]:
    """Say which of the strategy's places hard rules drop, in English and Japanese.

    Places of a kind that the same rules keep out of the last tier asked for share a line.
    """
    dropped = [one for one in plan.strategy_places if one.status == "refused" and one.is_candidate]
    for _, group in groupby(sorted(dropped, key=_by_rules), key=_by_rules):
        first, *others = by_name(group)
        en, ja = _line(*first)
        alike = [(entries, _values(entries[0].tiers[-1])) for entries, _ in others]
        if alike:
            en += "; likewise " + ", ".join(
                f"{own[0].label} {_ids(own, ', ')}{f' ({told})' if told else ''}"
                for own, told in alike
            )
            ja += "、同様に" + "、".join(
                f"{own[0].name_ja} {_ids(own, '、')}{f'（{told}）' if told else ''}"
                for own, told in alike
            )
        yield en, ja


def other_places(plan: Plan) -> Iterator[tuple[str, str]]:
    """Say what became of the strategy's other places, those chosen first, a line for each."""
    others = [
        one for one in plan.strategy_places if one.status != "refused" or not one.is_candidate
    ]
    others.sort(key=lambda one: (one.status != "chosen", not one.site_ids, one.site_ids))
    for entries, lines in by_name(others):
        yield _line(entries, lines)


def _line(entries: tuple[StrategyPlace, ...], lines: tuple[str, ...]) -> tuple[str, str]:
    """Say what became of the entries of one name, in English and Japanese."""
    place, source = entries[0], " ".join(lines)
    (en, ja), (kind_en, kind_ja) = place.outcome, PLACE_KINDS[place.kind]
    return (
        f"{kind_en} {place.label} {_ids(entries, ', ')} ({source}): {en}",
        f"{kind_ja} {place.name_ja} {_ids(entries, '、')}（{source}）：{ja}",
    )


def _ids(entries: tuple[StrategyPlace, ...], between: str) -> str:
    return between.join(one.entry_id for one in entries)


def _values(tier: StrategyTier) -> str:
    return " / ".join(one.value for one in tier.kept_out if one.value)


def _by_rules(place: StrategyPlace) -> tuple[str, tuple[str, ...]]:
    return place.kind, tuple(one.rule for one in place.tiers[-1].kept_out)


def by_name(
    places: Iterable[StrategyPlace],
) -> Iterator[tuple[tuple[StrategyPlace, ...], tuple[str, ...]]]:
    """Return the entries of each kind and name together, with all their statements and lines."""
    shared: dict[tuple[str, str], list[StrategyPlace]] = {}
    for place in places:
        shared.setdefault((place.kind, place.name_ja), []).append(place)
    for entries in shared.values():
        lines = dict.fromkeys(part for one in entries for part in (*one.statements, *one.lines))
        yield tuple(entries), tuple(lines)
