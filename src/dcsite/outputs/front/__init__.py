"""Outputs of a front: table, JSON and an interactive chart."""

from .write import FRONT_FILE_NAMES, FrontPaths, check_front_directory, write_front

__all__ = ["FRONT_FILE_NAMES", "FrontPaths", "check_front_directory", "write_front"]
