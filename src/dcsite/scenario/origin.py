"""Where a value comes from: the strategy, a table, an assumption with its reason, or the user."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

from dcsite.errors import Problem

from .layers import SOURCES, Layer, Merged, flatten
from .say import Unknown, Vocabulary

OriginKind: TypeAlias = Literal["strategy", "table", "assumption", "user"]

#: Keys that only name the scenario: they say nothing about the world, so they need no source.
LABELS = ("name", "title_en", "title_ja", "asks_en", "asks_ja")

_LINE_ID = re.compile(r"^([A-S][1-9]\d*)(?: (L\d+(?:-\d+)?))?$")
#: What names a cell of a table.
_CELL = ("row", "column", "times")
_FORMS = (
    '{ strategy = ["F1 L11170"], why = "..." }, reading = "..." for why of a reading, '
    '{ table = "table_name", why = "..." }, with row = { column = "key" } and column = "value" '
    'or { assumption = "why" }, with tried = VALUE, moves_share = 0.5 where that was measured'
)


@dataclass(frozen=True)
class Origin:
    """Where one value comes from.

    Parameters
    ----------
    kind : {"strategy", "table", "assumption", "user"}
        What sets the value.
    lines : tuple of str
        Line ids of the strategy (``F1``), or the table's name; empty for the other kinds.
    why : str
        What the value rests on, in a sentence.
    passages : tuple of str
        Lines of the strategy's text (``L11170``), one for each line id that has one.
    tried, moves_share
        Of an assumption: another value that was tried, and the share of the load, 0..1, that then
        stood elsewhere in the scenario's plan.
    reading : bool
        Whether the strategy's words had to be read for the value: they do not say it as it stands.
    cell : mapping
        Of a table: its `row`, by columns and what stands in them, its `column`, and what its value
        is taken `times`; empty where that is not said.
    """

    kind: OriginKind
    lines: tuple[str, ...]
    why: str
    passages: tuple[str, ...] = ()
    tried: Any = None
    moves_share: float | None = None
    reading: bool = False
    cell: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say it in one line, as the comment behind a value does."""
        why = " ".join(self.why.split())
        if self.kind == "user":
            return why
        if self.kind == "assumption":
            return f"assumption: {why}"
        text = f"{self.kind} {', '.join(self.lines)}"
        if self.passages:
            text += f" ({', '.join(self.passages)})"
        text += ", a reading" if self.reading else ""
        return f"{text}: {why}" if why else text


class AssumptionRecord(NamedTuple):
    """A value that neither the strategy nor a table sets, and why it is what it is."""

    key: str
    value: Any
    why: str
    tried: Any
    moves_share: float | None


def parse_source(entry: Any) -> Origin | str:
    """Read one entry of a ``[sources]`` table.

    Returns
    -------
    Origin or str
        The origin, or what is wrong with the entry.
    """
    read = isinstance(entry, dict) and "reading" in entry and "why" not in entry
    why: Any = entry.get("reading" if read else "why", "") if isinstance(entry, dict) else None
    kinds = set(entry) - {"reading" if read else "why"} if isinstance(why, str) else set()
    wrong = f"must be {_FORMS}"
    if kinds == {"strategy"}:
        ids = entry["strategy"]
        texts = ids if isinstance(ids, list) else []
        matches = [_LINE_ID.match(text) for text in texts if isinstance(text, str)]
        found = [match for match in matches if match]
        if found and len(found) == len(texts):
            passages = tuple(match[2] for match in found if match[2])
            lines = tuple(match[1] for match in found)
            return Origin("strategy", lines, why, passages, reading=read)
        wrong = f'strategy must be a list of line ids such as "F1" or "F1 L11170", got {ids!r}'
    elif not read and "table" in kinds <= {"table", *_CELL}:
        table, cell = entry["table"], {key: entry[key] for key in _CELL if key in entry}
        if cell and not (
            isinstance(cell.get("row"), dict)
            and isinstance(cell.get("column"), str)
            and type(cell.get("times", 1)) in {int, float}
        ):
            return f"a cell of a table is named by row = {{ ... }} and column, got {cell!r}"
        if isinstance(table, str) and re.fullmatch(r"[a-z][a-z0-9_]*", table):
            return Origin("table", (table,), why, cell=cell)
        wrong = f"table must be the name of a table of geodata, got {table!r}"
    elif kinds in ({"assumption"}, {"assumption", "tried", "moves_share"}) and not why:
        reason, moves = entry["assumption"], entry.get("moves_share")
        if moves is not None and not (type(moves) in {int, float} and 0 <= moves <= 1):
            return f"moves_share must be a share of the load, 0 to 1, got {moves!r}"
        if isinstance(reason, str) and reason.strip():
            return Origin("assumption", (), reason, (), entry.get("tried"), moves)
        wrong = f"assumption must give a reason, got {reason!r}"
    return wrong


def read_sources(
    layer: Layer, merged: Merged, vocabulary: Vocabulary
) -> tuple[dict[str, Origin], list[Problem]]:
    """Read the ``[sources]`` of one file; its keys may cover a table.

    Returns
    -------
    tuple of dict and list of Problem
        Origins by dotted key, and what is wrong with the others.
    """
    if not isinstance(layer.sources, Mapping):
        return {}, [Problem(layer.where, SOURCES, "must be a table of dotted keys")]
    given = _with_tables(layer.data)
    known = _with_tables(merged.data)
    sources: dict[str, Origin] = {}
    problems: list[Problem] = []
    unknown = Unknown(vocabulary)
    for key, entry in layer.sources.items():
        origin = parse_source(entry)
        if key not in known and key not in vocabulary.keys:
            message = unknown.say(layer.where, tuple(key.split(".")))
        elif key not in given:
            message = "is not set in this file; a source stands beside the value it is for"
        elif isinstance(origin, str):
            message = origin
        else:
            sources[key] = origin
            continue
        if message:
            problems.append(Problem(layer.where, f'{SOURCES}."{key}"', message))
    return sources, [*problems, *unknown.others(SOURCES)]


def _with_tables(data: Mapping[str, Any]) -> set[str]:
    """Return the dotted keys of all values in a table and of the tables around them."""
    return {around for key, _ in flatten(data) for around in _around(key)}


def _around(key: str) -> list[str]:
    """Return a dotted key and the tables around it, the nearest first."""
    parts = key.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


def trace(
    keys: Iterable[str], merged: Merged, sources: Mapping[int, Mapping[str, Origin]]
) -> dict[str, Origin]:
    """Say for every value where it is from: the layer that set it, and what that layer says.

    Parameters
    ----------
    keys : iterable of str
        Dotted keys of the validated scenario.
    merged : Merged
        Which layer set what.
    sources : mapping
        Sources that each layer states, by the layer's ``id``.
    """
    given = dict(flatten(merged.data))
    traced: dict[str, Origin] = {}
    for key in keys:
        layer = merged.setter(tuple(key.split(".")))
        stated = sources.get(id(layer), {})
        if key in LABELS:
            continue
        if key not in given:
            why = "default of the criterion; the scenario does not name it"
            traced[key] = Origin("assumption", (), why)
        elif layer.kind == "set":
            traced[key] = Origin("user", (), "set by --set")
        else:
            found = next((stated[around] for around in _around(key) if around in stated), None)
            traced[key] = found or Origin("user", (), f"set in {layer.where}")
    return traced
