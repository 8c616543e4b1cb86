"""Rows of the tiers: how many hubs, in which regions, with how much load together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcsite.criteria import TIERS, Admission

if TYPE_CHECKING:
    import geopandas as gpd

    from dcsite.scenario import Scenario

    from .program import SiteProgram


def count_tiers(program: SiteProgram) -> None:
    """Bound the number of hubs: ``min_t <= sum(open[i, t]) <= max_t`` (strategy F1, C8, C3).

    Whether core hubs count among the large ones is not stated in the strategy; the scenario's
    `cores_count_as_large` decides.
    """
    for number, tier in enumerate(TIERS):
        coefficient = np.zeros(program.eligible.shape)
        coefficient[:, number] = 1.0
        if tier == "large" and program.scenario.cores_count_as_large:
            coefficient[:, TIERS.index("core")] = 1.0
        count = program.scenario.tiers[tier].count
        terms = program.open_terms(coefficient)
        up = float(len(program.sites))
        for sense, bound, name in ((">=", count.min, "least"), ("<=", count.max, "most")):
            program.row(
                f"count_{name}_{tier}", terms, sense, float(bound), rule="tier_counts", slack_up=up
            )


def place_cores(program: SiteProgram) -> None:
    """Place a core in each named region: ``sum(open[i, core] for i in region) >= 1`` (F5)."""
    regions = program.atlas.table("core_regions")
    core = TIERS.index("core")
    for region in program.scenario.tiers.core.regions:
        codes = regions.index[regions["region"] == region]
        coefficient = np.zeros(program.eligible.shape)
        coefficient[:, core] = program.sites["pref_code"].isin(codes).to_numpy(dtype=float)
        program.row(
            f"core_region_{region}",
            program.open_terms(coefficient),
            ">=",
            1.0,
            rule="core_regions",
            slack_up=1.0,
        )


def total_load(program: SiteProgram) -> None:
    """Carry the total: ``sum(it_load_mw) / total == 1``."""
    share = np.full(program.eligible.shape, 1.0 / program.total_it_load_mw)
    program.row(
        "total_it_load", program.load_terms(share), "==", 1.0, rule="total_it_load", slack_up=10.0
    )


def workforce(sites: gpd.GeoDataFrame, scenario: Scenario) -> Admission:
    """Keep hubs out of municipalities with too few residents; a user's own sites are not asked."""
    few = (sites["population_2020"] < scenario.workforce.min_population).to_numpy(dtype=float)
    return Admission(
        "workforce",
        np.repeat(few[:, None], len(TIERS), axis=1),
        "too few residents to build and run a hub",
    )


def land_guide(sites: gpd.GeoDataFrame, scenario: Scenario) -> Admission:
    """Measure by which part of the guide of about 10 ha (B5) a site's usable land falls short.

    Usable land is the user's hectares, else the land behind the site's largest load.
    """
    usable_ha = sites["hectares"].fillna(sites["max_it_load_mw"] / scenario.land.mw_per_ha)
    guide_ha = scenario.land.guide_ha
    if guide_ha <= 0.0:
        short = np.zeros(len(sites))
    else:
        short = np.clip((guide_ha - usable_ha.to_numpy(dtype=float)) / guide_ha, 0.0, 1.0)
    return Admission(
        "land_guide",
        np.repeat(short[:, None], len(TIERS), axis=1),
        "less usable land than the guide",
    )
