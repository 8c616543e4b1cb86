"""What the installed command does where its output cannot go as it is."""

from __future__ import annotations

import os
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
    assert done.stderr.splitlines() == ["error: standard output: no space left on the device"]
