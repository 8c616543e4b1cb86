"""The rules of the program itself beside those of criteria, and how strictly each holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dcsite.criteria import Rule, criteria

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcsite.scenario import Scenario

__all__ = ["PROGRAM_RULES", "RuleModes", "all_rules", "modes_of"]

#: Rules that belong to no criterion.
PROGRAM_RULES: tuple[Rule, ...] = (
    Rule(
        "tier_counts",
        "each tier has as many hubs as the strategy wants",
        "階層ごとの拠点数を満たす",
        "hub",
        ("tiers.core.count", "tiers.large.count", "tiers.regional.count"),
        ("F1", "C8", "C3"),
    ),
    Rule(
        "core_regions",
        "one core hub in each named region",
        "指定地域ごとに中核拠点を1か所置く",
        "region",
        ("tiers.core.regions",),
        ("F5",),
    ),
    Rule(
        "total_it_load",
        "all new hubs together carry the total new IT load",
        "新拠点全体で新規IT負荷の総量を担う",
        "share",
        ("demand.total_new_it_load_mw", "demand.share_in_new_hubs", "tiers.*.it_load_mw"),
        (),
    ),
    Rule(
        "land",
        "a hub's IT load fits its gentle habitable land",
        "IT負荷が利用可能な平坦地に収まる",
        "share",
        ("land.mw_per_ha", "land.share_of_gentle_habitable_land"),
        (),
    ),
    Rule(
        "workforce",
        "enough residents to build and run a hub",
        "拠点の建設・運営を担う人口がある",
        "hub",
        ("workforce.min_population",),
        (),
    ),
    Rule(
        "land_guide",
        "about 10 ha of land for a hub",
        "拠点用地は10ha程度を目安とする",
        "guide",
        ("land.guide_ha",),
        ("B5",),
    ),
)


@dataclass(frozen=True)
class RuleModes:
    """How strictly each rule holds in one program, and what one unit of violation costs."""

    mode: Mapping[str, str]
    penalty: Mapping[str, float]


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
