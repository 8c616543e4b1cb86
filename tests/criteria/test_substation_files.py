"""A user's own points and capacities: what they change, and every flaw told with its place."""

from __future__ import annotations

import json

import pytest

import dcsite
from dcsite.criteria.substation import CRITERION
from dcsite.criteria.substation_points import points_of
from dcsite.errors import SubstationsError

#: Kita-Ebetsu, 187 kV; Wakkanai, 100 kV.
EBETSU, WAKKANAI = "SS0460", "SS1083"


def _with(policy_files, *overrides):
    given = (
        f"criteria.substation.{key}={json.dumps(str(path))}" for key, path in policy_files.items()
    )
    return dcsite.load_scenario("policy-2023", (*given, *overrides))


def _points(atlas, files, *overrides):
    return points_of(atlas, _with(files, *overrides).criteria["substation"])


def test_points_are_added_corrected_and_forbidden(measured, shipped_atlas, policy, write_file):
    path = write_file(
        "mine.csv",
        "substation_id,name,name_en,voltage_kv,lat_deg,lon_deg,connection\n"
        f"{EBETSU},,,,,,none\n"
        "SS0346,岩国西変電所,Iwakuni-Nishi,,,,any\n"
        "new1,新江別変電所,Shin-Ebetsu,500,43.10,141.55,\n",
    )
    before = points_of(shipped_atlas, policy.criteria["substation"])
    after = _points(shipped_atlas, {"substations_file": path})
    assert EBETSU in before.index
    assert EBETSU not in after.index
    assert before.loc["SS0346", "connection"] == "regional_only"
    assert after.loc["SS0346", ["connection", "name_ja", "source"]].tolist() == [
        "any", "岩国西変電所", "mine.csv",
    ]  # fmt: skip
    assert after.loc["new1", ["voltage_kv", "capacity_mw", "landmass_id"]].tolist() == [
        500.0, 1000.0, before.loc[EBETSU, "landmass_id"],
    ]  # fmt: skip
    hub = measured.loc[["01217"]].assign(tier="core", it_load_mw=400.0)
    found = CRITERION.evaluate(hub, shipped_atlas, _with({"substations_file": path}))
    (link,) = found.links["01217"]
    assert (link.substation_id, link.point_from, link.name_en) == (
        "new1", "mine.csv", "Shin-Ebetsu",
    )  # fmt: skip
    assert found.breaches == ()


@pytest.mark.parametrize(("end", "ebetsu_mw"), [("low", 50.0), ("high", 150.0)])
def test_headroom_goes_over_all_else_and_is_named_as_the_users(
    shipped_atlas, write_file, end, ebetsu_mw
):
    path = write_file(
        "free.csv",
        "substation_id,name,lat,lon,low_mw,high_mw,band,lead_time_years,as_of\n"
        f"{EBETSU},,,,50,150,,7,2026-08\n"
        ",北金沢変電所,,,,,300-400 MW,,\n"
        ",,45.3990,141.6810,,,20+,,\n"
        # As operators' lists have it, without what it is.
        ",新富士,,,60,,,,\n",
    )
    points = _points(
        shipped_atlas, {"headroom_file": path}, f"criteria.substation.headroom_end={end}"
    )
    assert points.loc[EBETSU, ["capacity_mw", "lead_time_years", "known_en"]].tolist() == [
        ebetsu_mw, 7.0, "the user's file free.csv, 2026-08",
    ]  # fmt: skip
    kanazawa = points[points["name_ja"] == "北金沢変電所"].iloc[0]
    assert kanazawa["capacity_mw"] == (300.0 if end == "low" else 400.0)
    assert kanazawa["known_ja"] == "利用者のファイルfree.csv"
    assert points.loc[WAKKANAI, "capacity_mw"] == 20.0
    assert points.loc[points["name_ja"] == "新富士変電所", "capacity_mw"].tolist() == [60.0]


def test_a_point_without_headroom_is_none(measured, shipped_atlas, write_file):
    path = write_file("free.csv", f"substation_id,low_mw\n{EBETSU},0\n")
    hub = measured.loc[["01217"]].assign(tier="core", it_load_mw=200.0)
    found = CRITERION.evaluate(hub, shipped_atlas, _with({"headroom_file": path}))
    assert found.links["01217"][0].substation_id != EBETSU


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("headroom_file", "substation_id,low_mw\nSS9999,5\n",
         ["row 2, column substation_id", '"SS9999" is no point load can be taken from']),
        ("headroom_file", f"substation_id,low_mw\n{EBETSU},much\n",
         ["row 2, column low_mw", '"much" is not a number; allowed: a number from 0 to 20000']),
        ("headroom_file", f"substation_id,low_mw,high_mw\n{EBETSU},50,20\n",
         ["row 2, column high_mw", "20 is below low_mw 50"]),
        ("headroom_file", f"substation_id,band\n{EBETSU},some\n",
         ["row 2, column band", '"some" is no band; allowed: 50-100 or 400+']),
        ("headroom_file", f"substation_id,low_mw\n{EBETSU},\n",
         ["row 2, column low_mw", "is empty"]),
        ("headroom_file", f"substation_id,low_mw\n{EBETSU},5\n{EBETSU},6\n",
         ["row 3, column substation_id", "as row 2 is"]),
        ("headroom_file", "lat,lon,low_mw\n30,141,5\n",
         ["row 2, column lat", "no connection point within 1 km; the nearest is SS"]),
        ("headroom_file", "name,low_mw\n清水変電所,5\n",
         ["row 2, column name", '"清水変電所" means', "give its substation_id"]),
        ("headroom_file", "low_mw\n5\n", ["row 2", "names no point"]),
        ("substations_file", "substation_id,voltage_kv\nnew1,154\n",
         ["row 2, column substation_id", "a new one needs lat_deg, lon_deg"]),
        ("substations_file", f"substation_id,connection\n{EBETSU},maybe\n",
         ["row 2, column connection", '"maybe" is not known; allowed: any, regional_only, none']),
        ("substations_file", f"substation_id,voltage_kv\n{EBETSU},6\n",
         ["row 2, column voltage_kv", '"6" is out of range; allowed: a number from 60 to 1200']),
        ("substations_file", "name\nx\n", ["no column for substation_id"]),
    ],
)  # fmt: skip
def test_flaws_are_told_with_file_row_and_value(shipped_atlas, write_file, key, text, said):
    path = write_file("bad.csv", text)
    with pytest.raises(SubstationsError) as caught:
        _points(shipped_atlas, {key: path})
    message = str(caught.value)
    for part in ("bad.csv", *said):
        assert part in message
