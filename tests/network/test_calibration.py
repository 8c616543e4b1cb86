"""Measured round trips: fits by hand, against a rule that made them, and silly files."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import dcsite
from dcsite.errors import NetworkFileError
from dcsite.network import calibration_of, network_inputs, network_of, on_land

HEADER = "from,to,rtt_ms"
CODES = ("01", "04", "13", "15", "23", "27", "34", "38", "40", "47")


@pytest.fixture
def fitted(tmp_path, shipped_atlas):
    """Return the calibration and the network that rows of a file give."""

    def fit(*rows, also=()):
        path = tmp_path / "measured.csv"
        path.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
        asked = (f'network.measurements_file="{path}"', *also)
        own = dcsite.load_scenario("policy-2023", asked).network
        assert network_inputs(own) == (path,)
        return calibration_of(shipped_atlas, own), network_of(shipped_atlas, own)

    return fit


def offices(atlas):
    table = atlas.table("prefectures")
    names = {"office_lat_deg": "lat_deg", "office_lon_deg": "lon_deg"}
    return on_land(table.rename(columns=names)[[*names.values()]], atlas)


def test_one_pair_fits_the_factor_alone(fitted, shipped_atlas, policy):
    plain = network_of(shipped_atlas, policy.network)
    places = offices(shipped_atlas).loc[["13", "27"]]
    fibre_km = plain.fibre_km(places, places)[0, 1]
    found, network = fitted("13,27,12")
    # 12 ms less 1 ms of equipment is 11 ms of 9.8 us per km.
    asked = 1.5 * (11.0 / 0.0098) / fibre_km
    assert (found.fitted, found.equipment_ms) == (("fibre_per_route_km",), 1.0)
    assert found.fibre_per_route_km == pytest.approx(asked, rel=1e-5)
    assert network.parameters.fibre_per_route_km == found.fibre_per_route_km
    assert network.round_trip_ms(network.fibre_km(places, places))[0, 1] == pytest.approx(12.0)
    assert "1 measurement(s) of 1 pair(s)" in found.note
    assert "do not tell it from length" in found.note
    assert plain.calibration is None


@settings(
    deadline=None, max_examples=4, derandomize=True, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    factor=st.floats(1.1, 3.0), equipment_ms=st.floats(0.0, 5.0), bad=st.booleans(),
    ends=st.lists(st.sampled_from(CODES), min_size=5, max_size=9, unique=True),
)  # fmt: skip
def test_the_rule_that_made_round_trips_is_found_again(
    fitted, shipped_atlas, factor, equipment_ms, bad, ends
):
    made = dcsite.load_scenario(
        "policy-2023",
        (f"network.fibre_per_route_km={factor}", f"network.equipment_ms={equipment_ms}"),
    ).network
    network, places = network_of(shipped_atlas, made), offices(shipped_atlas).loc[ends]
    rtt_ms = network.round_trip_ms(network.fibre_km(places, places))
    rows = [
        f"{ends[a]},{ends[b]},{float(rtt_ms[a, b])!r}"
        for a, b in zip(*np.triu_indices(len(ends), 1), strict=True)
    ]
    if bad:  # one link was busy
        rows[0] = f"{rows[0].rsplit(',', 1)[0]},{float(rtt_ms[0, 1]) + 90.0!r}"
    found, _ = fitted(*rows)
    slack = 0.02 if bad else 1e-3
    assert found.fibre_per_route_km == pytest.approx(factor, abs=slack)
    assert found.equipment_ms == pytest.approx(equipment_ms, abs=10.0 * slack)
    assert found.fitted == ("fibre_per_route_km", "equipment_ms")


def test_equipment_falls_away_all_the_same(fitted):
    rows = ("13,27,9.4", "13,40,18.6", "13,04,6.3")
    found, network = fitted(*rows, also=("network.year=2031",))
    assert found.equipment_ms > 0.5
    assert network.round_trip_ms(np.zeros(1))[0] == 0.0
    assert found.pairs["predicted_ms"].to_numpy() == pytest.approx([9.4, 18.6, 6.3], abs=0.5)


def test_places_are_named_as_people_do(fitted, shipped_atlas):
    rows = ("13,27,9", "東京,大阪府,9", "TOKYO,Osaka,9", "13000,27,9")
    with pytest.raises(NetworkFileError, match=r"row 5, column from: .13000. is no place known"):
        fitted(*rows)
    found, _ = fitted(*rows[:3], "札幌市,Hakata,22", "JPN48-48,01100,40")
    assert found.pairs["fibre_km"].iloc[:3].nunique() == 1
    assert "5 measurement(s) of 5 pair(s)" in found.note
    with pytest.raises(NetworkFileError, match="could be 13206, 34208; give the code"):
        fitted("府中市,東京,3")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("東京,大阪,0.9", "is less than light takes in fibre along the straight 396 km"),
        ("東京,東京,5", "is where the pair begins"),
        ("東京,大阪,-3", "above 0 and at most 1,000"),
        ("東京,大阪,nan", "above 0 and at most 1,000"),
        ("東京,大阪,", "above 0 and at most 1,000"),
        ("東京,大阪,900", "ask for more fibre than 5 km per km of route; allowed: 1 to 5"),
        ("東京,大阪,5.9", "ask for less fibre than 1 km per km of route"),
        ("\x1b[31m,大阪,9", "is no place known"),
        ("佐渡市,大阪,9", "no pair has a way over the network"),
    ],
)
def test_what_cannot_be_is_refused(fitted, row, said):
    with pytest.raises(NetworkFileError, match=said) as caught:
        fitted(row)
    assert len(caught.value.problems) == 1
    assert "\x1b" not in str(caught.value)


def test_the_shipped_pair_is_shown_beside_the_rule(shipped_atlas, policy):
    found = calibration_of(shipped_atlas, policy.network)
    assert found.fitted == ()
    assert found.pairs["measured_ms"].tolist() == [9.0, 9.0, 9.0]
    assert found.pairs["predicted_ms"].max() == pytest.approx(9.3, abs=0.05)
    assert "3 measurement(s) of 1 pair(s) in latency_measurements" in found.note
