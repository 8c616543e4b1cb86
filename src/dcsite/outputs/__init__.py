"""What people see: the map, the plan as JSON and the tables, written whole or not at all."""

from .explanation_json import explanation_schema
from .plan_json import plan_schema, plan_to_json
from .write import FILE_NAMES, OutputPaths, check_directory, write_explanation, write_outputs

__all__ = [
    "FILE_NAMES",
    "OutputPaths",
    "check_directory",
    "explanation_schema",
    "plan_schema",
    "plan_to_json",
    "write_explanation",
    "write_outputs",
]
