"""What can go wrong, and where: one small hierarchy of errors that name their place.

Every error a user can cause carries :class:`Problem` records (file, field, value, what is
allowed, what to do next); the command line turns the class into an exit code and each problem
into one line on stderr.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, with its place.

    Parameters
    ----------
    where : str
        File, option or table the value came from.
    field : str
        Dotted key, column or row and column; empty when the whole of `where` is meant.
    message : str
        What is wrong, with the offending value and what is allowed, in one line.
    """

    where: str
    field: str
    message: str

    def __str__(self) -> str:
        """Render as ``where: field: message`` on one line."""
        parts = [part for part in (self.where, self.field, self.message) if part]
        return " ".join(": ".join(parts).split())


class DcsiteError(Exception):
    """Base of all errors that dcsite raises on purpose.

    Parameters
    ----------
    problems : Problem or iterable of Problem or str
        What is wrong; several are reported together.
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, problems: Problem | Iterable[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = Problem("", "", problems)
        if isinstance(problems, Problem):
            problems = (problems,)
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class ScenarioError(DcsiteError):
    """A scenario (file, shipped name or ``--set``) that cannot be used."""


class GeodataError(DcsiteError):
    """A table of ``geodata/`` that is not what its descriptor says."""


class SitesError(DcsiteError):
    """A user's list of sites that cannot be used."""


class DisastersError(DcsiteError):
    """A user's file of disasters that cannot be used."""


class HazardsError(DcsiteError):
    """A user's file of flood, tsunami, landslide or storm surge that cannot be used."""


class SubstationsError(DcsiteError):
    """A user's file of connection points, or of their capacity, that cannot be used."""


class CorridorsError(DcsiteError):
    """A user's corridors and areas for the edge that cannot be used."""


class NetworkFileError(DcsiteError):
    """A user's own network that cannot be used."""


class OutputError(DcsiteError):
    """Outputs that cannot be written where they were asked for."""


class CriterionError(DcsiteError):
    """A criterion, ours or a third party's, that does not keep the contract."""


class InfeasibleError(DcsiteError):
    """No plan meets all hard rules together."""

    exit_code = 3


class NoPlanInTimeError(DcsiteError):
    """The time limit passed before any plan was found."""

    exit_code = 4


class InterruptedWithoutPlanError(DcsiteError):
    """The user stopped the run before any plan was found."""

    exit_code = 130


class SolverError(DcsiteError):
    """A solver broke down or answered with something that cannot be read."""

    exit_code = 1


class CheckError(DcsiteError):
    """The independent check disagrees with the formulation: a bug in dcsite, no plan is written."""

    exit_code = 1


#: What the system refuses when a file is to be written, and what to do, by error number.
_REFUSED: dict[int, str] = {
    **dict.fromkeys(
        (errno.ENOSPC, errno.EDQUOT, errno.EFBIG),
        "no room is left on the disk; free some space or give another folder",
    ),
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS),
        "cannot be written (permission denied); give another folder",
    ),
    **dict.fromkeys(
        (errno.EBUSY, errno.EXDEV),
        "is a mounted volume and cannot be replaced as a whole; give a folder inside it",
    ),
    errno.ENOTDIR: "lies below something that is not a folder; give another folder",
    errno.ENAMETOOLONG: "has too long a name; give another folder",
    errno.ELOOP: "is a link that leads in a circle; give another folder",
}

#: Errors that a full or closed system makes, not a bug.
OF_THE_SYSTEM = frozenset(_REFUSED) | {errno.EMFILE, errno.ENFILE, errno.EIO, errno.ENOMEM}


def unwritable(error: OSError) -> str:
    """Say in one line what the system refuses and what to do."""
    plain = f"cannot be written: {error.strerror or error}; give another folder"
    return _REFUSED.get(error.errno or 0, plain)
