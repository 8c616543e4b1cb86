"""The largest number of points far enough apart, by a search so plain that it can be seen right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def plainly_packed(near: NDArray[np.bool_], wanted: int) -> bool:
    """Tell whether there are `wanted` points no two of which are near, each branch to its end.

    A branch ends early where fewer groups of points, all near to the first of each and to each
    other, cover what is left than points are wanted.
    """
    rows = [int("".join("01"[bit] for bit in row[::-1]), 2) for row in near.astype(int)]

    def groups(left: int) -> int:
        number = 0
        while left:
            free = left
            while free:
                point = (free & -free).bit_length() - 1
                left &= ~(1 << point)
                free &= rows[point] & ~(1 << point)
            number += 1
        return number

    def found(left: int, wanted: int) -> bool:
        while wanted > 0:
            if groups(left) < wanted:
                return False
            point = (left & -left).bit_length() - 1
            if found(left & ~rows[point], wanted - 1):
                return True
            left &= ~(1 << point)
        return True

    return found((1 << len(rows)) - 1, wanted)
