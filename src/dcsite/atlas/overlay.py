"""Overlays: a user's tables laid over the shipped ones.

An overlay is a folder with a ``datapackage.json`` like the shipped one that says over what it lies
(``"overlay": "dcsite-geodata"``). Each of its tables has the name and the columns of a shipped one
and stands in its place or, where its entry says ``"overlay": "update"``, replaces the rows of equal
key and adds the others. What the columns mean stays said by the shipped descriptor alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dcsite.errors import GeodataError, Problem

from .descriptor import DESCRIPTOR, FieldSpec, ResourceSpec, TableSchema, read_package


@dataclass(frozen=True)
class Layer:
    """A table's file in one folder."""

    folder: Path
    spec: ResourceSpec


def layers_of(root: Path, shipped: Path) -> dict[str, tuple[Layer, ...]]:
    """Read a geodata folder or an overlay: the files of each table, the lowest first.

    Parameters
    ----------
    root : Path
        The folder.
    shipped : Path
        The geodata that an overlay lies over.

    Raises
    ------
    GeodataError
        If a descriptor is broken, or a table of an overlay is none of the shipped ones or has
        other columns.
    """
    package = read_package(root)
    if not package.overlay:
        return {spec.name: (Layer(root, spec),) for spec in package.resources}
    below = read_package(shipped)
    found: dict[str, tuple[Layer, ...]] = {
        spec.name: (Layer(shipped, spec),) for spec in below.resources
    }
    where, problems = str(root / DESCRIPTOR), []
    if package.overlay != below.name:
        wrong = f"{package.overlay!r} is not known; allowed is {below.name!r}"
        problems.append(Problem(where, "overlay", wrong))
    for spec in package.resources:
        if spec.name not in found:
            wrong = f"is none of the tables that dcsite reads; allowed are {', '.join(found)}"
            problems.append(Problem(where, f"resources.{spec.name}", wrong))
            continue
        lower = found[spec.name][0]
        problems += [
            Problem(where, f"resources.{spec.name}.{place}", wrong)
            for place, wrong in _differences(spec, lower.spec)
        ]
        kept = {
            "table_schema": lower.spec.table_schema,
            "features": lower.spec.features,
            "max_off_land_km": lower.spec.max_off_land_km,
            "theme": lower.spec.theme,
        }
        said = f"{package.name}: {spec.path}, SHA-256 {spec.sha256}"
        if spec.overlay == "update":
            said += f", replaces and adds rows by key; shipped SHA-256 {lower.spec.sha256}"
        upper = Layer(root, spec.model_copy(update=kept | {"laid": said}))
        found[spec.name] = (lower, upper) if spec.overlay == "update" else (upper,)
    if problems:
        raise GeodataError(problems)
    return found


def _differences(spec: ResourceSpec, shipped: ResourceSpec) -> Iterator[tuple[str, str]]:
    """Say where a table of an overlay is described otherwise than the shipped one."""
    if spec.format != shipped.format:
        yield "format", f"is {spec.format!r}, the shipped table is {shipped.format!r}"
    elif spec.table_schema is None or shipped.table_schema is None:
        if spec.overlay == "update":
            yield "overlay", "polygons can only be replaced as a whole; allowed is 'replace'"
    else:
        if spec.overlay == "update" and not shipped.table_schema.primary_key:
            yield "overlay", "the table has no key to update by; allowed is 'replace'"
        yield from _field_differences(spec.table_schema, shipped.table_schema)


def _field_differences(schema: TableSchema, shipped: TableSchema) -> Iterator[tuple[str, str]]:
    if schema.names != shipped.names:
        columns = f"columns must be {', '.join(shipped.names)}; found {', '.join(schema.names)}"
        yield "schema.fields", columns
        return
    for field, wanted in zip(schema.fields, shipped.fields, strict=True):
        for name in FieldSpec.model_fields:
            found, asked = getattr(field, name), getattr(wanted, name)
            if found != asked:
                shown = [getattr(one, "model_dump_json", one.__repr__)() for one in (found, asked)]
                yield f"schema.fields.{field.name}.{name}", f"is {shown[0]}; must be {shown[1]}"


def as_one(layers: tuple[Layer, ...]) -> ResourceSpec:
    """Describe a table as it is read: one hash for all its files, every licence and source."""
    lower, upper = layers[0].spec, layers[-1].spec
    if lower is upper:
        return upper
    both = hashlib.sha256(f"{lower.sha256} {upper.sha256}".encode()).hexdigest()
    return upper.model_copy(
        update={
            "hash": f"sha256:{both}",
            "vintage": f"{lower.vintage}; rows laid over it: {upper.vintage}",
            "licenses": tuple(dict.fromkeys((*lower.licenses, *upper.licenses))),
            "sources": tuple(dict.fromkeys((*lower.sources, *upper.sources))),
        }
    )


def updated(lower: pd.DataFrame, upper: pd.DataFrame) -> pd.DataFrame:
    """Replace rows by key where they stand, and add those of new keys at the end."""
    order = lower.index.append(upper.index.difference(lower.index, sort=False))
    both = pd.concat([lower[~lower.index.isin(upper.index)], upper])
    return both.reindex(order)
