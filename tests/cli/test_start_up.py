"""What help and a mistyped option must not wait for."""

from __future__ import annotations

import subprocess
import sys

import pytest

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
        "branca", "folium", "jinja2", "pyarrow", "requests", "scipy.optimize", "scipy.stats",
        "dcsite.dispersion", "dcsite.outputs.map", "dcsite.studies",
    }  # fmt: skip
