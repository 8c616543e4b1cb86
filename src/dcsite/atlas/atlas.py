"""The atlas: one geodata folder, handed out by theme."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from dcsite.atlas.descriptor import DESCRIPTOR, ResourceInfo, read_package
from dcsite.atlas.hazards import Hazards
from dcsite.atlas.network import Network
from dcsite.atlas.places import Places
from dcsite.atlas.policy import Policy
from dcsite.atlas.power import Power
from dcsite.atlas.store import TableStore

__all__ = ["Atlas", "default_root", "load_atlas"]


class Atlas:
    """What is known of Japan.

    Parameters
    ----------
    store : TableStore
        The tables of one geodata folder.

    Attributes
    ----------
    places, power, network, hazards, policy
        The tables by theme. Each is read at first use and held against its SHA-256.
    """

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self.places = Places(store)
        self.power = Power(store)
        self.network = Network(store)
        self.hazards = Hazards(store)
        self.policy = Policy(store)

    def __repr__(self) -> str:
        used = len(self.tables_used())
        return f"Atlas({str(self.root)!r}, {len(self.resources())} tables, {used} read)"

    @property
    def root(self) -> Path:
        """The geodata folder."""
        return self._store.root

    def resources(self) -> tuple[ResourceInfo, ...]:
        """List all tables, read or not."""
        return self._store.infos()

    def resource(self, name: str) -> ResourceInfo:
        """Return what is known of one table, by its name."""
        return self._store.spec(name).info

    def tables_used(self) -> tuple[ResourceInfo, ...]:
        """List the tables read so far: what a plan made with this atlas rests on."""
        return self._store.used()

    def mark_used(self, name: str) -> None:
        """Count a table as read where a kept result rests on it.

        Parameters
        ----------
        name : str
            Of the table; its file is held against its SHA-256, as when it is read.

        Raises
        ------
        GeodataError
            If there is no such table, or its file has changed.
        """
        self._store.mark_used(name)

    def recording(self) -> AbstractContextManager[set[str]]:
        """Collect the names of the tables asked for inside a ``with`` block."""
        return self._store.recording()


def default_root() -> Path:
    """Return the geodata folder of the installed package, or of the source tree it runs from."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "geodata"
    if (installed / DESCRIPTOR).is_file():
        return installed
    return package.parent.parent / "geodata"


def load_atlas(root: Path | None = None) -> Atlas:
    """Open a geodata folder; its tables are read when asked for.

    Parameters
    ----------
    root : Path, optional
        Folder with a ``datapackage.json``; the shipped geodata when not given.

    Returns
    -------
    Atlas
        What is known.

    Raises
    ------
    GeodataError
        When the descriptor is missing or broken.
    """
    folder = default_root() if root is None else Path(root)
    return Atlas(TableStore(folder, read_package(folder).resources))
