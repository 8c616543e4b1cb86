"""What a robustness run leaves: a table, JSON and a map of how often each place is chosen."""

from .write import ROBUST_FILES, RobustPaths, check_robust_directory, write_robust

__all__ = ["ROBUST_FILES", "RobustPaths", "check_robust_directory", "write_robust"]
