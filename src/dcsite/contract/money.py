"""How yen are written for people: one text for both languages, as fine as the size deserves."""

from __future__ import annotations

import math

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
