"""How far apart hubs can stand: bounds and exact answers, held against every choice tried."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from dcsite.dispersion import OutOfTimeError
from dcsite.feasibility.spread import fits_apart, largest_distance, room_for
from dcsite.geo.geodesy import geodesic_km

TOKYO_OSAKA = (np.array([35.6895, 34.6863]), np.array([139.6917, 135.5200]))


def forced(lat, lon, count, keep=None, groups=()):
    """The largest least distance over all choices, None where no choice has one of each group."""
    best = None
    for chosen in combinations(range(len(lat)), count):
        members = list(chosen)
        if not all(group[members].any() for group in groups):
            continue
        kept_lat = np.concatenate([lat[members], [] if keep is None else keep[0]])
        kept_lon = np.concatenate([lon[members], [] if keep is None else keep[1]])
        least = min(
            (
                float(geodesic_km(kept_lat[i], kept_lon[i], kept_lat[j], kept_lon[j]))
                for i in range(count)
                for j in range(i + 1, len(kept_lat))
            ),
            default=np.inf,
        )
        best = least if best is None else max(best, least)
    return best


@pytest.mark.parametrize("seed", range(12))
def test_largest_distance_equals_every_choice_tried(measured, seed):
    drawn = measured.sample(8, random_state=seed)
    lat, lon = drawn["lat_deg"].to_numpy(), drawn["lon_deg"].to_numpy()
    groups = (np.arange(8) % 4 == 0, np.arange(8) % 4 == 1)
    for count in range(1, 6):
        for keep in (None, TOKYO_OSAKA):
            for asked in ((), groups):
                expected = forced(lat, lon, count, keep, asked)
                found = largest_distance(lat, lon, count, keep=keep, groups=asked)
                if expected is None:
                    assert found is None
                    continue
                assert found.proven
                assert found.distance_km == pytest.approx(expected, abs=1e-6)
                assert len(set(found.members)) == count
                assert forced(
                    lat[list(found.members)], lon[list(found.members)], count, keep
                ) == pytest.approx(expected, abs=1e-6)
                if np.isfinite(expected):
                    below = fits_apart(lat, lon, count, expected - 0.01, keep=keep, groups=asked)
                    above = fits_apart(lat, lon, count, expected + 0.01, keep=keep, groups=asked)
                    assert below is not None
                    assert above is None


@pytest.mark.parametrize("distance_km", [0.0, 40.0, 150.0, 400.0, 3000.0])
def test_room_holds_the_true_number(measured, distance_km):
    drawn = measured.sample(10, random_state=3)
    lat, lon = drawn["lat_deg"].to_numpy(), drawn["lon_deg"].to_numpy()
    true = max(n for n in range(1, 11) if n == 1 or forced(lat, lon, n) >= distance_km)
    room = room_for(lat, lon, distance_km)
    assert room.at_least <= true <= room.at_most


def test_room_where_nothing_or_everything_conflicts(measured):
    lat, lon = (measured[name].to_numpy()[:50] for name in ("lat_deg", "lon_deg"))
    assert (room_for(lat, lon, 0.0).at_least, room_for(lat, lon, 0.0).at_most) == (50, 50)
    assert (room_for(lat, lon, 5000.0).at_least, room_for(lat, lon, 5000.0).at_most) == (1, 1)
    assert room_for(lat[:0], lon[:0], 100.0).at_most == 0


def test_more_places_than_there_are(measured):
    lat, lon = (measured[name].to_numpy()[:4] for name in ("lat_deg", "lon_deg"))
    assert largest_distance(lat, lon, 5) is None
    assert fits_apart(lat, lon, 5, 0.0) is None


def test_one_place_with_nothing_to_keep_is_as_far_as_one_likes(measured):
    lat, lon = (measured[name].to_numpy()[:4] for name in ("lat_deg", "lon_deg"))
    found = largest_distance(lat, lon, 1)
    assert found.distance_km == np.inf
    assert found.proven


def test_out_of_time_is_said(measured):
    lat, lon = (measured[name].to_numpy() for name in ("lat_deg", "lon_deg"))
    with pytest.raises(OutOfTimeError):
        fits_apart(lat[:400], lon[:400], 12, 300.0, time_limit_s=1e-9)
    found = largest_distance(lat[:600], lon[:600], 12, time_limit_s=0.4)
    assert found.distance_km <= found.bound_km
    assert len(found.members) == 12


def test_room_for_many_sites_holds_the_true_room_without_a_table_of_pairs(monkeypatch):
    rng = np.random.default_rng(3)
    lat, lon = rng.uniform(34.0, 38.0, 400), rng.uniform(134.0, 140.0, 400)
    exact = [room_for(lat, lon, km) for km in (40.0, 150.0, 2000.0)]
    monkeypatch.setattr("dcsite.feasibility.spread.DENSE_LIMIT", 10)
    for km, close in zip((40.0, 150.0, 2000.0), exact, strict=True):
        loose = room_for(lat, lon, km)
        # What stands apart does so by the finer bounds too, and the other way round.
        assert loose.at_least <= close.at_most
        assert loose.at_most >= close.at_least
        assert 1 <= loose.at_least <= loose.at_most
    assert room_for(lat, lon, 2000.0).at_least == 1
