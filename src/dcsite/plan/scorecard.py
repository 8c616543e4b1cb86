"""The scorecard: every candidate, admitted or not, with measures, scores and rank in each tier.

The score of a candidate in a tier is ``sum(weight[c] * score[c, i, t])`` over the criteria c: the
scenario's weights, and scores 0..1 by its fixed anchors, as :meth:`Criterion.tier_score` gives
them. It is what the objective says of a hub that stands alone. It holds nothing of what hubs are to
each other: no distance between them, no disaster that takes several, no hours of wind and sun that
an area's hubs share, no reserve or backup, no limit of an area or a connection point that several
fill, no demand that is served, and no MW. A plan therefore need not hold the candidates that rank
first.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from dcsite.contract import TIERS, criteria
from dcsite.model import Refusal
from dcsite.records import FILE_DECIMALS_DEG, unit_decimals

from .frame import own_columns, storable_text, value_column
from .strategy import strategy_marks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from dcsite.contract import Criterion
    from dcsite.model import Candidates

    from .types import Plan

#: What becomes of a candidate: English and Japanese.
STATUS = {
    "chosen": ("chosen", "選定"),
    "admitted": ("admitted, not chosen", "立地可・非選定"),
    "refused": ("refused in every tier", "全階層で除外"),
}
_FORBIDDEN = Refusal(
    "places.forbid",
    "forbidden by the scenario (places.forbid)",
    "シナリオで立地不可に指定（places.forbid）",
)
#: What hangs on no plan.
_ALIKE = ("tiers", "_forbidden", "admitted", "scores", "total", "rank", "refusals")
#: Scores that differ less than this rank alike.
_DECIMALS = 6


@dataclass(frozen=True, eq=False)
class Scorecard:
    """Every candidate of a question, and what became of it in a plan.

    Parameters
    ----------
    candidates : Candidates
        The question with its measured sites.
    plan : Plan, optional
        The plan; without one nothing is chosen.
    """

    candidates: Candidates
    plan: Plan | None = None

    def of_plan(self, plan: Plan) -> Scorecard:
        """Return the same candidates beside a plan; what is worked out already is kept."""
        card = replace(self, plan=plan)
        vars(card).update({name: vars(self)[name] for name in _ALIKE if name in vars(self)})
        return card

    @cached_property
    def tiers(self) -> tuple[int, ...]:
        """Numbers of the tiers of which hubs are asked for."""
        return tuple(np.flatnonzero(self.candidates.asked).tolist())

    @cached_property
    def _forbidden(self) -> NDArray[np.bool_]:
        one = self.candidates
        return np.asarray(one.sites.index.isin(list(one.scenario.places.forbid)))

    @cached_property
    def admitted(self) -> NDArray[np.bool_]:
        """Which sites may be a hub of which tier, shape (sites, tiers)."""
        return self.candidates.eligible & ~self._forbidden[:, None]

    @cached_property
    def scores(self) -> Mapping[str, NDArray[np.float64]]:
        """By criterion the scores 0..1 of every site as a hub of each tier, (sites, tiers)."""
        one = self.candidates
        return {
            criterion.name: criterion.tier_score(one.sites, one.atlas, one.scenario)
            for criterion in criteria()
        }

    @cached_property
    def total(self) -> NDArray[np.float64]:
        """Weighted scores of every site as a hub of each tier standing alone, (sites, tiers)."""
        weights = self.candidates.scenario.weights
        parts = [float(weights[name]) * score for name, score in self.scores.items()]
        return np.asarray(np.sum(parts, axis=0)).round(_DECIMALS)

    @cached_property
    def rank(self) -> NDArray[np.float64]:
        """Rank by `total` among the sites admitted in each tier, from 1; NaN for the others.

        Of equal scores all have the best rank.
        """
        admitted = pd.DataFrame(np.where(self.admitted, self.total, np.nan))
        return admitted.rank(ascending=False, method="min").to_numpy()

    @cached_property
    def refusals(self) -> tuple[tuple[tuple[Refusal, ...], ...], ...]:
        """By site and tier the rules that keep it out; empty: none."""
        return tuple(
            tuple(self.refused(site, tier) for tier in range(len(TIERS)))
            for site in range(len(self._forbidden))
        )

    def refused(self, site: int, tier: int) -> tuple[Refusal, ...]:
        """Return the rules that keep a site out of a tier."""
        forbidden = (_FORBIDDEN,) if self._forbidden[site] else ()
        return *forbidden, *self.candidates.refusals(site, tier)

    @cached_property
    def status(self) -> tuple[str, ...]:
        """Of every site ``chosen``, ``admitted`` or ``refused``."""
        chosen = {hub.site_id for hub in self.plan.hubs} if self.plan is not None else set()
        admitted = np.asarray(self.admitted.any(axis=1)).tolist()
        return tuple(
            "chosen" if str(site) in chosen else "admitted" if own else "refused"
            for site, own in zip(self.candidates.sites.index, admitted, strict=True)
        )

    @cached_property
    def ties(self) -> Mapping[str, tuple[str, ...]]:
        """By site the hubs whose place it could hold within the gap, and those that could its."""
        found: dict[str, list[str]] = {}
        for hub in self.plan.hubs if self.plan is not None else ():
            for tie in hub.ties or ():
                found.setdefault(hub.site_id, []).append(tie.place.label)
                found.setdefault(tie.place.site_id, []).append(hub.label)
        return {site: tuple(labels) for site, labels in found.items()}

    def verdicts(self) -> pd.DataFrame:
        """Return what :meth:`frame` says of each tier asked for, indexed by `site_id`."""
        one = self.candidates
        marks = strategy_marks(self.plan.strategy_places) if self.plan is not None else {}
        found = pd.DataFrame(index=one.sites.index)
        found["strategy_places"] = [marks.get(str(site)) for site in one.sites.index]
        for tier in self.tiers:
            name = TIERS[tier]
            found[f"{name}_admitted"] = self.admitted[:, tier].astype(int)
            found[f"{name}_rank"] = pd.array(self.rank[:, tier]).astype("Int64")
            found[f"{name}_score"] = self.total[:, tier]
            found[f"{name}_most_mw"] = np.round(one.could_bear_mw[:, tier], 3)
            told = [own[tier] for own in self.refusals]
            found[f"{name}_kept_out_en"] = ["; ".join(one.en for one in own) for own in told]
            found[f"{name}_kept_out_ja"] = ["；".join(one.ja for one in own) for own in told]
        return found

    def frame(self) -> pd.DataFrame:
        """Return one row for each candidate: the columns of ``candidates.csv``.

        Names and units as in ``hubs.csv``. ``strategy_places`` are the strategy's entries that
        name the place. Of each tier asked for: ``<tier>_admitted`` (1 or 0),
        ``_rank``, ``_score``, ``_most_mw`` (the most IT load that the hard rules of the site alone
        allow) and ``_kept_out_en``, ``_kept_out_ja``.
        """
        sites = self.candidates.sites
        hubs = {hub.site_id: hub for hub in self.plan.hubs} if self.plan is not None else {}
        chosen = [hubs.get(str(site)) for site in sites.index]
        table: dict[str, Any] = {
            "site_id": sites.index.astype(str),
            "status_en": [STATUS[own][0] for own in self.status],
            "status_ja": [STATUS[own][1] for own in self.status],
            "tier": [hub.tier if hub else None for hub in chosen],
            **{
                name: [text if isinstance(text, str) else None for text in sites[name]]
                for name in ("name_ja", "name_en", "prefecture_ja", "prefecture_en")
            },
            "municipality_code": sites["municipality_code"].to_numpy(dtype=object),
            "area": sites["area"].to_numpy(dtype=object),
            "lat_deg": sites["lat_deg"].round(FILE_DECIMALS_DEG).to_numpy(),
            "lon_deg": sites["lon_deg"].round(FILE_DECIMALS_DEG).to_numpy(),
            "it_load_mw": [round(hub.it_load_mw, 3) if hub else None for hub in chosen],
            "reserve_mw": [round(hub.reserve_mw, 3) if hub else None for hub in chosen],
            "ties_with": ["; ".join(self.ties.get(str(site), ())) for site in sites.index],
        }
        table |= {str(name): cells.to_numpy() for name, cells in self.verdicts().items()}
        for criterion in criteria():
            for column, quantity in criterion.columns(sites).items():
                values = pd.to_numeric(sites[column]).to_numpy(dtype=float)
                known = np.where(np.isfinite(values), values, np.nan)
                title = value_column(criterion.name, quantity.name, quantity.unit)
                table[title] = known.round(unit_decimals(quantity.unit))
            table |= self._scored(criterion)
        if "own" in sites:
            told = [json.loads(text) if isinstance(text, str) else {} for text in sites["own"]]
            table |= own_columns(told, table)
        frame = pd.DataFrame(table)
        for column in frame.columns[~frame.dtypes.map(pd.api.types.is_numeric_dtype)]:
            cells = [cell if isinstance(cell, str) and cell else None for cell in frame[column]]
            frame[column] = pd.Series(list(map(storable_text, cells)), dtype=object)
        return frame

    def _scored(self, criterion: Criterion[Any]) -> dict[str, NDArray[np.float64]]:
        """Return a criterion's scores: one column, or one for each tier where they differ."""
        score, name = self.scores[criterion.name].round(_DECIMALS), f"{criterion.name}_score"
        asked = score[:, list(self.tiers)]
        if not asked.size or (asked == asked[:, :1]).all():
            return {name: score[:, self.tiers[0] if self.tiers else 0]}
        return {f"{name}_{TIERS[tier]}": score[:, tier] for tier in self.tiers}
