"""What matters: one file per criterion, found through the entry points `dcsite.criteria`.

What a criterion is stands in :mod:`dcsite.contract`; here sites are measured once by all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from dcsite.contract import criteria

if TYPE_CHECKING:
    import geopandas as gpd

    from dcsite.atlas import Atlas
    from dcsite.scenario import Scenario

__all__ = ["measure_sites"]


def measure_sites(sites: gpd.GeoDataFrame, atlas: Atlas, scenario: Scenario) -> gpd.GeoDataFrame:
    """Add every criterion's measurements and scores to the sites.

    Parameters
    ----------
    sites : geopandas.GeoDataFrame
        Sites as the sites room hands them out, indexed by `site_id`.
    atlas : Atlas
        What is known.
    scenario : Scenario
        What is asked; anchors and parameters come from it.

    Returns
    -------
    geopandas.GeoDataFrame
        The sites with measured columns and a column ``score_<criterion>`` (0..1) for each.
    """
    measured = sites
    for criterion in criteria():
        columns = criterion.measure(measured, atlas, scenario)
        measured = measured.join(columns)
    scores = {
        f"score_{criterion.name}": criterion.site_score(measured, scenario)
        for criterion in criteria()
    }
    return measured.join(pd.DataFrame(scores, index=measured.index))
