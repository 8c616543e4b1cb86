"""Read what a scenario is made of: shipped names, TOML files, ``extends`` chains, ``--set``."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from dcsite.errors import Problem, ScenarioError

from .keys import shown, toml_value

#: Keys of a scenario file that say how it is read, not what is asked.
EXTENDS, SOURCES = "extends", "sources"

_MAX_BYTES = 1_000_000  # a scenario of all shipped keys has about 15 kB
_MAX_CHAIN = 32
_SUFFIX = ".toml"


@dataclass(frozen=True)
class Layer:
    """One file or override, as it was given.

    Parameters
    ----------
    where : str
        What to call it in messages and sources.
    kind : {"shipped", "file", "set"}
        Where it comes from.
    stem : str
        Name the scenario takes where it gives none.
    data : mapping
        Its tables, without ``extends`` and ``sources``.
    sources : Any
        Its table ``[sources]``, not yet read.
    extends : str or None
        What it extends, as it was written.
    """

    where: str
    kind: Literal["shipped", "file", "set"]
    stem: str
    data: Mapping[str, Any]
    sources: Any = field(default_factory=dict)
    extends: str | None = None


def shipped_names() -> tuple[str, ...]:
    """Return the names of the scenarios that come with dcsite, sorted."""
    folder = resources.files("dcsite.scenario") / "shipped"
    return tuple(
        sorted(
            entry.name.removesuffix(_SUFFIX)
            for entry in folder.iterdir()
            if entry.name.endswith(_SUFFIX)
        )
    )


def read_chain(source: str | Path) -> tuple[Layer, ...]:
    """Read a scenario and everything it extends.

    Parameters
    ----------
    source : str or Path
        Shipped name or path of a TOML file; a `Path` is always a file.

    Returns
    -------
    tuple of Layer
        The root of the chain first, `source` last.

    Raises
    ------
    ScenarioError
        If a file cannot be read or the chain closes on itself.
    """
    return _chain(source, Path(), None, {})


def _chain(
    step: str | Path, folder: Path, asked_by: Layer | None, seen: Mapping[str, str]
) -> tuple[Layer, ...]:
    """Read one step and what it extends; `seen` holds the steps before it, identity to name."""
    shipped = isinstance(step, str) and step in shipped_names()
    path = folder / _expand(step)
    name = str(step) if shipped else str(path)
    identity = f"shipped:{name}" if shipped else _identity(path)
    if identity in seen:
        loop = " -> ".join([*seen.values(), name])
        raise _error(asked_by, name, f"extends must not lead back to itself: {loop}")
    if len(seen) >= _MAX_CHAIN:
        raise _error(asked_by, name, f"a chain of extends has at most {_MAX_CHAIN} files")
    layer = _read_shipped(name) if shipped else _read_file(path, asked_by)
    if layer.extends is None:
        return (layer,)
    below = _chain(layer.extends, path.parent, layer, {**seen, identity: name})
    return (*below, layer)


def _identity(path: Path) -> str:
    """Return what tells a file from others, by whatever path it is reached."""
    try:
        return str(path.resolve())
    except (OSError, RuntimeError, ValueError):  # a loop of links, a zero byte: reading says so
        return str(path)


def _expand(step: str | Path) -> Path:
    """Return a path with ``~`` resolved where there is a home folder."""
    try:
        return Path(step).expanduser()
    except RuntimeError:
        return Path(step)


def _error(asked_by: Layer | None, name: str, message: str) -> ScenarioError:
    """Make an error about a file, placed at the ``extends`` that asked for it if there is one."""
    if asked_by is None:
        return ScenarioError(Problem(name, "", message))
    return ScenarioError(Problem(asked_by.where, EXTENDS, f"{name}: {message}"))


def _read_shipped(name: str) -> Layer:
    text = (resources.files("dcsite.scenario") / "shipped" / f"{name}{_SUFFIX}").read_text("utf-8")
    return _layer(f"{name} (shipped)", "shipped", name, text, None)


def _read_file(path: Path, asked_by: Layer | None) -> Layer:
    name = str(path)
    try:
        if path.is_dir():
            raise _error(asked_by, name, "is a folder; give a TOML file or a shipped name")
        if not path.exists():
            raise _error(asked_by, name, _not_found(path))
        if not path.is_file():
            raise _error(asked_by, name, "is no regular file; give a TOML file")
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise _error(
                asked_by,
                name,
                f"is {size / 1e6:.1f} MB; a scenario is a TOML file of at most "
                f"{_MAX_BYTES / 1e6:g} MB",
            )
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start + 1}); save it as UTF-8"
        raise _error(asked_by, name, message) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _error(asked_by, name, f"cannot be read: {reason}") from error
    return _layer(name, "file", _stem(path), text, asked_by)


def _not_found(path: Path) -> str:
    shipped = shipped_names()
    near = difflib.get_close_matches(path.name.removesuffix(_SUFFIX), shipped, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"no such file or shipped scenario; {hint}shipped are: {', '.join(shipped)}"


def _stem(path: Path) -> str:
    """Return a scenario name made of a file name: letters, digits, dot, dash, underline."""
    return re.sub(r"[^\w.-]+", "-", path.stem).strip("-.")[:64] or "scenario"


def _layer(
    where: str, kind: Literal["shipped", "file"], stem: str, text: str, asked_by: Layer | None
) -> Layer:
    if not text.strip():
        raise _error(
            asked_by, where, 'is empty; begin with extends = "policy-2023" and say what differs'
        )
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError(_syntax_problem(where, error)) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; deep nesting
        message = f"cannot be read as TOML: {str(error).split(';')[0]}"
        raise ScenarioError(Problem(where, "", message)) from error
    extends = data.pop(EXTENDS, None)
    if extends is not None and (not isinstance(extends, str) or not extends.strip()):
        message = f"must be a shipped name or the path of a TOML file, got {shown(extends)}"
        raise ScenarioError(Problem(where, EXTENDS, message))
    return Layer(where, kind, stem, data, data.pop(SOURCES, {}), extends)


def _syntax_problem(where: str, error: tomllib.TOMLDecodeError) -> Problem:
    """Say where TOML syntax breaks, in words a reader of TOML uses."""
    text = str(error)
    place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", text)
    reason = text[: place.start()] if place else text
    at = "end of file"
    if place and place[1]:
        at = f"line {place[1]}, column {place[2]}"
    if "overwrite" in reason or "declare" in reason or "mutate" in reason:
        reason = f"a key or table is given twice ({reason})"
    return Problem(where, at, f"is not valid TOML: {reason}")


def parse_override(text: str) -> Layer | Problem:
    """Read one ``key=value`` of ``--set``; the value is TOML, else plain text.

    Returns
    -------
    Layer or Problem
        A layer that sets this one key, or what is wrong with the text.
    """
    key, equals, value = (part.strip() for part in text.partition("="))
    parts = [part.strip() for part in key.split(".")]
    if not equals or not all(parts):
        return Problem("--set", "", f"must be KEY=VALUE such as demand.pue=1.2, got {shown(text)}")
    if not value:
        return Problem("--set", key, f"has no value; write {key}=VALUE")
    if parts[0] in {EXTENDS, SOURCES}:
        return Problem("--set", key, "can only be given in a scenario file")
    data: Any = _override_value(value)
    for part in reversed(parts):
        data = {part: data}
    return Layer("--set", "set", "", data)


def _override_value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"v = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["v"] if list(parsed) == ["v"] else text


def override_texts(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Write values by dotted key as ``--set`` takes them: ``KEY=VALUE``, the value in TOML."""
    return tuple(f"{key}={toml_value(value)}" for key, value in values.items())


def parse_overrides(texts: Sequence[str]) -> tuple[list[Layer], list[Problem]]:
    """Read every ``--set`` and collect what is wrong with them."""
    results = [parse_override(text) for text in texts]
    return (
        [result for result in results if isinstance(result, Layer)],
        [result for result in results if isinstance(result, Problem)],
    )
