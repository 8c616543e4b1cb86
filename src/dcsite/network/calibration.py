"""Round trips that were measured: what the rule says of the same pairs, and a fit to a user's own.

A table names both ends of each pair by the id or name of a node, the code or name of a prefecture
(its office) or of a municipality, and gives the round trip in ms. Fitted are the fibre per route
and, where ways of different lengths tell it apart, what equipment takes; neither below what the
scenario allows. Measurements of today do not tell what an all-optical network takes.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from dcsite.contract import file_and_layer
from dcsite.errors import NetworkFileError, Problem
from dcsite.geo.geodesy import geodesic_km
from dcsite.sites import landmass_of, landmasses
from dcsite.sites.reader import read_rows, shown
from dcsite.sites.rows import FileForm

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import SupportsIndex

    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.scenario import NetworkParameters

    Floats = NDArray[np.float64]

_FORM = FileForm.of("network", "measurements", NetworkFileError)
#: Round trips on Earth are shorter.
_MOST_MS = 1000.0
_ALLOWED = "a round trip in ms, above 0 and at most 1,000"
#: Published round trips are often rounded: light may seem faster by so much.
_ROUNDED_MS = 0.5
#: Lengths are told from equipment where the longest way is so many times the shortest.
_TOLD_APART = 2.0
#: From so many ms on a measurement counts less: what is far off is a detour or a busy link.
_USUAL_MS = 1.0
_ENDS = ("from", "to")
_NAMED = 10
_STEP, _ROUNDS = 1e-3, 8
#: Bounds of network.fibre_per_route_km and network.equipment_ms.
_FACTORS, _EQUIPMENT_MS = (1.0, 5.0), (0.0, 100.0)


class Ways(Protocol):
    """A network, as far as it is asked here."""

    @property
    def nodes(self) -> pd.DataFrame:
        """The nodes as a table, by id."""

    def fibre_km(self, here: pd.DataFrame, there: pd.DataFrame) -> Floats:
        """Return the fibre between places in km."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """The rule beside what was measured.

    Parameters
    ----------
    source : str
        File or table.
    pairs : pandas.DataFrame
        `from`, `to`, `measured_ms`, `fibre_km` and `predicted_ms`, by the rule and with equipment.
    fibre_per_route_km, equipment_ms : float
        The rule's.
    fitted : tuple of str
        Which of them were fitted; none for the shipped measurements, which the scenario rests on.
    """

    source: str
    pairs: pd.DataFrame
    fibre_per_route_km: float
    equipment_ms: float
    fitted: tuple[str, ...]

    @property
    def note(self) -> str:
        """Say, in English and Japanese, what was fitted to how much and how well."""
        if not len(self.pairs):
            return "no measured pair is a place of the network / 通信網上の実測値なし"
        off = (self.pairs["predicted_ms"] - self.pairs["measured_ms"]).abs()
        worst = self.pairs.iloc[int(off.argmax())]
        distinct = len({frozenset(ends) for ends in self.pairs[[*_ENDS]].to_numpy().tolist()})
        ends = f"{shown(worst['from'])} - {shown(worst['to'])}"
        rule = f"{self.fibre_per_route_km:.3f} km/km, {self.equipment_ms:.2f} ms"
        how_en, how_ja = ("calibrated on", "で較正") if self.fitted else ("beside", "と比較")
        en, ja = "", ""
        if not self.fitted:
            en, ja = " as the scenario has them", "（シナリオの値）"
        elif "equipment_ms" not in self.fitted:
            en = "; equipment as the scenario has it: the pairs do not tell it from length"
            ja = "（機器の遅延は距離と区別できずシナリオの値）"
        return (
            f"round trips {how_en} {len(self.pairs)} measurement(s) of {distinct} pair(s) "
            f"in {self.source}: fibre over route and equipment {rule}{en}; off by "
            f"{off.median():.1f} ms in the median, at most {off.max():.1f} ms ({ends}); it says "
            "nothing of ways unlike these / "
            f"往復遅延を{self.source}の実測{len(self.pairs)}件（{distinct}組）{how_ja}："
            f"経路に対するファイバ長の比と機器の遅延 {rule}{ja}。"
            f"差は中央値{off.median():.1f} ms、最大{off.max():.1f} ms（{ends}）"
        )


def measurement_files(own: NetworkParameters) -> tuple[Path, ...]:
    """Return the user's file of measurements; none without one."""
    return (file_and_layer(own.measurements_file)[0],) if own.measurements_file else ()


def calibrated(
    atlas: Atlas, own: NetworkParameters, network: Callable[[NetworkParameters], Ways]
) -> tuple[NetworkParameters, Calibration]:
    """Hold the rule against measurements, and fit it to a user's own.

    The length of a way depends on the factor alone, as a line for as long as it takes the same
    links; so each round lays a line through lengths at two factors near by and fits that.

    Raises
    ------
    NetworkFileError
        With all problems of a user's file, or if no rule that is allowed meets it.
    """
    if not own.measurements_file:
        pairs, places = _shipped(atlas, network(own).nodes)
        fibre_km = _fibre_km(pairs, places, network(own))
        return own, _found("latency_measurements", pairs, fibre_km, own)
    pairs, places = _read(own, network(own), atlas)
    file = measurement_files(own)[0]
    fitted: tuple[str, ...] = ("fibre_per_route_km",)
    for _ in range(_ROUNDS):
        before = own.fibre_per_route_km
        near = own.model_copy(update={"fibre_per_route_km": before + _STEP})
        here_km, near_km = (_fibre_km(pairs, places, network(one)) for one in (own, near))
        if len(pairs) > 1 and here_km.max() >= _TOLD_APART * max(here_km.min(), 1.0):
            fitted += ("equipment_ms",) if len(fitted) == 1 else ()
        route_km = (near_km - here_km) / _STEP
        own = _fit(own, pairs, here_km, route_km, file, both=len(fitted) > 1)
        if abs(own.fibre_per_route_km - before) < _STEP / 10.0:
            break
    fibre_km = _fibre_km(pairs, places, network(own))
    return own, _found(shown(file.name), pairs, fibre_km, own, fitted)


def _fit(
    own: NetworkParameters,
    pairs: pd.DataFrame,
    here_km: Floats,
    route_km: Floats,
    file: Path,
    *,
    both: bool,
) -> NetworkParameters:
    """Fit the rule to round trips by least squares in which what is far off counts less."""
    from scipy.optimize import least_squares

    measured_ms, ms_per_km = pairs["measured_ms"].to_numpy(), 2.0 * own.fibre_us_per_km / 1000.0

    def off(rule: Floats) -> Floats:
        fibre_km = here_km + (rule[0] - own.fibre_per_route_km) * route_km
        equipment_ms = rule[1] if both else own.equipment_ms
        return np.asarray((ms_per_km * fibre_km + equipment_ms - measured_ms) / _USUAL_MS)

    bounds = tuple(zip(_FACTORS, _EQUIPMENT_MS, strict=True))
    start = [min(max(own.fibre_per_route_km, 1.01), 4.99), min(max(own.equipment_ms, 0.01), 99.0)]
    used = slice(None) if both else slice(1)
    found = least_squares(
        off, start[used], bounds=[one[used] for one in bounds], loss="cauchy", xtol=1e-12,
        ftol=1e-12, gtol=1e-12,
    ).x  # fmt: skip
    if min(abs(found[0] - end) for end in _FACTORS) < _STEP:
        wrong = (
            f"ask for {'less' if found[0] < 2.0 else 'more'} fibre than {found[0]:.3g} km per km "
            f"of route; allowed: {_FACTORS[0]:g} to {_FACTORS[1]:g}; give round trips in ms over "
            "land and domestic cables"
        )
        raise NetworkFileError(Problem(file.name, "rtt_ms", wrong))
    rule = {"fibre_per_route_km": float(found[0])}
    return own.model_copy(update=rule | ({"equipment_ms": float(found[1])} if both else {}))


def _fibre_km(pairs: pd.DataFrame, places: pd.DataFrame, network: Ways) -> Floats:
    """Return the fibre of each pair's way in km; infinite without one."""
    one, other = np.unique(pairs["from_at"]), np.unique(pairs["to_at"])
    between_km = network.fibre_km(places.iloc[one], places.iloc[other])
    at = np.searchsorted(one, pairs["from_at"]), np.searchsorted(other, pairs["to_at"])
    return np.asarray(between_km[at])


def _found(
    source: str,
    pairs: pd.DataFrame,
    fibre_km: Floats,
    own: NetworkParameters,
    fitted: tuple[str, ...] = (),
) -> Calibration:
    said_ms = 2.0 * fibre_km * own.fibre_us_per_km / 1000.0 + own.equipment_ms
    told = pairs[["from", "to", "measured_ms"]].assign(fibre_km=fibre_km, predicted_ms=said_ms)
    return Calibration(source, told, own.fibre_per_route_km, own.equipment_ms, fitted)


def _shipped(atlas: Atlas, nodes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the measured pairs of the shipped table that are places of ours, and those places."""
    table = atlas.table("latency_measurements").reset_index()
    given = table.rename(columns={"from_place": "from", "to_place": "to"})
    given["measured_ms"] = given[["rtt_ms_low", "rtt_ms_high"]].mean(axis=1)
    return _located(given, atlas, nodes, lambda *_: None)


def _read(own: NetworkParameters, network: Ways, atlas: Atlas) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a user's measurements; what has no way is left out and told."""
    rows = read_rows(own.measurements_file, _FORM)
    measured_ms = rows.numbers("rtt_ms", math.ulp(0.0), _MOST_MS, needed=True, allowed=_ALLOWED)
    given = pd.DataFrame({end: rows.texts(end) for end in _ENDS}).assign(measured_ms=measured_ms)
    pairs, places = _located(given, atlas, network.nodes, rows.note)
    one, other = (places.iloc[pairs[f"{end}_at"]] for end in _ENDS)
    straight_km = geodesic_km(
        one["lat_deg"], one["lon_deg"], other["lat_deg"].to_numpy(), other["lon_deg"].to_numpy()
    )
    light_ms = 2.0 * straight_km * own.fibre_us_per_km / 1000.0
    for (row, pair), km, ms in zip(pairs.iterrows(), straight_km, light_ms, strict=True):
        if km == 0.0:
            rows.note(int(str(row)), "to", f"{shown(pair['to'])} is where the pair begins")
        elif pair["measured_ms"] + _ROUNDED_MS < ms:
            wrong = (
                f"{pair['measured_ms']:g} ms is less than light takes in fibre along the straight "
                f"{km:,.0f} km between {shown(pair['from'])} and {shown(pair['to'])}, {ms:.1f} ms"
            )
            rows.note(int(str(row)), "rtt_ms", f"{wrong}; allowed: round trips in ms")
    rows.problems.raise_if_any()
    there = np.isfinite(_fibre_km(pairs, places, network))
    if not there.any():
        rows.note(0, "", "no pair has a way over the network; give other pairs")
        rows.problems.raise_if_any()
    lost = [f"{shown(one)} - {shown(other)}" for one, other in pairs[[*_ENDS]][~there].to_numpy()]
    if lost:
        more = f" and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
        rows.problems.tell(f"no way known, left out: {', '.join(lost[:_NAMED])}{more}")
    return pairs[there], places


def _located(
    given: pd.DataFrame,
    atlas: Atlas,
    nodes: pd.DataFrame,
    note: Callable[[SupportsIndex, str, str], None],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the places that pairs name; pairs of which one is not known are noted and left out."""
    known, found = _known_places(atlas, nodes), given.copy()
    used: dict[tuple[float, float], int] = {}
    for end in _ENDS:
        at = []
        for row, text in enumerate(given[end]):
            there = known.get(_plain(str(text)), {})
            if len(there) == 1:
                at.append(used.setdefault(next(iter(there.values())), len(used)))
                continue
            wrong = (
                f"{shown(str(text))} is no place known; allowed: id or name of a node, code or "
                "name of a prefecture or a municipality"
            )
            if there:
                wrong = f"{shown(str(text))} could be {', '.join(sorted(there))}; give the code"
            note(row, end, wrong)
            at.append(-1)
        found[f"{end}_at"] = at
    lat, lon = np.array([*used] or np.zeros((0, 2))).T
    body = landmass_of(lat, lon, landmasses(atlas))
    places = pd.DataFrame({"lat_deg": lat, "lon_deg": lon, "landmass_id": body})
    return found[(found["from_at"] >= 0) & (found["to_at"] >= 0)], places


def _known_places(atlas: Atlas, nodes: pd.DataFrame) -> dict[str, dict[str, tuple[float, float]]]:
    """Return places by what they may be called: by a word of more than one, each by its code."""
    towns, office = atlas.table("municipalities"), ("office_lat_deg", "office_lon_deg")
    here = nodes[nodes["lat_deg"].notna()]
    known: dict[str, dict[str, tuple[float, float]]] = {}
    # What comes first keeps the word: 01 is Hokkaido, Osaka the prefecture.
    for table, at, names in (
        (here, ("lat_deg", "lon_deg"), ()),
        (atlas.table("prefectures"), office, ("name_ja", "name_en")),
        (towns, office, ("name_ja", "name_en")),
        (here, ("lat_deg", "lon_deg"), ("name_ja", "name_en")),
    ):
        words: dict[str, dict[str, tuple[float, float]]] = {}
        for code, row in zip(table.index.astype(str), table.to_dict("records"), strict=True):
            for word in {code, *(str(row[name]) for name in names)}:
                place = (float(row[at[0]]), float(row[at[1]]))
                words.setdefault(_plain(word), {})[code] = place
        known = words | known
    return known


def _plain(word: str) -> str:
    """Return a name without what people leave out: letters' case and what kind of place it is."""
    bare = unicodedata.normalize("NFKC", word).strip().casefold()
    return re.sub(r"(?<=..)([都府県]|-(to|fu|ken|do))$", "", bare)
