"""The network that round trips run over, by kind and year, and the internet exchanges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dcsite.network import network_of
from dcsite.scenario import NetworkParameters

from .encode import encode_path
from .layer import Field, Layer, Mark, Swatch, drawing, points, rows

if TYPE_CHECKING:
    from dcsite.atlas import Atlas
    from dcsite.plan import Plan

#: By kind of link: colour, whether it is dashed, and names.
_KINDS = {
    "land": ("#0072b2", False, "陸上の基幹網（モデルJPN48）", "Backbone on land (model JPN48)"),
    "strait": ("#56b4e9", False, "島間の基幹網（同）", "Backbone between islands (same)"),
    "submarine": ("#009e73", True, "国内海底ケーブル", "Domestic submarine cable"),
    "tail": ("#999999", False, "陸揚局への引込（推定）", "Tail to a landing (assumed)"),
}
_EXCHANGE = "#cc79a7"
_NOTE_JA = (
    "事業者の経路ではなく、公開の参照モデル。直線は経路ではない。海上は最短の海路。"
    "経路に数えないもの：{}。"
)
_NOTE_EN = (
    "A public reference model, no carrier's routes: straight lines stand for them, at sea the "
    "shortest way by sea. No routes: {}."
)


def network_layers(plan: Plan, atlas: Atlas) -> list[Layer]:
    """Return network and exchanges; plans of before there was a network have exchanges alone."""
    network = [_network_layer(plan, atlas)] if "network" in plan.scenario else []
    return [*network, _exchange_layer(atlas)]


def _network_layer(plan: Plan, atlas: Atlas) -> Layer:
    """Return the links in force; straight lines stand for routes, which are not public."""
    network = network_of(atlas, NetworkParameters.model_validate(plan.scenario["network"]))
    at, kinds = network.nodes, list(_KINDS)
    by_sea = atlas.table("domestic_cable_segments")["path_lon_lat"]
    drawn = []
    for one, other, key, link in network.graph.edges(keys=True, data=True):
        ends = at.loc[[one, other]]
        if ends["lat_deg"].isna().any():
            continue
        line = ends[["lon_deg", "lat_deg"]].to_numpy(dtype=float)
        if key in by_sea.index:
            line = np.array([each.split() for each in by_sea[key].split("|")], dtype=float)
        system = f"{link['system']} " if link["system"] else ""
        drawn.append(
            [kinds.index(link["kind"]),
             [f"{system}{ends['name_ja'].iloc[0]}–{ends['name_ja'].iloc[1]}",
              f"{system}{ends['name_en'].iloc[0]} – {ends['name_en'].iloc[1]}",
              round(link["route_km"]), round(link["fibre_km"]),
              str(link["year"] or "")],
             [encode_path(line)]]
        )  # fmt: skip
    waiting = "、".join(str(one.name) for one in rows(network.waiting.reset_index(drop=True)))
    return drawing(
        "network", "network", ("通信網（往復遅延の計算に使用）", "Network of the round trips"),
        "lines", drawn,
        [Field("経路長", "Route", "km"), Field("ファイバ長", "Fibre", "km"),
         Field("運用開始年", "In service since")],
        [{"color": colour, "weight": 1.6, "opacity": 0.8}
         | ({"dashArray": "6 4"} if dashed else {}) for colour, dashed, _, _ in _KINDS.values()],
        order=3, kind="通信網の区間 Link of the network",
        source="出典 Source: fibre_backbone_links, domestic_cable_segments",
        legend=[Swatch("dash" if dashed else "line", colour, ja, en, 1.6)
                for colour, dashed, ja, en in _KINDS.values()],
        notes=(_NOTE_JA.format(waiting or "なし"), _NOTE_EN.format(waiting or "none")),
    )  # fmt: skip


def _exchange_layer(atlas: Atlas) -> Layer:
    """Return the internet exchanges with the networks that are connected."""
    table = atlas.table("internet_exchanges")
    table = table.assign(
        name_ja="",
        name_en=table["name"],
        mark=table["members"].isna().astype(int),
        networks=table["members"].astype("string").fillna("不明 not known"),
    )
    return points(
        "exchanges", "network",
        (f"インターネットエクスチェンジ（{len(table)}）", "Internet exchanges"), table,
        {
            "networks": ("接続ネットワーク数", "Connected networks"),
            "operator": ("運営者", "Operator"),
            "as_of": ("時点", "As of"),
            "coordinate_basis": ("表示位置", "Shown at"),
        },
        [Mark(_EXCHANGE, 6, "接続数が公表", "Networks published", 1.5),
         Mark(_EXCHANGE, 5, "接続数は不明", "Networks not known", 2, hollow=True)],
        order=7, kind="インターネットエクスチェンジ Internet exchange",
        source="出典 Source: internet_exchanges",
        notes=("2020年以降に東京・大阪以外で開設されたものは表にない。",
               "Those opened outside Tokyo and Osaka since 2020 are not in the table."),
    )  # fmt: skip
