"""The network between places: backbone, cables as systems, tails, ways and losses along them."""

from .backbone import Network, calibration_of, network_inputs, network_of, on_land, overland_km
from .calibration import Calibration
from .losses import Fate, Reach, cut_off, fates_of, known_losses, ways_out
from .routes import Route, RouteFinder, Routes, fibre_km_between, km_on_land
from .sea import open_sea
from .systems import cable_systems, landings_in_force, reach_and_loss

__all__ = [
    "Calibration",
    "Fate",
    "Network",
    "Reach",
    "Route",
    "RouteFinder",
    "Routes",
    "cable_systems",
    "calibration_of",
    "cut_off",
    "fates_of",
    "fibre_km_between",
    "km_on_land",
    "known_losses",
    "landings_in_force",
    "network_inputs",
    "network_of",
    "on_land",
    "open_sea",
    "overland_km",
    "reach_and_loss",
    "ways_out",
]
