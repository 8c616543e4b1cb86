"""Bring the descriptor up to date after a wanted edit: ``python -m dcsite.atlas.describe``.

Recomputes what follows from the files themselves (bytes, SHA-256, rows, marks) and leaves all that
people wrote alone. A new column or table has to be described by hand first.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from dcsite.errors import GeodataError, Problem

from .atlas import default_root
from .descriptor import DESCRIPTOR, ResourceSpec, read_package
from .marks import column_marks, columns_of_csv, columns_of_geojson


def _columns(spec: ResourceSpec, data: bytes) -> dict[str, list[str]]:
    try:
        text = data.decode(spec.encoding)
        if spec.features is not None:
            names = [field.name for field in spec.features.properties]
            return columns_of_geojson(text, names)
        return columns_of_csv(text)
    except (ValueError, KeyError, TypeError) as error:
        raise GeodataError(Problem(spec.path, "", f"cannot be read ({error})")) from error


def refresh(root: Path) -> list[str]:
    """Rewrite bytes, hash, rows and marks of every resource in ``datapackage.json``.

    Parameters
    ----------
    root : Path
        The geodata folder.

    Returns
    -------
    list of str
        Names of the resources whose entry changed; the file is written only when there are any.

    Raises
    ------
    GeodataError
        When the descriptor or a table cannot be read.
    """
    path = root / DESCRIPTOR
    specs = {spec.name: spec for spec in read_package(root).resources}
    descriptor: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    changed = []
    for entry in descriptor["resources"]:
        spec = specs[entry["name"]]
        try:
            data = (root / spec.path).read_bytes()
        except OSError as error:
            raise GeodataError(
                Problem(spec.path, "", f"cannot be read ({error.strerror})")
            ) from error
        columns = _columns(spec, data)
        facts = {
            "bytes": len(data),
            "hash": "sha256:" + hashlib.sha256(data).hexdigest(),
            "rows": max((len(column) for column in columns.values()), default=0),
            "marks": column_marks(columns),
        }
        if any(entry.get(key) != value for key, value in facts.items()):
            entry.update(facts)
            changed.append(spec.name)
    if changed:
        text = json.dumps(descriptor, ensure_ascii=False, indent=1) + "\n"
        path.write_text(text, encoding="utf-8")
    return changed


def main(arguments: list[str] | None = None) -> int:
    """Run the refresh from the command line and say what changed."""
    parser = argparse.ArgumentParser(prog="python -m dcsite.atlas.describe", description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=default_root())
    root: Path = parser.parse_args(arguments).root
    try:
        changed = refresh(root)
    except GeodataError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    sys.stdout.write("".join(f"updated {name}\n" for name in changed) or "nothing to update\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
