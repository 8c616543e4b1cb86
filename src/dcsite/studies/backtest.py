"""The plan beside what was announced: how far the model's ranks agree with where others build.

Data centres built or announced since about the time of the strategy, from public pages, by
municipality: how far along they are, their rank in each tier, what keeps them out, and the plan's
MW near them. Nothing is tuned to them. Operators build where the market is, which is what the
strategy wants to change: a low agreement does not prove the model wrong, nor a high one right.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import networkx as nx
import numpy as np
import pandas as pd
from pydantic import Field

from dcsite.contract import TIERS
from dcsite.errors import GeodataError, Problem
from dcsite.geo.geodesy import geodesic_km
from dcsite.plan.explanation import PlaceName
from dcsite.plan.strategy import StrategyTier, tier_verdict
from dcsite.plan.types import GeodataUse
from dcsite.records import Km, Mw, Name, Record, Share, UnknownMw, UnknownRatio
from dcsite.sites.land import municipality_points

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.plan.scorecard import Scorecard
    from dcsite.plan.types import Plan

Stage = Literal["applied", "announced", "permitted", "under_construction", "operating", "cancelled"]
#: The ladder, from the lowest step: English and Japanese.
STAGES: dict[str, tuple[str, str]] = {
    "cancelled": ("cancelled", "中止"),
    "applied": ("applied for an area", "区域指定に応募"),
    "announced": ("announced", "発表"),
    "permitted": ("permitted", "許可"),
    "under_construction": ("under construction", "建設中"),
    "operating": ("operating", "稼働"),
}
#: How the statuses of data_centres_existing are read.
_READ = {
    "planned": "announced",
    "under_construction": "under_construction",
    "in_service": "operating",
    "in_service_phased": "operating",
    "cancelled": "cancelled",
}
#: No data centres of one place: cloud regions, meeting points, an area without an operator.
_NO_SITES = ("cloud_region", "interconnection", "zone")
#: What opened before the strategy's year is no test of it.
_SINCE_YEAR = 2023
#: Of a normal distribution: 95 % lie within so many standard errors.
_Z = 1.959964


class Announcement(Record):
    """A data centre of the tables that was built or announced."""

    entry_id: Name
    """Id in its table."""
    table: Name
    """The table."""
    name: str
    """Its name, or what happened."""
    operator: str
    """Who builds it."""
    pref_code: str
    """Prefecture."""
    municipality_code: str | None
    """Municipality; null where the page names none."""
    capacity_mw: UnknownMw
    """Capacity in MW; null where it is not known."""
    capacity_basis: str
    """What the capacity counts, as the page words it."""
    status: str
    """Status as the table words it."""
    stage: Stage
    """Step of the ladder that the status is read as."""
    overlaps: tuple[str, ...]
    """Entries of the same site, of which the largest counts."""
    source: str
    """Page read."""
    dated: str = ""
    """Date of the page or of what happened, as the table has it; empty where it has none."""


class AnnouncedPlace(Record):
    """A municipality where data centres were built or announced, and what the model says of it."""

    municipality_code: Name
    """Five-digit code."""
    name_ja: str
    """Japanese name."""
    name_en: str
    """English name."""
    core_id: str | None
    """Existing core in whose area it lies; null outside of both."""
    stage: Stage
    """The farthest step of its entries."""
    known_mw: UnknownMw
    """MW of its entries, of those that overlap the largest; null where none is known."""
    entries: tuple[str, ...]
    """Ids of its entries."""
    tiers: tuple[StrategyTier, ...]
    """Of each tier asked for."""
    plan_mw: Mw
    """IT load of the plan's hubs within the distance, in MW."""
    hubs: tuple[PlaceName, ...]
    """These hubs."""


class TierAgreement(Record):
    """How the announced places outside the two areas rank among all candidates there."""

    tier: Name
    """The tier."""
    places: Annotated[int, Field(ge=0)]
    """Candidates at announced places outside the areas; own sites of one town count each."""
    admitted: Annotated[int, Field(ge=0)]
    """Those that hard rules admit."""
    top_tenth: Annotated[int, Field(ge=0)]
    """Those among the best tenth of all admitted candidates."""
    top_half: Annotated[int, Field(ge=0)]
    """Those among the better half."""
    others: Annotated[int, Field(ge=0)]
    """All other candidates outside the areas."""
    auc: UnknownRatio
    """Probability that an announced place scores above another candidate, ties half, those not
    admitted below all: 0.5 is chance; null without places or others."""
    low: UnknownRatio
    """Lower end of its 95 % interval (Hanley and McNeil 1982)."""
    high: UnknownRatio
    """Upper end."""
    auc_admitted: UnknownRatio
    """The same among those admitted alone: of rank, not of admission."""


class Backtest(Record):
    """A plan beside what was announced."""

    file_name: ClassVar[str] = "backtest.json"

    title_en: str
    """Title of the plan in English."""
    title_ja: str
    """Title in Japanese."""
    plan_digest: str
    """Digest of the plan."""
    near_km: Km
    """Distance within which hubs count as near."""
    places: tuple[AnnouncedPlace, ...]
    """Municipalities, those outside the two areas first, then by MW."""
    agreement: tuple[TierAgreement, ...]
    """Of each tier asked for."""
    dropped: dict[str, int]
    """Rules that keep announced places outside the areas out of every tier, and how many."""
    known_mw: Mw
    """MW of all entries that are not cancelled nor applications; bases differ."""
    area_mw: dict[str, float]
    """The same by existing core in whose area they lie, and `outside`."""
    plan_near_share: Share
    """Share of the plan's MW within the distance of an announced place."""
    entries: tuple[Announcement, ...]
    """All entries, cancelled ones and applications too."""
    geodata: tuple[GeodataUse, ...]
    """Tables read."""

    @property
    def outside(self) -> tuple[AnnouncedPlace, ...]:
        """Places outside the two areas."""
        return tuple(one for one in self.places if one.core_id is None)


def announcements(atlas: Atlas) -> tuple[Announcement, ...]:
    """Return the entries of all tables, with a step of the ladder for each.

    Raises
    ------
    GeodataError
        If a status is none that can be read.
    """
    found: list[Announcement] = []
    known = atlas.table("data_centres_existing")
    for entry, row in known[~known["kind"].isin(_NO_SITES)].iterrows():
        status = str(row["status_at_source_date"])
        if status not in _READ:
            field = "data_centres_existing.status_at_source_date"
            message = f"{entry}: must be one of {', '.join(_READ)}, got {status!r}"
            raise GeodataError(Problem(str(atlas.root), field, message))
        year = row["year"]
        if status == "in_service" and (pd.isna(year) or int(year) < _SINCE_YEAR):
            continue
        found.append(_entry(entry, "data_centres_existing", row, status, _READ[status]))
    for name in ("data_centres_announced_2026", "data_centre_policy_areas"):
        table = atlas.table(name)
        for entry, row in table[table["stage"].notna()].iterrows():
            found.append(_entry(entry, name, row, str(row["status"]), str(row["stage"])))
    return tuple(found)


def _text(row: Mapping[Any, Any] | pd.Series, *names: str) -> str:
    """Return the first of several columns that a row has and that is not empty."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def _entry(
    entry: object, table: str, row: Mapping[Any, Any] | pd.Series, status: str, stage: Any
) -> Announcement:
    code, mw = _text(row, "municipality_code"), row["capacity_mw"]
    return Announcement(
        str(entry),
        table,
        _text(row, "name", "event"),
        _text(row, "operator", "body"),
        _text(row, "pref_code") or code[:2],
        code or None,
        math.nan if pd.isna(mw) else float(mw),
        _text(row, "capacity_basis"),
        status,
        stage,
        tuple(_text(row, "overlaps_with").split(";")) if _text(row, "overlaps_with") else (),
        _text(row, "source_url", "read_at"),
        _text(row, "source_date", "announced", "date"),
    )


def counted_mw(entries: Iterable[Announcement]) -> float:
    """Add up capacities, of entries that overlap the largest; NaN where none is known."""
    found = list(entries)
    shared = nx.Graph((one.entry_id, id_) for one in found for id_ in (one.entry_id, *one.overlaps))
    site = {id_: n for n, ids in enumerate(nx.connected_components(shared)) for id_ in ids}
    mw = pd.Series([one.capacity_mw for one in found], dtype=float)
    return float(mw.groupby([site[one.entry_id] for one in found]).max().sum(min_count=1))


def run_backtest(plan: Plan, card: Scorecard, near_km: float = 50.0) -> Backtest:
    """Hold a plan against what was announced.

    Parameters
    ----------
    plan : Plan
        The plan.
    card : Scorecard
        Its candidates.
    near_km : float
        Distance in km within which a hub counts as near a place: its municipality's office, where
        a candidate would stand.

    Raises
    ------
    GeodataError
        If a table holds a status that cannot be read.
    """
    atlas = card.candidates.atlas
    entries = announcements(atlas)
    counted = [one for one in entries if one.stage not in {"cancelled", "applied"}]
    areas = atlas.table("core_area_prefectures")["core_id"].to_dict()
    places = _places(plan, card, counted, areas, near_km)
    outside = [one for one in places if one.core_id is None]
    names = [*dict.fromkeys(areas.values()), "outside"]
    by_area = {
        name: [one for one in counted if areas.get(one.pref_code, "outside") == name]
        for name in names
    }
    dropped = Counter(
        rule
        for one in outside
        if one.tiers and not any(tier.admitted for tier in one.tiers)
        for rule in {kept.rule for kept in one.tiers[-1].kept_out}
    )
    near = {hub.site_id for one in places for hub in one.hubs}
    total_mw = sum(hub.it_load_mw for hub in plan.hubs)
    near_mw = sum(hub.it_load_mw for hub in plan.hubs if hub.site_id in near)
    used = sorted(atlas.tables_used(), key=lambda table: table.name)
    return Backtest(
        plan.title_en,
        plan.title_ja,
        plan.digest,
        near_km,
        places,
        tuple(_agreement(card, outside, areas, tier) for tier in card.tiers),
        dict(sorted(dropped.items())),
        float(np.nan_to_num(counted_mw(counted))),
        {name: float(np.nan_to_num(counted_mw(own))) for name, own in by_area.items()},
        near_mw / total_mw if total_mw else 0.0,
        entries,
        tuple(map(GeodataUse.of, used)),
    )


def _places(
    plan: Plan,
    card: Scorecard,
    counted: Sequence[Announcement],
    areas: Mapping[Any, str],
    near_km: float,
) -> tuple[AnnouncedPlace, ...]:
    atlas = card.candidates.atlas
    towns = atlas.table("municipalities")
    office = pd.DataFrame(np.transpose(municipality_points(atlas)), towns.index)
    codes = card.candidates.sites["municipality_code"].fillna("").astype(str).to_numpy(dtype=str)
    steps, found = list(STAGES), []
    for code in dict.fromkeys(one.municipality_code for one in counted if one.municipality_code):
        own = [one for one in counted if one.municipality_code == code]
        town, rows = towns.loc[code], np.flatnonzero(codes == code).tolist()
        lat_deg, lon_deg = office.loc[code].to_numpy(dtype=float)
        near = [
            hub
            for hub in plan.hubs
            if geodesic_km(lat_deg, lon_deg, hub.lat_deg, hub.lon_deg) <= near_km
        ]
        found.append(
            AnnouncedPlace(
                code,
                str(town["name_ja"]),
                str(town["name_en"]),
                areas.get(code[:2]),
                max((one.stage for one in own), key=steps.index),
                counted_mw(own),
                tuple(one.entry_id for one in own),
                tuple(tier_verdict(card, rows, tier) for tier in card.tiers),
                sum(hub.it_load_mw for hub in near),
                tuple(hub.place for hub in near),
            )
        )
    return tuple(sorted(found, key=_outside_first))


def _outside_first(one: AnnouncedPlace) -> tuple[str, float, str]:
    return one.core_id or "", -float(np.nan_to_num(one.known_mw)), one.municipality_code


def _agreement(
    card: Scorecard, outside: Sequence[AnnouncedPlace], areas: Mapping[Any, str], tier: int
) -> TierAgreement:
    codes = card.candidates.sites["municipality_code"].fillna("").astype(str)
    free = ~codes.str[:2].isin(list(areas)).to_numpy()
    named = codes.isin([one.municipality_code for one in outside]).to_numpy() & free
    admitted, rank = card.admitted[:, tier], card.rank[:, tier]
    score = np.where(admitted, card.total[:, tier], -np.inf)
    others = free & ~named
    auc, low, high = area_under_curve(score[named], score[others])
    ranked, _, _ = area_under_curve(score[named & admitted], score[others & admitted])
    within = admitted.sum() * np.array([0.1, 0.5])
    tenth, half = ((named & (rank <= most)).sum() for most in within)
    return TierAgreement(
        TIERS[tier],
        int(named.sum()),
        int((named & admitted).sum()),
        int(tenth),
        int(half),
        int(others.sum()),
        auc,
        low,
        high,
        ranked,
    )


def area_under_curve(
    ones: NDArray[np.float64], others: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Return how likely one of the first scores above one of the others, with a 95 % interval.

    Ties count half. The interval is that of Hanley and McNeil (1982, Radiology 143), within 0..1:
    it reflects how few the scores are, nothing else. All are NaN where either is empty; there is no
    interval where all of one lie above all of the other, which has no spread to reckon with.
    """
    n, m = len(ones), len(others)
    if not n or not m:
        return math.nan, math.nan, math.nan
    above = (ones[:, None] > others).mean() + 0.5 * (ones[:, None] == others).mean()
    auc = float(above)
    first, second = auc / (2.0 - auc), 2.0 * auc**2 / (1.0 + auc)
    spread = auc * (1.0 - auc) + (n - 1) * (first - auc**2) + (m - 1) * (second - auc**2)
    if auc in {0.0, 1.0}:
        return auc, math.nan, math.nan
    error = _Z * math.sqrt(max(spread, 0.0) / (n * m))
    return auc, max(auc - error, 0.0), min(auc + error, 1.0)
