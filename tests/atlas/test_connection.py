"""Connection points: each rule on rows of the shipped table, worked by hand."""

from __future__ import annotations

import re

import pytest

from dcsite.atlas import load_atlas
from dcsite.atlas.connection import named_kind


@pytest.fixture(scope="module")
def nodes():
    return load_atlas().substations()


@pytest.mark.parametrize(
    ("name", "connection", "reason"),
    [
        ("下松発電所", "none", "a power plant by its name"),  # Kudamatsu, a closed oil plant
        ("大井水力発電所", "none", "a power plant by its name"),  # Kansai's dam in Chubu
        ("七飯発電所", "none", "a power plant by its name"),
        ("電源開発株式会社北地域制御所", "none", "mapped as a converter station"),
        ("明石変電所明石制御所", "none", "a control site by its name"),
        ("北海道電力　総合研究所", "none", "a research institute by its name"),
        ("九州電力 唐津変電所", "none", "mapped at a frequency that the area does not have"),
        ("越後開閉所", "none", "a switching or branching yard by its name"),
        ("葛野川発電所屋外開閉設備", "none", "a switching or branching yard by its name"),
        ("新今市開閉所", "none", "mapped as a switching station"),
        ("南福光連系所", "none", "mapped as a converter station"),
        ("豊橋電力センター", "none", "an operator's office by its name"),
        ("寒川受電所", "none", "a customer's own intake by its name"),
        ("新福島変電所", "none", "owned by a company that does not run this area's network"),
        ("丸山変電所", "none", "owned by a company that does not run this area's network"),
        ("新須賀変電所", "none", "owned by a company that does not run this area's network"),
        ("三居沢発電所 併設配電用変電所", "any", ""),  # the last word says what it is
        ("鳥栖変電所", "any", ""),  # in English "Tosu Power Station", a slip
        ("新茂木", "any", ""),  # its operator is written TEPCO
        ("南福光変電所", "any", ""),
    ],
)
def test_a_real_node_by_hand(nodes, name, connection, reason):
    found = nodes[(nodes["name_ja"] == name)].sort_values("voltage_kv").iloc[-1]
    assert (found["connection"], found["connection_reason_en"][: len(reason)]) == (
        connection,
        reason,
    )
    assert bool(found["connection_reason_en"]) == bool(reason)
    assert bool(found["connection_reason_ja"]) == bool(reason)


@pytest.mark.parametrize(
    ("name", "word"),
    [("", None), ("Gifu Substation", None), ("500 kV switching station", "yard"),
     ("Suruga", None), ("Kushi Water Purification Plant Substation", "intake"),
     ("Pirika power station", "power plant"), ("象潟変電しょ", None), ("別子配電センター", None)],
)  # fmt: skip
def test_a_name_says_what_it_is_by_its_last_word(name, word):
    reason = named_kind(name)
    assert reason is None if word is None else word in reason.en


def test_guessed_voltages_and_nodes_without_a_name_carry_regional_hubs_alone(nodes):
    guessed = nodes["voltage_source"] == "inferred_line_end"
    nameless = nodes["name_ja"].isna() & nodes["name_en"].isna()
    assert set(nodes.loc[guessed | nameless, "connection"]) == {"regional_only", "none"}
    assert ((nodes["connection"] == "regional_only") & guessed).sum() == 115
    assert ((nodes["connection"] == "regional_only") & (nodes["voltage_kv"] >= 100)).sum() == 281
    assert not (nodes["connection"][~(guessed | nameless)] == "regional_only").any()
    assert nodes.loc["SS0346", "connection_reason_en"].startswith("without a name")  # Iwakuni


def test_only_nodes_of_the_grid_are_points(nodes):
    points = nodes[nodes["connection"] != "none"]
    assert (points["grid_node"] == 1).all()
    assert set(points["category"]) == {"transmission", "distribution", "unspecified"}
    names = points["name_ja"].fillna("")
    assert names[names.str.contains("開閉|変換|制御|研究") | names.str.endswith("発電所")].empty


def test_every_reason_stands_in_both_languages(nodes):
    for _, one in nodes.drop_duplicates("connection_reason_en").iterrows():
        assert bool(one["connection_reason_en"]) == (one["connection"] != "any")
        assert bool(one["connection_reason_ja"]) == (one["connection"] != "any")
        assert not re.search("[\u3040-\u9fff]", one["connection_reason_en"])


def test_the_table_itself_is_left_as_it_is(nodes):
    assert "connection" not in load_atlas().table("substations")
    assert len(nodes) == 3331
