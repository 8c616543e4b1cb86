"""Figures of a criterion beyond one number: by electricity area, by month and hour, in parts."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import Field

from dcsite.records import Amount, Name, Record, UnknownAmount

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
