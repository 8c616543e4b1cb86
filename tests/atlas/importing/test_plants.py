"""Trackers of power plants: their spellings, sums by plant, and what they stand in for."""

from __future__ import annotations

import openpyxl

WIND = (
    "gem-location-id,gem-phase-id,country/area,phase-name,project-name,"
    "project-name-in-local-language-/-script,other-name(s),capacity-(mw),status,start-year,"
    "retired-year,location-accuracy,owner,lat,lng,state/province,operator,installation-type,region,"
    "url,owner-name-in-local-language-/-script,operator-name-in-local-language-/-script\n"
    "L1,G1,Japan,--,Aduchiohshima wind farm,,,32.0,operating,2007,,approximate,Hirado,34.6636,"
    "129.4387,,,Onshore,Asia,u,,\n"
    "L2,G2,Japan,2,New wind farm,,,48.0,construction,2027,,exact,Co,43.2,141.02,,,Offshore hard "
    "mount,Asia,u,,\n"
    "L3,G3,Japan,--,Dream wind farm,,,500.0,announced,,,exact,Co,43.2,141.02,,,Onshore,Asia,u,,\n"
    "L4,G4,Albania,--,Karaburun wind,,,10.0,operating,,,exact,Co,40.4,19.4,,,Onshore,Europe,u,,\n"
)
NUCLEAR = (
    "country,project-name,unit-name,capacity-(mw),status,reactor-type,model,owner,operator,lat,lng,"
    "location-accuracy,state/province,region,url\n"
    "Japan,Onagawa nuclear power plant,2,825.0,operating,boiling water reactor,BWR-5,Tohoku,Tohoku,"
    "38.4012,141.5,exact,,Asia,u\n"
    "Japan,Onagawa nuclear power plant,3,825.0,operating,boiling water reactor,BWR-5,Tohoku,Tohoku,"
    "38.4012,141.5,exact,,Asia,u\n"
    "Japan,Onagawa nuclear power plant,1,524.0,retired,boiling water reactor,BWR-4,Tohoku,Tohoku,"
    "38.4012,141.5,exact,,Asia,u\n"
)
HYDRO = (
    "Country 1\tProject Name\tCapacity (MW)\tStatus\tTechnology Type\tStart Year\tLatitude\t"
    "Longitude\nJapan\tOkukiyotsu hydroelectric plant\t1,000\toperating\tpumped storage\t1978\t"
    "36.87\t138.77\n"
)
WRI = (
    "country,country_long,name,gppd_idnr,capacity_mw,latitude,longitude,primary_fuel,other_fuel1,"
    "commissioning_year,owner\n"
    "JPN,Japan,Kagoshima Solar,WRI1,70,31.5,130.55,Solar,,2013.0,Kyocera\n"
    "JPN,Japan,Some Coal,WRI2,700,35.0,137.0,Coal,,1990,Co\n"
    "USA,United States,Big Solar,WRI3,500,35.0,-110.0,Solar,,2015,Co\n"
)
ONAGAWA = "Onagawa nuclear power plant"


def test_wind_farms_keep_what_was_judged_of_them(desk, shipped_atlas):
    found = desk.tables("gem", desk.file("Wind-map-file.csv", WIND, "utf-8"))["wind_farms"]
    first, second = found.to_dict("records")
    judged = shipped_atlas.table("wind_farms").loc["WF003"]
    assert (first["wind_farm_id"], first["location_quality"]) == ("WF003", "municipality_by_name")
    assert float(first["lat_deg"]) == judged["lat_deg"]
    assert (first["gem_lat_deg"], first["municipality_ja"]) == ("34.6636", "平戸市")
    assert second["wind_farm_id"] == "GEM-New-wind-farm-2"
    assert (second["installation"], second["status"], second["area"]) == (
        "offshore",
        "construction",
        "hokkaido",
    )
    assert (second["location_quality"], second["include_in_totals"]) == ("exact", "1")


def test_units_are_summed_by_plant_and_status_in_place_of_their_fuel(desk, shipped_atlas):
    found = desk.tables("gem", desk.file("nuclear.csv", NUCLEAR, "utf-8"))["power_plants"]
    new = found[found["fuel"] == "nuclear"].set_index("status")
    assert sorted(new.index) == ["operating", "retired"]
    assert (new.loc["operating", "capacity_mw"], new.loc["operating", "n_units"]) == ("1650", "2")
    assert (new.loc["operating", "area"], new.loc["operating", "decarbonised"]) == ("tohoku", "1")
    shipped = shipped_atlas.table("power_plants")
    assert len(found) == (shipped["fuel"] != "nuclear").sum() + 2


def test_a_utf16_table_with_tabs_and_thousands(desk):
    found = desk.tables("gem", desk.file("hydro.csv", HYDRO, "utf-16"))["power_plants"]
    [plant] = found[found["fuel"] == "hydro_pumped"].to_dict("records")
    assert (plant["capacity_mw"], plant["start_year"]) == ("1000", "1978")


def test_a_workbook_with_remarks(desk):
    book = openpyxl.Workbook()
    book.active.title = "About"
    book.active.append(["Global Nuclear Power Tracker"])
    data = book.create_sheet("Data")
    for line in NUCLEAR.splitlines():
        data.append(line.split(","))
    data.append(["Japan", "Lost", "1", "many", "operating", *[""] * 4, "38.4", "141.5", *[""] * 4])
    path = desk.folder / "gnpt.xlsx"
    book.save(path)
    said = desk.said("gem", path)
    assert "gnpt.xlsx: sheet Data, line 5, capacity_mw: 'many' is not a number" in said
    data.delete_rows(5)
    book.save(path)
    assert desk.tables("gem", path)["power_plants"]["name_en"].eq(ONAGAWA).sum() == 2


def test_of_wri_solar_wind_and_waste_are_taken(desk):
    found = desk.tables("wri", desk.file("gppd.csv", WRI, "utf-8"))["power_plants"]
    [plant] = found[found["fuel"] == "solar"].to_dict("records")
    assert (plant["name_en"], plant["prefecture_ja"], plant["start_year"]) == (
        "Kagoshima Solar",
        "鹿児島県",
        "2013",
    )
    assert "Some Coal" not in set(found["name_en"])


def test_faults_are_told(desk):
    said = desk.said("gem", desk.file("a.csv", NUCLEAR.replace("38.4012", "8.4"), "utf-8"))
    assert f"a.csv: line 2, {ONAGAWA}: 8.4, 141.5 lies far from Japan" in said
    again = desk.file("b.csv", NUCLEAR, "utf-8")
    said = desk.said("gem", desk.file("c.csv", NUCLEAR + "\n", "utf-8"), again)
    assert f"b.csv: line 2: {ONAGAWA}, unit 2 stands in an earlier file too" in said
    said = desk.said("gem", desk.file("d.csv", "a,b\n1,2\n", "utf-8"))
    assert "no line in the first 30 names the columns country, name_en" in said
