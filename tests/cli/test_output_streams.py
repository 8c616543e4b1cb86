"""What the installed command does where its output cannot go as it is."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.end_to_end

DCSITE = Path(sys.executable).with_name("dcsite")


@pytest.mark.parametrize("arguments", [["data", "list"], ["scenario", "show", "policy-2023"]])
def test_characters_an_encoding_lacks_are_replaced(arguments):
    asked = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [DCSITE, *arguments],
        env=asked,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 20
    assert done.stderr == ""


def test_a_reader_that_has_read_enough_is_no_error():
    listing = subprocess.Popen(
        [DCSITE, "scenario", "show"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    listing.stdout.close()
    _, told = listing.communicate(timeout=60)
    assert listing.returncode == 0, told
    assert told == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_device_is_one_line():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [DCSITE, "data", "list"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines() == [
        "error: standard output: No space left on device; files are written whole"
    ]


@pytest.mark.parametrize("closing", [">&-", "2>&-", "2>/dev/full", "<&- >&- 2>&-"])
def test_streams_that_take_nothing_cost_no_file(closing, tmp_path):
    asked = f"{shlex.quote(str(DCSITE))} init best-of made {closing}"
    done = subprocess.run(["bash", "-c", asked], cwd=tmp_path, check=False)
    assert done.returncode == 0
    written = {
        path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "made").iterdir()
    }
    assert {"README.md", "sites.csv"} <= written.keys()
    # A descriptor that was closed is given to no file, which would be told our news.
    assert not any("made/" in line for line in "".join(written.values()).splitlines())


def test_a_pipe_that_closes_keeps_the_exit_code(tmp_path):
    asked = f"{shlex.quote(str(DCSITE))} scenario show nowhere 2>&1 | true; exit ${{PIPESTATUS[0]}}"
    assert subprocess.run(["bash", "-c", asked], cwd=tmp_path, check=False).returncode == 2
