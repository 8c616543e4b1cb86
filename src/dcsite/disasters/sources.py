"""Earthquake sources: which computed cases are alternatives of each other, and how likely.

Cases of one ``exclusive_group`` (patterns of the Nankai and the Sagami Trough) or of one
``fault_zone_code`` (segments of a fault and their combinations) are alternatives: a source has one
probability, and when it breaks, one of its cases happens. No two rows of a zone are ever added.

A source's probability is the published one of its group; of a zone it is the largest of its rows,
which is at most what the zone has. How often which case happens is not published for groups: there
each is taken as equally likely. Within a zone, rows are weighted by their own probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from dcsite.atlas import Atlas

    from .settings import DisasterSettings

__all__ = ["earthquake_sources"]


def earthquake_sources(atlas: Atlas, settings: DisasterSettings) -> pd.DataFrame:
    """List the cases of the hazard map with the source each belongs to.

    Parameters
    ----------
    atlas : Atlas
        What is known.
    settings : DisasterSettings
        Which published values count.

    Returns
    -------
    pandas.DataFrame
        Indexed by `scenario_code`: `name_en`, `category`, `moment_magnitude`, `source_id`,
        `source_probability_30y` (0..1, NaN where none is published), `published_probability_30y`
        (of the case itself, of its group where only that is known), `share` (of the case in its
        source, 0..1, summing to 1), `probability_date` (of the value used), `basis` (table it is
        read from).
    """
    cases = atlas.table("scenario_earthquakes")
    own = cases["probability_30y"].astype(float)
    group = cases["group_probability_30y"].astype(float)
    date = cases["probability_date"].astype("string")
    basis = pd.Series("scenario_earthquakes", index=cases.index, dtype="string")
    if settings.probabilities == "newest":
        for code, (probability, as_of) in _newest(atlas, settings).items():
            one = cases.index == code
            many = (cases["exclusive_group"] == code).to_numpy()
            own = own.mask(one, probability)
            group = group.mask(many, probability)
            date = date.mask(one | many, as_of)
            basis = basis.mask(one | many, "herp_probabilities")
    in_group, in_zone = cases["exclusive_group"].notna(), cases["fault_zone_code"].notna()
    source = cases.index.to_series().where(~in_zone, cases["fault_zone_code"])
    source = source.where(~in_group, cases["exclusive_group"])
    largest = own.groupby(source).transform("max")
    dates = pd.DataFrame({"source": source, "own": own.fillna(-1.0), "date": date, "basis": basis})
    chief = dates.loc[dates.groupby("source")["own"].idxmax()].set_index("source")
    total = own.fillna(0.0).groupby(source).transform("sum")
    size = own.groupby(source).transform("size")
    by_own = (own.fillna(0.0) / total.where(total > 0.0)).fillna(1.0 / size)
    return pd.DataFrame(
        {
            "name_en": cases["name_en"],
            "category": cases["category"],
            "moment_magnitude": cases["moment_magnitude"],
            "source_id": source,
            "source_probability_30y": largest.where(~in_group, group),
            "published_probability_30y": own.where(~in_group, group),
            "share": by_own.where(~in_group, 1.0 / size),
            "probability_date": date.where(in_group, source.map(chief["date"])),
            "basis": basis.where(in_group, source.map(chief["basis"])),
        },
        index=cases.index,
    )


def _newest(atlas: Atlas, settings: DisasterSettings) -> dict[str, tuple[float, str]]:
    """Return probability and date of each evaluation in force that a case of the map stands for."""
    found: dict[str, tuple[float, str]] = {}
    table = atlas.table("herp_probabilities")
    other_model = (table["category"] == "nankai_trough") & (table["model"] != settings.nankai_model)
    table = table[(table["in_force"] == 1) & table["hazard_map_code"].notna() & ~other_model]
    low = table["p30_low_pct"].to_numpy(dtype=float)
    high = table["p30_high_pct"].to_numpy(dtype=float)
    value = {"low": low, "middle": (low + high) / 2.0, "high": high}[settings.range_end]
    for code, percent, as_of in zip(
        table["hazard_map_code"], value.tolist(), table["as_of"], strict=True
    ):
        found[str(code)] = (round(percent / 100.0, 6), str(as_of))
    return found
