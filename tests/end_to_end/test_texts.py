"""What people read of the default plan: names of places, in both languages, each label once."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.end_to_end

JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
#: Five digits alone, as site ids of municipalities are; within a number or a word they are not.
CODE = re.compile(r"(?<![\w.,])\d{5}(?![\w.,]\d|\w)")
#: Words joined as ids are, the hazard map's letters for patterns, brackets with nothing.
AS_IN_TABLES = re.compile(r"[a-z]_[a-z]|ZYX|\(\)|（）")


def both(found):
    return [(one["label_en"], one["label_ja"]) for one in found]


def test_no_two_figures_share_a_label(plan):
    for figures in (plan["measures"], *(hub["values"] for hub in plan["hubs"])):
        for labels in zip(*both(figures), strict=True):
            assert len(labels) > 3
            assert len(set(labels)) == len(labels)


def test_japanese_texts_are_japanese(plan):
    texts = [ja for _, ja in both(plan["measures"])]
    texts += [ja for hub in plan["hubs"] for _, ja in both(hub["values"])]
    texts += [violation["message_ja"] for violation in plan["violations"]]
    texts += [disaster["name_ja"] for disaster in plan["worst_disasters"]]
    assert [text for text in texts if not JAPANESE.search(text)] == []


def test_texts_name_places_and_faults_not_codes(plan):
    texts = [text for labels in both(plan["measures"]) for text in labels]
    texts += [text for hub in plan["hubs"] for labels in both(hub["values"]) for text in labels]
    texts += [one[key] for one in plan["violations"] for key in ("message_en", "message_ja")]
    texts += [one[key] for one in plan["worst_disasters"] for key in ("name_en", "name_ja")]
    assert CODE.search("41202 carries 5 MW")
    assert not any(CODE.search(note) for note in plan["notes"])
    assert [text for text in texts if CODE.search(text) or AS_IN_TABLES.search(text)] == []
