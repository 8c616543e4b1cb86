"""What each site can connect to: the nearest point, and farther ones that bear more.

An option is a point that bears more than all nearer ones; what is farther and weaker is dropped.
Where mapping is thin a point without a name is taken to stand at an assumed distance, for the
tiers to which a guessed voltage is enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from dcsite.contract import TIERS, Program, criteria
from dcsite.geo.geodesy import geodesic_km, safe_chord_km, to_ecef_km
from dcsite.sites import NO_LANDMASS

from .cooling import PUE
from .substation_points import THIN_KV, Parameters, residents_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

#: Sites whose options are found at once; more need memory and gain nothing.
_AT_ONCE = 2000
#: Loads and capacities count as equal within this, in MW.
HAIR_MW = 1e-6
RESIDENTS_PER_POINT = "residents_per_connection_point"
#: Stands for a point that no map shows.
UNKNOWN = "?"


def column(kind: str, voltage_kv: float, *, guessed: bool = False) -> str:
    """Return the name of a measured column, such as ``substation_distance_km_100kv``.

    With `guessed`, of the one that takes in points whose voltage is guessed.
    """
    return f"substation_{kind}_{voltage_kv:g}kv{'_or_guessed' if guessed else ''}"


class Options(NamedTuple):
    """What each site can connect to in each tier, the nearest first; shape (sites, tiers, most).

    `km` and `mw` (what IT load the point bears at the site's PUE) are infinite and 0 beyond the
    last option; `point` is empty there.
    """

    km: NDArray[np.float64]
    mw: NDArray[np.float64]
    point: NDArray[np.object_]


def options_of(sites: pd.DataFrame, scenario: Scenario) -> Options:
    """Return the options of measured sites: those within the tier's reach, else all there are."""
    own: Parameters = scenario.criteria["substation"]
    pue = sites[PUE.name].to_numpy(dtype=float)
    thin = sites[RESIDENTS_PER_POINT].to_numpy(dtype=float) >= own.thin_residents_per_point
    listed: list[list[list[tuple[float, float, str]]]] = []
    for tier in TIERS:
        kv, guessed = own.min_voltage_kv[tier], tier in own.guessed_voltage
        reach_km = own.max_distance_km[tier]
        # Never beyond reach: a place where nobody knows is not refused.
        assumed = min(own.unknown_distance_km, reach_km), float(own.class_capacity_mw.of(kv))
        by_site = []
        for text, unknown in zip(
            sites[column("options", kv, guessed=guessed)], thin & guessed, strict=True
        ):
            each = [_read_option(one) for one in text.split()]
            if unknown:
                each = _undominated(sorted([*each, (*assumed, UNKNOWN)]))
            by_site.append([one for one in each if one[0] <= reach_km] or each)
        listed.append(by_site)
    most = max((len(each) for by_site in listed for each in by_site), default=0)
    shape = (len(sites), len(TIERS), max(most, 1))
    km, mw, point = np.full(shape, np.inf), np.zeros(shape), np.full(shape, "", dtype=object)
    for level, by_site in enumerate(listed):
        for number, each in enumerate(by_site):
            for place, (away, grid_mw, name) in enumerate(each):
                km[number, level, place], point[number, level, place] = away, name
                mw[number, level, place] = grid_mw / pue[number]
    return Options(km, mw, point)


def _undominated(by_distance: list[tuple[float, float, str]]) -> list[tuple[float, float, str]]:
    best, kept = 0.0, []
    for one in by_distance:
        if one[1] > best:
            best = one[1]
            kept.append(one)
    return kept


def _read_option(text: str) -> tuple[float, float, str]:
    km, mw, point = text.split("/", 2)
    return float(km), float(mw), point


def _squares(
    sites: pd.DataFrame, others: pd.DataFrame
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield squared chords in km2 from sites to what lies on their land body, infinite to others.

    On these distances chords order as geodesics do.
    """
    here = to_ecef_km(sites["lat_deg"], sites["lon_deg"])
    there = to_ecef_km(others["lat_deg"], others["lon_deg"])
    own_body, body = sites["landmass_id"].to_numpy(), others["landmass_id"].to_numpy()
    for begin in range(0, len(sites), _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        square = (here[part] ** 2).sum(axis=1)[:, None] + (there**2).sum(axis=1)[None, :]
        square -= 2.0 * here[part] @ there.T
        apart = (own_body[part, None] != body[None, :]) | (own_body[part, None] == NO_LANDMASS)
        yield part, np.where(apart, np.inf, square)


def fronts(sites: pd.DataFrame, points: pd.DataFrame) -> NDArray[np.object_]:
    """Write the options of every site as ``km/MW/id``, by blanks: no nearer point bears as much."""
    texts = np.full(len(sites), "", dtype=object)
    if points.empty or sites.empty:
        return texts
    # Of points in one place the strongest comes first.
    points = points.sort_values("capacity_mw", ascending=False, kind="stable")
    capacity = points["capacity_mw"].to_numpy()
    for part, square in _squares(sites, points):
        order = np.argsort(square, axis=1, kind="stable")
        apart = np.isinf(np.take_along_axis(square, order, axis=1))
        bears = np.where(apart, 0.0, capacity[order])
        best = np.maximum.accumulate(bears, axis=1)
        before = np.concatenate([np.zeros((len(best), 1)), best[:, :-1]], axis=1)
        row, rank = np.nonzero(bears > before)
        there, here = points.iloc[order[row, rank]], sites.iloc[part].iloc[row]
        km = geodesic_km(here["lat_deg"], here["lon_deg"], there["lat_deg"], there["lon_deg"])
        for number, away, mw, name in zip(
            (row + part.start).tolist(),
            km.tolist(),
            there["capacity_mw"].tolist(),
            there.index,
            strict=True,
        ):
            texts[number] = f"{texts[number]} {away!r}/{mw!r}/{name}".strip()
    return texts


def residents_per_point(
    sites: pd.DataFrame, points: pd.DataFrame, atlas: Atlas, own: Parameters
) -> NDArray[np.float64]:
    """Return residents for each point of 100 kV or more around every site, on its land body.

    Where there is none the residents stand for one.
    """
    towns = residents_of(atlas)
    strong = points[points["voltage_kv"] >= THIN_KV]
    near = safe_chord_km(own.thin_within_km) ** 2
    people, count = np.zeros(len(sites)), np.zeros(len(sites))
    for part, square in _squares(sites, towns):
        people[part] = (square <= near) @ towns["population_2020"].to_numpy(dtype=float)
    for part, square in _squares(sites, strong):
        count[part] = (square <= near).sum(axis=1)
    return people / np.maximum(count, 1.0)


class Choices(NamedTuple):
    """Options between which a plan has to choose: from `first` to `last` of a site and tier."""

    options: Options
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    most_mw: NDArray[np.float64]
    """Largest load by tier and land, shape (sites, tiers)."""

    def further(self) -> list[tuple[int, int, int]]:
        """List site, tier and option of each choice beyond the first."""
        return [
            (site, tier, k)
            for site, tier in np.argwhere(self.last > self.first).tolist()
            for k in range(self.first[site, tier] + 1, self.last[site, tier] + 1)
        ]


def choices_of(program: Program) -> Choices:
    """Find between which options the hubs of each site and tier may choose.

    Below the first is what cannot bear the tier's least load, beyond the last what is farther than
    one that bears the most. With the rule off every hub hangs on its nearest point.
    """
    options = options_of(program.sites, program.scenario)
    tiers = [program.scenario.tiers[tier].it_load_mw for tier in TIERS]
    least = np.array([tier.min for tier in tiers])[None, :, None]
    most = np.repeat([[tier.max for tier in tiers]], len(program.sites), axis=0)
    if program.mode("land") == "hard":
        most = np.minimum(most, program.sites["max_it_load_mw"].to_numpy()[:, None])
    first = (options.mw >= least - HAIR_MW).argmax(axis=2)
    strongest = options.mw.argmax(axis=2)
    enough = options.mw >= most[:, :, None] - HAIR_MW
    last = np.where(enough.any(axis=2), enough.argmax(axis=2), strongest)
    none = options.mw.max(axis=2) < least[:, :, 0] - HAIR_MW
    first = np.where(none, strongest, first)
    last = np.where(program.eligible, np.maximum(first, last), first)
    if program.mode("connection_capacity") == "off":
        first = last = np.zeros_like(first)
    return Choices(options, first, last, most)


def at(program: Program, site: int, tier: int) -> NDArray[np.float64]:
    """Return 1 at a site and tier, 0 elsewhere."""
    here = np.zeros(program.eligible.shape)
    here[site, tier] = 1.0
    return here


def could_share(program: Program, users: pd.DataFrame) -> bool:
    """Tell whether two sites with one point among their options may both hold a hub.

    Not where a hard rule keeps hubs farther apart than any two of them stand.
    """
    apart = next(rule for own in criteria() for rule in own.rules if rule.keeps_apart)
    if program.mode(apart.name) != "hard":
        return len(set(users["site"])) > 1
    kept_km = np.array([program.scenario.tiers[tier].separation_km for tier in TIERS])
    if np.sort(users["km"].to_numpy())[-2:].sum() < kept_km.min():
        return False
    lat, lon = (program.sites[name].to_numpy()[users["site"]] for name in ("lat_deg", "lon_deg"))
    away_km = geodesic_km(lat[:, None], lon[:, None], lat[None, :], lon[None, :])
    tier = users["tier"].to_numpy()
    lower = np.maximum(tier[:, None], tier[None, :])
    return bool(((away_km >= kept_km[lower]) & (away_km > 0.0)).any())
