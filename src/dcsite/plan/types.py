"""The plan: what came out of a run, as plain frozen records that every output reads.

Nothing here knows how a plan is found, drawn or written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from dcsite.contract import Backup, CriterionValue, DisasterLoss, Measure, Violation

from .explanation import MeasureShare

__all__ = [
    "Assumption",
    "CriterionValue",
    "GeodataUse",
    "Hub",
    "LandingLink",
    "Measure",
    "MeasureShare",
    "Plan",
    "Status",
    "SubstationLink",
    "UnservedZone",
    "Violation",
]

Status = Literal["optimal", "feasible", "interrupted"]


@dataclass(frozen=True)
class SubstationLink:
    """The substation a hub connects to; `distance_km` is geodesic."""

    substation_id: str
    name_ja: str | None
    name_en: str | None
    voltage_kv: float
    distance_km: float
    lat_deg: float
    lon_deg: float


@dataclass(frozen=True)
class LandingLink:
    """The international cable landing nearest to a hub; `cluster_id` when it is a crowded one."""

    landing_id: str
    name_ja: str
    name_en: str
    distance_km: float
    lat_deg: float
    lon_deg: float
    cluster_id: str | None


@dataclass(frozen=True)
class Hub:
    """One new data-centre hub of the plan.

    `name_en` and `municipality_code` are None where a user's site gives none.
    `uncertainty_km` is the radius of a disc of the municipality's habitable area. `shares` are its
    parts of the plan's scored measures.
    """

    site_id: str
    municipality_code: str | None
    name_ja: str
    name_en: str | None
    prefecture_en: str
    prefecture_ja: str
    area: str
    tier: str
    lat_deg: float
    lon_deg: float
    uncertainty_km: float
    it_load_mw: float
    substation: SubstationLink | None
    landing: LandingLink | None
    nearest_hub_km: float
    nearest_hub_id: str
    renewable_share: float
    decarbonised_share: float
    values: tuple[CriterionValue, ...]
    shares: tuple[MeasureShare, ...] = ()


@dataclass(frozen=True)
class UnservedZone:
    """Demand of one prefecture and workload that no hub of the plan serves."""

    pref_code: str
    name_en: str
    name_ja: str
    workload: str
    unserved_mw: float


@dataclass(frozen=True)
class Assumption:
    """A value the strategy does not give, with the reason for the one used."""

    key: str
    value: Any
    why: str


@dataclass(frozen=True)
class GeodataUse:
    """A table that the run read."""

    table: str
    sha256: str
    licence: str
    vintage: str
    source: str


@dataclass(frozen=True)
class Plan:
    """A complete answer: hubs, measures, proof, assumptions and what it was made from.

    `objective`, `bound` are in objective points (weighted scores less penalties, maximised);
    `gap` is ``(bound - objective) / max(|objective|, 1e-9)``. `backups` names each core's and
    large hub's backup, `worst_disasters` what takes most of it; `notes` say what the solvers did
    beside, such as rows laid as needed.
    """

    dcsite_version: str
    scenario_name: str
    title_en: str
    title_ja: str
    status: Status
    objective: float
    bound: float
    gap: float
    gap_asked: float
    solver: str
    solver_version: str
    options: Mapping[str, Any]
    wall_s: float
    created_at: str
    hubs: tuple[Hub, ...]
    measures: tuple[Measure, ...]
    unserved_mw: float
    unserved: tuple[UnservedZone, ...]
    violations: tuple[Violation, ...]
    backups: tuple[Backup, ...]
    worst_disasters: tuple[DisasterLoss, ...]
    notes: tuple[str, ...]
    assumptions: tuple[Assumption, ...]
    geodata: tuple[GeodataUse, ...]
    scenario: Mapping[str, Any]
