"""Each family of rows covers what it says, and no set of it holds two points that may both open."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsite.atlas.geodesy import geodesic_km
from dcsite.bench.families import FAMILIES, all_pairs, grids, grids_and_pairs
from dcsite.model.cliques import disc_cover


@st.composite
def cases(draw):
    """Points in clusters anywhere on earth, and a distance."""
    seed = draw(st.integers(0, 2**32 - 1))
    generator = np.random.default_rng(seed)
    count = draw(st.integers(0, 25))
    lat = draw(st.floats(-89.0, 89.0)) + generator.normal(0.0, draw(st.floats(0.01, 5.0)), count)
    lon = draw(st.floats(-175.0, 175.0)) + generator.normal(0.0, draw(st.floats(0.01, 5.0)), count)
    return np.clip(lat, -89.9, 89.9), lon, draw(st.floats(0.5, 1500.0))


def conflicts(lat, lon, distance_km) -> set[tuple[int, int]]:
    """All pairs nearer than the distance, one by one."""
    return {
        (i, j)
        for i, j in combinations(range(len(lat)), 2)
        if geodesic_km(lat[i], lon[i], lat[j], lon[j]) < distance_km
    }


def covered(sets) -> set[tuple[int, int]]:
    return {pair for members in sets for pair in combinations(map(int, members), 2)}


@given(cases())
@settings(deadline=None, max_examples=60)
def test_no_family_forbids_a_pair_that_is_far_enough_apart(case):
    wanted = conflicts(*case)
    for name, cover in FAMILIES.items():
        sets = cover(*case)
        assert covered(sets) <= wanted, name
        for members in sets:
            assert len(members) > 1
            assert list(members) == sorted(set(members.tolist()))


@given(cases())
@settings(deadline=None, max_examples=60)
def test_pairs_and_grids_with_pairs_and_our_own_cover_every_conflict(case):
    wanted = conflicts(*case)
    for name in ("pairs", "grids+pairs", "dcsite"):
        assert covered(FAMILIES[name](*case)) == wanted, name


@given(cases())
@settings(deadline=None, max_examples=60)
def test_each_pair_row_is_one_that_no_other_row_has(case):
    assert len(all_pairs(*case)) == len(conflicts(*case))
    cells = covered(grids(*case))
    rest = [tuple(map(int, row)) for row in grids_and_pairs(*case)[len(grids(*case)) :]]
    assert set(rest) == conflicts(*case) - cells
    assert len(rest) == len(set(rest))


@given(cases())
@settings(deadline=None, max_examples=60)
def test_points_within_half_a_cell_share_a_cell(case):
    lat, lon, distance_km = case
    half_deg = np.degrees(distance_km / np.sqrt(2.0) / 6399.6) / 2.0 * (1.0 - 1e-6)
    close = {
        (i, j)
        for i, j in combinations(range(len(lat)), 2)
        if abs(lat[i] - lat[j]) < half_deg and abs(lon[i] - lon[j]) < half_deg
    }
    assert close <= covered(grids(*case))


@given(cases())
@settings(deadline=None, max_examples=60)
def test_a_point_stands_in_at_most_four_cells(case):
    count = np.bincount(np.concatenate([[], *grids(*case)]).astype(int), minlength=1)
    assert count.max() <= 4


def test_three_points_on_the_equator():
    lat, lon = np.zeros(3), np.array([0.1, 0.2, 5.0])
    for cover in (all_pairs, grids, grids_and_pairs, disc_cover):
        assert [members.tolist() for members in cover(lat, lon, 50.0)] == [[0, 1]]


def test_a_pair_across_a_cell_of_every_grid_is_left_to_its_own_row():
    # Cells of 100 km are 0.633 degrees wide: 0.85 apart is too far for one, but 94.6 km is near.
    lat, lon = np.zeros(2), np.array([0.0, 0.85])
    assert geodesic_km(0.0, 0.0, 0.0, 0.85) == pytest.approx(94.62, abs=0.01)
    assert grids(lat, lon, 100.0) == []
    assert [members.tolist() for members in grids_and_pairs(lat, lon, 100.0)] == [[0, 1]]


@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_to_keep_apart(name):
    none = np.array([])
    here, there = np.array([35.0, 35.0]), np.array([139.0, 139.0])
    assert FAMILIES[name](none, none, 100.0) == []
    assert FAMILIES[name](here, there, 0.0) == []
