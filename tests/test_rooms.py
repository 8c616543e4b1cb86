"""No room but `criteria` names a criterion, its rules, its measures or its columns."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

import dcsite
from dcsite.contract import criteria
from dcsite.contract.findings import Topic
from dcsite.plan import Hub

ROOT = Path(dcsite.__file__).parent
FILES = sorted(
    path for path in ROOT.rglob("*.py") if "criteria" not in path.relative_to(ROOT).parts
)


def spoken(path: Path) -> set[str]:
    """Return the texts of a file that are no docstrings, and the modules that it imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            found.add(node.value)
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} if node.module and not node.level else set()
    return found


@pytest.fixture(scope="module")
def own_names(measured, shipped_atlas) -> set[str]:
    """What belongs to criteria alone: rules, measures, values of hubs and measured columns.

    A name that is also a table's, a topic's or a field of the plan's own hub, others may say.
    """
    names = {rule.name for criterion in criteria() for rule in criterion.rules}
    for criterion in criteria():
        for quantity in (*criterion.quantities, *criterion.facts):
            names |= {quantity.name, quantity.in_plan}
        names |= {column for column in measured if column in criterion.columns(measured)}
    topics = set(get_args(Topic))
    own_fields = {field.name for field in fields(Hub)}
    return names - {table.name for table in shipped_atlas.resources()} - own_fields - topics


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_other_room_names_a_criterion(path, own_names):
    said = spoken(path)
    assert sorted(said & own_names) == []
    for criterion in criteria():
        assert sorted(text for text in said if f"criteria.{criterion.name}" in text) == []
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {criterion.name for criterion in criteria()}
    taken = [
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
        and node.slice.value in names
        and isinstance(node.value, ast.Attribute) and node.value.attr in {"criteria", "weights"}
    ]  # fmt: skip
    assert not taken
