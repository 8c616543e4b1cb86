"""``stress.json``: everything a stress test found, in plain data.

The same plan, horizon, seed, assumptions and tables give the same bytes; there is no time in it.
Numbers have six significant digits. An *estimate* is ``{"value", "low", "high"}``, the last two the
ends of its 95 % interval, null where there is none.

================== =============================================================================
field              meaning
================== =============================================================================
dcsite_version, scenario_name, title_en, title_ja
                   of the plan
years, seed        of the simulation
methods            what was drawn and how intervals are made, one sentence each
sources            number of sources drawn from
occurred           occurrences in all years, by kind of event
plan, today        the plan's hubs, and today's data centres, under the same disasters:
                   ``total_mw``; ``damaging`` occurrences and ``damaged_years``;
                   ``mean_surviving_share`` (of the capacity, over damaging occurrences); ``bins``
                   (classes of the surviving share: ``of_events``, and ``of_years`` by the worst of
                   each year); ``exceedance`` (for each ``share``, the probability per year that as
                   much is down at once); ``two_down`` (per year); ``mwh_per_year``,
                   ``full_load_hours_per_year``, ``mwh_by_kind``; ``hubs`` (``down_per_year``,
                   ``mwh_per_year``); ``pairs`` (``per_year``, ``in_30_years``); ``worst`` (the
                   worst event of each source: ``expected_share`` when it occurs,
                   ``probability_30y`` of the event and of its source, date and basis of the
                   probability, what it costs a year)
left_out           events without a known probability: never drawn
footprints         of the worst event and the worst earthquake: ``areas_lost``, how many
                   municipalities reach 6-lower, probability of each hub to be down
history            recorded events replayed: hubs that may have gone down, with range
not_replayed       events on record without an intensity, and why
settings           the scenario's values for disasters
assumptions        named values no table gives, with unit and reason
restoration        curves that blackouts were drawn from (``hours``, ``restored`` share;
                   ``extended`` where the last stretch goes beyond what is published), and outages
                   that have none
geodata            tables read, with hash and licence
================== =============================================================================
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any

from dcsite.studies.stress_fleet import CONFIDENCE

if TYPE_CHECKING:
    from dcsite.studies.stress_types import Footprint, StressTest

_DIGITS = 6
_SIX_LOWER = 5.5


@dataclass(frozen=True)
class Method:
    """A sentence on how the figures were made, in both languages."""

    en: str
    ja: str


#: What was done, for whoever reads the figures.
METHODS: tuple[Method, ...] = (
    Method(
        en="Each source occurs by a Poisson process of constant rate -ln(1 - P) / 30 per "
        "year, P its probability in 30 years; when it occurs one of its events is drawn"
        " by its share. A longer horizon is the next 30 years over and over, not a "
        "forecast.",
        ja="震源等は30年確率Pから率 -ln(1-P)/30 のポアソン過程で発生し、発生時に1つ"
        "の型を比率で選ぶ。長い期間は「今後30年」の繰り返しであり、予測ではない。",
    ),
    Method(
        en="Shaking takes a hub down where computed intensity, a draw common to all hubs "
        "and one of its own reach what it withstands; losses take down all hubs that "
        "may be lost together.",
        ja="揺れは、計算震度と全拠点共通のばらつき・拠点ごとのばらつきの和が耐力を超えた拠点を止める"
        "。停電等は対象の拠点を同時に止める。",
    ),
    Method(
        en="Hours of a blackout are drawn from the restoration curves of recorded outages,"
        " each outage as likely as the next, for an earthquake those that an earthquake"
        " caused; each hub has a place of its own on the curve. Curves are straight "
        "between published points and go on at the slope of their last stretch to the "
        "end. On-site generation is taken off.",
        ja="停電時間は記録された停電の復旧曲線から引く（地震による停電は地震の曲線のみ、各停電は等確"
        "率、拠点ごとに曲線上の位置を引く）。公表点の間と終端は直線とし、自家発電の時間を差し引く"
        "。",
    ),
    Method(
        en="A hub cut off from its cluster of cable landings counts as down. Hubs that an "
        "earlier event still keeps down count when the next one strikes; hours that "
        "overlap count once.",
        ja="陸揚地域を失った拠点も停止とみなす。以前の災害で停止中の拠点も同時停止に数え、重なる時間"
        "は一度だけ数える。",
    ),
    Method(
        en="Intervals are at 95 %: of probabilities and shares Clopper and Pearson's, of "
        "means normal ones from the scatter of the yearly sums. They say how well so "
        "many years show what the model says, nothing of how true the model is.",
        ja="区間は95%：確率と割合はClopper-Pearson、平均は年ごとの合計のばらつきに"
        "よる正規近似。年数による誤差のみで、モデルの正しさは表さない。",
    ),
    Method(
        en="Plan and today meet the same events. Today's data centres are those in service"
        " with a stated capacity and a known place, few of all there are: compare "
        "shares, not MW.",
        ja="計画と現状は同じ災害を受ける。現状は容量と場所が分かる稼働中の施設のみ（一部）であり、M"
        "Wではなく割合を比べる。",
    ),
)


def stress_document(found: StressTest) -> dict[str, Any]:
    """Return a stress test as plain data; see the module's text."""
    return {
        "dcsite_version": found.dcsite_version,
        "scenario_name": found.scenario_name,
        "title_en": found.title_en,
        "title_ja": found.title_ja,
        "years": found.years,
        "seed": found.seed,
        "confidence": CONFIDENCE,
        "methods": [method.en for method in METHODS],
        "sources": found.sources,
        "occurred": dict(found.occurred),
        "plan": _plain(found.plan),
        "today": _plain(found.today),
        "left_out": _plain(found.left_out),
        "footprints": [_footprint(one) for one in found.footprints],
        "history": _plain(found.history),
        "not_replayed": dict(sorted(found.not_replayed.items())),
        "settings": _plain(found.settings),
        "assumptions": _plain(found.assumptions.model_dump(mode="json")),
        "restoration": _plain(found.curves),
        "geodata": [
            {"table": used.name, "sha256": used.sha256, "licence": used.licence}
            for used in found.geodata
        ],
    }


def stress_to_json(found: StressTest) -> str:
    """Return the text of ``stress.json``."""
    document = stress_document(found)
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _footprint(one: Footprint) -> dict[str, Any]:
    return {
        "event_id": one.event_id,
        "name_en": one.name_en,
        "name_ja": one.name_ja,
        "areas_lost": list(one.areas_lost),
        "municipalities_ge_6lower": sum(value >= _SIX_LOWER for value in one.intensity.values()),
        "plan": _plain(one.plan),
        "today": _plain(one.today),
    }


def _plain(value: Any) -> Any:
    """Return records as objects, and numbers with six significant digits; NaN becomes null."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
