"""What the commands say of themselves: help, version, unknown names."""

from __future__ import annotations

import errno
import os
import re
from importlib.metadata import version

import pytest
import typer

from dcsite.cli.app import app
from dcsite.contract import Criterion


def _commands() -> list[tuple[str, ...]]:
    """Every command by its words; new commands are found too."""

    def walk(command, words):
        inner = getattr(command, "commands", None)
        if inner is None:
            yield words
            return
        for name, each in inner.items():
            yield from walk(each, (*words, name))

    return list(walk(typer.main.get_command(app), ()))


COMMANDS = _commands()


def test_the_commands_of_this_version():
    assert set(COMMANDS) == {
        ("init",),
        ("solve",),
        ("backtest",),
        ("check",),
        ("compare",),
        ("demand",),
        ("disperse",),
        ("edge",),
        ("explain",),
        ("frontier",),
        ("robust",),
        ("stress",),
        ("data", "list"),
        ("data", "check"),
        ("data", "connections"),
        ("data", "import"),
        ("data", "latency"),
        ("scenario", "list"),
        ("scenario", "show"),
        ("schema",),
        ("scenario", "schema"),
    }


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_shows_usage_and_an_example_of_this_command(call, words, option):
    answer = call(*words, option)
    assert (answer.code, answer.err) == (0, "")
    text = " ".join(answer.out.split())
    assert f"Usage: dcsite {' '.join(words)} " in text
    assert re.search(rf"Example: dcsite {' '.join(words)}\b", text)


@pytest.mark.parametrize(
    "words", [(), ("data",), ("scenario",)], ids=["dcsite", "data", "scenario"]
)
def test_help_of_a_group_names_its_commands(call, words):
    answer = call(*words, "--help")
    assert (answer.code, answer.err) == (0, "")
    inner = {each[len(words)] for each in COMMANDS if each[: len(words)] == words}
    assert all(re.search(rf"^\W*{name} +[A-Z]", answer.out, re.MULTILINE) for name in inner)


def test_help_says_what_the_exit_codes_mean(call):
    text = " ".join(call("--help").out.split())
    for meaning in (
        "0 plan written", "2 bad input", "3 infeasible", "4 no plan in time", "130 interrupted",
    ):  # fmt: skip
        assert meaning in text


def test_version(call):
    answer = call("--version")
    assert (answer.code, answer.out, answer.err) == (0, f"dcsite {version('dcsite')}\n", "")


@pytest.mark.parametrize(
    "words", [(), ("data",), ("scenario",)], ids=["dcsite", "data", "scenario"]
)
def test_no_command_shows_the_help_and_no_empty_error(call, words):
    answer = call(*words)
    assert answer.code == 2
    assert f"Usage: {' '.join(('dcsite', *words))} " in answer.out + answer.err
    assert "error: ;" not in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        pytest.param(["solev"], ["'solev'", "'solve'?", "dcsite --help"], id="command"),
        pytest.param(["data", "chek"], ["'chek'", "'check'", "dcsite data --help"], id="inner"),
        pytest.param(["nonsense"], ["No such command 'nonsense'"], id="nothing near"),
        pytest.param(
            ["solve", "--gpa", "0.1"], ["--gpa", "--gap", "dcsite solve --help"], id="option"
        ),
        pytest.param(["--wrong"], ["--wrong", "dcsite --help"], id="option before a command"),
        pytest.param(["solve", "a", "b"], ["unexpected extra argument", "b"], id="argument"),
        pytest.param(["scenario", "list", "x"], ["extra argument", "x"], id="inner argument"),
        pytest.param(["solve", "--gap"], ["--gap", "requires an argument"], id="no value"),
        pytest.param(["solve", "--gap", "2"], ["--gap", "1"], id="gap above 1"),
        pytest.param(["solve", "--gap", "-0.1"], ["--gap", "0"], id="negative gap"),
        pytest.param(["solve", "--gap", "nan"], ["--gap"], id="gap is no number"),
        pytest.param(["solve", "--gap", "x"], ["--gap", "number"], id="gap is text"),
        pytest.param(["solve", "--time-limit", "-1"], ["--time-limit", "0.1"], id="negative time"),
        pytest.param(["solve", "--time-limit", "0"], ["--time-limit", "0.1"], id="no time"),
        pytest.param(["solve", "--time-limit", "nan"], ["--time-limit"], id="time is no number"),
        pytest.param(["solve", "--threads", "0"], ["--threads", "1"], id="no threads"),
        pytest.param(["solve", "--threads", "1.5"], ["--threads", "integer"], id="half a thread"),
        pytest.param(["solve", "--seed", "x"], ["--seed", "integer"], id="seed is text"),
        pytest.param(["solve", "--seed", "-1"], ["--seed", "0"], id="negative seed"),
        pytest.param(
            ["solve", "--solver", "gurobi"], ["--solver", "gurobi", "auto", "cbc", "highs"],
            id="unknown solver",
        ),
    ],
)  # fmt: skip
def test_a_wrong_word_or_value_gives_one_line_and_exit_code_2(
    call, workplace, arguments, fragments
):
    answer = call(*arguments)
    assert answer.code == 2
    assert answer.out == ""
    (line,) = answer.errors
    assert line.startswith("error: ")
    assert line.rstrip().endswith("--help")
    for fragment in fragments:
        assert fragment in line
    assert list(workplace.iterdir()) == []


def test_debug_shows_where_an_error_arose(call):
    plain = call("scenario", "show", "nowhere.toml")
    debug = call("--debug", "scenario", "show", "nowhere.toml")
    assert plain.code == debug.code == 2
    assert "Traceback" not in plain.err
    assert "Traceback" in debug.err
    assert debug.errors[-1] == plain.errors[-1]


def test_colours_are_used_only_where_they_are_asked_for(call, monkeypatch, capsys):
    import dcsite.cli.app as module

    def errors() -> str:
        assert module._run(["scenario", "show", "nowhere.toml"], debug=False) == 2
        return capsys.readouterr().err

    monkeypatch.setenv("TERM", "xterm-256color")
    assert errors().startswith("error: nowhere.toml: ")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert errors().startswith("\x1b[31merror:\x1b[0m nowhere.toml: ")
    monkeypatch.setenv("NO_COLOR", "1")
    assert errors().startswith("error: nowhere.toml: ")


class Breaking(Criterion):
    name = "breaking"

    def measure(self, sites, atlas, scenario):
        raise ValueError("the third\ncolumn [red]is[/red] empty")


def raising(error):
    def broken():
        raise error

    return broken


@pytest.mark.parametrize(
    ("broken", "code", "said"),
    [
        (lambda: 1 // 0, 1, "unforeseen: ZeroDivisionError: "),
        (raising(RecursionError("deep")), 1, "RecursionError: deep ("),
        (raising(MemoryError()), 1, "unforeseen: out of memory ("),
        (lambda: os.open("/nowhere/x", 0), 1, "unforeseen: FileNotFoundError: "),
        (
            lambda: Breaking().measure(None, None, None),
            1,
            "criterion breaking: measure() raised ValueError: the third column [red]is[/red] empty",
        ),
        (
            raising(OSError(errno.ENOSPC, "No space", "where/x")),
            2,
            "where/x: no room is left on the disk",
        ),
    ],
)
def test_what_nobody_foresaw_is_one_line(call, monkeypatch, broken, code, said):
    monkeypatch.setattr("dcsite.scenario.shipped_names", broken)
    answer = call("scenario", "list")
    assert (answer.code, answer.out) == (code, "")
    (line,) = answer.errors
    assert line.startswith("error: ")
    assert said in line
    assert (code == 2) or "--debug" in line
    whole = call("--debug", "scenario", "list")
    assert whole.code == code
    assert "Traceback" in whole.err
    assert line in whole.err


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "0", "-1", "1e999", "one"])
@pytest.mark.parametrize(
    "command", ["solve", "robust", "frontier", "compare a b", "explain a", "edge a"]
)
def test_a_time_limit_is_a_number_above_zero(call, command, value):
    answer = call(*command.split(), f"--time-limit={value}")
    assert (answer.code, answer.out) == (2, "")
    (line,) = answer.errors
    assert "'--time-limit'" in line
