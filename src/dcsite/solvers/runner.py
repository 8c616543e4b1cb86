"""What every solver runner offers; the driver knows runners only by this.

Runners see the program minimised (:class:`ProgramMatrix` holds it so): `best` and `bound` here
are in that sense, the driver turns them back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .options import SolverName

#: ``unbounded``: the relaxation is; whether any whole-number plan exists is not said.
Claim = Literal["solved", "stopped", "infeasible", "unbounded"]


class SolverBreakdownError(Exception):
    """A solver crashed, is missing, or its answer cannot be used; another may be tried."""


@dataclass(frozen=True)
class RunnerState:
    """Where a runner stands: stage, best objective and bound, minimised."""

    stage: str
    best: float | None = None
    bound: float | None = None


@dataclass(frozen=True)
class RawAnswer:
    """A solver's answer as it gave it.

    Parameters
    ----------
    claim : str
        What the solver says of its run.
    values : numpy.ndarray, optional
        Best point found, in the order of the matrix's columns.
    bound : float, optional
        The solver's dual bound, minimised; None if it told none.
    version : str
        The solver's version.
    node_count : int, optional
        Branch-and-bound nodes.
    """

    claim: Claim
    values: NDArray[np.float64] | None
    bound: float | None
    version: str
    node_count: int | None = None


class Runner(Protocol):
    """One solver working on one program in a child process."""

    name: SolverName
    title: str

    @property
    def stop_grace_s(self) -> float:
        """Return how many seconds to wait between asking the solver to stop and killing it."""

    def write(self) -> None:
        """Write what the child will read; raise SolverBreakdownError if there is no solver."""

    def start(self, time_limit_s: float | None) -> None:
        """Start the child; raise SolverBreakdownError if that cannot be done."""

    def poll(self, timeout_s: float) -> bool:
        """Read what the child says, at most `timeout_s` long; return whether it still runs."""

    @property
    def state(self) -> RunnerState:
        """Return where the solver stands by what was read so far."""

    def stop(self) -> None:
        """Ask the solver to stop and give its best plan; may be asked again and again."""

    def kill(self) -> None:
        """End the child at once; plans it saved stay readable."""

    def result(self) -> RawAnswer:
        """Return the answer of a child that has ended."""
