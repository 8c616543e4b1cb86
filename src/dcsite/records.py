"""Records are the file format: a frozen class that writes, reads and describes itself.

A subclass of :class:`Record` lists its fields with their units (:data:`Km`, :data:`Mw`,
:data:`Share`, ...). In memory a number keeps its full precision, since the check and the
explanation compute with it; in a file it carries the decimals of its unit, so that the same
answer always gives the same text. What is not finite is refused, unless the file has null for it.
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import json
import math
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    NoReturn,
    Self,
    cast,
    dataclass_transform,
)

import numpy as np
from pydantic import (
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)
from pydantic.dataclasses import dataclass as pydantic_dataclass
from pydantic_core import core_schema

from .errors import OutputError, Problem

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler

#: Units whose third decimal is already finer than any table here; others keep six decimals.
_COARSE_UNITS = frozenset({"km", "km2", "m", "ha", "MW", "GWh", "GWh/year", "kV", "ms"})
#: No file of dcsite comes near this size; a larger one is refused before it is read.
_MAX_BYTES = 50_000_000
_LISTED = 5
#: Decimals of degrees in files, about a decimetre, and on drawn maps, about ten metres.
FILE_DECIMALS_DEG = 6
DRAWN_DECIMALS_DEG = 4


def unit_decimals(unit: str) -> int:
    """Return how many decimals a value of `unit` carries in files."""
    return 3 if unit in _COARSE_UNITS else 6


def rounded(value: float | None, decimals: int) -> float | None:
    """Round a number; None for what is missing or not finite, never a negative zero."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), decimals) + 0.0


def drawn_deg(lat_deg: float, lon_deg: float) -> tuple[float, float]:
    """Round latitude and longitude for a drawn map, where finer digits are no pixel."""
    return round(lat_deg, DRAWN_DECIMALS_DEG), round(lon_deg, DRAWN_DECIMALS_DEG)


def plain(value: Any) -> Any:
    """Turn a value of a scenario or of solver options into what JSON knows."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(part) for part in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(part) for part in value), key=str)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)


class Frozen(dict[str, Any]):
    """A table that nobody changes; `{**table, key: value}` is a changed copy of it.

    A dict for everything that reads: pydantic dumps it, pickle carries it.
    """

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(
            "scenarios and records are frozen; load the scenario with the value as an override"
        )

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[Any, ...]:
        """Rebuild it whole: pickle and copy would set its items one by one."""
        return type(self), (dict(self),)


def _frozen(value: Any) -> Any:
    """Freeze a table with the tables in it."""
    if not isinstance(value, dict):
        return value
    return Frozen({key: _frozen(part) for key, part in value.items()})


@dataclasses.dataclass(frozen=True)
class Unit:
    """What a number of a record is measured in.

    Parameters
    ----------
    decimals : int or None
        Decimals in files; None: those of the record's own field `unit` (see
        :func:`unit_decimals`).
    null : float, optional
        What null in a file stands for (NaN: unknown; infinity: without bound); such a number may
        be non-finite in memory and is null in files. None: the number is always finite.
    least, most : float, optional
        Bounds that the schema states; a file beyond them is refused.
    digits : int, optional
        Significant digits in files, in place of decimals.
    """

    decimals: int | None
    null: float | None = None
    least: float | None = None
    most: float | None = None
    digits: int | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Check on the way in, round on the way out."""
        by_unit = self.decimals is None and self.digits is None
        return core_schema.no_info_wrap_validator_function(
            self._checked,
            core_schema.float_schema(allow_inf_nan=self.null is not None),
            serialization=core_schema.plain_serializer_function_ser_schema(
                _by_unit if by_unit else self._shown, is_field_serializer=by_unit
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe as a number, or null where that has a meaning."""
        kind: dict[str, Any] = {"type": "number" if self.null is None else ["number", "null"]}
        bounds = {"minimum": self.least, "maximum": self.most}
        return kind | {key: bound for key, bound in bounds.items() if bound is not None}

    def _checked(self, given: Any, number: Callable[[Any], float]) -> float:
        if isinstance(given, (bool, str, bytes)):  # a file that writes "3" is not ours
            raise ValueError("must be a number")  # noqa: TRY004  # pydantic reports ValueError
        value = number(self.null if given is None else given)
        # Solvers answer 1e-12 below zero; the file's own decimals are what the bounds hold for.
        shown = self._shown(value)
        if shown is not None and self.least is not None and shown < self.least:
            raise ValueError(f"must be at least {self.least:g}, got {shown:g}")
        if shown is not None and self.most is not None and shown > self.most:
            raise ValueError(f"must be at most {self.most:g}, got {shown:g}")
        return value

    def _shown(self, value: float) -> float | None:
        if self.digits is not None and math.isfinite(value):
            return float(f"{value:.{self.digits}g}") + 0.0
        return rounded(value, 6 if self.decimals is None else self.decimals)


def _by_unit(record: Any, value: float) -> float | None:
    return rounded(value, unit_decimals(record.unit))


#: A text that is never empty.
Name = Annotated[str, Field(min_length=1)]
Km = Annotated[float, Unit(3, least=0.0)]
Mw = Annotated[float, Unit(3, least=0.0)]
Kv = Annotated[float, Unit(3, least=0.0)]
Seconds = Annotated[float, Unit(3, null=math.nan, least=0.0)]
Latitude = Annotated[float, Unit(FILE_DECIMALS_DEG, least=-90.0, most=90.0)]
Longitude = Annotated[float, Unit(FILE_DECIMALS_DEG, least=-180.0, most=180.0)]
#: A part of a whole, 0..1.
Share = Annotated[float, Unit(6, least=0.0, most=1.0)]
#: A score by fixed anchors, 0..1 in a plan; above 1 for loads no plan may carry, which the check
#: has to be able to say.
Score = Annotated[float, Unit(6), WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1})]
#: Times that something is expected, or a probability that may be small.
Times = Annotated[float, Unit(9, least=0.0)]
#: Objective points, weights and plain ratios.
Points = Annotated[float, Unit(6)]
UnknownPoints = Annotated[float, Unit(6, null=math.nan)]
#: A number in the unit that the record's field `unit` names.
Amount = Annotated[float, Unit(None)]
#: The same where null has a meaning: not known (NaN), or without bound (infinity).
UnknownKm = Annotated[float, Unit(3, null=math.nan, least=0.0)]
EndlessKm = Annotated[float, Unit(3, null=math.inf, least=0.0)]
EndlessMs = Annotated[float, Unit(3, null=math.inf, least=0.0)]
UnknownMw = Annotated[float, Unit(3, null=math.nan, least=0.0)]
Gwh = Annotated[float, Unit(3, least=0.0)]
UnknownGwh = Annotated[float, Unit(3, null=math.nan, least=0.0)]
UnknownShare = Annotated[float, Unit(6, null=math.nan, least=0.0)]
UnknownRatio = Annotated[float, Unit(6, null=math.nan)]
UnknownAmount = Annotated[float, Unit(None, null=math.nan)]
#: Yen, and yen that may not be known.
Yen = Annotated[float, Unit(0)]
UnknownYen = Annotated[float, Unit(0, null=math.nan)]
#: Objective points that cannot be gained, only lost.
Loss = Annotated[float, Unit(6, least=0.0)]
EndlessPoints = Annotated[float, Unit(6, null=math.inf)]
#: A number of a simulation, which has no more than six digits to tell.
Figure = Annotated[float, Unit(None, digits=6)]
#: Values of a scenario or of options, as JSON knows them.
Plain = Annotated[Any, PlainSerializer(plain)]


@dataclass_transform(frozen_default=True, field_specifiers=(Field,))
class Record:
    """A frozen record, validated when it is made; unknown keys of a file are left alone.

    A subclass needs no decorator: its annotations are its fields. ``dataclasses.replace`` and
    ``asdict`` work on it. A text below a field says what it is, and goes into the schema.
    """

    #: What an error calls the file: "plan.json".
    file_name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Make the class a frozen dataclass that validates."""
        super().__init_subclass__(**kwargs)
        # Most runs meet few of the records; the machinery of each is built when first used.
        config = ConfigDict(extra="ignore", defer_build=True)
        pydantic_dataclass(frozen=True, config=config)(cls)

    def __post_init__(self) -> None:
        """Freeze the tables too."""
        for name, value in vars(self).items():
            if isinstance(value, dict):
                object.__setattr__(self, name, _frozen(value))

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Describe each field by the text below it, which is read from the source only for this."""
        described: dict[str, Any] = handler(schema)
        describe_fields(cls, Record, handler.resolve_ref_schema(described))
        return described

    def dump(self) -> dict[str, Any]:
        """Return the record as plain JSON values, keys in the order of its fields."""
        document: dict[str, Any] = _adapter(type(self)).dump_python(self, mode="json")
        return document

    def text(self) -> str:
        """Return the text of the record's file."""
        return json.dumps(self.dump(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"

    @classmethod
    def read(cls, text: str, where: str = "") -> Self:
        """Return the record that a file's text holds, with the decimals it carries.

        Parameters
        ----------
        text : str
            The file's text.
        where : str
            What to call the file in errors.

        Raises
        ------
        OutputError
            With one problem for each field that is not as dcsite writes it.
        """
        where = where or cls.file_name or cls.__name__
        return cls.load(_parsed(text, where, cls.file_name), where)

    @classmethod
    def load(cls, document: Any, where: str = "", under: str = "") -> Self:
        """Return the record that parsed JSON holds, `under` a key of it; errors as :meth:`read`."""
        where = where or cls.file_name or cls.__name__
        needed = [field.name for field in dataclasses.fields(cls) if _is_needed(field)]  # type: ignore[arg-type]
        if not isinstance(document, Mapping) or (
            2 * sum(name in document for name in needed) < len(needed)
        ):
            noun = cls.file_name or "such file"
            raise OutputError(
                Problem(where, under, f"is JSON, but no {noun} of dcsite; solve the scenario again")
            )
        try:
            found: Self = _adapter(cls).validate_python(document)
        except ValidationError as error:
            raise OutputError(problems_of(error, where, under)) from error
        return found

    @classmethod
    def read_file(cls, path: Path) -> Self:
        """Read a record from its file; errors as :meth:`read`, and for what cannot be read."""
        return cls.load(read_json(path, cls.file_name), str(path))

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Return the JSON Schema (2020-12) that every file of this record meets."""
        schema = _adapter(cls).json_schema(mode="serialization")
        described = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        if cls.file_name:
            described["$id"] = f"urn:dcsite:{cls.file_name.removesuffix('.json')}"
        closed: dict[str, Any] = _closed(schema)
        return described | closed


def read_json(path: Path, name: str = "") -> Any:
    """Return what a JSON file of dcsite holds; `name` is what dcsite calls such a file.

    Raises
    ------
    OutputError
        If there is none, it is too large, cut short, too deep or not JSON.
    """
    try:
        if not path.is_file():
            raise OutputError(Problem(str(path), "", "no such file"))
        if path.stat().st_size > _MAX_BYTES:
            raise OutputError(Problem(str(path), "", "is too large for a file of dcsite"))
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise OutputError(Problem(str(path), "", f"is not UTF-8 text ({error.reason})")) from error
    except OSError as error:
        raise OutputError(
            Problem(str(path), "", f"cannot be read: {error.strerror or error}")
        ) from error
    return _parsed(text, str(path), name)


def problems_of(error: ValidationError, where: str, under: str = "") -> list[Problem]:
    """Return the first faults of a file, with their places; `under` is put before each."""
    return [
        Problem(
            where,
            ".".join([*([under] if under else []), *map(str, fault["loc"])]),
            f"{_said(fault['msg'])}; the file was edited or written by another version of dcsite, "
            "solve the scenario again",
        )
        for fault in error.errors(include_input=False, include_url=False)[:_LISTED]
    ]


def _said(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _parsed(text: str, where: str, name: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # ValueError: also integers of too many digits
        reason = str(error).splitlines()[0]
        raise OutputError(
            Problem(
                where, "", f"is no {name or 'JSON'} of dcsite, or cut short ({reason}); solve again"
            )
        ) from error


def _is_needed(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def describe_fields(record: type, base: type, schema: dict[str, Any]) -> None:
    """Put the text below each field of a record into its JSON Schema, those it inherits too.

    Parameters
    ----------
    record, base : type
        A class, and the one above it that has no fields of its own.
    schema : dict
        Its schema, which is changed.
    """
    for kind in reversed(record.__mro__[: record.__mro__.index(base)]):
        try:
            source = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
        except (OSError, TypeError):  # made at run time, or shipped without its source
            continue
        for field, below in itertools.pairwise(cast("ast.ClassDef", source).body):
            match field, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    schema["properties"][name]["description"] = " ".join(text.split())


def _adapter(record: type[Record]) -> TypeAdapter[Any]:
    found: TypeAdapter[Any] | None = record.__dict__.get("_type_adapter")
    if found is None:
        found = TypeAdapter(record)
        record._type_adapter = found  # type: ignore[attr-defined]  # built once, when first asked
    return found


def _closed(schema: Any) -> Any:
    """Say of each table of dcsite that it has all of its keys and no other.

    Writing gives every field, those with a default too; reading is more lenient.
    """
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(part) for key, part in schema.items()}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        closed |= {"required": list(schema["properties"]), "additionalProperties": False}
    return closed
