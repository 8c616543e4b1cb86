"""What is known: geodata read, checked against its schema, handed out as (Geo)DataFrames."""

from __future__ import annotations

from dcsite.atlas.atlas import Atlas, load_atlas
from dcsite.atlas.check import check_geodata
from dcsite.atlas.descriptor import ResourceInfo

__all__ = ["Atlas", "ResourceInfo", "check_geodata", "load_atlas"]
