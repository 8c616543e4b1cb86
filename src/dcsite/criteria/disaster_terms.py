"""What the disasters criterion and its check share: parameters, the set, losses in the mean."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field, model_validator
from scipy.special import chdtri

from dcsite.contract import file_and_layer
from dcsite.geo.geodesy import all_km
from dcsite.hazards import DisasterSettings, disaster_set
from dcsite.hazards.settings import Part
from dcsite.network import landings_in_force, network_of
from dcsite.scenario.schema import Positive, Section

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from dcsite.atlas import Atlas
    from dcsite.hazards import DisasterSet
    from dcsite.scenario import Scenario

#: Disasters to which the measure of the worst one and the losses are confined: a whole frequency
#: lost halves nearly every plan and tells none from another, Tokyo lost is a rule of its own.
SCORED_KINDS = (
    "earthquake",
    "local_earthquake",
    "area_blackout",
    "landing_cluster",
    "network",
    "user",
)


#: Kinds of disasters in which something else than shaking and power takes hubs down.
_LOSSES = ("local_earthquake", "landing_cluster", "network", "user")


class LeastSurvival(Section):
    """Share of the plan's capacity that must be expected to stand, by kind of disaster."""

    earthquake: Part
    """In each computed earthquake in force."""
    local_earthquake: Part
    """In each local earthquake."""
    area_blackout: Part
    """With one electricity area dark."""
    frequency_blackout: Part
    """With all of 50 or 60 Hz dark."""
    landing_cluster: Part
    """With a cluster of landings lost."""
    network: Part
    """With one part of the network lost."""
    tokyo_lost: Part
    """With the Tokyo area lost."""
    user: Part
    """In each disaster of the user's file."""


class WeightParts(Section):
    """How the criterion's weight is divided; the parts add up to 1."""

    worst_survival: Part
    """Share standing in the worst disaster."""
    expected_loss: Part
    """Expected loss."""
    cvar_loss: Part
    """Mean loss over the worst tail."""

    @model_validator(mode="after")
    def _whole(self) -> WeightParts:
        total = self.worst_survival + self.expected_loss + self.cvar_loss
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"the three parts must add up to 1, got {total:g}")
        return self


class Parameters(DisasterSettings):
    """Parameters of the disasters criterion."""

    least_survival: LeastSurvival
    """Share of the plan's capacity expected to stand, by kind of disaster."""
    cvar_level: Annotated[float, Field(ge=0, lt=1)]
    """Level of CVaR: 0.996 is the mean over the worst 0.4 % of disasters."""
    expected_zero_at: Positive
    """Expected times down in 30 years, of the load's mean site, that score 0."""
    weight_parts: WeightParts
    """How the criterion's weight is divided."""


def disasters_of(sites: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> DisasterSet:
    """Return what each disaster does to each of some sites.

    Parameters
    ----------
    sites : pandas.DataFrame
        Indexed by `site_id`: `lat_deg`, `lon_deg`, `municipality_code`, `area`.
    atlas, scenario
        What is known and asked.

    Notes
    -----
    A run asks for the set of its candidates and of its hubs several times over; the last few are
    kept, under all that they follow from.
    """

    def found() -> DisasterSet:
        own: Parameters = scenario.criteria["disasters"]
        clusters = nearest_clusters(sites, atlas, scenario)
        return disaster_set(sites, atlas, own, clusters, network_of(atlas, scenario.network))

    return atlas.kept("disasters", _key(sites, atlas, scenario), found)


def _key(sites: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> str:
    own: Parameters = scenario.criteria["disasters"]
    network = network_of(atlas, scenario.network)
    settings = own.model_dump_json(include=set(DisasterSettings.model_fields))
    digest = hashlib.sha256(f"{settings} {network.digest}".encode())
    digest.update(scenario.criteria["cables"].model_dump_json().encode())
    file = file_and_layer(own.footprints_file)[0]
    if own.footprints_file and file.is_file():
        digest.update(file.read_bytes())
    for name in ("lat_deg", "lon_deg"):
        digest.update(sites[name].to_numpy(dtype=float).tobytes())
    named = ("municipality_code", "area", "arv", "tier")
    columns = [name for name in named if name in sites]
    for values in (sites.index, *(sites[name] for name in columns)):
        digest.update("\0".join(map(str, values)).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def nearest_clusters(sites: pd.DataFrame, atlas: Atlas, scenario: Scenario) -> list[str]:
    """Return the cluster of the landing nearest to each site; empty beyond a core's reach.

    What stands farther away reaches all landings over the network and leans on none.

    Parameters
    ----------
    sites : pandas.DataFrame
        With `lat_deg` and `lon_deg`.
    atlas : Atlas
        What is known.
    scenario : Scenario
        Says which landings count, and how far one reaches.
    """
    own = scenario.criteria["cables"]
    landings = landings_in_force(atlas, scenario.network.year)
    away_km = all_km(sites, landings)
    near = away_km.min(axis=1) <= own.core_landing_max_km
    nearest = landings["cluster"].to_numpy()[away_km.argmin(axis=1)]
    return [str(one) if within else "" for one, within in zip(nearest, near, strict=True)]


def down_by_tier(disasters: DisasterSet, events: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return how likely each site is down in some events, by tier: (events, n, tiers)."""
    return np.asarray(disasters.down_by_tier[:, :, events].transpose(2, 1, 0), dtype=np.float64)


def expected_down(disasters: DisasterSet, tier: int | None = None) -> NDArray[np.float64]:
    """Return how often each site is expected down in 30 years, over events of known probability.

    Parameters
    ----------
    disasters : DisasterSet
        At the sites.
    tier : int, optional
        Number of the tier whose fuel they have; without it, each of its own.
    """
    down = disasters.down if tier is None else disasters.down_by_tier[tier]
    weight = disasters.events["probability_30y"].fillna(0.0).to_numpy(dtype=float)
    return np.asarray(down @ weight, dtype=np.float64)


def down_by_cause(disasters: DisasterSet) -> dict[str, NDArray[np.float64]]:
    """Return how often each site is expected down in 30 years, by what takes it down.

    The parts add up to :func:`expected_down`. Where one event may take a site down in several ways
    shaking goes before a loss, and both before the power: what is left is what power adds.
    """
    events = disasters.events
    weight = events["probability_30y"].fillna(0.0).to_numpy(dtype=float)
    lost = (1.0 - disasters.shaken) * disasters.lost * weight
    by_kind = {kind: lost[:, (events["kind"] == kind).to_numpy()].sum(axis=1) for kind in _LOSSES}
    # What shakes nodes and links counts with what takes them alone.
    standing = (1.0 - disasters.shaken) * (1.0 - disasters.lost)
    by_kind["network"] += (standing * disasters.cut_off) @ weight
    shaking = disasters.shaken @ weight
    power = expected_down(disasters) - shaking - sum(by_kind.values())
    return {"shaking": shaking, **by_kind, "power": np.maximum(power, 0.0)}


def area_blackout_interval(atlas: Atlas) -> tuple[float, float]:
    """Return the 95 % interval of an area's blackout without an earthquake, in 30 years.

    The exact one of a Poisson count: whole areas dark without an earthquake in the area-years that
    the table of outages spans (none so far).
    """
    outages = atlas.table("wide_area_power_outages")
    year = outages["date"].astype(str).str[:4].astype(int)
    area_years = len(atlas.table("electricity_areas")) * int(year.max() - year.min())
    seen = int(((outages["whole_area"] == 1) & (outages["cause"] != "earthquake")).sum())
    events = chdtri([2 * seen, 2 * seen + 2], [0.975, 0.025]) / 2.0
    low, high = -np.expm1(-30.0 / area_years * np.nan_to_num(events))
    return float(low), float(high)


def tail_weights(disasters: DisasterSet) -> NDArray[np.float64]:
    """Return the probability of each scored event among all scored ones, summing to 1."""
    events = disasters.events
    weight = events["probability_30y"].where(events["kind"].isin(SCORED_KINDS)).fillna(0.0)
    total = float(weight.sum())
    values = weight.to_numpy(dtype=float)
    return np.asarray(values / total if total > 0.0 else values, dtype=np.float64)


def existing_areas(atlas: Atlas) -> frozenset[str]:
    """Return the electricity areas of the existing cores."""
    cores = atlas.existing_cores()
    places = atlas.table("municipalities")
    here = places[places["pref_code"].isin(cores["pref_code"])]
    # A prefecture may reach into a second area; the cores stand in its main one.
    return frozenset(
        str(areas.value_counts().index[0])
        for _, areas in here.groupby("pref_code")["electricity_area"]
    )
