"""Computed earthquakes of the hazard map: their sources, how likely, how strongly each is felt.

Cases of one ``exclusive_group`` (patterns of the Nankai and the Sagami Trough) or of one
``fault_zone_code`` (segments of a fault and their combinations) are alternatives: a source has one
probability, and when it breaks, one of its cases happens. No two rows of a zone are ever added.

A source's probability is the published one of its group; of a zone it is the largest of its rows,
which is at most what the zone has. How often which case happens is not published for groups: there
each is taken as equally likely. Within a zone, rows are weighted by their own probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.errors import Problem, ScenarioError

from .settings import key_of

if TYPE_CHECKING:
    from dcsite.atlas import Atlas

    from .settings import DisasterSettings

#: JMA intensity 6-lower begins here.
SIX_LOWER = 5.5
_KINDS_JA = {
    "major_active_fault": "主要活断層",
    "other_active_fault": "活断層",
    "sea_of_japan_eastern_margin": "日本海東縁の地震",
    "japan_trench": "日本海溝の地震",
    "kuril_trench": "千島海溝の地震",
    "nankai_trough": "南海トラフの地震",
    "sagami_trough": "相模トラフの地震",
}
#: Nothing is known of shaking below the tables' threshold, where no site is down.
UNSHAKEN = -np.inf


def computed_earthquakes(
    atlas: Atlas, settings: DisasterSettings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the cases with computed intensities, and the intensities.

    Parameters
    ----------
    atlas : Atlas
        What is known.
    settings : DisasterSettings
        Which published probabilities count.

    Returns
    -------
    events : pandas.DataFrame
        As in :class:`dcsite.hazards.DisasterSet`, without what goes dark; not to be changed.
    intensity : pandas.DataFrame, shape (municipalities, events)
        JMA intensity at the office by `municipality_code`, NaN below 5.0; not to be changed.
    """
    key = (
        settings.probabilities,
        settings.nankai_model,
        settings.range_end,
        settings.min_probability_30y,
    )
    return atlas.kept("computed earthquakes", key, lambda: _work_out(atlas, settings))


def intensity_at_offices(atlas: Atlas, event_id: str) -> dict[str, float]:
    """Return an event's computed JMA intensity by municipality code; empty if none is computed."""
    felt = atlas.table("scenario_intensity_by_municipality")["intensity_office"].dropna()
    here = felt[felt.index.get_level_values("scenario_code") == event_id].droplevel("scenario_code")
    return {str(code): float(value) for code, value in here.items()}


def case_of_tokyo(atlas: Atlas, settings: DisasterSettings) -> str:
    """Return the code of the computed earthquake with which Tokyo is lost.

    Parameters
    ----------
    atlas : Atlas
        What is known.
    settings : DisasterSettings
        Names a case, or asks for the largest: of the cases in force the one that shakes the largest
        share of the residents of Tokyo's prefecture by 5.5 or more, the first of equals; of all
        cases where none is in force.

    Raises
    ------
    ScenarioError
        If the case named is none of the computed ones.
    """
    events, felt = computed_earthquakes(atlas, settings)
    named = settings.tokyo_lost_case
    if named in events.index:
        return named
    if named != "largest":
        allowed = f"allowed: largest, or a code of scenario_earthquakes such as {events.index[0]}"
        message = f"no computed earthquake has the code {named!r}; {allowed}"
        raise ScenarioError(Problem("scenario", key_of("tokyo_lost_case"), message))
    places = atlas.table("municipalities")
    here = places["pref_code"] == atlas.existing_cores().loc["tokyo", "pref_code"]
    residents = places.loc[here, "population_2020"].astype(float)
    counted = events.index[events["in_force"]] if events["in_force"].any() else events.index
    strong = felt.reindex(residents.index)[counted] >= SIX_LOWER
    return str(strong.mul(residents, axis=0).sum().idxmax())


def _work_out(atlas: Atlas, settings: DisasterSettings) -> tuple[pd.DataFrame, pd.DataFrame]:
    sources = earthquake_sources(atlas, settings)
    long = atlas.table("scenario_intensity_by_municipality")["intensity_office"]
    felt = long.unstack(0).astype(float)  # noqa: PD010 (a pivot of a series)
    sources = sources.loc[sources.index.isin(felt.columns)]
    felt = felt[sources.index]
    published = sources["published_probability_30y"]
    events = sources.assign(
        kind="earthquake",
        **_names(atlas, sources, felt),
        probability_30y=sources["source_probability_30y"] * sources["share"],
        in_force=~(published < settings.min_probability_30y),
    )
    return events.rename_axis("event_id"), felt


def _names(atlas: Atlas, sources: pd.DataFrame, felt: pd.DataFrame) -> pd.DataFrame:
    """Return what people call each case, `name_en` and `name_ja`: its fault, and which case it is.

    The hazard map tells patterns of a trough apart by letters; here they are counted and their
    magnitude is told. In Japanese a case has the name of a published evaluation or of its fault,
    with the part that breaks in brackets; where neither is known, it is told by its kind, of a
    fault the prefecture it shakes most, and its English name.
    """
    table = atlas.table("herp_probabilities").dropna(subset=["hazard_map_code"])
    published = table.drop_duplicates("hazard_map_code").set_index("hazard_map_code")["name_ja"]
    faults = atlas.table("fault_names")["name_ja"]
    near = felt.idxmax().map(atlas.table("municipalities")["pref_name_ja"]).to_dict()
    english, japanese = [], []
    for code, row in sources.iterrows():
        en, ja = str(row["name_en"]), published.get(code)
        if row["source_id"] in published.index and ja is None:
            cases = sources.index[sources["source_id"] == row["source_id"]]
            number, magnitude = cases.get_loc(code) + 1, f"Mw {row['moment_magnitude']:.1f}"
            en = f"{en.partition(' (')[0]}, case {number} of {len(cases)}, {magnitude}"
            ja = f"{published[row['source_id']]}：全{len(cases)}ケースの{number}番目、{magnitude}"
        fault = max((name for name in faults.index if en.startswith(name)), key=len, default="")
        if fault and ja is None and row["category"] == "major_active_fault":
            part = en.removeprefix(fault).strip(" /").removeprefix("(").removesuffix(")")
            ja = f"{faults[fault]}（{part}）" if part else faults[fault]
        english.append(en)
        where = f"{near[code]}付近の" if str(row["category"]).endswith("fault") else ""
        japanese.append(ja or f"{where}{_KINDS_JA[row['category']]}（{en}）")
    return pd.DataFrame(
        {"name_en": english, "name_ja": japanese}, index=sources.index, dtype=object
    )


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
        read from). Not to be changed.
    """
    key = settings.probabilities, settings.nankai_model, settings.range_end
    return atlas.kept("sources of earthquakes", key, lambda: _sources(atlas, settings))


def _sources(atlas: Atlas, settings: DisasterSettings) -> pd.DataFrame:
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
