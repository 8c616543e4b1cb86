"""The events that a user's rows speak of: one per scenario, alternatives in groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dcsite.sites.problems import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .user_rows import UserRows

__all__ = ["EVENT_PREFIX", "GROUP_PREFIX", "one_for_each", "scenario_positions", "user_events"]

#: Ids of users' events and groups begin so: no shipped id does, and no event is taken for a group.
EVENT_PREFIX = "user_"
GROUP_PREFIX = "usergroup_"

#: Sums of decimal fractions go wrong in the last digits.
_HAIR = 1e-9

Value = TypeVar("Value", str, float)


def scenario_positions(rows: UserRows) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the scenario ids in the order of the file, and the position of each row's."""
    codes, ids = pd.factorize(np.array(rows.ids("scenario_id", needed=True), dtype=object))
    return tuple(map(str, ids)), codes.astype(np.int64)


def one_for_each(
    rows: UserRows,
    field: str,
    values: Sequence[Value],
    missing: Value,
    ids: tuple[str, ...],
    position: NDArray[np.int64],
) -> list[Value]:
    """Return the one value that a scenario's rows give it, noting rows that disagree.

    Parameters
    ----------
    rows : UserRows
        Rows of the file.
    field : str
        What the values are.
    values : sequence
        One for each row; empty or NaN says nothing, and other rows may still.
    missing : str or float
        What stands for a scenario of which no row says anything.
    ids, position : tuple of str, numpy.ndarray
        From :func:`scenario_positions`.
    """
    found: list[Value] = [missing] * len(ids)
    first: dict[int, int] = {}
    for row, (value, at) in enumerate(zip(values, position.tolist(), strict=True)):
        if value == "" or pd.isna(value):
            continue
        if at not in first:
            first[at], found[at] = row, value
        elif value != found[at]:
            rows.note(
                row,
                field,
                f"{_as_text(value)} is not {_as_text(found[at])}, as {rows.called(first[at])} has "
                f"it for scenario {shown(ids[at])}; give a scenario one {field}",
            )
    return found


def user_events(
    rows: UserRows, ids: tuple[str, ...], position: NDArray[np.int64], basis: str
) -> pd.DataFrame:
    """Return the events in the columns of `DisasterSet.events`, noting what does not hold.

    Parameters
    ----------
    rows : UserRows
        Rows of the file.
    ids, position : tuple of str, numpy.ndarray
        From :func:`scenario_positions`.
    basis : str
        What the probabilities are read from: the name of the file.

    Returns
    -------
    pandas.DataFrame
        Indexed by `event_id`. Names are the user's words, not escaped in any way. Without any
        name the id stands for the English one, and the Japanese one is empty.
    """
    names = {
        field: one_for_each(rows, field, rows.names(field), "", ids, position)
        for field in ("name", "name_en", "name_ja")
    }
    group = one_for_each(rows, "group", rows.ids("group"), "", ids, position)
    given = rows.numbers("probability_30y", 0.0, 1.0)
    own = np.array(
        one_for_each(rows, "probability_30y", given.tolist(), np.nan, ids, position), dtype=float
    )
    source = [
        f"{GROUP_PREFIX}{name}" if name else f"{EVENT_PREFIX}{scenario}"
        for name, scenario in zip(group, ids, strict=True)
    ]
    _check_groups(rows, group, own, position)
    summed = pd.Series(own).groupby(source).transform(lambda each: each.sum(skipna=False))
    return pd.DataFrame(
        {
            "kind": "user",
            "name_en": [
                en or name or ja or scenario
                for en, name, ja, scenario in zip(
                    names["name_en"], names["name"], names["name_ja"], ids, strict=True
                )
            ],
            "name_ja": [
                ja or name for ja, name in zip(names["name_ja"], names["name"], strict=True)
            ],
            "category": "user",
            "source_id": source,
            "source_probability_30y": np.minimum(summed.to_numpy(), 1.0),
            "probability_30y": own,
            "probability_date": "",
            "basis": basis,
            "areas_lost": [()] * len(ids),
            "in_force": True,
        },
        index=pd.Index([f"{EVENT_PREFIX}{scenario}" for scenario in ids], name="event_id"),
    )


def _check_groups(
    rows: UserRows, group: list[str], own: NDArray[np.float64], position: NDArray[np.int64]
) -> None:
    """Note groups whose probabilities sum above 1, and those that have only some of them."""
    first_row = [int(np.flatnonzero(position == at)[0]) for at in range(len(group))]
    for name in dict.fromkeys(filter(None, group)):
        members = [at for at, one in enumerate(group) if one == name]
        known = ~np.isnan(own[members])
        if known.any() and not known.all():
            at = members[int(np.flatnonzero(~known)[0])]
            rows.note(
                first_row[at],
                "probability_30y",
                f"is missing, while other alternatives of group {shown(name)} have one; give all "
                "of them one, or none",
            )
        total = float(np.nansum(own[members]))
        if total > 1.0 + _HAIR:
            rows.note(
                first_row[members[-1]],
                "probability_30y",
                f"the {len(members)} alternatives of group {shown(name)} sum to {total:g}; "
                "allowed: up to 1",
            )


def _as_text(value: str | float) -> str:
    return shown(value) if isinstance(value, str) else f"{value:g}"
