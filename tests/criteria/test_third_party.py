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
import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field
from dcsite.criteria import Evaluation, Measure, Rule, ScoreTerm, linear_score


class Parameters(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    best_m: float = Field(default=500.0, gt=0, description="Elevation that scores 1, in m.")


class Altitude:
    name = "altitude"
    title_en, title_ja = "Altitude", "標高"
    policy_lines = ()
    Parameters = Parameters
    rules = (Rule("not_too_low", "not below 1 m", "標高1m以上", "hub", ()),)

    def measure(self, sites, atlas, scenario):
        return pd.DataFrame({"altitude_m": sites["elevation_m"]}, index=sites.index)

    def site_score(self, sites, scenario):
        best_m = scenario.criteria[self.name].best_m
        return pd.Series(linear_score(sites["altitude_m"], 0.0, best_m), index=sites.index)

    def admit(self, sites, scenario):
        return ()

    def constrain(self, program):
        pass

    def score(self, program):
        score = self.site_score(program.sites, program.scenario).to_numpy()
        share = np.repeat(score[:, None] / program.total_it_load_mw, 3, axis=1)
        weight = program.scenario.weights[self.name]
        return (ScoreTerm("altitude_m", weight, program.load_terms(share)),)

    def evaluate(self, hubs, atlas, scenario):
        terrain = atlas.table("elevation_slope_by_municipality")["office_cell_elevation_m"]
        height = terrain.reindex(hubs["municipality_code"]).to_numpy(dtype=float)
        load = hubs["it_load_mw"].to_numpy()
        score = linear_score(height, 0.0, scenario.criteria[self.name].best_m)
        return Evaluation((Measure(
            self.name, "altitude_m", "altitude", "標高", float((load * height).sum() / load.sum()),
            "m", float((load * score).sum() / scenario.total_new_it_load_mw),
            scenario.weights[self.name],
        ),))


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
    assert "not_too_low" in shown.stdout
    wrong = dcsite(environment, "scenario", "show", "--set", "criteria.altitude.best_m=-1")
    assert wrong.returncode == 2
    assert "criteria.altitude.best_m" in wrong.stderr


@pytest.mark.end_to_end
def test_plan_and_map_know_it(environment, tmp_path):
    output = tmp_path / "plan"
    done = dcsite(
        environment, "solve", "--set", "weights.altitude=0.3", "-o", str(output), "--quiet",
        "--gap", "0.01",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    plan = json.loads((output / "plan.json").read_text(encoding="utf-8"))
    (measure,) = [found for found in plan["measures"] if found["criterion"] == "altitude"]
    assert measure["weight"] == 0.3
    assert measure["score"] > 0.05
    assert measure["value"] == pytest.approx(measure["score"] * 500, rel=0.2)
    assert "altitude" in (output / "map.html").read_text(encoding="utf-8")


@pytest.mark.end_to_end
def test_a_score_without_its_measure_is_named(environment, tmp_path):
    root = tmp_path / "forgetful"
    shutil.copytree(environment["PYTHONPATH"], root)
    module = root / "altitude_criterion.py"
    given = 'self.name, "altitude_m", "altitude"'
    text = module.read_text(encoding="utf-8")
    assert given in text
    module.write_text(text.replace(given, given.replace("_m", "_km")), encoding="utf-8")
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
