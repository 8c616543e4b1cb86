"""Check a scenario before it is solved: candidates, distances, loads, supply, numbers.

Nothing here is solved as a whole. Each check looks at one side of the question and gives a bound:
where a bound already contradicts a hard rule the scenario is proven infeasible (an error), where
it contradicts a soft rule the plan will violate it (a warning). Passing all checks proves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcsite.criteria import TIERS, criteria
from dcsite.model.assemble import admissions, refuse_unknown_regions
from dcsite.model.cliques import DENSE_LIMIT
from dcsite.model.funnel import Candidates, candidates
from dcsite.model.rules import RuleModes, all_rules, modes_of

from .findings import Finding, Level, Precheck, TierCheck, limit_text, settings_text
from .loads import LoadRange, load_range, most_load_mw
from .numerics import CoefficientRange, coefficient_range
from .spread import OutOfTimeError, Room, Spread, fits_apart, largest_distance, room_for
from .supply import OutOfReach, out_of_reach

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.contract import Bound
    from dcsite.scenario import Scenario

#: Up to this many sites the largest distance is worked out even where the one asked can be met.
_FEW_SITES = 400

#: Above this many sites a table of all distances takes longer than a check may.
_MANY_SITES = 1200

#: Seconds that one search for distances may take.
_SEARCH_S = 1.0

#: Ratio of largest to smallest coefficient from which solvers lose digits that matter.
_WIDE_RANGE = 1e9


def check_scenario(scenario: Scenario, atlas: Atlas, measured_sites: gpd.GeoDataFrame) -> Precheck:
    """Check a scenario against what is known, without solving it.

    Parameters
    ----------
    scenario, atlas
        What is asked and known.
    measured_sites : geopandas.GeoDataFrame
        Sites with the measurements of :func:`dcsite.criteria.measure_sites`.

    Returns
    -------
    Precheck
        Findings, errors first.
    """
    check = _Check(scenario, atlas, measured_sites)
    tiers = tuple(check.tier(number, thorough=True) for number in range(len(TIERS)))
    regions = check.regions()
    load = check.load(tuple(tier.room for tier in tiers))
    bounds = check.bounds()
    zones = check.latency()
    coefficients = check.numbers()
    return Precheck(
        scenario.name,
        len(measured_sites),
        tiers,
        regions,
        load,
        bounds,
        zones,
        coefficients,
        check.ranked,
    )


def quick_findings(
    scenario: Scenario, atlas: Atlas, measured_sites: gpd.GeoDataFrame
) -> tuple[Finding, ...]:
    """Return what a check before a solve finds in a blink: all but the range of numbers."""
    check = _Check(scenario, atlas, measured_sites)
    rooms = tuple(check.tier(number, thorough=False).room for number in range(len(TIERS)))
    check.regions()
    check.load(rooms)
    check.bounds()
    check.latency()
    return check.ranked


def disproved(scenario: Scenario, atlas: Atlas, measured_sites: gpd.GeoDataFrame) -> bool:
    """Tell whether a check alone proves a scenario infeasible, without saying what would do."""
    check = _Check(scenario, atlas, measured_sites, advise=False)
    rooms = []
    for number in range(len(TIERS)):
        rooms.append(check.tier(number, thorough=False).room)
        if check.errors:
            return True
    check.regions()
    check.load(tuple(rooms))
    check.bounds()
    return bool(check.errors)


class _Check:
    """One check under way: what is asked and left, and the findings so far."""

    def __init__(
        self, scenario: Scenario, atlas: Atlas, sites: gpd.GeoDataFrame, *, advise: bool = True
    ) -> None:
        refuse_unknown_regions(scenario, atlas)
        self._advise = advise
        self.scenario, self.atlas, self.sites = scenario, atlas, sites
        self.modes: RuleModes = modes_of(scenario)
        self.left: Candidates = candidates(scenario, sites, admissions(sites, scenario), self.modes)
        self.lat = sites["lat_deg"].to_numpy(dtype=float)
        self.lon = sites["lon_deg"].to_numpy(dtype=float)
        self.findings: list[Finding] = []
        self._apart = next((rule.name for rule in all_rules().values() if rule.keeps_apart), None)
        #: By tier, the most hubs there is room for, once they are known to carry the total.
        self._carried: tuple[int, ...] | None = None
        table = atlas.table("core_regions")
        self.in_region: dict[str, NDArray[np.bool_]] = {
            region: sites["pref_code"]
            .isin(table.index[table["region"] == region])
            .to_numpy(dtype=bool)
            for region in scenario.tiers.core.regions
        }

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == "error")

    @property
    def ranked(self) -> tuple[Finding, ...]:
        """Return all findings, errors first."""
        rank = {"error": 0, "warning": 1, "note": 2}
        return tuple(sorted(self.findings, key=lambda finding: rank[finding.level]))

    def _say(self, level: Level, key: str, message: str) -> None:
        self.findings.append(Finding(level, key, f"{key} {message}"))

    def _hard(self, *rules: str) -> bool:
        return all(self.modes.mode[rule] == "hard" for rule in rules)

    @property
    def _spaced(self) -> str:
        """Return how strictly hubs are kept apart."""
        return "off" if self._apart is None else self.modes.mode[self._apart]

    def _near_too(self) -> NDArray[np.bool_]:
        """Return the eligible pairs as they were without the rule that keeps hubs apart."""
        return self.left.eligible if self._apart is None else self.left.without(self._apart)

    def _need(self, tier: str) -> tuple[int, bool]:
        """Return how many hubs of a tier any plan has, and whether hard rules alone say so."""
        count = self.scenario.tiers[tier].count.min
        if tier == "large" and self.scenario.cores_count_as_large:
            count = max(0, count - self.scenario.tiers.core.count.max)
        if tier == "core" and self._hard("core_regions"):
            regions = len(self.in_region)
            if regions >= count or self.modes.mode["tier_counts"] == "off":
                return regions, True
        if self.modes.mode["tier_counts"] == "off":
            return 0, True
        return count, self._hard("tier_counts")

    def tier(self, number: int, *, thorough: bool) -> TierCheck:
        """Check counts and separation of one tier."""
        funnel = self.left.funnels[number]
        asked = getattr(self.scenario.tiers, funnel.tier)
        here = self.left.eligible[:, number]
        room = Room(funnel.left, funnel.left)
        if self._spaced != "off":
            room = room_for(self.lat[here], self.lon[here], asked.separation_km)
        need, firm = self._need(funnel.tier)
        largest = None
        if need and self._spaced != "off":
            largest = self._distance(number, need, room, firm=firm, thorough=thorough)
        if funnel.left < need and not self._only_too_near(number, need):
            self._too_few(number, need, firm=firm)
        told = {finding.rule_or_key for finding in self.findings}
        key = f"tiers.{funnel.tier}.separation_km"
        if room.at_most < need <= funnel.left and key not in told:
            self._say(
                "error" if firm and self._spaced == "hard" else "warning",
                key,
                f"= {asked.separation_km:g}: at most {room.at_most} {funnel.tier} hubs stand that "
                f"far apart among {funnel.left:,} candidates, {need} are asked for; set it lower "
                "or ask for fewer",
            )
        return TierCheck(funnel, float(asked.separation_km), room, largest)

    def _only_too_near(self, number: int, need: int) -> bool:
        """Tell whether what the cores' separation drops is already told as a distance too large."""
        told = f"tiers.{TIERS[number]}.separation_km"
        return (
            any(finding.rule_or_key == told for finding in self.findings)
            and int(self._near_too()[:, number].sum()) >= need
        )

    def _too_few(self, number: int, need: int, *, firm: bool) -> None:
        funnel = self.left.funnels[number]
        gains = {
            rule: int(self.left.without(rule)[:, number].sum()) - funnel.left
            for rule in self.left.dropped
        }
        worst = max(gains, key=lambda rule: gains[rule], default="")
        why = (
            "; ask for fewer, loosen the rules that drop them (see the funnel) or offer more sites"
        )
        if worst in self.modes.mode and gains[worst]:
            why = (
                f", {funnel.left + gains[worst]:,} without rules.{worst}"
                f"{settings_text(self.scenario, worst, funnel.tier)}; ask for fewer, loosen that "
                "rule or offer more sites"
            )
        self._say(
            "error" if firm else "warning",
            f"tiers.{funnel.tier}.count",
            f"asks for at least {need} hub{'' if need == 1 else 's'}: "
            f"{funnel.left:,} of {funnel.sites:,} sites are left{why}",
        )

    def _distance(
        self, number: int, need: int, room: Room, *, firm: bool, thorough: bool
    ) -> Spread | None:
        """Compare a tier's separation with the largest that its count can keep."""
        tier = TIERS[number]
        core = tier == "core"
        asked_km = float(self.scenario.tiers[tier].separation_km)
        # The cores' own distance to Tokyo and Osaka is part of the question here.
        here = (self._near_too() if core else self.left.eligible)[:, number]
        if here.sum() < need or (not core and room.at_least >= need):
            return None
        regions = core and self._hard("core_regions")
        groups = [inside[here] for inside in self.in_region.values()] if regions else []
        if not all(group.any() for group in groups) or here.sum() > DENSE_LIMIT:
            return None
        cores = self.atlas.existing_cores()
        keep = (cores["lat_deg"].to_numpy(float), cores["lon_deg"].to_numpy(float))
        lat, lon = self.lat[here], self.lon[here]
        kept = keep if core else None
        try:
            met = fits_apart(
                lat, lon, need, asked_km, keep=kept, groups=groups, time_limit_s=_SEARCH_S
            )
            few = thorough and core and len(lat) <= _FEW_SITES
            if (met is not None and not few) or not self._advise or len(lat) > _MANY_SITES:
                largest = None
            else:
                largest = largest_distance(
                    lat, lon, need, keep=kept, groups=groups, time_limit_s=_SEARCH_S
                )
        except OutOfTimeError:
            return None
        if met is None:
            self._too_far(tier, asked_km, need, len(lat), largest, firm=firm)
        return largest

    def _too_far(
        self,
        tier: str,
        asked_km: float,
        need: int,
        among: int,
        largest: Spread | None,
        *,
        firm: bool,
    ) -> None:
        hubs = f"{need} {tier} hub{'' if need == 1 else 's'} among {among:,} candidates"
        if tier == "core":
            hubs += ", Tokyo and Osaka kept at that distance too"
            if self._hard("core_regions") and self.in_region:
                hubs += f", one in each of {', '.join(self.in_region)}"
        self._say(
            "error" if firm and self._spaced == "hard" else "warning",
            f"tiers.{tier}.separation_km",
            f"= {asked_km:g}: {limit_text(largest, hubs)}, ask for fewer hubs, or offer more sites",
        )

    def regions(self) -> tuple[tuple[str, int], ...]:
        """Count the candidates for a core in each region that asks for one."""
        core = self.left.eligible[:, TIERS.index("core")]
        found = tuple(
            (region, int((core & inside).sum())) for region, inside in self.in_region.items()
        )
        if self.modes.mode["core_regions"] == "off":
            return found
        firm = self._hard("core_regions")
        for region, count in found:
            if not count and not self._region_too_near(region):
                self._say(
                    "error" if firm else "warning",
                    "tiers.core.regions",
                    f"asks for a core in {region}: no candidate for a core is left there; see "
                    "the funnel of tier core for the rules that drop them",
                )
        most = self.scenario.tiers.core.count.max
        if len(found) > most and self._hard("tier_counts"):
            self._say(
                "error" if firm else "warning",
                "tiers.core.count",
                f"allows {most} core hub(s), tiers.core.regions names {len(found)} regions that "
                "each need one; allow more cores or name fewer regions",
            )
        return found

    def _region_too_near(self, region: str) -> bool:
        there = self._near_too()[:, TIERS.index("core")] & self.in_region[region]
        return self._only_too_near(TIERS.index("core"), 1) and bool(there.any())

    def load(self, rooms: tuple[Room, ...]) -> LoadRange:
        """Compare the total load with the least and most that the hubs allowed can carry."""
        apart = self._spaced == "hard"
        most = tuple(room.at_most if apart else len(self.sites) for room in rooms)
        found = load_range(self.scenario, self.left, self.modes, most)
        total = self.scenario.total_new_it_load_mw
        derived = self.scenario.demand.total_new_it_load_mw is None
        key = "demand.total_new_it_load_mw"
        value = f"= {total:.6g}" + (
            " (grid_demand_mw / pue * share_in_new_hubs)" if derived else ""
        )
        if self.modes.mode["total_it_load"] == "off":
            return found
        level: Level = "error" if self._hard("total_it_load") else "warning"
        if found.most_mw < total * (1.0 - 1e-9):
            self._say(
                level,
                key,
                f"{value}: the hubs allowed carry at most {found.most_mw:,.0f} MW "
                f"({found.most_text}); lower the total, or raise tiers.*.count.max or "
                "tiers.*.it_load_mw.max",
            )
        elif found.least_mw > total * (1.0 + 1e-9):
            self._say(
                level,
                key,
                f"{value}: the hubs asked for carry at least {found.least_mw:,.0f} MW "
                f"({found.least_text}); raise the total, or lower tiers.*.count.min or "
                "tiers.*.it_load_mw.min",
            )
        else:
            self._carried = most
        return found

    @property
    def most_mw(self) -> NDArray[np.float64]:
        """Return the most IT load of a hub, in MW, by site and tier; 0 where none may stand."""
        return np.where(self.left.eligible, self.left.max_mw, 0.0)

    def least_load_mw(self, here: NDArray[np.bool_]) -> float:
        """Return the IT load, in MW, that some sites carry at least in any plan."""
        if self._carried is None:
            return 0.0
        elsewhere = most_load_mw(self.scenario, self.left, self.modes, self._carried, ~here)[0]
        return max(0.0, self.scenario.total_new_it_load_mw - elsewhere)

    def bounds(self) -> tuple[Bound, ...]:
        """Ask every criterion what no plan can reach, and compare it with what is asked."""
        found = tuple(bound for criterion in criteria() for bound in criterion.bounds(self))
        for bound in found:
            if bound.contradicted and all(self.modes.mode[rule] != "off" for rule in bound.rules):
                level: Level = "error" if self._hard(*bound.rules) else "warning"
                self._say(level, bound.key, bound.message_en)
        return found

    def latency(self) -> tuple[OutOfReach, ...]:
        """List the demand zones whose latency-critical part no candidate could serve."""
        zones = out_of_reach(self.scenario, self.atlas, self.sites, self.left)
        if zones:
            names = ", ".join(f"{zone.name_en} {zone.name_ja}" for zone in zones[:5])
            more = f" and {len(zones) - 5} more" if len(zones) > 5 else ""
            self._say(
                "warning",
                "demand.latency_critical_max_km",
                f"= {self.scenario.demand.latency_critical_max_km:g}: no candidate stands within "
                f"that of {names}{more}; {sum(zone.mw for zone in zones):,.1f} MW of "
                "latency-critical demand stay unserved",
            )
        return zones

    def numbers(self) -> CoefficientRange | None:
        if not self.left.eligible.any():
            return None
        found = coefficient_range(self.scenario, self.atlas, self.sites, self.modes)
        for what, low, high in (
            ("rows", found.rows_least, found.rows_most),
            ("objective", found.objective_least, found.objective_most),
        ):
            if low > 0.0 and high / low > _WIDE_RANGE:
                self._say(
                    "warning",
                    "program",
                    f"{what}: coefficients from {low:.3g} to {high:.3g}, a range of "
                    f"{high / low:.1g}; solvers lose digits above {_WIDE_RANGE:.0e}: look for a "
                    "very large or very small weight, penalty or load in the scenario",
                )
        return found
