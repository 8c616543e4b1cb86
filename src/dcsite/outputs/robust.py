"""What a robustness run leaves: a table, JSON and a map of how often each place is chosen.

On the map a place is a circle per tier, as large as the place is often chosen.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dcsite.studies.robust import ANY_TIER, SAMPLES_NAME

from . import atomic
from .map.layer import Field
from .map.style import TIERS
from .page import circles, render_beside_map
from .tables import write_csv

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.studies.robust import Robustness

#: Everything the folder holds; one that holds anything else is not ours to replace.
ROBUST_FILES = (SAMPLES_NAME, "robust.csv", "robust.json", "robust.html")

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


@dataclass(frozen=True)
class RobustPaths:
    """Where the files lie."""

    directory: Path
    samples: Path
    csv: Path
    json: Path
    html: Path


def check_robust_directory(directory: Path) -> None:
    """Raise OutputError if :func:`write_robust` could not write `directory`; change nothing."""
    atomic.check_directory(directory, ROBUST_FILES)


def write_robust(found: Robustness, atlas: Atlas, directory: Path) -> RobustPaths:
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
    with atomic.replacing_directory(directory, ROBUST_FILES) as staging:
        if (directory / SAMPLES_NAME).exists():
            shutil.copy2(directory / SAMPLES_NAME, staging / SAMPLES_NAME)
        rows = (entry.dump() for entry in found.frequencies)
        write_csv(staging / "robust.csv", _COLUMNS, ([row[c] for c in _COLUMNS] for row in rows))
        atomic.write_text(staging / "robust.json", found.text())
        atomic.write_text(staging / "robust.html", render_robustness(found, atlas))
    return RobustPaths(directory, *(directory / name for name in ROBUST_FILES))


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
                        round(one.mean_it_load_mw, 1),
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
