"""The share of the hazard that computed earthquakes hold, measured and found anew."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from dcsite.atlas import Atlas
from dcsite.contract import Findings
from dcsite.criteria.disaster_share import OF_CASES, find_share, share_of_cases
from dcsite.hazards import settings_of
from dcsite.scenario import Scenario


def test_what_is_measured_is_found_at_every_municipality(
    shipped_atlas: Atlas, policy: Scenario
) -> None:
    codes = shipped_atlas.table("municipalities").index
    hubs = pd.DataFrame({"municipality_code": codes, "it_load_mw": 0.0}, index=codes)
    # Tokushima's cases are more than its published hazard, Naha has none that reaches 5.0.
    hubs.loc[["36201", "47201"], "it_load_mw"] = [300.0, 100.0]
    own = settings_of(policy)
    measured = share_of_cases(hubs, shipped_atlas, own)
    # Two municipalities have a published probability that is rounded to 0.
    assert np.isnan(measured).sum() == 2
    assert np.nanmin(measured) >= 0.0
    assert np.nanmax(measured) == 1.0
    findings = Findings("disasters", hubs, policy)
    find_share(findings, shipped_atlas, own)
    found = findings.done()
    values = [
        found.hub_values[str(code)][0].value if found.hub_values[str(code)] else math.nan
        for code in codes
    ]
    np.testing.assert_allclose(measured, values, rtol=0, atol=1e-9)
    # What the cases have beyond the published probability is told beside both.
    assert "they alone have 60.0%, J-SHIS 22.2%" in found.hub_values["36201"][0].label_en
    assert "(" not in found.hub_values["47201"][0].label_en
    (mean,) = found.measures
    assert mean.value == pytest.approx(0.75)
    assert mean.score is None
    by_area = {figure.area: figure.value for figure in found.areas}
    assert by_area["tohoku"] == pytest.approx(0.129, abs=5e-4)
    assert by_area["hokkaido"] == pytest.approx(0.220, abs=5e-4)
    assert by_area["okinawa"] == pytest.approx(0.002, abs=5e-4)
    assert by_area["shikoku"] == pytest.approx(0.655, abs=5e-4)


def test_fukuoka_by_hand(shipped_atlas: Atlas, policy: Scenario) -> None:
    own = settings_of(policy)
    here = pd.DataFrame({"municipality_code": ["40130"]})
    (share,) = share_of_cases(here, shipped_atlas, own)
    # 7.0 % are published; of its cases 6.5 %, nearly all the Kego fault and the Nankai Trough.
    assert share == pytest.approx(math.log(1 - 0.065) / math.log(1 - 0.070), abs=0.02)
    assert OF_CASES.said(share).endswith("%")
