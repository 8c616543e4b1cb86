"""One name for a layer, of whichever of a user's files has it."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from dcsite.contract import disasters_at, file_and_layer, input_files
from dcsite.errors import ScenarioError
from dcsite.plan import Session

NAME = "案"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write two files of two layers each, of points and of footprints, and one of one layer."""
    folder = tmp_path_factory.mktemp("layers")
    points = gpd.GeoDataFrame(
        {"site_id": ["a", "b"], "max_mw": [50.0, 60.0]},
        geometry=shapely.points([[141.1, 39.3], [140.48, 39.45]]),
        crs=4326,
    )
    squares = gpd.GeoDataFrame(
        {"scenario_id": ["flood"]}, geometry=[shapely.box(141.0, 39.2, 141.2, 39.4)], crs=4326
    )
    for name in (NAME, "old"):
        points.to_file(folder / "sites.gpkg", layer=name)
    moved = points.assign(site_id=["c", "d"], geometry=points.translate(1e-3))
    moved.to_file(folder / "one.gpkg", layer="one")
    for name in ("other", NAME):
        squares.to_file(folder / "squares.gpkg", layer=name)
    return folder


def test_each_file_that_has_the_layer_is_read_by_it(folder, shipped_atlas):
    session = Session.open(
        "best-of",
        (f"places.sites_file={folder / 'one.gpkg'}",),
        folder / "sites.gpkg",
        disasters=folder / "squares.gpkg",
        layer=NAME,
        atlas=shipped_atlas,
    )
    assert str(session.given_sites) == f"{folder / 'sites.gpkg'}|layername={NAME}"
    assert session.scenario.places.sites_file == str(folder / "one.gpkg")
    assert input_files(session.scenario) == (folder / "squares.gpkg",)
    # What workers and other scenarios get says it too.
    assert session.overrides[-1].endswith(f'squares.gpkg|layername={NAME}"')
    sites = Session.open("best-of", (), session.given_sites, atlas=shipped_atlas).sites
    assert sites["max_it_load_mw"].tolist() == [50.0, 60.0]
    struck = disasters_at(
        sites.assign(tier="large"),
        shipped_atlas,
        session.scenario,
    )
    assert struck.lost[:, struck.events.index.get_loc("user_flood")].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (("sites.gpkg", "squares.gpkg"), 'has a layer "x"; they hold "案", "old", "other", "案"'),
        ((), 'no file given has a layer "x"; they have none that could be named'),
    ],
)
def test_a_name_that_no_file_has(folder, shipped_atlas, files, message):
    given = dict(zip(("sites", "disasters"), (folder / name for name in files), strict=False))
    with pytest.raises(ScenarioError) as caught:
        Session.open("best-of", layer="x", atlas=shipped_atlas, **given)
    assert str(caught.value).startswith("--layer: ")
    assert message in str(caught.value)


def test_a_file_and_its_layer(tmp_path):
    assert file_and_layer(tmp_path / "a.gpkg") == (tmp_path / "a.gpkg", None)
    assert file_and_layer(f"{tmp_path}/a.gpkg|layername=b/c") == (tmp_path / "a.gpkg", "b/c")
