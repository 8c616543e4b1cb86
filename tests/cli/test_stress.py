"""``dcsite stress`` from a plan to its files, and what it refuses."""

from __future__ import annotations

import json
import re
from importlib.resources import files

import pytest

from dcsite.plan.types import digest_of


def test_both_files_stand_beside_the_plan_and_the_worst_is_said_first(call, folder, plan):
    answer = call("stress", folder, "--years", "3000", "--sets", "2", "--seed", "5")
    assert answer.code == 0, answer.err
    assert {path.name for path in folder.iterdir()} == {"plan.json", "stress.json", "stress.html"}
    found = json.loads((folder / "stress.json").read_text(encoding="utf-8"))
    assert (found["years"], found["seed"]) == (3000, 5)
    assert [hub["site_id"] for hub in found["plan"]["hubs"]] == [hub.site_id for hub in plan.hubs]
    lines = answer.out.splitlines()
    worst = found["plan"]["worst"][0]
    assert "3,000 simulated years, seed 5" in lines[1]
    assert lines[2].startswith(f"worst event: {worst['name_en']}")
    assert "expected loss: " in answer.out
    assert "two hubs or more down together: " in answer.out
    assert re.search(r"hours of the whole capacity down +[\d.]+", answer.out)
    assert "Tokyo area lost" in answer.out
    assert "Recorded events replayed" not in answer.out
    assert lines[-1] == f"page: {folder / 'stress.html'}"
    assert "simulating years of disasters" in answer.err


def test_the_same_seed_writes_the_same_file_anywhere(call, folder, workplace):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        answer = call(
            "stress",
            folder / "plan.json",
            "--years",
            "500",
            "--sets",
            "1",
            "--seed",
            seed,
            "-o",
            name,
            "-q",
        )
        assert answer.code == 0, answer.err
        assert answer.err == ""
    texts = [(workplace / name / "stress.json").read_bytes() for name in "abc"]
    assert texts[0] == texts[1] != texts[2]
    pages = [(workplace / name / "stress.html").read_bytes() for name in "ab"]
    assert pages[0] == pages[1]
    assert [path.name for path in folder.iterdir()] == ["plan.json"]


def test_history_is_a_table_of_what_is_on_record(call, folder, plan):
    answer = call("stress", folder, "--years", "1", "--sets", "0", "--history", "-q")
    assert answer.code == 0, answer.err
    assert "Recorded events replayed" in answer.out
    assert "北海道胆振東部地震" in answer.out
    assert "not replayed, only acceleration is on record" in answer.out
    found = json.loads((folder / "stress.json").read_text(encoding="utf-8"))
    quake = next(one for one in found["history"] if one["event_id"] == "201809060307")
    dark = {hub["site_id"] for hub in quake["plan"] if hub["cut"] == 1.0}
    assert dark == {hub.site_id for hub in plan.hubs if hub.area == "hokkaido"}


def test_json_is_the_file(call, folder):
    answer = call("stress", folder, "--years", "10", "--sets", "0", "--json", "-q")
    assert answer.code == 0, answer.err
    assert answer.out == (folder / "stress.json").read_text(encoding="utf-8")


def test_a_users_assumptions_count(call, folder, workplace):
    text = files("dcsite.studies").joinpath("stress-assumptions.toml").read_text(encoding="utf-8")
    long = text.replace("low = 3.0\nhigh = 90.0", "low = 300.0\nhigh = 900.0", 1)
    (workplace / "mine.toml").write_text(long, encoding="utf-8")
    lost = []
    for more in ((), ("--assumptions", "mine.toml")):
        answer = call("stress", folder, "--years", "20000", "--sets", "0", "--json", "-q", *more)
        assert answer.code == 0, answer.err
        lost.append(json.loads(answer.out)["plan"]["mwh_by_kind"]["earthquake"]["value"])
    assert 0.0 < 5.0 * lost[0] < lost[1]


def test_other_assumptions_about_disasters_are_laid_over_the_plans_scenario(
    call, refused, folder, workplace
):
    lost = []
    for more in ((), ("--set", "criteria.disasters.area_blackout_30y=0")):
        answer = call("stress", folder, "--years", "20000", "--sets", "1", "--json", "-q", *more)
        assert answer.code == 0, answer.err
        found = json.loads(answer.out)
        # A value beyond its range is the user's own: it is not drawn.
        drawn = {one["key"].rpartition(".")[2] for one in found["varied"]["ranges"]}
        assert ("area_blackout_30y" in drawn) == (not more)
        lost.append(found["plan"]["mwh_by_kind"].get("area_blackout", {"value": 0.0})["value"])
    assert lost[0] > 0.0
    assert lost[1] == 0.0
    text = "scenario_id,municipality_code,probability_down,probability_30y\nmine,01100,1,0.5\n"
    (workplace / "mine.csv").write_text(text, encoding="utf-8")
    answer = call(
        "stress",
        folder,
        "--years",
        "2000",
        "--sets",
        "0",
        "--json",
        "-q",
        "--disasters",
        "mine.csv",
    )
    assert answer.code == 0, answer.err
    assert "mine.csv" in json.loads(answer.out)["settings"]["footprints_file"]
    refused(["stress", str(folder), "--set", "criteria.disasters.no=1"], [["disasters.no"]])


def test_ctrl_c_writes_nothing(call, folder, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("dcsite.studies.stress.run_stress", stop)
    answer = call("stress", folder, "-q")
    assert answer.code == 130
    assert answer.errors == ["error: interrupted; nothing was written"]
    assert [path.name for path in folder.iterdir()] == ["plan.json"]


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        (["--years", "0"], ["--years", "is 0", "1 to 10,000,000"]),
        (["--years", "10000001"], ["--years", "is 10000001", "1 to 10,000,000"]),
        (["--years", "many"], ["--years", "integer"]),
        (["--years", "1.5"], ["--years", "integer"]),
        (["--seed", "-1"], ["--seed", "is -1", "0 to 2,147,483,647"]),
        (["--assumptions", "nowhere.toml"], ["nowhere.toml", "no such file"]),
        (["--output", "mine"], ["mine", "notes.txt", "another folder"]),
    ],
)
def test_bad_options_are_one_line(refused, folder, workplace, arguments, fragments):
    (workplace / "mine").mkdir()
    (workplace / "mine" / "notes.txt").touch()
    refused(["stress", str(folder), *arguments], [fragments])


def test_what_is_no_plan_is_one_line(refused, workplace):
    refused(["stress", "nowhere"], [["nowhere", "no such file"]])
    refused(["stress", "."], [["plan.json", "no such file"]])
    refused(["stress", "a.json"], [["a.json", "no plan.json"]], {"a.json": "{]"})
    refused(["stress", "b.json"], [["b.json", "no plan.json of dcsite"]], {"b.json": "{}"})


def test_a_certain_disaster_is_refused(refused, folder):
    path = folder / "plan.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["scenario"]["criteria"]["disasters"]["landing_cluster_30y"] = 1.0
    hubs = [
        [hub[key] for key in ("site_id", "tier", "it_load_mw", "reserve_mw")]
        for hub in data["hubs"]
    ]
    data["digest"] = digest_of(data["scenario"], hubs)
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    refused(["stress", str(folder), "-q"], [["landing_cluster_30y", "probability of 1", "below 1"]])


def test_other_geodata_are_refused(refused, folder):
    path = folder / "plan.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data["geodata"][0]["sha256"] = "0" * 64
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    refused(["stress", str(folder), "-q"], [["geodata", "another version"]])
