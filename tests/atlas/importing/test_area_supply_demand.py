"""Area supply and demand: each operator's form, read by hand."""

from __future__ import annotations

import pandas as pd
import pytest

KIND = "area-supply-demand"
PROFILE = "area_hourly_profile"
NEW = (
    "DATE,TIME,エリア需要,原子力,火力(LNG),火力(石炭),火力(石油),火力(その他),水力,地熱,バイオマス,"
    "太陽光発電実績,太陽光出力制御量,風力発電実績,風力出力制御量,揚水,蓄電池,連系線,その他,合計\n"
)


def row(frame: pd.DataFrame, **key: str) -> dict[str, str]:
    [found] = frame[(frame[list(key)] == pd.Series(key)).all(axis=1)].to_dict("records")
    return found


def test_half_hours_of_the_common_form(desk):
    text = "単位[MW平均],,,供給力\n" + NEW
    text += "2026/3/1,0:00,24580,1188,7640,5475,371,1712,694,0,474,0,2,307,0,265,1,6173,280,24580\n"
    text += "2026/3/1,0:30,23757,1193,7245,5194,371,1711,704,0,473,0,4,310,0,150,1,6083,322,23757\n"
    found = desk.tables(KIND, desk.file("eria_jukyu_202603_03.csv", text, "utf-8-sig"))
    assert list(found) == [PROFILE]  # an hour is no year
    [mean] = found[PROFILE].to_dict("records")
    assert (mean["area"], mean["month"], mean["hour"], mean["period"]) == (
        "tokyo",
        "3",
        "0",
        "2026-03",
    )
    assert float(mean["demand_mw"]) == (24580 + 23757) / 2
    # 7640+5475+371+1712 = 15198 and 7245+5194+371+1711 = 14521
    assert float(mean["thermal_mw"]) == 14859.5
    assert float(mean["other_mw"]) == (281 + 323) / 2
    assert float(mean["solar_curtailed_mw"]) == 3
    assert mean["n_samples"] == "2"


@pytest.mark.parametrize("encoding", ["cp932", "utf-16"])
def test_kyushu_names_the_end_of_a_record_and_writes_full_width(desk, encoding):
    text = "単位[MW平均],,,供給力\n" + NEW.replace("(", "（").replace(")", "）")
    cells = "9000,4000,100,200,300,400,500,150,550,0,0,20,0,-10,0,-1500,0,9000\n"
    text += "".join(f'"20260401","{time}",{cells}' for time in ("00:30", "01:00", "24:00"))
    [first, last] = desk.tables(KIND, desk.file("eria_jukyu_202604_09.csv", text, encoding))[
        PROFILE
    ].to_dict("records")
    assert (first["area"], first["hour"], last["hour"], last["month"]) == ("kyushu", "0", "23", "4")
    assert (last["thermal_mw"], last["interconnector_mw"]) == ("1000", "-1500")


def test_columns_of_curtailed_fuel_count_nowhere_and_a_blank_battery_is_none(desk):
    text = "エリア需給実績 単位[MW平均]\n" + NEW.replace("水力,", "火力出力制御量,水力,").replace(
        "バイオマス,", "バイオマス,バイオマス出力制御量,"
    )
    text += "2026/04/01,00:00,100,0,10,20,30,40,999,5,0,6,888,0,0,0,0,0,,-11,0,100\n"
    [mean] = desk.tables(KIND, desk.file("eria_jukyu_202604_08.csv", text))[PROFILE].to_dict(
        "records"
    )
    assert (mean["area"], mean["thermal_mw"], mean["biomass_mw"], mean["other_mw"]) == (
        "shikoku",
        "100",
        "6",
        "0",
    )


OLD = {
    "sup_dem_results_2023_3q.csv": (
        "hokkaido",
        (
            "単位[MWh],,,,,,,,,,,,,,\n,,,供給力,,,,,,,,,,,\n"
            "月日,時刻,エリア需要,原子力,火力,水力,地熱,バイオマス,太陽光実績,太陽光抑制量,風力実績,"
            "風力抑制量,揚水,連系線,供給力合計\n,,,,,,,,,,,,,,\n"
            "2023/10/1,0時,2362,0,1948,322,15,213,1,2,155,3,4,-291,2362\n"
            ",1時,2317,0,1882,325,15,213,0,0,156,0,0,-273,2317\n"
        ),
    ),
    "juyo_2023_tohoku_3Q.csv": (
        "tohoku",
        (
            "DATE_TIME,エリア需要〔MWh〕,水力〔MWh〕,火力〔MWh〕,原子力〔MWh〕,太陽光実績〔MWh〕,"
            "太陽光抑制量〔MWh〕,風力実績〔MWh〕,風力抑制量〔MWh〕,地熱〔MWh〕,バイオマス〔MWh〕,"
            "揚水〔MWh〕,連系線〔MWh〕\n2023/10/1 0:00,2362,322,1948,0,1,2,155,3,15,213,4,-291\n"
            "2023/10/1 1:00,2317,325,1882,0,0,0,156,0,15,213,0,-273\n"
        ),
    ),
    "2023_areabalance_current_term.csv": (
        "chubu",
        (
            "・情報は速報値扱いとする\n,,,,,,,,,,,,,単位：MWh\n"
            "DATE,TIME,エリア需要,原子力,火力,水力,地熱,バイオマス,太陽光（実績）,太陽光（出力制御量）,"
            "風力（実績）,風力（出力制御量）,揚水,連系線\n"
            "2023/10/01,00:00,2362,0,1948,322,15,213,1,2,155,3,4,-291\n"
            "2023/10/01,01:00,2317,0,1882,325,15,213,0,0,156,0,0,-273\n"
        ),
    ),
    "area_jisseki_rikuden202310.csv": (
        "hokuriku",
        (
            "※四捨五入の関係で合計が合わないことがあります,,,,,,,,,,,,,\n"
            ",,エリア需要,原子力,火力,水力,地熱,バイオマス,太陽光実績,太陽光抑制量,風力実績,風力抑制量,"
            "揚水,連系線\nDATE,TIME,MWh,MWh,MWh,MWh,MWh,MWh,MWh,MWh,MWh,MWh,MWh,MWh\n"
            "2023/10/1,0:00,2362,0,1948,322,15,213,1,2,155,3,4,-291\n"
            "2023/10/1,1:00,2317,0,1882,325,15,213,0,0,156,0,0,-273\n"
        ),
    ),
    "area_jyukyu_jisseki_2023.csv": (
        "kansai",
        (
            ",,,,,,,太陽光,太陽光,風力,風力,,\nDATE_TIME,エリア需要〔MWh〕,原子力〔MWh〕,火力〔MWh〕,"
            "水力〔MWh〕,地熱〔MWh〕,バイオマス〔MWh〕,実績〔MWh〕,抑制量〔MWh〕,実績〔MWh〕,抑制量〔MWh〕,"
            "揚水〔MWh〕,連系線〔MWh〕\n2023/10/1 0:00,2362,0,1948,322,15,213,1,2,155,3,4,-291\n"
            "2023/10/1 1:00,2317,0,1882,325,15,213,0,0,156,0,0,-273\n"
        ),
    ),
    "area_jyukyu_jisseki_2023_3Q.csv": (
        "kyushu",
        (
            ",,,,,,,太陽光,太陽光,風力,風力,,\nDATE_TIME,エリア需要〔MWh〕,原子力〔MWh〕,火力〔MWh〕,"
            "水力〔MWh〕,地熱〔MWh〕,バイオマス〔MWh〕,実績〔MWh〕,抑制量〔MWh〕,実績〔MWh〕,抑制量〔MWh〕,"
            "揚水等〔MWh〕,連系線〔MWh〕\n2023/10/1 0:00,2362,0,1948,322,15,213,1,2,155,3,4,-291\n"
            "2023/10/1 1:00,2317,0,1882,325,15,213,0,0,156,0,0,-273\n"
        ),
    ),
    "kako-2023.csv": (
        "chugoku",
        (
            "需給実績,,,,,,,,,,,,,\n,,需要実績(MWh),供給力実績(MWh),,,,,,,,,,\n"
            "DATE,TIME,需要,原子力,火力,水力,地熱,バイオマス,太陽光(実績),太陽光(抑制量),風力(実績),"
            "風力(抑制量),揚水,連系線潮流\n"
            "2023/10/1,0:00,2362,0,1948,322,15,213,1,2,155,3,4,-291\n"
            "2023/10/1,1:00,2317,0,1882,325,15,213,－,－,156,－,－,-273\n"
        ),
    ),
    "area-2023.csv": (
        "tokyo",
        (
            "単位[万kW],,,供給力\nDATE,TIME,東京エリア需要,原子力,火力,水力,地熱,バイオマス,太陽光発電実績,"
            "太陽光出力制御量,風力発電実績,風力出力制御量,揚水,連系線,合計\n"
            "2023/10/1,0:00,236.2,0,194.8,32.2,1.5,21.3,0.1,0.2,15.5,0.3,0.4,-29.1,236.2\n"
            "2023/10/1,1:00,231.7,0,188.2,32.5,1.5,21.3,0,0,15.6,0,0,-27.3,231.7\n"
        ),
    ),
}


@pytest.mark.parametrize("name", OLD)
def test_hours_of_the_old_forms(desk, name):
    area, text = OLD[name]
    found = desk.tables(KIND, desk.file(name, text))[PROFILE]
    assert list(found["area"]) == [area] * 2
    midnight = row(found, hour="0")
    midnight |= {key: f"{float(value):g}" for key, value in midnight.items() if key.endswith("_mw")}
    assert midnight == {
        "area": area, "month": "10", "hour": "0", "demand_mw": "2362", "nuclear_mw": "0",
        "thermal_mw": "1948", "hydro_mw": "322", "geothermal_mw": "15", "biomass_mw": "213",
        "solar_mw": "1", "solar_curtailed_mw": "2", "wind_mw": "155", "wind_curtailed_mw": "3",
        "pumped_mw": "4", "interconnector_mw": "-291", "other_mw": "0", "n_samples": "1",
        "period": "2023-10",
    }  # fmt: skip
    assert row(found, hour="1")["solar_curtailed_mw"] == "0"


def test_a_whole_year_is_added_up(desk):
    head = OLD["juyo_2023_tohoku_3Q.csv"][1].splitlines()[0]
    hours = pd.date_range("2023-01-01", "2023-12-31 23:00", freq="h")
    lines = [f"{hour:%Y/%m/%d %H:%M},1000,100,600,50,200,20,30,5,10,10,-5,5" for hour in hours]
    lines[100] = lines[100].replace(",1000,", ",1400,")
    file = desk.file("juyo_2023_tohoku_1Q.csv", "\n".join([head, *lines]))
    found = desk.tables(KIND, file)
    [year] = found["area_annual_energy"].to_dict("records")
    # 8,760 h at 1,000 MW and one hour 400 MW higher
    assert (year["period"], float(year["demand_gwh"])) == ("2023", 8760.4)
    assert (float(year["solar_gwh"]), float(year["peak_demand_mw"])) == (1752.0, 1400.0)
    # generation 1,000 MW: hydro 100, thermal 600, nuclear 50, solar 200, wind 30, others 20
    assert float(year["renewable_share_of_generation_pct"]) == 35.0
    assert float(year["decarbonised_share_of_generation_pct"]) == 40.0
    assert float(year["vre_curtailment_pct"]) == round(100 * 25 / 255, 3)
    assert len(found[PROFILE]) == 12 * 24


def test_all_that_is_malformed_is_told_with_its_line_and_nothing_is_kept(desk):
    _area, text = OLD["kako-2023.csv"]
    bad = text.replace("2317", "viel").replace("1948", "")
    bad += "2023/10/1,2:00,1,2,3\n2023/13/1,3:00" + ",1" * 12 + "\n"
    said = desk.said(KIND, desk.file("kako-2023.csv", bad), desk.file("kako-2024.csv", text))
    lines = said.splitlines()
    assert len(lines) == 4
    assert "kako-2023.csv: line 5, 需要: 'viel' is not a number" in said
    assert "kako-2023.csv: line 4, 火力: is blank; the others of this column are not" in said
    assert "kako-2023.csv: line 6: has 5 cells, the header names 14" in said
    assert "kako-2023.csv: line 7, DATE: '2023/13/1' is no day or time of day" in said
    assert not desk.into.exists()


def test_a_record_in_two_files_is_told(desk):
    _area, text = OLD["kako-2023.csv"]
    said = desk.said(
        KIND, desk.file("kako-2023.csv", text), desk.file("kako-2024.csv", text + "\n")
    )
    assert (
        "kako-2024.csv: line 4: chugoku 2023-10-01 00:00 stands in an earlier line or file" in said
    )


def test_an_unknown_column_a_file_of_no_area_and_another_area(desk):
    _area, text = OLD["kako-2023.csv"]
    said = desk.said(KIND, desk.file("kako-2023.csv", text.replace("地熱", "核融合")))
    assert "line 3, 核融合: the column is not known; known are エリア需要, 原子力" in said
    file = desk.file("jukyu.csv", text)
    assert "the area cannot be told from the name; give --area, one of hokkaido" in desk.said(
        KIND, file
    )
    assert set(desk.tables(KIND, file, area="shikoku")[PROFILE]["area"]) == {"shikoku"}


def test_values_outside_the_schema_are_told(desk):
    _area, text = OLD["kako-2023.csv"]
    said = desk.said(KIND, desk.file("kako-2023.csv", text.replace("2362", "-2362")))
    assert "area_hourly_profile.demand_mw: -2362 is out of range; allowed are 0 to any" in said
