"""``dcsite explain`` on a plan for a user's own sites, and on plans it cannot explain."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from tempfile import gettempdir

import pytest
from jsonschema import Draft202012Validator

from dcsite.criteria import measure_sites
from dcsite.plan.explanation import Explanation
from dcsite.plan.reload import read_plan
from dcsite.plan.types import digest_of

pytestmark = pytest.mark.usefixtures("in_small_country")


def edited(folder, **changes):
    path = folder / "plan.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    data.update(changes)
    # As if it had been written so: what stands behind the digest is looked at too.
    hubs = [
        [hub[key] for key in ("site_id", "tier", "it_load_mw", "reserve_mw")]
        for hub in data["hubs"]
    ]
    data["digest"] = digest_of(data["scenario"], hubs)
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return data


def test_a_plan_read_back_is_the_plan(folder, plan, shipped_atlas, offered, few_hubs):
    saved = read_plan(folder)
    assert read_plan(folder / "plan.json").path == saved.path
    assert saved.scenario == few_hubs()
    assert dict(saved.chosen["tier"]) == {hub.site_id: hub.tier for hub in plan.hubs}
    for hub in plan.hubs:
        assert saved.chosen.loc[hub.site_id, "it_load_mw"] == pytest.approx(
            hub.it_load_mw, abs=1e-3
        )
    # What rounding took from the loads is given back.
    assert saved.chosen["it_load_mw"].sum() == pytest.approx(180.1234567, abs=1e-9)
    assert saved.bound >= plan.bound - 1e-12
    measured = measure_sites(offered, shipped_atlas, saved.scenario)
    assert set(saved.chosen.index) <= set(measured.index)


def test_all_hubs_as_json(call, folder, plan):
    answer = call("explain", folder, "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert found["objective"] == pytest.approx(plan.objective, abs=2e-6)
    assert found["place"] is None
    assert {hub["place"]["site_id"] for hub in found["hubs"]} == {h.site_id for h in plan.hubs}
    for hub in found["hubs"]:
        assert hub["cost"]["possible"]
        assert 0.0 <= hub["cost"]["low"] <= hub["cost"]["high"]
    shares = sum(share["points"] for hub in found["hubs"] for share in hub["shares"])
    scores = sum(m.weight * m.score for m in plan.measures if m.score is not None)
    assert shares == pytest.approx(scores, abs=3e-5)
    assert "solving with changes: 3 of 3" in answer.err


def test_all_hubs_as_a_table(call, folder, plan):
    answer = call("explain", folder, "-q")
    assert answer.code == 0, answer.err
    assert answer.err == ""
    assert "runner-up" in answer.out
    for hub in plan.hubs:
        assert hub.name_ja in answer.out


def test_shares_alone_need_no_solve(call, folder):
    answer = call("explain", folder, "--no-hubs")
    assert answer.code == 0, answer.err
    assert "runner-up" not in answer.out
    assert "solving" not in answer.err


def test_one_hub_by_its_name(call, folder, plan):
    hub = plan.hubs[0]
    answer = call("explain", folder, hub.name_ja, "-q")
    assert answer.code == 0, answer.err
    assert hub.site_id in answer.out
    assert "without a hub there the best plan loses" in answer.out
    assert "distance to the nearest existing core" in answer.out


def test_a_place_that_is_no_hub(call, folder):
    answer = call("explain", folder, "13206", "--json", "-q")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    assert found["hubs"] == []
    verdicts = {verdict["tier"]: verdict for verdict in found["place"]["verdicts"]}
    assert verdicts["regional"]["outcome"] == "blocked"
    assert verdicts["regional"]["reasons"][0]["rule"] == "existing_core_clearance"
    one = call("explain", folder, "13206", "--tier", "large", "-q")
    assert "(least 60 km)" in one.out
    assert "as core" not in one.out


def test_ctrl_c_explains_nothing(call, folder, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("dcsite.studies.explain.explain_hubs", interrupted)
    answer = call("explain", folder, "-q")
    assert answer.code == 130
    assert answer.out == ""
    assert answer.errors == ["error: interrupted; nothing was written"]


def test_a_smaller_gap_proves_the_plan_too(call, folder, plan):
    answer = call("explain", folder, plan.hubs[0].site_id, "--gap", "0", "--json")
    assert answer.code == 0, answer.err
    found = json.loads(answer.out)
    (hub,) = found["hubs"]
    assert found["bound"] == pytest.approx(plan.objective, abs=3e-6)
    assert hub["cost"]["high"] == pytest.approx(hub["cost"]["low"], abs=1e-5)


def test_another_version_is_warned_about(call, folder):
    edited(folder, dcsite_version="0.0.1")
    answer = call("explain", folder, "--no-hubs", "-q")
    assert answer.code == 0
    assert "warning:" in answer.err
    assert "0.0.1" in answer.err


def refuse(call, fragments, *arguments):
    answer = call("explain", *arguments)
    assert answer.code == 2, answer.err
    assert answer.out == ""
    errors = [line for line in answer.errors if line.startswith("error: ")]
    assert len(errors) == 1, answer.err
    for fragment in fragments:
        assert fragment in errors[0]
    assert "Traceback" not in answer.err


def test_a_name_of_two_places(call, folder):
    refuse(call, ["府中", "names 2 places", "13206", "34208", "give the code"], folder, "府中")


def test_a_name_of_no_place(call, folder):
    refuse(call, ["no candidate place", "Niigata-shi"], folder, "Nigata-shi", "-q")


def test_another_version_of_a_table(call, folder, plan):
    tables = [used.dump() for used in plan.geodata]
    for table in tables:
        if table["table"] == "substations":
            table["sha256"] = "0" * 64
    edited(folder, geodata=tables)
    refuse(call, ["geodata.substations", "another version", "solve the scenario again"], folder)


def test_a_plan_for_other_candidates(call, folder, plan):
    data = json.loads(plan.text())
    data["hubs"][0]["site_id"] = "site-0001"
    edited(folder, hubs=data["hubs"])
    refuse(call, ["hubs", "site-0001", "--sites"], folder)


def test_a_plan_whose_hubs_were_edited(call, folder, plan):
    data = json.loads(plan.text())
    data["hubs"][0]["it_load_mw"] -= 5.0
    edited(folder, hubs=data["hubs"])
    refuse(call, ["rules.total_it_load", "edited"], folder)


@pytest.mark.parametrize("command", ["explain", "stress", "compare"])
@pytest.mark.parametrize(
    "change",
    [
        lambda hubs: hubs[0].update(it_load_mw=hubs[0]["it_load_mw"] + 5.0),
        lambda hubs: hubs.pop(),
        lambda hubs: hubs[0].update(site_id="nowhere"),
    ],
)
def test_a_plan_changed_since_it_was_written(refused, folder, plan, command, change):
    data = json.loads(plan.text())
    change(data["hubs"])
    (folder / "plan.json").write_text(json.dumps(data), encoding="utf-8")
    more = ["today"] if command == "compare" else []
    refused(
        [command, str(folder), *more, "-q"],
        [["digest", "was changed since it was written", "solve the scenario again"]],
    )


def test_an_objective_that_was_edited(call, folder, plan):
    edited(folder, objective=plan.objective - 0.01)
    refuse(call, ["objective", "are worth", "edited"], folder)


def test_a_scenario_that_was_edited(call, folder, plan):
    data = json.loads(plan.text())["scenario"]
    data["demand"]["pue"] = 0.5
    edited(folder, scenario=data)
    refuse(call, ["scenario", "another version", "demand.pue", "solve the scenario again"], folder)


def test_a_plan_cut_short(call, folder, plan):
    (folder / "plan.json").write_text(plan.text()[:1000], encoding="utf-8")
    refuse(call, ["plan.json", "cut short"], folder)


def test_other_json(call, folder):
    (folder / "plan.json").write_text("[1, 2]", encoding="utf-8")
    refuse(call, ["no plan.json of dcsite"], folder)


def test_no_such_plan(call, workplace):
    refuse(call, ["nowhere", "no such file"], "nowhere")


@pytest.mark.parametrize("arguments", [("--tier", "core"), ("01213", "--tier", "edge")])
def test_a_tier_that_cannot_be_asked(call, folder, arguments):
    refuse(call, ["'--tier'", "dcsite explain --help"], folder, *arguments)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_written_beside_the_plan_and_into_the_map(call, folder, plan):
    before = contents(folder)
    answer = call("explain", folder, "--write", "-q")
    assert answer.code == 0, answer.err
    after = contents(folder)
    assert set(after) == {"plan.json", "map.html", "explanation.json"}
    assert after["plan.json"] == before["plan.json"]
    assert answer.out.splitlines()[-1] == f"map: {folder / 'map.html'}"
    found = json.loads(after["explanation.json"])
    Draft202012Validator(Explanation.schema()).validate(found)
    assert [hub["place"]["site_id"] for hub in found["hubs"]] == [h.site_id for h in plan.hubs]
    page = after["map.html"].decode("utf-8")
    printed = re.findall(r"<td>([\d.]+)(?:–([\d.]+))? 点 points<small>", page)
    told = [(float(low), float(high or low)) for low, high in printed]
    for hub in found["hubs"]:
        cost = hub["cost"]
        assert cost["possible"]
        # Four decimals of figures that the file rounds to six.
        assert any(one == pytest.approx((cost["low"], cost["high"]), abs=6e-5) for one in told)
    assert "not computed" not in page


def test_a_place_and_all_hubs_are_written_alike(call, folder, plan):
    answer = call("explain", folder, plan.hubs[1].site_id, "--write", "--json", "-q")
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    kept = json.loads((folder / "explanation.json").read_text(encoding="utf-8"))
    assert kept["hubs"] == told["hubs"]
    assert len(kept["hubs"]) == len(plan.hubs)


def test_a_folder_of_other_things_is_refused_before_any_solve(call, folder, monkeypatch):
    monkeypatch.setattr("dcsite.studies.explain.explain_hubs", lambda *_: pytest.fail("solved"))
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    before = contents(folder)
    refuse(
        call,
        ["--write: holds what this command did not write", "notes.txt", "explain the copy"],
        folder,
        "--write",
    )
    assert contents(folder) == before


def test_the_current_folder_is_refused(call, folder, monkeypatch):
    monkeypatch.chdir(folder)
    refuse(call, ["is the current folder", "call from outside"], ".", "--write", "-q")


def test_what_to_do_about_a_full_disk_is_said_of_the_disk_that_is_full(call, folder, monkeypatch):
    """The folder's own may be copied elsewhere; the solver's is where TMPDIR points."""
    room = shutil.disk_usage(folder)
    for full, said in ((folder.parent, "explain the copy"), (Path(gettempdir()), "set TMPDIR")):
        monkeypatch.setattr(
            "dcsite.outputs.atomic.shutil.disk_usage",
            lambda place, full=full: room._replace(free=1_000 if place == full else 10**9),
        )
        refuse(call, ["room left", said], folder, "--write", "-q")


def test_a_plan_by_another_name_is_not_written_to(call, folder):
    (folder / "plan.json").rename(folder / "old.json")
    refuse(call, ["old.json", "--write wants an output folder"], folder / "old.json", "--write")


def test_write_needs_the_hubs(call, folder):
    refuse(call, ["'--write': keeps", "leave out --no-hubs"], folder, "--write", "--no-hubs")


def test_ctrl_c_writes_nothing(call, folder, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("dcsite.studies.explain.explain_hubs", interrupted)
    before = contents(folder)
    assert call("explain", folder, "--write", "-q").code == 130
    assert contents(folder) == before
