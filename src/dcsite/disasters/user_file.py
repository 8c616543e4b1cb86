"""A user's own disasters: polygons, a table of municipalities, or ruptures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from dcsite.atlas import Atlas

__all__ = ["UserFootprints", "read_footprints"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class UserFootprints:
    """Events of a user's file and what they do; see :class:`dcsite.disasters.DisasterSet`."""

    events: pd.DataFrame
    intensity: Floats
    lost: Floats


def read_footprints(path: str, sites: pd.DataFrame, atlas: Atlas) -> UserFootprints:
    raise NotImplementedError
