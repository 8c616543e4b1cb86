from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from dcsite.errors import ScenarioError
from dcsite.scenario import as_dict, flatten, load_scenario


def problems_of(source="policy-2023", overrides=()) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(source, overrides)
    assert caught.value.exit_code == 2
    lines = [str(problem) for problem in caught.value.problems]
    assert all("\n" not in line for line in lines)
    assert str(caught.value) == "\n".join(lines)
    return lines


IN_A_FILE = [
    # unknown keys, with the nearest right one
    ("[tiers.core]\ncuont = 3", "tiers.core.cuont: unknown key; did you mean tiers.core.count?"),
    ("[teirs.core]\ncount = 3", "teirs: unknown key; did you mean tiers?"),
    ("separation_km = 3", "separation_km: unknown key; did you mean tiers.core.separation_km?"),
    ("[demand]\nshare_of_new_hubs = 0.1", "did you mean demand.share_in_new_hubs?"),
    (
        "[weights]\nrenewable = 1",
        "weights.renewable: unknown key; did you mean weights.renewables?",
    ),
    ('[rules]\nlanding_reech = "hard"', "did you mean rules.landing_reach?"),
    ("[criteria.cables]\nmin_direction = 2", "did you mean criteria.cables.min_directions?"),
    (
        "[land]\nxyz = 1",
        (
            "land.xyz: unknown key; allowed here are: mw_per_ha, share_of_free_gentle_land, "
            "built_up_per_building_land, guide_ha"
        ),
    ),
    ("[tiers.edge]\ncount = 1", "tiers.edge: unknown key"),
    # values out of bounds
    ("[demand]\nload_factor = 1.4", "demand.load_factor: must be above 0 and at most 1, got 1.4"),
    (
        "[demand.classes.ai]\nshare = 1.4",
        "demand.classes.ai.share: must be between 0 and 1, got 1.4",
    ),
    (
        '[demand.classes.ai]\nmax_ms = "far"',
        'ai.max_ms: must be a number above 0 and at most 1000, or "none", got "far"',
    ),
    ("[demand]\nshare_in_new_hubs = 0", "share_in_new_hubs: must be above 0 and at most 1, got 0"),
    ("[demand]\nkw_per_rack = 1e6", "must be above 0 and at most 1000, got 1000000"),
    ("[demand]\npue = 0.9", "demand.pue: must be between 1 and 10, got 0.9"),
    ("[demand]\ngrid_demand_mw = 0", "demand.grid_demand_mw: must be above 0, got 0"),
    ("[demand]\ntotal_new_it_load_mw = -5", "must be above 0, got -5"),
    ("[weights]\ncables = -0.1", "weights.cables: must be between 0 and 1000, got -0.1"),
    ("[penalties]\nland = -1", "penalties.land: must be between 0 and 1000000, got -1"),
    ("[tiers.core]\nseparation_km = -400", "must be between 0 and 20037.5, got -400"),
    ("[tiers.core]\nseparation_km = 400_000", "must be between 0 and 20037.5, got 400000"),
    ("[land]\nmw_per_ha = 0", "land.mw_per_ha: must be above 0 and at most 10000, got 0"),
    (
        "[criteria.renewables]\nmin_share = 50",
        "criteria.renewables.min_share: must be between 0 and 1, got 50",
    ),
    # counts and ranges
    (
        "[tiers.core]\ncount = -1",
        "tiers.core.count: must be a whole number at least 0, or a table {min, max}, got -1",
    ),
    (
        "[tiers.core]\ncount = 2.5",
        "tiers.core.count: must be a whole number at least 0, or a table {min, max}, got 2.5",
    ),
    ("[tiers.core]\ncount = true", "or a table {min, max}, got true"),
    ('[tiers.core]\ncount = "2"', 'or a table {min, max}, got "2"'),
    (
        "[tiers.large]\ncount = { min = 7, max = 5 }",
        "tiers.large.count: min must not be above max, got min = 7, max = 5",
    ),
    ("[tiers.large]\ncount = { min = 8 }", "tiers.large.count: min must not be above max"),
    (
        "[tiers.large]\nit_load_mw = { min = 300, max = 200 }",
        "tiers.large.it_load_mw: min must not be above max, got min = 300, max = 200",
    ),
    (
        "[tiers.large]\nit_load_mw = { min = 0 }",
        "tiers.large.it_load_mw.min: must be above 0, got 0",
    ),
    ("[tiers.large]\ncount = { mni = 3 }", "did you mean tiers.large.count.min?"),
    # wrong types
    ('[demand]\npue = "1.3"', 'demand.pue: must be a number between 1 and 10, got "1.3"'),
    ("[demand]\npue = true", "demand.pue: must be a number between 1 and 10, got true"),
    ("[demand]\npue = [1.3]", "demand.pue: must be a number between 1 and 10, got [1.3]"),
    ("[demand.pue]\nx = 1", "demand.pue: must be a number between 1 and 10, got a table"),
    ("[demand]\npue = 1979-05-27", "must be a number between 1 and 10, got 1979-05-27"),
    ("demand = 5", "demand: must be a table {basis, year"),
    ("[demand]\npue = nan", "demand.pue: must be a number between 1 and 10, got nan"),
    ("[land]\nguide_ha = inf", "land.guide_ha: must be a number at least 0, got inf"),
    ("[criteria.separation]\nscore_one_km = inf", "criteria.separation.score_one_km: must be a"),
    (
        "[network]\nyear = 2028.5",
        "network.year: must be a whole number between 2000 and 2100, got 2028.5",
    ),
    ('[criteria.cables]\nmin_directions = "2"', 'got "2"'),
    (
        "[criteria.cables]\nmin_directions = true",
        "must be a whole number between 0 and 10, got true",
    ),
    ('cores_count_as_large = "no"', 'cores_count_as_large: must be true or false, got "no"'),
    ("cores_count_as_large = 1", "cores_count_as_large: must be true or false, got 1"),
    ('[rules]\nland = "strict"', 'rules.land: must be one of hard, soft, off, got "strict"'),
    ("[rules]\nland = true", "rules.land: must be one of hard, soft, off, got true"),
    (
        '[demand]\nzone_weight = "area"',
        'demand.zone_weight: must be one of gdp, population, ict_employees, got "area"',
    ),
    # texts and lists
    ("name = 5", "name: must be text in quotes, got 5"),
    ('name = "../up"', "name: must be name of the scenario and of its output folder"),
    ('name = ""', 'at most 64 characters), got ""'),
    ('title_en = "two\\nlines"', "title_en: must be title in English, one line"),
    ('title_ja = "  "', "title_ja: must be title in Japanese, one line"),
    ('[tiers.core]\nregions = "kyushu"', "tiers.core.regions: must be a list of text in quotes"),
    ("[tiers.core]\nregions = [1]", "tiers.core.regions[1]: must be text in quotes, got 1"),
    ('[tiers.core]\nregions = ["Kyushu"]', "tiers.core.regions[1]: must be text that matches"),
    (
        '[tiers.core]\nregions = ["kyushu", "kyushu"]',
        "tiers.core.regions: names kyushu more than once; name each region once",
    ),
    # values that do not go together
    (
        (
            "[weights]\nseparation = 0\ndisasters = 0\nfirm_ground = 0\n"
            "renewables = 0\nsubstation = 0\ncables = 0\ntakeover = 0"
        ),
        "weights: at least one weight must be above 0",
    ),
    (
        "[penalties]\nrenewable_share = 0",
        "penalties.renewable_share: must be above 0 while rules.renewable_share is soft, got 0",
    ),
    (
        "[criteria.separation]\nscore_one_km = 0.5\nscore_zero_km = 0.5",
        "criteria.separation.score_one_km: must differ from score_zero_km, got 0.5 for both",
    ),
    # sources
    ("sources = 5", "sources: must be a table of dotted keys"),
    ('[sources]\n"demand.peu" = { assumption = "x" }', "did you mean demand.pue?"),
    ('[sources]\n"demand.pue" = { assumption = "x" }', "is not set in this file; a source"),
    (
        'demand.pue = 1.2\n[sources]\n"demand.pue" = "I9"',
        'sources."demand.pue": must be { strategy =',
    ),
    (
        'demand.pue = 1.2\n[sources]\n"demand.pue" = { strategy = ["page 9"] }',
        'strategy must be a list of line ids such as "F1"',
    ),
    (
        'demand.pue = 1.2\n[sources]\n"demand.pue" = { assumption = " " }',
        "assumption must give a reason",
    ),
    (
        'demand.pue = 1.2\n[sources."demand.pue"]\nassumption = "x"\ntried = 1.3\nmoves_share = 56',
        "moves_share must be a share of the load, 0 to 1, got 56",
    ),
    (
        'demand.pue = 1.2\n[sources]\n"demand.pue" = { table = "No Table" }',
        "table must be the name of a table",
    ),
]


@pytest.mark.parametrize(("text", "expected"), IN_A_FILE)
def test_a_bad_value_in_a_file_gives_one_line(text, expected, write):
    path = write("mine.toml", f'extends = "policy-2023"\n{text}\n')
    (line,) = problems_of(path)
    assert line.startswith("mine.toml: ")
    assert expected in line


NO_TOML = [
    ("", "mine.toml: is empty; begin with extends"),
    (" \n\n", "mine.toml: is empty"),
    ("a = = 1", "mine.toml: line 1, column 5: is not valid TOML"),
    ("[demand]\npue = 1\npue = 2\n", "mine.toml: line 3, column 8: is not valid TOML: a key or"),
    ("[demand]\n[demand]\n", "a key or table is given twice"),
    ("x = [1,", "end of file: is not valid TOML"),
    ("x = " + "9" * 5000, "mine.toml: cannot be read as TOML: Exceeds the limit"),
    ("x = " + "[" * 5000, "mine.toml: cannot be read as TOML: "),
    (
        "a." * 3000 + "a = 1",
        "mine.toml: cannot be read as TOML: tables and lists nest deeper than 16",
    ),
    (
        "[tiers.large]\ncount = " + "9" * 400,
        "cannot be read as TOML: a whole number has more than 64",
    ),
    ("extends = 5", "mine.toml: extends: must be a shipped name or the path of a TOML file, got 5"),
    ('extends = ""', "mine.toml: extends: must be a shipped name"),
    (
        'extends = "polcy-2023"',
        "mine.toml: extends: polcy-2023: no such file or shipped scenario; ",
    ),
    ('extends = "mine.toml"', "extends must not lead back to itself: mine.toml -> mine.toml"),
    ('extends = "a\\u0000b"', "mine.toml: extends: a"),
]


@pytest.mark.parametrize(("text", "expected"), NO_TOML)
def test_a_file_that_cannot_be_read_gives_one_line(text, expected, write):
    (line,) = problems_of(write("mine.toml", text))
    assert expected in line


def test_a_missing_file_names_the_nearest_shipped_scenario(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert problems_of("policy-2032") == [
        (
            "policy-2032: no such file or shipped scenario; did you mean policy-2023? "
            "shipped are: best-of, by-year, distance-only, distributed, "
            "do-nothing, east-data-west-compute, gx-2026, policy-2023, singapore"
        )
    ]
    (line,) = problems_of(Path("nowhere/plan.toml"))
    assert line == (
        "nowhere/plan.toml: no such file or shipped scenario; "
        "shipped are: best-of, by-year, distance-only, distributed, "
        "do-nothing, east-data-west-compute, gx-2026, policy-2023, singapore"
    )


def test_a_folder_is_no_scenario(tmp_path):
    assert problems_of(str(tmp_path)) == [
        f"{tmp_path}: is a folder; give a TOML file or a shipped name"
    ]


def test_a_pipe_is_no_scenario(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    (line,) = problems_of(tmp_path / "pipe.toml")
    assert line.endswith("is no regular file; give a TOML file")


def test_a_file_that_is_not_utf8(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_bytes('title_ja = "計画"'.encode("shift_jis"))
    assert problems_of(path) == [f"{path}: is not UTF-8 text (byte 13); save it as UTF-8"]


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("# " + "x" * 2_000_000, encoding="utf-8")
    (line,) = problems_of(path)
    assert line.endswith("is 2.0 MB; give a TOML file of at most 1 MB")


def test_a_loop_of_two_files(write):
    write("sub/b.toml", 'extends = "../a.toml"\n')
    (line,) = problems_of(write("a.toml", 'extends = "sub/b.toml"\n'))
    assert line.startswith("sub/b.toml: extends: ")
    assert "lead back to itself: a.toml -> sub/b.toml -> sub/../a.toml" in line


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("demand.pue", '--set: must be KEY=VALUE such as demand.pue=1.2, got "demand.pue"'),
        ("=3", '--set: must be KEY=VALUE such as demand.pue=1.2, got "=3"'),
        ("demand..pue=3", "--set: must be KEY=VALUE"),
        ("demand.pue=", "--set: demand.pue: has no value; write demand.pue=VALUE"),
        ("demand.peu=1", "--set: demand.peu: unknown key; did you mean demand.pue?"),
        ("demand.pue=low", 'demand.pue: must be a number between 1 and 10, got "low"'),
        ("demand.pue.x=1", "--set: demand.pue: must be a number between 1 and 10, got a table"),
        ("tiers=5", "--set: tiers: must be a table {core, large, regional}, got 5"),
        ("extends=distributed", "--set: extends: can only be given in a scenario file"),
        ("sources.x=1", "--set: sources.x: can only be given in a scenario file"),
        ("rules.land=hard\nx = 1", "--set: rules.land: must be one of hard, soft, off, got"),
        ("cores_count_as_large=True", 'must be true or false, got "True"'),
        ("weights.x\x1b[31m=1", "--set: "),
    ],
)
def test_a_bad_override_gives_one_line(override, expected):
    (line,) = problems_of(overrides=[override])
    assert expected in line
    assert line.startswith("--set: ")
    assert line.isprintable()


def test_all_errors_are_reported_together(write):
    path = write(
        "mine.toml",
        'extends = "policy-2023"\n[demand]\npue = 0.5\n[rules]\nland = "x"\n[tiers.core]\nkm = 1\n'
        "[weights]\ncables = nan\n[criteria.cables]\nmax_crowded_share = 3\n",
    )
    lines = problems_of(path, ["demand.load_factor=2", "nonsense"])
    assert len(lines) == 7
    assert {line.split(": ")[1] for line in lines} == {
        "weights.cables",
        "tiers.core.km",
        "demand.load_factor",
        "demand.pue",
        "rules.land",
        "criteria.cables.max_crowded_share",
        'must be KEY=VALUE such as demand.pue=1.2, got "nonsense"',
    }


def test_a_bad_override_is_reported_beside_a_missing_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(problems_of("nowhere.toml", ["nonsense"])) == 2


def test_an_error_names_the_file_of_the_chain_that_made_it(write):
    write("base.toml", 'extends = "policy-2023"\n[demand]\npue = 0.5\n[land]\nxx = 1\n')
    top = write("top.toml", 'extends = "base.toml"\n[demand]\nload_factor = 7\npue = 0.5\n')
    places = sorted(line.split(": ")[0:2] for line in problems_of(top))
    # pue = 0.5 in top.toml changes nothing, so base.toml stays its place
    assert places == [
        ["base.toml", "demand.pue"],
        ["base.toml", "land.xx"],
        ["top.toml", "demand.load_factor"],
    ]


def test_syntax_errors_name_the_file_of_the_chain(write):
    write("base.toml", "a = = 1")
    (line,) = problems_of(write("top.toml", 'extends = "base.toml"\n'))
    assert line.startswith("base.toml: line 1, column 5: ")


def test_a_file_that_extends_nothing_must_give_everything(write):
    lines = problems_of(write("mine.toml", 'title_en = "Mine"\n[land]\nmw_per_ha = 5\n'))
    assert (
        "mine.toml: title_ja: is missing: Title in Japanese, one line; give it, or begin with "
        'extends = "policy-2023"' in lines
    )
    fields = {line.split(": ")[1] for line in lines}
    assert fields == {
        "title_ja",
        "tiers",
        "cores_count_as_large",
        "places",
        "demand",
        "land.guide_ha",
        "weights",
        "rules",
        "land.share_of_free_gentle_land",
        "land.built_up_per_building_land",
        "network",
        "workforce",
        "penalties",
        "criteria",
    }


@pytest.mark.parametrize(
    ("head", "row", "more", "first"),
    [
        ("", "k{} = 1\n", "and 29,980 more unknown keys", "k0: unknown key"),
        ("[weights]\n", "k{} = 1\n", "and 29,980 more unknown keys", "weights.k0: unknown key"),
        ("", "[k{}]\na = 1\n", "and 29,980 more unknown keys", "k0: unknown key"),
        (
            "[sources]\n", '"k{}" = 1\n', "sources: and 29,980 more unknown keys",
            'sources."k0": unknown key',
        ),
    ],
)  # fmt: skip
def test_thousands_of_unknown_keys_are_told_at_once(write, head, row, more, first):
    rows = "".join(row.format(n) for n in range(30_000))
    text = f'extends = "policy-2023"\n{head}{rows}'
    path = write("many.toml", text)
    before = time.process_time()
    lines = problems_of(path)
    assert time.process_time() - before < 5
    assert len(lines) == 21
    assert lines[0].startswith(f"many.toml: {first}")
    assert lines[-1] == f"many.toml: {more}"


def test_a_wrong_value_among_thousands_of_unknown_keys_is_told(write):
    rows = "".join(f"k{n} = 1\n" for n in range(1_000))
    path = write("many.toml", f'extends = "policy-2023"\n{rows}[demand]\npue = 0.9\n')
    lines = problems_of(path, [f"z{n}=1" for n in range(30)])
    assert "many.toml: demand.pue: must be between 1 and 10, got 0.9" in lines
    assert lines[-2:] == [
        "many.toml: and 980 more unknown keys",
        "--set: and 10 more unknown keys",
    ]


_NUMBERS = [
    key
    for key, value in flatten(as_dict(load_scenario("policy-2023")))
    if isinstance(value, int | float | dict) and not isinstance(value, bool)
]
_SENSELESS = ("nan", "inf", "-inf", "1e308", "-1e308", "-1", "true", '"3"', "1e-320", "[1]", "2e9")


@pytest.mark.parametrize("at", range(len(_SENSELESS)))
def test_no_number_is_senseless(at):
    """Every key meets two of the values, and each value every fifth key or so."""
    assert len(_NUMBERS) > 150
    counted = {key for key in _NUMBERS if key.endswith(".count")}
    for number, key in enumerate(_NUMBERS):
        if (number + at) % (len(_SENSELESS) // 2):
            continue
        value = "1.5" if key in counted and _SENSELESS[at] == "1e-320" else _SENSELESS[at]
        if key == "criteria.disasters.darkness_shift" and value == "-1":
            continue  # the one number that may be below zero
        if key.endswith("_jpy") and value == "2e9":
            continue  # yen may be so many
        with pytest.raises(ScenarioError) as caught:
            load_scenario("policy-2023", (f"{key}={value}",))
        named = [problem.field for problem in caught.value.problems]
        assert all(one.startswith(key) or key.startswith(f"{one}.") for one in named), (key, named)
        assert all("\n" not in str(problem) for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("criteria.firm_ground.tsunami.max_share.core", "25", "must be at most 1, got 25"),
        ("criteria.substation.min_voltage_kv.core", "187000", "must be at most 2,000, got 187000"),
        ("criteria.disasters.fuel_hours.core", "99999", "must be at most 8,784, got 99999"),
        ("tiers.core.it_load_mw", "{min = 1, max = 1e7}", "must be at most 1,000,000, got 1e+07"),
        ("tiers.large.count", "10001", "must be at most 10,000, got 10001"),
    ],
)
def test_no_value_is_beyond_what_its_unit_reaches(key, value, said):
    with pytest.raises(ScenarioError, match=re.escape(said)):
        load_scenario("policy-2023", (f"{key}={value}",))
