"""CSV tables held against their schema by frictionless, told in our own words."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from dcsite.atlas.descriptor import DESCRIPTOR, ResourceSpec
from dcsite.atlas.faults import Fault
from dcsite.errors import GeodataError, Problem

__all__ = ["list_faults", "table_faults"]

_MAX_SHOWN = 60
_STRUCTURE = ("blank-row", "extra-cell", "missing-cell")
# Bytes, hash and rows are checked for all formats alike, with the changed cell found (see marks).
_LEFT_TO_OTHERS = ("hash-count", "byte-count", "row-count")


def _known_only(descriptor: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Cut the descriptor down to tables that can be read, and foreign keys among them.

    Keys into tables the descriptor does not list stay: frictionless reports them.
    """
    unread = {entry["name"] for entry in descriptor["resources"]} - set(names)
    tables = []
    for entry in descriptor["resources"]:
        if entry["name"] not in names:
            continue
        schema = dict(entry["schema"])
        schema["foreignKeys"] = [
            key
            for key in schema.get("foreignKeys", [])
            if key["reference"]["resource"] not in unread
        ]
        tables.append(entry | {"schema": schema})
    return descriptor | {"resources": tables}


def _limits(constraints: dict[str, Any]) -> str:
    low, high = constraints.get("minimum", "any"), constraints.get("maximum", "any")
    return f"allowed are {low} to {high}"


def _short(text: str) -> str:
    return repr(text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…")


def _constraint_message(cell: str, field: dict[str, Any], note: str) -> str:
    """Say what the cell holds and what is allowed there."""
    constraints = field.get("constraints", {})
    if 'constraint "required"' in note:
        return "is empty, but a value is required"
    if 'constraint "enum"' in note:
        allowed = [str(value) for value in constraints["enum"]]
        near = difflib.get_close_matches(cell, allowed, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f"{_short(cell)} is unknown; allowed are {', '.join(allowed)}{hint}"
    if 'constraint "pattern"' in note:
        return f"{_short(cell)} does not have the form {_short(constraints['pattern'])}"
    if field["name"].endswith(("lat_deg", "lon_deg")):
        return f"{cell} lies outside Japan; {_limits(constraints)} degrees"
    return f"{cell} is out of range; {_limits(constraints)}"


def _cell_fault(name: str, error: Any, fields: dict[str, dict[str, Any]], key: list[str]) -> Fault:
    """Word one error of frictionless that has a row."""
    row = int(error.row_number)
    if error.type == "primary-key":
        column = key[0] if len(key) == 1 else " + ".join(key)
        if "all" in error.note:
            return Fault(name, row, column, "the key is empty, but every row needs one")
        first = error.note.rsplit(" ", 1)[-1]
        values = ", ".join(
            str(cell) for cell, field in zip(error.cells, fields, strict=False) if field in key
        )
        return Fault(name, row, column, f"key {values!r} stands in row {first} too; keep one")
    if error.type == "foreign-key":
        column = error.field_names[0]
        refers_to = (error.reference_name or name, error.reference_field_names[0])
        value = error.field_cells[0]
        message = f"{value!r} is not a {refers_to[1]} of the table {refers_to[0]}"
        return Fault(name, row, column, message, refers_to)
    column, cell = str(error.field_name), str(error.cell)
    if error.type == "type-error":
        kind = {"number": "a number", "integer": "a whole number"}.get(fields[column]["type"], "")
        return Fault(name, row, column, f"{cell!r} is not {kind or 'text'}")
    if error.type == "constraint-error":
        message = _constraint_message(cell, fields[column], error.note)
        return Fault(name, row, column, message)
    return Fault(name, row, column, f"{error.title}: {error.note}")


def _header_faults(name: str, labels: Sequence[str], entry: dict[str, Any]) -> list[Fault]:
    """Word a header that is not the schema's: what is missing, what is too much, or the order."""
    wanted = [field["name"] for field in entry["schema"]["fields"]]
    missing = [label for label in wanted if label not in labels]
    extra = [label for label in labels if label not in wanted]
    if missing:
        found = f"; the header has {', '.join(map(repr, extra))} instead" if extra else ""
        message = f"the column is missing{found}; restore it"
        return [Fault(name, 1, label, message) for label in missing]
    if extra:
        message = "the column is not in the schema; describe it or take it out"
        return [Fault(name, 1, label, message) for label in extra]
    place = next(
        (pair for pair in zip(labels, wanted, strict=False) if pair[0] != pair[1]),
        (labels[-1], "nothing"),
    )
    message = f"stands where {place[1]} should; keep each column once, in the schema's order"
    return [Fault(name, 1, place[0], message)]


def _row_faults(name: str, errors: Sequence[Any], entry: dict[str, Any]) -> list[Fault]:
    """Word the errors of rows; a row with too few or too many cells gets one line only."""
    fields = {field["name"]: field for field in entry["schema"]["fields"]}
    key = list(entry["schema"].get("primaryKey", []))
    by_row: dict[int, list[Any]] = defaultdict(list)
    for error in errors:
        by_row[int(error.row_number)].append(error)
    faults = []
    for row, found in by_row.items():
        kinds = {error.type for error in found}
        if kinds.intersection(_STRUCTURE):
            wrong = (
                "is blank; take it out"
                if "blank-row" in kinds
                else f"has too {'many' if 'extra-cell' in kinds else 'few'} cells for the "
                f"{len(fields)} columns; look for a stray comma or quote"
            )
            faults.append(Fault(name, row, "", wrong))
        else:
            faults.extend(_cell_fault(name, error, fields, key) for error in found)
    return faults


def table_faults(
    root: Path, descriptor: dict[str, Any], specs: Sequence[ResourceSpec]
) -> list[Fault]:
    """Validate CSV tables: header, types, constraints, unique keys, foreign keys, rows.

    Parameters
    ----------
    root : Path
        The geodata folder.
    descriptor : dict
        ``datapackage.json`` as read.
    specs : sequence of ResourceSpec
        The CSV tables that can be read.

    Returns
    -------
    list of Fault
        Everything found.

    Raises
    ------
    GeodataError
        When frictionless cannot make sense of the descriptor.
    """
    # Loaded here because it takes longer to import than a whole plan's tables take to read.
    from frictionless import FrictionlessException, Package, Schema

    names = {spec.name for spec in specs}
    cut = _known_only(descriptor, names)
    problems = []
    for entry in cut["resources"]:
        try:
            Schema.from_descriptor(entry["schema"])
        except FrictionlessException as error:
            problems += [
                Problem(DESCRIPTOR, f"resources.{entry['name']}.schema", reason.note)
                for reason in (error.reasons or [error.error])
            ]
    if problems:
        raise GeodataError(problems)
    try:
        checked = Package.from_descriptor(cut, basepath=str(root)).validate()
    except FrictionlessException as error:
        raise GeodataError(
            Problem(DESCRIPTOR, "", f"{reason.title}: {reason.note}")
            for reason in (error.reasons or [error.error])
        ) from error
    if checked.errors:
        raise GeodataError(
            Problem(DESCRIPTOR, "", f"{error.title}: {error.note}") for error in checked.errors
        )
    entries = {entry["name"]: entry for entry in cut["resources"]}
    faults: list[Fault] = []
    for task in checked.tasks:
        errors = [error for error in task.errors if error.type not in _LEFT_TO_OTHERS]
        header = [error for error in errors if hasattr(error, "labels")]
        rows = [error for error in errors if getattr(error, "row_number", None) is not None]
        if header:
            faults.extend(_header_faults(task.name, header[0].labels, entries[task.name]))
        elif rows:
            faults.extend(_row_faults(task.name, rows, entries[task.name]))
        else:
            faults.extend(
                Fault(task.name, None, "", f"{error.title}: {error.note}") for error in errors
            )
    return faults


def list_faults(spec: ResourceSpec, frames: dict[str, pd.DataFrame]) -> list[Fault]:
    """Hold ids that are joined in one cell against the table they come from.

    Parameters
    ----------
    spec : ResourceSpec
        The table to check.
    frames : dict of str to DataFrame
        All tables as text.

    Returns
    -------
    list of Fault
        One for each unknown id.
    """
    faults: list[Fault] = []
    for field in spec.table_schema.fields if spec.table_schema else ():
        target = field.list_of
        if target is None or target.resource not in frames:
            continue
        known = frames[target.resource]
        column = frames[spec.name].get(field.name)
        if column is None or target.field not in known:
            continue
        ids = column[column != ""].str.split(target.separator, regex=False).explode()
        unknown = ids[~ids.isin(known[target.field])]
        faults.extend(
            Fault(
                spec.name,
                int(position) + 2,
                field.name,
                f"{value!r} is not a {target.field} of the table {target.resource}",
                (target.resource, target.field),
            )
            for position, value in zip(unknown.index.to_numpy(), unknown, strict=True)
        )
    return faults
