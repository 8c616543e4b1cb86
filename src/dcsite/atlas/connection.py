"""Which mapped nodes of the grid load can be taken from, by rules with reasons.

A map shows plants' yards, switching stations, converters and offices as it shows substations. A
rule holds for what is mapped, never for one node by name; the table itself is left as it is.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import NamedTuple

import pandas as pd


class Reason(NamedTuple):
    """Why a node is left out, or serves small hubs alone."""

    en: str
    ja: str


_TOLD = tomllib.loads(files("dcsite.atlas").joinpath("connection.toml").read_text("utf-8"))
REASONS = {name: Reason(*texts) for name, texts in _TOLD["reasons"].items()}
#: What is mapped as one of these is no substation of a utility, whatever it is called.
CATEGORIES = {name: Reason(*texts) for name, texts in _TOLD["categories"].items()}
_WORDS: dict[str, str] = _TOLD["words"]
_KIND = re.compile("|".join(f"(?P<{name}>{word})" for name, word in _WORDS.items()), re.IGNORECASE)


def named_kind(name: str) -> Reason | None:
    """Return what a node's name says against it; none where it says substation, or nothing."""
    kinds = list(_KIND.finditer(name))
    return REASONS.get(str(kinds[-1].lastgroup)) if kinds else None


def connection_points(
    nodes: pd.DataFrame, areas: pd.DataFrame, companies: pd.DataFrame
) -> pd.DataFrame:
    """Decide which nodes load can be taken from; the first rule that speaks gives the reason.

    Parameters
    ----------
    nodes : pandas.DataFrame
        Rows of the table `substations`.
    areas : pandas.DataFrame
        The table `electricity_areas`, with `nominal_frequency_hz`.
    companies : pandas.DataFrame
        The table `network_companies`: who runs each area's network, and how its name is written.

    Returns
    -------
    pandas.DataFrame
        On the same index: `connection`, which is ``any`` (a hub of any tier), ``regional_only`` or
        ``none``; `connection_reason_en` and `connection_reason_ja`, empty where it is ``any``.
    """
    hertz = areas["nominal_frequency_hz"].astype(int).to_dict()
    written_as = {
        area: re.compile("|".join(map(re.escape, names.split("|"))), re.IGNORECASE)
        for area, names in companies["written_as"].items()
    }
    text = nodes[["name_ja", "name_en", "owner_group", "operator_ja", "frequency_hz"]].fillna("")
    said: list[tuple[str, str, str]] = []
    for name_ja, name_en, owner, operator, frequency, area, category, grid, voltage in zip(
        *(text[column] for column in text),
        *(nodes[column] for column in ("area", "category", "grid_node", "voltage_source")),
        strict=True,
    ):
        # English names are often a machine's: "Power Station" stands beside 変電所 in Kyushu.
        reason = CATEGORIES.get(category) or named_kind(name_ja or name_en)
        group = companies.loc[area, "owner_group"]
        owned = operator if owner in ("", "other") else ""
        mapped_hz = {int(part) for part in re.findall("[0-9]+", frequency)} - {0}
        if reason is None and grid != 1:
            reason = REASONS["not_grid"]
        if reason is None and owner not in ("", group):
            reason = None if written_as[area].search(f"{owned} {name_ja}") else REASONS["owner"]
        if reason is None and mapped_hz - {hertz[area]}:
            reason = REASONS["frequency"]
        if reason is not None:
            said.append(("none", *reason))
        elif voltage == "inferred_line_end":
            said.append(("regional_only", *REASONS["guessed"]))
        elif not (name_ja or name_en):
            said.append(("regional_only", *REASONS["unnamed"]))
        else:
            said.append(("any", "", ""))
    columns = ["connection", "connection_reason_en", "connection_reason_ja"]
    return pd.DataFrame(said, index=nodes.index, columns=columns)
