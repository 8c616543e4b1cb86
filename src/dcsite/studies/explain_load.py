"""What sets each hub's MW: its own bounds, a rule, a measure, or nothing within the gap.

All hubs stay where they are, and the linear program of loads that is left is solved to its end.
How firmly a load is set is the range of MW at which the plan, its other loads chosen anew, loses
less than the gap. What sets it is what holds the hub back at the upper end of that range, and
what keeps it up at the lower one: by the duals there, what a MW more or less would cost through
each row, beside the hub where the same row costs least. What all hubs pay alike, such as the total,
tells none from another and drops out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd

from dcsite.contract import TIERS, criteria
from dcsite.model import DEMAND
from dcsite.plan.explanation import HubLoad, LoadReason
from dcsite.plan.sources import rule_sources
from dcsite.solvers.fixed import FixedProgram
from dcsite.solvers.matrix import ProgramMatrix

from .pool import Change

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcsite.contract import Terms
    from dcsite.model import SiteProgram
    from dcsite.solvers.fixed import FixedPoint

    from .explain import ExplainContext

#: Gap of the solve that fixes what is whole: to the end.
_EXACT_GAP = 1e-7
#: Rounds of rows that the ends of the ranges violate.
_ROUNDS = 8
#: Points a MW below which nothing is said.
_NOTHING = 1e-9
#: MW below which a load is at its bound.
_AT_BOUND_MW = 1e-3
#: What holds a hub back is named up to this many, unless it is this little beside the strongest.
_NAMED = 2
_SMALL_PART = 0.1

_Kind: TypeAlias = Literal[
    "nothing", "least", "largest", "land", "reserve", "rule", "score", "demand", "rest"
]
#: A rule, a measure or a criterion.
_Owner: TypeAlias = tuple[_Kind, str]

_OWN: dict[_Kind, tuple[str, str]] = {
    "nothing": ("nothing: any MW of its tier is as good", "なし：階層内のどのMWでも同等"),
    "least": (
        "its tier's least MW: more is worth less here than elsewhere",
        "階層の下限：追加の価値がほかより低い",
    ),
    "largest": ("its tier's largest MW", "階層の上限"),
    "land": ("its land carries no more", "利用可能な土地の上限"),
    "reserve": ("its reserve takes the rest of its room", "予備容量が残りの枠を占める"),
    "demand": ("the demand within its reach", "届く範囲の需要"),
    "rest": ("it carries what the other hubs leave of the total", "総量の残りを担う"),
}


def explain_loads(context: ExplainContext) -> dict[str, HubLoad]:
    """Say of each hub what sets its MW, by site id; nothing where the loads cannot be solved."""
    program = context.resolver.program
    shut = tuple(map(str, context.sites.index.difference(context.hubs.index)))
    (kept,) = context.resolver.changed([Change(closed=shut, opened=context.opened, gap=_EXACT_GAP)])
    if kept.values is None:
        return {}
    hubs = _hubs(context, program)
    within = max(context.options.gap * abs(kept.objective), 1e-9)
    own_rows = {hub.room for hub in hubs.values() if not hub.reserves}
    for rounds in range(_ROUNDS):
        matrix = ProgramMatrix.from_problem(program.problem)
        fixed = FixedProgram(matrix, kept.values, own_rows)
        found = fixed.best()
        if found is None:
            return {}
        best = found
        ends = {site: fixed.ends(hub.column, best.objective - within) for site, hub in hubs.items()}
        points = [best, *(point for pair in ends.values() if pair for point in pair)]
        added = [r.separate_relaxed(point.values) for point in points for r in program.lazy]
        if rounds == _ROUNDS - 1 or not sum(added):
            break
    owners = _Owners(context, program, fixed, hubs)
    return {
        site: _said(owners, site, hubs[site], best, pair, within)
        for site, pair in ends.items()
        if pair is not None
    }


@dataclass(frozen=True)
class _Hub:
    """A hub's column of load above its tier's least, and the bounds of its load in MW."""

    column: str
    room: str
    """The row by which load and reserve share what its tier, land and connection leave."""
    reserves: bool
    least_mw: float
    most_mw: float
    bounded_by: str


def _hubs(context: ExplainContext, program: SiteProgram) -> dict[str, _Hub]:
    found = {}
    for site, tier in context.opened:
        row, number = int(program.sites.index.get_indexer(pd.Index([site]))[0]), TIERS.index(tier)
        found[site] = _Hub(
            program.extra_mw[row, number].name,
            f"load_{program.labels[row]}_{tier}",
            bool(program.reserves[row, number]),
            float(program.min_mw[number]),
            float(program.max_mw[row, number]),
            str(program.candidates.bounded_by[row, number]),
        )
    return found


class _Owners:
    """Whose each row is, and what rows and the objective make of a MW more at each hub."""

    def __init__(
        self,
        context: ExplainContext,
        program: SiteProgram,
        fixed: FixedProgram,
        hubs: Mapping[str, _Hub],
    ) -> None:
        self._made, self._rooms = program.made, {hub.room for hub in hubs.values()}
        self._columns = {site: fixed.column(hub.column) for site, hub in hubs.items()}
        self._direct: dict[_Owner, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        self._by_row: dict[str, _Owner] = {}
        rules = {
            one.rule: (f"{one.title_en} [{one.cited}]", f"{one.title_ja}［{one.cited}］")
            for one in rule_sources(context.scenario, context.atlas)
        }
        scores = {one.name: (one.title_en, one.title_ja) for one in criteria()}
        for evaluation in context.checked.evaluations.values():
            scores |= {one.name: (one.label_en, one.label_ja) for one in evaluation.measures}
        self._titles = {"rule": rules, "score": scores}
        self._titles |= {kind: {"": _OWN[kind]} for kind in ("demand", "reserve")}
        every = (*program.open[program.eligible], *program.extra_mw[program.eligible])
        decided = {variable.name for variable in (*every, *program.reserve_mw[program.reserves])}
        site_of = {hub.column: site for site, hub in hubs.items()}
        counted: list[tuple[_Kind, str, float, Terms]]
        counted = [("score", term.measure, term.weight, term.terms) for term in program.scores]
        counted += [
            ("rule", rule, -program.modes.penalty[rule], terms)
            for rule, terms in program.violations.items()
        ]
        for kind, name, weight, terms in counted:
            for variable, coefficient in terms:
                if variable.name in site_of:
                    self._direct[kind, name][site_of[variable.name]] += weight * coefficient
                elif variable.name not in decided:
                    # A row with what counts as a rule's violation or in a measure is theirs.
                    for row in fixed.column(variable.name):
                        self._by_row[row] = kind, name

    def rows(self, site: str, point: FixedPoint, *, more: bool) -> list[LoadReason]:
        """Return what rows make a MW more at a hub worth less than where each does least harm.

        Without `more`, what they make a MW less cost beside the hub where each would cost least.
        """
        sign = 1.0 if more else -1.0
        less: dict[_Owner, float] = defaultdict(float)
        for row in self._columns[site]:
            dual = point.duals.get(row, 0.0)
            worth = {
                other: -sign * dual * own.get(row, 0.0) for other, own in self._columns.items()
            }
            less[self._owner(row)] += max(worth.values()) - worth[site]
        return self._told(less, firm=point.firm)

    def terms(self, site: str, *, more: bool) -> list[LoadReason]:
        """Return the same of what the objective itself says of loads."""
        sign, less = 1.0 if more else -1.0, {}
        for owner, given in self._direct.items():
            worth = {other: sign * given.get(other, 0.0) for other in self._columns}
            less[owner] = max(worth.values()) - worth[site]
        return self._told(less)

    def bound(self, rule: str, worth: float) -> LoadReason:
        """Return what sets the largest load: the tier, the land, or another rule."""
        if rule in ("", "land"):
            return _own("land" if rule else "largest", worth)
        return LoadReason("rule", rule, *self._titles["rule"][rule], max(0.0, worth) + 0.0)

    def _owner(self, row: str) -> _Owner:
        if row in self._rooms:
            return "reserve", ""
        origin, rule = self._made[row]
        if rule:
            return "rule", rule
        return ("demand", "") if origin == DEMAND else self._by_row.get(row, ("score", origin))

    def _told(self, less: Mapping[_Owner, float], *, firm: bool = False) -> list[LoadReason]:
        """Return the few that matter, the strongest first."""
        strongest = sorted(less.items(), key=lambda item: (-item[1], item[0]))[:_NAMED]
        return [
            LoadReason(
                kind, name, *self._titles[kind].get(name, (name, name)),
                math.nan if firm else 100.0 * points,
            )
            for (kind, name), points in strongest
            if points > max(_NOTHING, _SMALL_PART * strongest[0][1])
        ]  # fmt: skip


def _said(
    owners: _Owners,
    site: str,
    hub: _Hub,
    best: FixedPoint,
    ends: tuple[FixedPoint, FixedPoint],
    within: float,
) -> HubLoad:
    """Put together what keeps a hub from more MW."""
    best_mw, low, high = (
        min(max(hub.least_mw + point.values[hub.column], hub.least_mw), hub.most_mw)
        for point in (best, *ends)
    )
    at_least, at_most = low < hub.least_mw + _AT_BOUND_MW, high > hub.most_mw - _AT_BOUND_MW
    worth = 100.0 * best.reduced[hub.column]
    if at_least and at_most:
        reasons = [_own("nothing", 0.0)]
    elif at_most:
        reasons = [owners.bound(hub.bounded_by, worth)]
    else:
        reasons = owners.rows(site, ends[1], more=True)
        if best_mw < hub.least_mw + _AT_BOUND_MW:
            reasons = [_own("least", -worth), *_strongest(reasons, owners.terms(site, more=True))]
        reasons = reasons or [_own("rest", 0.0)]
    kept: list[LoadReason] = []
    if not at_least:
        kept = _strongest(owners.rows(site, ends[0], more=False), owners.terms(site, more=False))
    bounds = hub.least_mw, hub.most_mw
    return HubLoad(best_mw, low, high, *bounds, within, tuple(reasons), tuple(kept))


def _strongest(*reasons: list[LoadReason]) -> list[LoadReason]:
    """Return the few that count most of several lists; what no loss moves counts most."""
    every = [reason for some in reasons for reason in some]
    every.sort(key=lambda one: -np.nan_to_num(one.points_per_100_mw, nan=np.inf))
    return every[:_NAMED]


def _own(kind: _Kind, points: float) -> LoadReason:
    return LoadReason(kind, "", *_OWN[kind], max(0.0, points) + 0.0)
