"""Ctrl-C, SIGTERM and SIGKILL at the worst moments: whole files or none, nobody left behind."""

from __future__ import annotations

import shutil
import signal
import time
from pathlib import Path

import jsonschema
import pytest

from dcsite.outputs import FILE_NAMES
from dcsite.plan.types import Plan

pytestmark = pytest.mark.end_to_end

POLITE = pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def assert_whole(finished) -> None:
    """The folder holds the five files of one plan."""
    assert sorted(contents(finished.directory)) == sorted(FILE_NAMES)
    plan = finished.plan
    jsonschema.Draft202012Validator(Plan.schema()).validate(plan)
    table = (finished.directory / "hubs.csv").read_text("utf-8-sig")
    page = (finished.directory / "map.html").read_text("utf-8")
    assert page.rstrip().endswith("</html>")
    for hub in plan["hubs"]:
        assert hub["site_id"] in table
        assert hub["name_ja"] in page


def assert_interrupted(finished) -> None:
    """Either a whole plan that says it was interrupted, or nothing and a line that says so."""
    assert finished.code == 130, finished.stderr
    assert list(finished.scratch.iterdir()) == []
    assert "Traceback" not in finished.stderr
    parent = finished.directory.parent
    if finished.directory.exists():
        assert [path.name for path in parent.iterdir()] == [finished.directory.name]
        assert_whole(finished)
        assert finished.plan["status"] == "interrupted"
        assert "interrupted: the best plan found so far was kept" in finished.stdout
    else:
        assert list(parent.iterdir()) == []
        assert "interrupted" in finished.stderr.splitlines()[-1]
        assert finished.stdout == ""


@POLITE
def test_stopped_as_soon_as_it_solves(start, still_alive, tmp_path, sent):
    running = start("solve", "--output", "out", cwd=tmp_path)
    running.wait_for(r" s  solving$")
    running.process.send_signal(sent)
    children = running.descendants()
    assert_interrupted(running.finish(tmp_path / "out"))
    assert still_alive(children) == set()


@POLITE
def test_stopped_with_a_plan_in_hand_it_keeps_the_plan(start, still_alive, tmp_path, sent):
    running = start("solve", "--gap", "0", "--output", "out", cwd=tmp_path)
    running.wait_for(r": best 0\.\d")
    children = running.descendants()
    assert children
    running.process.send_signal(sent)
    finished = running.finish(tmp_path / "out")
    assert_interrupted(finished)
    assert finished.directory.exists(), finished.stderr
    plan = finished.plan
    assert plan["objective"] <= plan["bound"]
    assert plan["gap"] > 0.0
    tiers = [hub["tier"] for hub in plan["hubs"]]
    assert tiers.count("core") == 2
    assert still_alive(children) == set()


def test_a_second_ctrl_c_ends_it_at_once(start, still_alive, tmp_path):
    running = start("solve", "--gap", "0", "--output", "out", cwd=tmp_path)
    running.wait_for(r": best 0\.\d")
    children = running.descendants()
    began = time.monotonic()
    for _ in range(2):
        running.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    assert_interrupted(running.finish(tmp_path / "out"))
    assert time.monotonic() - began < 30.0
    assert still_alive(children) == set()


def _wait_for_staging(running, folder: Path) -> None:
    """Wait until the files of a new output are being written beside the old one."""
    running.wait_for(r" s  writing outputs$")  # before the solve the folder is tried too
    deadline = time.monotonic() + 120.0
    while time.monotonic() < deadline:
        if any(path.name.startswith(".out.") for path in folder.iterdir()):
            return
        time.sleep(0.002)
    pytest.fail("nothing was written")


@pytest.fixture
def older(few_run, tmp_path):
    """A folder with an older output, and its bytes."""
    return contents(shutil.copytree(few_run.directory, tmp_path / "out"))


@POLITE
def test_stopped_while_writing_it_writes_to_the_end_and_says_so(start, few, older, tmp_path, sent):
    """The plan is in hand by then, so it is kept, as Ctrl-C promises."""
    running = start(
        "solve", *few, "--set", "tiers.regional.count=1", "--output", "out", cwd=tmp_path
    )
    _wait_for_staging(running, tmp_path)
    running.process.send_signal(sent)
    finished = running.finish(tmp_path / "out")
    assert finished.code == 130, finished.stderr
    assert "Traceback" not in finished.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert contents(tmp_path / "out") != older
    assert_whole(finished)
    assert finished.plan["scenario"]["tiers"]["regional"]["count"] == {"min": 1, "max": 1}
    assert finished.stdout.splitlines()[-1] == "map: out/map.html"
    assert "interrupted" in finished.stdout + finished.stderr


def test_killed_while_writing_leaves_the_older_output_and_the_way_free(
    start, solve, few, older, tmp_path
):
    running = start("solve", *few, "--output", "out", cwd=tmp_path)
    _wait_for_staging(running, tmp_path)
    running.process.kill()
    assert running.finish(tmp_path / "out").code == -signal.SIGKILL
    assert contents(tmp_path / "out") == older
    again = solve(*few, "--quiet", "--set", "tiers.regional.count=1", cwd=tmp_path)
    assert again.code == 0, again.stderr
    assert_whole(again)
    assert again.plan["scenario"]["tiers"]["regional"]["count"] == {"min": 1, "max": 1}


@pytest.mark.parametrize("solver", ["highs", "cbc"])
def test_killed_while_solving_leaves_the_older_output_and_no_solver(
    start, still_alive, own_sites, older, tmp_path, solver
):
    running = start("solve", "--solver", solver, "--gap", "0", "--output", "out", cwd=tmp_path)
    running.wait_for(r" s  solving$")
    deadline = time.monotonic() + 60.0
    while not (children := running.descendants()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert children
    running.process.kill()
    assert running.finish(tmp_path / "out").code == -signal.SIGKILL
    assert still_alive(children) == set()
    assert contents(tmp_path / "out") == older
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("robust", "--sites", "SITES", "--samples", "4", "-o", "out"),
        ("frontier", "--sites", "SITES", "--points", "3", "-o", "out"),
        ("explain", "PLAN", "--sites", "TOWNS"),
    ],
    ids=lambda words: words[0],
)
def test_killed_with_others_at_work_none_of_them_lives_on(
    start, still_alive, few, few_run, own_sites, tmp_path, arguments
):
    """Workers end with their parent while they still load libraries, and solvers with both."""
    given = {"PLAN": few_run.directory, "SITES": own_sites, "TOWNS": few[1]}
    running = start(*(given.get(word, word) for word in arguments), cwd=tmp_path)
    deadline = time.monotonic() + 120.0
    while not (children := running.descendants()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert children
    running.process.kill()
    assert running.finish(tmp_path / "out").code == -signal.SIGKILL
    assert still_alive(children) == set()
    for left in running.finish(tmp_path).scratch.iterdir():
        assert left.name.startswith("dcsite-scratch-")  # the next run there removes it


@pytest.mark.parametrize(
    ("begun", "arguments"),
    [
        (r" s  building the program$", ("frontier", "--points", "3", "-o", "out")),
        (r": measuring sites$", ("compare", "policy-2023", "distance-only", "-o", "out")),
        (r" s  reading geodata$", ("stress", "PLAN", "-o", "out")),
        (r" s  building the program$", ("edge", "PLAN", "-o", "out")),
        (r" s  reading geodata$", ("explain", "PLAN", "--sites", "TOWNS", "--write")),
        (None, ("robust", "--samples", "4", "-o", "out")),
        (None, ("solve", "-o", "out")),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_ctrl_c_before_there_is_an_answer(
    start, still_alive, few, few_run, tmp_path, begun, arguments
):
    """Code 130 within seconds, one line that says so, nothing written, nobody left behind."""
    before = contents(few_run.directory)
    given = {"PLAN": few_run.directory, "TOWNS": few[1]}
    running = start(*(given.get(word, word) for word in arguments), cwd=tmp_path)
    if begun is None:
        time.sleep(1.0)
    else:
        running.wait_for(begun)
    children = running.descendants()
    running.process.send_signal(signal.SIGINT)
    began = time.monotonic()
    finished = running.finish(tmp_path / "out")
    assert time.monotonic() - began < 10.0
    assert finished.code == 130, finished.stderr
    assert finished.stdout == ""
    said = [line for line in finished.stderr.splitlines() if " s  " not in line]
    assert said in (["error: interrupted; nothing was written"], ["interrupted"])
    assert list(tmp_path.iterdir()) == []
    assert list(finished.scratch.iterdir()) == []
    assert contents(few_run.directory) == before
    assert still_alive(children) == set()
