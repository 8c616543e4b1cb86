"""Numbers, angles and quantities as people write them in cells and headers, Japanese and Western.

Full-width digits, thousands separators, degrees with minutes and seconds, areas in 坪: read where
the meaning is beyond doubt, and None where it is not.
"""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)
#: Minus signs and marks of degrees, minutes and seconds, which NFKC would take apart.
_MARKS = str.maketrans(
    {"−": "-", "–": "-"}
    | dict.fromkeys("º˚゜", "°")
    | dict.fromkeys("′’‘´ʹ", "'")
    | dict.fromkeys("″”“〃ʺ˝", '"')
)
_DECIMAL = r"\d+(?:\.\d*)?"
_DEGREES_ONLY = re.compile(rf"([+-]?{_DECIMAL})\s*(?:°|度|deg)?", re.ASCII)
_MARKED = re.compile(
    rf"([+-]?\d{{1,3}})\s*(?:°|度|d)\s*({_DECIMAL})\s*(?:'|分)?"
    rf"(?:\s*({_DECIMAL})\s*(?:\"|''|秒)?)?",
    re.ASCII,
)
#: An s stands for seconds behind an m of minutes only, else for south.
_LETTERS = re.compile(rf"([+-]?\d{{1,3}})\s*(?:°|d)\s*(\d{{1,2}})\s*m\s*({_DECIMAL})\s*s", re.ASCII)
_PARTED = re.compile(rf"([+-]?\d{{1,3}})([-:\s./])\s*(\d{{1,2}})\2\s*({_DECIMAL})", re.ASCII)
_PACKED = re.compile(r"\d{5,7}(?:\.\d*)?", re.ASCII)
#: Words of the hemispheres: plus and minus, for latitude and longitude.
_HEMISPHERES = {
    "lat_deg": (("n", "北緯"), ("s", "南緯")),
    "lon_deg": (("e", "東経"), ("w", "西経")),
}
_MOST_DEG = {"lat_deg": 90.0, "lon_deg": 180.0}


def plain(text: str) -> str:
    """Return a text as it is compared: full-width letters and digits narrow, marks made one."""
    return unicodedata.normalize("NFKC", text.translate(_MARKS)).strip()


def read_number(text: str) -> float | None:
    """Return a number, or None for what is none (``1_000``, ``1,5`` and ``inf`` are none)."""
    said = plain(text)
    if _THOUSANDS.fullmatch(said):
        said = said.replace(",", "")
    return float(said) if _NUMBER.fullmatch(said) else None


def read_angle(text: str, axis: str) -> tuple[float | None, bool]:
    """Return a latitude or longitude in degrees, and whether it was written without any marks.

    Parameters
    ----------
    text : str
        Decimal degrees; degrees, minutes and seconds with marks (``39°45′32″``, ``39度45分32秒``,
        ``39:45:32``), perhaps with a hemisphere (``N``, ``北緯``); or ``DDMMSS`` and ``DDDMMSS``.
    axis : {"lat_deg", "lon_deg"}
        Which of the two; the hemisphere of the other one is no part of it.

    Returns
    -------
    degrees : float or None
        None where the text is no angle.
    packed : bool
        Whether it was ``DDMMSS``, which a reader should be told.
    """
    said, sign = plain(text).casefold(), 1.0
    lettered = _LETTERS.fullmatch(said)
    for words, factor in () if lettered else zip(_HEMISPHERES[axis], (1.0, -1.0), strict=True):
        for word in words:
            bare = said.removeprefix(word).removesuffix(word).strip()
            if bare != said and not bare.startswith(("+", "-")):
                said, sign = bare, factor
    if (number := read_number(said)) is not None and "," not in said:
        if _PACKED.fullmatch(said) and abs(number) > _MOST_DEG[axis]:
            whole, _, rest = said.partition(".")
            parts = (whole[:-4], whole[-4:-2], f"{whole[-2:]}.{rest or 0}")
            degrees = _sexagesimal(*parts, most=_MOST_DEG[axis])
            if degrees is not None:
                return sign * degrees, True
        return sign * number, False
    if found := _DEGREES_ONLY.fullmatch(said):
        return sign * float(found[1]), False
    found = lettered or _MARKED.fullmatch(said) or _PARTED.fullmatch(said)
    if not found:
        return None, False
    head, minutes, seconds = found[1], found[found.re.groups - 1], found[found.re.groups]
    degrees = _sexagesimal(head.lstrip("+-"), minutes, seconds or "0", most=_MOST_DEG[axis])
    if degrees is None or (seconds and "." in minutes):
        return None, False
    return sign * (-degrees if head[0] == "-" else degrees), False


def _sexagesimal(degrees: str, minutes: str, seconds: str, *, most: float) -> float | None:
    if float(minutes) >= 60.0 or float(seconds) >= 60.0:
        return None
    value = float(degrees) + float(minutes) / 60.0 + float(seconds) / 3600.0
    return value if value <= most else None


#: Where each class of JMA seismic intensity begins; the instrumental scale has no bare 5 and 6.
_CLASS_FROM = {
    "0": 0.0, "1": 0.5, "2": 1.5, "3": 2.5, "4": 3.5,
    "5弱": 4.5, "5強": 5.0, "6弱": 5.5, "6強": 6.0, "7": 6.5,
}  # fmt: skip
_SIDES = {"lower": "弱", "-": "弱", "upper": "強", "+": "強"}
_SIDE = "弱|強|lower|upper|[-+]"
_CLASS = re.compile(
    rf"(?:震度)?\s*(?:(lower|upper)\s*)?([0-7])\s*(?:-\s*(?=[lu]))?({_SIDE})?(?:以上)?", re.ASCII
)


def read_class(text: str) -> float | None:
    """Return where the class of JMA intensity begins that a text names (``6強``, ``6-upper``)."""
    found = _CLASS.fullmatch(plain(text).casefold())
    if not found or (found[1] and found[3]):
        return None
    side = found[1] or found[3] or ""
    return _CLASS_FROM.get(f"{found[2]}{_SIDES.get(side, side)}")


def _unit_in(said: str, pattern: str) -> re.Match[str] | None:
    return re.search(rf"(?<![a-z0-9])(?:{pattern})(?![a-z0-9])", said)


@dataclass(frozen=True)
class Measure:
    """A quantity whose unit a header or a cell may state.

    Parameters
    ----------
    unit : str
        What values are brought to, and what a figure without a unit is read in.
    units : tuple of (str, float)
        Regular expressions of units, in NFKC and lower case, and how many of `unit` each is.
    most : float
        The largest figure that can be in `unit` where none is stated; above it the unit is asked.
    states : str
        How a header states it, for messages.
    strict : bool
        Whether a figure without a unit is flawed beside others of its column that state one, and
        otherwise is in `unit` without a word.
    unlike : str
        Regular expression of units that a header may state and that are of another quantity.
    """

    unit: str
    units: tuple[tuple[str, float], ...]
    most: float
    states: str
    strict: bool = False
    unlike: str = ""

    def stated(self, label: str) -> tuple[str, float | None]:
        """Return a label without its unit, and what one of that unit is; None where it has none."""
        said = plain(label).casefold()
        for pattern, factor in self.units:
            if found := _unit_in(said, pattern):
                return said[: found.start()] + said[found.end() :], factor
        return said, None

    def states_another(self, label: str) -> bool:
        """Tell whether a label states a unit of another quantity."""
        return bool(self.unlike and _unit_in(plain(label).casefold(), self.unlike))

    def read(self, text: str, of_label: float | None) -> tuple[float | None, bool]:
        """Return a cell's value in `unit`, and whether anything states a unit.

        A unit in the cell goes before that of the header.
        """
        if (number := read_number(text)) is not None:
            return number * (of_label or 1.0), of_label is not None
        said = plain(text).casefold().removeprefix("約").strip()
        for pattern, factor in self.units:
            if found := re.fullmatch(rf"(.+?)\s*(?:{pattern})", said):
                number = read_number(found[1])
                return (None if number is None else number * factor), True
        return None, False


@functools.cache
def described(room: str) -> Mapping[str, Any]:
    """Return ``forms.toml`` of a room: what users' files hold, and what words mean in them."""
    return tomllib.loads(files(f"dcsite.{room}").joinpath("forms.toml").read_text("utf-8"))


def _measure(name: str) -> Measure:
    told = described("sites")["measures"][name]
    return Measure(**told | {"units": tuple((unit, factor) for unit, factor in told["units"])})


AREA, POWER, VOLTAGE, PART = map(_measure, ("area", "power", "voltage", "part"))
