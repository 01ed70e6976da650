"""The shape of a value: which kinds of signs follow each other, never which signs.

Letters become `A`, `a` or `x` (scripts without case), digits `9`; how long a run is shows only roughly. Signs stand
only where they hold two such runs together: anywhere else they could be all of a value, a mark or a rhesus factor.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from itertools import groupby

from reconciler.model.discovery import ShapeCount

SHOWN = 3
_EXACT = 4  # digits up to which a run of them shows its length: days, months, years
_RUNS = 13  # runs above which a value is only called long
_SENTENCE = 4  # words from which a value is only counted
_JOINERS = frozenset("@.-/:,;|_+()' {}[]\"=#&")
_LONG_TEXT = ((10, "a few words"), (50, "10 to 50 words"))


def shape(value: str) -> str:
    """`Ada Lovelace` is `Aa+ Aa+`, `12/05/1980` is `99/99/9999`, `ada@example.org` is `a+@a+.a+`."""
    count = len(value.split())
    if count >= _SENTENCE and not any(sign in value for sign in "{}[]|;@"):
        return next((said for most, said in _LONG_TEXT if count < most), "more than 50 words")
    signs = (
        sign for sign in unicodedata.normalize("NFC", value.strip()) if not unicodedata.category(sign).startswith("M")
    )
    runs = [(kind, sum(1 for _ in group)) for kind, group in groupby(signs, _kind)]
    solid = [place for place, (kind, _) in enumerate(runs) if kind in "Aax9"]
    if not solid:
        return "signs only"
    if len(runs) > _RUNS:
        return "long and mixed"
    first, last = solid[0], solid[-1]
    plus = "+" if first and value.strip().startswith("+") and runs[first][0] == "9" else ""
    return plus + _joined(runs[first : last + 1])


def _kind(sign: str) -> str:
    if sign.isalpha():
        return "A" if sign.isupper() else "a" if sign.islower() else "x"
    if sign.isdigit():
        return "9"
    if sign.isspace():
        return " "
    return sign if sign in _JOINERS else "?"


def _joined(runs: list[tuple[str, int]]) -> str:
    shown: list[str] = []
    for at, (kind, count) in enumerate(runs):
        if kind == "9":
            shown.append("9" * count if count <= _EXACT else "9+")
        elif kind == "A" and count == 1 and at + 1 < len(runs) and runs[at + 1][0] == "a":
            shown.append("A")
        else:
            shown.append(kind if count == 1 or kind not in "Aax" else f"{kind}+")
    return "".join(shown)


def shapes(counts: Mapping[str, int]) -> tuple[ShapeCount, ...]:
    """The most frequent shapes of these values (value -> how often), at most three of them."""
    found: Counter[str] = Counter()
    for value, count in counts.items():
        found[shape(value)] += count
    whole = sum(found.values())
    ordered = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ShapeCount(text, max(round(100 * count / whole), 1)) for text, count in ordered[:SHOWN])
