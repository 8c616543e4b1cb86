"""MEC sites along corridors: lines worked by hand, brute force, shortages, bad files."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon, mapping

from dcsite.errors import CheckError, CorridorsError, NoPlanInTimeError, ScenarioError, SitesError
from dcsite.geo.geodesy import geodesic_destination, geodesic_km
from dcsite.records import Record
from dcsite.solvers import SolveOptions
from dcsite.studies.edge import corridors_of, run_edge
from dcsite.studies.edge_corridors import EdgeAssumptions, cells_of, read_corridors
from dcsite.studies.edge_cover import find_cover

#: A line to the east of Obihiro, on the plain of Tokachi, and hubs picked by hand.
LAT, LON = 42.9, 143.0
HUBS = (("01207", "regional", 42.92, 143.2, 20.0), ("01100", "core", 43.06, 141.35, 200.0))
NEAR = settings(max_examples=15, deadline=None)


@pytest.fixture(scope="module")
def plan():
    hubs = [
        SimpleNamespace(site_id=code, name_ja=code, name_en=None, tier=tier, lat_deg=lat,
                        lon_deg=lon, it_load_mw=mw)
        for code, tier, lat, lon, mw in HUBS
    ]  # fmt: skip
    return SimpleNamespace(hubs=hubs, title_ja="試験", title_en="Test", digest="0" * 64)


@pytest.fixture(scope="module")
def shipped():
    return EdgeAssumptions.read()


def assuming(shipped, **values):
    changed = {k: getattr(shipped, k).model_copy(update={"value": v}) for k, v in values.items()}
    return shipped.model_copy(update=changed)


def east(km):
    lat, lon = geodesic_destination(LAT, LON, 90.0, km)
    return float(lon), float(lat)


def layer(write_file, *features, name="mine.geojson"):
    text = json.dumps(
        {"type": "FeatureCollection",
         "features": [{"type": "Feature", "properties": properties,
                       "geometry": mapping(shape) if hasattr(shape, "geom_type") else shape}
                      for properties, shape in features]}
    )  # fmt: skip
    return write_file(name, text)


@pytest.fixture
def run(plan, policy, shipped_atlas, shipped, write_file):
    """Cover a line of some km by places at some km along it."""

    def cover(km, places, atlas=shipped_atlas, properties=(), **values):
        line = ({"name": "道", "kind": "road", **dict(properties)}, LineString([east(0), east(km)]))
        drawn = read_corridors(layer(write_file, line))
        text = "id,name,lat,lon\n" + "".join(
            f"P{n},P{n},{east(at)[1]:.9f},{east(at)[0]:.9f}\n" for n, at in enumerate(places)
        )
        own = write_file("places.csv", text)
        assumed = assuming(shipped, **values)
        return run_edge(plan, policy, atlas, assumed, drawn, candidates=own, own_only=True,
                        options=SolveOptions(time_limit_s=60.0))  # fmt: skip

    return cover


def test_a_line_worked_by_hand(run):
    # 40 km of fibre are 40 / (1.3 * 1.5) = 20.5 km straight: of places every 20 km along 80 km
    # those at 20 and 60 reach all cells, whose outermost stand at 1 and 79 km.
    found = run(80.0, (0, 20, 40, 60, 80))
    assert (found.status, found.sites, found.sites_bound) == ("optimal", 2, 2)
    assert sorted(one.site_id for one in found.mec) == ["P1", "P3"]
    assert [len(found.cells), found.shortages] == [40, ()]
    assert found.spur_km == pytest.approx(2.0, abs=1e-3)  # a km from each to the next cell
    west = next(one for one in found.mec if one.site_id == "P1")
    assert west.load_kw == pytest.approx(40.0, abs=1e-3)  # 1 kW a km, half of the line
    # Radio there and back, equipment, and 19 km: 2 + 1 + 2 * 19 * 1.95 * 4.9e-3.
    assert west.worst_ms == pytest.approx(3.0 + 19.0 * 1.95 * 9.8e-3, abs=1e-3)
    assert (west.parent_id, west.core_id) == ("01207", "01100")
    (corridor,) = found.corridors
    assert (corridor.reach_km, corridor.length_km) == pytest.approx((40 / 1.95, 80.0), abs=1e-3)
    assert sum(one.mec_load_mw for one in found.hubs) == pytest.approx(0.08, abs=1e-6)


def test_time_binds_where_it_is_shorter_than_fibre(run):
    # 3.1 ms leave 0.1 ms of fibre: 5.2 km straight.
    found = run(20.0, (5, 10, 15), properties={"max_ms": 3.1})
    assert found.corridors[0].reach_km == pytest.approx(0.1 / (1.95 * 9.8e-3), abs=1e-3)
    assert sorted(one.site_id for one in found.mec) == ["P0", "P2"]
    none = run(20.0, (5, 10, 15), properties={"max_ms": 2.5})
    assert (none.status, none.sites, len(none.shortages)) == ("none", 0, 10)
    assert "radio link and equipment alone take 3 ms of 2.5 ms" in none.cells[0].why_en
    assert none.lacking[0].cells == 10


def test_what_is_out_of_reach_is_a_shortage_and_the_rest_is_covered(run):
    found = run(80.0, (20,))
    assert found.sites == 1
    assert len(found.shortages) == 20  # beyond 40.5 km: cells at 41 to 79 km
    assert found.corridors[0].covered_share == 0.5
    first = found.lacking[0].first
    assert first.missing == 1
    assert "the nearest place, P0, is 21.0 km away (reach 20.5 km)" in first.why_en
    assert "最寄りの候補地P0まで21.0 km" in first.why_ja


def test_a_site_has_as_many_units_as_its_load_needs(run):
    found = run(40.0, (20, 21), mec_load_kw=15.0)  # a cell stands at 21 km, none at 20
    assert [(one.site_id, one.units) for one in found.mec] == [("P1", 3)]
    assert found.mec[0].load_kw == pytest.approx(40.0, abs=1e-3)


def test_a_spare_site_for_each_cell(run):
    found = run(20.0, (5, 10, 15), sites_per_cell=2.0)
    assert found.sites == 2
    assert all(len(one.site_ids) == 2 for one in found.cells)
    lone = run(20.0, (10,), sites_per_cell=2.0)
    assert {(one.missing, one.why_en) for one in lone.cells} == {(1, "1 of 2 MEC sites in reach")}


def test_a_place_far_from_every_hub_is_no_mec_site(run):
    found = run(20.0, (10,), parent_max_ms=1.05)
    assert (found.status, found.candidates_without_parent) == ("none", 1)
    assert "no hub of the plan within 1.05 ms of the places in reach (the least is" in (
        found.cells[0].why_en
    )


def test_the_check_finds_an_answer_that_is_none(run, monkeypatch):
    def greedy(*arguments, **options):
        return replace(find_cover(*arguments, **options), chosen=np.array([1]))

    monkeypatch.setattr("dcsite.studies.edge.find_cover", greedy)
    with pytest.raises(CheckError, match="lacks a MEC site it could have"):
        run(80.0, (0, 20, 40, 60, 80))


def test_shipped_corridors_are_those_the_strategy_names(shipped_atlas, shipped):
    drawn = corridors_of(shipped_atlas, None)
    assert drawn["lines"].tolist() == ["N5", "N3"]
    cells = cells_of(drawn, shipped)
    line, area = (cells[cells["corridor"] == at] for at in (0, 1))
    assert line["km"].sum() == pytest.approx(drawn["stated_km"].iloc[0], rel=0.25)
    towns = shipped_atlas.table("municipalities")
    codes = ["11207", "11361", "11362", "11363", "11365"]
    assert area["km2"].sum() == pytest.approx(towns.loc[codes, "area_km2"].sum(), rel=0.01)


@given(km=st.floats(0.5, 300.0), spacing=st.floats(0.3, 40.0), azimuth=st.floats(0.0, 360.0))
@NEAR
def test_cells_stand_evenly_and_for_the_whole_line(km, spacing, azimuth):
    end = geodesic_destination(36.0, 138.0, azimuth, km)
    middle = geodesic_destination(36.0, 138.0, azimuth, km / 3.0)
    line = LineString(
        [(138.0, 36.0), (float(middle[1]), float(middle[0])), (float(end[1]), float(end[0]))]
    )
    assumed = assuming(EdgeAssumptions.read(), sampling_km=spacing)
    drawn = corridor(line)
    cells = cells_of(drawn, assumed)
    assert len(cells) == max(1, int(np.ceil(km / spacing - 1e-6)))
    assert cells["km"].sum() == pytest.approx(km, rel=1e-6)
    lat, lon = cells["lat_deg"].to_numpy(), cells["lon_deg"].to_numpy()
    steps = geodesic_km(lat[:-1], lon[:-1], lat[1:], lon[1:])
    assert steps == pytest.approx(np.full(len(cells) - 1, km / len(cells)), abs=1e-3)


def corridor(shape):
    return pd.DataFrame(
        {"corridor_id": ["a"], "name_ja": ["a"], "kind": ["road"], "weight": [1.0],
         "max_ms": [np.nan], "geometry": [shape]}
    )  # fmt: skip


@given(
    reached=st.lists(st.lists(st.integers(0, 5), unique=True), min_size=1, max_size=7),
    km=st.lists(st.integers(0, 50), min_size=6, max_size=6),
    wanted=st.integers(1, 2),
)
@NEAR
def test_the_cover_is_the_best_of_all(reached, km, wanted):
    pairs = [(cell, place) for cell, its in enumerate(reached) for place in its]
    near = pd.DataFrame(pairs, columns=["cell", "place"])
    cover = find_cover(near, wanted, pd.Series(km, dtype=float), SolveOptions())
    fits = [
        some
        for n in range(7)
        for some in itertools.combinations(range(6), n)
        if all(len({*some} & {*its}) >= min(wanted, len(its)) for its in reached)
    ]
    least = min(map(len, fits))
    assert len(cover.chosen) == cover.sites_bound == least
    best = min(sum(km[at] for at in some) for some in fits if len(some) == least)
    assert sum(km[at] for at in cover.chosen) == best
    assert cover.km_bound == pytest.approx(best, abs=1e-6)
    assert tuple(cover.chosen) in fits


def test_no_choice_in_time_is_said(run, monkeypatch):
    late = SimpleNamespace(values=None, interrupted=False)
    monkeypatch.setattr("dcsite.studies.edge_cover.solve", lambda *_: late)
    with pytest.raises(NoPlanInTimeError, match="no choice of MEC sites within 60 s"):
        run(20.0, (10,))


def test_features_of_one_name_are_one_corridor(write_file, shipped):
    pieces = [LineString([east(a), east(a + 10)]) for a in (0, 10, 20)]
    named = [({"name": "国道", "weight": 2}, one) for one in pieces]
    lone = LineString([east(40), east(41)])
    drawn = read_corridors(layer(write_file, *named, ({}, lone)))
    assert drawn["name_ja"].tolist() == ["国道", "corridor-0002"]
    taken = read_corridors(layer(write_file, ({}, lone), ({"id": "corridor-0001"}, lone)))
    assert taken["corridor_id"].tolist() == ["corridor-0002", "corridor-0001"]
    cells = cells_of(drawn, shipped)
    assert cells.groupby("corridor").size().tolist() == [15, 1]
    assert cells["load_kw"].sum() == pytest.approx(61.0, abs=0.01)


@pytest.mark.parametrize(
    ("properties", "shape", "fragments"),
    [
        ({}, {"type": "Point", "coordinates": [143, 43]}, ["feature 1", "is a Point", "a line or"]),
        ({}, None, ["feature 1", "missing"]),
        ({}, LineString([(43, 143), (43, 144)]), ["outside Japan", "longitude 122 to 154"]),
        ({"kind": "canal"}, LineString([east(0), east(9)]), ["kind", "canal", "road"]),
        ({"weight": "-1"}, LineString([east(0), east(9)]), ["weight", "-1", "0 to 1e+06"]),
        ({"max_ms": "soon"}, LineString([east(0), east(9)]), ["max_ms", "soon", "number"]),
        ({}, Polygon([(143, 43), (144, 44), (144, 43), (143, 44)]), ["Self-intersection"]),
    ],
)  # fmt: skip
def test_bad_corridors_are_one_line(write_file, properties, shape, fragments):
    with pytest.raises(CorridorsError) as caught:
        read_corridors(layer(write_file, (properties, shape)))
    (problem,) = caught.value.problems
    assert all(one in str(problem) for one in ["mine.geojson", *fragments])


def test_parts_of_a_corridor_that_disagree_are_refused(write_file):
    line = LineString([east(0), east(9)])
    pair = [({"corridor_id": "a", "kind": kind}, line) for kind in ("road", "drone")]
    with pytest.raises(
        CorridorsError, match="feature 2, column kind: is another than in feature 1"
    ):
        read_corridors(layer(write_file, *pair))


def test_too_much_is_refused_before_it_is_laid(shipped):
    line = LineString([(130.0, 31.0), (145.0, 45.0)])
    with pytest.raises(CorridorsError, match=r"make about .* cells every 0.001 km"):
        cells_of(corridor(line), assuming(shipped, sampling_km=0.001))
    with pytest.raises(CorridorsError, match="weight: have a load of"):
        cells_of(corridor(line).assign(weight=1e6), shipped)


def test_other_bad_input(run, write_file, shipped_atlas, policy, plan, shipped):
    text = "\n".join(
        f"[{name}]\nname_en='a'\nname_ja='a'\nvalue=0.0\nunit='a'\nwhy='a'"
        for name in EdgeAssumptions.model_fields if name != "kinds"
    )  # fmt: skip
    with pytest.raises(ScenarioError, match=r"bad\.toml: kinds"):
        EdgeAssumptions.read(write_file("bad.toml", text))
    drawn = corridors_of(shipped_atlas, None)
    own = write_file("own.csv", "id,name,lat,lon\n22100,A,35.0,138.4\n")
    with pytest.raises(SitesError, match="22100 is the id of a municipality's office"):
        run_edge(plan, policy, shipped_atlas, shipped, drawn, candidates=own)


def test_the_record_reads_back(run):
    found = run(20.0, (10,))
    assert type(found).read(found.text()).text() == found.text()
    assert isinstance(found, Record)


def test_fibre_does_not_cross_the_sea(plan, policy, shipped_atlas, shipped, write_file):
    # Miyajima is 2 km from the mainland; a drone over the water is served from the nearer shore.
    island = LineString([(132.28, 34.27), (132.30, 34.29)])
    water = LineString([(138.70, 34.70), (138.66, 34.70)])
    drawn = read_corridors(
        layer(write_file, ({"name": "島", "kind": "drone"}, island), ({"name": "海"}, water))
    )
    own = write_file("own.csv", "id,name,lat,lon\nA,本土,34.36,132.33\nB,松崎,34.75,138.78\n")
    hubs = [SimpleNamespace(**{**vars(plan.hubs[0]), "lat_deg": 34.9, "lon_deg": 136.0})]
    found = run_edge(
        SimpleNamespace(**{**vars(plan), "hubs": hubs}), policy, shipped_atlas, shipped, drawn,
        candidates=own, own_only=True,
    )  # fmt: skip
    assert [one.covered_share for one in found.corridors] == [0.0, 1.0]
    assert [one.site_id for one in found.mec] == ["B"]
    assert "over the sea" in found.cells[0].why_en
    assert "海を隔てる" in found.cells[0].why_ja


def test_an_area_smaller_than_a_cell_is_one_cell(shipped):
    speck = Point(138.4, 35.0).buffer(1e-3)
    (cell,) = cells_of(corridor(speck).assign(kind="area"), shipped).itertuples()
    assert cell.km == 0.0
    assert cell.km2 == pytest.approx(np.pi * 0.111 * 0.0913, rel=0.01)
    assert cell.load_kw == pytest.approx(0.5 * cell.km2)
    assert cell.max_ms == 10.0
