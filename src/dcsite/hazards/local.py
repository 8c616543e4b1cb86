"""Local earthquakes: what the hazard map counts beyond the computed cases.

The cases are the ruptures of known faults and troughs. The hazard map adds earthquakes on faults
that nobody knows and within plates, and published sources for which no rupture is tabulated (off
Miyagi, the M7 beneath southern Kanto): in Tohoku nearly all of the hazard. Per municipality the
background is what is missing to the map's probability of 6-lower (5.5) or more in 30 years::

    1 - missing = (1 - published) / product over sources of (1 - P[source] * q[source])

with q the probability that the source's earthquake is felt with 5.5 or more, its cases weighted by
their shares; never below 0. Cases count where the intensity predicted is 5.0 or more; what weaker
ones would add is within the background.

It is spread over a fixed grid of centres: each municipality shares it out equally, as independent
events, over the centres within a radius of its office (``pi``, the same for each of them). A centre
has the largest ``pi`` in its reach for its own probability, and shakes a municipality given it with
the ratio of the two: sums are exact everywhere, and neighbours are shaken in the same event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.spatial import KDTree
from scipy.special import ndtr

from dcsite.geo.geodesy import geodesic_polar, safe_chord_km, to_ecef_km

from .earthquakes import SIX_LOWER, UNSHAKEN, computed_earthquakes, earthquake_sources
from .footprints import Footprints, event_table

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.geo.geodesy import Floats, Ints

    from .settings import DisasterSettings

#: Steps of the grid of centres: 15' by 22.5', three by three squares of the 10 km mesh; no place
#: in Japan is farther than 24 km from a centre.
GRID_DEG = (0.25, 0.375)
_SOURCE, _AS_OF = "seismic_hazard_by_municipality", "2024-01-01"
_WINDS = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_WINDS_JA = ("北", "北東", "東", "南東", "南", "南西", "西", "北西")
#: A centre this near to a place is told as the place itself.
_BENEATH_KM = 5.0


def local_earthquakes(sites: pd.DataFrame, atlas: Atlas, settings: DisasterSettings) -> Footprints:
    """Return the local earthquakes and how likely each takes each site down.

    Parameters
    ----------
    sites : pandas.DataFrame
        n sites, with `municipality_code`, whose shaking they have.
    atlas, settings
        What is known, and what counts.

    Returns
    -------
    Footprints
        With `lost`, since no one intensity is meant: given 5.5 or more is felt, that a site's
        `down_intensity` is reached follows the hazard curve, ``exp(-local_slope * (down - 5.5))``.
        Below 5.5 that is 1: weaker local earthquakes are not known.
    """
    events, shaken = local_shaking(atlas, settings)
    here = shaken.reindex(sites["municipality_code"].to_numpy()).fillna(0.0).to_numpy()
    reached = np.exp(-settings.local_slope * max(settings.down_intensity - SIX_LOWER, 0.0))
    return Footprints(events, np.full(here.shape, UNSHAKEN), here * reached)


def local_shaking(
    atlas: Atlas, settings: DisasterSettings, intensity: str = "intensity_office"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the local earthquakes, and which municipalities each shakes.

    Parameters
    ----------
    atlas, settings
        What is known, and what counts.
    intensity : str
        Which computed intensity of the cases the background adds to: at the office, or
        ``intensity_median`` of the municipality.

    Returns
    -------
    events : pandas.DataFrame
        As in :class:`dcsite.hazards.DisasterSet`; not to be changed.
    shaken : pandas.DataFrame, shape (municipalities, events)
        Probability, given the event, of 5.5 or more, by `municipality_code`; not to be changed.
    """
    key = (
        settings.probabilities,
        settings.nankai_model,
        settings.range_end,
        settings.intensity_scatter,
        settings.local_radius_km,
        intensity,
    )
    return atlas.kept("local earthquakes", key, lambda: _work_out(atlas, settings, intensity))


def hazard_of_cases(
    atlas: Atlas, settings: DisasterSettings, intensity: str = "intensity_office"
) -> pd.DataFrame:
    """Return how much of the hazard map's probability the computed cases hold.

    Parameters
    ----------
    atlas, settings, intensity
        As in :func:`local_shaking`.

    Returns
    -------
    pandas.DataFrame
        By `municipality_code`: `published` and `of_cases`, the probabilities of 6-lower or more in
        30 years, and `missing`, the background's, at least 0. Where none is published (Futaba, in
        which no one lived) the worst municipality of the prefecture stands for it.
    """
    published = atlas.table(_SOURCE)["p30_i6lower_pct"].astype(float) / 100.0
    published = published.fillna(published.groupby(published.index.str[:2]).transform("max"))
    events, _ = computed_earthquakes(atlas, settings)
    felt = atlas.table("scenario_intensity_by_municipality")[intensity].dropna()
    case = events.index.get_indexer(felt.index.get_level_values("scenario_code"))
    row = published.index.get_indexer(felt.index.get_level_values("municipality_code"))
    known = (case >= 0) & (row >= 0)
    case, row = case[known], row[known]
    above = felt.to_numpy(dtype=float)[known] - SIX_LOWER
    scatter = settings.intensity_scatter
    reached = ndtr(above / scatter) if scatter > 0.0 else (above >= 0.0).astype(float)
    source, names = pd.factorize(events["source_id"])
    likely = events["probability_30y"].fillna(0.0).to_numpy(dtype=float)
    by_source = np.zeros((len(published), len(names)))
    np.add.at(by_source, (row, source[case]), likely[case] * reached)
    none = np.log1p(-by_source).sum(axis=1)
    missing = np.abs(np.expm1(np.minimum(np.log1p(-published.to_numpy()) - none, 0.0)))
    return pd.DataFrame(
        {"published": published, "of_cases": np.abs(np.expm1(none)), "missing": missing},
        index=published.index,
    )


def sources_without_case(atlas: Atlas, settings: DisasterSettings) -> pd.DataFrame:
    """List the published earthquakes that no computed case stands for.

    What the hazard map counts of them is held by the local earthquakes.

    Returns
    -------
    pandas.DataFrame
        By id: `name_en`, `name_ja` (English where there is none), `low`, `high` (probability in 30
        years, 0..1, NaN where none is published), `is_open` (bool: published as "or more"),
        `as_of`, and `felt` (bool): False for a case of the hazard map that reaches 5.0 at no
        office, True where no fault model is tabulated, nor a record that could stand for it.
    """
    _, computed = computed_earthquakes(atlas, settings)
    table = atlas.table("herp_probabilities")
    table = table[(table["in_force"] == 1) & table["hazard_map_code"].isna()]
    cases = earthquake_sources(atlas, settings)
    cases = cases[~cases.index.isin(computed.columns)]
    unfelt = cases.assign(
        name_ja=cases["name_en"],
        low=cases["published_probability_30y"],
        high=cases["published_probability_30y"],
        is_open=False,
        as_of=cases["probability_date"],
        felt=False,
    )
    unmodelled = table.assign(
        low=table["p30_low_pct"].astype(float) / 100.0,
        high=table["p30_high_pct"].astype(float) / 100.0,
        is_open=table["p30_high_is_open"] == 1,
        felt=True,
    )
    columns = ["name_en", "name_ja", "low", "high", "is_open", "as_of", "felt"]
    return pd.concat([unmodelled[columns], unfelt[columns]])


def said_of_sources_without_case(sources: pd.DataFrame) -> tuple[str, str]:
    """Name in both languages what :func:`sources_without_case` lists, and who holds it."""
    said = []
    for row in sources[sources["felt"]].to_dict("records"):
        low, high = (round(100.0 * row[end], 6) for end in ("low", "high"))
        percent = f"{low:g}-{high:g} %" if high > low else f"{low:g} %"
        more_en, more_ja = (" or more", "以上") if row["is_open"] else ("", "")
        said.append(
            (
                f"{row['name_en']} ({percent}{more_en} in 30 years, {row['as_of']})",
                f"{row['name_ja']}（30年以内{percent}{more_ja}、{row['as_of']}時点）",
            )
        )
    silent = int((~sources["felt"]).sum())
    if silent:
        said.append(
            (
                f"{silent} cases of the hazard map that reach 5.0 at no municipal office",
                f"どの役所でも震度5.0に達しない{silent}ケース",
            )
        )
    return (
        (
            f"no computed case stands for {'; '.join(en for en, _ in said)}: what the hazard map "
            "(J-SHIS) counts of them is within the local earthquakes"
        ),
        (
            f"計算ケースのない地震：{'、'.join(ja for _, ja in said)}。"
            "ハザードマップ（J-SHIS）が見込む分は局地的な地震に含む"
        ),
    )


def _work_out(
    atlas: Atlas, settings: DisasterSettings, intensity: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    missing = hazard_of_cases(atlas, settings, intensity)["missing"]
    places = atlas.table("municipalities").reindex(missing.index)
    lat, lon = (places[f"office_{axis}_deg"].to_numpy(dtype=float) for axis in ("lat", "lon"))
    centres, row, centre = _within(lat, lon, settings.local_radius_km)
    count = np.bincount(row, minlength=len(missing))
    each = -np.expm1(np.log1p(-missing.to_numpy()) / count)[row]
    largest = np.zeros(len(centres))
    np.maximum.at(largest, centre, each)
    shaken = np.zeros((len(missing), len(centres)))
    shaken[row, centre] = each / np.where(largest[centre] > 0.0, largest[centre], 1.0)
    kept = np.flatnonzero(largest > 0.0)
    events = event_table(
        "local_earthquake",
        [f"local_{lat:.0f}_{lon:.0f}" for lat, lon in 1000.0 * centres[kept]],
        *_names(places, centres[kept], shaken[:, kept]),
        largest[kept],
        _SOURCE,
        probability_date=_AS_OF,
    )
    return events, pd.DataFrame(shaken[:, kept], index=missing.index, columns=events.index)


def _within(lat: Floats, lon: Floats, radius_km: float) -> tuple[Floats, Ints, Ints]:
    """Return the centres in degrees that reach a place, and the pairs of a place and a centre."""
    lats, lons = (
        np.arange(np.floor(axis.min() / step) - 4, np.ceil(axis.max() / step) + 5) * step
        for axis, step in zip((lat, lon), GRID_DEG, strict=True)
    )
    grid = np.stack(np.meshgrid(lats, lons, indexing="ij"), axis=-1).reshape(-1, 2)
    reached = KDTree(to_ecef_km(*grid.T)).query_ball_point(
        to_ecef_km(lat, lon), safe_chord_km(radius_km), return_sorted=True
    )
    row = np.repeat(np.arange(len(lat)), [len(each) for each in reached])
    found, centre = np.unique(np.concatenate(reached).astype(int), return_inverse=True)
    return grid[found], row, centre


def _names(places: pd.DataFrame, centres: Floats, shaken: Floats) -> tuple[list[str], list[str]]:
    """Tell where each centre is: how far and which way from the largest place that it shakes.

    In English and in Japanese.
    """
    residents = places["population_2020"].to_numpy(dtype=float)
    largest = np.where(shaken > 0.0, residents[:, None], -1.0).argmax(axis=0)
    near = places.iloc[largest]
    azimuth_deg, km = geodesic_polar(
        near["office_lat_deg"], near["office_lon_deg"], centres[:, 0], centres[:, 1]
    )
    wind = np.round(azimuth_deg / 45.0).astype(int) % 8
    english, japanese = [], []
    for away, way, en, ja in zip(km, wind, near["name_en"], near["name_ja"], strict=True):
        beneath = away < _BENEATH_KM
        where_en = "at" if beneath else f"{away:.0f} km {_WINDS[way]} of"
        where_ja = "直下" if beneath else f"の{_WINDS_JA[way]}{away:.0f} km"
        english.append(f"Local earthquake {where_en} {en}")
        japanese.append(f"{ja}{where_ja}の局地的な地震")
    return english, japanese
