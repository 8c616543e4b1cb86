"""Part ``records``: the model's intensities against those on record, by event and distance.

Recorded is the intensity from the peak velocity of a municipality's largest station. It is held
against two figures of the model:

``office``
    the table's estimate at the municipal office, which besides the relation of Si and Midorikawa
    (1999) knows the stations around by kriging: how good the figures of the backtest are;
``relation``
    the relation alone, over the municipality's median ground, with the depth of the hypocentre for
    that of the rupture: how good the footprints of earthquakes to come can be.

Both are of one place, recorded is the largest of a municipality: a positive mean difference is in
part that.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

import dcsite
from dcsite.disasters import SourceType, jma_intensity

from .task import Asked, Row, Task

if TYPE_CHECKING:
    from dcsite.atlas import Atlas

    from .task import Request

__all__ = [
    "BANDS_KM",
    "Figure",
    "RecordLine",
    "RecordsAsked",
    "RecordsRow",
    "compare",
    "measure_records",
    "tasks",
]

Floats = NDArray[np.float64]
Figure = Literal["office", "relation"]

#: Ends of the bands of rupture distance, in km; the last is open.
BANDS_KM: tuple[float, ...] = (0.0, 30.0, 60.0, 100.0, 200.0, np.inf)

_FIVE_UPPER, _SIX_LOWER = 5.0, 5.5
#: The tables do not say which kind of source an event was; the one on a plate's boundary is known
#: by its name, all others with records broke the crust.
_INTERFACE = "201103111446"
_ALL = "all events"


class RecordsAsked(Asked):
    """Nothing to choose: the shipped records."""


class RecordLine(BaseModel):
    """One event, figure and band of distance.

    `mean` and `sd` are of recorded less modelled intensity (`sd` None for a single place); hits
    reach a class in both, misses are recorded alone, false alarms modelled alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: str
    figure: Figure
    band: str
    places: int
    mean: float
    sd: float | None
    hits_5upper: int
    misses_5upper: int
    false_5upper: int
    hits_6lower: int
    misses_6lower: int
    false_6lower: int


class RecordsRow(Row):
    """All lines of the table."""

    lines: tuple[RecordLine, ...]


def compare(
    event: str, figure: Figure, recorded: Floats, modelled: Floats, distance_km: Floats
) -> list[RecordLine]:
    """Compare intensities at the same places, by bands of distance and over all.

    Parameters
    ----------
    event, figure : str
        What they are of.
    recorded, modelled, distance_km : numpy.ndarray, shape (n,)
        Intensities, and distance to the rupture.

    Returns
    -------
    list of RecordLine
        Bands without a place are left out; the last line is over all.
    """
    lines = []
    for near, far in pairwise(BANDS_KM):
        inside = (distance_km >= near) & (distance_km < far)
        if inside.any():
            band = f"{near:g} km +" if np.isinf(far) else f"{near:g} to {far:g} km"
            lines.append(_line(event, figure, band, recorded[inside], modelled[inside]))
    if len(recorded):
        lines.append(_line(event, figure, "all", recorded, modelled))
    return lines


def measure_records(asked: RecordsAsked) -> RecordsRow:
    """Compare every event that has recorded and modelled intensities, and all together."""
    del asked
    atlas = dcsite.load_atlas()
    known = atlas.table("historical_earthquakes")
    table = _table(atlas, known)
    lines: list[RecordLine] = []
    figures: tuple[Figure, ...] = ("office", "relation")
    for figure in figures:
        usable = table[table[figure].notna()]
        for event, rows in usable.groupby("event_id", sort=True):
            quake = known.loc[str(event)]
            name = quake["name_en"] if pd.notna(quake["name_en"]) else quake["region_en"]
            lines += _compare_rows(f"{str(event)[:4]} {name}", figure, rows)
        lines += _compare_rows(_ALL, figure, usable)
    return RecordsRow(status="measured", lines=tuple(lines))


def tasks(request: Request) -> list[Task]:
    """List the one task of this part."""
    return [
        Task(
            "recorded against computed intensity",
            measure_records,
            RecordsAsked(),
            request.whole_limit_s,
        )
    ]


def _table(atlas: Atlas, known: pd.DataFrame) -> pd.DataFrame:
    """Return recorded and modelled intensities by event and municipality."""
    shaking = atlas.table("historical_shaking_by_municipality")
    shaking = shaking[
        shaking["intensity_from_pgv_max"].notna() & shaking["rupture_distance_office_km"].notna()
    ].reset_index()
    quake = known.reindex(shaking["event_id"])
    ground = atlas.table("seismic_hazard_by_municipality")["arv_median"].reindex(
        shaking["municipality_code"]
    )
    distance_km = shaking["rupture_distance_office_km"].to_numpy(dtype=float)
    mw = quake["moment_magnitude"].to_numpy(dtype=float)
    depth_km = quake["depth_km"].to_numpy(dtype=float)
    amplification = ground.to_numpy(dtype=float)
    kind = np.where(
        shaking["event_id"] == _INTERFACE, SourceType.INTERFACE.value, SourceType.CRUSTAL.value
    )
    usable = np.isfinite(mw) & np.isfinite(depth_km) & np.isfinite(amplification)
    relation = np.full(len(shaking), np.nan)
    relation[usable] = jma_intensity(
        mw[usable], depth_km[usable], distance_km[usable], kind[usable], amplification[usable]
    )
    return pd.DataFrame(
        {
            "event_id": shaking["event_id"],
            "recorded": shaking["intensity_from_pgv_max"].astype(float),
            "office": shaking["intensity_estimated_office"].astype(float),
            "relation": relation,
            "distance_km": distance_km,
        }
    )


def _compare_rows(event: str, figure: Figure, rows: pd.DataFrame) -> list[RecordLine]:
    recorded, modelled, distance_km = (
        rows[name].to_numpy(dtype=float) for name in ("recorded", figure, "distance_km")
    )
    return compare(event, figure, recorded, modelled, distance_km)


def _line(event: str, figure: Figure, band: str, recorded: Floats, modelled: Floats) -> RecordLine:
    difference = recorded - modelled
    counts = [
        int(found.sum())
        for least in (_FIVE_UPPER, _SIX_LOWER)
        for found in (
            (recorded >= least) & (modelled >= least),
            (recorded >= least) & (modelled < least),
            (recorded < least) & (modelled >= least),
        )
    ]
    return RecordLine(
        event=event,
        figure=figure,
        band=band,
        places=len(difference),
        mean=float(difference.mean()),
        sd=float(difference.std(ddof=1)) if len(difference) > 1 else None,
        hits_5upper=counts[0],
        misses_5upper=counts[1],
        false_5upper=counts[2],
        hits_6lower=counts[3],
        misses_6lower=counts[4],
        false_6lower=counts[5],
    )
