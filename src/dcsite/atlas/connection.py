"""Which mapped nodes of the grid load can be taken from, by rules with reasons.

A map shows plants' yards, switching stations, converters and offices as it shows substations. A
rule holds for what is mapped, never for one node by name; the table itself is left as it is.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import pandas as pd


class Reason(NamedTuple):
    """Why a node is left out, or serves small hubs alone."""

    en: str
    ja: str


PLANT = Reason("a power plant by its name", "名称が発電所")
YARD = Reason(
    "a switching or branching yard by its name, without transformers",
    "名称が開閉所・分岐点（変圧器なし）",
)
CONVERTER = Reason("a converter or tie station by its name", "名称が変換所・連系所")
CONTROL = Reason("a control site by its name", "名称が制御所")
INSTITUTE = Reason("a research institute by its name", "名称が研究所")
OFFICE = Reason("an operator's office by its name", "名称が事業所（電力所・電力センターなど）")
CUSTOMER = Reason("a customer's own intake by its name", "名称が需要家の受電設備")
OWNER = Reason(
    "owned by a company that does not run this area's network",
    "所有者が当該エリアの一般送配電事業者ではない",
)
FREQUENCY = Reason(
    "mapped at a frequency that the area does not have", "登録された周波数がエリアの周波数と異なる"
)
NOT_GRID = Reason("not a node of a utility's grid", "電力会社の系統の設備ではない")
UNNAMED = Reason(
    "without a name in the map, so nobody can be asked about it: for no core or large hub",
    "地図に名称がなく事業者に照会できない（中核・大規模拠点には使わない）",
)
GUESSED = Reason(
    "its voltage is guessed from a line that ends there: for no core or large hub",
    "電圧が送電線の端からの推定値（中核・大規模拠点には使わない）",
)

#: What is mapped as one of these is no substation of a utility, whatever it is called.
CATEGORIES: dict[str, Reason] = {
    "traction": Reason("mapped as a railway's substation", "鉄道用として登録"),
    "industrial": Reason("mapped as an industrial site", "産業用として登録"),
    "generation": Reason("mapped as a power plant", "発電用として登録"),
    "cable_transition": Reason("mapped as a cable transition", "架空・地中の接続箇所として登録"),
    "converter": Reason("mapped as a converter station", "変換所として登録"),
    "switching": Reason("mapped as a switching station", "開閉所として登録"),
}

#: Words that say what a node is. The last one in a name decides: a substation beside a plant is one
#: (三居沢発電所 併設配電用変電所), a substation's control site is none (明石変電所明石制御所).
KINDS: tuple[tuple[str, Reason | None], ...] = (
    ("変電所|変電しょ|へんでんしょ?|配電所|配電センター|substation|sub station", None),
    ("発電所|power station|power plant|hydro", PLANT),
    ("開閉|分岐所|区分所|接続点|送電所|switching|switchyard|switch ?station", YARD),
    ("変換所|連系所|converter", CONVERTER),
    ("制御所|control", CONTROL),
    ("研究所|総合研究|institute|laboratory", INSTITUTE),
    ("電力所|電力センター|営業所|事務所|支店|支社|本社|office", OFFICE),
    ("受電所|浄水場|工場|purification plant substation|factory", CUSTOMER),
)
_KIND = re.compile("|".join(f"({words})" for words, _ in KINDS), re.IGNORECASE)


def named_kind(name: str) -> Reason | None:
    """Return what a node's name says against it; none where it says substation, or nothing."""
    kinds = list(_KIND.finditer(name))
    return KINDS[int(kinds[-1].lastindex or 1) - 1][1] if kinds else None


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
            reason = NOT_GRID
        if reason is None and owner not in ("", group):
            reason = None if written_as[area].search(f"{owned} {name_ja}") else OWNER
        if reason is None and mapped_hz - {hertz[area]}:
            reason = FREQUENCY
        if reason is not None:
            said.append(("none", *reason))
        elif voltage == "inferred_line_end":
            said.append(("regional_only", *GUESSED))
        elif not (name_ja or name_en):
            said.append(("regional_only", *UNNAMED))
        else:
            said.append(("any", "", ""))
    columns = ["connection", "connection_reason_en", "connection_reason_ja"]
    return pd.DataFrame(said, index=nodes.index, columns=columns)
