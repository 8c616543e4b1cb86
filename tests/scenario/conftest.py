from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from dcsite.contract import Rule, criteria


class Snow(BaseModel):
    """A third party's criterion: every parameter has a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_depth_cm: float = Field(default=50.0, ge=0, description="Least depth, in cm.")
    seasons: tuple[str, ...] = Field(default=("winter",), description="Seasons counted.")


class SnowCriterion:
    name = "snow"
    Parameters = Snow
    rules = (Rule("snow_depth", "snow lies deep", "雪が深い", "hub", ()),)


@pytest.fixture
def snow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register a third party's criterion beside those there are."""
    known = (*criteria(), SnowCriterion())
    monkeypatch.setattr("dcsite.scenario.schema.criteria", lambda: known)


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], str]:
    """Write a file into a fresh working folder and return the relative path it is called by."""
    monkeypatch.chdir(tmp_path)

    def _write(name: str, text: str) -> str:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    return _write
