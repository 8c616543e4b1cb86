"""The candidates, painted one way at a time: by a criterion's score, or by what could strike.

One set of shapes is painted anew for each, so that no second set of polygons is carried by the
page. Criteria are found by the columns ``score_<criterion>``, so a new one appears by itself; every
numeric measured column appears in the pop-up, named where it is known here and by its own name
and unit where it is not. Hazards are those of a candidate's municipality: a user's own points and
grid squares take the value of theirs.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from dcsite.contract import criteria
from dcsite.network import network_of, on_land
from dcsite.outputs.inline import asset
from dcsite.records import drawn_deg
from dcsite.scenario import NetworkParameters

from .encode import encode_polygons, number
from .layer import DataLayer, Field, text
from .style import HATCH, INTENSITIES, SCORE_RAMP, ValueClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.contract import Quantity
    from dcsite.plan import Plan

_PREFIX = "score_"
#: About 2.5 km2: islets below this are left out of the shapes, never a whole municipality.
_LEAST_PART_DEG2 = 2.5e-4

#: Columns that say what and where a site is; all others were measured.
_DESCRIBING = frozenset(
    {
        "municipality_code", "name_ja", "name_en", "prefecture_en", "prefecture_ja", "pref_code",
        "area", "lat_deg", "lon_deg", "geometry", "landmass_id", "allowed_tier",
    }
)  # fmt: skip

_LABELS: dict[str, Field] = {
    "habitable_area_km2": Field("可住地面積", "Habitable area", "km2"),
    "gentle_land_ha": Field(
        "10km以内の緩傾斜地（1kmメッシュで3度未満）",
        "Gentle land within 10 km (below 3 degrees at 1 km)",
        "ha",
    ),
    "connected_land_ha": Field(
        "うち自市区町村内で連続する最大の緩傾斜地",
        "Its largest connected piece in the municipality",
        "ha",
    ),
    "available_land_ha": Field(
        "拠点に充てうる用地（仮定）", "Land a hub could have (assumed)", "ha"
    ),
    "elevation_m": Field("標高", "Elevation", "m"),
    "max_it_load_mw": Field("最大IT容量", "Largest IT load", "MW"),
    "hectares": Field("面積", "Hectares", "ha"),
    "uncertainty_km": Field("位置の不確かさ（半径）", "Uncertainty of place, radius", "km"),
}
_UNIT_ENDING = re.compile(r"_(km2|km|mw|gwh|kv|ha|ms|m|share|deg)$")
#: Columns whose second decimal is finer than anything a pop-up is read for.
_COARSE = ("_km", "_km2", "_m", "_mw", "_gwh", "_ha", "kv")
_UNITS = {"mw": "MW", "gwh": "GWh", "kv": "kV"}


class ScoredCriterion(NamedTuple):
    """A criterion that the candidates carry a score of."""

    name: str
    ja: str
    en: str


def scored_criteria(candidates: gpd.GeoDataFrame) -> list[ScoredCriterion]:
    """Return the criteria that have a score column, in the columns' order."""
    titles = {item.name: (item.title_ja, item.title_en) for item in criteria()}
    columns = [str(column) for column in candidates.columns]
    names = [name.removeprefix(_PREFIX) for name in columns if name.startswith(_PREFIX)]
    return [
        ScoredCriterion(name, *titles.get(name, (name, name.replace("_", " ").capitalize())))
        for name in names
    ]


def _field(column: str, known: Mapping[str, Quantity]) -> Field:
    """Name a measured column for a pop-up."""
    if column in _LABELS:
        return _LABELS[column]
    if column in known:
        own = known[column]
        return Field(own.ja, own.en, own.unit)
    ending = _UNIT_ENDING.search(column)
    unit = ending[1] if ending else ""
    words = column.removesuffix(f"_{unit}").replace("_", " ")
    return Field(words, "", _UNITS.get(unit, unit))


def _measured(candidates: gpd.GeoDataFrame) -> list[str]:
    """Return numeric columns that hold at least one value."""
    return [
        column
        for column in map(str, candidates.columns)
        if column not in _DESCRIBING
        and not column.startswith(_PREFIX)
        and pd.api.types.is_numeric_dtype(candidates[column])
        and candidates[column].notna().any()
    ]


def candidate_layer(
    candidates: gpd.GeoDataFrame, atlas: Atlas, groups: Sequence[ThemeGroup]
) -> DataLayer:
    """Return the candidates as one layer that the page paints by any criterion or theme.

    A site whose id is a municipality's code is drawn as that municipality; any other as a circle.
    """
    polygons = atlas.polygons("municipality_polygons").geometry
    own = candidates.index.isin(polygons.index)
    drawn = iter(encode_polygons(polygons.loc[candidates.index[own]], _LEAST_PART_DEG2))
    latitudes, longitudes = candidates["lat_deg"], candidates["lon_deg"]
    shapes: list[Any] = [
        next(drawn) if is_municipality else list(drawn_deg(lat, lon))
        for is_municipality, lat, lon in zip(own, latitudes, longitudes, strict=True)
    ]
    scored = scored_criteria(candidates)
    measured = _measured(candidates)
    known = {
        column: quantity
        for criterion in criteria()
        for column, quantity in criterion.columns(candidates).items()
    }
    described = candidates[["name_ja", "name_en", "prefecture_ja", "prefecture_en"]]
    return DataLayer(
        "choropleth",
        {
            "order": 2,
            "ramp": SCORE_RAMP,
            "criteria": [[ja, en] for _, ja, en in scored],
            "sites": [
                [*map(text, row[1:]), str(row[0])] for row in described.itertuples(name=None)
            ],
            "shapes": shapes,
            "scores": [
                [number(value) for value in candidates[f"{_PREFIX}{item.name}"]] for item in scored
            ],
            "groups": [group.as_data() for group in groups],
            "fields": [_field(column, known) for column in measured],
            "values": [
                [
                    number(value, 2 if column.endswith(_COARSE) else 4)
                    for value in candidates[column]
                ]
                for column in measured
            ],
            "source": "評点はシナリオの固定基準による。 Scores use the scenario's fixed anchors.",
        },
    )


class Theme(NamedTuple):
    """One value for each candidate, in the candidates' order; NaN where there is none."""

    key: str
    ja: str
    en: str
    values: Sequence[float] = ()


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
                [ja, en, [number(value, 2) for value in values]]
                for _, ja, en, values in self.themes
            ],
        }


#: Categories of the computed earthquakes that belong to each theme.
_EARTHQUAKES = {
    "intensity-nankai": ["nankai_trough"],
    "intensity-sagami": ["sagami_trough"],
    "intensity-japan-kuril": ["japan_trench", "kuril_trench"],
    "intensity-japan-sea": ["sea_of_japan_eastern_margin"],
    "intensity-active-faults": ["major_active_fault", "other_active_fault"],
}
#: Table and column of the other themes.
_COLUMNS = {
    "probability-6lower": ("seismic_hazard_by_municipality", "p30_i6lower_pct"),
    "zone-tsunami": ("flood_tsunami_landslide_by_municipality", "pop_share_tsunami_any_pct"),
    "zone-flood": ("flood_tsunami_landslide_by_municipality", "pop_share_flood_ge_3m_pct"),
}
_DECLARED: dict[str, Any] = tomllib.loads(asset("themes.toml").decode("utf-8"))


def _classes(name: str) -> tuple[ValueClass, ...]:
    """Return a group's classes in ascending order."""
    if name == "intensity":
        return tuple(
            item._replace(ja=f"{item.ja}（{item.least:g}–）") if item.least else item
            for item in reversed(INTENSITIES)
        )
    found = _DECLARED[name]["classes"]
    return _classes(found) if isinstance(found, str) else tuple(ValueClass(*one) for one in found)


def _group(
    name: str, values: Mapping[str, Sequence[float]], theme: Quantity | None = None, **told: Any
) -> ThemeGroup:
    """Return a declared group with its themes' values, or with the one theme given."""
    own = _DECLARED[name]
    ja, en = (title.format(**told) for title in own["title"])
    note_ja, note_en = own.get("notes", ("", ""))
    titles = {theme.name: (theme.ja, theme.en)} if theme else own["themes"]
    return ThemeGroup(
        ja,
        en,
        tuple(Theme(key, ja, en, values[key]) for key, (ja, en) in titles.items()),
        _classes(name),
        own["unit"],
        ValueClass(0.0, *own.get("absent", ("不明", "not known", HATCH))),
        own["source"].format(**told),
        note_ja,
        note_en,
    )


def theme_groups(candidates: pd.DataFrame, atlas: Atlas) -> list[ThemeGroup]:
    """Return what candidates can be painted by: tables of hazards, land, shares that criteria tell.

    Parameters
    ----------
    candidates : pandas.DataFrame
        Sites with `municipality_code` and measured land.
    atlas : Atlas
        What is known of the municipalities.
    """
    largest = _largest_intensity(atlas)
    columns = {
        key: largest.reindex(columns=members).max(axis=1) for key, members in _EARTHQUAKES.items()
    } | {key: atlas.table(table)[column] for key, (table, column) in _COLUMNS.items()}
    codes = candidates["municipality_code"].to_numpy(dtype=object)
    values = {
        key: column.reindex(codes).to_numpy(dtype=float).tolist() for key, column in columns.items()
    }
    land = candidates.reindex(columns=list(_DECLARED["land"]["themes"])).astype(float)
    values |= {str(key): column.tolist() for key, column in land.items()}
    return [_group(name, values) for name in ("intensity", "probability", "zones", "land")] + [
        _group(
            "criterion",
            {one.name: (100.0 * candidates[column]).tolist()},
            one,
            ja=criterion.title_ja,
            en=criterion.title_en,
            source=one.source,
        )
        for criterion in criteria()
        for column, one in criterion.columns(candidates).items()
        if one.painted
    ]


def round_trips(candidates: pd.DataFrame, atlas: Atlas, plan: Plan) -> list[ThemeGroup]:
    """Return round trips to the nearest hub as a theme; plans of before the network have none."""
    if "network" not in plan.scenario or not plan.hubs:
        return []
    network = network_of(atlas, NetworkParameters.model_validate(plan.scenario["network"]))
    hubs = pd.DataFrame([{"lat_deg": hub.lat_deg, "lon_deg": hub.lon_deg} for hub in plan.hubs])
    fibre_km = network.fibre_km(candidates, on_land(hubs, atlas)).min(axis=1)
    values = {"round-trip": network.round_trip_ms(fibre_km).tolist()}
    return [_group("round-trips", values, year=network.parameters.year)]


def _largest_intensity(atlas: Atlas) -> pd.DataFrame:
    """Return the largest computed intensity at each office, one column for each category."""
    category = atlas.table("scenario_earthquakes")["category"]
    felt = atlas.table("scenario_intensity_by_municipality")["intensity_office"].astype(float)
    case, municipality = (felt.index.get_level_values(level) for level in (0, 1))
    largest = felt.groupby([category.reindex(case).to_numpy(), municipality.to_numpy()]).max()
    return largest.unstack(0)  # noqa: PD010
