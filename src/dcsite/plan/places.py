"""Places that a user names: found by id, code or name; kept, forbidden or preferred as hubs.

A scenario names them as people do; once the candidates are known, ids stand in its section
`places`, so that a written plan means the same places for good.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from dcsite.contract import TIERS
from dcsite.errors import Problem, ScenarioError, SitesError
from dcsite.sites import site_members

from .explanation import PlaceName

if TYPE_CHECKING:
    from dcsite.scenario import Scenario

#: Ending of a municipality's name, which people leave out.
_ENDING = re.compile("(?<=.)(-shi|-cho|-machi|-mura|-son|-ku|市|町|村|区)$")
_LISTED = 12


def find_place(sites: gpd.GeoDataFrame, text: str, where: str = "PLACE") -> str:
    """Find a site by its id, municipality code, Japanese or English name.

    Endings such as 市 or ``-shi`` may be left out; letter case and width do not matter.

    Raises
    ------
    SitesError
        If several places have the name (all are listed), or none (the nearest names are).
    """
    wanted = _plain(text)
    ids, codes, names, short = tables = [defaultdict[str, list[str]](list) for _ in range(4)]
    for site, code in sites["municipality_code"].items():
        if isinstance(code, str) and code:  # a user's site outside the table has none
            codes[_plain(code)].append(str(site))
    called = [*zip(sites.index, sites.index, sites["name_ja"], sites["name_en"], strict=True)]
    for site, members in site_members(sites).items():  # a parcel's own name finds its site
        called += [(site, one["site_id"], one["name_ja"], one["name_en"]) for one in members]
    for site, own_id, *own_names in called:
        ids[_plain(own_id)].append(str(site))
        for name in own_names:
            if isinstance(name, str) and name:
                names[_plain(name)].append(str(site))
                short[_ENDING.sub("", _plain(name))].append(str(site))
    for table in tables:
        found = sorted(set(table.get(wanted, ())))
        if len(found) == 1:
            return found[0]
        if found and table is not codes:
            listed = "; ".join(str(name_of(sites, site)) for site in found[:_LISTED])
            more = f"; and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
            raise SitesError(
                Problem(
                    where, "", f"{text!r} names {len(found)} places: {listed}{more}; give the code"
                )
            )
    known = {**ids, **names}
    near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.4)
    nearest = [site for name in near for site in known[name]][:3]
    hint = "; ".join(str(name_of(sites, site)) for site in dict.fromkeys(nearest))
    raise SitesError(
        Problem(
            where,
            "",
            f"no candidate place is called {text!r}; "
            + (f"nearest names: {hint}" if hint else "give a code, Japanese or English name"),
        )
    )


def _plain(text: object) -> str:
    return unicodedata.normalize("NFKC", str(text)).casefold().strip()


def name_of(sites: gpd.GeoDataFrame, site: str) -> PlaceName:
    """Return the names of a site."""
    row = sites.loc[site]
    english = row["name_en"]
    return PlaceName(
        site,
        str(row["name_ja"]),
        english if isinstance(english, str) and english else None,
        str(row["prefecture_ja"]),
        str(row["prefecture_en"]),
    )


def settled_places(scenario: Scenario, sites: gpd.GeoDataFrame) -> dict[str, list[str]]:
    """Return what the scenario says of places, by dotted key, with ids for names.

    Raises
    ------
    ScenarioError
        If a place is named twice, or what follows its name is no tier and no MW.
    SitesError
        If several places have a name, or none.
    """
    places, seen, merged = scenario.places, set[str](), site_members(sites)
    found: dict[str, list[str]] = {}
    for key in ("keep", "forbid", "prefer"):
        where = f"places.{key}"
        for text in getattr(places, key):
            name, equals, how = (text, "", "") if text in sites.index else text.rpartition("=")
            name = name if equals else text
            tier, mw, least = _tier_and_mw(how, text, where) if equals else (None, None, False)
            if equals and key != "keep":
                raise ScenarioError(Problem(where, text, "takes names alone, without = and more"))
            site = find_place(sites, name, where)
            own_names = {site, *sites.loc[site, ["name_ja", "name_en"]]}
            if key == "forbid" and site in merged and _plain(name) not in map(_plain, own_names):
                wrong = f"is merged into {site}; forbid that, or leave the parcel out of the file"
                raise ScenarioError(Problem(where, text, wrong))
            if site in seen:
                raise ScenarioError(Problem(where, text, "is named twice; name a place once"))
            seen.add(site)
            asked_mw = f"{mw:.15g}{'+' if least else ''}" if mw else ""
            more = ",".join(part for part in (tier, asked_mw) if part)
            found.setdefault(where, []).append(f"{site}={more}" if more else site)
    return found


def with_wishes(sites: gpd.GeoDataFrame, scenario: Scenario) -> gpd.GeoDataFrame:
    """Leave out forbidden sites; say of the others by `wish` and `keep_mw` what is asked of them.

    `keep_least` says where the MW is the least. A kept site's tier stands in `allowed_tier`.
    Without any such place the sites are as they were.
    """
    places = scenario.places
    found = sites.drop(index=list(places.forbid))
    if not places.keep and not places.prefer:
        return found
    found = found.assign(wish=None, keep_mw=np.nan, keep_least=False)
    found.loc[list(places.prefer), "wish"] = "prefer"
    for text in places.keep:
        kept = kept_place(text, found)
        columns = ["wish", "keep_mw", "keep_least"]
        found.loc[kept.site_id, columns] = "keep", kept.mw, kept.least
        if kept.tier:
            found.loc[kept.site_id, "allowed_tier"] = kept.tier
    return found


class KeptPlace(NamedTuple):
    """A settled entry of `places.keep`."""

    site_id: str
    """Id of the site."""
    tier: str | None
    """Tier it must have; None: any."""
    mw: float
    """IT load in MW; NaN where none is given."""
    least: bool
    """Whether it may carry more."""


def kept_place(text: str, sites: pd.DataFrame) -> KeptPlace:
    """Read a settled entry of `places.keep`."""
    site, equals, how = (text, "", "") if text in sites.index else text.rpartition("=")
    if not equals:
        return KeptPlace(text, None, np.nan, False)
    tier, mw, least = _tier_and_mw(how, text, "places.keep")
    return KeptPlace(site, tier, np.nan if mw is None else mw, least)


def _tier_and_mw(how: str, text: str, where: str) -> tuple[str | None, float | None, bool]:
    tier, mw, least = None, None, False
    for part in (part.strip() for part in how.split(",")):
        if part in TIERS and tier is None:
            tier = part
            continue
        try:
            given = float(part.removesuffix("+"))
        except ValueError:
            given = -1.0
        if mw is not None or not 0.0 < given < np.inf:
            allowed = f"a tier ({', '.join(TIERS)}), MW above 0 or both, such as P03=large,50"
            wrong = f"after = comes {allowed}, or 50+ for at least 50"
            raise ScenarioError(Problem(where, text, wrong))
        mw, least = given, part.endswith("+")
    return tier, mw, least
