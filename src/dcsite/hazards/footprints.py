"""Disasters before some sites: what each is called, how likely it is, and what it does to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from dcsite.geo.geodesy import Floats


@dataclass(frozen=True, eq=False)
class Footprints:
    """Some disasters and what they do to n sites; see :class:`dcsite.hazards.DisasterSet`.

    Parameters
    ----------
    events : pandas.DataFrame
        m of them, as :func:`event_table` has them.
    intensity : numpy.ndarray, shape (n, m)
        JMA intensity at each site, ``-inf`` where an event does not shake it.
    lost : numpy.ndarray, shape (n, m)
        Probability that a site is down for another reason than shaking.
    """

    events: pd.DataFrame
    intensity: Floats
    lost: Floats


def event_table(
    kind: str,
    event_ids: Iterable[str],
    name_en: Iterable[str],
    name_ja: Iterable[str],
    probability_30y: ArrayLike,
    basis: str,
    **further: ArrayLike,
) -> pd.DataFrame:
    """List disasters of a kind as in `DisasterSet.events`, `areas_dark` aside.

    All are in force, and each is a source of its own; `further` columns may say otherwise.
    """
    ids = list(event_ids)
    columns = {
        "kind": kind,
        "name_en": list(name_en),
        "name_ja": list(name_ja),
        "category": kind,
        "source_id": ids,
        "source_probability_30y": probability_30y,
        "probability_30y": probability_30y,
        "probability_date": "",
        "basis": basis,
        "in_force": True,
    }
    return pd.DataFrame(columns | further, index=pd.Index(ids, name="event_id"))
