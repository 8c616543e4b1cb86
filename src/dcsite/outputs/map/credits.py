"""Who is to be credited: the notices that licences ask for, and every table that was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.plan.types import Plan

__all__ = ["ATTRIBUTION", "credited_tables", "notices"]

#: Shown in the map's corner at all times; plain text.
ATTRIBUTION = "© OpenStreetMap contributors (ODbL) · 国土数値情報（国土交通省）を加工 · Leaflet"

#: Words in a table's source or licence, and the notice that its producer asks for.
_NOTICES: dict[str, str] = {
    "Open Database License": (
        "© OpenStreetMap contributors. 変電所・送電線は Open Database License (ODbL) 1.0 に基づく"
        "派生データベースです。 Substations and transmission lines are a derivative database under "
        "the ODbL 1.0: openstreetmap.org/copyright"
    ),
    "National Land Numerical Information": (
        "「国土数値情報（行政区域データ）」（国土交通省）をもとに加工。 Made from National Land "
        "Numerical Information (Administrative Areas), MLIT, processed."
    ),
    "SSDSE": (
        "「SSDSE」（独立行政法人統計センター）を加工して作成。 Made from SSDSE, National "
        "Statistics Center, processed."
    ),
    "Copernicus DEM": (
        "Produced using Copernicus WorldDEM-30 © DLR e.V. 2010-2014 and © Airbus Defence and Space "
        "GmbH 2014-2018 provided under COPERNICUS by the European Union and ESA; all rights "
        "reserved."
    ),
    "Global Energy Monitor": (
        "Copyright © Global Energy Monitor. Distributed under a Creative Commons Attribution 4.0 "
        "International License (CC BY 4.0)."
    ),
    "Global Wind Power Tracker": (
        "Global Wind Power Tracker, Global Energy Monitor, February 2025 release. Distributed "
        "under a Creative Commons Attribution 4.0 International License (CC BY 4.0)."
    ),
    "Global Power Plant Database": (
        "Global Energy Observatory, Google, KTH Royal Institute of Technology in Stockholm, "
        "Enipedia, World Resources Institute: Global Power Plant Database (CC BY 4.0)."
    ),
    "J-SHIS": (
        "「J-SHIS」（防災科学技術研究所）の地震動予測地図・表層地盤をもとに作成。 Made from "
        "J-SHIS, National Research Institute for Earth Science and Disaster Resilience (NIED)."
    ),
    "Headquarters for Earthquake Research Promotion": (
        "地震調査研究推進本部の長期評価をもとに作成。 Made from long-term evaluations of the "
        "Headquarters for Earthquake Research Promotion."
    ),
    "Hazard Map Portal": (
        "「ハザードマップポータルサイト」（国土交通省・国土地理院）を加工して作成。 Made from the "
        "Hazard Map Portal Site, MLIT and GSI, processed."
    ),
    "Geolonia": (
        "「Geolonia 住所データ」(CC BY 4.0)、「位置参照情報」（国土交通省）をもとに加工。 Geolonia "
        "address data (CC BY 4.0), from the MLIT location reference information, processed."
    ),
}


def credited_tables(plan: Plan, atlas: Atlas) -> list[dict[str, str]]:
    """Return every table that the run or the map has read, by name."""
    tables = {
        used.table: {
            "name": used.table,
            "title": used.table,
            "source": used.source,
            "licence": used.licence,
            "vintage": used.vintage,
            "url": "",
        }
        for used in plan.geodata
    }
    # A map that is drawn again later has read fewer tables than the run, and says the same of them.
    of_plan = {(used.table, used.sha256) for used in plan.geodata}
    known = [table for table in atlas.resources() if (table.name, table.sha256) in of_plan]
    for table in (*known, *atlas.tables_used()):
        url = table.licence_url or ""
        tables[table.name] = {
            "name": table.name,
            "title": table.title,
            "source": table.source,
            "licence": table.licence,
            "vintage": table.vintage,
            "url": url if url.startswith(("https://", "http://")) and " " not in url else "",
        }
    return [tables[name] for name in sorted(tables)]


def notices(tables: list[dict[str, str]]) -> list[str]:
    """Return the notices that the listed tables ask for."""
    texts = [f"{table['source']} {table['licence']}" for table in tables]
    return [notice for words, notice in _NOTICES.items() if any(words in text for text in texts)]
