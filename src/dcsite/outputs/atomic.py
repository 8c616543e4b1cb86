"""Write a folder, or one file, whole or not at all.

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
(``.NAME.dcsite-...``); nothing reads it and it can be deleted.
"""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from dcsite.errors import OutputError, Problem

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def check_directory(directory: Path, own_names: Collection[str]) -> None:
    """Raise OutputError where :func:`replacing_directory` is bound to fail; change nothing.

    A run takes long: a folder that cannot be written is better known before it.
    """
    try:
        target = Path(directory).resolve()
        _refuse(target, own_names)
        parent = target.parent
        while not parent.exists():
            parent = parent.parent
        if not parent.is_dir():
            code = errno.ENOTDIR
        elif not os.access(parent, os.W_OK | os.X_OK):
            code = errno.EACCES
        else:
            code = errno.EBUSY if target.is_mount() else 0
    except OSError as error:
        raise OutputError(Problem(str(directory), "", _explain(error))) from error
    if code:
        raise OutputError(Problem(str(directory), "", _explain(OSError(code, os.strerror(code)))))


@contextmanager
def replacing_directory(directory: Path, own_names: Collection[str]) -> Iterator[Path]:
    """Give a folder to write into, which becomes `directory` when the block ends well.

    Parameters
    ----------
    directory : Path
        Where the files shall stand; made, with its parents, if it does not exist.
    own_names : collection of str
        Names of the files that may be replaced; anything else in `directory` is a user's.

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
    target = Path(directory).resolve()
    made: list[Path] = []
    staging: Path | None = None
    try:
        _refuse(target, own_names)
        made = _make_parents(target.parent)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.dcsite-", dir=target.parent))
        yield staging
        _flush(staging)
        _copy_mode(target, staging)
        _put_in_place(staging, target)
        made = []
    except OSError as error:
        raise OutputError(Problem(str(directory), "", _explain(error))) from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)
        for parent in made:
            _remove_if_empty(parent)


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


def check_file(path: Path) -> None:
    """Raise OutputError where :func:`write_file` is bound to fail; change nothing."""
    parent = path.resolve().parent
    if path.is_dir():
        raise OutputError(Problem(str(path), "", "is a folder; give a file with --output"))
    if path.exists() and not path.is_file():
        raise OutputError(Problem(str(path), "", "is no plain file; give a file with --output"))
    if not parent.is_dir():
        raise OutputError(Problem(str(path), "", f"has no folder to stand in; make {parent} first"))
    if not os.access(parent, os.W_OK | os.X_OK):
        reason = _explain(PermissionError(errno.EACCES, ""))
        raise OutputError(Problem(str(path), "", reason))


def write_file(path: Path, text: str) -> None:
    """Write one file as UTF-8, whole or not at all; an older one is replaced in one step.

    Raises
    ------
    OutputError
        If it cannot be written; an older file is left as it is.
    """
    check_file(path)
    target = path.resolve()
    staging: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.dcsite-", dir=target.parent)
        staging = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, staging)
        else:
            staging.chmod(0o666 & ~_mask())
        staging.replace(target)
    except OSError as error:
        raise OutputError(Problem(str(path), "", _explain(error))) from error
    finally:
        if staging is not None:
            staging.unlink(missing_ok=True)


def _mask() -> int:
    """Return the process's mask of permissions, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _refuse(target: Path, own_names: Collection[str]) -> None:
    """Raise OutputError unless `target` is absent or a folder of our files alone, and not here."""
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise OutputError(
            Problem(str(target), "", "is not a folder; give a folder that is new or empty")
        )
    if target == Path.cwd():
        raise OutputError(
            Problem(
                str(target),
                "",
                "is the current folder, which cannot be replaced as a whole; "
                "give a folder inside it with --output",
            )
        )
    foreign = sorted(
        entry.name
        for entry in os.scandir(target)
        if entry.name not in own_names or not entry.is_file(follow_symlinks=False)
    )
    if foreign:
        shown = ", ".join(foreign[:3]) + (f" and {len(foreign) - 3} more" if foreign[3:] else "")
        hint = "move them away or give another folder with --output"
        if any(name.endswith(("-wal", "-shm", "-journal")) for name in foreign):
            hint = "close the program that has plan.gpkg open, or give another folder"
        raise OutputError(
            Problem(str(target), "", f"holds files that dcsite did not write ({shown}); {hint}")
        )


def _make_parents(parent: Path) -> list[Path]:
    """Make the missing parents and return them, deepest first."""
    missing: list[Path] = []
    while not parent.exists():
        missing.append(parent)
        parent = parent.parent
    made: list[Path] = []
    try:
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            made.insert(0, folder)
    except OSError:
        for folder in made:
            _remove_if_empty(folder)
        raise
    return made


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # somebody else uses it by now


def _copy_mode(target: Path, staging: Path) -> None:
    """Give the new folder the old one's permissions, or those a plain mkdir would give."""
    if target.exists():
        shutil.copymode(target, staging)
        return
    staging.chmod(0o777 & ~_mask())


def _flush(staging: Path) -> None:
    """Bring the written files to the disk, so that a power cut cannot leave empty ones."""
    for path in [*staging.iterdir(), staging]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _put_in_place(staging: Path, target: Path) -> None:
    if not target.exists():
        staging.rename(target)
    elif not _exchange(staging, target):
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


#: What went wrong and what to do, by error number.
_EXPLAINED: dict[int, str] = {
    **dict.fromkeys(
        (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
        "no room is left on the disk; free some space or give another folder with --output",
    ),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS),
        "cannot be written (permission denied); give another folder with --output",
    ),
    **dict.fromkeys(
        (errno.EBUSY, errno.EXDEV),
        "is a mounted volume and cannot be replaced as a whole; give a folder inside it",
    ),
    errno.ENOTDIR: "lies below something that is not a folder; give another folder with --output",
    errno.ENAMETOOLONG: "has too long a name; give another folder with --output",
    errno.ELOOP: "is a link that leads in a circle; give another folder with --output",
}


def _explain(error: OSError) -> str:
    """Say in one line what went wrong and what to do."""
    plain = f"cannot be written: {error.strerror or error}; give another folder with --output"
    return _EXPLAINED.get(error.errno or 0, plain)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 into a folder in preparation.

    Lone surrogates, which no file can hold, become question marks.
    """
    path.write_text(text, encoding="utf-8", errors="replace", newline="\n")
