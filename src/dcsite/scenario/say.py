"""Turn what pydantic finds into plain words: the value found, what is allowed, what to do."""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from dcsite.errors import Problem

from .layers import EXTENDS, SOURCES, KeyPath, Merged, shown

#: To find what an unknown key could have meant takes a millisecond or two; nobody reads thousands.
MAX_UNKNOWN = 20

_NOUNS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text in quotes",
}
_BOUNDS = {
    "minimum": "at least {:g}",
    "exclusiveMinimum": "above {:g}",
    "maximum": "at most {:.10g}",
    "exclusiveMaximum": "below {:g}",
}


def dotted(path: KeyPath) -> str:
    """Write a path as a dotted key, safe to print; list positions in brackets, from 1."""
    parts = (f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    text = "".join(parts).removeprefix(".")
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def _lookup(table: Any, path: KeyPath) -> tuple[Any, KeyPath]:
    """Follow a path as far as the data goes; return what stands there and the path followed."""
    for depth, part in enumerate(path):
        inner = isinstance(table, Mapping) and part in table
        inner |= isinstance(table, list) and part in range(len(table))
        if not inner:
            return table, path[:depth]
        table = table[part]
    return table, path


class Vocabulary:
    """Every key a scenario knows, with what may stand there, read from its JSON Schema.

    Parameters
    ----------
    schema : callable
        Makes the schema; called only when there is something wrong to say.
    """

    def __init__(self, schema: Callable[[], Mapping[str, Any]]) -> None:
        self._make = schema

    @cached_property
    def _schema(self) -> Mapping[str, Any]:
        return self._make()

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Every key and table, dotted."""
        return tuple(self._walk((), self._schema))

    def _walk(self, path: KeyPath, node: Mapping[str, Any]) -> Iterator[str]:
        for key, inner in self._properties(node).items():
            yield dotted((*path, key))
            yield from self._walk((*path, key), inner)

    def _resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
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

    def _properties(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keys of a table, or of the tables that may stand at a node."""
        node = self._resolve(node)
        tables = [self._resolve(option) for option in node.get("anyOf", [node])]
        return {key: own for table in tables for key, own in table.get("properties", {}).items()}

    def node(self, path: KeyPath) -> Mapping[str, Any]:
        """Return the schema of what stands at a path, empty where it is not known."""
        node = self._resolve(self._schema)
        for part in path:
            inside = (
                self._properties(node).get(part) if isinstance(part, str) else node.get("items")
            )
            node = self._resolve(inside or {})
        return node

    def unknown(self, path: KeyPath) -> str:
        """Say that a key is unknown, with the nearest right one or else those allowed."""
        parent, key, full = path[:-1], str(path[-1]), dotted(path)
        siblings = list(self._properties(self.node(parent)))
        if not parent:
            siblings = [EXTENDS, SOURCES, *siblings]
        near = difflib.get_close_matches(key, siblings, n=1)
        if near:
            return f"unknown key; did you mean {dotted((*parent, near[0]))}?"
        same_end = [known for known in self.keys if known.rsplit(".", 1)[-1] == key]
        near = difflib.get_close_matches(full, same_end, n=1, cutoff=0.0)
        # The tables a key stands in are near to it by their letters alone.
        others = [known for known in self.keys if not full.startswith(f"{known}.")]
        near = near or difflib.get_close_matches(full, others, n=1, cutoff=0.75)
        if near:
            return f"unknown key; did you mean {near[0]}?"
        if not siblings:
            return "unknown key; this is no table"
        return f"unknown key; allowed here are: {', '.join(siblings)}"

    def allowed(self, node: Mapping[str, Any]) -> str:
        """Say in words what may stand at a node."""
        node = self._resolve(node)
        kind = str(node.get("type"))
        if "anyOf" in node:
            return ", or ".join(self.allowed(option) for option in node["anyOf"])
        if "const" in node:
            return f'"{node["const"]}"'
        if "enum" in node:
            return f"one of {', '.join(map(str, node['enum']))}"
        if kind == "array":
            return f"a list of {self.allowed(node.get('items', {}))}"
        if kind == "object":
            keys = ", ".join(node.get("properties", {}))
            return f"a table {{{keys}}}" if keys else "a table"
        return f"{_NOUNS.get(kind, 'valid')} {bounds(node)}".strip()


class Unknown:
    """Unknown keys, by file: the first `MAX_UNKNOWN` are told, the others counted."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._found: Counter[str] = Counter()

    def say(self, where: str, path: KeyPath) -> str:
        """Say what is wrong with an unknown key of a file; empty where it is only counted."""
        self._found[where] += 1
        return self._vocabulary.unknown(path) if self._found[where] <= MAX_UNKNOWN else ""

    def others(self, table: str = "") -> list[Problem]:
        """Count the unknown keys of each file, or of one of its tables, that were not told."""
        return [
            Problem(where, table, f"and {count - MAX_UNKNOWN:,} more unknown keys")
            for where, count in self._found.items()
            if count > MAX_UNKNOWN
        ]


def bounds(node: Mapping[str, Any]) -> str:
    """Say the bounds of a number: ``between 0 and 1``, ``above 0``, ``at least 1``."""
    if "minimum" in node and "maximum" in node:
        return f"between {node['minimum']:g} and {node['maximum']:.10g}"
    return " and ".join(form.format(node[key]) for key, form in _BOUNDS.items() if key in node)


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

    def add(path: KeyPath, message: str) -> None:
        where, key = merged.setter(path).where, dotted(path)
        found.setdefault((where, key), Problem(where, key, message))

    for path, value in _not_finite(merged.data, ()):
        allowed = vocabulary.allowed(vocabulary.node(path))
        number = allowed if "number" in allowed else "a finite number"
        add(path, f"must be {number}, got {shown(value)}")
    unknown = Unknown(vocabulary)
    for line in error.errors(include_url=False) if error else ():
        if line["type"] != "extra_forbidden":
            add(*_explain(line, merged, vocabulary))
        elif message := unknown.say(merged.setter(line["loc"]).where, line["loc"]):
            add(line["loc"], message)
    return [*found.values(), *unknown.others()]


def _explain(line: Any, merged: Merged, vocabulary: Vocabulary) -> tuple[KeyPath, str]:
    """Return where an error of pydantic stands in the user's data, and its plain words."""
    path: KeyPath = tuple(line["loc"])
    value, followed = _lookup(merged.data, path)
    kind, node = line["type"], vocabulary.node(followed)
    if kind == "missing" and followed == path[:-1]:
        description = str(vocabulary.node(path).get("description", "")).rstrip(".")
        tail = f": {description}" if description else ""
        return path, f'is missing{tail}; give it, or begin with extends = "policy-2023"'
    if kind == "value_error":
        return followed, str(line.get("ctx", {}).get("error", line["msg"]))
    if kind.startswith(("greater_than", "less_than")) and followed == path:
        wanted = bounds(node) or vocabulary.allowed(node)
    elif kind in {"string_pattern_mismatch", "string_too_long", "string_too_short"}:
        wanted = _text(node)
    elif node:
        wanted = vocabulary.allowed(node)
    else:
        return followed, f"{line['msg']}, got {shown(value)}"
    return followed, f"must be {wanted}, got {shown(value)}"


def _text(node: Mapping[str, Any]) -> str:
    description = str(node.get("description", "")).rstrip(".")
    if description:
        longest = f" (at most {node['maxLength']} characters)" if "maxLength" in node else ""
        return f"{description[0].lower()}{description[1:]}{longest}"
    return f"text that matches {node['pattern']}" if "pattern" in node else "text in quotes"


def _not_finite(entry: Any, path: KeyPath) -> Iterator[tuple[KeyPath, float]]:
    if isinstance(entry, float) and not math.isfinite(entry):
        yield path, entry
    elif isinstance(entry, Mapping | list):
        for key, inner in entry.items() if isinstance(entry, Mapping) else enumerate(entry):
            yield from _not_finite(inner, (*path, key))
