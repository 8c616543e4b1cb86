"""What contracted output matches of a flat load, hour by hour: values, tangents and the best mix.

For one area with load ``L`` and contracts ``c`` with hourly profiles ``f`` and hours' weights ``p``

``M(L, c) = sum_h p_h * min(L, own_h + sum_b min(import_bh, open_b))``,

where ``own_h`` is what contracts in the area yield and ``import_bh`` what contracts in a directly
linked area b yield, of which no more comes over than the link's open capacity. M is concave and
piecewise linear: whichever piece of each minimum is taken in each hour, the sum of the pieces is
nowhere below M. Such a sum is a tangent, one row of a program. With a battery of E hours of the
load, emptied and filled within each day, M is the value of a linear program, and its dual solution
gives the pieces. Nothing here knows a table; all amounts are in one unit of the caller's choice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, kron, vstack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Values = NDArray[np.float64]

#: Cutting planes end after so many rounds; ten areas take about twenty.
_ROUNDS = 200


@dataclass(frozen=True)
class Battery:
    """Storage beside a load, emptied and filled within each day.

    Parameters
    ----------
    hours : float
        Hours of the load that it holds; 0 is none.
    efficiency : float
        Part of what is charged that comes out again, 0..1.
    day : int
        Hours of a day; the hours given are whole days, one after the other, and all hours of a day
        weigh the same.
    """

    hours: float = 0.0
    efficiency: float = 1.0
    day: int = 24


@dataclass(frozen=True)
class Tangent:
    """``load * L + contract @ c + constant``, nowhere below the matched energy."""

    load: float
    contract: Values
    constant: float

    def at(self, load: float, contract: Values) -> float:
        """Return its value at a point."""
        return float(self.load * load + self.contract @ contract + self.constant)


@dataclass(frozen=True)
class Matcher:
    """One area's hours.

    Parameters
    ----------
    weight : numpy.ndarray, shape (hours,)
        Weight of each hour; they sum to 1.
    profile : numpy.ndarray, shape (contracts, hours)
        Output per unit of each contract.
    link : numpy.ndarray of int, shape (contracts,)
        Over which link the output comes; -1 from the area itself.
    open_capacity : numpy.ndarray, shape (links,)
        What comes over each link at most.
    battery : Battery
        None by default.
    """

    weight: Values
    profile: Values
    link: NDArray[np.intp]
    open_capacity: Values
    battery: Battery = field(default_factory=Battery)

    def tangent(self, load: float, contract: Values) -> Tangent:
        """Return the tangent that touches the matched part at a point."""
        arriving, over = self._arriving(contract)
        if self.battery.hours:
            _, per_load, price = self._stored(load, arriving)
        else:
            price = np.where(arriving < load, self.weight, 0.0)
            per_load = float(self.weight.sum() - price.sum())
        # An hour's output of a contract counts where its link is not full.
        passes = np.vstack([~over, np.ones(len(price), dtype=bool)])[self.link]
        return Tangent(
            per_load,
            (self.profile * passes) @ price,
            float((self.open_capacity[:, None] * over).sum(axis=0) @ price),
        )

    def starting(self) -> list[Tangent]:
        """Return two tangents that hold everywhere: no more than the load, nor than all output."""
        none = np.zeros(len(self.link))
        whole = Tangent(float(self.weight.sum()), none, 0.0)
        return [whole, Tangent(0.0, self.profile @ self.weight, 0.0)]

    def _arriving(self, contract: Values) -> tuple[Values, NDArray[np.bool_]]:
        """Return what arrives in each hour, and which links are full, shape (links, hours)."""
        output = contract[:, None] * self.profile
        arriving = output[self.link < 0].sum(axis=0)
        links = range(len(self.open_capacity))
        coming = np.array([output[self.link == link].sum(axis=0) for link in links])
        coming = coming.reshape(len(self.open_capacity), len(self.weight))
        over = coming > self.open_capacity[:, None]
        return arriving + np.where(over, self.open_capacity[:, None], coming).sum(axis=0), over

    def _stored(self, load: float, arriving: Values) -> tuple[float, float, Values]:
        """Return the matched part with the battery, and its duals: per load, and of each hour."""
        from scipy.optimize import linprog

        hours, day = len(self.weight), self.battery.day
        one, none = eye_array(hours), csr_array((hours, hours))
        back = kron(eye_array(hours // day), csr_array(np.roll(np.eye(day), -1, axis=1)))
        # Columns by hour: taken directly, charged, discharged, held at the end of the hour.
        limits = vstack([hstack([one, one, none, none]), hstack([one, none, one, none])])
        held = hstack([none, -self.battery.efficiency * one, one, one - back.T])
        size = self.battery.hours
        zero = np.zeros(hours)
        found = linprog(
            -np.concatenate([self.weight, zero, self.weight, zero]),
            A_ub=vstack([limits, hstack([csr_array((hours, 3 * hours)), one])]).tocsr(),
            b_ub=np.concatenate([arriving, np.full(hours, load), np.full(hours, size * load)]),
            A_eq=held.tocsr(),
            b_eq=zero,
            method="highs",
        )
        dual = -found.ineqlin.marginals
        price, flat, full = np.maximum(dual, 0.0).reshape(3, hours)
        return -float(found.fun), float(flat.sum() + size * full.sum()), price


@dataclass(frozen=True)
class Mix:
    """The best contracts for given or chosen loads.

    Parameters
    ----------
    load, matched : numpy.ndarray, shape (areas,)
        Load of each area, and what is matched of it.
    contract : tuple of numpy.ndarray
        Contracts of each area, as its matcher has them.
    most : float
        No mix matches more in all.
    tangents : tuple of list of Tangent
        By area, those that were laid to find it.
    """

    load: Values
    matched: Values
    contract: tuple[Values, ...]
    most: float
    tangents: tuple[list[Tangent], ...]


@dataclass(frozen=True)
class Market:
    """Areas that contract from the same pools: what one contracts no other counts.

    Parameters
    ----------
    matchers : sequence of Matcher
        One for each area.
    pool : sequence of numpy.ndarray of int
        By area, the pool that each of its contracts draws from.
    potential : numpy.ndarray, shape (pools,)
        What all areas together contract of each pool at most.
    """

    matchers: Sequence[Matcher]
    pool: Sequence[NDArray[np.intp]]
    potential: Values

    def best(
        self,
        load_least: Values,
        load_most: Values,
        total: float | None = None,
        known: Sequence[Sequence[Tangent]] | None = None,
        tolerance: float = 1e-6,
    ) -> Mix:
        """Find contracts, and loads within bounds, that match most, by cutting planes.

        Parameters
        ----------
        load_least, load_most : numpy.ndarray, shape (areas,)
            Bounds of each area's load; equal where it is given.
        total : float, optional
            Sum of all loads at most.
        known : sequence of sequence of Tangent, optional
            By area, tangents found before.
        tolerance : float
            The mix returned matches at most this much less than any other.

        Notes
        -----
        The program is small: areas' loads, what is matched of them, and contracts. Each round lays
        the tangents at its solution that it lies above.
        """
        from scipy.optimize import linprog

        areas = len(self.matchers)
        count = np.array([len(own) for own in self.pool])
        starts = 2 * areas + np.concatenate([[0], np.cumsum(count)])
        width = int(starts[-1])
        shared = np.zeros((len(self.potential), width))
        shared[np.concatenate(self.pool), np.arange(2 * areas, width)] = 1.0
        rows, limits = [*shared], [*self.potential]
        if total is not None:
            rows.append(np.repeat([1.0, 0.0], [areas, width - areas]))
            limits.append(total)
        laid: tuple[list[Tangent], ...] = tuple([] for _ in self.matchers)

        def lay(area: int, tangent: Tangent) -> None:
            row = np.zeros(width)
            row[area], row[areas + area] = -tangent.load, 1.0
            row[starts[area] : starts[area + 1]] = -tangent.contract
            rows.append(row)
            limits.append(tangent.constant)
            laid[area].append(tangent)

        for area, matcher in enumerate(self.matchers):
            for tangent in matcher.starting() if known is None else known[area]:
                lay(area, tangent)
        cost = np.repeat([0.0, -1.0, 0.0], [areas, areas, width - 2 * areas])
        bounds = [*zip(load_least, load_most, strict=True), *[(0.0, None)] * (width - areas)]
        best = Mix(load_least, np.zeros(areas), tuple(np.zeros(n) for n in count), 0.0, laid)
        most = np.inf
        for _ in range(_ROUNDS):
            point = linprog(
                cost, A_ub=csr_array(np.array(rows)), b_ub=limits, bounds=bounds, method="highs"
            ).x
            load, thought = point[:areas], point[areas : 2 * areas]
            mix = tuple(point[a:b] for a, b in pairwise(starts))
            found = [m.tangent(*at) for m, *at in zip(self.matchers, load, mix, strict=True)]
            matched = np.array([t.at(*at) for t, *at in zip(found, load, mix, strict=True)])
            most = float(thought.sum())
            if matched.sum() > best.matched.sum():
                best = Mix(load, matched, mix, most, laid)
            if most - best.matched.sum() <= tolerance:
                break
            for area in np.flatnonzero(thought - matched > 0.1 * tolerance / areas).tolist():
                lay(area, found[area])
        return replace(best, most=most)
