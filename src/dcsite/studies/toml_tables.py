"""Read a TOML of stated assumptions, shipped beside this module or a user's own, by its schema."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from dcsite.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from pathlib import Path

Table = TypeVar("Table", bound=BaseModel)

#: Far more than such a file can need; what is larger is another file.
_MAX_BYTES = 1_000_000


def read_table(schema: type[Table], shipped: str, path: Path | None) -> Table:
    """Read and check a file.

    Parameters
    ----------
    schema : type of pydantic.BaseModel
        What it must hold.
    shipped : str
        Name of the file that comes with dcsite.
    path : Path, optional
        A user's own in its place.

    Raises
    ------
    ScenarioError
        If the file cannot be read or says something that is not understood.
    """
    where = shipped if path is None else str(path)
    try:
        if path is None:
            data = files("dcsite.studies").joinpath(shipped).read_bytes()
        else:
            if path.is_file() and path.stat().st_size > _MAX_BYTES:
                raise ScenarioError(Problem(where, "", "is too large for a file of assumptions"))
            data = path.read_bytes()
        return schema.model_validate(tomllib.loads(data.decode("utf-8")))
    except OSError as error:
        reason = error.strerror or str(error)
        raise ScenarioError(Problem(where, "", f"cannot be read ({reason})")) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(Problem(where, "", f"is not TOML: {error}")) from error
    except ValidationError as error:
        raise ScenarioError(
            [
                Problem(
                    where,
                    ".".join(map(str, found["loc"])),
                    f"{found['msg']}, got {found['input']!r}"
                    if not isinstance(found["input"], dict)
                    else str(found["msg"]),
                )
                for found in error.errors()
            ]
        ) from error
