"""What the terminal says of loads that fall: Tokyo's first, then what hubs are short of."""

from __future__ import annotations

import io
from types import SimpleNamespace

from rich.console import Console

from dcsite.cli.summary import _takeovers
from dcsite.contract import DisasterLoss, Takeover

LOSSES = (DisasterLoss("ANN11", "earthquake", "Nankai [case 1]", "", 0.1, "", 0.1, {}),)


def _told(*takeovers: Takeover) -> list[str]:
    hub = SimpleNamespace(site_id="40203", label="久留米市 Kurume-shi")
    stream = io.StringIO()
    console = Console(file=stream, width=200, highlight=False)
    _takeovers(console, SimpleNamespace(hubs=(hub,), takeovers=takeovers, worst_disasters=LOSSES))
    return stream.getvalue().splitlines()


def test_what_nobody_carries_is_a_number():
    assert _told(
        Takeover("tokyo", "Tokyo area", "東京圏", 1000.0, 360.0, 140.0, "tokyo_lost"),
        Takeover("40203", "Kurume", "久留米市", 100.0, 30.0, 70.0, "ANN11"),
    ) == [
        (
            "Tokyo area 東京圏 lost: 640 MW of its 1,000 MW are carried by nobody, 360 MW by "
            "reserve; short of what is asked: 140 MW"
        ),
        "久留米市 Kurume-shi: 70 MW of its 100 MW are carried by nobody in Nankai [case 1]",
    ]


def test_what_is_carried_is_not_red_and_a_lone_failure_is_named():
    met, alone = (
        Takeover("tokyo", "Tokyo [area]", "東京圏", 1000.0, 1000.0, 0.0, "tokyo_lost"),
        Takeover("40203", "Kurume", "久留米市", 100.0, 0.0, 100.0, ""),
    )
    assert _told(met, alone) == [
        "Tokyo [area] 東京圏 lost: 0 MW of its 1,000 MW are carried by nobody, 1,000 MW by reserve",
        "久留米市 Kurume-shi: 100 MW of its 100 MW are carried by nobody when it fails alone",
    ]
    assert _told() == []
