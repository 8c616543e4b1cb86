"""How much of a place's hazard the computed earthquakes hold; local earthquakes hold the rest.

In rates, so that parts add up: ``ln(1 - of cases) / ln(1 - published)``, at most 1, of shaking of
6-lower or more. Where it is small, what a plan is told of its worst earthquake says little.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from dcsite.contract import Findings, Quantity
from dcsite.hazards import Fragility, earthquake_sources, hazard_of_cases
from dcsite.hazards.earthquakes import SIX_LOWER
from dcsite.hazards.fragility import probability_down

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSettings

OF_CASES = Quantity(
    "hazard_of_cases_share",
    "share",
    "share of the hazard of 6-lower or more that computed earthquakes hold",
    "震度6弱以上の揺れのうち計算対象の地震が占める割合",
    "seismic_hazard_by_municipality, scenario_intensity_by_municipality",
    painted=True,
)


def share_of_cases(
    sites: pd.DataFrame, atlas: Atlas, settings: DisasterSettings
) -> NDArray[np.float64]:
    """Return the share at each site, 0..1, NaN where nothing is published above 0.

    Parameters
    ----------
    sites : pandas.DataFrame
        With `municipality_code`, whose share they have.
    atlas, settings
        What is known, and which probabilities count.
    """
    hazard = hazard_of_cases(atlas, settings)
    here = hazard.reindex(sites["municipality_code"].to_numpy())
    of_cases, published = (
        -np.log1p(-here[name].to_numpy(dtype=float)) for name in ("of_cases", "published")
    )
    known = np.where(published > 0.0, published, np.nan)
    return np.asarray(np.minimum(of_cases, published) / known, dtype=np.float64)


def find_share(found: Findings, atlas: Atlas, settings: DisasterSettings) -> None:
    """Take the share at each hub, in the load's mean, and by area in the mean of its rates.

    Worked out from the tables, municipality by municipality and source by source. Where the cases
    alone are more than is published, both are told.
    """
    table = atlas.table("seismic_hazard_by_municipality")["p30_i6lower_pct"].astype(float) / 100.0
    sources = earthquake_sources(atlas, settings)
    felt = atlas.table("scenario_intensity_by_municipality")[["intensity_office"]].dropna()
    felt = felt.reset_index().merge(sources, left_on="scenario_code", right_index=True)
    curve = Fragility(SIX_LOWER, 0.0, settings.intensity_scatter)
    chance = felt["source_probability_30y"].fillna(0.0) * felt["share"]
    chance = chance * probability_down(felt["intensity_office"].to_numpy(dtype=float), curve)
    spared = 1.0 - chance.groupby([felt["municipality_code"], felt["source_id"]]).sum()
    spared = spared.groupby(level=0).prod().reindex(table.index).fillna(1.0)
    rates = pd.DataFrame({"cases": -np.log(spared), "published": -np.log(1.0 - table)})
    for code in rates.index[table.isna()]:
        rates.loc[code, "published"] = rates["published"][rates.index.str[:2] == code[:2]].max()
    rates["held"] = rates.min(axis=1)
    here = rates.reindex(found.hubs["municipality_code"].to_numpy())
    share = (here["held"] / here["published"].where(here["published"] > 0.0)).to_numpy(dtype=float)
    notes = []
    for cases, published in 1.0 - np.exp(-here[["cases", "published"]].to_numpy(dtype=float)):
        both = f"{cases:.1%}", f"{published:.1%}"
        en, ja = "they alone have {}, J-SHIS {}", "計算のみで{}、J-SHISは{}"
        notes.append((en.format(*both), ja.format(*both)) if cases > published else ("", ""))
    known = np.where(np.isnan(share), np.inf, share)
    found.mean(OF_CASES, share).each(OF_CASES, known, notes=notes)
    area = atlas.table("municipalities")["electricity_area"].reindex(rates.index)
    by_area = rates.groupby(area.astype(str).to_numpy()).sum()
    found.by_area(OF_CASES, by_area["held"] / by_area["published"])
