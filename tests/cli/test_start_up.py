"""What help and a mistyped option must not wait for."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {
    "folium", "geopandas", "highspy", "jinja2", "numpy", "pandas", "pulp", "pydantic", "pyogrio",
    "pyproj", "scipy", "shapely",
}  # fmt: skip


def test_the_commands_are_known_without_the_libraries_they_run_on():
    code = (
        "import sys, dcsite.cli.app as cli\n"
        "assert cli._run(['solve', '--help'], debug=False) == 0\n"
        "assert cli._run(['solve', '--gpa', '1'], debug=False) == 2\n"
        "print('loaded:', *sorted({name.partition('.')[0] for name in sys.modules}))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(said.stdout.splitlines()[-1].split())
