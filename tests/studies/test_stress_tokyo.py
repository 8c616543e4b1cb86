"""Tokyo lost: one hub that takes over and one that falls with it, by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from dcsite.hazards import DisasterSet, Fragility, RestorationCurve, RestorationCurves
from dcsite.studies.stress_fleet import Fleet
from dcsite.studies.stress_simulate import StressAssumptions
from dcsite.studies.stress_takeover import Reserve
from dcsite.studies.stress_tokyo import tokyo_lost
from dcsite.studies.stress_types import Spread

#: Power is back evenly over 0 to 240 hours.
CURVES = RestorationCurves(
    (RestorationCurve("one", "", "", "earthquake", (0.0, 240.0), (0.0, 1.0), False),), {}
)


def fleet(area: str, dark_logit: list[float], fuel_hours: float, reserve: Reserve | None) -> Fleet:
    sites = [f"{area}{number}" for number in range(len(dark_logit))]
    events = pd.DataFrame(
        {"kind": "tokyo_lost", "source_id": "t", "name_en": "Tokyo lost", "name_ja": "東京喪失"},
        index=pd.Index(["tokyo_lost"], name="event_id"),
    )
    hubs = pd.DataFrame({"area": area, "it_load_mw": 100.0}, index=sites)
    if reserve is not None:
        hubs["reserve_mw"] = reserve.reserve_mw
    shape = (len(sites), 1)
    disasters = DisasterSet(
        events, np.full(shape, -np.inf), np.zeros(shape), np.array([dark_logit]).T, 0.0,
        np.full((3, 1), 0.9), Fragility(6.0, 0.3, 0.3), tuple(sites), ("large",) * len(sites),
    )  # fmt: skip
    return Fleet("plan", hubs, disasters, np.full(len(sites), fuel_hours), reserve)


@pytest.fixture
def atlas() -> SimpleNamespace:
    places = pd.DataFrame({"pref_code": ["13", "01"], "electricity_area": ["tokyo", "north"]})
    cores = pd.DataFrame({"pref_code": ["13"]}, index=["tokyo"])
    return SimpleNamespace(table=lambda _: places, existing_cores=lambda: cores)


def test_what_is_carried_and_for_how_long(atlas):
    # The first hub always stands and holds 60 MW free. The second is dark for certain, and down in
    # nine of ten cases, when power stays away for longer than its day of fuel: only the first can
    # carry it, before Tokyo.
    fits = np.array([[False, False], [True, False]])
    reserve = Reserve(np.full(2, 100.0), np.array([60.0, 30.0]), fits)
    planned = fleet("north", [-np.inf, np.inf], 24.0, reserve)
    existing = fleet("tokyo", [np.inf], 0.0, None)
    plan = SimpleNamespace(
        takeovers=[SimpleNamespace(site_id="tokyo", load_mw=400.0)],
        backups=[SimpleNamespace(site_id="tokyo", backup_site_id="north0", takeover_mw=60.0)],
    )
    assumed = StressAssumptions.read()
    found = tokyo_lost(plan, planned, existing, atlas, CURVES, assumed, seed=1)
    # Where the second stands, both carry Tokyo: 90 MW; else the first carries the second alone.
    assert found.carried_mw.mean == pytest.approx(0.1 * 90.0, abs=1.0)
    assert (found.carried_mw.median, found.unserved_mw.nine_in_ten) == (0.0, 400.0)
    assert found.unserved_mw.mean == pytest.approx(400.0 - found.carried_mw.mean)
    assert [(one.site_id, one.takeover_mw, one.down) for one in found.hubs] == [
        ("north0", 60.0, 0.0),
        ("north1", 0.0, 0.9),
    ]
    # Today's data centre there is dark for certain, evenly for 0 to 10 days.
    assert found.today_down_share == 1.0
    assert found.days.median == pytest.approx(5.0, abs=0.2)
    assert found.days.nine_in_ten == pytest.approx(9.0, abs=0.2)


def test_without_a_load_nothing_is_claimed(atlas):
    planned = fleet("north", [-np.inf], 24.0, Reserve(np.ones(1), np.zeros(1), np.eye(1) > 1))
    plan = SimpleNamespace(takeovers=(), backups=())
    found = tokyo_lost(
        plan, planned, fleet("north", [np.inf], 0.0, None), atlas, CURVES,
        StressAssumptions.read(), seed=1,
    )  # fmt: skip
    assert (found.load_mw, found.carried_mw, found.unserved_mw) == (None, None, None)
    assert (found.today_down_share, found.days, found.hubs) == (None, None, ())


def test_quantiles_count_weights():
    found = Spread.of(np.array([3.0, 1.0, 2.0]), np.array([1.0, 8.0, 1.0]))
    assert (found.mean, found.median, found.nine_in_ten) == (pytest.approx(1.3), 1.0, 2.0)
