"""The descriptor ``datapackage.json``: which tables there are, and what each promises to hold."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from dcsite.errors import GeodataError, Problem

DESCRIPTOR = "datapackage.json"


@dataclass(frozen=True)
class ResourceInfo:
    """What a plan or a listing says about one table."""

    name: str
    path: str
    title: str
    theme: str
    rows: int
    vintage: str
    licence: str
    licence_url: str
    source: str
    sha256: str


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path or ":" in path:
        raise ValueError("must be a relative path inside the geodata folder")
    return path


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class Licence(_Spec):
    """A licence a table is under."""

    name: str
    title: str = ""
    path: str = ""


class Source(_Spec):
    """Where a table comes from."""

    title: str
    path: str = ""


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"must be a regular expression ({error})") from None
    return text


class Constraints(_Spec):
    """What the cells of a column must hold to: the constraints of Data Package."""

    # An unknown constraint is refused by the schema, which says so in the standard's words.
    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)

    required: bool = False
    unique: bool = False
    minimum: int | float | None = None
    maximum: int | float | None = None
    min_length: int | None = Field(default=None, alias="minLength")
    max_length: int | None = Field(default=None, alias="maxLength")
    pattern: Annotated[str, AfterValidator(_pattern)] | None = None
    enum: tuple[str | int | float, ...] | None = None


class ListOf(_Spec):
    """A column whose cells hold ids of another table, joined by a separator."""

    separator: str
    resource: str
    field: str


class FieldSpec(_Spec):
    """One column of a table."""

    name: str
    type: Literal["string", "integer", "number"]
    description: str = ""
    unit: str = ""
    constraints: Constraints = Constraints()
    list_of: ListOf | None = Field(default=None, alias="listOf")


# Data Package lets a key of one column stand as a text.
_Columns = Annotated[
    tuple[str, ...], BeforeValidator(lambda key: [key] if isinstance(key, str) else key)
]


class KeyReference(_Spec):
    """The columns of another table, or of the same one where `resource` is empty."""

    resource: str
    fields: _Columns


class ForeignKey(_Spec):
    """Columns whose cells together must stand in another table, unless all are empty."""

    fields: _Columns
    reference: KeyReference


class TableSchema(_Spec):
    """Columns of a CSV table, those that make a row its own, those that refer to other tables."""

    fields: tuple[FieldSpec, ...] = Field(min_length=1)
    primary_key: _Columns = Field(default=(), alias="primaryKey")
    foreign_keys: tuple[ForeignKey, ...] = Field(default=(), alias="foreignKeys")
    missing_values: tuple[Literal[""], ...] = Field(default=("",), alias="missingValues")

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return [field.name for field in self.fields]

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        names = self.names
        if len(set(names)) < len(names):
            raise ValueError("names of the fields are not unique")
        for field in self.fields:
            for constraint in field.constraints.model_extra or {}:
                raise ValueError(f'constraint "{constraint}" is not supported')
        for column in (
            *self.primary_key,
            *(name for key in self.foreign_keys for name in key.fields),
        ):
            if column not in names:
                raise ValueError(f"{column!r} stands in a key and is not a field")
        return self


class Reference(_Spec):
    """The column of another table that a GeoJSON key must match."""

    resource: str
    field: str


class Features(_Spec):
    """What a GeoJSON resource promises: its key, its properties and its kind of geometry."""

    key: str
    properties: tuple[FieldSpec, ...]
    geometry_types: tuple[str, ...] = Field(alias="geometryTypes")
    reference: Reference


class ResourceSpec(_Spec):
    """One resource as the descriptor has it."""

    name: str
    path: Annotated[str, AfterValidator(_inside)]
    title: str
    theme: str
    rows: int = Field(ge=0)
    vintage: str
    format: Literal["csv", "geojson"]
    encoding: Literal["utf-8"] = "utf-8"
    size_bytes: int = Field(ge=0, alias="bytes")
    hash: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    licenses: tuple[Licence, ...] = Field(min_length=1)
    sources: tuple[Source, ...] = Field(min_length=1)
    table_schema: TableSchema | None = Field(default=None, alias="schema")
    features: Features | None = None
    marks: dict[str, str] = Field(default_factory=dict)
    # Epicentres and volcanoes lie in the open sea; other points may not.
    max_off_land_km: float | None = Field(default=None, alias="maxOffLandKm", gt=0)

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return self.hash.removeprefix("sha256:")

    @property
    def info(self) -> ResourceInfo:
        """The record that listings and plans carry."""
        return ResourceInfo(
            name=self.name,
            path=self.path,
            title=self.title,
            theme=self.theme,
            rows=self.rows,
            vintage=self.vintage,
            licence="; ".join(licence.title or licence.name for licence in self.licenses),
            licence_url="; ".join(licence.path for licence in self.licenses if licence.path),
            source="; ".join(source.title for source in self.sources),
            sha256=self.sha256,
        )


class Package(_Spec):
    """The whole descriptor."""

    name: str
    resources: tuple[ResourceSpec, ...] = Field(min_length=1)


def _read_json(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise GeodataError(
            Problem(
                DESCRIPTOR,
                "",
                f"no such file in {path.parent}; name a folder that holds geodata tables "
                f"with their {DESCRIPTOR}",
            )
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise GeodataError(Problem(DESCRIPTOR, "", f"cannot be read: {error}")) from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise GeodataError(
            Problem(
                DESCRIPTOR,
                f"line {error.lineno}, column {error.colno}",
                f"not valid JSON ({error.msg}); restore the file or mend that line",
            )
        ) from error


def _place(raw: Any, location: tuple[int | str, ...]) -> str:
    """Name where in the descriptor a fault lies, with the resource's name instead of its number."""
    parts = [str(part) for part in location]
    if len(location) >= 2 and location[0] == "resources" and isinstance(location[1], int):
        with contextlib.suppress(KeyError, IndexError, TypeError):
            parts[1] = str(raw["resources"][location[1]]["name"])
    return ".".join(parts)


def read_package(root: Path) -> Package:
    """Read and validate ``datapackage.json`` of a geodata folder.

    Parameters
    ----------
    root : Path
        The geodata folder.

    Returns
    -------
    Package
        The descriptor.

    Raises
    ------
    GeodataError
        When the file is missing, is not JSON, or lacks what dcsite needs to read its tables.
    """
    raw = _read_json(root / DESCRIPTOR)
    try:
        package = Package.model_validate(raw)
    except ValidationError as error:
        problems = []
        for fault in error.errors():
            message = fault["msg"].removeprefix("Value error, ")
            if fault["type"] != "missing" and not isinstance(fault["input"], dict | list):
                message += f", found {str(fault['input'])[:60]!r}"
            problems.append(Problem(DESCRIPTOR, _place(raw, fault["loc"]), message))
        raise GeodataError(problems) from error
    names = [resource.name for resource in package.resources]
    twice = sorted({name for name in names if names.count(name) > 1})
    problems = [
        Problem(DESCRIPTOR, f"resources.{name}", "two resources have this name; rename one")
        for name in twice
    ]
    for spec in package.resources:
        if (spec.format == "csv" and spec.table_schema is None) or (
            spec.format == "geojson" and spec.features is None
        ):
            wanted = "schema" if spec.format == "csv" else "features"
            problems.append(
                Problem(DESCRIPTOR, f"resources.{spec.name}.{wanted}", "is missing; describe it")
            )
    if problems:
        raise GeodataError(problems)
    return package
