"""The network between places: backbone, domestic cables, tails, and round trips along them."""

from .backbone import Network, network_of, on_land
from .files import network_files
from .routes import fibre_km_between

__all__ = [
    "Network",
    "fibre_km_between",
    "network_files",
    "network_of",
    "on_land",
]
