"""Table B of the feed-in disclosure: two sheets, wards and counties, classes that add up."""

from __future__ import annotations

import openpyxl
import pytest

KIND = "fit"
HEAD = [
    ["", "太陽光発電設備", "", "", "", "", "", "", "", "風力発電設備", ""],
    ["", "10kW未満", "うち自家発電設備併設", "10kW以上", *[""] * 5, "20kW未満", "20kW以上"],
    ["", "", "", "", "うち50kW未満", "うち50kW以上500kW未満", "うち500kW以上1,000kW未満",
     "うち1,000kW以上2,000kW未満", "うち2,000kW以上", "", ""],
]  # fmt: skip
NEW = [
    [
        "北海道札幌市中央区",
        "1,000.5",
        "3",
        "15,500",
        "500",
        "1,000",
        "2,000",
        "4,000",
        "8,000",
        "9",
        "9",
    ],
    ["北海道札幌市北区", "2000", "0", "0", "-", "-", "-", "-", "-", "0", "0"],
    ["北海道石狩郡当別町", "10", "0", "100", "100", "0", "0", "0", "0", "0", "0"],
    ["北海道合計", "3010.5", "3", "15600", "600", "1000", "2000", "4000", "8000", "9", "9"],
]
MOVED = [["北海道札幌市中央区", "500", "0", "40", "40", "0", "0", "0", "0", "0", "0"]]


def table(kind: str, rows: list[list[str]], month: str = "2025年12月末") -> list[list[str]]:
    title = [[f"表B 市町村別導入容量（{kind}） {month}時点", *[""] * 10], ["単位：kW", *[""] * 10]]
    return [*title, *HEAD, *rows]


def text(rows: list[list[str]]) -> str:
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)


@pytest.fixture
def files(desk):
    def made(new: list[list[str]] = NEW, month: str = "2025年12月末"):
        return (
            desk.file("b1.csv", text(table("新規認定分", new, month))),
            desk.file("b2.csv", text(table("移行認定分", MOVED, month))),
        )

    return made


def test_both_sheets_are_summed_by_city_and_class(desk, files, shipped_atlas):
    found = desk.tables(KIND, *files())["solar_fit_by_municipality"].set_index("municipality_code")
    assert list(found.index) == ["01100", "01303"]
    sapporo = found.loc["01100"]
    # kW: 1,000.5 + 2,000 + 500; 500 + 40; 1,000 + 2,000; 4,000 + 8,000
    assert float(sapporo["solar_residential_mw"]) == pytest.approx(3.5, abs=0.001)
    assert (sapporo["solar_small_mw"], sapporo["solar_medium_mw"]) == ("0.54", "3")
    assert sapporo["solar_utility_mw"] == "12"
    assert (found.loc["01303", "municipality_ja"], found.loc["01303", "solar_small_mw"]) == (
        "当別町",
        "0.1",
    )
    shipped = shipped_atlas.table("solar_fit_by_municipality").loc["01100"]
    assert float(sapporo["solar_total_mw_2023_12"]) == shipped["solar_total_mw_2023_12"]
    assert float(sapporo["demand_gwh_fy2022"]) == shipped["demand_gwh_fy2022"]


def test_a_total_follows_the_month_in_its_name(desk, files):
    found = desk.tables(KIND, *files(month="2023年12月末"))["solar_fit_by_municipality"]
    # 3.5005 rounded, 0.54, 3 and 12 MW
    assert float(found["solar_total_mw_2023_12"][0]) == pytest.approx(19.04, abs=0.001)


def test_a_workbook(desk, files):
    book = openpyxl.Workbook()
    book.active.title = "表B①－１"
    book.active.append(["認定容量"])
    for name, rows in (("表B②－１", NEW), ("表B②－２", MOVED)):
        sheet = book.create_sheet(name)
        for row in [*HEAD, *rows]:
            sheet.append([float(c) if c.replace(".", "").isdigit() else c for c in row])
    book.save(desk.folder / "B.xlsx")
    found = desk.tables(KIND, desk.folder / "B.xlsx")["solar_fit_by_municipality"]
    assert list(found["solar_small_mw"]) == ["0.54", "0.1"]


def test_one_sheet_alone_is_refused(desk, files):
    said = desk.said(KIND, files()[0])
    assert "the table of 移行認定分 is missing; give B②-1 and B②-2 of one month, each once" in said


def test_faults_are_told_by_line(desk, files):
    bad = [row[:] for row in NEW]
    bad[0][4], bad[1][0], bad[2][1] = "400", "北海道無名市", "many"
    said = desk.said(KIND, *files([*bad, NEW[2]]))
    assert "b1.csv: line 6, 太陽光発電設備: the classes do not add up to 10 kW and above" in said
    assert "b1.csv: line 7: '無名市' is no municipality of 北海道" in said
    assert "b1.csv: line 8, 太陽光発電設備: 'many' is not a number" in said
    assert "b1.csv: line 10: 北海道石狩郡当別町 stands in line 8 too; keep one" in said
    headless = desk.file("d.csv", "表B 導入容量 新規認定分\n太陽光発電設備\n")
    assert "太陽光発電設備: no column is there for solar_residential_mw" in desk.said(
        KIND, headless
    )
    assert "is no table B② of capacity" in desk.said(KIND, desk.file("c.csv", "a,b\n"))
