"""Figures of a criterion beyond one number: by electricity area, by month and hour, in parts."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field, computed_field

from dcsite.records import (
    Amount,
    Gwh,
    Kv,
    Mw,
    Name,
    Record,
    Share,
    UnknownAmount,
    UnknownGwh,
    UnknownMw,
    UnknownRatio,
    rounded,
)

#: What a chart shows at one hour of one month; shares need three decimals to be told apart.
_Row = Annotated[tuple[UnknownAmount, ...], Field(min_length=24, max_length=24)]

#: A figure above its limit by less is the solvers' own tolerance.
_ROUNDING = 1e-5


class AreaFigure(Record):
    """One figure of a plan for one electricity area."""

    criterion: Name
    """Name of the criterion."""
    name: Name
    """Name of the figure."""
    area: Name
    """Electricity area."""
    label_en: str
    """English label."""
    label_ja: str
    """Japanese label."""
    value: UnknownAmount
    """Value in its unit; null where it is not known."""
    unit: str
    """Unit of the value."""
    limit: UnknownAmount
    """What a rule allows; null where none does."""
    source: str
    """Table or method the value comes from."""

    @property
    def limited(self) -> bool:
        """Whether a rule limits it."""
        return not math.isnan(self.limit)

    @property
    def beyond(self) -> bool:
        """Whether it is above its limit."""
        return self.value > self.limit + _ROUNDING


class AddedLoad(Record):
    """What a plan puts on a part of the power system, beside what is used there today."""

    part: Literal["area", "prefecture", "connection"]
    """Electricity area, prefecture, or the point of the grid that hubs connect to."""
    key: str
    """The area, the prefecture's code (JIS X 0401), or the point's id; empty where not known."""
    name_ja: str
    """Japanese name; empty where the source has none."""
    name_en: str
    """English name; empty where the source has none."""
    site_ids: tuple[str, ...]
    """The hubs there."""
    it_load_mw: Mw
    """IT load of the hubs in MW."""
    grid_mw: Mw
    """That load at the grid in MW: times the PUE of each site."""
    reserve_grid_mw: Mw
    """The hubs' reserve at the grid in MW, drawn when they carry the load of others."""
    energy_gwh: Gwh
    """Electricity of a year in GWh, by the scenario's load factor; reserve draws none."""
    demand_gwh: UnknownGwh = math.nan
    """Electricity used there today in GWh a year; null where not known."""
    special_high_voltage_gwh: UnknownGwh = math.nan
    """What of it special high voltage takes; null where not known."""
    peak_mw: UnknownMw = math.nan
    """Peak of demand today in MW; null where not known."""
    applications_mw: UnknownMw = math.nan
    """Applications for special high voltage that wait, in MW, over-booked; null where not known."""
    capacity_mw: UnknownMw = math.nan
    """What a point bears in MW; null where not known."""
    voltage_kv: Kv | None = None
    """Voltage of a point in kV; null elsewhere."""
    max_share: Share | None = None
    """Most of energy and of peak that a rule lets hubs take; null where none does."""
    known_en: str = ""
    """Whose figures of today those are, and of when."""
    known_ja: str = ""
    """The same in Japanese."""

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated properties
    @property
    def energy_share(self) -> UnknownRatio:
        """The hubs' energy over what is used there today; null where not known."""
        return _over(self.energy_gwh, self.demand_gwh)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def special_high_voltage_share(self) -> UnknownRatio:
        """The hubs' energy over what special high voltage takes there today."""
        return _over(self.energy_gwh, self.special_high_voltage_gwh)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def peak_share(self) -> UnknownRatio:
        """The hubs' load at the grid over the peak of today."""
        return _over(self.grid_mw, self.peak_mw)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def capacity_share(self) -> UnknownRatio:
        """Load and reserve at the grid over what the point bears."""
        return _over(round(self.grid_mw, 3) + round(self.reserve_grid_mw, 3), self.capacity_mw)

    @property
    def beyond(self) -> bool:
        """Whether more is taken than a rule allows."""
        shares = (one for one in (self.energy_share, self.peak_share) if math.isfinite(one))
        return self.max_share is not None and max(shares, default=0.0) > self.max_share + _ROUNDING


def _over(part: float, whole: float) -> float:
    """Divide what the file shows, so that a plan read again has the same shares."""
    shown, of = rounded(part, 3), rounded(whole, 3)
    return shown / of if shown is not None and of else math.nan


class HeatMap(Record):
    """A value of an electricity area at each hour of the mean day of each month."""

    criterion: Name
    """Name of the criterion."""
    area: Name
    """Electricity area."""
    label_en: str
    """English label."""
    label_ja: str
    """Japanese label."""
    unit: str
    """Unit of the values."""
    values: Annotated[tuple[_Row, ...], Field(min_length=12, max_length=12)]
    """January to December, each from the hour beginning at 0 to that at 23; null: not known."""
    source: str
    """Table or method the values come from."""


class Part(Record):
    """A part of a whole."""

    label_en: str
    """English label."""
    label_ja: str
    """Japanese label."""
    unit: str
    """Unit of the value."""
    value: Amount
    """The part."""


class Stack(Record):
    """What a whole is made of in an electricity area, part on part."""

    criterion: Name
    """Name of the criterion."""
    area: Name
    """Electricity area."""
    label_en: str
    """English label."""
    label_ja: str
    """Japanese label."""
    parts: tuple[Part, ...]
    """Its parts, the first at the bottom."""
    source: str
    """Table or method the values come from."""
