"""Tables as people keep them: encodings, titles, totals, units, degrees, and what is told."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dcsite.atlas import Atlas
from dcsite.errors import SitesError
from dcsite.scenario import LandParameters
from dcsite.sites import read_sites
from dcsite.sites.reader import UserRows, read_rows
from dcsite.sites.rows import field_meant, let_notes
from dcsite.sites.user import PLACE_COLUMNS, SITES_FILE
from dcsite.sites.values import AREA, POWER, read_angle, read_class, read_number

WriteFile = Callable[[str, str | bytes], Path]
Complaints = Callable[[Path], list[str]]
PLACES = ("秋田港工業団地", "湯沢市候補地", "大館第二工業団地")
TABLE = "名称,緯度,経度,面積\r\n秋田港工業団地,39.7590,140.0650,12.5\r\n"


@pytest.fixture
def rows_of(write_file: WriteFile) -> Callable[[str | bytes], UserRows]:
    def read(content: str | bytes) -> UserRows:
        rows = read_rows(write_file("s.csv", content), SITES_FILE)
        rows.problems.raise_if_any()
        return rows

    return read


RowsOf = Callable[[str | bytes], UserRows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932", "euc_jp"])
def test_one_table_in_any_encoding(rows_of: RowsOf, encoding: str) -> None:
    rows = rows_of(TABLE.encode(encoding))
    assert rows.cells["name"] == ("秋田港工業団地",)
    assert rows.numbers("hectares", 0, 1e9).tolist() == [12.5]
    assert rows.problems.told[0].startswith('column "面積" states no unit and is read in ha')


def test_short_texts_are_told_apart_or_refused(write_file: WriteFile, atlas: Atlas) -> None:
    names = atlas.table("municipalities")["name_ja"].tolist()
    chance = random.Random(1)  # noqa: S311
    for header in ("name,lat,lon", "名称,緯度,経度"):
        for encoding in ("cp932", "euc_jp"):
            for count in (1, 2, 5):
                some = chance.sample(names, count)
                assert _names(write_file, header, some, encoding) in (tuple(some), ())


_HALF = "".join(map(chr, range(0xFF66, 0xFF9E)))
_WORDS = st.one_of(
    st.text(_HALF, min_size=1, max_size=8),
    st.text("アカサタナハマヤラワンガザダバパーァッュ", min_size=1, max_size=8),
    st.text("あかさたなはまやらわんがざだばぱぁっゅ", min_size=1, max_size=8),
    st.text(
        "青森秋田盛岡仙台福島札幌旭川小樽函館市町村区工業団地港北南東西", min_size=1, max_size=8
    ),
    st.text(f"青森秋田市{_HALF[:9]}", min_size=1, max_size=8),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    header=st.sampled_from(["name,lat,lon", "名称,緯度,経度", "ﾒｲｼｮｳ,lat,lon"]),
    words=st.lists(_WORDS, min_size=1, max_size=5),
    encoding=st.sampled_from(["utf-8", "cp932", "euc_jp"]),
)
def test_no_text_is_read_as_another(
    write_file: WriteFile, header: str, words: list[str], encoding: str
) -> None:
    """Whatever the words: decoded or refused, never rubbish."""
    assert _names(write_file, header, words, encoding) in (tuple(words), ())


def _names(write_file: WriteFile, header: str, words: list[str], encoding: str) -> tuple[str, ...]:
    """Return the first column of a table as it is read, none where it is refused."""
    lines = "".join(f"{word},43,141\n" for word in words)
    path = write_file("s.csv", f"{header}\n{lines}".encode(encoding))
    form = replace(SITES_FILE, columns=SITES_FILE.columns | {"name": ("name", "名称", "ﾒｲｼｮｳ")})
    try:
        return read_rows(path, form).cells["name"]
    except SitesError as error:
        assert "may be CP932, EUC-JP or UTF-8, with other words in each; save it" in str(error)  # noqa: PT017
        return ()


@pytest.mark.parametrize(
    "text", ["lat,lon\n43°3'44\",141\n", "lat (°),lon (°)\n43,141\n", "name,lat,lon\nCafé,43,141\n"]
)
def test_signs_of_latin_are_no_half_width_katakana(rows_of: RowsOf, text: str) -> None:
    assert rows_of(text.replace('"', "''")).numbers("lon_deg", 0, 180).tolist() == [141.0]


def test_what_may_be_two_things_is_refused(write_file: WriteFile) -> None:
    # Half-width katakana in EUC-JP, which are kanji in CP932.
    path = write_file("s.csv", "name,lat,lon\nｶｺﾞｼﾏ,31,130\n".encode("euc_jp"))
    with pytest.raises(SitesError, match="may be CP932, EUC-JP or UTF-8, with other words in"):
        read_rows(path, SITES_FILE)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (f"データセンター候補地,,,\r\n{TABLE}", "the header is row 2; not read: row 1 above it"),
        (f"候補地一覧\n令和7年\n\n{TABLE}", "the header is row 4; not read: row 1, row 2 above it"),
        (f"{TABLE},,,\r\n合計,,,12.5\r\n", 'totals and remarks, not read: row 4 ("合計")'),
        (f"{TABLE}総　計,,,12.5\r\n", 'totals and remarks, not read: row 3 ("総 計")'),
        (f"{TABLE}※出典：県調べ,,,\r\n", 'totals and remarks, not read: row 3 ("※出典:県調べ")'),
        (TABLE.replace(",", ";").replace("名", "sep=;\r\n名", 1), ""),
        (TABLE.replace("39.7590", "３９．７５９０"), ""),
        (TABLE.replace("12.5\r\n", "12.5,\r\n").replace("面積\r", "面積,\r"), ""),
        (
            TABLE.replace("名称", "摘要,名称").replace("秋田港", f"{'x' * 200_000},秋田港"),
            'handed on as own_..., not used: column "摘要"',
        ),
    ],
    ids=["title", "titles", "total", "wide", "remark", "sep", "digits", "commas", "long cell"],
)  # fmt: skip
def test_habits_of_spreadsheets(rows_of: RowsOf, content: str, told: str) -> None:
    rows = rows_of(content)
    assert rows.cells["name"] == ("秋田港工業団地",)
    assert rows.numbers("lat_deg", 20, 46).tolist() == [39.759]
    assert rows.numbers("hectares", 0, 1e9).tolist() == [12.5]
    said = [line.replace("　", " ").replace("：", ":") for line in rows.problems.told]
    assert [told] * bool(told) == said[: bool(told)]
    assert len(said) == 1 + bool(told)


def test_a_place_called_total_is_read(rows_of: RowsOf) -> None:
    assert rows_of("name,lat,lon\n合計,43,141\n").cells["name"] == ("合計",)


@pytest.mark.parametrize(
    ("text", "axis", "expected"),
    [
        ("39°45′32″", "lat_deg", 39 + 45 / 60 + 32 / 3600),
        ("39度9分50.8秒", "lat_deg", 39 + 9 / 60 + 50.8 / 3600),
        ("140° 3' 54\" E", "lon_deg", 140 + 3 / 60 + 54 / 3600),
        ("東経１４０度３分", "lon_deg", 140.05),
        ("39:45:32", "lat_deg", 39 + 45 / 60 + 32 / 3600),
        ("S39-45-32", "lat_deg", -(39 + 45 / 60 + 32 / 3600)),
        ("-0°30′0″", "lat_deg", -0.5),
        ("39.759°", "lat_deg", 39.759),
        ("北緯39.759度", "lat_deg", 39.759),
        ("−12.5", "lat_deg", -12.5),
        ("402717", "lat_deg", 40 + 27 / 60 + 17 / 3600),
        ("1403350.5", "lon_deg", 140 + 33 / 60 + 50.5 / 3600),
        # An s stands for seconds behind an m, else for south.
        ("39d45m32.4s", "lat_deg", 39 + 45 / 60 + 32.4 / 3600),
        ("39°45'32.4\"S", "lat_deg", -(39 + 45 / 60 + 32.4 / 3600)),
        ("39 45 32.4 s", "lat_deg", -(39 + 45 / 60 + 32.4 / 3600)),
        ("39゜45´32.4˝", "lat_deg", 39 + 45 / 60 + 32.4 / 3600),
        ("39.45.32.4", "lat_deg", 39 + 45 / 60 + 32.4 / 3600),
        ("E140/3/54", "lon_deg", 140.065),
        ("406717", "lat_deg", 406717.0),
        ("-402717", "lat_deg", -402717.0),
        ("39°75′", "lat_deg", None),
        ("39°5.5′10″", "lat_deg", None),
        ("北緯39度", "lon_deg", None),
        ("39-45", "lat_deg", None),
        ("43,062", "lat_deg", None),
        ("91°0′0″", "lat_deg", None),
        ("90°0′0″", "lat_deg", 90.0),
        ("90°0′0.1″", "lat_deg", None),
        ("180°0′0″W", "lon_deg", -180.0),
        ("39°59′60″", "lat_deg", None),
        ("39°60′0″", "lat_deg", None),
        ("90", "lat_deg", 90.0),
        ("1800000", "lon_deg", 180.0),
        ("1800001", "lon_deg", 1800001.0),
        ("S402717", "lat_deg", -(40 + 27 / 60 + 17 / 3600)),
        ("S-12.5", "lat_deg", None),
        ("", "lat_deg", None),
    ],
)
def test_degrees(text: str, axis: str, expected: float | None) -> None:
    value, packed = read_angle(text, axis)
    assert packed is (text in {"402717", "1403350.5", "1800000", "S402717"})
    assert value == (None if expected is None else pytest.approx(expected, abs=1e-12))


FORMS = ("{d}°{m}′{s:.6f}″", "{d}度{m}分{s:.6f}秒", "{d}:{m:02}:{s:.6f}")


@given(st.floats(-89.99, 89.99), st.sampled_from(FORMS))
def test_any_angle_comes_back(degrees: float, form: str) -> None:
    whole, rest = divmod(abs(degrees) * 3600.0, 3600.0)
    minutes, seconds = divmod(rest, 60.0)
    if seconds >= 59.9999995:  # written as 60
        seconds = 0.0
    sign = "-" if degrees < 0 else ""
    text = sign + form.format(d=int(whole), m=int(minutes), s=seconds)
    value, packed = read_angle(text, "lat_deg")
    assert value is not None
    assert not packed
    assert abs(value) == pytest.approx(int(whole) + int(minutes) / 60 + seconds / 3600, abs=1e-9)
    assert value <= 0 if degrees < 0 else value >= 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1,234.5", 1234.5), ("１２，３４５", 12345.0), ("-1,000", -1000.0), ("1,23", None),
     ("12,3456", None), ("1_000", None), ("inf", None), ("12.", 12.0)],
)  # fmt: skip
def test_numbers(text: str, expected: float | None) -> None:
    assert read_number(text) == expected


@pytest.mark.parametrize(
    ("text", "begins"),
    [("0", 0.0), ("1", 0.5), ("震度2", 1.5), ("３", 2.5), ("4以上", 3.5), ("5弱", 4.5),
     ("5-lower", 4.5), ("lower 5", 4.5), ("5強", 5.0), ("5+", 5.0), ("6-", 5.5),
     ("震度6弱以上", 5.5), ("6 upper", 6.0), ("7", 6.5), ("5", None), ("6", None), ("7強", None),
     ("8", None), ("lower 5+", None), ("", None)],
)  # fmt: skip
def test_classes_of_intensity_begin_where_the_agency_begins_them(
    text: str, begins: float | None
) -> None:
    assert read_class(text) == begins


@pytest.mark.parametrize(
    ("label", "cell", "hectares"),
    [
        ("面積(ha)", "12.5", 12.5),
        ("面積（㎡）", "125,000", 12.5),
        ("敷地面積[m2]", "125000", 12.5),
        ("面積（坪）", "37,812.5", 12.5),
        ("敷地面積_km2", "0.125", 12.5),
        ("area_sqm", "125000", 12.5),
        ("面積（万㎡）", "12.5", 12.5),
        ("面積（千㎡）", "125", 12.5),
        ("面積", "12.5ha", 12.5),
        ("面積", "12.5 ヘクタール", 12.5),
        ("面積", "約12.5ha", 12.5),
        # 1 町 = 10 反 = 3,000 坪, 1 坪 = 400/121 m2; a foot is 0.3048 m
        ("面積（町）", "12.1", 12.0),
        ("面積", "121反", 12.0),
        ("面積(a)", "125", 1.25),
        ("面積（アール）", "125", 1.25),
        ("Area [sq ft]", "1000000", 9.290304),
        ("Area (sq m)", "125000", 12.5),
        ("面積", "125,000㎡", 12.5),
        ("面積(㎡)", "12.5ha", 12.5),
        ("hectares", "12,000", 12_000.0),
    ],
)
def test_areas(rows_of: RowsOf, label: str, cell: str, hectares: float) -> None:
    rows = rows_of(f'lat,lon,{label}\n39.7,140.1,"{cell}"\n')
    assert rows.numbers("hectares", 0, 1e9).tolist() == [pytest.approx(hectares)]
    assert not rows.problems.told


@pytest.mark.parametrize(
    ("label", "cell", "mw"),
    [("上限MW", "100", 100.0), ("上限(MW)", "100", 100.0), ("最大電力（kW）", "50,000", 50.0),
     ("受電容量（万kW）", "5", 50.0), ("max_mw", "80 MW", 80.0), ("MW", "80", 80.0)],
)  # fmt: skip
def test_powers(rows_of: RowsOf, label: str, cell: str, mw: float) -> None:
    rows = rows_of(f'lat,lon,{label}\n39.7,140.1,"{cell}"\n')
    assert rows.numbers("max_it_load_mw", 0, 1e9).tolist() == [pytest.approx(mw)]


@pytest.mark.parametrize(
    "label", ["受電容量(MVA)", "上限（kVA）", "最大電力（MWh）", "capacity (kWh)"]
)
def test_a_unit_of_another_quantity_is_refused(rows_of: RowsOf, label: str) -> None:
    rows = rows_of(f"緯度,経度,{label}\n39.7,140.1,50\n")
    rows.numbers("max_it_load_mw", 0, 1e9)
    assert not rows.problems.told
    with pytest.raises(SitesError, match="states a unit of another quantity than MW"):
        rows.problems.raise_if_any()


@pytest.mark.parametrize(
    ("label", "cell", "kv"),
    [("変電所電圧kV", "154kV", 154.0), ("変電所電圧(V)", "66000", 66.0),
     ("substation_kv", "77", 77.0), ("変電所電圧", "27.5万V", 275.0)],
)  # fmt: skip
def test_voltages(rows_of: RowsOf, label: str, cell: str, kv: float) -> None:
    rows = rows_of(f"緯度,経度,{label}\n39.7,140.1,{cell}\n")
    assert rows.numbers("substation_kv", 0, 1100).tolist() == [kv]
    assert not rows.problems.told


def test_a_voltage_without_a_zone_is_told(
    write_file: WriteFile, atlas: Atlas, land: LandParameters, caplog: pytest.LogCaptureFixture
) -> None:
    read_sites(write_file("v.csv", "緯度,経度,変電所電圧kV\n39.7,141.15,154\n"), atlas, land)
    assert 'not used: "変電所電圧kV", which counts only where a zone' in caplog.text


def test_iso_2022_jp_is_no_known_encoding(rows_of: RowsOf) -> None:
    with pytest.raises(SitesError, match="is no text in a known encoding"):
        rows_of(TABLE.encode("iso2022_jp"))


def test_a_figure_that_can_only_be_square_metres_is_asked_about(
    write_file: WriteFile, complaints: Complaints
) -> None:
    path = write_file("s.csv", "緯度,経度,面積\n39.759,140.065,125000\n39.759,140.075,12.5\n")
    assert complaints(path) == [
        (
            's.csv: row 2, column 面積: "125000" is too much in ha; write the unit, as in '
            "面積(ha), 面積(㎡) or 面積(坪); allowed: a number of ha above 0, or nothing"
        )
    ]


@pytest.mark.parametrize(
    ("label", "field"),
    [("緯度（北緯）", "lat_deg"), ("経度（東経）", "lon_deg"), ("Latitude (deg)", "lat_deg"),
     ("候補地名", "name"), ("施設名", "name"), ("敷地面積（㎡）", "hectares"),
     ("①敷地面積（ha）※概数", "hectares"), ("1. 緯度", "lat_deg"), ("総面積(ha)", "hectares"),
     ("分譲可能面積（㎡）", "hectares"),
     ("上限ＭＷ", "max_it_load_mw"), ("区分", "tier"), ("@id", "site_id")],
)  # fmt: skip
def test_headers_by_meaning(label: str, field: str) -> None:
    meant = field_meant(label, SITES_FILE)
    assert meant is not None
    assert meant[0] == field


@pytest.mark.parametrize(
    "label", ["所在地", "fid", "OBJECTID", "面積(容積)率", "備考", "kW", "x", "建築面積(㎡)", "1."]
)
def test_other_headers_are_the_users_own(label: str) -> None:
    assert field_meant(label, SITES_FILE) is None


def test_columns_that_are_not_read_are_told_once(
    rows_of: RowsOf, caplog: pytest.LogCaptureFixture
) -> None:
    text = "fid,No.,名称,所在地,緯度,経度,OBJECTID,区分\n1,1,港,秋田市,39.7,140.1,7,県有地\n"
    for _ in range(2):
        rows = rows_of(text)
        said = 'handed on as own_..., not used: columns "fid", "No.", "所在地", "OBJECTID"'
        assert rows.problems.told == [said]
    assert [line for line in caplog.messages if "所在地" in line] == [f"note: s.csv: {said}"]


def test_tiers_in_japanese(write_file: WriteFile, atlas: Atlas, land: LandParameters) -> None:
    cells = ("中核", "大規模拠点", "地域拠点", "地域型", "Core", "")
    lines = "".join(f"39.759,140.0{at}5,{cell}\n" for at, cell in enumerate(cells, 4))
    sites = read_sites(write_file("s.csv", f"緯度,経度,区分\n{lines}"), atlas, land)
    assert sites["allowed_tier"].tolist() == ["core", "large", "regional", "regional", "core", None]
    own = read_sites(write_file("s.csv", "緯度,経度,区分\n39.759,140.065,県有地\n"), atlas, land)
    assert own["allowed_tier"].tolist() == [None]


def test_names_are_compared_in_one_form(rows_of: RowsOf) -> None:
    apart = unicodedata.normalize("NFD", "ガス田")
    assert len(apart) == 4
    assert rows_of(f"name,lat,lon\n{apart},35,139\n").cells["name"] == ("ガス田",)


def test_ids_of_maps(rows_of: RowsOf) -> None:
    rows = rows_of("@id,id,name,lat,lon\nway/123,way/123,a,35,139\n")
    assert rows.ids("site_id") == ("way/123",)
    rows.problems.raise_if_any()


def test_of_two_areas_the_first_word_counts(rows_of: RowsOf) -> None:
    rows = rows_of("lat,lon,総面積(㎡),面積(ha)\n39.7,140.1,500000,12.5\n")
    assert rows.numbers("hectares", 0, 1e9).tolist() == [12.5]
    assert rows.others == {"総面積(㎡)": ("500000",)}


@pytest.mark.parametrize(
    "row", ["【合計】,,,12.5", "計 1件,,,12.5", "Grand Total,,,12.5", "以上,,,"]
)
def test_totals_and_remarks(rows_of: RowsOf, row: str) -> None:
    assert len(rows_of(f"{TABLE}{row}\n")) == 1


def test_a_column_of_the_old_datum_is_refused(
    write_file: WriteFile, complaints: Complaints
) -> None:
    path = write_file("s.csv", "緯度,経度,測地系\n39.759,140.065,旧日本測地系\n")
    (line,) = complaints(path)
    assert line.startswith('s.csv: header, column 測地系: says "旧日本測地系": allowed: the world')


def test_a_name_that_has_lost_a_letter_is_refused(
    write_file: WriteFile, complaints: Complaints
) -> None:
    (line,) = complaints(write_file("s.csv", "名称,緯度,経度\n秋\ufffd港,39.759,140.065\n"))
    assert 'column 名称: "秋\ufffd港" has lost a letter (U+FFFD); allowed: the text as' in line


def test_degrees_of_the_old_datum_are_refused(
    write_file: WriteFile, complaints: Complaints
) -> None:
    (line,) = complaints(write_file("s.csv", "緯度（日本測地系）,経度\n39.7,140.1\n"))
    assert "are in the old datum of Tokyo; allowed: the world's (JGD2011, WGS 84)" in line


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, lines in sheets.items():
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
    book.save(path)
    return path


LINES: list[list[object]] = [
    ["候補地一覧"],
    ["名称", "緯度", "経度", "面積(ha)", "ID"],
    ["秋田港", 39.759, "140度3分54秒", 12.5, 7],
    ["合計", None, None, 12.5],
]


def test_excel(tmp_path: Path) -> None:
    rows = read_rows(workbook(tmp_path / "s.xlsx", 候補地=LINES, Sheet2=[]), SITES_FILE)
    assert rows.record_numbers == (3,)
    assert rows.cells["site_id"] == ("7",)
    assert rows.numbers("lon_deg", 120, 150).tolist() == [pytest.approx(140.065)]
    assert rows.numbers("hectares", 0, 100).tolist() == [12.5]
    rows.problems.raise_if_any()


def test_what_excel_does_not_show_or_keep(tmp_path: Path, complaints: Complaints) -> None:
    path = workbook(tmp_path / "s.xlsx", 候補地=LINES, 作業=LINES)
    book = openpyxl.load_workbook(path)
    book["作業"].sheet_state = "hidden"
    book["候補地"]["D3"].number_format = "0.0%"
    book.save(path)
    rows = read_rows(path, SITES_FILE)
    assert 'not read: hidden sheet "作業"' in rows.problems.told
    assert rows.cells["hectares"] == ("1250%",)
    assert len(read_rows(f"{path}|layername=作業", SITES_FILE)) == 1
    # Nobody has worked out the formula: the cell is empty for all but Excel.
    book["候補地"]["D3"].value = "=5*2.5"
    book.save(path)
    (line,) = complaints(path)
    assert line.startswith("s.xlsx: row 3: the formula in cell 4 has no value kept; open")


def test_excel_with_several_sheets(tmp_path: Path, complaints: Complaints) -> None:
    path = workbook(tmp_path / "s.xlsx", 候補地=LINES, 参考=LINES)
    (line,) = complaints(path)
    assert line.startswith('s.xlsx: holds 2 sheets ("候補地", "参考"); name the one with sites by')


def test_every_word_of_the_form_means_its_field() -> None:
    for form in (SITES_FILE, replace(SITES_FILE, columns=PLACE_COLUMNS)):
        for field, words in form.columns.items():
            for word in words:
                meant = field_meant(word, form)
                assert meant is not None
                assert meant[0] == field, word


def test_the_readme_lists_every_word() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8").casefold()
    words = [word for same in SITES_FILE.columns.values() for word in same]
    assert [word for word in words if word.casefold() not in readme] == []


def test_units_are_not_found_within_words() -> None:
    assert AREA.stated("shape_area")[1] is None
    assert AREA.stated("hall")[1] is None
    assert POWER.stated("kwh")[1] is None
    assert np.isclose(AREA.stated("面積（坪）")[1] or 0.0, 3.30578512e-4)


def test_of_several_processes_one_tells(rows_of: RowsOf, caplog: pytest.LogCaptureFixture) -> None:
    try:
        let_notes(heard=False, told=['note: s.csv: handed on as own_..., not used: column "p"'])
        rows_of("lat,lon,q\n39.7,140.1,7\n")
        let_notes(heard=True)
        rows_of("lat,lon,p\n39.7,140.1,7\n")
        rows_of("lat,lon,r\n39.7,140.1,7\n")
    finally:
        let_notes(heard=True)
    assert [line[-3:] for line in caplog.messages if "own_" in line] == ['"r"']
