"""Exact p-dispersion: the places farthest apart, and a proof that none are farther.

The smallest distance among a number of chosen points is made as large as it can be, on the plane
or on WGS 84, by bisection on that distance with reduction and set packing at each step.
"""

from .bisection import Clock, Dispersion, DispersionProgress, OutOfTimeError, disperse
from .packing import pack
from .places import Places, read_places
from .points import METRICS, Metric, Points

__all__ = [
    "METRICS",
    "Clock",
    "Dispersion",
    "DispersionProgress",
    "Metric",
    "OutOfTimeError",
    "Places",
    "Points",
    "disperse",
    "pack",
    "read_places",
]
