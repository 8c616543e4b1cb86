"""The commands: parse, call, print."""

from __future__ import annotations

import os
import sys

from dcsite.interrupts import heed_signals, was_raised

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with the documented code."""
    # Matrices here are small: threads of the linear algebra only wait for one another.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    heed_signals()
    # Loading the libraries takes most of a second: a Ctrl-C then is no error either.
    try:
        from .app import main as run
    except (Exception, KeyboardInterrupt):
        if not was_raised():
            raise
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    run()
