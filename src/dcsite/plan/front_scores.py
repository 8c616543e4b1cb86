"""A front over two scores by the augmented epsilon-constraint method.

For each epsilon x's score is held to at least epsilon and ``y's score + delta * x's score`` is
maximised. This is AUGMECON: with the surplus ``s = x - epsilon``, ``y + delta * s`` differs from
it by a constant. Delta is so small that y comes first, and not zero, so that of equal y the larger
x wins and no weakly dominated plan is returned. The ends are lexicographic: the best x with the
best y that goes with it, and the reverse; each to the gap asked for.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from .front_program import ScoreProgram
from .front_search import Answered, FrontSearch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dcsite.model import Outcome

__all__ = ["ScoreSearch"]

#: Weight of x beside y: a tenth of the gap asked for, within what arithmetic can tell apart.
_LEAST_DELTA, _MOST_DELTA = 1e-6, 1e-4


class ScoreSearch(FrontSearch[ScoreProgram]):
    """The search where x is a score."""

    @cached_property
    def _delta(self) -> float:
        return min(max(self.options.gap / 10.0, _LEAST_DELTA), _MOST_DELTA)

    def find_ends(self, first: Mapping[str, float]) -> tuple[float, float]:
        """Maximise x, then y beside it; and the reverse."""
        best_x, best_y = self.solved(self.goal(x=1.0, start=first), self.goal(y=1.0, start=first))
        x_values, y_values = self.values(best_x), self.values(best_y)
        # Held to the best x within the gap that is proven, so that y is not lost to a hair of x.
        high = x_values["front_x"] * (1.0 - self.options.gap)
        far, near = self.solved(
            self.goal(x=self._delta, y=1.0, least_x=high, start=x_values),
            self.goal(x=1.0, least_y=y_values["front_y"], start=y_values),
        )
        far_values, near_values = self.values(far), self.values(near)
        low = near_values["front_x"]
        self.x_bound = np.inf if best_x.bound is None else best_x.bound
        self.take(
            high,
            far_values,
            self.bound_on_y(far, high),
            proven=far.status == "optimal",
            wall_s=best_x.wall_s + far.wall_s,
        )
        # Any plan's y is at most what maximising y alone has proven.
        self.take(
            low,
            near_values,
            np.inf if best_y.bound is None else best_y.bound,
            proven=best_y.status == "optimal",
            wall_s=best_y.wall_s + near.wall_s,
        )
        return low, high

    def answer(
        self,
        program: ScoreProgram,
        eps: float,
        eps_above: float,
        start: Mapping[str, float] | None,
    ) -> Answered:
        """Maximise y, and x a little, from a neighbour's plan."""
        outcome = self.solve(program, self.goal(x=self._delta, y=1.0, least_x=eps, start=start))
        return Answered(outcome, outcome.values, outcome.wall_s)

    def bound_on_y(self, outcome: Outcome, eps: float) -> float:
        """Return a bound on y: that of the objective less what x adds to it at the least."""
        return np.inf if outcome.bound is None else outcome.bound - self._delta * eps
