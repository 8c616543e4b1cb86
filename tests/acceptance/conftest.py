"""The default run of the end-to-end tests, which solves once for both rooms, and its edge."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ..end_to_end.conftest import (  # noqa: TID252  # tests are no installed package
    default_run,
    geodata,
    once,
    plain_environment,
    plan,
    program,
    start,
    table,
    two_default_runs,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..end_to_end.conftest import Finished, Running  # noqa: TID252

__all__ = [
    "default_run",
    "geodata",
    "once",
    "plain_environment",
    "plan",
    "program",
    "start",
    "table",
    "two_default_runs",
]


@pytest.fixture(scope="session")
def edge(
    once: Callable[..., list[Finished]],
    start: Callable[..., Running],
    default_run: Finished,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Any]:
    """Edge sites of the strategy's corridors under the default plan."""

    def make() -> list[Finished]:
        folder = tmp_path_factory.mktemp("edge")
        return [start("edge", default_run.directory, cwd=folder).finish(folder)]

    (run,) = once("default-edge", make)
    assert run.code == 0, run.stderr
    found: dict[str, Any] = json.loads(
        (run.directory / "dcsite-out" / "edge" / "edge.json").read_text("utf-8")
    )
    return found
