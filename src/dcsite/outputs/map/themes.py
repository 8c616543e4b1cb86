"""What the municipalities are painted by besides scores: classes, their colours, their sources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .encode import number

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Theme", "ThemeGroup", "ValueClass"]


@dataclass(frozen=True)
class ValueClass:
    """Values from `least` up to the next class, how they are called and painted."""

    least: float
    ja: str
    en: str
    colour: str


@dataclass(frozen=True)
class Theme:
    """One value for each candidate, in the candidates' order; NaN where there is none."""

    key: str
    ja: str
    en: str
    values: Sequence[float]


@dataclass(frozen=True)
class ThemeGroup:
    """Themes that share classes and a source.

    Parameters
    ----------
    ja, en : str
        What the themes show.
    themes : tuple of Theme
        At least one.
    classes : tuple of ValueClass
        In ascending order; every value belongs to one.
    unit : str
        Unit of the values.
    absent : ValueClass
        What a missing value means and how it is painted; its `least` is of no use.
    source : str
        Source and date, in Japanese and English.
    note_ja, note_en : str
        What a reader must know, beneath the legend.
    """

    ja: str
    en: str
    themes: tuple[Theme, ...]
    classes: tuple[ValueClass, ...]
    unit: str
    absent: ValueClass
    source: str
    note_ja: str = ""
    note_en: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return the group as the page's script reads it."""
        return {
            "ja": self.ja,
            "en": self.en,
            "unit": self.unit,
            "source": self.source,
            "classes": [[item.least, item.colour, item.ja, item.en] for item in self.classes],
            "absent": [self.absent.colour, self.absent.ja, self.absent.en],
            "themes": [
                [theme.ja, theme.en, [number(value, 2) for value in theme.values]]
                for theme in self.themes
            ],
        }
