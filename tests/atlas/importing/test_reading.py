"""What all importers share: files as they come, names of places, one line for each fault."""

from __future__ import annotations

import datetime
import gzip
import json

import pytest

from dcsite.atlas.importing import reading as reading_module
from dcsite.atlas.importing.reading import Reading, UserFile, letters

ONE = {
    "type": "node", "id": 1, "lat": 43.06, "lon": 141.35, "tags": {"telecom": "data_center"}
}  # fmt: skip
ANSWER = json.dumps({"elements": [ONE]})


@pytest.fixture
def reading(shipped_atlas, tmp_path):
    file = UserFile(tmp_path / "a.json", b"{}")
    return Reading((file,), shipped_atlas, None, datetime.date(2026, 11, 1))


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Osaka", "27100"),
        ("Ōsaka-shi", "27100"),
        ("Osaka City", "27100"),
        ("Chiyoda-ku, Tokyo", "13101"),
        ("東京都千代田区", "13101"),
        ("京都市", "26100"),
        ("岐阜県山県市", "21215"),
        ("Fuchu, Hiroshima", None),  # a city and a town of the prefecture
        ("Fuchu-shi, Hiroshima", "34208"),
        ("Fuchu", None),  # in two prefectures
        ("Fukushima", "07201"),  # the prefecture decides against the town in Hokkaido
        ("Tokyo", "13104"),  # the prefecture alone: where its office is
        ("Tokyo (Otemachi)", "13104"),
        ("Ishikawa", "17201"),  # not the town in Fukushima
        ("Seoul", None),
        ("", None),
    ],
)
def test_a_place_is_found_by_its_name_or_not_at_all(reading, written, code):
    assert (reading.town(written) or [None])[0] == code


def test_letters_leave_width_accents_and_signs_out():
    assert letters("Kita-Kyūshū ＤＣ（1）") == "kitakyushudc1"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("packed", [False, True])
def test_marks_and_gzip_are_seen_through(desk, mark, packed):
    path = desk.folder / ("dc.json.gz" if packed else "dc.json")
    data = (mark + ANSWER).encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    assert len(desk.tables("overpass", path)["data_centres_existing"]) == 1


def test_a_folder_is_read_once_without_what_is_hidden(desk):
    (desk.folder / "api" / ".git").mkdir(parents=True)
    for name in ("a.json", "again.json", ".hidden.json", "notes.txt", ".git/c.txt"):
        (desk.folder / "api" / name).write_text(ANSWER)
    made = desk.made("overpass", desk.folder / "api")
    listed = json.loads(made.files["datapackage.json"])["resources"][0]["imports"][0]["files"]
    assert [one["name"] for one in listed] == ["a.json"]
    (desk.folder / "bare").mkdir()
    assert "is a folder without files of .json" in desk.said("overpass", desk.folder / "bare")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"<!DOCTYPE html><title>429</title>", "is a page of HTML or XML, not JSON"),
        (b" \n", "is empty, not JSON"),
        (ANSWER[:40].encode(), "line 1, column 41: is not JSON"),
        (ANSWER.replace("43.06", "NaN").encode(), "is not JSON (NaN is no number of JSON)"),
        (b"[" * 100_000, "nested too deep"),
        (b"[]", 'elements: is missing; ask Overpass with "[out:json]"'),
        (b'{"elements": []}', "holds no rows that overpass could use"),
        (gzip.compress(ANSWER.encode(), mtime=0)[:-9], "is packed with gzip and broken"),
        (ANSWER.replace("43.06", "true").encode(), "latitude: True is no number"),
        (ANSWER.replace("43.06", '""').encode(), "a longitude, and not the other"),
    ],
    # Named by what is said, not by the data: a gzip file's bytes change with the clock.
    ids=lambda value: value if isinstance(value, str) else "data",
)
def test_what_is_no_answer_is_told_in_one_line(desk, data, said):
    path = desk.folder / "dc.json"
    path.write_bytes(data)
    told = desk.said("overpass", path)
    assert said in told
    assert len(told.splitlines()) == 1


def test_huge_files_are_refused_before_they_are_read_and_after_they_are_unpacked(desk, monkeypatch):
    monkeypatch.setattr("dcsite.atlas.importing.MAX_BYTES", 1000)
    monkeypatch.setattr(reading_module, "MAX_BYTES", 1000)
    long = ANSWER + " " * 1000
    assert "allowed are up to 1,000" in desk.said("overpass", desk.file("a.json", long, "utf-8"))
    path = desk.folder / "b.json.gz"
    path.write_bytes(gzip.compress(long.encode()))
    assert "unpacks to more than 1,000 bytes" in desk.said("overpass", path)
