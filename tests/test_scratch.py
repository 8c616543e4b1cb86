"""Folders that end with their run: what killed runs left goes, all else stays."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dcsite.scratch import scratch_folder

HOLD = """
import sys, time
from pathlib import Path
from dcsite.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])) as folder:
    (folder / "model.mps").write_text("half")
    print(folder, flush=True)
    time.sleep(600)
"""


def test_a_living_runs_folder_stays_and_a_killed_ones_goes(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        held = Path(holder.stdout.readline().strip())
        with scratch_folder(tmp_path) as own:
            assert {held, own} == set(tmp_path.iterdir())
        assert (held / "model.mps").exists()
        holder.send_signal(signal.SIGKILL)
    assert list(tmp_path.iterdir()) == [held]
    with scratch_folder(tmp_path) as own:
        assert list(tmp_path.iterdir()) == [own]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    ["dcsite-out", "dcsite-scratch-", "dcsite-scratch-mine", "dcsite-scratch-12345678.txt", "x"],
)
def test_what_a_user_calls_otherwise_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / "file").touch()
    (tmp_path / "dcsite-scratch-abcdefgh").symlink_to(tmp_path / name)
    (tmp_path / "dcsite-scratch-00000000").touch()
    before = set(tmp_path.rglob("*"))
    with scratch_folder(tmp_path):
        pass
    assert set(tmp_path.rglob("*")) == before


def test_a_folder_that_was_moved_away_stays_where_it_is(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        (folder / "plan.json").touch()
        folder.rename(tmp_path / "out")
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "plan.json"]
