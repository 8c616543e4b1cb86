"""The program of a four-site case as LP text, held against a stored one.

A change of the formulation shows in review as a change of this text. To accept a wanted change:
``python tests/model/test_program_text.py`` writes the text anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import dcsite
from dcsite.criteria import measure_sites
from dcsite.model import Candidates, assemble
from dcsite.sites import municipality_sites

STORED = Path(__file__).with_name("four_sites.lp")
SITES = ["01100", "04211", "40130", "47201"]


def program_text(tmp_path: Path) -> str:
    scenario = dcsite.load_scenario(
        "policy-2023",
        (
            "tiers.large.count=1",
            "tiers.regional.count={min=0,max=1}",
            "tiers.large.separation_km=1000",
            "demand.total_new_it_load_mw=700",
        ),
    )
    atlas = dcsite.load_atlas()
    sites = measure_sites(municipality_sites(atlas, scenario.land), atlas, scenario)
    program = assemble(Candidates.of(scenario, atlas, sites.loc[SITES]))
    path = tmp_path / "program.lp"
    program.problem.writeLP(str(path))
    # Six digits: the last ones of a double may differ between processors.
    return re.sub(
        r"\d+\.\d+(e[-+]\d+)?",
        lambda number: f"{float(number[0]):.6g}",
        path.read_text(encoding="utf-8"),
    )


def test_the_program_is_the_stored_one(tmp_path):
    assert program_text(tmp_path) == STORED.read_text(encoding="utf-8")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        STORED.write_text(program_text(Path(folder)), encoding="utf-8")
