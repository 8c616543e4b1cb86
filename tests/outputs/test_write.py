from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest

from dcsite.atlas import Atlas
from dcsite.errors import OutputError
from dcsite.outputs import (
    FILE_NAMES,
    OutputPaths,
    check_directory,
    write_explanation,
    write_outputs,
)
from dcsite.plan.explanation import Explanation
from dcsite.plan.types import Plan


def test_all_five_files_are_written_and_named(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path: Path
) -> None:
    out = tmp_path / "deep" / "out"
    check_directory(out)
    paths = write_outputs(plan, candidates, atlas, out)
    assert paths == OutputPaths(
        out, out / "plan.json", out / "hubs.geojson", out / "hubs.csv", out / "loads.csv",
        out / "flows.csv", out / "candidates.csv", out / "plan.gpkg", out / "brief.html",
        out / "map.html", out / "candidates.html", out / "single_points.html",
    )  # fmt: skip
    without = set(FILE_NAMES) - {"candidates.csv", "candidates.html"}  # there is no scorecard here
    assert {path.name for path in out.iterdir()} == without
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_a_second_run_gives_the_same_bytes(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path: Path
) -> None:
    def written() -> dict[str, bytes]:
        write_outputs(plan, candidates, atlas, tmp_path / "out")
        return {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}

    first, second = written(), written()
    assert [name for name in first if first[name] != second[name]] == []


def test_an_unwritable_plan_leaves_the_old_folder(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path: Path
) -> None:
    write_outputs(plan, candidates, atlas, tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    broken = dataclasses.replace(plan)
    object.__setattr__(broken, "hubs", (None,))
    with pytest.raises(AttributeError):
        write_outputs(broken, candidates, atlas, tmp_path / "out")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_candidates_in_another_projection_are_refused(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="expected EPSG:4326, got EPSG:3857"):
        write_outputs(plan, candidates.to_crs(3857), atlas, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


#: A limit on file size fails writes as a full disk does, in Python and inside GDAL alike.
_FULL_DISK = """
import pickle, resource, sys
from pathlib import Path
from dcsite.atlas import load_atlas
from dcsite.errors import OutputError
from dcsite.outputs import write_outputs
plan, candidates = pickle.loads(Path(sys.argv[1]).read_bytes())
atlas = load_atlas()
limit = int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    write_outputs(plan, candidates, atlas, Path(sys.argv[2]))
except OutputError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("file", "limit"), [("plan.json", 4_096), ("gpkg", 150_000), ("map", 990_000)]
)
def test_a_full_disk_is_one_line_and_leaves_the_old_folder(
    plan: Plan,
    candidates: gpd.GeoDataFrame,
    atlas: Atlas,
    tmp_path: Path,
    file: str,
    limit: int,
) -> None:
    import pickle

    out = tmp_path / "out"
    write_outputs(plan, candidates, atlas, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    pickled = tmp_path / "plan.pickle"
    pickled.write_bytes(pickle.dumps((plan, candidates)))
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(pickled), str(out), str(limit)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert len(lines) == 1, done
    assert "disk" in lines[0]
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "plan.pickle"]


def test_a_plan_of_a_users_own_sites_is_written(
    plan: Plan, candidates: gpd.GeoDataFrame, atlas: Atlas, tmp_path: Path
) -> None:
    own = candidates.head(4).copy()
    own.index = [f"site-{n:04d}" for n in range(1, 5)]
    own["name_en"] = None
    own["municipality_code"] = None
    own["hectares"] = 12.5
    hub = dataclasses.replace(
        plan.hubs[0], site_id="site-0001", municipality_code=None, name_en=None
    )
    paths = write_outputs(dataclasses.replace(plan, hubs=(hub,)), own, atlas, tmp_path / "out")
    assert json.loads(paths.plan_json.read_text(encoding="utf-8"))["hubs"][0]["name_en"] is None
    page = paths.map_html.read_text(encoding="utf-8")
    assert '"shapes":[[43.0621,141.3544],' in page


def test_check_directory_knows_our_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for name in FILE_NAMES:
        (out / name).touch()
    check_directory(out)
    (out / "thesis.docx").touch()
    with pytest.raises(OutputError, match=r"did not write \(thesis\.docx\)"):
        check_directory(out)


def test_a_folder_that_holds_an_input_is_not_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "hubs.csv").touch()
    (tmp_path / "link").symlink_to(out)
    for folder in (out, tmp_path / "link", tmp_path / "away" / ".." / "out"):
        with pytest.raises(OutputError, match=r"holds hubs\.csv, which this run reads"):
            check_directory(folder, inputs=[out / "hubs.csv"])
    check_directory(out, inputs=[tmp_path / "hubs.csv"])


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_an_explanation_written_later_is_as_if_written_at_once(
    plan: Plan,
    candidates: gpd.GeoDataFrame,
    atlas: Atlas,
    explanation: Explanation,
    tmp_path: Path,
) -> None:
    write_outputs(plan, candidates, atlas, tmp_path / "later")
    before = contents(tmp_path / "later")
    paths = write_explanation(explanation, candidates, atlas, tmp_path / "later")
    assert paths.map_html == tmp_path / "later" / "map.html"
    after = contents(tmp_path / "later")
    assert {name for name in after if after[name] != before.get(name)} == {
        "map.html", "explanation.json",
    }  # fmt: skip
    write_outputs(plan, candidates, atlas, tmp_path / "at_once", None, explanation)
    assert contents(tmp_path / "at_once") == after
    # Without it again, the folder is what it was.
    write_outputs(plan, candidates, atlas, tmp_path / "later")
    assert contents(tmp_path / "later") == before


def test_an_explanation_of_another_plan_changes_nothing(
    plan: Plan,
    candidates: gpd.GeoDataFrame,
    atlas: Atlas,
    explanation: Explanation,
    tmp_path: Path,
) -> None:
    fewer = dataclasses.replace(plan, hubs=plan.hubs[:-1])
    write_outputs(fewer, candidates, atlas, tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(OutputError, match="was replaced by another plan"):
        write_explanation(explanation, candidates, atlas, tmp_path / "out")
    assert contents(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_is_gone_or_holds_a_users_file_is_left_alone(
    candidates: gpd.GeoDataFrame, atlas: Atlas, explanation: Explanation, tmp_path: Path
) -> None:
    with pytest.raises(OutputError):
        write_explanation(explanation, candidates, atlas, tmp_path / "gone")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="did not write"):
        write_explanation(explanation, candidates, atlas, tmp_path / "out")
    assert contents(tmp_path / "out") == {"notes.txt": b"mine"}
