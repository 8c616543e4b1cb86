"""Work through the tasks of all parts, and keep what is done, whatever happens next."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from dcsite.errors import BenchError, DcsiteError, Problem

from . import dispersion, growth, peers, phases, records, rows
from .child import LateRunError, measure_fresh
from .machine import Machine, this_machine, versions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .task import PartName, Request, Row, Task

__all__ = ["Report", "plan_parts", "run_parts"]

_TASKS: Mapping[PartName, Callable[[Request], list[Task]]] = {
    "run": phases.tasks,
    "rows": rows.tasks,
    "peers": peers.tasks,
    "dispersion": dispersion.tasks,
    "growth": growth.tasks,
    "records": records.tasks,
}


@dataclass
class Report:
    """What was measured so far; it grows row by row.

    Parameters
    ----------
    request : Request
        What was asked for.
    date : str
        When it began, ISO 8601 in UTC.
    machine : Machine
        Where it ran.
    versions : mapping of str to str
        With what.
    rows : dict
        Rows by part, in the order measured.
    notes : list of str
        Parts that were passed over, and why.
    errors : list
        Tasks that failed: part, label and error.
    interrupted : bool
        Whether the user stopped it.
    """

    request: Request
    date: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    machine: Machine = field(default_factory=this_machine)
    versions: Mapping[str, str] = field(default_factory=versions)
    rows: dict[PartName, list[Row]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    errors: list[tuple[PartName, str, DcsiteError]] = field(default_factory=list)
    interrupted: bool = False

    def to_json(self) -> str:
        """Return one JSON object: machine, date, versions, what was asked, a list for each part."""
        asked = self.request
        whole: dict[str, Any] = {
            "date": self.date,
            "machine": self.machine.model_dump(mode="json"),
            "versions": dict(self.versions),
            "scenario": asked.scenario,
            "set": list(asked.overrides),
            "time_limit_s": asked.time_limit_s,
            "seed": asked.seed,
            "interrupted": self.interrupted,
            "notes": self.notes,
            "errors": [
                {"part": part, "task": label, "error": str(error)}
                for part, label, error in self.errors
            ],
        }
        for part, found in self.rows.items():
            whole[part] = [row.model_dump(mode="json") for row in found]
        return json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def plan_parts(
    request: Request, parts: Sequence[PartName]
) -> tuple[dict[PartName, list[Task]], list[str]]:
    """List the tasks of the parts asked for, or of those that need nothing more than dcsite.

    Parameters
    ----------
    request : Request
        What is asked for.
    parts : sequence of str
        Parts; when empty, ``run``, ``rows``, ``peers`` if spopt is installed, ``dispersion`` if
        there is a folder of instances, and ``records``.

    Returns
    -------
    tasks : dict
        Tasks by part.
    notes : list of str
        Parts passed over, and why.

    Raises
    ------
    DcsiteError
        If files or options cannot be used; nothing has run then.
    """
    notes: list[str] = []
    wanted = list(dict.fromkeys(parts))
    if not wanted:
        wanted = ["run", "rows"]
        lacking = peers.missing()
        if lacking is None:
            wanted.append("peers")
        else:
            notes.append(f"peers: skipped, {lacking}")
        if request.instances is not None:
            wanted.append("dispersion")
        wanted.append("records")
    if "dispersion" not in wanted and request.instances is not None:
        raise BenchError(Problem("--instances", "", "is for --part dispersion; ask for it too"))
    if "dispersion" not in wanted and request.published is not None:
        raise BenchError(
            Problem("--published", "", "is for --part dispersion; give --instances too")
        )
    return {part: _TASKS[part](request) for part in wanted}, notes


def run_parts(
    report: Report,
    tasks: Mapping[PartName, Sequence[Task]],
    *,
    on_task: Callable[[PartName, Task], None],
    on_row: Callable[[], None],
    measure: Callable[..., Row] = measure_fresh,
) -> None:
    """Measure all tasks one after the other into a report.

    A task that fails is noted, and the next one begins. Ctrl-C ends the task that runs and leaves
    the others out.

    Parameters
    ----------
    report : Report
        Gets the rows.
    tasks : mapping
        Tasks by part.
    on_task : callable
        Told before each task.
    on_row : callable
        Called after each.
    measure : callable
        Measures a function of its argument within a limit; in a fresh process by default.
    """
    try:
        for part, listed in tasks.items():
            found = report.rows.setdefault(part, [])
            for task in listed:
                on_task(part, task)
                try:
                    found.append(measure(task.measure, task.asked, task.limit_s))
                except LateRunError as error:
                    if task.late is None:
                        report.errors.append((part, task.label, error))
                    else:
                        found.append(task.late)
                except DcsiteError as error:
                    report.errors.append((part, task.label, error))
                on_row()
    except KeyboardInterrupt:
        report.interrupted = True
        on_row()
