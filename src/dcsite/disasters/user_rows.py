"""Rows of a user's file of disasters, read field by field: every flaw is noted, none is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dcsite.sites.cell_values import NO_VALUE, id_flaw, name_flaw, read_number
from dcsite.sites.problems import ProblemList, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dcsite.sites.files import RawRecords

__all__ = ["LARGEST_INTENSITY", "UserRows"]

Floats = NDArray[np.float64]

#: Above any instrumental intensity on record, and below a class written as 55 or a PGV.
LARGEST_INTENSITY = 7.5


class UserRows:
    """Cells of a file by field, beside the list of what is wrong with them.

    Parameters
    ----------
    raw : RawRecords
        The file as read.
    problems : ProblemList
        Takes note of every flaw; a flawed cell counts as empty from then on.
    """

    def __init__(self, raw: RawRecords, problems: ProblemList) -> None:
        self._raw, self.problems = raw, problems

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._raw)

    @property
    def geometry(self) -> NDArray[np.object_] | None:
        """Shapely geometries in EPSG:4326, None for a CSV file."""
        return self._raw.geometry

    def has(self, field: str) -> bool:
        """Tell whether the file has a column for a field."""
        return field in self._raw.cells

    def note(self, row: int, field: str, message: str) -> None:
        """Note what is wrong with a field (or, if it is empty, with all) of a row."""
        label = self._raw.labels.get(field, field)
        self.problems.add(self._raw.numbers[row], label, message)

    def called(self, row: int) -> str:
        """Return what a row is called in a message, as ``row 3``."""
        return f"{self.problems.unit} {self._raw.numbers[row]}"

    def texts(self, field: str) -> tuple[str, ...]:
        """Return the cells of a field as written, empty where the file has no such column."""
        return self._raw.cells.get(field, ("",) * len(self))

    def said(self, field: str) -> tuple[str, ...]:
        """Return the cells of a field, empty where they say nothing (``nan``, ``null``)."""
        return tuple("" if text.casefold() in NO_VALUE else text for text in self.texts(field))

    def numbers(self, field: str, low: float, high: float, *, needed: bool = False) -> Floats:
        """Return the numbers of a field, NaN where there is none.

        Parameters
        ----------
        field : str
            Field.
        low, high : float
            Least and largest number allowed.
        needed : bool
            Whether an empty cell is a flaw.
        """
        allowed = f"allowed: a number from {low:g} to {high:g}{'' if needed else ', or nothing'}"
        values = np.full(len(self), np.nan)
        for row, text in enumerate(self.said(field)):
            if not text:
                if needed:
                    self.note(row, field, f"is empty; {allowed}")
                continue
            value = read_number(text)
            if value is None:
                self.note(row, field, f"{shown(text)} is not a number; {allowed}")
            elif not low <= value <= high:
                self.note(row, field, f"{shown(text)} is out of range; {allowed}")
            else:
                values[row] = value
        return values

    def ids(self, field: str, *, needed: bool = False) -> tuple[str, ...]:
        """Return the ids of a field, empty where there is none."""
        texts = self.texts(field)
        for row, text in enumerate(texts):
            if text and (wrong := id_flaw(text)):
                self.note(row, field, wrong)
            elif needed and not text:
                self.note(row, field, "is empty; give each row the id of its scenario")
        return texts

    def names(self, field: str) -> tuple[str, ...]:
        """Return the names of a field as written, empty where there is none."""
        texts = self.texts(field)
        for row, text in enumerate(texts):
            if wrong := name_flaw(text):
                self.note(row, field, wrong)
        return texts

    def choices(self, field: str, allowed: Sequence[str]) -> tuple[str, ...]:
        """Return one of the allowed words for each row, empty where it is none of them."""
        texts = tuple(text.casefold() for text in self.said(field))
        for row, text in enumerate(texts):
            if text not in allowed:
                what = f"{shown(text)} is not known" if text else "is empty"
                self.note(row, field, f"{what}; allowed: {', '.join(allowed)}")
        return tuple(text if text in allowed else "" for text in texts)

    def effects(self, otherwise: float) -> tuple[Floats, Floats]:
        """Return probability of being down and JMA intensity of each row; one of them is NaN.

        Parameters
        ----------
        otherwise : float
            Probability of being down where a row gives neither; NaN if that is a flaw.
        """
        down = self.numbers("probability_down", 0.0, 1.0)
        intensity = self.numbers("intensity", 0.0, LARGEST_INTENSITY)
        says_down, says_intensity = (
            np.array([bool(text) for text in self.said(field)], dtype=bool)
            for field in ("probability_down", "intensity")
        )
        for row in np.flatnonzero(says_down & says_intensity).tolist():
            self.note(row, "", "gives both probability_down and intensity; give one of the two")
        neither = ~(says_down | says_intensity)
        if np.isnan(otherwise):
            for row in np.flatnonzero(neither).tolist():
                self.note(
                    row, "", "gives neither probability_down nor intensity; give one of the two"
                )
        return np.where(neither, otherwise, down), intensity
