"""Before a solve and when there is no plan: checks, conflicts, the smallest change that does."""

from .diagnose import Conflict, Relaxation, RelaxedRule, diagnose

__all__ = ["Conflict", "Relaxation", "RelaxedRule", "diagnose"]
