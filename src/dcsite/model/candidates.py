"""Which sites may become a hub of which tier, and how large: asked before any row is built.

Built once for a question and given to the program, to the check before a solve and to the
diagnosis of one that has no plan. How strictly each rule holds is part of the question: a
diagnosis asks it again under other modes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from dcsite.contract import TIERS, Admission, Limit, Quantity, Rule, criteria
from dcsite.errors import Problem, ScenarioError
from dcsite.geo.geodesy import geodesic_km
from dcsite.scenario import PROGRAM_RULES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario


@dataclass(frozen=True)
class RuleModes:
    """How strictly each rule holds in one program, and what one unit of violation costs."""

    mode: Mapping[str, str]
    penalty: Mapping[str, float]

    def hard_only(self, names: Iterable[str] = (), mode: str = "off") -> RuleModes:
        """Return the modes with soft rules off and these rules as stated, without penalties.

        A soft rule keeps no plan from being one.
        """
        own = {name: "hard" if own == "hard" else "off" for name, own in self.mode.items()}
        return RuleModes(own | dict.fromkeys(names, mode), dict.fromkeys(own, 0.0))


def all_rules() -> dict[str, Rule]:
    """Return every rule by name: the program's own first, then the criteria's."""
    rules = {rule.name: rule for rule in PROGRAM_RULES}
    for criterion in criteria():
        rules |= {rule.name: rule for rule in criterion.rules}
    return rules


def modes_of(scenario: Scenario) -> RuleModes:
    """Read modes and penalties from a scenario."""
    names = all_rules()
    return RuleModes(
        {name: str(scenario.rules[name]) for name in names},
        {name: float(scenario.penalties.get(name, 0.0)) for name in names},
    )


@dataclass(frozen=True)
class FunnelStep:
    """One rule's part: what it would drop alone, what it drops here, and what is left then."""

    rule: str
    reason_en: str
    alone: int
    dropped: int
    left: int


@dataclass(frozen=True)
class TierFunnel:
    """From all sites to the candidates of one tier, beside the count asked for."""

    tier: str
    sites: int
    steps: tuple[FunnelStep, ...]
    left: int
    asked_min: int
    asked_max: int


@dataclass(frozen=True)
class Refusal:
    """A rule that keeps a site out of a tier, why in words, and what the site has instead."""

    rule: str
    en: str
    ja: str
    value: str = ""


#: Titles of what keeps sites out and is no switchable rule.
_OTHER_TITLES_JA = {"allowed_tier": "一覧で別の階層用に指定されている"}
_LAND = Quantity(
    "max_it_load_mw",
    "MW",
    "IT load that its usable land carries",
    "利用可能な土地で賄えるIT負荷",
)
_RESIDENTS = Quantity("population_2020", "", "residents", "人口")
_USABLE = Quantity("usable_ha", "ha", "usable land", "利用可能地")


@dataclass(frozen=True, eq=False)
class Candidates:
    """What is asked, of which measured sites, and which of them are left for which tier.

    Parameters
    ----------
    scenario : Scenario
        What is asked.
    atlas : Atlas
        What is known.
    sites : geopandas.GeoDataFrame
        Sites with the measurements of :func:`dcsite.criteria.measure_sites`.
    modes : RuleModes
        How strictly each rule holds; only hard ones drop sites.
    admissions : tuple of Admission
        What every rule says of every site, the model's own rules last.
    """

    scenario: Scenario
    atlas: Atlas
    sites: gpd.GeoDataFrame
    modes: RuleModes
    admissions: tuple[Admission, ...]

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        atlas: Atlas,
        sites: gpd.GeoDataFrame,
        modes: RuleModes | None = None,
    ) -> Candidates:
        """Ask every rule of every site; `modes` are the scenario's own by default.

        Raises
        ------
        ScenarioError
            If the scenario names a region that no table knows.
        """
        known = sorted(set(atlas.table("core_regions")["region"]))
        unknown = [region for region in scenario.tiers.core.regions if region not in known]
        if unknown:
            raise ScenarioError(
                Problem(
                    scenario.name,
                    "tiers.core.regions",
                    f"unknown region {unknown[0]!r}; known are {', '.join(known)}",
                )
            )
        found = [
            admission for criterion in criteria() for admission in criterion.admit(sites, scenario)
        ]
        own = (_workforce(sites, scenario), _land_guide(sites, scenario))
        asked = cls(scenario, atlas, sites, modes or modes_of(scenario), (*found, *own))
        asked._refuse_kept()
        return asked

    def under(self, modes: RuleModes) -> Candidates:
        """Return the same question with its rules held otherwise."""
        return replace(self, modes=modes)

    @cached_property
    def lat_deg(self) -> NDArray[np.float64]:
        """Latitudes of the sites."""
        return np.asarray(self.sites["lat_deg"], dtype=np.float64)

    @cached_property
    def lon_deg(self) -> NDArray[np.float64]:
        """Longitudes of the sites."""
        return np.asarray(self.sites["lon_deg"], dtype=np.float64)

    @cached_property
    def min_mw(self) -> NDArray[np.float64]:
        """Least load of a hub, in MW, by tier."""
        return np.array([self.scenario.tiers[tier].it_load_mw.min for tier in TIERS])

    @cached_property
    def max_mw(self) -> NDArray[np.float64]:
        """Largest load of a hub, in MW, shape (sites, tiers)."""
        most_mw = np.minimum(
            [self.scenario.tiers[tier].it_load_mw.max for tier in TIERS], self._land_mw[:, None]
        )
        for admission in self.admissions:
            if admission.most_mw is not None and self.modes.mode[admission.rule] == "hard":
                most_mw = np.minimum(most_mw, admission.most_mw)
        return np.asarray(most_mw, dtype=np.float64)

    @cached_property
    def bounded_by(self) -> NDArray[np.object_]:
        """Name the rule that keeps a hub below its tier's largest load, shape (sites, tiers).

        Empty where none does.
        """
        bounds = {"land": np.repeat(self._land_mw[:, None], len(TIERS), axis=1)} | {
            one.rule: one.most_mw for one in self.admissions if one.most_mw is not None
        }
        largest = np.array([self.scenario.tiers[tier].it_load_mw.max for tier in TIERS])
        found = np.full(self.max_mw.shape, "", dtype=object)
        for rule, most_mw in bounds.items():
            if self.modes.mode[rule] == "hard":
                found[(most_mw <= self.max_mw) & (self.max_mw < largest)] = rule
        return found

    @cached_property
    def _land_mw(self) -> NDArray[np.float64]:
        """What each site's land carries, in MW; without bound where the rule is not hard."""
        if self.modes.mode["land"] != "hard":
            return np.full(len(self.sites), np.inf)
        return np.asarray(self.sites["max_it_load_mw"], dtype=np.float64)

    @cached_property
    def eligible(self) -> NDArray[np.bool_]:
        """Pairs that get a variable in the program, shape (sites, tiers)."""
        return self.without("")

    def without(self, rule: str) -> NDArray[np.bool_]:
        """Return the eligible pairs as they were without one rule."""
        kept = np.repeat(self.asked[None, :], len(self.sites), axis=0)
        for drop in self._drops:
            if drop.rule != rule:
                kept &= ~(drop.amount > 0.0)
        return kept

    @cached_property
    def asked(self) -> NDArray[np.bool_]:
        """Tell of each tier whether any hub of it is asked for; of one with count 0 nothing is."""
        counts = self.scenario.rules["tier_counts"] != "off"
        return np.array([self.scenario.tiers[tier].count.max > 0 or not counts for tier in TIERS])

    @cached_property
    def spacing_rule(self) -> str:
        """Name of the rule that keeps hubs apart; empty where there is none."""
        return next((name for name, rule in all_rules().items() if rule.keeps_apart), "")

    @property
    def spaced(self) -> str:
        """How strictly hubs are kept apart: ``hard``, ``soft`` or ``off``."""
        return self.modes.mode.get(self.spacing_rule, "off")

    @property
    def dropping(self) -> tuple[str, ...]:
        """Names of what may drop sites: hard rules, land, and the tier that a list reserves."""
        return tuple(dict.fromkeys(drop.rule for drop in self._drops))

    @cached_property
    def core_regions(self) -> dict[str, NDArray[np.bool_]]:
        """By region that wants a core, the sites in it; empty where no core is asked for."""
        if not self.asked[TIERS.index("core")]:
            return {}
        table = self.atlas.table("core_regions")
        return {
            region: self.sites["pref_code"]
            .isin(table.index[table["region"] == region])
            .to_numpy(dtype=bool)
            for region in self.scenario.tiers.core.regions
        }

    @cached_property
    def funnels(self) -> tuple[TierFunnel, ...]:
        """How many sites are left as hard rules are laid on one after another, tier by tier."""
        return tuple(self._funnel(number, tier) for number, tier in enumerate(TIERS))

    def _funnel(self, number: int, tier: str) -> TierFunnel:
        kept = np.ones(len(self.sites), dtype=bool)
        steps: list[FunnelStep] = []
        for drop in self._drops:
            out = drop.amount[:, number] > 0.0
            if out.any():
                dropped = int((kept & out).sum())
                kept = kept & ~out
                alone, left = int(out.sum()), int(kept.sum())
                steps.append(FunnelStep(drop.rule, drop.reason_en, alone, dropped, left))
        count = self.scenario.tiers[tier].count
        left = int(kept.sum())
        return TierFunnel(tier, len(kept), tuple(steps), left, int(count.min), int(count.max))

    def _refuse_kept(self) -> None:
        """Refuse places to be kept that no hard rule admits, or not with their MW or together."""
        if "wish" not in self.sites or self.modes.mode["kept"] != "hard":
            return
        problems = []
        kept = np.flatnonzero((self.sites["wish"] == "keep").to_numpy())
        fit = self.eligible[kept]
        for site in kept.tolist():
            mw, tiers = float(self.sites["keep_mw"].iloc[site]), self.eligible[site]
            least, most = self.min_mw, self.max_mw[site]
            enough, message = bool(self.sites["keep_least"].iloc[site]), ""
            if not tiers.any():
                rules = [one for one in self._drops if (one.amount[site, self.asked] > 0.0).any()]
                why = "; ".join(dict.fromkeys(f"{one.rule}: {one.reason_en}" for one in rules))
                message = f"can be a hub of no tier ({why}); loosen that rule"
                wanted = self.sites["allowed_tier"].iloc[site]
                if isinstance(wanted, str) and not self.asked[TIERS.index(wanted)]:
                    message = f"can be no {wanted} hub: none is asked for (tiers.{wanted}.count)"
            elif mw > 0.0 and not (tiers & (enough | (least <= mw)) & (mw <= most)).any():
                ranges = ", ".join(
                    f"{tier} {least[n]:g} to {most[n]:g} MW"
                    for n, tier in enumerate(TIERS)
                    if tiers[n]
                )
                message = f"cannot carry {mw:g} MW; it can be: {ranges}"
            if message:
                message = f"{self._named(site)} {message}"
                problems.append(Problem(self.scenario.name, "places.keep", message))
        if not problems and (message := self._too_many(kept, fit) or self._too_near(kept, fit)):
            problems.append(Problem(self.scenario.name, "places.keep", message))
        if problems:
            raise ScenarioError(problems)

    def _named(self, site: int) -> str:
        return f"{self.sites['name_ja'].iloc[site]} ({self.sites.index[site]})"

    def _too_many(self, kept: NDArray[np.intp], fit: NDArray[np.bool_]) -> str:
        """Say of which tiers more places are to be kept than hubs may be; of the fewest tiers."""
        if self.modes.mode["tier_counts"] != "hard":
            return ""
        most = np.array([self.scenario.tiers[tier].count.max for tier in TIERS])
        shared = most[0] if self.scenario.cores_count_as_large else 0
        for size in range(1, len(TIERS) + 1):
            for some in map(list, combinations(range(len(TIERS)), size)):
                only = ~fit[:, np.setdiff1d(np.arange(len(TIERS)), some)].any(axis=1)
                room = most[some].sum() - (shared if {0, 1} <= set(some) else 0)
                if only.sum() > room:
                    tiers = " or ".join(TIERS[one] for one in some if self.asked[one])
                    names = ", ".join(map(self._named, kept[only].tolist()))
                    return (
                        f"{only.sum()} places can only be {tiers} hubs, of which at most {room} "
                        f"are asked for: {names}; keep fewer, or raise tiers.*.count"
                    )
        return ""

    def _too_near(self, kept: NDArray[np.intp], fit: NDArray[np.bool_]) -> str:
        """Say which two places to be kept are nearer than any tiers of theirs may stand."""
        if self.spaced != "hard":
            return ""
        least_km = np.array([self.scenario.tiers[tier].separation_km for tier in TIERS])
        lower_km = least_km[np.maximum.outer(np.arange(len(TIERS)), np.arange(len(TIERS)))]
        for one, other in combinations(range(len(kept)), 2):
            a, b = int(kept[one]), int(kept[other])
            asked_km = lower_km[np.ix_(fit[one], fit[other])].min()
            km = float(geodesic_km(*(x[at] for at in (a, b) for x in (self.lat_deg, self.lon_deg))))
            if km < asked_km:
                return (
                    f"{self._named(a)} and {self._named(b)} are {km:,.1f} km apart, and "
                    f"{asked_km:g} km are asked for (rule {self.spacing_rule}); keep one, or lower "
                    "tiers.*.separation_km"
                )
        return ""

    @cached_property
    def _drops(self) -> tuple[Admission, ...]:
        """What keeps pairs of site and tier out on its own: hard rules, land, a list's tier."""
        wanted = self.sites["allowed_tier"].to_numpy(dtype=object)
        other = np.array([[isinstance(w, str) and w != tier for tier in TIERS] for w in wanted])
        other = other.reshape(self.max_mw.shape)
        small = self._land_mw[:, None] < self.min_mw
        carries = Limit(_LAND, self._land_mw, self.min_mw, least=True)
        reason = "its land carries less than the tier's least IT load"
        return (
            Admission(
                "allowed_tier",
                other.astype(float),
                "the list of sites reserves it for another tier",
            ),
            Admission("land", small.astype(float), reason, limits=(carries,)),
            *(one for one in self.admissions if self.modes.mode[one.rule] == "hard"),
        )

    def refusals(self, site: int, tier: int) -> tuple[Refusal, ...]:
        """Say which hard rules keep a site out of a tier by itself, with value and limit."""
        rules = all_rules()
        return tuple(
            Refusal(
                one.rule,
                *one.said(
                    site,
                    tier,
                    _OTHER_TITLES_JA.get(one.rule) or rules[one.rule].title_ja,
                ),
                one.has(site, tier),
            )
            for one in self._drops
            if one.amount[site, tier] > 0.0
        )

    @cached_property
    def could_bear_mw(self) -> NDArray[np.float64]:
        """The most IT load by every hard rule of a site alone, in MW, shape (sites, tiers).

        Beside `max_mw`, which rows of the program are written with, what further rules allow.
        """
        most_mw = self.max_mw
        for one in self._drops:
            for limit in one.limits:
                if limit.least and limit.quantity.unit == "MW":
                    value = limit.value if limit.value.ndim == 2 else limit.value[:, None]
                    most_mw = np.fmin(most_mw, value)
        return most_mw


def _workforce(sites: gpd.GeoDataFrame, scenario: Scenario) -> Admission:
    """Keep hubs out of municipalities with too few residents; a user's own sites are not asked."""
    people = sites["population_2020"].to_numpy(dtype=float)
    least = np.full(len(TIERS), float(scenario.workforce.min_population))
    return Admission(
        "workforce",
        (people[:, None] < least).astype(float),
        "too few residents to build and run a hub",
        limits=(Limit(_RESIDENTS, people, least, least=True),),
    )


def _land_guide(sites: gpd.GeoDataFrame, scenario: Scenario) -> Admission:
    """Measure by which part of the guide of about 10 ha (B5) a site's usable land falls short.

    Usable land is the user's hectares, else the land behind the site's largest load.
    """
    usable = sites["hectares"].fillna(sites["max_it_load_mw"] / scenario.land.mw_per_ha)
    usable_ha, guide_ha = usable.to_numpy(dtype=float), scenario.land.guide_ha
    if guide_ha <= 0.0:
        short = np.zeros(len(sites))
    else:
        short = np.clip((guide_ha - usable_ha) / guide_ha, 0.0, 1.0)
    return Admission(
        "land_guide",
        np.repeat(short[:, None], len(TIERS), axis=1),
        "less usable land than the guide",
        limits=(Limit(_USABLE, usable_ha, np.full(len(TIERS), guide_ha), least=True),),
    )
