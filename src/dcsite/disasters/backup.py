"""Which sites may back each other up: those that no disaster takes down together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .disaster_set import DisasterSet

__all__ = ["falls_with", "joint_risk"]


def falls_with(disasters: DisasterSet, site: int, least: float) -> NDArray[np.bool_]:
    """Tell which sites some event takes down together with one, with at least a probability.

    Parameters
    ----------
    disasters : DisasterSet
        Of n sites and m events; all of them count.
    site : int
        Position of the site.
    least : float
        Probability, given the event, from which two sites count as falling together; above 0.

    Returns
    -------
    numpy.ndarray, shape (n,)
        True for the site itself.
    """
    down = disasters.down
    found = np.zeros(len(down), dtype=bool)
    found[site] = True
    # Two are never down together more often than either is alone: most pairs are settled by that.
    for event in np.flatnonzero(down[site] >= least):
        rest = np.flatnonzero((down[:, event] >= least) & ~found)
        if len(rest):
            both = disasters.both_down(site, rest, int(event))
            found[rest[both >= least]] = True
    return found


def joint_risk(disasters: DisasterSet, site: int, others: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return how often a site and each of some others are down together, expected in 30 years.

    Parameters
    ----------
    disasters : DisasterSet
        Of n sites and m events; those of unknown probability count as 0.
    site : int
        Position of the site.
    others : numpy.ndarray, shape (k,)
        Positions of the others.

    Returns
    -------
    numpy.ndarray, shape (k,)
        Sum over events of their probability in 30 years times that of both being down.
    """
    weight = disasters.events["probability_30y"].fillna(0.0).to_numpy(dtype=float)
    down = disasters.down
    risk = np.zeros(len(others))
    for event in np.flatnonzero((weight > 0.0) & (down[site] > 0.0)):
        both = disasters.both_down(site, others, int(event))
        risk += weight[event] * both
    return risk
