"""Lay one layer over another, and remember which layer set what."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from .keys import is_value
from .layers import Layer

Path: TypeAlias = tuple[str | int, ...]


@dataclass
class Merged:
    """All layers as one table.

    Parameters
    ----------
    data : dict
        The resolved tables.
    setters : dict
        For each path the last layer that changed what stands there.
    top : Layer
        The file or shipped scenario that was asked for.
    """

    data: dict[str, Any]
    top: Layer
    setters: dict[Path, Layer] = field(default_factory=dict)

    def setter(self, path: Path) -> Layer:
        """Return the layer that set what stands at a path, or else the tables around it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.setters:
                return self.setters[path[:length]]
        return self.top


def merge(layers: Sequence[Layer]) -> Merged:
    """Lay each layer over those before it.

    Tables are merged key by key. Where one side gives a range as a number and the other as
    ``{min, max}``, the number stands for both ends.
    """
    files = [layer for layer in layers if layer.kind != "set"]
    merged = Merged({}, files[-1])
    for layer in layers:
        data = dict(layer.data)
        if layer.kind != "set" and "name" not in data:
            data["name"] = layer.stem
        if layer.kind != "set" and merged.data:
            _retitle(data, merged.data)
        merged.data = _over(merged.data, data, layer, merged.setters, ())
    return merged


def _retitle(data: dict[str, Any], base: Mapping[str, Any]) -> None:
    """Tell a changed scenario from its base where its file gives no title of its own."""
    for key, form in (("title_en", "{} ({})"), ("title_ja", "{}（{}）")):
        if key not in data and isinstance(base.get(key), str):
            data[key] = form.format(base[key], data["name"])


def _over(
    base: Mapping[str, Any],
    over: Mapping[str, Any],
    layer: Layer,
    setters: dict[Path, Layer],
    path: Path,
) -> dict[str, Any]:
    result = dict(base)
    for key, new in over.items():
        here = (*path, key)
        old = result.get(key)
        if isinstance(new, Mapping):
            below = _as_range(old) if is_value(new) else old
            result[key] = _over(
                below if isinstance(below, Mapping) else {}, new, layer, setters, here
            )
        else:
            result[key] = copy.deepcopy(new)
        if key not in base or not _same(old, result[key]):
            if not isinstance(new, Mapping):
                _forget(setters, here, old)
            setters[here] = layer
    return result


def _forget(setters: dict[Path, Layer], path: Path, old: Any) -> None:
    """Forget who set what stood at a path and, where it was a table, below it."""
    setters.pop(path, None)
    if isinstance(old, Mapping):
        for key, inner in old.items():
            _forget(setters, (*path, key), inner)


def _as_range(value: Any) -> Any:
    """Read a number as a range with equal ends; leave everything else."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"min": value, "max": value}
    return value


def _same(old: Any, new: Any) -> bool:
    """Tell whether two values mean the same; true and 1 do not."""
    if isinstance(old, bool) or isinstance(new, bool):
        return old is new
    if isinstance(old, Mapping) != isinstance(new, Mapping):
        old, new = _as_range(old), _as_range(new)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return set(old) == set(new) and all(_same(old[key], new[key]) for key in new)
    return bool(old == new)
