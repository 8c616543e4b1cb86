"""Bad scenarios, overrides and output folders: one line per problem, nothing written.

Each case says which fragments each line of stderr must hold: file, field, the value found, and
what is allowed or what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

EXTENDS = 'extends = "policy-2023"\n'

Lines = tuple[tuple[str, ...], ...]
Files = Mapping[str, str | bytes]


def case(name: str, arguments: tuple[str, ...], lines: Lines, files: Files | None = None) -> Any:
    return pytest.param(arguments, lines, files or {}, id=name)


def scenario(name: str, text: str, *lines: tuple[str, ...]) -> Any:
    """A scenario file that extends the shipped one by `text`."""
    return case(name, ("solve", "mine.toml"), lines, {"mine.toml": f"{EXTENDS}{text}\n"})


def override(name: str, text: str, *fragments: str) -> Any:
    """One ``--set``."""
    return case(f"--set: {name}", ("solve", "--set", text), (("--set", *fragments),))


SCENARIOS = [
    scenario(
        "unknown key", "[demand]\npeu = 1.2",
        ("mine.toml", "demand.peu", "unknown key", "did you mean demand.pue?"),
    ),
    scenario(
        "unknown tier", "[tiers.corre]\ncount = 3",
        ("mine.toml", "tiers.corre", "did you mean tiers.core?"),
    ),
    scenario(
        "unknown section", "[weigths]\ncables = 1",
        ("mine.toml", "weigths", "did you mean weights?"),
    ),
    scenario(
        "unknown rule", '[rules]\nseperation = "soft"',
        ("mine.toml", "rules.seperation", "did you mean rules.separation?"),
    ),
    scenario(
        "unknown criterion", "[criteria.xyz]\nmin_depth_cm = 5",
        ("mine.toml", "criteria.xyz", "allowed here are: separation, disasters, takeover"),
    ),
    scenario(
        "criterion misspelt", "[criteria.cabels]\nmin_directions = 1",
        ("mine.toml", "criteria.cabels", "did you mean criteria.cables?"),
    ),
    scenario(
        "weight of an unknown criterion", "[weights]\ncable = 1",
        ("mine.toml", "weights.cable", "did you mean weights.cables?"),
    ),
    scenario(
        "unknown mode", '[rules]\nland = "strict"',
        ("mine.toml", "rules.land", "hard, soft, off", '"strict"'),
    ),
    scenario(
        "text for a number", '[demand]\npue = "1.3"',
        ("mine.toml", "demand.pue", "a number between 1 and 10", '"1.3"'),
    ),
    scenario(
        "number for a table", "demand = 5", ("mine.toml", "demand", "a table {basis", "5")
    ),
    scenario(
        "true for a count", "[tiers.core]\ncount = true",
        ("mine.toml", "tiers.core.count", "a whole number at least 0", "true"),
    ),
    scenario(
        "half a hub", "[tiers.core]\ncount = 2.5",
        ("mine.toml", "tiers.core.count", "a whole number", "2.5"),
    ),
    scenario(
        "negative distance", "[tiers.large]\nseparation_km = -150",
        ("mine.toml", "tiers.large.separation_km", "between 0 and 20037.5", "-150"),
    ),
    scenario(
        "metres for kilometres", "[tiers.core]\nseparation_km = 400_000",
        ("mine.toml", "tiers.core.separation_km", "between 0 and 20037.5", "400000"),
    ),
    scenario(
        "per cent for a share", "[criteria.cables]\nmax_crowded_share = 30",
        ("mine.toml", "criteria.cables.max_crowded_share", "between 0 and 1", "30"),
    ),
    scenario(
        "no land", "[land]\nmw_per_ha = 0", ("mine.toml", "land.mw_per_ha", "above 0", "got 0")
    ),
    scenario(
        "not a number", "[demand]\npue = nan",
        ("mine.toml", "demand.pue", "a number between 1 and 10", "nan"),
    ),
    scenario(
        "infinite", "[land]\nguide_ha = inf", ("mine.toml", "land.guide_ha", "at least 0", "inf")
    ),
    scenario(
        "min above max", "[tiers.large]\ncount = { min = 7, max = 5 }",
        ("mine.toml", "tiers.large.count", "min must not be above max", "min = 7", "max = 5"),
    ),
    scenario(
        "min above the max it extends", "[tiers.large]\nit_load_mw = { min = 900 }",
        ("mine.toml", "tiers.large.it_load_mw", "min must not be above max", "900", "200"),
    ),
    scenario(
        "all weights zero",
        "[weights]\nseparation = 0\ndisasters = 0\nfirm_ground = 0\nrenewables = 0\n"
        "substation = 0\ncables = 0\ntakeover = 0",
        ("mine.toml", "weights", "at least one weight must be above 0"),
    ),
    scenario(
        "soft at no price", "[penalties]\nrenewable_share = 0",
        ("mine.toml", "penalties.renewable_share", "above 0", "soft", "got 0"),
    ),
    scenario(
        "a name that leads out of the folder", 'name = "../up"',
        ("mine.toml", "name", "letters, digits", '"../up"'),
    ),
    scenario(
        "source of an unknown key", '[sources]\n"demand.peu" = { assumption = "x" }',
        ("mine.toml", "demand.peu", "did you mean demand.pue?"),
    ),
    scenario(
        "several at once", '[demand]\npue = 0.5\n[rules]\nland = "x"\n[tiers.core]\nkm = 1',
        ("mine.toml", "tiers.core.km", "unknown key"),
        ("mine.toml", "demand.pue", "between 1 and 10", "0.5"),
        ("mine.toml", "rules.land", "hard, soft, off", '"x"'),
    ),
    case(
        "unknown region",
        ("solve", "--quiet", "--set", 'tiers.core.regions=["tohoku"]'),
        (("tiers.core.regions", "'tohoku'", "hokkaido, kyushu"),),
    ),
    case(
        "TOML syntax", ("solve", "mine.toml"),
        (("mine.toml", "line 2, column 7", "is not valid TOML"),),
        {"mine.toml": "[demand]\npue = = 1\n"},
    ),
    case(
        "a key twice", ("solve", "mine.toml"),
        (("mine.toml", "line 4, column 10", "given twice"),),
        {"mine.toml": f"{EXTENDS}[demand]\npue = 1.1\npue = 1.2\n"},
    ),
    case(
        "empty", ("solve", "mine.toml"),
        (("mine.toml", "is empty", 'extends = "policy-2023"'),), {"mine.toml": ""},
    ),
    case(
        "Shift JIS", ("solve", "mine.toml"),
        (("mine.toml", "is not UTF-8", "byte 13", "save it as UTF-8"),),
        {"mine.toml": 'title_ja = "計画"'.encode("shift_jis")},
    ),
    case(
        "missing file", ("solve", "gone.toml"),
        (("gone.toml", "no such file", "policy-2023"),),
    ),
    case(
        "shipped name misspelt", ("solve", "policy-2032"),
        (("policy-2032", "did you mean policy-2023?"),),
    ),
    case(
        "a folder", ("solve", "."), ((".", "is a folder", "TOML file"),),
    ),
    case(
        "extends itself over another", ("solve", "a.toml"),
        (("b.toml", "extends", "must not lead back to itself", "a.toml -> b.toml -> a.toml"),),
        {"a.toml": 'extends = "b.toml"\n', "b.toml": 'extends = "a.toml"\n'},
    ),
    case(
        "extends nothing there", ("solve", "mine.toml"),
        (("mine.toml", "extends", "polcy-2023", "did you mean policy-2023?"),),
        {"mine.toml": 'extends = "polcy-2023"\n'},
    ),
    case(
        "wrong far down the chain", ("solve", "top.toml"),
        (("base.toml", "demand.pue", "between 1 and 10", "0.5"),),
        {
            "top.toml": 'extends = "sub/base.toml"\n',
            "sub/base.toml": f"{EXTENDS}[demand]\npue = 0.5\n",
        },
    ),
    case(
        "scenario show: unknown key", ("scenario", "show", "mine.toml"),
        (("mine.toml", "demand.peu", "did you mean demand.pue?"),),
        {"mine.toml": f"{EXTENDS}[demand]\npeu = 1.2\n"},
    ),
]  # fmt: skip

OVERRIDES = [
    override("no value", "demand.pue", '"demand.pue"', "must be KEY=VALUE"),
    override("no key", "=3", '"=3"', "must be KEY=VALUE"),
    override("empty value", "demand.pue=", "demand.pue", "write demand.pue=VALUE"),
    override("empty part", "tiers..count=3", '"tiers..count=3"', "must be KEY=VALUE"),
    override("unknown key", "tiers.core.cuont=3", "cuont", "did you mean tiers.core.count?"),
    override("text", "demand.pue=low", "demand.pue", "between 1 and 10", '"low"'),
    override("not a number", "demand.pue=nan", "demand.pue", "between 1 and 10", "nan"),
    override("range", "tiers.core.count={min=3,max=2}", "tiers.core.count", "min = 3", "max = 2"),
    override("extends", "extends=distributed", "extends", "only be given in a scenario file"),
    case(
        "--set: two wrong",
        ("solve", "--set", "demand.pue=0", "--set", "nonsense"),
        (("--set", "demand.pue", "between 1 and 10", "0"), ("--set", '"nonsense"', "KEY=VALUE")),
    ),
]

OUTPUTS = [
    case(
        "output: a file", ("solve", "--output", "mine"),
        (("mine", "is not a folder", "new or empty"),), {"mine": "text"},
    ),
    case(
        "output: somebody's folder", ("solve", "-o", "photos"),
        (("photos", "cat.jpg", "did not write", "another folder"),),
        {"photos/cat.jpg": b"\xff\xd8", "photos/plan.json": "{}"},
    ),
    case(
        "output: plans by year", ("solve", "-o", "years"),
        (("years", "this command did not write (2028, periods.json)", "another folder"),),
        {"years/periods.json": "{}", "years/2028/plan.json": "{}"},
    ),
    case(
        "output: one of several years", ("solve", "-o", "years/2028"),
        (("years/2028", "periods.json beside it", "another folder"),),
        {"years/periods.json": "{}", "years/2028/plan.json": "{}"},
    ),
    case(
        "options for one plan of years", ("solve", "by-year", "--explain", "--alternatives", "2"),
        tuple(
            ("by-year", option, "2028, 2030, 2034", "--set periods.year=2034")
            for option in ("--alternatives", "--explain")
        ),
    ),
    case(
        "output: the default folder is somebody's", ("solve",),
        (("dcsite-out/policy-2023", "notes.txt", "another folder"),),
        {"dcsite-out/policy-2023/notes.txt": "mine"},
    ),
    case(
        "output: below a file", ("solve", "--output", "mine/out"),
        (("mine/out", "not a folder", "another folder"),), {"mine": "text"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "lines", "files"), [*SCENARIOS, *OVERRIDES, *OUTPUTS])
def test_a_bad_scenario_or_folder_is_told_and_nothing_is_written(refused, arguments, lines, files):
    refused(arguments, lines, files)
