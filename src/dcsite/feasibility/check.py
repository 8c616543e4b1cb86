"""Check a scenario before it is solved: candidates, distances, loads, criteria's bounds, numbers.

Nothing here is solved as a whole. Each check looks at one side of the question and gives a bound:
where a bound already contradicts a hard rule the scenario is proven infeasible (an error), where
it contradicts a soft rule the plan will violate it (a warning). Passing all checks proves nothing.
"""

from __future__ import annotations

import fnmatch
import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Literal

import numpy as np

from dcsite.contract import TIERS, WORKLOAD_TITLES, criteria
from dcsite.dispersion import OutOfTimeError
from dcsite.model import all_rules, assemble, demand_zones, zones_in_reach
from dcsite.model.cliques import DENSE_LIMIT
from dcsite.scenario import as_dict, flatten, toml_value
from dcsite.solvers import SolveOptions
from dcsite.solvers.matrix import ProgramMatrix

from .spread import Room, Spread, fits_apart, largest_distance, room_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from dcsite.contract import Bound, Rule
    from dcsite.model import Candidates
    from dcsite.model.candidates import TierFunnel
    from dcsite.scenario import Scenario

#: Up to this many sites the largest distance is worked out even where the one asked can be met.
_FEW_SITES = 400

#: Above this many sites a table of all distances takes longer than a check may.
_MANY_SITES = 1200

#: Ratio of largest to smallest coefficient from which solvers lose digits that matter.
_WIDE_RANGE = 1e9


@dataclass(frozen=True)
class Finding:
    """One thing to know before solving; `message` names the value, why, and what would do."""

    level: Literal["error", "warning"]
    rule_or_key: str
    message: str


@dataclass(frozen=True)
class TierCheck:
    """Candidates of one tier and the room its separation leaves them.

    `largest` is the largest separation that the count asked for can keep; None where it was not
    asked or not found in time.
    """

    funnel: TierFunnel
    separation_km: float
    room: Room
    largest: Spread | None


@dataclass(frozen=True)
class LoadRange:
    """Load asked for, beside bounds on what all hubs together can carry, with how they arise."""

    asked_mw: float
    least_mw: float
    most_mw: float
    least_text: str
    most_text: str


@dataclass(frozen=True)
class OutOfReach:
    """A demand zone with no candidate near enough for its `mw` of a class of workloads."""

    workload: str
    pref_code: str
    name_en: str
    name_ja: str
    mw: float


@dataclass(frozen=True)
class CoefficientRange:
    """Smallest and largest size of a coefficient that is not zero; 0 where there is none.

    Too wide a range costs solvers their digits.
    """

    rows_least: float
    rows_most: float
    objective_least: float
    objective_most: float


@dataclass(frozen=True)
class Precheck:
    """All that was checked, and what was found; `coefficients` is None where none were asked.

    Searches for distances that took longer than `search_s` were given up.
    """

    scenario_name: str
    search_s: float
    sites: int
    tiers: tuple[TierCheck, ...]
    core_regions: tuple[tuple[str, int], ...]
    load: LoadRange
    bounds: tuple[Bound, ...]
    out_of_reach: tuple[OutOfReach, ...]
    coefficients: CoefficientRange | None
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Return the findings that prove the scenario infeasible."""
        return tuple(finding for finding in self.findings if finding.level == "error")


def check_scenario(
    candidates: Candidates, *, thorough: bool = True, search_s: float = SolveOptions.check_s
) -> Precheck:
    """Check a scenario against what is known, without solving it.

    Parameters
    ----------
    candidates : Candidates
        What is asked, and which sites are left for which tier.
    thorough : bool
        Without it only what is found in a blink: neither the range of numbers, nor the largest
        distances where the ones asked can be met.
    search_s : float
        Seconds that each search for distances may take.

    Returns
    -------
    Precheck
        Findings, errors first.
    """
    check = _Check(candidates, search_s)
    if thorough and candidates.scenario.weights_note:
        check.findings.append(Finding("warning", "weights", candidates.scenario.weights_note))
    tiers = check.tiers(thorough=thorough)
    return Precheck(
        candidates.scenario.name,
        search_s,
        len(candidates.sites),
        tuple(tiers.values()),
        check.regions(),
        check.load({number: tier.room for number, tier in tiers.items()}),
        check.bounds(),
        check.latency(),
        check.numbers() if thorough else None,
        tuple(sorted(check.findings, key=lambda finding: finding.level)),
    )


def disproved(candidates: Candidates) -> bool:
    """Tell whether a check alone proves a scenario infeasible, without saying what would do."""
    check = _Check(candidates, SolveOptions.check_s, advise=False)
    rooms = {}
    for number in np.flatnonzero(candidates.asked).tolist():
        rooms[number] = check.tier(number, thorough=False).room
        if check.failed:
            return True
    check.regions()
    check.load(rooms)
    check.bounds()
    return check.failed


def load_range(left: Candidates, most_hubs: Sequence[int]) -> LoadRange:
    """Bound the load of all hubs together; counts bind only where `tier_counts` is hard.

    Parameters
    ----------
    left : Candidates
        Sites left for each tier, and their largest loads.
    most_hubs : sequence of int
        By tier, the most hubs that separation leaves room for.
    """
    least_mw, least_text = _least_load_mw(left)
    most_mw, most_text = _most_mw(left, most_hubs, left.max_mw)
    asked_mw = left.scenario.total_new_it_load_mw
    return LoadRange(asked_mw, least_mw, most_mw, least_text, most_text)


def settings_of(scenario: Scenario, rule: Rule) -> tuple[tuple[str, object], ...]:
    """Look up the values behind a rule's keys; a key may name a whole table or use ``*``."""
    leaves = dict(flatten(as_dict(scenario)))
    return tuple(
        (key, value)
        for pattern in rule.keys
        for key, value in leaves.items()
        if fnmatch.fnmatch(key, pattern) or key.startswith(f"{pattern}.")
    )


def settings_text(settings: Iterable[tuple[str, object]]) -> str:
    """Write values as ``key = value``, with commas between."""
    return ", ".join(f"{key} = {toml_value(value)}" for key, value in settings)


class _Check:
    """One check under way: what is asked and left, and the findings so far.

    It is the outlook that criteria get for their bounds, once :meth:`load` has been asked.
    """

    def __init__(self, left: Candidates, search_s: float, *, advise: bool = True) -> None:
        self._search_s, self._advise = search_s, advise
        self.left, self.modes = left, left.modes
        self.scenario, self.atlas, self.sites = left.scenario, left.atlas, left.sites
        self.findings: list[Finding] = []
        #: By tier, the most hubs there is room for, once they are known to carry the total.
        self._carrying: tuple[int, ...] | None = None

    @property
    def failed(self) -> bool:
        """Tell whether something found proves that there is no plan."""
        return any(finding.level == "error" for finding in self.findings)

    def _say(self, key: str, message: str, *, firm: bool) -> None:
        """Note a finding; one that hard rules alone make (`firm`) is an error."""
        self.findings.append(Finding("error" if firm else "warning", key, f"{key} {message}"))

    def _told(self, key: str) -> bool:
        return any(finding.rule_or_key == key for finding in self.findings)

    def _hard(self, *rules: str) -> bool:
        return all(self.modes.mode[rule] == "hard" for rule in rules)

    def _beside_spacing(self, number: int) -> NDArray[np.bool_]:
        """Return a tier's candidates as they were without the rule that keeps hubs apart."""
        return self.left.without(self.left.spacing_rule)[:, number]

    def _need(self, tier: str) -> tuple[int, bool]:
        """Return how many hubs of a tier any plan has, and whether hard rules alone say so."""
        count = self.scenario.tiers[tier].count.min
        if tier == "large" and self.scenario.cores_count_as_large:
            count = max(0, count - self.scenario.tiers.core.count.max)
        if tier == "core" and self._hard("core_regions"):
            regions = len(self.left.core_regions)
            if regions >= count or self.modes.mode["tier_counts"] == "off":
                return regions, True
        if self.modes.mode["tier_counts"] == "off":
            return 0, True
        return count, self._hard("tier_counts")

    def tiers(self, *, thorough: bool) -> dict[int, TierCheck]:
        """Check every tier of which hubs are asked for, by its number."""
        asked = np.flatnonzero(self.left.asked).tolist()
        return {number: self.tier(number, thorough=thorough) for number in asked}

    def tier(self, number: int, *, thorough: bool) -> TierCheck:
        """Check counts and separation of one tier."""
        funnel = self.left.funnels[number]
        asked_km = float(self.scenario.tiers[funnel.tier].separation_km)
        here = self.left.eligible[:, number]
        room = Room(funnel.left, funnel.left)
        if self.left.spaced != "off":
            room = room_for(self.left.lat_deg[here], self.left.lon_deg[here], asked_km)
        need, firm = self._need(funnel.tier)
        largest = None
        if need and self.left.spaced != "off":
            largest = self._distance(number, need, room, firm=firm, thorough=thorough)
        if funnel.left < need and not self._only_too_near(number, need):
            self._too_few(number, need, firm=firm)
        key = f"tiers.{funnel.tier}.separation_km"
        if room.at_most < need <= funnel.left and not self._told(key):
            self._say(
                key,
                f"= {asked_km:g}: at most {room.at_most} {funnel.tier} hubs stand that "
                f"far apart among {funnel.left:,} candidates, {need} are asked for; set it lower "
                "or ask for fewer",
                firm=firm and self.left.spaced == "hard",
            )
        return TierCheck(funnel, asked_km, room, largest)

    def _only_too_near(self, number: int, need: int) -> bool:
        """Tell whether what the cores' separation drops is already told as a distance too large."""
        told = self._told(f"tiers.{TIERS[number]}.separation_km")
        return told and int(self._beside_spacing(number).sum()) >= need

    def _too_few(self, number: int, need: int, *, firm: bool) -> None:
        funnel = self.left.funnels[number]
        gains = {
            rule: int(self.left.without(rule)[:, number].sum()) - funnel.left
            for rule in self.left.dropping
        }
        worst = max(gains, key=lambda rule: gains[rule], default="")
        why = (
            "; ask for fewer, loosen the rules that drop them (see the funnel) or offer more sites"
        )
        if worst in self.modes.mode and gains[worst]:
            others = {other for other in TIERS if other != funnel.tier}
            settings = settings_text(
                (key, value)
                for key, value in settings_of(self.scenario, all_rules()[worst])
                if not others & set(key.split("."))
            )
            why = (
                f", {funnel.left + gains[worst]:,} without rules.{worst}"
                f"{f' ({settings})' if settings else ''}; ask for fewer, loosen that "
                "rule or offer more sites"
            )
        self._say(
            f"tiers.{funnel.tier}.count",
            f"asks for at least {need} hub{'' if need == 1 else 's'}: "
            f"{funnel.left:,} of {funnel.sites:,} sites are left{why}",
            firm=firm,
        )

    def _distance(
        self, number: int, need: int, room: Room, *, firm: bool, thorough: bool
    ) -> Spread | None:
        """Compare a tier's separation with the largest that its count can keep."""
        tier = TIERS[number]
        core = tier == "core"
        asked_km = float(self.scenario.tiers[tier].separation_km)
        # The cores' own distance to Tokyo and Osaka is part of the question here.
        here = self._beside_spacing(number) if core else self.left.eligible[:, number]
        if here.sum() < need or (not core and room.at_least >= need):
            return None
        regions = core and self._hard("core_regions")
        groups = [inside[here] for inside in self.left.core_regions.values()] if regions else []
        if not all(group.any() for group in groups) or here.sum() > DENSE_LIMIT:
            return None
        cores = self.atlas.existing_cores()
        keep = (cores["lat_deg"].to_numpy(float), cores["lon_deg"].to_numpy(float))
        lat, lon = self.left.lat_deg[here], self.left.lon_deg[here]
        kept = keep if core else None
        try:
            met = fits_apart(
                lat, lon, need, asked_km, keep=kept, groups=groups, time_limit_s=self._search_s
            )
            few = thorough and core and len(lat) <= _FEW_SITES
            if (met is not None and not few) or not self._advise or len(lat) > _MANY_SITES:
                largest = None
            else:
                largest = largest_distance(
                    lat, lon, need, keep=kept, groups=groups, time_limit_s=self._search_s
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
            if self._hard("core_regions") and self.left.core_regions:
                hubs += f", one in each of {', '.join(self.left.core_regions)}"
        limit, lower = f"cannot be met by {hubs}", "set it lower"
        if largest is not None:
            km = km_down(largest.distance_km)
            lower = f"set it to {km:g} or less"
            if largest.proven:
                limit = f"at most {km:g} km can be met by {hubs}"
            else:
                limit += f"; {km:g} km can, which is not proven the most"
        self._say(
            f"tiers.{tier}.separation_km",
            f"= {asked_km:g}: {limit}; {lower}, ask for fewer hubs, or offer more sites",
            firm=firm and self.left.spaced == "hard",
        )

    def regions(self) -> tuple[tuple[str, int], ...]:
        """Count the candidates for a core in each region that asks for one."""
        core = self.left.eligible[:, TIERS.index("core")]
        found = tuple(
            (region, int((core & inside).sum()))
            for region, inside in self.left.core_regions.items()
        )
        if self.modes.mode["core_regions"] == "off":
            return found
        firm = self._hard("core_regions")
        for region, count in found:
            if not count and not self._region_too_near(region):
                self._say(
                    "tiers.core.regions",
                    f"asks for a core in {region}: no candidate for a core is left there; see "
                    "the funnel of tier core for the rules that drop them",
                    firm=firm,
                )
        most = self.scenario.tiers.core.count.max
        if len(found) > most and self._hard("tier_counts"):
            self._say(
                "tiers.core.count",
                f"allows {most} core hub(s), tiers.core.regions names {len(found)} regions that "
                "each need one; allow more cores or name fewer regions",
                firm=firm,
            )
        return found

    def _region_too_near(self, region: str) -> bool:
        there = self._beside_spacing(TIERS.index("core")) & self.left.core_regions[region]
        return self._only_too_near(TIERS.index("core"), 1) and bool(there.any())

    def load(self, rooms: Mapping[int, Room]) -> LoadRange:
        """Compare the total load with the least and most that the hubs allowed can carry."""
        apart = self.left.spaced == "hard"
        carrying = tuple(
            (rooms[number].at_most if apart else len(self.sites)) if number in rooms else 0
            for number in range(len(TIERS))
        )
        found = load_range(self.left, carrying)
        total = self.scenario.total_new_it_load_mw
        derived = self.scenario.demand.total_new_it_load_mw is None
        key = "demand.total_new_it_load_mw"
        value = f"= {total:.6g}" + (
            " (demand at the grid / pue * share_in_new_hubs)" if derived else ""
        )
        if self.modes.mode["total_it_load"] == "off":
            return found
        firm = self._hard("total_it_load")
        short = any(
            one.level == "error" and one.rule_or_key in {f"tiers.{tier}.count" for tier in TIERS}
            for one in self.findings
        )
        if short:
            return found  # sites are too few for the hubs asked for: that is said, and tells all
        if found.most_mw < total * (1.0 - 1e-9):
            # To the tenth that can be set: the total named is itself one that they carry.
            most_mw = math.floor(found.most_mw * 10.0) / 10.0
            self._say(
                key,
                f"{value}: the hubs allowed carry at most {most_mw:,.10g} MW "
                f"({found.most_text}); lower the total, or raise tiers.*.count.max or "
                "tiers.*.it_load_mw.max",
                firm=firm,
            )
        elif found.least_mw > total * (1.0 + 1e-9):
            least_mw = math.ceil(found.least_mw * 10.0) / 10.0
            self._say(
                key,
                f"{value}: the hubs asked for carry at least {least_mw:,.10g} MW "
                f"({found.least_text}); raise the total, or lower tiers.*.count.min or "
                "tiers.*.it_load_mw.min",
                firm=firm,
            )
        else:
            self._carrying = carrying
        return found

    @property
    def most_mw(self) -> NDArray[np.float64]:
        """Return the most IT load of a hub, in MW, by site and tier; 0 where none may stand."""
        return np.where(self.left.eligible, self.left.max_mw, 0.0)

    def least_load_mw(self, here: NDArray[np.bool_]) -> float:
        """Return the IT load, in MW, that some sites carry at least in any plan."""
        if self._carrying is None:
            return 0.0
        there_mw = np.where(here[:, None], 0.0, self.left.max_mw)
        elsewhere = _most_mw(self.left, self._carrying, there_mw)[0]
        return max(0.0, self.scenario.total_new_it_load_mw - elsewhere)

    def most_reserve_mw(self, worth: NDArray[np.float64]) -> float:
        """Return the most reserve, in MW, each hub's times its worth, that any plan can hold.

        It stands within each hub's room above its least load, and, where the total is asked for,
        beside that.
        """
        left = self.left
        room_mw = np.maximum(left.max_mw - left.min_mw, 0.0)
        hubs = self._carrying or (len(self.sites),) * len(TIERS)
        most_mw = _most_mw(left, hubs, room_mw * worth)[0]
        if self._carrying is None:
            return most_mw
        beside_mw = _most_mw(left, hubs, left.max_mw)[0] - self.scenario.total_new_it_load_mw
        return min(most_mw, max(0.0, beside_mw) * float(worth[left.eligible].max(initial=0.0)))

    def bounds(self) -> tuple[Bound, ...]:
        """Ask every criterion what no plan can reach, and compare it with what is asked.

        Where no advice is wanted, only those with a hard rule: no other bound proves anything.
        """
        found = tuple(
            bound
            for criterion in criteria()
            if self._advise or any(self._hard(rule.name) for rule in criterion.rules)
            for bound in criterion.bounds(self)
        )
        for bound in found:
            if bound.contradicted and all(self.modes.mode[rule] != "off" for rule in bound.rules):
                self._say(bound.key, bound.message_en, firm=self._hard(*bound.rules))
        return found

    def latency(self) -> tuple[OutOfReach, ...]:
        """List the demand zones of which no candidate could serve a class of workloads."""
        zones, asked_mw = demand_zones(self.atlas, self.scenario)
        sites = self.sites[self.left.eligible.any(axis=1)]
        found = tuple(
            OutOfReach(name, str(code), str(zone["name_en"]), str(zone["name_ja"]), float(mw))
            for name, within in zones_in_reach(sites, zones, self.atlas, self.scenario).items()
            for (code, zone), mw, near in zip(
                zones.iterrows(), asked_mw[name], np.asarray(within.any(axis=0)), strict=True
            )
            if not near and mw > 0.0
        )
        for name, group in groupby(found, key=lambda one: one.workload):
            far = [*group]
            names = ", ".join(f"{zone.name_en} {zone.name_ja}" for zone in far[:5])
            more = f" and {len(far) - 5} more" if len(far) > 5 else ""
            own = self.scenario.demand.classes[name]
            some = "no domestic candidate" if own.sites == "domestic" else "no candidate"
            mw = sum(zone.mw for zone in far)
            key, why = "sites", f"= {own.sites}: {some} is there"
            if own.max_ms != "none":
                key = "max_ms"
                why = f"= {own.max_ms:g}: {some} is within that round trip of {names}{more}"
            short = f"{mw:,.1f} MW of {WORKLOAD_TITLES[name][0]} demand stay unserved"
            self._say(f"demand.classes.{name}.{key}", f"{why}; {short}", firm=False)
        return found

    def numbers(self) -> CoefficientRange | None:
        """Measure the range of the program's coefficients; None where it has no decisions.

        The rows that keep hubs apart take longest to build and hold nothing but ones (and the
        rule's penalty, where it is soft, in the objective); they are left out and counted as that.
        """
        if not self.left.eligible.any():
            return None
        program = assemble(self.left, spaced=False)
        matrix = ProgramMatrix.from_problem(program.problem)
        soft = [rule for rule in program.unspaced if self.modes.mode[rule] == "soft"]
        ends: list[float] = []
        for what, given, beside in (
            ("rows", matrix.coefficient, [1.0] * bool(program.unspaced)),
            ("objective", matrix.cost, [self.modes.penalty[rule] for rule in soft]),
        ):
            sizes = np.abs(np.append(given, beside))
            sizes = sizes[sizes > 0.0]
            low, high = (float(sizes.min()), float(sizes.max())) if sizes.size else (0.0, 0.0)
            ends += [low, high]
            if low > 0.0 and high / low > _WIDE_RANGE:
                self._say(
                    "program",
                    f"{what}: coefficients from {low:.3g} to {high:.3g}, a range of "
                    f"{high / low:.1g}; solvers lose digits above {_WIDE_RANGE:.0e}: look for a "
                    "very large or very small weight, penalty or load in the scenario",
                    firm=False,
                )
        return CoefficientRange(*ends)


def km_down(distance_km: float) -> float:
    """Round a distance down to what a person would set: whole km, below 10 km to a tenth."""
    return math.floor(distance_km) if distance_km >= 10.0 else math.floor(distance_km * 10.0) / 10.0


def _most_mw(
    left: Candidates, most_hubs: Sequence[int], each_mw: NDArray[np.float64]
) -> tuple[float, str]:
    """Return the most MW of all hubs (an upper bound), of each site's in each tier, and how.

    Each tier takes its largest on its own, so one site may count in two tiers.
    """
    scenario, bound = left.scenario, left.modes.mode["tier_counts"] == "hard"
    loads: list[NDArray[np.float64]] = []
    for number in range(len(TIERS)):
        largest_first = np.sort(each_mw[left.eligible[:, number], number])[::-1]
        loads.append(np.concatenate([[0.0], np.cumsum(largest_first)]))
    counts = [
        min(
            scenario.tiers[tier].count.max if bound else len(left.eligible),
            most_hubs[number],
            len(loads[number]) - 1,
        )
        for number, tier in enumerate(TIERS)
    ]
    best, chosen = -1.0, counts
    shared = bound and scenario.cores_count_as_large
    for cores in range(counts[0] + 1) if shared else (counts[0],):
        # Cores that count as large ones leave that many fewer places for large hubs.
        trial = list(counts)
        trial[0] = cores
        if shared:
            trial[1] = max(0, min(counts[1], scenario.tiers.large.count.max - cores))
        mw = float(sum(loads[number][count] for number, count in enumerate(trial)))
        if mw > best:
            best, chosen = mw, trial
    parts = [
        f"{count} {tier} hubs up to {loads[number][count]:,.10g} MW"
        for number, (tier, count) in enumerate(zip(TIERS, chosen, strict=True))
        if left.asked[number]
    ]
    return best, ", ".join(parts)


def _least_load_mw(left: Candidates) -> tuple[float, str]:
    """Return the least load of all hubs and how it arises."""
    scenario = left.scenario
    if left.modes.mode["tier_counts"] != "hard":
        return 0.0, "no count is hard"
    tiers = {tier: scenario.tiers[tier] for tier in TIERS}
    counts = {tier: int(asked.count.min) for tier, asked in tiers.items()}
    trials = [counts]
    if scenario.cores_count_as_large:
        core = tiers["core"].count
        trials = [
            {**counts, "core": cores, "large": max(0, counts["large"] - cores)}
            for cores in range(core.min, core.max + 1)
        ]
    best = min(trials, key=lambda trial: sum(n * tiers[t].it_load_mw.min for t, n in trial.items()))
    parts = [f"{n} {t} hubs of {tiers[t].it_load_mw.min:g} MW" for t, n in best.items() if n]
    return float(sum(n * tiers[t].it_load_mw.min for t, n in best.items())), ", ".join(parts)
