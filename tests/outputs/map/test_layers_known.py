from __future__ import annotations

import json

from dcsite.atlas import Atlas
from dcsite.outputs.map.layers_known import capacity_layer


def test_published_supply_stands_before_transformers(atlas: Atlas) -> None:
    layer = capacity_layer(atlas)
    drawn = json.loads(layer.layer.data)["rows"]
    offered = {row[3][0]: row[3][4:] for row in drawn if row[2] == 0}
    # Three of Hokuriku's four welcome zones are mapped; MW low and high, years, date.
    assert offered == {
        "中能登変電所": [300, 300, 2.5, "2026-09"],
        "北金沢変電所": [50, 50, 2.5, "2026-09"],
        "南金沢変電所": [200, 200, 2.5, "2026-09"],
    }
    assert "新能登変電所" in layer.note_ja
    banks = atlas.table("substation_transformers").reset_index()
    whole = banks[(banks["scope"] == "whole_site") & (banks["status"] == "existing")]
    assert sum(row[3][3] is not None for row in drawn) == whole["substation_id"].nunique()
