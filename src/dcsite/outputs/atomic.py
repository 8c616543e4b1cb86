"""Write a folder whole or not at all.

All files are written into a new folder beside the target, on the same file system, and flushed to
disk. Then the folder takes the target's place in one step: by a rename where there is nothing yet,
by Linux's ``renameat2(RENAME_EXCHANGE)`` where an older output folder stands there. Whoever looks,
even after the process was killed, finds either the old folder or the new one. Replacing the files
one by one could leave the map of one plan beside the table of another; so whole folders are
swapped, which is safe only for a folder that holds nothing but our files: one that holds anything
else is refused and left as it is.

Where the exchange does not exist (other systems, some network file systems) the old folder is
moved aside, the new one takes its place, and the old one is put back if that fails. A process
killed between those two renames leaves the old folder intact under a hidden name beside the
target. A killed process may also leave its own unfinished folder, hidden beside the target
(``.NAME.dcsite-...``); nothing reads it, and the next run that writes there removes it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from dcsite.atlas import check_geodata
from dcsite.atlas.describe import refresh
from dcsite.errors import GeodataError, OutputError, Problem, unwritable
from dcsite.scratch import scratch_folder

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2

#: What a run's files may take: a plan's folder 6 MB, the solver's about as much.
_ROOM_BYTES = 20_000_000
#: Enough to take more than the inode of a file, so that quotas and limits of a file's size speak.
_TRIED_BYTES = 100_000


def check_directory(
    directory: Path, own_names: Collection[str], in_years: Collection[str] = ()
) -> None:
    """Raise OutputError where :func:`replacing_directory` is bound to fail; leave nothing behind.

    A run takes long: what cannot be written, there or beside it for the solver, is better known
    before it. So the folder is made, and a file in it, and taken away again.
    """
    with _explained(directory), _beside(directory, own_names, in_years) as (target, staging):
        (staging / "tried").write_bytes(bytes(_TRIED_BYTES))
        _flush(staging)
        if target.is_mount():
            raise OSError(errno.EBUSY, "")
        _refuse_narrow(target.parent, "give another folder")
    try:
        temporary = tempfile.gettempdir()
    except FileNotFoundError as error:
        raise OutputError(
            Problem("TMPDIR", "", "no folder for temporary files can be written; set it to one")
        ) from error
    _refuse_narrow(Path(temporary), "set TMPDIR to another folder, the solver writes there")


@contextmanager
def replacing_directory(
    directory: Path, own_names: Collection[str], in_years: Collection[str] = ()
) -> Iterator[Path]:
    """Give a folder to write into, which becomes `directory` when the block ends well.

    Parameters
    ----------
    directory : Path
        Where the files shall stand; made, with its parents, if it does not exist.
    own_names : collection of str
        Names of the files that may be replaced; anything else in `directory` is a user's.
    in_years : collection of str
        The same of files in folders named after years; without it folders are a user's.

    Yields
    ------
    Path
        An empty folder beside `directory`.

    Raises
    ------
    OutputError
        If `directory` is no folder, holds other files, cannot be written, or the disk is full.
        Nothing is changed then.
    """
    with _explained(directory), _beside(directory, own_names, in_years) as (target, staging):
        yield staging
        _flush(staging)
        if target.exists():
            shutil.copymode(target, staging)
        else:  # as a plain mkdir does; the process's mask can only be read by setting it
            mask = os.umask(0)
            os.umask(mask)
            staging.chmod(0o777 & ~mask)
        _put_in_place(staging, target)


@contextmanager
def _beside(
    directory: Path, own_names: Collection[str], in_years: Collection[str]
) -> Iterator[tuple[Path, Path]]:
    """Give where a folder is to stand, its parents made, and an empty folder beside it."""
    with ExitStack() as cleaning:
        try:
            target = Path(directory).resolve()
        except RuntimeError as error:  # what Python 3.11 and 3.12 make of links in a circle
            raise OSError(errno.ELOOP, "") from error
        _refuse(target, own_names, in_years)
        for parent in reversed([parent for parent in target.parents if not parent.exists()]):
            parent.mkdir(exist_ok=True)
            cleaning.callback(_remove_if_empty, parent)
        prefix = f".{target.name}.dcsite-"
        yield target, cleaning.enter_context(scratch_folder(target.parent, prefix))


def _refuse_narrow(folder: Path, advice: str) -> None:
    """Raise OutputError where a folder's disk has too little room for any run."""
    free = shutil.disk_usage(folder).free
    if free < _ROOM_BYTES:
        message = (
            f"has {free / 1e6:.1f} MB of room left, a run needs about {_ROOM_BYTES / 1e6:.0f} MB; "
            f"free some space or {advice}"
        )
        raise OutputError(Problem(str(folder), "", message))


@contextmanager
def updating_directory(directory: Path, own_names: Collection[str]) -> Iterator[Path]:
    """Give a copy of a folder to change, which takes its place when the block ends well.

    Files that are not touched stay byte for byte what they were, with their times.

    Parameters
    ----------
    directory : Path
        A folder that holds our files alone.
    own_names : collection of str
        Their names, and those of files that may be added.

    Yields
    ------
    Path
        A folder beside `directory`, with copies of its files.

    Raises
    ------
    OutputError
        As :func:`replacing_directory` does; nothing is changed then.
    """
    with replacing_directory(directory, own_names) as staging:
        for entry in Path(directory).resolve().iterdir():
            shutil.copy2(entry, staging / entry.name)
        yield staging


def write_overlay(files: Mapping[str, bytes], directory: Path) -> None:
    """Write an overlay's files, checked as ``dcsite data check`` checks them.

    Raises
    ------
    GeodataError
        If a table is not as the shipped ones are described; nothing is changed then.
    OutputError
        As :func:`replacing_directory` does.
    """
    with replacing_directory(directory, files) as staging:
        for name, data in files.items():
            (staging / name).write_bytes(data)
        refresh(staging)
        problems = check_geodata(staging)
        if problems:
            raise GeodataError(problems)


def write_text(path: Path, text: str) -> None:
    """Write a text into such a folder; lone surrogates, which no file can hold, become ``?``."""
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")


def _refuse(target: Path, own_names: Collection[str], in_years: Collection[str] = ()) -> None:
    """Raise OutputError unless `target` is absent or a folder of our files alone, and not here."""
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        message = "is not a folder; give a folder that is new or empty"
    elif target == Path.cwd():
        message = (
            "is the current folder, which cannot be replaced as a whole; give a folder inside it"
        )
    else:
        foreign = sorted(
            entry.name
            for entry in os.scandir(target)
            if not _is_own(entry, own_names) and not _is_year(entry, in_years)
        )
        if not foreign:
            return
        shown = ", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if foreign[3:] else "")
        hint = "move that away or give another folder"
        if any(name.endswith(("-wal", "-shm", "-journal")) for name in foreign):
            hint = "close the program that has plan.gpkg open, or give another folder"
        message = f"holds what this command did not write ({shown}); {hint}"
    raise OutputError(Problem(str(target), "", message))


def _is_own(entry: os.DirEntry[str], own_names: Collection[str]) -> bool:
    return entry.name in own_names and entry.is_file(follow_symlinks=False)


def _is_year(entry: os.DirEntry[str], own_names: Collection[str]) -> bool:
    """Tell whether an entry is a folder named after a year that holds files of ours alone."""
    if len(entry.name) != 4 or not entry.name.isdecimal() or not own_names:
        return False
    return entry.is_dir(follow_symlinks=False) and all(
        _is_own(file, own_names) for file in [*os.scandir(entry)]
    )


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):  # somebody else uses it by now
        folder.rmdir()


def _flush(staging: Path) -> None:
    """Bring the written files to the disk, so that a power cut cannot leave empty ones."""
    for path in [*staging.rglob("*"), staging]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _put_in_place(staging: Path, target: Path) -> None:
    try:
        staging.rename(target)
    except OSError as error:  # a folder stands there, perhaps of a run that ended meanwhile
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
    else:
        return
    if not _exchange(staging, target):
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.dcsite-old-", dir=target.parent))
        target.replace(aside)
        try:
            staging.rename(target)
        except OSError:
            aside.rename(target)
            raise
        shutil.rmtree(aside, ignore_errors=True)


def _exchange(first: Path, second: Path) -> bool:
    """Swap two paths in one step; False where the system cannot do that."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    renameat2.argtypes = [
        ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint,
    ]  # fmt: skip
    renameat2.restype = ctypes.c_int
    done = renameat2(
        _AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE
    )
    if done == 0:
        return True
    code = ctypes.get_errno()
    if code in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}:
        return False
    raise OSError(code, os.strerror(code), str(second))


@contextmanager
def _explained(directory: Path) -> Iterator[None]:
    """Say in one line what the system refuses and what to do."""
    try:
        yield
    except OSError as error:
        raise OutputError(Problem(str(directory), "", unwritable(error))) from error
    except UnicodeError as error:  # LANG=C, which knows ASCII alone
        message = "has a name that this system's encoding lacks; give another, or set LANG"
        raise OutputError(Problem(str(directory), "", message)) from error
