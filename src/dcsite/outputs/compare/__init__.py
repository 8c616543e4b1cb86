"""What a comparison of plans writes: ``compare.json`` and ``compare.html``."""

from .write import COMPARE_FILES, ComparePaths, check_compare_directory, write_comparison

__all__ = ["COMPARE_FILES", "ComparePaths", "check_compare_directory", "write_comparison"]
