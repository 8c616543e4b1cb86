"""Turn what pydantic finds into plain words: the value found, what is allowed, what to do."""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from dcsite.errors import Problem

from .keys import dotted, lookup, shown
from .layers import EXTENDS, SOURCES
from .merge import Merged, Path

#: To find what an unknown key could have meant takes a millisecond or two; nobody reads thousands.
MAX_UNKNOWN = 20

_NOUNS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text in quotes",
}
_BOUND_ERRORS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}


class Vocabulary:
    """Every key a scenario knows, with what may stand there, read from its JSON Schema."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._keys = tuple(self._walk((), schema))

    @property
    def keys(self) -> tuple[str, ...]:
        """Return every key and table, dotted."""
        return self._keys

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow a ``$ref``, or the one choice beside null; what stands beside it wins."""
        while True:
            choices = [option for option in node.get("anyOf", ()) if option.get("type") != "null"]
            if "$ref" in node:
                target = self._schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
            elif len(choices) == 1:
                target = choices[0]
            else:
                return node
            beside = {key: value for key, value in node.items() if key not in {"$ref", "anyOf"}}
            node = {**target, **beside}

    def node(self, path: Path) -> Mapping[str, Any]:
        """Return the schema of what stands at a path, empty where it is not known."""
        node = self.resolve(self._schema)
        for part in path:
            if isinstance(part, int):
                node = self.resolve(node.get("items", {}))
                continue
            tables = [self.resolve(option) for option in node.get("anyOf", [node])]
            inner = [table["properties"][part] for table in tables if _has(table, part)]
            node = self.resolve(inner[0]) if inner else {}
        return node

    def siblings(self, path: Path) -> list[str]:
        """Return the keys that may stand in the table at a path."""
        node = self.node(path)
        tables = [self.resolve(option) for option in node.get("anyOf", [node])]
        return [key for table in tables for key in table.get("properties", {})]

    def unknown(self, path: Path) -> str:
        """Say that a key is unknown, with the nearest right one or else those allowed."""
        siblings, parent = self.siblings(path[:-1]), path[:-1]
        key = str(path[-1])
        if not parent:
            siblings = [EXTENDS, SOURCES, *siblings]
        near = difflib.get_close_matches(key, siblings, n=1)
        if near:
            return f"unknown key; did you mean {dotted((*parent, near[0]))}?"
        full = dotted(path)
        same_end = [known for known in self._keys if known.rsplit(".", 1)[-1] == key]
        near = difflib.get_close_matches(full, same_end, n=1, cutoff=0.0)
        # The tables a key stands in are near to it by their letters alone.
        others = [known for known in self._keys if not full.startswith(f"{known}.")]
        near = near or difflib.get_close_matches(full, others, n=1, cutoff=0.75)
        if near:
            return f"unknown key; did you mean {near[0]}?"
        if not siblings:
            return "unknown key; this is no table"
        return f"unknown key; allowed here are: {', '.join(siblings)}"

    def _walk(self, path: Path, node: Mapping[str, Any]) -> Iterator[str]:
        node = self.resolve(node)
        for table in node.get("anyOf", [node]):
            for key, inner in self.resolve(table).get("properties", {}).items():
                yield dotted((*path, key))
                yield from self._walk((*path, key), inner)

    def allowed(self, node: Mapping[str, Any]) -> str:
        """Say in words what may stand at a node."""
        node = self.resolve(node)
        kind = str(node.get("type"))
        if "anyOf" in node:
            options = [self.allowed(option) for option in node["anyOf"]]
            words = ", or ".join(options)
        elif "enum" in node:
            words = f"one of {', '.join(map(str, node['enum']))}"
        elif kind == "array":
            words = f"a list of {self.allowed(node.get('items', {}))}"
        elif kind == "object":
            keys = ", ".join(node.get("properties", {}))
            words = f"a table {{{keys}}}" if keys else "a table"
        elif kind in {"integer", "number"}:
            words = f"{_NOUNS[kind]} {bounds(node)}".strip()
        else:
            words = _NOUNS.get(kind, "valid")
        return words


def _has(table: Mapping[str, Any], key: str) -> bool:
    return key in table.get("properties", {})


def bounds(node: Mapping[str, Any]) -> str:
    """Say the bounds of a number: ``between 0 and 1``, ``above 0``, ``of at least 1``."""
    low, high = node.get("minimum"), node.get("maximum")
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f"between {low:g} and {high:.10g}"
    words = [
        text
        for text in (
            f"at least {low:g}" if low is not None else "",
            f"above {above:g}" if above is not None else "",
            f"at most {high:.10g}" if high is not None else "",
            f"below {below:g}" if below is not None else "",
        )
        if text
    ]
    return " and ".join(words)


def validation_problems(
    error: ValidationError | None, merged: Merged, vocabulary: Vocabulary
) -> list[Problem]:
    """Return one problem for each value that is wrong.

    Parameters
    ----------
    error : ValidationError or None
        What pydantic found, if anything.
    merged : Merged
        The values, and which file set which.
    vocabulary : Vocabulary
        Keys and what is allowed at each.

    Returns
    -------
    list of Problem
        In the order of the scenario; numbers that are not finite come first. Of many unknown keys
        the first `MAX_UNKNOWN` are told and the others counted, last.
    """
    found: dict[tuple[str, str], Problem] = {}
    for path, value in _not_finite(merged.data, ()):
        allowed = _bare_number(vocabulary.allowed(vocabulary.node(path)))
        _add(found, merged, path, f"must be {allowed}, got {shown(value)}")
    unknown: Counter[str] = Counter()
    for line in error.errors(include_url=False) if error else ():
        if line["type"] == "extra_forbidden":
            where = merged.setter(line["loc"]).where
            unknown[where] += 1
            if unknown[where] > MAX_UNKNOWN:
                continue
        path, message = _explain(line, merged, vocabulary)
        _add(found, merged, path, message)
    counted = [more for where, n in unknown.items() for more in more_unknown(where, "", n)]
    return [*found.values(), *counted]


def more_unknown(where: str, table: str, count: int) -> list[Problem]:
    """Count the unknown keys of a file, or of one of its tables, beyond those that are told."""
    more = count - MAX_UNKNOWN
    return [Problem(where, table, f"and {more:,} more unknown keys")] if more > 0 else []


def _explain(line: Any, merged: Merged, vocabulary: Vocabulary) -> tuple[Path, str]:
    """Return where an error of pydantic stands in the user's data, and its plain words."""
    path: Path = tuple(line["loc"])
    value, followed = lookup(merged.data, path)
    kind, node = line["type"], vocabulary.node(followed)
    if kind == "missing" and followed == path[:-1]:
        return path, _missing(vocabulary, path)
    if kind == "extra_forbidden":
        return path, vocabulary.unknown(path)
    if kind == "value_error":
        message = str(line.get("ctx", {}).get("error", line["msg"]))
    elif kind in _BOUND_ERRORS and followed == path:
        message = f"must be {bounds(node) or vocabulary.allowed(node)}, got {shown(value)}"
    elif kind in {"string_pattern_mismatch", "string_too_long", "string_too_short"}:
        message = f"must be {_text(node)}, got {shown(value)}"
    elif node:
        message = f"must be {vocabulary.allowed(node)}, got {shown(value)}"
    else:
        message = f"{line['msg']}, got {shown(value)}"
    return followed, message


def _add(found: dict[tuple[str, str], Problem], merged: Merged, path: Path, message: str) -> None:
    where, key = merged.setter(path).where, dotted(path)
    found.setdefault((where, key), Problem(where, key, message))


def _missing(vocabulary: Vocabulary, path: Path) -> str:
    node = vocabulary.node(path)
    description = str(node.get("description", "")).rstrip(".")
    tail = f": {description}" if description else ""
    return f'is missing{tail}; give it, or begin with extends = "policy-2023"'


def _text(node: Mapping[str, Any]) -> str:
    description = str(node.get("description", "")).rstrip(".")
    if description:
        longest = f" (at most {node['maxLength']} characters)" if "maxLength" in node else ""
        return f"{description[0].lower()}{description[1:]}{longest}"
    return f"text that matches {node['pattern']}" if "pattern" in node else "text in quotes"


def _not_finite(entry: Any, path: Path) -> Iterator[tuple[Path, float]]:
    if isinstance(entry, float) and not math.isfinite(entry):
        yield path, entry
    elif isinstance(entry, Mapping):
        for key, inner in entry.items():
            yield from _not_finite(inner, (*path, key))
    elif isinstance(entry, list):
        for position, inner in enumerate(entry):
            yield from _not_finite(inner, (*path, position))


def _bare_number(allowed: str) -> str:
    return allowed if "number" in allowed else "a finite number"
