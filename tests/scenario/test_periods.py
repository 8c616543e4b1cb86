"""Years of a scenario: each is the scenario with what it says of the year."""

import pytest

from dcsite.errors import ScenarioError
from dcsite.scenario import as_dict, load_scenario, scenarios_by_year


def lines_of(*overrides, source="by-year"):
    with pytest.raises(ScenarioError) as caught:
        load_scenario(source, overrides)
    return [str(problem) for problem in caught.value.problems]


def test_a_year_is_the_scenario_with_its_own_values_and_their_sources():
    base = load_scenario("by-year", ["periods.set.2030.demand.pue=1.2"])
    years = scenarios_by_year(base)
    assert list(years) == [2028, 2030, 2034]
    assert years[2030].demand.pue == 1.2
    assert years[2034].demand.pue == base.demand.pue
    assert years[2030].provenance["demand.pue"].kind == "user"
    assert years[2030].provenance["demand.grid_demand_mw"].kind == "table"
    assert years[2028].provenance["tiers.core.count"].kind == "assumption"
    for key in ("tiers.core.separation_km", "demand.load_factor"):
        assert years[2028].provenance[key] == base.provenance[key]
    assert years[2028].name == "by-year-2028"
    assert years[2028].periods.year == 2028
    assert not years[2028].years


def test_the_last_year_asks_what_the_national_plan_asks():
    asked = as_dict(scenarios_by_year(load_scenario("by-year"))[2034])
    national = as_dict(load_scenario())
    assert asked["network"].pop("year") == 2034
    del national["network"]["year"]
    assert asked["criteria"]["concentration"].pop("max_share") == 0.7
    assert national["criteria"]["concentration"].pop("max_share") == 0.8
    for key in ("name", "title_en", "title_ja", "asks_en", "asks_ja"):
        assert asked.pop(key) != national.pop(key)
    assert asked.pop("periods")["year"] == 2034
    assert asked == national


def test_one_year_alone_and_fewer_years_than_the_file_has():
    assert load_scenario("by-year", ["periods.year=2030"]).name == "by-year-2030"
    fewer = load_scenario("by-year", ["periods.years=[2028, 2034]"])
    assert list(scenarios_by_year(fewer)) == [2028, 2034]
    assert not load_scenario("by-year", ["periods.years=[]"]).years
    again = load_scenario(fewer)
    assert again == fewer
    assert list(again.periods.set) == ["2028", "2034"]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "periods.set.2030.tiers.large.cout=5",
            "--set: periods.set.2030.tiers.large.cout: unknown key; did you mean",
        ),
        (
            "periods.set.2030.demand.pue=0.5",
            "--set: periods.set.2030.demand.pue: must be between 1 and 10, got 0.5",
        ),
        (
            "periods.set.2029.demand.pue=1.2",
            "--set: periods.set.2029: is for a year that is not among periods.years = [2028, ",
        ),
        ("periods.year=2031", "--set: periods.year: must be one of [2028, 2030, 2034], got 2031"),
        ("periods.years=[2030, 2028]", "must rise from year to year, got [2030, 2028]"),
        ("periods.set.2030.periods.years=[1]", "a year has no years"),
        (
            "tiers.large.count.max=9",
            "tiers.large.count: is set anew in 2028, 2030; give periods.set.2028.tiers.large.count",
        ),
        ("tiers.core=3", "--set: tiers.core: must be a table"),
        ("periods.weights.2030=0", "--set: periods.weights.2030: must be"),
    ],
)
def test_what_is_wrong_with_a_year_is_told_at_its_own_key(override, expected):
    (line,) = lines_of(override)
    assert expected in line


def test_a_year_cannot_be_asked_for_where_there_are_none():
    (line,) = lines_of("periods.year=2030", source="policy-2023")
    assert "--set: periods.year: must be one of [], got 2030" in line


def test_a_file_cannot_speak_of_a_year_it_does_not_plan(write):
    said = "[periods]\nyears = [2030]\n[periods.set.2031]\nland.guide_ha = 1\n"
    path = write("mine.toml", f'extends = "policy-2023"\n{said}')
    (line,) = lines_of(source=path)
    assert "mine.toml: periods.set.2031: is for a year that is not among" in line
