"""The network between places: backbone, cables as systems, tails, and round trips along them."""

from .backbone import Network, network_of, on_land
from .files import network_files
from .routes import fibre_km_between
from .systems import cable_systems, landings_in_force, reach_and_loss

__all__ = [
    "Network",
    "cable_systems",
    "fibre_km_between",
    "landings_in_force",
    "network_files",
    "network_of",
    "on_land",
    "reach_and_loss",
]
