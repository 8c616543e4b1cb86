"""What the strategy names, as the tables hold it."""

from __future__ import annotations

import pytest

from dcsite.atlas import load_atlas

POLICY_TABLES = (
    "feasibility_places",
    "planned_sites",
    "power_figures",
    "rack_figures",
    "counts",
    "budgets",
    "core_regions",
    "existing_cores",
    "landing_clusters",
)


@pytest.fixture(scope="module")
def atlas():
    return load_atlas()


@pytest.mark.parametrize("name", POLICY_TABLES)
def test_every_row_names_its_statements(atlas, name):
    table = atlas.table(name).reset_index()
    assert table["lines"].str.fullmatch("[A-S][0-9]{1,2}(;[A-S][0-9]{1,2})*").all()
    assert table["dump_lines"].str.fullmatch("[0-9]+(-[0-9]+)?(;[0-9]+(-[0-9]+)?)*").all()


def test_ten_local_governments_study_feasibility(atlas):
    places = atlas.table("feasibility_places")
    assert list(places["name_ja"]) == [
        "長岡市", "栃木市", "美祢市", "北茨城市", "恵那市",
        "秋田市", "和歌山県", "伊賀市", "旭川市", "甲賀市",
    ]  # fmt: skip
    assert list(places["lines"]) == [f"D{number}" for number in range(6, 16)]
    assert places["round"].value_counts().to_dict() == {1: 5, 2: 5}
    towns = atlas.table("municipalities")
    known = places.dropna(subset="municipality_code")
    assert (towns.loc[known["municipality_code"], "name_ja"].to_numpy() == known["name_ja"]).all()


def test_wakayama_is_a_prefecture_without_a_point(atlas):
    places = atlas.table("feasibility_places")
    (wakayama,) = places[places["municipality_code"].isna()].itertuples()
    assert (wakayama.kind, wakayama.pref_code, wakayama.name_ja) == ("prefecture", "30", "和歌山県")


def test_the_list_of_plans_has_27_entries_by_region(atlas):
    sites = atlas.table("planned_sites")
    assert sites["region"].value_counts().to_dict() == {"kanto": 17, "kansai": 8, "hokkaido": 2}
    assert sites["name_ja"].value_counts().head(2).to_dict() == {"印西市": 6, "大阪市": 4}
    assert sites["pref_code"].isin(["01", "08", "11", "12", "13", "14", "26", "27", "29"]).all()


def test_the_fuchu_of_the_list_is_the_one_in_tokyo(atlas):
    sites = atlas.table("planned_sites")
    assert sites.loc[sites["name_ja"] == "府中市", "municipality_code"].tolist() == ["13206"]


def test_kashiwa_and_nagareyama_share_an_entry(atlas):
    (entry,) = atlas.table("planned_sites").dropna(subset="second_municipality_code").itertuples()
    towns = atlas.table("municipalities")
    pair = [entry.municipality_code, entry.second_municipality_code]
    assert towns.loc[pair, "name_ja"].tolist() == ["柏市", "流山市"]


def test_rack_figures_of_2020_and_2025(atlas):
    racks = atlas.table("rack_figures").set_index(["lines", "year"])["racks"]
    assert racks.to_dict() == {
        ("G1", 2020): 364_750, ("G1", 2025): 344_180,
        ("G2", 2020): 56_550, ("G2", 2025): 129_320,
        ("G3", 2020): 265_280, ("G3", 2025): 273_930,
        ("G4", 2020): 46_720, ("G4", 2025): 118_770,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("count", "least", "most", "lines"),
    [
        ("new_cores", 2, 2, "F1"),
        ("large_data_centres", 5, 7, "C8"),
        ("regional_hubs", 11, 19, "C2;C3"),
        ("feasibility_places", 10, 10, "D2"),
        ("planned_sites", 27, 27, "G12"),
    ],
)
def test_counts(atlas, count, least, most, lines):
    row = atlas.table("counts").loc[count]
    assert (row["minimum"], row["maximum"], row["lines"]) == (least, most, lines)


def test_counts_agree_with_the_tables_they_count(atlas):
    counts = atlas.table("counts")["maximum"]
    assert counts["feasibility_places"] == len(atlas.table("feasibility_places"))
    assert counts["planned_sites"] == len(atlas.table("planned_sites"))
    assert counts["existing_cores"] == len(atlas.existing_cores())


def test_budgets_in_yen(atlas):
    amounts = atlas.table("budgets")["amount_jpy"]
    assert amounts.to_dict() == {
        "buildings_and_landings": 50_000_000_000,
        "land": 52_600_000_000,
        "feasibility_study": 10_000_000,
    }


def test_core_regions_are_hokkaido_and_the_seven_prefectures_of_kyushu(atlas):
    regions = (
        atlas.table("core_regions").reset_index().groupby("region")["pref_code"].agg(list).to_dict()
    )
    kyushu = ["40", "41", "42", "43", "44", "45", "46"]
    assert regions == {"hokkaido": ["01"], "kyushu": kyushu}


def test_the_cluster_of_boso_lies_in_chiba_and_ibaraki(atlas):
    clusters = atlas.table("landing_clusters").reset_index()
    landings = atlas.table("cable_landing_stations")
    prefectures = landings.loc[clusters["landing_id"], "prefecture_en"].to_numpy()
    by_cluster = clusters.assign(prefecture=prefectures).groupby("cluster_id")["prefecture"]
    assert by_cluster.agg(lambda names: sorted(set(names))).to_dict() == {
        "boso_kitaibaraki": ["Chiba", "Ibaraki"],
        "shima": ["Mie"],
    }
    others = landings[landings["prefecture_en"].isin(["Chiba", "Ibaraki", "Mie"])].index
    assert set(others) == set(clusters["landing_id"]), "no landing of the coast is left out"
