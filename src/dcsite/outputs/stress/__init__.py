"""What a stress test leaves: its figures as JSON, and a page with chart, tables and a map."""

from dcsite.outputs.write import STRESS_FILES

from .write import StressPaths, check_stress_directory, write_stress

__all__ = ["STRESS_FILES", "StressPaths", "check_stress_directory", "write_stress"]
