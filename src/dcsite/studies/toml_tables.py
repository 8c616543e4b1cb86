"""Read a TOML of stated assumptions, shipped beside this module or a user's own, by its schema."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from dcsite.errors import Problem, ScenarioError

if TYPE_CHECKING:
    from pathlib import Path

#: Far more than such a file can need; what is larger is another file.
_MAX_BYTES = 1_000_000


class Stated(BaseModel):
    """A table of stated values, or a whole file of them, which comes with dcsite as `shipped`."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    shipped: ClassVar[str] = ""

    @classmethod
    def read(cls, path: Path | None = None) -> Self:
        """Read and check the shipped file, or a user's own in its place.

        Raises
        ------
        ScenarioError
            If the file cannot be read or says something that is not understood.
        """
        where = cls.shipped if path is None else str(path)
        try:
            if path is None:
                data = files("dcsite.studies").joinpath(cls.shipped).read_bytes()
            else:
                if path.is_file() and path.stat().st_size > _MAX_BYTES:
                    raise ScenarioError(
                        Problem(where, "", "is too large for a file of assumptions")
                    )
                data = path.read_bytes()
            return cls.model_validate(tomllib.loads(data.decode("utf-8")))
        except OSError as error:
            reason = error.strerror or str(error)
            raise ScenarioError(Problem(where, "", f"cannot be read ({reason})")) from error
        except ValidationError as error:
            problems = []
            for found in error.errors():
                given = "" if isinstance(found["input"], dict) else f", got {found['input']!r}"
                key = ".".join(map(str, found["loc"]))
                problems.append(Problem(where, key, f"{found['msg']}{given}"))
            raise ScenarioError(problems) from error
        except (ValueError, RecursionError) as error:  # also digits by the thousand, deep nesting
            raise ScenarioError(Problem(where, "", f"is not TOML: {error}")) from error
