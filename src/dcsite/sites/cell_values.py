"""What one cell of a user's file may hold: numbers, ids, names; shared by all kinds of files."""

from __future__ import annotations

import re
import unicodedata

from .problems import shown

__all__ = ["NO_VALUE", "id_flaw", "name_flaw", "read_number"]

MAX_NAME_CHARACTERS = 120
MAX_ID_CHARACTERS = 64

#: Texts, in lower case, that say that nothing is said.
NO_VALUE = {"", "nan", "na", "n/a", "null", "none"}

_ID = re.compile(r"[\w.-]+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def read_number(text: str) -> float | None:
    """Return a number, or None for what is none (``1_000``, ``1,5`` and ``inf`` are none)."""
    plain = unicodedata.normalize("NFKC", text)
    return float(plain) if _NUMBER.fullmatch(plain) else None


def name_flaw(text: str) -> str:
    """Return what is wrong with a name, too long or with characters none can see, else nothing."""
    bad = next((each for each in text if unicodedata.category(each) in _UNPRINTABLE), "")
    if bad:
        code = f"U+{ord(bad):04X}"
        return f"{shown(text)} holds the control character {code}; allowed: printable text"
    if len(text) > MAX_NAME_CHARACTERS:
        return f"{shown(text)} has {len(text)} characters; allowed: up to {MAX_NAME_CHARACTERS}"
    return ""


def id_flaw(text: str) -> str:
    """Return what is wrong with an id, else nothing."""
    if _ID.fullmatch(text) and len(text) <= MAX_ID_CHARACTERS:
        return ""
    return (
        f"{shown(text)} is not an id; allowed: up to {MAX_ID_CHARACTERS} letters, digits, dots, "
        "hyphens and underscores"
    )
