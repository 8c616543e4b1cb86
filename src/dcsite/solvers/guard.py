"""Become another program that dies with the process that started it.

Run as ``python guard.py PARENT PROGRAM [ARGUMENT ...]``: a solver must not go on when dcsite was
killed. The kernel's parent-death signal outlives ``exec``, and setting it here needs no code
between fork and exec in a parent that may have threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then replace it by the program asked for."""
    parent, program = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the parent ended before the line above
        sys.exit(1)
    # A shell's background job ignores SIGINT; the solvers' clean stop must work there too.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(program[0], program)  # noqa: S606 - the solver, by its full path


if __name__ == "__main__":
    main()
