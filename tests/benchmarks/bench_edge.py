"""MEC sites along 2,000 km of road: straight lines between neighbouring prefectural capitals."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from shapely import LineString

import dcsite
from dcsite.solvers import SolveOptions
from dcsite.studies.edge import run_edge
from dcsite.studies.edge_corridors import EdgeAssumptions

#: Km, km between cells, MEC sites for each.
QUESTIONS = ((2000.0, 2.0, 1), (2000.0, 0.5, 2))


def drawn(atlas, most_km):
    nodes, links = atlas.table("fibre_backbone_nodes"), atlas.table("fibre_backbone_links")
    links = links[(links["model"] == "JPN48") & links["inter_island"].isna()]
    links = links[links["route_length_km"].cumsum() / 1.37 <= most_km]
    ends = [
        nodes.loc[links[end], ["lon_deg", "lat_deg"]].to_numpy() for end in ("node_a", "node_b")
    ]
    return pd.DataFrame(
        {"corridor_id": links.index, "name_ja": links.index, "name_en": "", "kind": "road",
         "weight": 1.0, "max_ms": np.nan, "lines": "", "stated_km": np.nan, "basis_ja": "",
         "basis_en": "", "geometry": [LineString(pair) for pair in zip(*ends, strict=True)]}
    )  # fmt: skip


@pytest.mark.parametrize(("km", "spacing", "spares"), QUESTIONS)
def test_edge(km, spacing, spares, benchmark, row):
    atlas, policy = dcsite.load_atlas(), dcsite.load_scenario("policy-2023")
    assumed = EdgeAssumptions.read()
    values = {"sampling_km": spacing, "sites_per_cell": float(spares)}
    changed = {k: getattr(assumed, k).model_copy(update={"value": v}) for k, v in values.items()}
    offices = atlas.table("prefectures")
    hubs = [
        SimpleNamespace(site_id=str(code), name_ja=one.name_ja, name_en=None, tier="regional",
                        lat_deg=one.office_lat_deg, lon_deg=one.office_lon_deg, it_load_mw=10.0)
        for code, one in offices.iterrows()
    ]  # fmt: skip
    plan = SimpleNamespace(hubs=hubs, title_ja="", title_en="", digest="")
    assumed, roads = assumed.model_copy(update=changed), drawn(atlas, km)
    found = benchmark.pedantic(
        run_edge, (plan, policy, atlas, assumed, roads),
        {"options": SolveOptions("highs", 600.0)}, rounds=1, iterations=1,
    )  # fmt: skip
    row(
        "MEC sites along corridors",
        ("km", "cells", "sites for each", "kW", "MEC sites", "no fewer than", "status", "s"),
        (f"{sum(one.length_km for one in found.corridors):,.0f}", f"{len(found.cells):,}",
         str(spares), f"{sum(one.load_kw for one in found.cells):,.0f}", str(found.sites),
         str(found.sites_bound), found.status, f"{benchmark.stats['mean']:.1f}"),
    )  # fmt: skip
    assert found.sites >= found.sites_bound
