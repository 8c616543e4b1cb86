"""What matters: one file per criterion, found through the entry points `dcsite.criteria`.

What a criterion is stands in :mod:`dcsite.contract`.
"""

from .measuring import measure_sites

__all__ = ["measure_sites"]
