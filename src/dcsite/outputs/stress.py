"""``stress.json`` and ``stress.html``: the record as it is, and a page with chart, tables, maps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from dcsite.contract import load_mw, printed_for
from dcsite.errors import OutputError, Problem
from dcsite.hazards import intensity_at_offices
from dcsite.plan.types import Plan
from dcsite.studies.stress_tokyo import TOKYO
from dcsite.studies.stress_types import METHODS, PARTS

from . import atomic
from .map.style import INTENSITIES, hub_radius_px, intensity_class, tier_style
from .page import land, outline, percent, place, render_page
from .write import OWN_NAMES, STRESS_FILES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dcsite.atlas import Atlas
    from dcsite.studies.stress_types import (
        FleetResult,
        Footprint,
        StressedHub,
        StressTest,
    )

_PLAN = "plan.json"


class _DownClass(NamedTuple):
    """Probabilities of being down from `least` up to the next class, and how hubs are drawn."""

    least: float
    ja: str
    en: str
    colour: str


#: The most likely first.
_DOWN = (
    _DownClass(0.5, "停止する見込み（50%以上）", "likely down (50 % or more)", "#1d1d1d"),
    _DownClass(0.05, "停止のおそれ（5〜50%）", "may be down (5 to 50 %)", "#7a5195"),
    _DownClass(0.0, "稼働", "stands", "#ffffff"),
)
_FLEETS = {"plan": ("計画", "this plan", "#0072b2"), "today": ("現状", "today", "#d55e00")}
_PAIRS = 15
_MW_PER_PIXEL = 25.0
#: Tables that the page reads besides those of the simulation.
_DRAWN = ("prefecture_polygons", "municipality_polygons", "electricity_area_polygons")

#: Kinds of event in Japanese and English.
KINDS: dict[str, tuple[str, str]] = {
    "earthquake": ("地震（揺れと停電）", "earthquakes (shaking and blackout)"),
    "local_earthquake": ("その他の局所的な地震", "local earthquakes (the rest of the hazard)"),
    "area_blackout": ("エリア停電", "area blackouts"),
    "frequency_blackout": ("同一周波数系統の停電", "frequency-wide blackouts"),
    "landing_cluster": ("陸揚地域の喪失", "landing clusters lost"),
    "network": ("通信網の一部の喪失", "a part of the network lost"),
    "tokyo_lost": ("東京圏の喪失", "Tokyo area lost"),
    "user": ("利用者の災害", "a user's own"),
}


class Label(NamedTuple):
    """What a main figure is called, and whether it is a share."""

    ja: str
    en: str
    share: bool = True


#: By name of :attr:`~dcsite.studies.stress_types.FleetResult.main`.
FIGURES = {
    **{
        f"down_{part}": Label(
            f"年に容量の{part}%以上が同時停止する確率",
            f"{part} % of the capacity or more down at once",
        )
        for part in PARTS
    },
    "two_down": Label("年に2拠点以上が同時停止する確率", "two hubs or more down together"),
    "down_hours": Label(
        "年間の停止（全容量の時間に換算）", "hours of the whole capacity down", share=False
    ),
    "down_mwh": Label("年間の停止（MWh）", "MWh of IT load down", share=False),
    **{
        f"unserved_{part}": Label(
            f"引継ぎ後も年に負荷の{part}%以上が失われる確率",
            f"after takeover: {part} % of the load or more unserved",
        )
        for part in PARTS
    },
    "unserved_hours": Label(
        "引継ぎ後の損失（全負荷の時間に換算）",
        "after takeover: hours of the whole load lost",
        share=False,
    ),
    "unserved_mwh": Label("引継ぎ後の損失（MWh）", "after takeover: MWh lost", share=False),
}

#: Frame of the curves in the page's picture, in pixels: left, right, top, bottom.
_FRAME = (70.0, 560.0, 15.0, 345.0)


def check_stress_directory(directory: Path) -> None:
    """Raise OutputError if :func:`write_stress` could not write `directory`; change nothing."""
    atomic.check_directory(directory, _names(directory))


def write_stress(found: StressTest, atlas: Atlas, directory: Path) -> tuple[Path, Path]:
    """Write both files, or none, and return where they lie.

    Parameters
    ----------
    found : StressTest
        What came of the simulation.
    atlas : Atlas
        For the page's maps.
    directory : Path
        The plan's folder, whose other files stay byte for byte what they were, or one for these
        two files alone, made if missing.

    Raises
    ------
    OutputError
        If the folder cannot be written, holds files that are not ours, or another plan than the
        one that was stressed; it is then unchanged.
    """
    names = _names(directory)
    change = atomic.updating_directory if names == OWN_NAMES else atomic.replacing_directory
    texts = (found.text(), render_stress(found, atlas))
    with change(directory, names) as staging:
        if (staging / _PLAN).exists():
            _check_same(found, staging / _PLAN, directory / _PLAN)
        for name, text in zip(STRESS_FILES, texts, strict=True):
            (staging / name).unlink(missing_ok=True)
            atomic.write_text(staging / name, text)
    return directory / STRESS_FILES[0], directory / STRESS_FILES[1]


def _names(directory: Path) -> tuple[str, ...]:
    """Return what the folder may hold: a plan's files only where there is a plan."""
    return OWN_NAMES if (directory / _PLAN).is_file() else STRESS_FILES


def _check_same(found: StressTest, staged: Path, path: Path) -> None:
    there = Plan.read(staged.read_text(encoding="utf-8"), str(path))
    hubs = {(hub.site_id, hub.it_load_mw) for hub in there.hubs}
    if hubs != {(hub.site_id, hub.it_load_mw) for hub in found.plan.hubs}:
        wrong = "are not those that were stressed; give a folder of its own with --output"
        raise OutputError(Problem(str(path), "hubs", wrong))


def render_stress(found: StressTest, atlas: Atlas) -> str:
    """Return the text of ``stress.html``.

    Parameters
    ----------
    found : StressTest
        What came of the simulation.
    atlas : Atlas
        For the outlines of prefectures, municipalities and electricity areas.
    """
    fleets = (found.plan, found.today)
    names = {hub.site_id: hub for fleet in fleets for hub in fleet.hubs}
    with printed_for([hub.it_load_mw for hub in found.plan.hubs]):
        return render_page(
            "stress.html.j2",
            (*found.geodata, *map(atlas.resource, _DRAWN)),
            found=found,
            fleets=fleets,
            labels=_FLEETS,
            kinds=KINDS,
            figures=FIGURES,
            varied={"plan": found.varied.plan, "today": found.varied.today},
            names=names,
            pairs={fleet.name: [p for p in fleet.pairs if p.per_year.value > 0][:_PAIRS]
                   for fleet in fleets},
            chart=exceedance_chart(fleets, found.years),
            frame=_FRAME,
            maps=[_map(one, found, atlas) for one in found.footprints],
            land=land(atlas),
            classes=INTENSITIES,
            down_classes=_DOWN,
            methods=METHODS,
            assumptions=[value for _, value in found.assumptions],
            tier=tier_style,
        )  # fmt: skip


def _map(one: Footprint, found: StressTest, atlas: Atlas) -> dict[str, Any]:
    """Return what the page draws of one footprint: polygons by class, dark areas, hubs."""
    places = atlas.table("municipalities")
    name_ja, name_en = places["name_ja"].to_dict(), places["name_en"].to_dict()
    polygons = atlas.polygons("municipality_polygons").geometry
    shaken = [
        {
            "path": outline(polygons.loc[code]),
            "colour": INTENSITIES[intensity_class(value)].colour,
            "title": f"{name_ja[code]} {name_en[code]} {value:.2f}",
        }
        for code, value in sorted(intensity_at_offices(atlas, one.case_id).items())
        if code in polygons.index
    ]
    areas = atlas.polygons("electricity_area_polygons").geometry
    named = atlas.table("electricity_areas")
    area_ja, area_en = named["name_ja"].to_dict(), named["name_en"].to_dict()
    dark = [
        {
            "path": outline(areas.loc[area]),
            "share": share,
            "title": f"停電 Cut off: {area_ja[area]} {area_en[area]} {share:.0%}",
        }
        for area, share in one.areas_dark.items()
    ]
    return {
        "event": one,
        "shaken": shaken,
        "dark": dark,
        "arcs": _arcs(found, atlas) if one.event_id == found.tokyo_lost.event_id else [],
        "hubs": [_mark(hub, one.plan[hub.site_id]) for hub in found.plan.hubs],
    }


def _arcs(found: StressTest, atlas: Atlas) -> list[dict[str, Any]]:
    """Return a line from Tokyo to each hub that takes of its load, as wide as what it takes."""
    x, y = place(*atlas.existing_cores().loc[TOKYO, ["lon_deg", "lat_deg"]].astype(float))
    hubs = {hub.site_id: hub for hub in found.plan.hubs}
    arcs = []
    for one in found.tokyo_lost.hubs:
        hub = hubs[one.site_id]
        ends = "{:g} {:g}".format(*place(hub.lon_deg, hub.lat_deg))
        if one.takeover_mw > 0.0:
            title = f"東京 Tokyo → {hub.name_ja} {hub.name_en}: {load_mw(one.takeover_mw)} MW"
            width = round(max(1.0, one.takeover_mw / _MW_PER_PIXEL), 1)
            arcs.append({"path": f"M{x:g} {y:g}L{ends}", "width": width, "title": title})
    return arcs


def _mark(hub: StressedHub, down: float) -> dict[str, Any]:
    x, y = place(hub.lon_deg, hub.lat_deg)
    return {
        "x": x,
        "y": y,
        "r": round(1.2 * hub_radius_px(hub.it_load_mw), 1),
        "colour": next(group.colour for group in _DOWN if down >= group.least),
        "edge": tier_style(hub.tier).colour,
        "title": f"{hub.name_ja} {hub.name_en} 約{load_mw(hub.it_load_mw)} MW: {percent(down)}",
    }


class Chart(NamedTuple):
    """What the page draws within its frame.

    Parameters
    ----------
    across, up : list of tuple
        Lines of the grid: where, and what stands at the end of it, or at either end.
    curves : dict
        By fleet the curve, and the area of its interval; empty where nothing was ever down.
    """

    across: list[tuple[float, str]]
    up: list[tuple[float, str, str]]
    curves: dict[str, tuple[str, str]]


def exceedance_chart(fleets: Sequence[FleetResult], years: int) -> Chart:
    """Draw fleets over one logarithmic scale, from one in `years` years up.

    Parameters
    ----------
    fleets : sequence of FleetResult
        Their curves.
    years : int
        Length of the simulation: no rarer probability can be seen.
    """
    lowest = min(math.floor(math.log10(1.0 / years) + 1e-9), -1)
    powers = range(lowest, 1)
    return Chart(
        [(_across(percent), f"{percent} %") for percent in range(0, 101, 20)],
        [(_up(10.0**n, lowest), f"{10.0**n * 100:.10g} %", f"1/{10**-n:,}") for n in powers],
        {fleet.name: _curve(fleet, lowest) for fleet in fleets},
    )


def _across(percent: float) -> float:
    left, right, _, _ = _FRAME
    return round(left + (right - left) * percent / 100.0, 1)


def _up(probability: float, lowest: int) -> float:
    _, _, top, bottom = _FRAME
    power = max(math.log10(probability), lowest) if probability > 0 else lowest
    return round(top + (bottom - top) * power / lowest, 1)


def _curve(fleet: FleetResult, lowest: int) -> tuple[str, str]:
    """Draw steps: a probability holds from the per cent before up to its own."""

    def steps(probability: str) -> list[str]:
        corners = []
        for point in seen:
            height = _up(getattr(point.per_year, probability) or 0.0, lowest)
            percent = round(point.share * 100.0)
            corners += [f"{_across(at):g} {height:g}" for at in (percent - 1, percent)]
        return corners

    seen = [point for point in fleet.exceedance if point.per_year.value > 0.0]
    if not seen:
        return "", ""
    band = [*steps("high"), *reversed(steps("low"))]
    return "M" + "L".join(steps("value")), "M" + "L".join(band) + "Z"
