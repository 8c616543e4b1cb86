"""Collect what is wrong with a user's file, row by row, and raise it once."""

from __future__ import annotations

import unicodedata

from dcsite.errors import DcsiteError, Problem, SitesError

__all__ = ["MAX_REPORTED", "ProblemList", "shown"]

#: More problems than this are counted, not listed: a wrong column fails on every row.
MAX_REPORTED = 20

_MAX_SHOWN_CHARACTERS = 40


class ProblemList:
    """Problems of one file, kept in the order of its rows.

    Parameters
    ----------
    where : str
        Name of the file.
    unit : str
        What a record is called in this kind of file: ``row`` or ``feature``.
    error : type of DcsiteError
        What is raised.
    """

    def __init__(self, where: str, unit: str, error: type[DcsiteError] = SitesError) -> None:
        self.where = where
        self.unit = unit
        self._error = error
        self._found: list[tuple[int, Problem]] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, number: int, column: str, message: str) -> None:
        """Note a problem in a column of the record with this number (0: in the header)."""
        place = f"{self.unit} {number}" if number else "header"
        field = f"{place}, column {_printable(column)}" if column else place
        self._found.append((number, Problem(self.where, field, message)))

    def raise_if_any(self) -> None:
        """Raise all problems together, the first `MAX_REPORTED` in full.

        Raises
        ------
        DcsiteError
            Of the class given, if any problem was noted.
        """
        if not self._found:
            return
        problems = [problem for _, problem in sorted(self._found, key=lambda found: found[0])]
        rest = len(problems) - MAX_REPORTED
        if rest > 0:
            more = f"{rest} more problem{'s' if rest > 1 else ''} not shown; mend these first"
            problems = [*problems[:MAX_REPORTED], Problem(self.where, "", more)]
        raise self._error(problems)


def shown(value: str) -> str:
    """Return a value in quotes for a message: clipped, with unprintable characters escaped."""
    return f'"{_printable(value)}"'


def _printable(value: str) -> str:
    clipped = value
    if len(value) > _MAX_SHOWN_CHARACTERS:
        clipped = value[: _MAX_SHOWN_CHARACTERS - 1] + "…"
    return "".join(
        f"\\u{ord(character):04x}" if unicodedata.category(character)[0] == "C" else character
        for character in clipped
    )
