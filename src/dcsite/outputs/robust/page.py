"""The map of a robustness run: a circle per place and tier, as large as it is often chosen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dcsite.outputs.map.layer import Field
from dcsite.outputs.map.style import TIERS
from dcsite.outputs.page import circles, render_beside_map

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.studies.robust import Frequency, Robustness

#: A place chosen in every sample has this radius; areas go with the frequency.
_LARGEST_PX = 20.0
_LEAST_PX = 2.0

_FIELDS = (
    Field("選ばれた割合", "Chosen in", "share"),
    Field("95%区間の下端", "95 % interval, from", "share"),
    Field("95%区間の上端", "95 % interval, to", "share"),
    Field("選ばれた回数", "Samples choosing it"),
    Field("IT容量の平均", "Mean IT load", "MW"),
)


def render_robustness(found: Robustness, atlas: Atlas) -> str:
    """Return the text of ``robust.html``.

    Parameters
    ----------
    found : Robustness
        What came of the run.
    atlas : Atlas
        Gives the prefectures' polygons.
    """
    return render_beside_map(
        "robust.html.j2",
        atlas,
        [
            circles(
                f"{tier.ja} {tier.en}",
                f"{found.with_plan} 標本 samples, seed {found.seed}",
                _FIELDS,
                # The largest first, so that small ones stay on top.
                (
                    (one.lat_deg, one.lon_deg, radius_px(one.frequency), _record(one))
                    for one in sorted(found.frequencies, key=lambda o: (-o.frequency, o.site_id))
                    if one.tier == tier.name
                ),
                color="#ffffff",
                weight=1,
                fillColor=tier.colour,
                fillOpacity=0.75,
            )
            for tier in TIERS
        ],
        found.geodata,
        found=found,
        top=[entry for entry in found.frequencies if entry.tier == "any"][:30],
        tiers=TIERS,
    )


def _record(entry: Frequency) -> list[Any]:
    return [
        entry.name_ja,
        f"{entry.name_en} {entry.prefecture_en}".strip(),
        round(entry.frequency, 4),
        round(entry.low, 4),
        round(entry.high, 4),
        f"{entry.chosen} / {entry.samples}",
        round(entry.mean_it_load_mw, 1),
    ]


def radius_px(frequency: float) -> float:
    """Return a circle's radius: its area goes with the frequency, with a floor to be seen."""
    return round(max(_LEAST_PX, _LARGEST_PX * math.sqrt(frequency)), 1)
