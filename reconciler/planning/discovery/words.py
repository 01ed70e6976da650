"""Names of columns and fields as words: `billing_firstName`, `Vorname`, `E-Mail`."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_APART = re.compile(r"[^0-9a-z]+")
_DIGITS = re.compile(r"(?<=[a-z]{3})(?=[0-9]+$)")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "ł": "l", "đ": "d"})


@lru_cache(maxsize=20_000)
def words(name: str) -> tuple[str, ...]:
    """The name's words in small ASCII letters: `billingFirst_name` is billing, first, name."""
    folded = _HUMP.sub(" ", name).casefold()
    folded = unicodedata.normalize("NFC", folded).translate(_UMLAUTS)
    bare = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return tuple(part for word in _APART.split(bare) if word for part in _DIGITS.split(word))
