"""Every fault of geodata: exactly one line, naming table, row and column."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable

import pytest

from dcsite.atlas import check_geodata, load_atlas
from dcsite.atlas.describe import refresh

SUBSTATIONS = "openstreetmap/substations.csv"
LANDINGS = "network/cable_landing_stations.csv"
CABLES = "network/submarine_cables.csv"
CLUSTERS = "policy/landing_clusters.csv"
TOWNS = "places/municipalities.csv"
PREFECTURES = "places/prefecture_polygons.geojson"


def replace(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


def in_row(row: int, old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        lines = text.split("\n")
        lines[row - 1] = lines[row - 1].replace(old, new, 1)
        return "\n".join(lines)

    return change


def drop_last_column(text: str) -> str:
    return "\n".join(line.rsplit(",", 1)[0] for line in text.split("\n"))


def drop_first_column(text: str) -> str:
    return "\n".join(line.split(",", 1)[-1] for line in text.split("\n"))


def test_the_tables_under_test_are_sound(few_tables):
    assert check_geodata(few_tables) == []


@pytest.mark.parametrize(
    ("path", "by", "line"),
    [
        pytest.param(
            SUBSTATIONS, replace("34.62680", "34.62681"),
            "row 2, column lat_deg: the value '34.62681' is not the one the descriptor was made "
            "for; restore the file, or after a wanted edit run: python -m dcsite.atlas.describe",
            id="changed byte",
        ),
        pytest.param(
            SUBSTATIONS, lambda text: text.replace("34.62680", "34.6").replace("35.07159", "35.0"),
            "column lat_deg: several values have changed",
            id="two changed values of one column",
        ),
        pytest.param(
            SUBSTATIONS, lambda text: text.replace("\r\n", "\n"),
            "the bytes have changed (line ends, quotes or blanks), no value has",
            id="converted line ends",
        ),
        pytest.param(
            LANDINGS, in_row(3, "maruyama", "chikura"),
            "row 3, column landing_id: key 'chikura' stands in row 2 too; keep one",
            id="duplicate key",
        ),
        pytest.param(
            TOWNS, lambda text: text + text.split("\n")[5] + "\n",
            "row 39, column municipality_code: key '01205' stands in row 6 too; keep one",
            id="duplicate row",
        ),
        pytest.param(
            LANDINGS, in_row(3, "maruyama,", ","),
            "row 3, column landing_id: is empty, but a value is required",
            id="empty key",
        ),
        pytest.param(
            SUBSTATIONS, replace("34.62680", "54.62680"),
            "row 2, column lat_deg: 54.62680 lies outside Japan; allowed are 20 to 46 degrees",
            id="latitude outside Japan",
        ),
        pytest.param(
            SUBSTATIONS, replace("138.14736", "38.14736"),
            "row 2, column lon_deg: 38.14736 lies outside Japan; allowed are 122 to 154 degrees",
            id="longitude outside Japan",
        ),
        pytest.param(
            SUBSTATIONS, replace("34.62680,138.14736", "35.18,129.08"),
            "row 2, column lat_deg: the point 35.18, 129.08 lies outside Japan, 62 km from its "
            "nearest land; allowed are 40 km",
            id="point in Busan",
        ),
        pytest.param(
            LANDINGS, replace("34.9626,139.94753", "34.0,145.0"),
            "row 2, column lat_deg: the point 34, 145 lies outside Japan, ",
            id="point in the Pacific",
        ),
        pytest.param(
            SUBSTATIONS, replace("34.62680,138.14736", "43.06,141.35"),
            "row 2, column lat_deg: the point 43.06, 141.35 lies 866 km from its prefecture 静岡県",
            id="point in another prefecture",
        ),
        pytest.param(
            SUBSTATIONS, replace("34.62680", "nan"),
            "row 2, column lat_deg: nan lies outside Japan",
            id="not a number at all",
        ),
        pytest.param(
            SUBSTATIONS, in_row(2, "chubu", "chuubu"),
            "row 2, column area: 'chuubu' is unknown; allowed are hokkaido, tohoku, tokyo, chubu, "
            "hokuriku, kansai, chugoku, shikoku, kyushu, okinawa; did you mean 'chubu'?",
            id="unknown area",
        ),
        pytest.param(
            SUBSTATIONS, in_row(2, "静岡県", "静丘県"),
            "row 2, column prefecture_ja: '静丘県' is not a name_ja of the table prefectures",
            id="unknown prefecture",
        ),
        pytest.param(
            SUBSTATIONS, in_row(2, "500,500", "abc,500"),
            "row 2, column voltage_kv: 'abc' is not a number",
            id="text in a number column",
        ),
        pytest.param(
            CABLES, in_row(2, ",2001,", ",2001.5,"),
            "row 2, column rfs_year: '2001.5' is not a whole number",
            id="fraction in a whole-number column",
        ),
        pytest.param(
            SUBSTATIONS, in_row(2, "500,500", "-500,500"),
            "row 2, column voltage_kv: -500 is out of range; allowed are 0 to any",
            id="negative voltage",
        ),
        pytest.param(
            SUBSTATIONS, in_row(2, "500,500", ",500"),
            "row 2, column voltage_kv: is empty, but a value is required",
            id="missing value",
        ),
        pytest.param(
            TOWNS, in_row(2, "01100,01", "1100,01"),
            "row 2, column municipality_code: '1100' does not have the form '[0-9]{5}'",
            id="lost leading zero",
        ),
        pytest.param(
            SUBSTATIONS, drop_last_column,
            "row 1, column osm_id: the column is missing; restore it",
            id="missing column",
        ),
        pytest.param(
            TOWNS, drop_first_column,
            "row 1, column municipality_code: the column is missing; restore it",
            id="missing key column",
        ),
        pytest.param(
            SUBSTATIONS, in_row(1, "voltage_kv", "volt_kv"),
            "row 1, column voltage_kv: the column is missing; the header has 'volt_kv' instead",
            id="renamed column",
        ),
        pytest.param(
            CLUSTERS, lambda text: text.replace("\n", ",x\n"),
            "row 1, column x: the column is not in the schema",
            id="column too many",
        ),
        pytest.param(
            CLUSTERS, in_row(1, "name_en,name_ja", "name_ja,name_en"),
            "row 1, column name_ja: stands where name_en should",
            id="columns in another order",
        ),
        pytest.param(
            CLUSTERS, in_row(5, "2731", "27,31"),
            "row 5: has too many cells for the 7 columns; look for a stray comma or quote",
            id="stray comma",
        ),
        pytest.param(
            SUBSTATIONS, in_row(2, "SS0001", '"SS0001'),
            "row 2: has too few cells for the 18 columns; look for a stray comma or quote",
            id="stray quote",
        ),
        pytest.param(
            SUBSTATIONS, lambda text: text + "\r\n",
            "row 42: is blank; take it out",
            id="blank row",
        ),
        pytest.param(
            CLUSTERS, in_row(10, ",shima,A9", ",shimma,A9"),
            "row 10, column landing_id: 'shimma' is not a landing_id of the table "
            "cable_landing_stations",
            id="unknown foreign key",
        ),
        pytest.param(
            CABLES, replace("chikura;kitaibaraki", "chikura;kitaibarakki"),
            "row 2, column japan_landings: 'kitaibarakki' is not a landing_id of the table "
            "cable_landing_stations",
            id="unknown id in a list",
        ),
        pytest.param(
            CABLES, replace("china_hk;taiwan", "china_hk,taiwan"),
            "row 2: has too many cells for the 16 columns",
            id="wrong separator in a list",
        ),
        pytest.param(
            CLUSTERS, in_row(2, "A9;H2", "A9 H2"),
            "row 2, column lines: 'A9 H2' does not have the form ",
            id="malformed line ids",
        ),
        pytest.param(
            TOWNS, in_row(5, "01204", "99999"),
            "row 5, column municipality_code: the value '99999' is not the one the descriptor was "
            "made for",
            id="changed key that others refer to",
        ),
        pytest.param(
            CLUSTERS, lambda text: text[: text.rindex("shima,Shima")],
            "has 8 rows, the descriptor says 9",
            id="lost row",
        ),
        pytest.param(
            SUBSTATIONS, lambda text: text.split("\n")[0] + "\n",
            "has 0 rows, the descriptor says 40",
            id="header only",
        ),
        pytest.param(
            SUBSTATIONS, lambda text: "", "the file is empty; restore the table", id="empty file"
        ),
        pytest.param(
            PREFECTURES, replace('"Hokkaido"', '"Hokkaidou"'),
            "feature 1, column pref_name_en: the value 'Hokkaidou' is not the one",
            id="changed property",
        ),
        pytest.param(
            PREFECTURES, replace("[140.09,41.421]", "[140.09,41.422]"),
            "feature 1, column geometry: the value ",
            id="changed vertex",
        ),
        pytest.param(
            PREFECTURES, lambda text: text[:-20],
            "not valid JSON at line 1, column ",
            id="broken GeoJSON",
        ),
        pytest.param(
            PREFECTURES, lambda text: '{"type": "FeatureCollection"}',
            "is not a collection of features",
            id="GeoJSON without features",
        ),
        pytest.param(
            PREFECTURES, replace('"pref_code":"01"', '"pref_code":"99"'),
            "feature 1, column pref_code: '99' is not a pref_code of the table prefectures",
            id="unknown code of a polygon",
        ),
        pytest.param(
            PREFECTURES, replace('"pref_code":"01"', '"pref_code":"02"'),
            "feature 2, column pref_code: key '02' stands in an earlier feature",
            id="doubled polygon",
        ),
        pytest.param(
            PREFECTURES, lambda text: text.replace('"pref_name_en"', '"pref_name"'),
            "column pref_name_en: no feature has this property",
            id="missing property",
        ),
        pytest.param(
            PREFECTURES, replace("[140.12,41.43]", "[140.13,41.43]"),
            "feature 1, column geometry: is missing or has a broken ring",
            id="open ring",
        ),
        pytest.param(
            PREFECTURES, replace("[140.09,41.421]", "[40.09,41.421]"),
            "feature 1, column geometry: ",
            id="vertex outside Japan",
        ),
    ],
)  # fmt: skip
def test_a_broken_table_gives_one_line(few_tables, edit, path, by, line):
    edit(path, by)
    problems = check_geodata(few_tables)
    assert len(problems) == 1, [str(problem) for problem in problems]
    assert str(problems[0]).startswith(f"{path}: {line}")
    assert "\n" not in str(problems[0])


def test_bytes_that_are_not_utf8_are_placed(few_tables):
    file = few_tables / SUBSTATIONS
    file.write_bytes(file.read_bytes().replace("静岡".encode(), b"\xff\xfe", 1))
    (problem,) = check_geodata(few_tables)
    assert str(problem) == f"{SUBSTATIONS}: row 2: byte 0xff is not UTF-8; save the table as UTF-8"


@pytest.mark.parametrize(
    "path", [SUBSTATIONS, "places/prefectures.csv", "power/electricity_areas.csv", PREFECTURES]
)
def test_a_missing_file_gives_one_line_whoever_refers_to_it(few_tables, path):
    (few_tables / path).unlink()
    (problem,) = check_geodata(few_tables)
    assert str(problem).startswith(f"{path}: cannot be read (No such file or directory)")


def test_a_table_may_be_gzipped_and_one_cut_short_is_told(few_tables):
    plain = few_tables / "power/interconnectors.csv"
    packed = plain.with_name("interconnectors.csv.gz")
    before = load_atlas(few_tables).table("interconnectors")
    packed.write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
    plain.unlink()
    descriptor = few_tables / "datapackage.json"
    descriptor.write_text(
        descriptor.read_text("utf-8").replace("power/interconnectors.csv", f"power/{packed.name}"),
        encoding="utf-8",
    )
    refresh(few_tables)
    assert check_geodata(few_tables) == []
    assert load_atlas(few_tables).table("interconnectors").equals(before)
    packed.write_bytes(packed.read_bytes()[:-20])
    (problem,) = check_geodata(few_tables)
    assert str(problem).startswith("power/interconnectors.csv.gz: is no whole gzip file: ")


def test_a_table_the_descriptor_does_not_list_is_told(few_tables):
    (few_tables / "power/more.csv").write_text("a\n1\n", encoding="utf-8")
    (problem,) = check_geodata(few_tables)
    assert str(problem).startswith("power/more.csv: is not listed in datapackage.json")


def test_faults_of_several_tables_are_told_together(few_tables, edit):
    edit(SUBSTATIONS, replace("34.62680", "54.62680"))
    edit(CLUSTERS, in_row(10, ",shima,A9", ",shimma,A9"))
    assert [problem.where for problem in check_geodata(few_tables)] == [SUBSTATIONS, CLUSTERS]


def test_a_folder_without_descriptor_gives_one_line(tmp_path):
    (problem,) = check_geodata(tmp_path)
    assert str(problem).startswith(f"datapackage.json: no such file in {tmp_path}")


@pytest.mark.parametrize(
    ("by", "line"),
    [
        pytest.param(
            replace('"name"', '"name'), "line 3, column 10: not valid JSON", id="broken JSON"
        ),
        pytest.param(lambda text: "[]", "Input should be a valid dictionary", id="a list"),
        pytest.param(
            replace('"type": "number"', '"type": "nmber"'),
            "resources.municipalities.schema.fields.8.type: Input should be 'string', 'integer' "
            "or 'number', found 'nmber'",
            id="unknown type",
        ),
        pytest.param(
            replace('"path": "places/municipalities.csv"', '"path": "../municipalities.csv"'),
            "resources.municipalities.path: must be a relative path inside the geodata folder",
            id="path out of the folder",
        ),
        pytest.param(
            replace('"vintage"', '"vintge"'),
            "resources.municipalities.vintage: Field required",
            id="missing vintage",
        ),
        pytest.param(
            replace('"name": "prefectures"', '"name": "municipalities"'),
            "resources.municipalities: two resources have this name",
            id="doubled name",
        ),
        pytest.param(
            replace('"required": true', '"requird": true'),
            'resources.municipalities.schema: constraint "requird" is not supported',
            id="unknown constraint",
        ),
        pytest.param(
            replace('"name": "pref_name_en"', '"name": "pref_code"'),
            "resources.municipalities.schema: names of the fields are not unique",
            id="doubled field",
        ),
        pytest.param(
            replace('"pattern": "[0-9]{5}"', '"pattern": "[0-9"'),
            "resources.municipalities.schema.fields.0.constraints.pattern: must be a regular "
            "expression (unterminated character set",
            id="broken pattern",
        ),
        pytest.param(
            replace('"primaryKey": [\n     "municipality_code"', '"primaryKey": [\n     "code"'),
            "resources.municipalities.schema: 'code' stands in a key and is not a field",
            id="key of no field",
        ),
        pytest.param(
            replace('"resource": "prefectures",\n', '"resource": "provinces",\n'),
            "resources.municipalities.schema.foreignKeys: 'provinces' is not a table here; "
            "allowed are ",
            id="key into no table",
        ),
        pytest.param(
            replace('"hash": "sha256:', '"hash": "md5:'),
            "resources.municipalities.hash: String should match pattern",
            id="other kind of hash",
        ),
    ],
)
def test_a_broken_descriptor_gives_one_line(few_tables, edit, by, line):
    edit("datapackage.json", by)
    problems = check_geodata(few_tables)
    assert len(problems) == 1, [str(problem) for problem in problems]
    assert str(problems[0]).startswith(f"datapackage.json: {line}")


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("rows", "has 37 rows, the descriptor says 38"),
        ("bytes", "has 7,807 bytes, the descriptor says 7,808"),
    ],
)
def test_wrong_counts_in_the_descriptor_are_told(few_tables, key, line):
    path = few_tables / "datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    descriptor["resources"][0][key] += 1
    path.write_text(json.dumps(descriptor), encoding="utf-8")
    (problem,) = check_geodata(few_tables)
    assert str(problem).startswith(f"{TOWNS}: {line}")


def test_a_schema_without_columns_is_told(few_tables):
    path = few_tables / "datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    del descriptor["resources"][0]["schema"]
    path.write_text(json.dumps(descriptor), encoding="utf-8")
    (problem,) = check_geodata(few_tables)
    assert str(problem).startswith("datapackage.json: resources.municipalities.schema: is missing")


def test_a_table_of_points_at_sea_says_how_far_off_they_may_lie(few_tables, edit):
    """60 km off the land of the next prefecture: too far for a landing, not for an epicentre."""
    edit(SUBSTATIONS, replace("34.62680,138.14736", "35.18,129.08"))
    path = few_tables / "datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    (entry,) = (entry for entry in descriptor["resources"] if entry["name"] == "substations")
    before = [str(problem) for problem in check_geodata(few_tables)]
    assert any("allowed are 40 km" in line for line in before)
    entry["maxOffLandKm"] = 61
    path.write_text(json.dumps(descriptor), encoding="utf-8")
    assert any("allowed are 61 km" in str(problem) for problem in check_geodata(few_tables))
    entry["maxOffLandKm"] = 63
    path.write_text(json.dumps(descriptor), encoding="utf-8")
    assert not any("lies outside Japan" in str(problem) for problem in check_geodata(few_tables))


def test_a_distance_off_land_below_zero_is_told(few_tables):
    path = few_tables / "datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    descriptor["resources"][0]["maxOffLandKm"] = -1
    path.write_text(json.dumps(descriptor), encoding="utf-8")
    (problem,) = check_geodata(few_tables)
    assert str(problem).startswith("datapackage.json: resources.municipalities.maxOffLandKm: ")


@pytest.mark.parametrize(
    ("constraints", "by", "line"),
    [
        ({}, "nan", "'nan' is not a number"),
        ({}, "1_000", "'1_000' is not a number"),
        ({"unique": True}, "500", "'500' stands in an earlier row too"),
        ({"maxLength": 3}, "1000", "'1000' has 4 signs; allowed are 0 to 3"),
        ({"minLength": 3}, "10", "'10' has 2 signs; allowed are 3 to any"),
        ({"enum": [500, 275]}, "275.0", None),
        ({"maximum": 600}, "1e3", "1e3 is out of range; allowed are any to 600"),
    ],
)
def test_each_constraint_of_the_standard_is_held(few_tables, constraints, by, line):
    table = few_tables / SUBSTATIONS
    rows = [row.split(",") for row in table.read_text(encoding="utf-8").splitlines()]
    at = rows[0].index("voltage_kv")
    rows = [rows[0][: at + 1], *(row[: at + 1] for row in rows[1:4])]
    rows[1][at], rows[2][at], rows[3][at] = "500", "275", by
    table.write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    path = few_tables / "datapackage.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    (entry,) = (entry for entry in descriptor["resources"] if entry["name"] == "substations")
    entry["schema"]["fields"] = entry["schema"]["fields"][: at + 1]
    entry["schema"]["fields"][at]["constraints"] = constraints
    names = {field["name"] for field in entry["schema"]["fields"]}
    entry["schema"]["foreignKeys"] = [
        key for key in entry["schema"]["foreignKeys"] if set(key["fields"]) <= names
    ]
    path.write_text(json.dumps(descriptor), encoding="utf-8")
    refresh(few_tables)
    found = [str(problem) for problem in check_geodata(few_tables)]
    told = [] if line is None else [f"{SUBSTATIONS}: row 4, column voltage_kv: {line}"]
    assert found == told
