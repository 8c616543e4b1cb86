"""Cables as systems: what counts by year, who shares a landing, what is left after any loss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dcsite.network import cable_systems, landings_in_force, reach_and_loss


def test_systems_count_when_in_service_or_being_built_by_the_year(shipped_atlas):
    now, later = cable_systems(shipped_atlas, 2026), cable_systems(shipped_atlas, 2028)
    assert not now.loc["e2a", "counts"]
    assert later.loc["e2a", "counts"]
    assert set(later.index[later["counts"]]) - set(now.index[now["counts"]]) == {"e2a", "jako"}
    far = cable_systems(shipped_atlas, 2099)
    # Planned, proposed, cancelled, retired; and Russia is no corridor: listed, never counted.
    for one in ("apricot", "candle", "fnf", "bridge-one", "jus", "rjcn", "hscs", "jih"):
        assert one in far.index
        assert not far.loc[one, "counts"]
    assert far.loc["rjcn", "in_force"]
    assert far.loc["rjcn", "corridors"] == frozenset()
    # In service since 2025 is not in service in 2024.
    assert not cable_systems(shipped_atlas, 2024).loc["juno", "in_force"]


def test_a_system_has_its_landings_corridors_and_capacity(shipped_atlas):
    systems = cable_systems(shipped_atlas, 2028)
    e2a, ajc = systems.loc["e2a"], systems.loc["ajc"]
    assert (e2a["name"], e2a["year"], e2a["capacity_tbps"]) == ("E2A", 2028, 192)
    assert e2a["landings"] == ("maruyama", "tomakomai", "itoshima")
    assert e2a["corridors"] == {"north_america", "asia_pacific"}
    assert np.isnan(ajc["capacity_tbps"])  # not known
    assert systems.loc["aug-east", "landings"] == ()  # not known


def test_landings_in_force_and_the_two_crowded_clusters(shipped_atlas):
    landings = landings_in_force(shipped_atlas, 2028)
    crowded = landings[landings["crowded"]]
    assert set(crowded["cluster"]) == {"boso_kitaibaraki", "shima"}
    assert crowded.loc["maruyama", "cluster"] == "boso_kitaibaraki"
    assert landings.loc["fukuoka", "cluster"] == "fukuoka"
    assert landings.loc["tomakomai", "systems"] == ("e2a",)
    assert {"naoetsu", "ishikari", "otaru", "miura"} & set(landings.index) == set()
    assert "tomakomai" not in landings_in_force(shipped_atlas, 2027).index


ENDS = ("america", "asia", "europe")


@st.composite
def coasts(draw):
    """Some systems with their corridors, some landings with clusters and what lands there."""
    names = [f"s{number}" for number in range(draw(st.integers(1, 5)))]
    few = st.frozensets(st.sampled_from(ENDS), min_size=1)
    systems = pd.DataFrame({"corridors": [draw(few) for _ in names]}, index=names)
    count = draw(st.integers(0, 5))
    landings = pd.DataFrame(
        {
            "cluster": [draw(st.sampled_from(["one", "two", f"own{at}"])) for at in range(count)],
            "systems": [tuple(draw(st.sets(st.sampled_from(names)))) for _ in range(count)],
        },
        index=[f"l{at}" for at in range(count)],
    )
    rows = draw(st.lists(st.lists(st.booleans(), min_size=count, max_size=count), max_size=4))
    return systems, landings, np.array(rows, dtype=bool).reshape(len(rows), count)


@given(coasts())
def test_what_is_left_is_the_least_over_all_losses(coast):
    systems, landings, within = coast
    found = reach_and_loss(systems, landings, within)

    def left(row, lost):
        names = {
            name
            for near, (_, there) in zip(row, landings.iterrows(), strict=True)
            if near and there["cluster"] != lost
            for name in there["systems"]
            if name != lost
        }
        ends = {end for name in names for end in systems.loc[name, "corridors"]}
        return len(ends), len(names)

    for row, got in zip(within, found.itertuples(), strict=True):
        whole = left(row, "")
        assert (got.corridors, got.systems) == whole
        losses = {one: left(row, one) for one in (*systems.index, *landings["cluster"])}
        least = min((whole, *losses.values()))
        assert (got.corridors_left, got.systems_left) == least


@pytest.mark.parametrize(
    ("near", "expected"),
    [
        (["tomakomai"], (1, 2, 0, 0)),
        # Korea twice, Guam once, and the one system to America; without it Asia is left.
        (["itoshima", "fukuoka", "kitakyushu"], (4, 2, 3, 1)),
        # Nine systems at one landing: each can be missed, the landing cannot.
        (["shima"], (9, 2, 0, 0)),
        # Four of Boso's land at Shima too: with all of Boso lost they are still there.
        (["shima", "maruyama", "takahagi"], (14, 2, 9, 2)),
        ([], (0, 0, 0, 0)),
    ],
)
def test_places_on_the_shipped_coast(shipped_atlas, near, expected):
    systems, landings = (read(shipped_atlas, 2028) for read in (cable_systems, landings_in_force))
    found = reach_and_loss(systems, landings, landings.index.isin(near)[None, :])
    assert tuple(found.iloc[0]) == expected
