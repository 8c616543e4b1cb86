"""A criterion of somebody else's, registered by entry point, is picked up everywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CRITERION = """
from pydantic import BaseModel, ConfigDict, Field
from dcsite.contract import PerTier, Quantity, Rule, SiteValue, up_to_the_largest

ALTITUDE = Quantity("altitude_m", "m", "altitude of the office", "役所の標高", "elevation_slope")


class Parameters(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    best_m: float = Field(default=500.0, gt=0, description="Elevation that scores 1, in m.")
    most_m: PerTier = Field(
        default=PerTier(core=900, large=900, regional=900), description="Highest elevation, in m."
    )


class Altitude(SiteValue[Parameters]):
    name = "altitude"
    title_en, title_ja = "Altitude", "標高"
    Parameters = Parameters
    quantity = ALTITUDE
    quantities = (ALTITUDE,)
    rules = (
        Rule(
            "not_too_high", "not too high", "高すぎない", "hub", ("criteria.altitude.most_m",),
            gives_way=up_to_the_largest(
                name, "most_m", lambda scenario: [ALTITUDE.name] * 3, by=10.0
            ),
        ),
    )

    def values(self, sites, atlas, scenario):
        return sites["elevation_m"].to_numpy(dtype=float)

    def value_at(self, hub, atlas, scenario):
        terrain = atlas.table("elevation_slope_by_municipality")
        return float(terrain.loc[hub["municipality_code"], "office_cell_elevation_m"])

    def limits(self, own):
        return own.most_m

    def anchors(self, own):
        return 0.0, own.best_m


CRITERION = Altitude()
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    root = tmp_path_factory.mktemp("third_party")
    (root / "altitude_criterion.py").write_text(CRITERION, encoding="utf-8")
    info = root / "altitude_criterion-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: altitude-criterion\nVersion: 1.0\n"
    )
    (info / "entry_points.txt").write_text(
        "[dcsite.criteria]\naltitude = altitude_criterion:CRITERION\n"
    )
    return {**os.environ, "PYTHONPATH": str(root)}


def dcsite(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).with_name("dcsite")
    return subprocess.run(
        [script, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_scenario_and_schema_know_it(environment):
    schema = dcsite(environment, "scenario", "schema")
    assert "Elevation that scores 1, in m." in schema.stdout
    shown = dcsite(environment, "scenario", "show", "policy-2023", "--set", "weights.altitude=0.2")
    assert shown.returncode == 0, shown.stderr
    assert "altitude = 0.2" in shown.stdout
    assert "not_too_high" in shown.stdout
    wrong = dcsite(environment, "scenario", "show", "--set", "criteria.altitude.best_m=-1")
    assert wrong.returncode == 2
    assert "criteria.altitude.best_m" in wrong.stderr


@pytest.mark.end_to_end
def test_plan_and_map_know_it(environment, tmp_path):
    output = tmp_path / "plan"
    done = dcsite(
        environment, "solve", "distance-only", "--set", "weights.altitude=0.3", "-o", str(output),
        "--quiet", "--gap", "0.05",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    plan = json.loads((output / "plan.json").read_text(encoding="utf-8"))
    (measure,) = [found for found in plan["measures"] if found["criterion"] == "altitude"]
    assert measure["weight"] == 0.3
    assert measure["score"] > 0.05
    assert measure["value"] == pytest.approx(measure["score"] * 500, rel=0.2)
    page = (output / "map.html").read_text(encoding="utf-8")
    assert "役所の標高" in page
    assert "altitude of the office" in page
    assert "altitude_m" in (output / "hubs.csv").read_text(encoding="utf-8-sig").split("\n")[0]


@pytest.mark.end_to_end
def test_its_limit_is_checked_told_and_loosened(environment):
    limit = "criteria.altitude.most_m={core=0.5, large=0.5, regional=0.5}"
    asked = ("--set", limit, "--set", 'rules.not_too_high="hard"')
    checked = dcsite(environment, "check", "distance-only", *asked)
    assert checked.returncode == 3, checked.stderr
    assert "not_too_high" in checked.stdout + checked.stderr
    assert "criteria.altitude.most_m" in checked.stdout + checked.stderr


@pytest.mark.end_to_end
def test_a_score_without_its_measure_is_named(environment, tmp_path):
    root = tmp_path / "forgetful"
    shutil.copytree(environment["PYTHONPATH"], root)
    module = root / "altitude_criterion.py"
    text = module.read_text(encoding="utf-8")
    forgets = """
    def evaluate(self, hubs, atlas, scenario):
        from dcsite.contract import Evaluation
        return Evaluation(())


CRITERION = Altitude()"""
    module.write_text(text.replace("\n\nCRITERION = Altitude()", forgets), encoding="utf-8")
    output = tmp_path / "plan"
    done = dcsite(
        {**environment, "PYTHONPATH": str(root)},
        "solve", "distance-only", "--set", "weights.altitude=0.3", "-o", str(output), "--quiet",
        "--gap", "0.05",
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert (
        "criterion altitude: evaluate() gives no measure for score term altitude_m" in done.stderr
    )
    assert "report this" not in done.stderr
    assert not output.exists()
