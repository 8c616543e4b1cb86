from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from dcsite.errors import OutputError
from dcsite.outputs import atomic

NAMES = ("one.txt", "two.txt")


def write(directory: Path, text: str) -> None:
    with atomic.replacing_directory(directory, NAMES) as staging:
        for name in NAMES:
            (staging / name).write_text(text, encoding="utf-8")


def read(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in directory.iterdir()}


def both(text: str) -> dict[str, str]:
    return dict.fromkeys(NAMES, text)


def test_a_new_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b" / "out", "new")
    assert read(tmp_path / "a" / "b" / "out") == both("new")
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["out"]


def test_an_older_output_is_replaced_as_a_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, "old")
    out.chmod(0o750)
    write(out, "new")
    assert read(out) == both("new")
    assert out.stat().st_mode & 0o777 == 0o750
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("exchange", [True, False])
def test_files_and_folder_are_on_the_disk_before_they_take_the_old_ones_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool
) -> None:
    out = tmp_path / "out"
    write(out, "old")
    if not exchange:
        monkeypatch.setattr(atomic, "_exchange", lambda first, second: False)
    flushed: list[tuple[int, int, dict[str, str]]] = []
    fsync = os.fsync

    def record(handle: int) -> None:
        fsync(handle)
        found = os.fstat(handle)
        flushed.append((found.st_ino, found.st_size, read(out)))

    monkeypatch.setattr(os, "fsync", record)
    write(out, "new text")
    assert read(out) == both("new text")
    before = {inode: size for inode, size, there in flushed if there == both("old")}
    for path in (out / "one.txt", out / "two.txt"):
        assert before[path.stat().st_ino] == len("new text")
    assert out.stat().st_ino in before


def test_a_new_folder_has_the_mode_that_mkdir_gives(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    write(tmp_path / "out", "new")
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_an_empty_folder_and_a_link_to_a_folder_are_written(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    write(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert read(real) == both("new")


@pytest.mark.parametrize("foreign", ["notes.txt", ".hidden", "plan.gpkg-wal", "sub/file"])
def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path, foreign: str) -> None:
    out = tmp_path / "out"
    write(out, "old")
    path = out / foreign
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine", encoding="utf-8")
    for refused in (lambda: write(out, "new"), lambda: atomic.check_directory(out, NAMES)):
        with pytest.raises(OutputError) as caught:
            refused()
        assert foreign.split("/", maxsplit=1)[0] in str(caught.value)
        assert "\n" not in str(caught.value)
    assert path.read_text(encoding="utf-8") == "mine"
    assert (out / "one.txt").read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_a_folder_of_our_name_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "out" / "one.txt").mkdir(parents=True)
    with pytest.raises(OutputError, match=r"one\.txt"):
        write(tmp_path / "out", "new")
    assert (tmp_path / "out" / "one.txt").is_dir()


def test_an_open_geopackage_is_explained(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "plan.gpkg-wal").touch()
    with pytest.raises(OutputError, match=r"close the program that has plan\.gpkg open"):
        write(tmp_path / "out", "new")


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="is not a folder"):
        write(tmp_path / "file", "new")
    for below in (tmp_path / "file" / "out", tmp_path / "file" / "deep" / "out"):
        with pytest.raises(OutputError, match="not a folder"):
            write(below, "new")
        with pytest.raises(OutputError, match="not a folder"):
            atomic.check_directory(below, NAMES)
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_a_name_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="too long a name"):
        write(tmp_path / ("x" * 300), "new")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_while_writing_leaves_everything_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, "old")

    def fail(directory: Path, error: BaseException) -> None:
        with atomic.replacing_directory(directory, NAMES) as staging:
            (staging / "one.txt").write_text("new", encoding="utf-8")
            raise error

    with pytest.raises(OutputError, match="no room is left on the disk"):
        fail(out, OSError(28, "No space left on device"))
    with pytest.raises(KeyboardInterrupt):
        fail(out, KeyboardInterrupt())
    with pytest.raises(ZeroDivisionError):
        fail(tmp_path / "new" / "deep", ZeroDivisionError())
    assert read(out) == both("old")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


_KILLED = """
import os, signal, sys
from pathlib import Path
from dcsite.outputs.atomic import replacing_directory
with replacing_directory(Path(sys.argv[1]), ("one.txt", "two.txt")) as staging:
    (staging / "one.txt").write_text("new")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_the_old_folder_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, "old")
    done = subprocess.run([sys.executable, "-c", _KILLED, str(out)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert read(out) == both("old")
    write(out, "new")
    assert read(out) == both("new")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]  # what was left went too


def test_two_runs_into_one_new_folder_leave_the_last_one_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with atomic.replacing_directory(out, NAMES) as staging:
        write(out, "other")
        for name in NAMES:
            (staging / name).write_text("own", encoding="utf-8")
    assert read(out) == both("own")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_folder_is_never_missing_while_it_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, "0")
    missing: list[int] = []
    looks = 0
    ready = threading.Event()

    def look() -> None:
        nonlocal looks
        while not ready.is_set():
            looks += 1
            if not os.path.exists(out / "one.txt"):  # noqa: PTH110
                missing.append(looks)

    watcher = threading.Thread(target=look)
    watcher.start()
    for number in range(60):
        write(out, str(number))
    ready.set()
    watcher.join()
    assert looks > 60
    assert missing == []


def test_without_an_exchange_the_old_folder_is_moved_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "_exchange", lambda first, second: False)
    out = tmp_path / "out"
    write(out, "old")
    write(out, "new")
    assert read(out) == both("new")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_without_an_exchange_the_old_folder_comes_back_on_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "_exchange", lambda first, second: False)
    out = tmp_path / "out"
    write(out, "old")
    rename = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if target == out and not out.exists() and "dcsite-old" not in self.name:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="Input/output error"):
        write(out, "new")
    assert read(out) == both("old")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


_UNPRIVILEGED = """
import os, sys
from pathlib import Path
from dcsite.errors import OutputError
from dcsite.outputs.atomic import check_directory, replacing_directory
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for attempt in (check_directory, lambda *a: replacing_directory(*a).__enter__()):
    try:
        attempt(Path(sys.argv[1]), ())
    except OutputError as error:
        print(error)
"""


def test_a_folder_without_permission_is_refused() -> None:
    # Not below tmp_path: its parents are closed to the user that root turns into.
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        closed = Path(name) / "closed"
        closed.mkdir(mode=0o555)
        done = subprocess.run(
            [sys.executable, "-c", _UNPRIVILEGED, str(closed / "out")],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        lines = done.stdout.splitlines()
        assert len(lines) == 2
        assert all("permission denied" in line for line in lines)
        assert list(closed.iterdir()) == []


def test_the_current_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for refused in (lambda: write(Path(), "new"), lambda: atomic.check_directory(Path(), NAMES)):
        with pytest.raises(OutputError, match="is the current folder"):
            refused()
    write(Path("inside"), "new")
    assert read(tmp_path / "inside") == both("new")


def test_checking_changes_nothing(tmp_path: Path) -> None:
    atomic.check_directory(tmp_path / "a" / "out", NAMES)
    assert list(tmp_path.iterdir()) == []


def test_an_update_keeps_what_it_does_not_touch(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(out, "old")
    os.utime(out / "one.txt", (1e9, 1e9))
    with atomic.updating_directory(out, NAMES) as staging:
        atomic.write_text(staging / "two.txt", "新\n\udcff\n")
    assert (out / "one.txt").read_bytes() == b"old"
    assert (out / "one.txt").stat().st_mtime == 1e9
    assert (out / "two.txt").read_bytes() == "新\n?\n".encode()


def test_a_link_in_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")
    for target in (tmp_path / "one", tmp_path / "one" / "out"):
        for refused in (write, lambda path, _: atomic.check_directory(path, NAMES)):
            with pytest.raises(OutputError, match="leads in a circle"):
                refused(target, "new")


@pytest.mark.parametrize("narrow", ["target", "temporary"])
def test_a_disk_without_room_is_named_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, narrow: str
) -> None:
    folders = {name: tmp_path / name for name in ("target", "temporary")}
    for folder in folders.values():
        folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folders["temporary"]))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(
        atomic.shutil,
        "disk_usage",
        lambda path: usage._replace(free=1_000_000 if path == folders[narrow] else 10**9),
    )
    with pytest.raises(OutputError, match=rf"{narrow}: has 1\.0 MB of room left"):
        atomic.check_directory(folders["target"] / "out", NAMES)
    assert list(folders["target"].iterdir()) == []


def test_a_folder_that_takes_no_file_is_found_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> int:
        raise OSError(errno.EDQUOT, "Disk quota exceeded", str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match="no room is left"):
        atomic.check_directory(tmp_path / "a" / "out", NAMES)
    assert list(tmp_path.iterdir()) == []


def test_an_exchange_that_the_system_refuses_says_why(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic._exchange(tmp_path / "missing", tmp_path / "absent")
