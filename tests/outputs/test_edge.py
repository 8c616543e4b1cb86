"""The page of ``dcsite edge`` in a real browser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from selenium.webdriver.common.by import By

import dcsite
from dcsite.outputs.edge import write_edge
from dcsite.studies.edge import corridors_of, run_edge
from dcsite.studies.edge_corridors import EdgeAssumptions

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"


@pytest.mark.browser
def test_the_page_tells_what_is_short_shows_all_layers_and_runs_no_name(
    plan, atlas, tmp_path, open_browser
):
    assumed = EdgeAssumptions.read()
    near = assumed.access_fibre_km.model_copy(update={"value": 20.0})
    assumed = assumed.model_copy(update={"access_fibre_km": near})
    drawn = corridors_of(atlas, None)
    drawn["name_ja"] = HOSTILE
    found = run_edge(plan, dcsite.load_scenario("policy-2023"), atlas, assumed, drawn)
    assert 0 < len(found.shortages) < len(found.cells)
    shapes = dict(zip(drawn["corridor_id"], drawn["geometry"], strict=True))
    found = replace(found, title_ja=HOSTILE)
    paths = write_edge(found, shapes, atlas, plan.created_at, tmp_path / "out")
    driver = open_browser(1400, 900)
    driver.get(paths.html.resolve().as_uri())
    assert not [one for one in driver.get_log("browser") if one["level"] == "SEVERE"]
    side = driver.find_element(By.ID, "side").text
    short = side.index("カバーできない区間")
    assert short < side.index(f"MEC {found.sites} か所") < side.index("Assumptions")
    assert HOSTILE in side
    assert not driver.find_elements(By.CSS_SELECTOR, "#side img")
    boxes = driver.find_elements(By.CSS_SELECTOR, "input[data-layer]")
    assert len(boxes) == 7
    # Each box takes something from the map.
    for box in boxes:
        before = driver.get_screenshot_as_png()
        driver.execute_script("arguments[0].click()", box)
        assert driver.get_screenshot_as_png() != before
