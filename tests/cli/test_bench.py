"""``dcsite bench``: the table and the JSON of a tiny run, and one line for each bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dcsite.bench import session
from dcsite.bench.dispersion import InstanceRow
from dcsite.errors import InfeasibleError, Problem

LINE = (
    "NAME: line\nDIMENSION: 5\nEDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n"
    "1 0 0\n2 1 0\n3 2 0\n4 3 0\n5 8 0\nEOF\n"
)
HEAD = "instance,count,lower_bound,upper_bound,proven\n"


@pytest.fixture
def line(workplace: Path) -> Path:
    folder = workplace / "tsp"
    folder.mkdir()
    (folder / "line.tsp").write_text(LINE, encoding="utf-8")
    (workplace / "published.csv").write_text(f"{HEAD}line,2,9,9,1\n", encoding="utf-8")
    return folder


def test_a_table_and_the_same_as_json_in_a_file(call, line, workplace):
    answer = call(
        "bench", "--part", "dispersion", "--instances", line, "--published", "published.csv",
        "--counts", "2,4", "--output", "found.json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    words = answer.out.split()
    assert words[words.index("line") :][:6] == ["line", "5", "2", "8", "8", "yes"]
    assert "dispersion: line, 4 of 5 points" in answer.err
    found = json.loads((workplace / "found.json").read_text(encoding="utf-8"))
    assert set(found["versions"]) >= {"dcsite", "Python", "PuLP", "cbc", "highs"}
    assert found["machine"]["cores"] >= 1
    assert found["date"][:10] in answer.out
    assert [(row["count"], row["distance"], row["agrees"]) for row in found["dispersion"]] == [
        (2, 8.0, "no"),
        (4, 1.0, ""),
    ]
    assert [path.name for path in sorted(workplace.iterdir())] == [
        "found.json", "published.csv", "tsp",
    ]  # fmt: skip


def test_json_on_stdout_and_nothing_on_stderr_when_quiet(call, line):
    answer = call(
        "bench", "--part", "dispersion", "--instances", line, "--counts", "2", "--json", "-q"
    )
    assert (answer.code, answer.err) == (0, "")
    (row,) = json.loads(answer.out)["dispersion"]
    assert (row["instance"], row["distance"], row["published_lower"]) == ("line", 8.0, None)
    assert row["peak_mb"] > 20.0


def test_ctrl_c_keeps_what_was_measured(call, line, workplace, monkeypatch):
    def stop(measure, asked, limit_s):
        if asked.count == 4:
            raise KeyboardInterrupt
        return InstanceRow(status="optimal", instance="line", points=5, count=2, distance=8.0)

    monkeypatch.setattr(session.run_parts, "__kwdefaults__", {"measure": stop})
    answer = call(
        "bench", "--part", "dispersion", "--instances", line, "--counts", "2,4,5",
        "--json", "--output", "found.json",
    )  # fmt: skip
    assert answer.code == 130
    assert "interrupted: what was measured so far is kept" in answer.err
    found = json.loads(answer.out)
    assert found["interrupted"] is True
    assert [row["count"] for row in found["dispersion"]] == [2]
    assert json.loads((workplace / "found.json").read_text(encoding="utf-8")) == found


def test_a_task_that_fails_is_told_and_gives_its_exit_code(call, line, workplace, monkeypatch):
    def fail(measure, asked, limit_s):
        if asked.count == 4:
            raise InfeasibleError(Problem("infeasible", "", "no plan meets [all] hard rules"))
        return InstanceRow(status="optimal", instance="line", points=5, count=asked.count)

    monkeypatch.setattr(session.run_parts, "__kwdefaults__", {"measure": fail})
    answer = call(
        "bench", "--part", "dispersion", "--instances", line, "--counts", "2,4,5", "--json", "-q"
    )
    assert answer.code == 3
    assert answer.errors == [
        "error: dispersion, line, 4 of 5 points: infeasible: no plan meets [all] hard rules"
    ]
    found = json.loads(answer.out)
    assert [row["count"] for row in found["dispersion"]] == [2, 5]
    assert found["errors"] == [
        {
            "part": "dispersion",
            "task": "line, 4 of 5 points",
            "error": "infeasible: no plan meets [all] hard rules",
        }
    ]


def test_a_file_that_cannot_be_written_any_more_does_not_end_the_run(
    call, line, workplace, monkeypatch
):
    def measure(measure, asked, limit_s):
        path = workplace / "found.json"
        if asked.count == 4:  # somebody puts a folder in the file's place
            path.unlink()
            path.mkdir()
        return InstanceRow(status="optimal", instance="line", points=5, count=asked.count)

    monkeypatch.setattr(session.run_parts, "__kwdefaults__", {"measure": measure})
    answer = call(
        "bench", "--part", "dispersion", "--instances", line, "--counts", "2,4,5", "--json", "-q",
        "--output", "found.json",
    )  # fmt: skip
    assert answer.code == 2
    assert answer.errors == ["error: found.json: is a folder; give a file with --output"]
    assert [row["count"] for row in json.loads(answer.out)["dispersion"]] == [2, 4, 5]


@pytest.mark.parametrize(("named", "limit_s"), [((), 30.0), (("--part", "dispersion"), 120.0)])
def test_the_round_through_all_parts_has_a_short_limit(call, line, monkeypatch, named, limit_s):
    seen: list[float] = []

    def measure(measure, asked, limit_s):
        seen.append(getattr(asked, "time_limit_s", limit_s))
        raise KeyboardInterrupt

    monkeypatch.setattr(session.run_parts, "__kwdefaults__", {"measure": measure})
    monkeypatch.setattr(session, "_TASKS", {**session._TASKS, "run": lambda request: []})
    answer = call("bench", *named, "--instances", line, "--counts", "2", "--json")
    assert answer.code == 130
    assert seen == [limit_s]
    assert json.loads(answer.out)["time_limit_s"] == limit_s


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (["nowhere.toml"], ["nowhere.toml"]),
        (["--part", "all"], ["'all'", "run, rows, peers, dispersion, growth"]),
        (["--solver", "gurobi"], ["'gurobi'", "cbc, highs"]),
        (["--counts", "5,x"], ["'5,x'", "5,10,15", "from 2"]),
        (["--counts", "1"], ["'1'", "from 2"]),
        (["--time-limit", "0"], ["--time-limit", "0.1"]),
        (["--time-limit", "nan"], ["--time-limit"]),
        (["--time-limit", "inf"], ["--time-limit"]),
        (["--set", "tiers.large.count=none"], ["tiers.large.count"]),
        (["--part", "dispersion"], ["--instances", "is missing"]),
        (["--part", "dispersion", "--instances", "nowhere"], ["nowhere", "no such folder"]),
        (["--part", "run", "--instances", "."], ["--instances", "--part dispersion"]),
        (["--part", "run", "--published", "p.csv"], ["--published", "--part dispersion"]),
        (["--part", "growth", "--most", "100"], ["--most", "100", "200"]),
        (["--part", "run", "--output", "a/b.json"], ["b.json", "no folder"]),
        (["--part", "run", "--output", "."], ["is a folder"]),
    ],
)  # fmt: skip
def test_bad_options_give_one_line_before_anything_is_measured(refused, arguments, fragments):
    refused(["bench", *arguments], [fragments])


def test_bad_files_give_one_line(refused):
    files = {"tsp/line.tsp": LINE, "p.csv": f"{HEAD}line,2,9,8,1\n"}
    arguments = ["bench", "--part", "dispersion", "--instances", "tsp", "--counts", "2"]
    refused([*arguments, "--published", "p.csv"], [["p.csv", "row 2", "9", "8"]], files)
    refused([*arguments, "--published", "q.csv"], [["q.csv", "No such file"]])
    refused(
        [*arguments[:-1], "6", "--published", "p.csv"],
        [["--counts", "6", "line.tsp", "5"]],
        {"p.csv": HEAD},
    )
