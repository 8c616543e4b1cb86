"""What a scenario is made of: files, ``extends`` chains and ``--set``, laid over each other.

A scenario is tables of keys, written dotted (``tiers.core.count``). Each file or override is one
layer; of every value the merged tables remember which layer set it.
"""

from __future__ import annotations

import copy
import difflib
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal, TypeAlias

from dcsite.errors import Problem, ScenarioError

KeyPath: TypeAlias = tuple[str | int, ...]

#: Keys of a scenario file that say how it is read, not what is asked.
EXTENDS, SOURCES = "extends", "sources"

_MAX_BYTES = 1_000_000  # a scenario of all shipped keys has about 15 kB
_MAX_CHAIN = 32
_MAX_DEPTH = 16
_MAX_SHOWN = 60
_SUFFIX = ".toml"
_SHIPPED = resources.files("dcsite.scenario") / "shipped"


# Values: how a table is walked and written.


def is_value(entry: Any) -> bool:
    """Tell whether an entry is one value: no table, or a range given as ``{min, max}``."""
    return not isinstance(entry, Mapping) or (bool(entry) and set(entry) <= {"min", "max"})


def as_range(value: Any) -> Any:
    """Read a number as a range with equal ends; leave everything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"min": value, "max": value}
    return value


def flatten(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield dotted key and value of everything in a table, ranges and lists as one value."""
    for key, entry in table.items():
        if is_value(entry):
            yield f"{prefix}{key}", entry
        else:
            yield from flatten(entry, f"{prefix}{key}.")


def toml_key(key: str) -> str:
    """Write a key as TOML, in quotes only where it needs them."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else toml_value(key)


def toml_value(value: Any) -> str:
    """Write a value as TOML on one line; whole floats lose their ``.0``."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{toml_key(key)} = {toml_value(entry)}" for key, entry in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, str):  # TOML escapes as JSON does, and DEL too
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def shown(value: Any) -> str:
    """Write a value for a message: as TOML, control characters out, cut where it is long."""
    if isinstance(value, Mapping):
        return "a table" if value else "an empty table"
    text = re.sub(r"\s+", " ", toml_value(value))
    return text if len(text) <= _MAX_SHOWN else f"{text[: _MAX_SHOWN - 1]}…"


# Layers: shipped names, files and what they extend, ``--set``.


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
    names = (entry.name for entry in _SHIPPED.iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


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
    chain: list[Layer] = []
    seen: dict[str, str] = {}  # name of each step, by what tells its file from others
    step, folder = source, Path()
    while True:
        shipped = isinstance(step, str) and step in shipped_names()
        path = folder / _expand(step)
        name = str(step) if shipped else str(path)

        def wrong(message: str, name: str = name) -> ScenarioError:
            """Place an error about a file at the ``extends`` that asked for it, if there is one."""
            if not chain:
                return ScenarioError(Problem(name, "", message))
            return ScenarioError(Problem(chain[-1].where, EXTENDS, f"{name}: {message}"))

        identity = f"shipped:{name}" if shipped else _identity(path)
        if identity in seen:
            loop = " -> ".join([*seen.values(), name])
            raise wrong(f"extends must not lead back to itself: {loop}")
        if len(seen) >= _MAX_CHAIN:
            raise wrong(f"a chain of extends has at most {_MAX_CHAIN} files")
        seen[identity] = name
        if shipped:
            text = (_SHIPPED / f"{name}{_SUFFIX}").read_text("utf-8")
            layer = _layer(f"{name} (shipped)", "shipped", name, text)
        else:
            text = read_text(path, wrong, shipped_names())
            if not text.strip():
                raise wrong('is empty; begin with extends = "policy-2023" and say what differs')
            # A scenario's name is made of letters, digits, dot, dash and underline.
            stem = re.sub(r"[^\w.-]+", "-", path.stem).strip("-.")[:64] or "scenario"
            layer = _layer(name, "file", stem, text)
        chain.append(layer)
        if layer.extends is None:
            return tuple(reversed(chain))
        step, folder = layer.extends, path.parent


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


def read_text(
    path: Path, wrong: Callable[[str], ScenarioError], shipped: Sequence[str] = ()
) -> str:
    """Read a user's TOML file as text, whatever stands there.

    Parameters
    ----------
    path : Path
        Where it should stand.
    wrong : callable
        Makes the error of a message, with its place.
    shipped : sequence of str
        Names that could have been meant instead of a file.

    Raises
    ------
    ScenarioError
        If it is no file, larger than 1 MB, not UTF-8 or cannot be read.
    """
    try:
        if path.is_dir():
            raise wrong(f"is a folder; give a TOML file{' or a shipped name' if shipped else ''}")
        if not path.exists():
            near = difflib.get_close_matches(path.name.removesuffix(_SUFFIX), shipped, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            names = f" or shipped scenario; {hint}shipped are: {', '.join(shipped)}"
            raise wrong(f"no such file{names if shipped else ''}")
        if not path.is_file():
            raise wrong("is no regular file; give a TOML file")
        size = path.stat().st_size
        if size > _MAX_BYTES:
            most = f"give a TOML file of at most {_MAX_BYTES / 1e6:g} MB"
            raise wrong(f"is {size / 1e6:.1f} MB; {most}")
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start + 1}); save it as UTF-8"
        raise wrong(message) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise wrong(f"cannot be read: {reason}") from error


def parse_toml(where: str, text: str) -> dict[str, Any]:
    """Read TOML.

    Raises
    ------
    ScenarioError
        With line and column, in words a reader of TOML uses.
    """
    try:
        data = tomllib.loads(text)
        _check_limits(data)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error))
        reason = place[1] if place else str(error)
        at = f"line {place[2]}, column {place[3]}" if place and place[2] else "end of file"
        if any(word in reason for word in ("overwrite", "declare", "mutate")):
            reason = f"a key or table is given twice ({reason})"
        raise ScenarioError(Problem(where, at, f"is not valid TOML: {reason}")) from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; deep nesting
        message = f"cannot be read as TOML: {str(error).split(';')[0]}"
        raise ScenarioError(Problem(where, "", message)) from error
    return data


def _check_limits(entry: Any, depth: int = 0) -> None:
    """Refuse what TOML lets a file say and no program can use.

    Raises
    ------
    ValueError
        If tables and lists nest deeper than `_MAX_DEPTH`, or a whole number has more than 64 bits.
    """
    if depth >= _MAX_DEPTH:
        raise ValueError(f"tables and lists nest deeper than {_MAX_DEPTH}")
    if isinstance(entry, int) and abs(entry) >= 2**63:
        raise ValueError("a whole number has more than 64 bits")
    if isinstance(entry, dict | list):
        for inner in entry.values() if isinstance(entry, dict) else entry:
            _check_limits(inner, depth + 1)


def _layer(where: str, kind: Literal["shipped", "file"], stem: str, text: str) -> Layer:
    data = parse_toml(where, text)
    extends = data.pop(EXTENDS, None)
    if extends is not None and (not isinstance(extends, str) or not extends.strip()):
        message = f"must be a shipped name or the path of a TOML file, got {shown(extends)}"
        raise ScenarioError(Problem(where, EXTENDS, message))
    return Layer(where, kind, stem, data, data.pop(SOURCES, {}), extends)


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
    if len(parts) > _MAX_DEPTH:
        return Problem("--set", shown(key), f"has more than {_MAX_DEPTH} parts")
    if not value:
        return Problem("--set", key, f"has no value; write {key}=VALUE")
    if parts[0] in {EXTENDS, SOURCES}:
        return Problem("--set", key, "can only be given in a scenario file")
    data: Any = value
    try:
        parsed = tomllib.loads(f"v = {value}")
        _check_limits(parsed)
        if list(parsed) == ["v"]:  # no line break that begins another key
            data = parsed["v"]
    except (ValueError, RecursionError):
        pass  # plain text
    for part in reversed(parts):
        data = {part: data}
    return Layer("--set", "set", "", data)


def override_texts(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Write values by dotted key as ``--set`` takes them: ``KEY=VALUE``, the value in TOML."""
    return tuple(f"{key}={toml_value(value)}" for key, value in values.items())


# Merging.


@dataclass
class Merged:
    """All layers as one table.

    Parameters
    ----------
    data : dict
        The resolved tables.
    top : Layer
        The file or shipped scenario that was asked for.
    setters : dict
        For each path the last layer that changed what stands there.
    """

    data: dict[str, Any]
    top: Layer
    setters: dict[KeyPath, Layer] = field(default_factory=dict)

    def setter(self, path: KeyPath) -> Layer:
        """Return the layer that set what stands at a path, or else the tables around it."""
        around = (path[:length] for length in range(len(path), 0, -1))
        return next((self.setters[part] for part in around if part in self.setters), self.top)


def merge(layers: Sequence[Layer]) -> Merged:
    """Lay each layer over those before it.

    Tables are merged key by key. Where one side gives a range as a number and the other as
    ``{min, max}``, the number stands for both ends. A file that gives no title of its own is told
    from its base by its name, and what its base asks is not said of it.
    """
    merged = Merged({}, [layer for layer in layers if layer.kind != "set"][-1])
    for layer in layers:
        data = dict(layer.data)
        if layer.kind != "set":
            data.setdefault("name", layer.stem)
            for key, form in (("title_en", "{} ({})"), ("title_ja", "{}（{}）")):
                if isinstance(merged.data.get(key), str):
                    data.setdefault(key, form.format(merged.data[key], data["name"]))
                merged.data.pop(key.replace("title", "asks"), None)
        merged.data = _over(merged.data, data, layer, merged.setters, ())
    return merged


def _over(
    base: Mapping[str, Any],
    over: Mapping[str, Any],
    layer: Layer,
    setters: dict[KeyPath, Layer],
    path: KeyPath,
) -> dict[str, Any]:
    result = dict(base)
    for key, new in over.items():
        here = (*path, key)
        old = result.get(key)
        if isinstance(new, Mapping):
            below = as_range(old) if is_value(new) else old
            below = below if isinstance(below, Mapping) else {}
            result[key] = _over(below, new, layer, setters, here)
        else:
            result[key] = copy.deepcopy(new)
        if key not in base or not _same(old, result[key]):
            if not isinstance(new, Mapping):
                _forget(setters, here, old)
            setters[here] = layer
    return result


def _forget(setters: dict[KeyPath, Layer], path: KeyPath, old: Any) -> None:
    """Forget who set what stood at a path and, where it was a table, below it."""
    setters.pop(path, None)
    if isinstance(old, Mapping):
        for key, inner in old.items():
            _forget(setters, (*path, key), inner)


def _same(old: Any, new: Any) -> bool:
    """Tell whether two values mean the same; true and 1 do not."""
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, Mapping) != isinstance(new, Mapping):
        old, new = as_range(old), as_range(new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return set(old) == set(new) and all(_same(old[key], new[key]) for key in new)
    return bool(old == new)
