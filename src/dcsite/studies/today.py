"""Today's concentration: the data centres in service whose capacity is known, as if hubs.

What it is: rows of the table of existing data centres in service, wholly or in phases, with a
stated capacity, whose municipality the table names or whose position lies in one. Of rows that
overlap (a park and its tenants) the one of the largest capacity stands for all: overlapping rows
are joined over every chain of `overlaps_with`.

What it is not: a census. Few sites state a capacity, capacities count different things (IT load,
power received, full build), those of a site in service in phases are of its full build, and cloud
regions have none. Shares of capacity may be compared with a plan's, not MW.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import pandas as pd

from dcsite.sites.landmass import PolygonLookup

if TYPE_CHECKING:
    from dcsite.atlas import Atlas

#: What stands in the column `tier`.
EXISTING_TIER = "existing"

_IN_SERVICE = ("in_service", "in_service_phased")
#: Points that stand for a whole city's region say nothing of a municipality.
_PLACED = ("oaza", "district", "municipality")


def todays_hubs(atlas: Atlas) -> pd.DataFrame:
    """List the data centres of today as hubs.

    Parameters
    ----------
    atlas : Atlas
        What is known.

    Returns
    -------
    pandas.DataFrame
        Indexed by `site_id` (the table's `dc_id`), sorted: `name_en`, `name_ja` (of the
        municipality), `municipality_code`, `area`, `lat_deg`, `lon_deg`, `it_load_mw` (capacity
        as stated), `tier` (``existing``).
    """
    table = atlas.table("data_centres_existing").sort_index()
    table = table[table["status_at_source_date"].isin(_IN_SERVICE) & table["capacity_mw"].gt(0)]
    code = _municipality(table, atlas)
    table = table.assign(municipality_code=code)[code.notna()]
    table = _once(table)
    places = atlas.table("municipalities").loc[table["municipality_code"]]
    lat, lon = (
        table[axis].fillna(pd.Series(places[f"office_{axis}"].to_numpy(), index=table.index))
        for axis in ("lat_deg", "lon_deg")
    )
    return pd.DataFrame(
        {
            "name_en": table["name"],
            "name_ja": places["name_ja"].to_numpy(),
            "municipality_code": table["municipality_code"],
            "area": places["electricity_area"].to_numpy(),
            "lat_deg": lat.astype(float),
            "lon_deg": lon.astype(float),
            "it_load_mw": table["capacity_mw"].astype(float),
            "tier": EXISTING_TIER,
        },
        index=table.index.rename("site_id"),
    )


def _municipality(table: pd.DataFrame, atlas: Atlas) -> pd.Series[str]:
    """Return each row's municipality: the table's, else the one its position lies in."""
    code = table["municipality_code"].astype(object)
    placed = table["lat_deg"].notna() & table["precision"].isin(_PLACED)
    unnamed = table.index[code.isna() & placed]
    if len(unnamed):
        polygons = atlas.polygons("municipality_polygons")
        position, _ = PolygonLookup(polygons).locate(
            table.loc[unnamed, "lat_deg"], table.loc[unnamed, "lon_deg"]
        )
        code.loc[unnamed] = polygons.index.to_numpy()[position]
    return code


def _once(table: pd.DataFrame) -> pd.DataFrame:
    """Keep of each set of overlapping rows the one of the largest capacity, the first of equals."""
    overlaps = table["overlaps_with"].dropna().str.split(";").explode()
    overlaps = overlaps[overlaps.isin(table.index)]
    chains = nx.Graph(overlaps.items())
    chains.add_nodes_from(table.index)
    kept = [
        table.loc[sorted(one), "capacity_mw"].idxmax() for one in nx.connected_components(chains)
    ]
    return table.loc[sorted(kept)]
