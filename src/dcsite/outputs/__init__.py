"""What people see: the map, the plan as JSON and the tables, written whole or not at all."""

from .write import (
    FILE_NAMES,
    OutputPaths,
    StudyPaths,
    check_directory,
    write_explanation,
    write_outputs,
    write_schedule,
)

__all__ = [
    "FILE_NAMES",
    "OutputPaths",
    "StudyPaths",
    "check_directory",
    "write_explanation",
    "write_outputs",
    "write_schedule",
]
