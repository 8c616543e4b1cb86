"""Dotted keys: flatten tables to values, walk them, and write a value as TOML does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import tomli_w

_RANGE_KEYS = {"min", "max"}
_MAX_SHOWN = 60


def is_value(entry: Any) -> bool:
    """Tell whether an entry is one value: no table, or a range given as ``{min, max}``."""
    return not isinstance(entry, Mapping) or (bool(entry) and set(entry) <= _RANGE_KEYS)


def flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted key and value of everything in a table, ranges and lists as one value."""
    for key, entry in table.items():
        name = f"{prefix}{key}"
        if is_value(entry):
            yield name, entry
        else:
            yield from flatten(entry, f"{name}.")


def dotted(path: tuple[str | int, ...]) -> str:
    """Write a path as a dotted key, safe to print; list positions in brackets, from 1."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def lookup(table: Any, path: tuple[str | int, ...]) -> tuple[Any, tuple[str | int, ...]]:
    """Follow a path as far as the data goes; return what stands there and the path followed."""
    for depth, part in enumerate(path):
        inner = isinstance(table, Mapping) and part in table
        inner |= isinstance(table, list) and part in range(len(table))
        if not inner:
            return table, path[:depth]
        table = table[part]
    return table, path


def toml_value(value: Any) -> str:
    """Write a value as TOML on one line; whole floats lose their ``.0``."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{key} = {toml_value(entry)}" for key, entry in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(entry) for entry in value)}]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return tomli_w.dumps({"v": value}).removeprefix("v = ").rstrip("\n")


def shown(value: Any) -> str:
    """Write a value for a message: as TOML, control characters out, cut where it is long."""
    if isinstance(value, Mapping):
        return "a table" if value else "an empty table"
    text = re.sub(r"\s+", " ", toml_value(value))
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"
