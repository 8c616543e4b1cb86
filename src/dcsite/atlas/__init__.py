"""What is known: geodata read, checked against its schema, handed out as (Geo)DataFrames."""

from __future__ import annotations

from .atlas import Atlas, load_atlas
from .check import check_geodata
from .descriptor import ResourceSpec

__all__ = ["Atlas", "ResourceSpec", "check_geodata", "load_atlas"]
