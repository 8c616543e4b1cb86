"""Read a TOML of stated assumptions, shipped beside this module or a user's own, by its schema."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from dcsite.errors import Problem, ScenarioError
from dcsite.scenario.layers import parse_toml, read_text, shown

if TYPE_CHECKING:
    from pathlib import Path


#: More problems than this are counted, not listed.
_LISTED = 20


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
        if path is None:
            text = files("dcsite.studies").joinpath(cls.shipped).read_text("utf-8")
        else:
            text = read_text(path, lambda message: ScenarioError(Problem(where, "", message)))
        try:
            # As JSON, where a list is a tuple while a text or a yes is never a number.
            said = json.dumps(parse_toml(where, text), default=str)
            return cls.model_validate_json(said, strict=True)
        except ValidationError as error:
            problems = []
            for found in error.errors()[:_LISTED]:
                given = "" if isinstance(found["input"], dict) else f", got {shown(found['input'])}"
                key = ".".join(map(str, found["loc"]))
                problems.append(Problem(where, key, f"{found['msg']}{given}"))
            if (more := error.error_count() - _LISTED) > 0:
                problems.append(Problem(where, "", f"{more} more problems not shown"))
            raise ScenarioError(problems) from error
