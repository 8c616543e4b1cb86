"""What a robustness run leaves: a table, JSON and a map of how often each place is chosen.

On the map a place is a circle per tier, as large as the place is often chosen.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dcsite.contract import load_mw
from dcsite.records import Record
from dcsite.studies.robust import ANY_TIER

from .map.layer import Field
from .map.style import TIERS
from .page import circles, render_beside_map
from .write import StudyPaths, write_study

if TYPE_CHECKING:
    from pathlib import Path

    from dcsite.atlas import Atlas
    from dcsite.studies.robust import Robustness

_COLUMNS = (
    *("site_id", "tier", "name_ja", "name_en", "prefecture_ja", "prefecture_en"),
    *("lat_deg", "lon_deg", "chosen", "samples", "frequency", "low", "high", "mean_it_load_mw"),
)

#: A place chosen in every sample has this radius; areas go with the frequency.
_LARGEST_PX = 20.0
_LEAST_PX = 2.0
_TOP = 30

_FIELDS = (
    Field("選ばれた割合", "Chosen in", "share"),
    Field("95%区間の下端", "95 % interval, from", "share"),
    Field("95%区間の上端", "95 % interval, to", "share"),
    Field("選ばれた回数", "Samples choosing it"),
    Field("IT容量の平均", "Mean IT load", "MW"),
)


def write_robust(found: Robustness, atlas: Atlas, directory: Path) -> StudyPaths:
    """Write the table, the JSON and the map, all or none; the samples stay.

    Parameters
    ----------
    found : Robustness
        What came of the run.
    atlas : Atlas
        Gives the map's ground.
    directory : Path
        Holds ``samples.jsonl``.

    Raises
    ------
    OutputError
        If the folder cannot be written or holds files that are not ours; it is then unchanged.
    """
    rows = ([row[name] for name in _COLUMNS] for row in map(Record.dump, found.frequencies))
    return write_study(found, directory, render_robustness(found, atlas), _COLUMNS, rows)


def render_robustness(found: Robustness, atlas: Atlas) -> str:
    """Return the text of ``robust.html``.

    Parameters
    ----------
    found : Robustness
        What came of the run.
    atlas : Atlas
        Gives the prefectures' polygons.
    """
    layers = [
        circles(
            f"{tier.ja} {tier.en}",
            f"{found.samples_with_plan} 標本 samples, seed {found.seed}",
            _FIELDS,
            # The largest first, so that small ones stay on top.
            (
                (
                    one.lat_deg,
                    one.lon_deg,
                    radius_px(one.frequency),
                    [
                        one.name_ja,
                        f"{one.name_en or ''} {one.prefecture_en}".strip(),
                        *(round(share, 4) for share in (one.frequency, one.low, one.high)),
                        f"{one.chosen} / {one.samples}",
                        f"約 about {load_mw(one.mean_it_load_mw)}",
                    ],
                )
                for one in sorted(found.frequencies, key=lambda o: (-o.frequency, o.site_id))
                if one.tier == tier.name
            ),
            color="#ffffff",
            weight=1,
            fillColor=tier.colour,
            fillOpacity=0.75,
        )
        for tier in TIERS
    ]
    top = [entry for entry in found.frequencies if entry.tier == ANY_TIER][:_TOP]
    return render_beside_map(
        "robust.html.j2", atlas, layers, found.geodata, found=found, top=top, tiers=TIERS
    )


def radius_px(frequency: float) -> float:
    """Return a circle's radius: its area goes with the frequency, with a floor to be seen."""
    return round(max(_LEAST_PX, _LARGEST_PX * math.sqrt(frequency)), 1)
