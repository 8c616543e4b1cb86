"""The descriptor ``datapackage.json``: which tables there are, and what each promises to hold."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import zlib
from collections import Counter
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


class Reference(_Spec):
    """A column of another table."""

    resource: str
    field: str


class ListOf(Reference):
    """A column whose cells hold ids of another table, joined by a separator."""

    separator: str


class FieldSpec(_Spec):
    """One column of a table."""

    name: str
    type: Literal["string", "integer", "number"]
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
    # In an overlay: whether its rows stand in for the shipped table, or for its rows of equal key.
    overlay: Literal["replace", "update"] = "replace"
    # Set where tables are laid over each other: what lies over what, with both hashes.
    laid: str = Field(default="", exclude=True)

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return self.hash.removeprefix("sha256:")

    def unpacked(self, data: bytes) -> bytes:
        """Return a file's bytes, unpacked where its path ends in ``.gz``.

        Raises
        ------
        ValueError
            If it is not whole gzip.
        """
        if not self.path.endswith(".gz"):
            return data
        try:
            return gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise ValueError(f"is no whole gzip file: {error}") from error

    @property
    def licence(self) -> str:
        """Titles of the licences."""
        return "; ".join(licence.title or licence.name for licence in self.licenses)

    @property
    def licence_url(self) -> str:
        """Where the licences stand."""
        return "; ".join(licence.path for licence in self.licenses if licence.path)

    @property
    def source(self) -> str:
        """Titles of the sources."""
        return "; ".join(source.title for source in self.sources)


class Package(_Spec):
    """The whole descriptor."""

    name: str
    # Name of the package that this one is laid over; empty for geodata that stand alone.
    overlay: str = ""
    resources: tuple[ResourceSpec, ...] = Field(min_length=1)


def _place(raw: Any, location: tuple[int | str, ...]) -> str:
    """Name where in the descriptor a fault lies, with the resource's name instead of its number."""
    parts = [str(part) for part in location]
    if len(location) >= 2 and location[0] == "resources" and isinstance(location[1], int):
        with contextlib.suppress(KeyError, IndexError, TypeError):
            parts[1] = str(raw["resources"][location[1]]["name"])
    return ".".join(parts)


def read_regular(path: Path) -> bytes:
    """Read a file that ends; an OSError for a pipe or a device, which would be waited for."""
    if path.exists() and not path.is_file():
        raise OSError(0, "is no regular file", str(path))
    return path.read_bytes()


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
    raw: Any = None
    try:
        raw = json.loads(read_regular(root / DESCRIPTOR).decode("utf-8"))
        package = Package.model_validate(raw)
    except FileNotFoundError:
        found = f"no such file in {root}; name a folder that holds geodata tables with their"
        raise GeodataError(Problem(DESCRIPTOR, "", f"{found} {DESCRIPTOR}")) from None
    except (OSError, UnicodeDecodeError) as error:
        raise GeodataError(Problem(DESCRIPTOR, "", f"cannot be read: {error}")) from error
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        said = f"not valid JSON ({error.msg}); restore the file or mend that line"
        raise GeodataError(Problem(DESCRIPTOR, place, said)) from error
    except RecursionError as error:
        raise GeodataError(Problem(DESCRIPTOR, "", "is nested too deep; restore it")) from error
    except ValidationError as error:
        problems = []
        faults = error.errors()
        for fault in faults:
            # Resources that are refused each for itself are not missing as well.
            if len(faults) > 1 and fault["type"] == "too_short" and raw["resources"]:
                continue
            message = fault["msg"].removeprefix("Value error, ")
            if fault["type"] != "missing" and not isinstance(fault["input"], dict | list):
                message += f", found {str(fault['input'])[:60]!r}"
            problems.append(Problem(DESCRIPTOR, _place(raw, fault["loc"]), message))
        raise GeodataError(problems) from error
    counts = Counter(spec.name for spec in package.resources)
    wrong = {
        name: "two resources have this name; rename one"
        for name, count in sorted(counts.items())
        if count > 1
    }
    for spec in package.resources:
        described = {"csv": ("schema", spec.table_schema), "geojson": ("features", spec.features)}
        wanted, given = described[spec.format]
        if given is None:
            wrong[f"{spec.name}.{wanted}"] = "is missing; describe it"
    problems = [Problem(DESCRIPTOR, f"resources.{key}", said) for key, said in wrong.items()]
    if problems:
        raise GeodataError(problems)
    return package
