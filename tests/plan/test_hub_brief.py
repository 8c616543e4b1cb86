"""A hub as studies list it: made from a row of a table or from a plan's hub."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import pytest

from dcsite.plan.types import Hub, HubBrief

ROW = {
    "name_ja": "唐津市", "name_en": "Karatsu-shi", "prefecture_en": "Saga", "tier": "large",
    "prefecture_ja": "佐賀県", "lat_deg": 33.45, "lon_deg": 129.97, "it_load_mw": 120.0, "more": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("english", "kept"), [("Karatsu-shi", "Karatsu-shi"), ("", None), (float("nan"), None)]
)
def test_a_row_becomes_a_hub(english, kept):
    hub = HubBrief.of(41202, pd.Series({**ROW, "name_en": english}), it_load_mw=60.0)
    assert (hub.site_id, hub.name_en, hub.it_load_mw) == ("41202", kept, 60.0)
    assert hub.place.site_id == "41202"
    assert HubBrief.of(hub.site_id, asdict(hub)) == hub


def test_inherited_fields_are_described():
    for record in (HubBrief, Hub):
        fields = record.schema()["properties"]
        assert fields["name_ja"]["description"] == "Japanese name."
        assert all("description" in field for field in fields.values() if "$ref" not in field)
