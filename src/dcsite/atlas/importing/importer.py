"""What an importer is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from .reading import Reading


@dataclass(frozen=True)
class Importer:
    """Turns files of one kind into tables.

    A table has the columns of the shipped one, as far as they are known, and may have `file` (its
    number among the files) and `line`, so that a fault is told where the user can mend it.
    """

    kind: str
    """Name on the command line."""
    reads_en: str
    """What it reads, in English."""
    reads_ja: str
    """What it reads, in Japanese."""
    source: dict[str, str]
    """Title and address of who publishes the files."""
    licence: dict[str, str]
    """Name, title and address of the licence, as far as it is known."""
    read: Callable[[Reading], dict[str, pd.DataFrame]]
    """Reads the files as tables by name."""
    always_replaced: tuple[str, ...] = ()
    """Tables that cannot be laid over the shipped rows by key."""
    never_alone: str = ""
    """Shipped tables with ids of these, which can therefore not stand alone; empty: they can."""
