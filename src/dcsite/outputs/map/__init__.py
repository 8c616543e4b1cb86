"""The map: one HTML file that works with no network."""

from .page import render_map

__all__ = ["render_map"]
