"""Gentle land: by hand, against a flood fill, and the shipped table against the mesh."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcsite.atlas import Atlas
from dcsite.geo.geodesy import geodesic_km
from dcsite.scenario import LandParameters
from dcsite.sites import municipality_sites, read_sites
from dcsite.sites.land import (
    _largest,
    by_municipality,
    gentle_cells,
    gentle_land,
    lakes,
    municipality_points,
)


def test_the_shipped_table_is_what_the_mesh_gives(atlas: Atlas) -> None:
    shipped = atlas.table("gentle_land_by_municipality")
    pd.testing.assert_frame_equal(by_municipality(atlas), shipped)


def flood(cells: dict[tuple[int, int], float]) -> float:
    """Sum the largest piece by walking from cell to cell."""
    left, best = set(cells), 0.0
    while left:
        todo, total = [left.pop()], 0.0
        while todo:
            row, column = todo.pop()
            total += cells[row, column]
            beside = {(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)}
            todo += beside & left
            left -= beside
        best = max(best, total)
    return best


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 6), st.integers(0, 6)), st.floats(0.1, 90.0), max_size=40
    )
)
def test_the_largest_piece_is_that_of_a_flood_fill(cells: dict[tuple[int, int], float]) -> None:
    row, column = np.array(list(cells), dtype=np.int64).reshape(-1, 2).T
    assert _largest(row, column, np.array(list(cells.values()))) == pytest.approx(flood(cells))


def test_land_about_a_point_is_that_of_all_cells_tried(atlas: Atlas) -> None:
    """On the border of Inzai and Shiroi: the circle is everyone's, the piece is Inzai's alone."""
    lat, lon = 35.80, 140.10
    cells = gentle_cells(atlas)
    km = geodesic_km(lat, lon, cells["lat_deg"].to_numpy(), cells["lon_deg"].to_numpy())
    near = cells[km <= 10.0]
    own = near[near["municipality_code"] == "12231"]
    piece = flood(
        dict(zip(zip(own["row"], own["column"], strict=True), own["land_ha"], strict=True))
    )
    found = gentle_land([lat], [lon], ["12231"], atlas).iloc[0]
    assert found.tolist() == pytest.approx([near["land_ha"].sum(), piece])
    assert 0.0 < piece < near["land_ha"].sum() < np.pi * 10.0**2 * 100.0


def test_a_cell_lies_where_its_code_says_and_is_as_large(atlas: Atlas) -> None:
    """Ishikari's office stands in 6441 4283: 30 by 45 seconds, 926 m by 1,015 m."""
    office = atlas.table("municipalities").loc["01235"]
    cells = gentle_cells(atlas)
    here = cells[
        (np.abs(cells["lat_deg"] - office["office_lat_deg"]) <= 1 / 240)
        & (np.abs(cells["lon_deg"] - office["office_lon_deg"]) <= 1 / 160)
    ]
    assert here["municipality_code"].tolist() == ["01235"]
    assert here["land_ha"].iloc[0] == pytest.approx(92.58 * 1.0157, rel=1e-3)


def test_a_level_piece_with_nothing_lower_beside_it_is_a_lake() -> None:
    """Nine cells at 83 m in hills; the same with an outlet at 82 m; seven cells; a slope."""
    row, column = np.array(list(product(range(5), range(5)))).T
    inner = (np.abs(row - 2) <= 1) & (np.abs(column - 2) <= 1)
    hills = np.where(inner, 83.0, 90.0 + row)
    assert (lakes(row, column, hills) == inner).all()
    outlet = hills.copy()
    outlet[0] = 82.0  # beside a corner of the nine
    assert not lakes(row, column, outlet).any()
    small = np.where(inner & (row + column != 2) & (row + column != 6), 83.0, 90.0 + row)
    assert not lakes(row, column, small).any()
    assert not lakes(row, column, 80.0 + row + 0.0 * column).any()


def test_lake_biwa_is_no_gentle_land_and_the_plain_beside_it_is(atlas: Atlas) -> None:
    cells = gentle_cells(atlas)

    def gentle(lat: float, lon: float) -> bool:
        near = (np.abs(cells["lat_deg"] - lat) < 1 / 240) & (
            np.abs(cells["lon_deg"] - lon) < 1 / 160
        )
        return bool(near.any())

    assert not gentle(35.25, 136.05)
    assert not gentle(37.48, 140.09)  # Inawashiro
    assert gentle(35.13, 136.10)  # Omihachiman's fields


@pytest.mark.parametrize(
    ("code", "least_mw", "most_mw"),
    [
        ("01213", 200, 600),  # Tomakomai: a 300 MW site of 70 ha is being built
        ("01235", 200, 600),  # Ishikari
        ("40230", 200, 800),  # Itoshima: 300 MW announced
        ("12231", 400, 700),  # Inzai: 80 ha of data-centre sites
        ("13101", 0, 5),  # Chiyoda-ku
        ("11223", 0, 5),  # Warabi-shi, the most densely peopled city
        ("22205", 0, 10),  # Atami-shi, on a slope
        ("47201", 50, 150),  # Naha-shi
        ("13402", 0, 0),  # Aogashima-mura, a crater
    ],
)
def test_what_land_carries_is_believable(
    atlas: Atlas, land: LandParameters, code: str, least_mw: float, most_mw: float
) -> None:
    assert least_mw <= municipality_sites(atlas, land).loc[code, "max_it_load_mw"] <= most_mw


def test_a_site_that_states_no_size_gets_the_land_about_its_own_point(
    tmp_path: Path, atlas: Atlas, land: LandParameters
) -> None:
    """Two points of Matsumoto: in the basin, and in Kamikochi's mountains."""
    path = tmp_path / "two.csv"
    path.write_text("site_id,lat_deg,lon_deg\nbasin,36.20,137.94\nkamikochi,36.24,137.65\n")
    sites = read_sites(path, atlas, land)
    assert sites["municipality_code"].tolist() == ["20202", "20202"]
    basin, mountains = sites["max_it_load_mw"]
    assert basin > 100.0
    assert mountains < 10.0


def test_points_moved_to_the_gentle_land_are_no_truer(atlas: Atlas) -> None:
    """Where known sites stand against the office and against what the mesh would move it to.

    Fifteen places of data centres placed by district or finer, in eleven municipalities (Seika
    stands for Keihanna): too few and too alike to move 1,741 points for.
    """
    known = atlas.table("data_centres_existing")
    known = known[
        known["precision"].isin(["oaza", "district"]) & (known["kind"] != "interconnection")
    ]
    keihanna = known["coordinate_basis"].str.contains("Seika")
    known["municipality_code"] = known["municipality_code"].where(~keihanna, "26366")
    known = known.drop_duplicates(["lat_deg", "lon_deg"])
    assert (len(known), known["municipality_code"].nunique()) == (15, 11)
    points = pd.DataFrame(
        np.transpose(municipality_points(atlas)), atlas.table("municipalities").index
    )
    off: dict[str, list[float]] = {"office": [], "centroid": [], "nearest": []}
    for site in known.itertuples():
        cells = gentle_cells(atlas)
        office = points.loc[site.municipality_code].tolist()
        cells = cells[cells["municipality_code"] == site.municipality_code]
        lat, lon = cells["lat_deg"].to_numpy(), cells["lon_deg"].to_numpy()
        km = geodesic_km(*office, lat, lon)
        near = km <= 10.0
        middle = [np.average(axis[near], weights=cells["land_ha"][near]) for axis in (lat, lon)]
        to = {"office": office, "centroid": middle, "nearest": [lat[km.argmin()], lon[km.argmin()]]}
        for name, place in to.items():
            off[name].append(float(geodesic_km(*place, site.lat_deg, site.lon_deg)))
    told = {name: np.quantile(km, [0.5, 0.9]).round(1).tolist() for name, km in off.items()}
    assert told == {"office": [3.2, 9.2], "centroid": [3.2, 7.4], "nearest": [3.0, 9.2]}
