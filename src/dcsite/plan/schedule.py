"""The plans of several years, the later building on the earlier: what periods.json holds.

Each year's plan stands whole in a folder of its own; here stand what holds across years, and how
good all of them together are known to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from dcsite.records import EndlessPoints, Mw, Name, Plain, Points, Record, Seconds, Share

from .explanation import PlaceName
from .types import NamedHub, Status

Year = Annotated[int, Field(ge=2000, le=2200)]


class YearLoad(Record):
    """What a hub carries in one year."""

    year: Year
    """The year."""
    it_load_mw: Mw
    """IT load in MW."""
    reserve_mw: Mw
    """Capacity held free for others, in MW of IT load."""


class ScheduledHub(NamedHub):
    """A hub of the plans, from the year on in which it opens; it keeps its tier."""

    prefecture_en: str
    """Prefecture in English."""
    prefecture_ja: str
    """Prefecture in Japanese."""
    opened: Year
    """First of the years in whose plan it stands."""
    fixed: bool
    """Whether it was given by an earlier plan (--fix) and not chosen anew."""
    loads: tuple[YearLoad, ...]
    """What it carries in each year from then on; the load never falls."""

    def in_year(self, year: int) -> YearLoad | None:
        """Return what the hub carries in a year; None before it opens."""
        return next((one for one in self.loads if one.year == year), None)

    @property
    def place(self) -> PlaceName:
        """Its site with the names people know."""
        return PlaceName(
            self.site_id, self.name_ja, self.name_en, self.prefecture_ja, self.prefecture_en
        )


class TierYear(Record):
    """The hubs of a tier in one year."""

    tier: Name
    """Tier."""
    count: Annotated[int, Field(ge=0)]
    """Hubs that stand."""
    opened: Annotated[int, Field(ge=0)]
    """Those of them that open in the year."""
    it_load_mw: Mw
    """Their IT load in MW."""


class PlanYear(Record):
    """One year: its plan in short, and what building on the other years costs it."""

    year: Year
    """The year."""
    folder: Name
    """Folder of its plan, beside periods.json."""
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 over the decisions of that plan, as in its plan.json."""
    weight: Share
    """What its objective counts among those of all years; they sum to 1."""
    objective: Points
    """Objective of its plan."""
    free_objective: Points | None
    """Objective of the best plan found for the year alone; null where none was found in time."""
    free_bound: EndlessPoints
    """Proven upper bound on any plan of the year alone; null where there is none."""
    price_least: Points
    """Objective points by which its plan is below the best found for the year alone: lost to other
    years and to fixed hubs, and what the search of all years left open (the schedule's gap)."""
    price_most: EndlessPoints
    """Objective points by which it is below the bound of the year alone: it loses no more; null
    where no bound is known."""
    tiers: tuple[TierYear, ...]
    """Hubs by tier, the highest first."""
    it_load_mw: Mw
    """IT load of all hubs in MW."""
    reserve_mw: Mw
    """Capacity that they hold free for others, in MW of IT load."""
    unserved_mw: Mw
    """Demand that no hub serves, in MW of IT load."""
    violations: Annotated[int, Field(ge=0)]
    """Soft rules that the year's plan breaks."""


class FixedPlan(Record):
    """Hubs of an earlier run that stay."""

    file: str
    """Where they were read."""
    digest: str
    """SHA-256 over the decisions of that plan."""
    since: Year | None
    """Year from which they stand; null: all years."""
    hubs: Annotated[int, Field(ge=0)]
    """How many they are."""


class Schedule(Record):
    """Plans by year that never close a hub, change its tier or lower its load.

    `objective` and `bound` are in objective points, weighted over the years, and maximised.
    """

    file_name: ClassVar[str] = "periods.json"

    dcsite_version: Name
    """Version of dcsite that made the plans."""
    scenario_name: str
    """Name of the scenario."""
    title_en: str
    """Title in English."""
    title_ja: str
    """Title in Japanese."""
    created_at: str
    """When they were made, ISO 8601."""
    status: Status
    """optimal: proven within gap_asked over all years together; feasible: stopped before that;
    interrupted: stopped by the user."""
    objective: Points
    """Objectives of the years' plans, weighted."""
    bound: EndlessPoints
    """Proven upper bound on it; null where there is none."""
    gap: EndlessPoints
    """(bound - objective) / max(|objective|, 1e-9); null without a bound."""
    gap_asked: Points
    """Gap at which the search was allowed to stop."""
    bound_from: Literal["all years together", "each year alone"]
    """Which proof gives the bound: one program of all years, or the years' own bounds, weighted."""
    solver: str
    """Solver."""
    solver_version: str
    """Its version."""
    options: Mapping[str, Plain]
    """Options of the run."""
    wall_s: Seconds
    """Wall-clock time in seconds."""
    years: tuple[PlanYear, ...]
    """The years, from the first to the last."""
    hubs: tuple[ScheduledHub, ...]
    """Hubs in the order in which they open, in a year as plans list them."""
    fixed: tuple[FixedPlan, ...]
    """Earlier plans whose hubs stay."""
    notes: tuple[str, ...]
    """What else is to be known of how the plans were found."""
    scenario: Mapping[str, Plain]
    """The resolved scenario, with what it says of each year."""
