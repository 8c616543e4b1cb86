"""How every command writes to the terminal: tables, quantities, places and lists cut short."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


#: Columns of a table that goes into a file or pipe.
_FILE_WIDTH = 160
_LISTED = 6


def output_console() -> Console:
    """Return a console on stdout; into a file or pipe, lines are wide enough to stay whole."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_FILE_WIDTH)


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))


def columns(*titles: str, wide: Collection[str] = ()) -> Table:
    """Return an empty table of the given columns.

    Parameters
    ----------
    titles : str
        A title that begins with ``>`` heads a column of numbers, which stand to the right.
    wide : collection of str
        Titles of columns whose texts may go over several lines where the terminal is narrow.
    """
    table = Table(box=None, pad_edge=False)
    for title in titles:
        table.add_column(
            title.removeprefix(">"),
            justify="right" if title.startswith(">") else "left",
            no_wrap=title not in wide,
            overflow="fold" if title in wide else "ellipsis",
            min_width=18 if title in wide else None,
        )
    return table


def listed(texts: Sequence[str], most: int = _LISTED) -> str:
    """Return texts in a row, those beyond `most` as a number."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return f"{', '.join(texts[:most])}{more}"


def quantity(value: float, unit: str) -> str:  # noqa: PLR0911  # one for each unit
    """Write a value with its unit; a dash where there is none."""
    if not math.isfinite(value):
        return "-"
    if unit == "share":
        return f"{value:.1%}"
    if unit == "ratio":
        return f"{value:.2f}"
    if unit in {"times", "score"}:
        return f"{value:.3f} {unit}"
    if unit == "JPY":
        from dcsite.contract import yen

        return yen(value)
    if unit == "MW":
        from dcsite.contract import load_mw

        # What a source states is whole.
        return f"{f'{value:,.0f}' if float(value).is_integer() else load_mw(value)} MW"
    return f"{value:,.1f} {unit}"
