"""What the pages of studies share: figures in words, circles, outlines, texts that stay texts."""

from __future__ import annotations

from html.parser import HTMLParser
from types import SimpleNamespace

from shapely import MultiPolygon, box

from dcsite.outputs.map.layer import Field
from dcsite.outputs.page import (
    amount,
    chance,
    circles,
    interval,
    outline,
    percent,
    place,
    render_beside_map,
)
from dcsite.studies.stress_types import Estimate

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)


def test_figures_in_words():
    assert [percent(value) for value in (0.0, 1.0, 0.5, 0.01234, 2e-5, None)] == [
        "0 %", "100 %", "50 %", "1.23 %", "0.002 %", "–",
    ]  # fmt: skip
    assert [amount(value) for value in (1234.5, 12.345, 0.0, None)] == ["1,234", "12.3", "0", "–"]
    assert [chance(value) for value in (0.0, 1e-9, 0.001)] == ["0 %", "< 0.1 %", "0.1 %"]
    assert interval(Estimate(0.1, 0.05, 0.2)) == "5 % – 20 %"
    assert interval(Estimate(10.0, None, None), share=False) == "–"


def test_a_layer_of_circles_keeps_each_radius_and_the_order_given():
    layer = circles(
        "kind",
        "source",
        [Field("値", "Value")],
        [(35.12344, 139.0, 20.0, ["東京", "Tokyo", 1]), (43.0, 141.0, 5.0, ["札幌", "Sapporo", 2])],
        order=3,
        color="#fff",
    )
    assert layer["styles"] == [{"radius": 20.0, "color": "#fff"}, {"radius": 5.0, "color": "#fff"}]
    assert layer["rows"][0] == [35.1234, 139.0, 0, ["東京", "Tokyo", 1]]
    assert [row[2] for row in layer["rows"]] == [0, 1]
    assert layer["order"] == 3


def test_an_outline_drops_islets_but_never_all_of_a_place():
    corner = "{:g} {:g}".format(*place(141.0, 43.0))
    large, islet = box(141.0, 43.0, 142.0, 44.0), box(130.0, 30.0, 130.01, 30.01)
    assert outline(MultiPolygon([large, islet])).count("M") == 1
    assert corner in outline(large)
    assert outline(islet).count("M") == 1


def test_a_layer_of_hostile_texts_stays_text_beside_the_map(atlas):
    layers = [circles(HOSTILE, HOSTILE, [], [(35.0, 139.0, 5.0, [HOSTILE, HOSTILE])])]
    tables = [SimpleNamespace(source=HOSTILE, licence=HOSTILE)]
    scenario = SimpleNamespace(title_ja=HOSTILE, title_en=HOSTILE)
    found = SimpleNamespace(
        scenario=scenario, samples=0, samples_with_plan=0, gap=0.0, seed=1, counts={},
        ranges=SimpleNamespace(weights=SimpleNamespace(concentration=1.0, why=HOSTILE), range=()),
    )  # fmt: skip
    page = render_beside_map("robust.html.j2", atlas, layers, tables, found=found, top=(), tiers=())
    tags = _Tags()
    tags.feed(page)
    assert tags.seen.count("script") == 3
    assert "img" not in tags.seen
