"""Overlays: a user's tables laid over the shipped ones, read, held to their schema, and named."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcsite.atlas import check_geodata, load_atlas
from dcsite.atlas.atlas import default_root
from dcsite.atlas.describe import refresh
from dcsite.atlas.overlay import updated
from dcsite.errors import GeodataError

SHIPPED = json.loads((default_root() / "datapackage.json").read_text(encoding="utf-8"))
ENTRIES = {entry["name"]: entry for entry in SHIPPED["resources"]}


def lay(folder: Path, tables: dict[str, str], mode: str = "update", **changes: object) -> Path:
    """Write an overlay of tables by name, described as the shipped ones are."""
    folder.mkdir()
    resources = []
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="\n")
        own = {"path": f"{name}.csv", "overlay": mode, "vintage": "2026-11"} | changes
        resources.append(ENTRIES[name] | own)
    package = {"name": "mine", "overlay": SHIPPED["name"], "resources": resources}
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    refresh(folder)
    return folder


def link(link_id: str, capacity: object, to_area: str = "tohoku") -> str:
    """Return a table of one interconnector."""
    names = [field["name"] for field in ENTRIES["interconnectors"]["schema"]["fields"]]
    cells = dict.fromkeys(names, "") | dict.fromkeys(
        [name for name in names if name.endswith(("max_mw", "median_mw"))], str(capacity)
    )
    cells |= {"link_id": link_id, "name_ja": "連系線", "name_en": "Link", "type": "AC"}
    cells |= {"from_area": "hokkaido", "to_area": to_area, "voltage_kv": "500"}
    cells |= {"capacity_period": "2026", "source": "mine"}
    return ",".join(names) + "\n" + ",".join(cells.values()) + "\n"


def test_an_update_replaces_rows_of_its_keys_and_adds_others(tmp_path, shipped_atlas):
    shipped = shipped_atlas.table("interconnectors")
    changed = load_atlas(lay(tmp_path / "a", {"interconnectors": link("IC03", 777)}))
    found = changed.table("interconnectors")
    assert list(found.index) == list(shipped.index)
    assert found.loc["IC03", "capacity_from_to_max_mw"] == 777.0
    assert found.drop("IC03").equals(shipped.drop("IC03"))
    added = load_atlas(lay(tmp_path / "b", {"interconnectors": link("IC99", 5)}))
    assert list(added.table("interconnectors").index) == [*shipped.index, "IC99"]


def test_a_replacement_stands_in_for_the_whole_table(tmp_path, shipped_atlas):
    folder = lay(tmp_path / "own", {"interconnectors": link("IC99", 5)}, "replace")
    assert list(load_atlas(folder).table("interconnectors").index) == ["IC99"]
    assert load_atlas(folder).table("prefectures").equals(shipped_atlas.table("prefectures"))


def test_what_was_laid_over_what_is_named_with_both_hashes(tmp_path):
    folder = lay(tmp_path / "own", {"interconnectors": link("IC99", 5)})
    spec, shipped = load_atlas(folder).resource("interconnectors"), ENTRIES["interconnectors"]
    own = hashlib.sha256((folder / "interconnectors.csv").read_bytes()).hexdigest()
    below = shipped["hash"].removeprefix("sha256:")
    assert own in spec.laid
    assert below in spec.laid
    assert spec.laid.startswith("mine: interconnectors.csv")
    assert spec.sha256 == hashlib.sha256(f"{below} {own}".encode()).hexdigest()
    assert load_atlas(folder).resource("prefectures").laid == ""


def said(folder: Path) -> str:
    with pytest.raises(GeodataError) as raised:
        load_atlas(folder)
    return str(raised.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            link("IC99", "much"),
            "interconnectors.csv: row 2, column capacity_from_to_max_mw: 'much'",
        ),
        (link("IC99", -1), "-1 is out of range; allowed are 0 to any"),
        (link("IC99", 5, "moon"), "column to_area: 'moon' is unknown; allowed are hokkaido"),
        (link("IC99", 5) + link("IC99", 6).splitlines()[1] + "\n", "'IC99' stands in row 2 too"),
    ],
)
def test_rows_are_held_to_the_shipped_schema(tmp_path, text, words):
    folder = lay(tmp_path / "own", {"interconnectors": text})
    assert words in said(folder)
    assert words in "\n".join(map(str, check_geodata(folder)))


def test_units_and_columns_are_those_of_the_shipped_table(tmp_path):
    schema = json.loads(json.dumps(ENTRIES["interconnectors"]["schema"]))
    field = next(one for one in schema["fields"] if one.get("unit") == "MW")
    field["unit"] = "kW"
    folder = lay(tmp_path / "unit", {"interconnectors": link("IC99", 5)}, schema=schema)
    place = f"resources.interconnectors.schema.fields.{field['name']}.unit"
    assert f"{place}: is 'kW'; must be 'MW'" in said(folder)
    schema["fields"].pop()
    folder = lay(tmp_path / "columns", {"interconnectors": link("IC99", 5)}, schema=schema)
    assert "columns must be link_id, name_ja" in said(folder)


def test_a_table_of_another_name_is_refused(tmp_path):
    folder = lay(tmp_path / "own", {"interconnectors": link("IC99", 5)}, name="interconnector")
    assert "resources.interconnector: is none of the tables" in said(folder)


def test_a_replacement_that_leaves_shipped_rows_without_theirs_is_refused(tmp_path):
    shipped = (default_root() / ENTRIES["electricity_areas"]["path"]).read_text(encoding="utf-8")
    few = "".join(line for line in shipped.splitlines(keepends=True) if "okinawa" not in line)
    folder = lay(tmp_path / "own", {"electricity_areas": few}, "replace")
    assert "'okinawa' is not a electricity_area of the table electricity_areas" in said(folder)
    assert check_geodata(lay(tmp_path / "update", {"electricity_areas": few})) == []


def test_a_changed_file_is_told(tmp_path):
    folder = lay(tmp_path / "own", {"interconnectors": link("IC99", 5)})
    file = folder / "interconnectors.csv"
    file.write_text(file.read_text(encoding="utf-8").replace("500", "275"), encoding="utf-8")
    assert "row 2, column voltage_kv: the value '275'" in said(folder)


#: Keys of two columns, of which one may be empty, as those of transformers are.
KEYS = st.tuples(st.sampled_from("ab"), st.sampled_from([1.0, 2.0, None]))
ROWS = st.dictionaries(KEYS, st.integers(0, 9), min_size=1)


def table(rows: dict[tuple[str, float | None], int]) -> pd.DataFrame:
    frame = pd.DataFrame(
        [
            (name, np.nan if level is None else level, value)
            for (name, level), value in rows.items()
        ],
        columns=["name", "level", "value"],
    )
    return frame.astype({"level": float}).set_index(["name", "level"])


@settings(max_examples=60, deadline=None)
@given(lower=ROWS, upper=ROWS)
def test_rows_laid_over_others_are_those_of_a_dictionary(lower, upper):
    assert updated(table(lower), table(upper)).equals(table(lower | upper))
