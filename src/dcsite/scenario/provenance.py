"""Where a value comes from: the strategy, a table, an assumption with its reason, or the user."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

OriginKind: TypeAlias = Literal["strategy", "table", "assumption", "user"]

#: Keys that only name the scenario: they say nothing about the world, so they need no source.
LABELS = ("name", "title_en", "title_ja")

_LINE_ID = re.compile(r"^([A-S][1-9]\d*)(?: (L\d+(?:-\d+)?))?$")
_FORMS = (
    '{ strategy = ["F1 L11170"], why = "..." }, { table = "table_name", why = "..." } '
    'or { assumption = "why" }'
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
    """

    kind: OriginKind
    lines: tuple[str, ...]
    why: str
    passages: tuple[str, ...] = ()

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
        return f"{text}: {why}" if why else text


class AssumptionRecord(NamedTuple):
    """A value that neither the strategy nor a table sets, and why it is what it is."""

    key: str
    value: Any
    why: str


def parse_source(entry: Any) -> Origin | str:
    """Read one entry of a ``[sources]`` table.

    Returns
    -------
    Origin or str
        The origin, or what is wrong with the entry.
    """
    kinds = set(entry) & set(_READERS) if isinstance(entry, dict) else set()
    if len(kinds) != 1:
        return f"must be {_FORMS}"
    kind = kinds.pop()
    rest = {key: text for key, text in entry.items() if key != kind}
    why = rest.pop("why", "")
    if rest or not isinstance(why, str) or (kind == "assumption" and why):
        return f"must be {_FORMS}"
    return _READERS[kind](entry[kind], why)


def _read_strategy(ids: Any, why: str) -> Origin | str:
    matches = [_LINE_ID.match(text) for text in _as_list(ids) if isinstance(text, str)]
    found = [match for match in matches if match]
    if not found or len(found) < len(ids):
        return f'strategy must be a list of line ids such as "F1" or "F1 L11170", got {ids!r}'
    passages = tuple(match[2] for match in found if match[2])
    return Origin("strategy", tuple(match[1] for match in found), why, passages)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _read_table(table: Any, why: str) -> Origin | str:
    if not isinstance(table, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", table):
        return f"table must be the name of a table of geodata, got {table!r}"
    return Origin("table", (table,), why)


def _read_assumption(reason: Any, _why: str) -> Origin | str:
    if not isinstance(reason, str) or not reason.strip():
        return f"assumption must give a reason, got {reason!r}"
    return Origin("assumption", (), reason)


_READERS: Mapping[str, Callable[[Any, str], Origin | str]] = MappingProxyType(
    {"strategy": _read_strategy, "table": _read_table, "assumption": _read_assumption}
)


def covering(sources: Mapping[str, Origin], key: str) -> Origin | None:
    """Return the source of a dotted key: its own, else that of the nearest table around it."""
    parts = key.split(".")
    for length in range(len(parts), 0, -1):
        found = sources.get(".".join(parts[:length]))
        if found:
            return found
    return None


def list_assumptions(
    leaves: Iterable[tuple[str, Any]], provenance: Mapping[str, Origin]
) -> tuple[AssumptionRecord, ...]:
    """Return every value that is an assumption or the user's own, in the scenario's order."""
    return tuple(
        AssumptionRecord(key, value, provenance[key].why)
        for key, value in leaves
        if key in provenance and provenance[key].kind in {"assumption", "user"}
    )
