"""Folders that end with the run that made them; what a killed run left, the next one removes.

A run holds a lock on each of its folders, which the kernel drops however the run ends. So a folder
that bears a name of this kind, is this user's and is locked by nobody was left behind.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def scratch_folder(parent: Path | None = None, prefix: str = "dcsite-scratch-") -> Iterator[Path]:
    """Make an empty folder, remove it in the end, and before it those that killed runs left.

    Parameters
    ----------
    parent : Path, optional
        Where; the folder of temporary files by default.
    prefix : str
        What names begin with; eight characters of chance follow.

    Yields
    ------
    Path
        The folder; it may have been moved elsewhere when the block ends.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    place = Path(tempfile.gettempdir()) if parent is None else parent
    _sweep(place, prefix)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        try:
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:  # another run took it for left over before it was opened
            continue
        with suppress(OSError):  # where there are no locks, nobody sweeps either
            fcntl.flock(handle, fcntl.LOCK_EX)
        if folder.exists():
            break
        os.close(handle)  # or before it was locked
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _sweep(place: Path, prefix: str) -> None:
    """Remove the folders of this kind that no run holds."""
    ours = re.compile(rf"{re.escape(prefix)}[a-z0-9_]{{8}}")
    with suppress(OSError):
        for folder in place.iterdir():
            if ours.fullmatch(folder.name):
                with suppress(OSError):
                    _remove_if_left(folder)


def _remove_if_left(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(handle).st_uid == os.getuid():
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)
