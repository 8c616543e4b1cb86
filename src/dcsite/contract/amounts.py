"""How loads and yen are written for people.

Files keep exact decimals. Loads are written to what the gap of their plan allows, and no finer:
what is printed of a plan stands in ``with printed_for(loads, gap)``, as numbers do in NumPy's
``printoptions``; each load is rounded by itself, so that sums may be a step off.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

#: Places that compete for a load differ by about as many points of score.
_POINTS_APART = 0.4
#: A step is never coarser than this share of a hub's mean load.
_OF_A_HUB = 0.1
#: Nobody plans a site to less than the first, in MW.
_STEPS_MW = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
#: Without a plan the size alone decides: no more than this share of the load, and 5 MW.
_OF_A_LOAD = 1.0 / 3.0
_LARGEST_MW = 5.0
_STEP_MW: ContextVar[float | None] = ContextVar("step_mw", default=None)

#: Unit of a figure in yen.
YEN = "JPY"
#: From how many yen: what it is divided by and how it is written, in Japanese and in English.
_SIZES = (
    (1e12, 1e12, "{:,.2f}兆円", 1e12, "{:,.2f} tn"),
    (1e10, 1e8, "{:,.0f}億円", 1e9, "{:,.1f} bn"),
    (1e8, 1e8, "{:,.1f}億円", 1e9, "{:,.2f} bn"),
    (1e6, 1e4, "{:,.0f}万円", 1e6, "{:,.1f} M"),
    (0.0, 1.0, "{:,.0f}円", 1.0, "{:,.0f}"),
)


def mw_step(loads_mw: Sequence[float], gap: float) -> float:
    """Return the MW to which a plan's loads are worth printing: 1, 2 or 5 times a power of ten.

    Moving a load between places whose scores differ by `d` changes the objective by `d` times its
    share of all load, so that a proven gap `g` cannot tell loads closer than ``g / d * total``.
    But a step is no more than a tenth of the mean hub, or nothing would be left to read.

    Parameters
    ----------
    loads_mw : sequence of float
        IT load of each hub in MW.
    gap : float
        Relative gap; infinite where nothing is proven.

    Examples
    --------
    >>> mw_step([75.8] * 25, 0.001), mw_step([12.5, 10.0, 7.5], 0.001), mw_step([75.8] * 25, 0.02)
    (5.0, 0.1, 5.0)
    """
    total_mw = sum(loads_mw)
    by_size = max(_OF_A_HUB * total_mw / max(len(loads_mw), 1), _STEPS_MW[0])
    by_gap = by_size
    if math.isfinite(gap):
        by_gap = min(max(gap / _POINTS_APART * total_mw, _STEPS_MW[0]), by_size)
    fine = (step for step in _STEPS_MW if step <= by_size)
    return min(fine, key=lambda step: abs(math.log(step / by_gap)))


@contextmanager
def printed_for(loads_mw: Sequence[float], gap: float = 0.001) -> Iterator[None]:
    """Write loads within the block to the step of a plan's hubs and gap; see :func:`mw_step`."""
    before = _STEP_MW.set(mw_step(loads_mw, gap))
    try:
        yield
    finally:
        _STEP_MW.reset(before)


def step_said() -> tuple[str, str]:
    """Say once, in English and in Japanese, to what the plan's loads are written."""
    step = f"{_STEP_MW.get() or _LARGEST_MW:g}"
    return f"MW to the nearest {step}; files keep decimals", f"MWは{step} MW単位の概数"


def load_mw(mw: float) -> str:
    """Write a load for people: to the step of its plan, and never a load as none."""
    if not math.isfinite(mw):
        return "-"
    if not mw:
        return "0"
    finest, size = _STEPS_MW[0], min(_OF_A_LOAD * abs(mw), _LARGEST_MW)
    step = _STEP_MW.get() or max(one for one in _STEPS_MW if one <= max(size, finest))
    steps = math.floor(mw / step + 0.5)
    if not steps:
        return f"<{step:g}"
    return f"{steps * step:,.{0 if step >= 1.0 else 1}f}"


def about_mw(mw: float) -> tuple[str, str]:
    """Write a load in a sentence, in English and in Japanese."""
    return f"about {load_mw(mw)} MW", f"約{load_mw(mw)} MW"


def yen(amount_jpy: float, language: str = "") -> str:
    """Write an amount of yen in Japanese (``ja``), in English (``en``), or the latter in brackets.

    Examples
    --------
    >>> [yen(one) for one in (3.456e12, 5.26e10, -2.5e8)]
    ['3.46兆円 (JPY 3.46 tn)', '526億円 (JPY 52.6 bn)', '-2.5億円 (JPY -0.25 bn)']
    >>> yen(10_000_000.0)
    '1,000万円 (JPY 10.0 M)'
    >>> [yen(5.26e10, one) for one in ("ja", "en")]
    ['526億円', 'JPY 52.6 bn']
    """
    if not math.isfinite(amount_jpy):
        return "-"
    _, by_ja, ja, by_en, en = next(one for one in _SIZES if abs(amount_jpy) >= one[0])
    texts = (ja.format(amount_jpy / by_ja), f"JPY {en.format(amount_jpy / by_en)}")
    return texts[language == "en"] if language else f"{texts[0]} ({texts[1]})"
