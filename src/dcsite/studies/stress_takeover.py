"""Taking over, played out: the load of hubs that are down moves into the reserve of standing ones.

A standing hub carries for one that is down if it fits it (no disaster in force takes both down, as
the plan was made to hold) and as far as its reserve goes; reserve is shared by all that fall. What
is carried in all is the largest flow from loads that are down to reserve that stands, worked out
for each set of hubs that are down, anew whenever one falls or returns. Moving takes no time here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from .stress_simulate import HOURS_PER_YEAR

if TYPE_CHECKING:
    from .stress_simulate import Damage, Flags, Floats

_KW = 1000.0


def largest_flow(load_mw: Floats, reserve_mw: Floats, fits: Flags) -> Floats:
    """Return who carries how much when as much as possible is carried.

    Parameters
    ----------
    load_mw : numpy.ndarray, shape (k,)
        Loads to be carried.
    reserve_mw : numpy.ndarray, shape (n,)
        Reserve of each hub that stands, 0 for one that does not.
    fits : numpy.ndarray of bool, shape (k, n)
        Which hub may carry which load.

    Returns
    -------
    numpy.ndarray, shape (k, n)
        MW, whole kW: rounded down at each load and each reserve.
    """
    loads, hubs = fits.shape
    source, sink = loads + hubs, loads + hubs + 1
    load, reserve = ((mw * _KW + 1e-6).astype(np.int32) for mw in (load_mw, reserve_mw))
    kw = np.zeros((sink + 1, sink + 1), dtype=np.int32)
    kw[source, :loads], kw[loads:source, sink] = load, reserve
    kw[:loads, loads:source] = np.minimum.outer(load, reserve) * fits
    flow = maximum_flow(csr_array(kw), source, sink).flow.toarray()
    return np.asarray(flow[:loads, loads:source] / _KW, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Reserve:
    """Loads and reserves of n hubs, and who fits whom.

    Parameters
    ----------
    load_mw, reserve_mw : numpy.ndarray, shape (n,)
        IT load of each hub, and capacity held free for others.
    fits : numpy.ndarray of bool, shape (n, n)
        ``fits[i, j]``: hub j may take hub i over.
    """

    load_mw: Floats
    reserve_mw: Floats
    fits: Flags

    def carried_mw(self, down: Flags) -> Floats:
        """Return how much of the load is carried while some hubs are down.

        Parameters
        ----------
        down : numpy.ndarray of bool, shape (k, n)
            Which hubs are down, k times.

        Returns
        -------
        numpy.ndarray, shape (k,)
        """
        return self._carried_mw(down[:, self._matters])

    @property
    def _matters(self) -> NDArray[np.int64]:
        """Hubs that can be carried, or carry."""
        return np.flatnonzero(self.fits.any(axis=1) | (self.reserve_mw > 0.0))

    def _carried_mw(self, down: Flags) -> Floats:
        sets, which = np.unique(down, axis=0, return_inverse=True)
        matters = self._matters
        fits, load = self.fits[np.ix_(matters, matters)], self.load_mw[matters]
        reserve = self.reserve_mw[matters]
        mw = [largest_flow(load[out], np.where(out, 0.0, reserve), fits[out]).sum() for out in sets]
        return np.array(mw, dtype=np.float64)[which.ravel()]

    def carried_mwh(self, damage: Damage) -> tuple[NDArray[np.int64], Floats]:
        """Return how much energy is carried between any two changes of what is down.

        Parameters
        ----------
        damage : Damage
            What strikes these hubs.

        Returns
        -------
        year : numpy.ndarray of int, shape (k,)
            In which the stretch begins, rising.
        mwh : numpy.ndarray, shape (k,)
        """
        matters = self._matters
        hours = damage.hours[:, matters]
        row, hub = np.nonzero(hours > 0.0)
        ends = damage.until_hours[row, matters[hub]]
        time = np.concatenate((ends - hours[row, hub], ends))
        order = np.argsort(time, kind="stable")
        change = np.zeros((len(time), len(matters)), dtype=np.int8)
        change[np.arange(len(time)), np.tile(hub, 2)] = np.repeat([1, -1], len(hub))
        down = np.cumsum(change[order], axis=0, dtype=np.int8)[:-1] > 0
        time = time[order]
        real = np.flatnonzero(np.diff(time) > 0.0)
        year = (time[real] / HOURS_PER_YEAR).astype(np.int64)
        return year, self._carried_mw(down[real]) * np.diff(time)[real]
