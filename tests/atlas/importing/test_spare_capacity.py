"""Lists of spare capacity: the transformers of a site, and nothing promised to load."""

from __future__ import annotations

KIND = "spare-capacity"
KANSAI = (
    "2026年08月17日更新\n"
    "No.,変電所名,電圧（一次）（kV）,電圧（二次）（kV）,台数,設備容量（100%×台数）（MW）,運用容量値（MW）,"
    "運用容量制約要因,予想潮流（MW）,当該設備 空容量（MW）,上位系等考慮 空容量（MW）,"
    "N-1電制適用可否,N-1電制適用可能量（MW）,平常時出力制御の可能性,平常時出力制御が必要となりうる設備(当該設備),"
    "平常時出力制御が必要となりうる設備(上位系等),備考\n"
    "Ｂ,北摂,500,275,3,2850,2040,熱容量,-1200,－,－,可,－,－,－,－,\n"
    "ＢＡ,北摂,275,77,2,570,300,熱容量,100,200,150,不可,－,有り,－,－,\n"
    "北A,街,77,6.6,3,60,40,熱容量,10,30,30,可,－,なし,－,－,\n"
    "※予想潮流の値は正負に依らない\n"
)
SHIKOKU = (
    "令和8年8月,2026年8月1日時点\n"
    "変電所No,変電所名,電圧(一次)(kV),電圧(二次)(kV),台数,設備容量(100%×台数)(MW),運用容量値(MW),"
    "運用容量制約要因,予想潮流(MW),空容量(当該設備)(MW),空容量(上位系等考慮)(MW),N-1電制適用可否,"
    "N-1電制適用可能量(MW),平常時出力制御の可能性,備考\n"
    'S1,讃岐変電所,500,187,2,"1,900",950,熱容量,300,650,650,可,100,有り,\n'
)


def test_a_sites_transformers_are_added_and_spare_capacity_is_no_headroom(desk, shipped_atlas):
    file = desk.file("154kv_more_trans.csv", KANSAI)
    [site] = desk.tables(KIND, file)["substation_transformers"].to_dict("records")
    assert (site["electricity_area"], site["substation_ja"], site["hv_kv"]) == (
        "kansai",
        "北摂変電所",
        "500",
    )
    assert (site["n_units"], site["scope"], site["status"]) == ("5", "whole_site", "existing")
    # (2,850 + 570) MW at a power factor of 0.95
    assert site["total_mva"] == "3600"
    assert site["source_title"].endswith("2026-08-17")
    assert "spare for generation, not load: 200 to 200 MW by bank" in site["note"]
    nodes = shipped_atlas.table("substations")
    assert nodes.loc[site["substation_id"], "name_ja"].startswith("北摂")


def test_the_form_that_other_operators_share(desk):
    file = desk.file("sys_capa_kikan00_tr_202608.csv", SHIKOKU)
    assert "the area cannot be told from the name; give --area" in desk.said(KIND, file)
    [site] = desk.tables(KIND, file, area="shikoku")["substation_transformers"].to_dict("records")
    assert (site["substation_ja"], site["total_mva"], site["hv_kv"]) == (
        "讃岐変電所",
        "2000",
        "500",
    )


def test_a_site_with_a_bank_of_unknown_capacity_is_left_out(desk):
    text = KANSAI.replace("275,77,2,570,", "275,77,2,－,")
    assert "holds no rows that spare-capacity could use" in desk.said(
        KIND, desk.file("154kv_more_trans.csv", text)
    )


def test_faults_are_told(desk):
    bad = desk.file("154kv_more_trans.csv", KANSAI.replace("2850", "28s0"))
    other = desk.file("154kv_less_trans.csv", KANSAI.replace("台数", "数"))
    said = desk.said(KIND, bad, other)
    assert "154kv_more_trans.csv: line 3, capacity_mw: '28s0' is not a number" in said
    assert "154kv_less_trans.csv: no column fits '台数'" in said
