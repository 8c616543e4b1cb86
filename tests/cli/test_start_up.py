"""What help and a mistyped option must not wait for."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import dcsite
from dcsite import interrupts
from dcsite.cli import main

HEAVY = {
    "folium", "geopandas", "highspy", "jinja2", "numpy", "pandas", "pulp", "pyogrio", "pyproj",
    "scipy", "shapely",
}  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code", "not_loaded"),
    [
        (["--help"], 0, HEAVY | {"pydantic"}),
        (["--version"], 0, HEAVY | {"pydantic"}),
        (["--wrong"], 2, HEAVY | {"pydantic"}),
        # Typer itself reads the values of a command's options with pydantic.
        (["solve", "--help"], 0, HEAVY),
        (["solve", "--gpa", "1"], 2, HEAVY),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_answers_that_need_no_room_load_none(arguments, code, not_loaded):
    script = (
        "import sys, dcsite.cli.app as cli\n"
        f"assert cli._run({arguments!r}, debug=False) == {code}\n"
        "print('loaded:', *sys.modules)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    loaded = said.stdout.splitlines()[-1].split()
    assert not not_loaded & {name.partition(".")[0] for name in loaded}
    rooms = {name.split(".")[1] for name in loaded if name.startswith("dcsite.")}
    assert rooms == {"cli", "errors", "interrupts"}


def test_solve_begins_without_what_only_its_end_needs():
    """The map is drawn last, the check comes after the solver, most runs ask no further plans."""
    script = (
        "import sys, dcsite.cli.app as cli\n"
        "from dcsite.plan import Session\n"
        "def solve(*_, **__):\n"
        "    print('loaded:', *sys.modules)\n"
        "    raise SystemExit(0)\n"
        "Session.solve = solve\n"
        "cli._run(['solve', '--output', 'nowhere'], debug=False)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    loaded = set(said.stdout.splitlines()[-1].split())
    assert {"geopandas", "pulp", "dcsite.model"} <= loaded, said.stderr
    assert not loaded & {
        "branca", "folium", "jinja2", "requests", "scipy.optimize", "scipy.stats",
        "dcsite.outputs.map", "dcsite.studies.alternatives", "dcsite.studies.explain",
    }  # fmt: skip


def test_nothing_slow_is_loaded_before_signals_are_heeded():
    """A Ctrl-C that comes earlier is Python's own: a traceback."""
    script = "import sys, dcsite.cli; print(*sys.modules)"
    said = subprocess.run(
        [sys.executable, "-S", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(dcsite.__file__).parents[1])},
    )
    slow = {"ctypes", "importlib.metadata", "pathlib", "pickle", "tempfile", "typer"}
    assert not slow & set(said.stdout.split())


def test_a_ctrl_c_that_a_library_turns_into_another_error_is_still_one(monkeypatch, capsys):
    def load(*_, **__):
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        raise ImportError("highspy")

    before = {number: signal.getsignal(number) for number in interrupts.WISHES_TO_STOP}
    monkeypatch.setattr("dcsite.plan.reload.read_plan", load)
    monkeypatch.setattr(sys, "argv", ["dcsite", "stress", "out"])
    try:
        with pytest.raises(SystemExit) as left:
            main()
    finally:
        interrupts._raised.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
    assert left.value.code == 130
    assert capsys.readouterr().err == "error: interrupted; nothing was written\n"
