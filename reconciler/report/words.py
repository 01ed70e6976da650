"""Words and numbers as people read them, and the one place where text that others wrote is made harmless."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from reconciler.model.problems import Place

_PLURALS = {
    "person": "people",
    "entry": "entries",
    "reply": "replies",
    "deleted contact": "deleted contacts",
    "linked contact": "linked contacts",
}

# Joiners are part of how several scripts and emoji are written; every other invisible sign can disguise a text.
_HARMLESS = {"\u200c", "\u200d"}


def plain(text: str) -> str:
    """`text` on one line, with everything made visible that could steer a terminal or turn the reading order around.

    Control and format characters (ANSI escapes, line ends, bidirectional overrides), line separators and lone
    surrogates become their escapes (`\\x1b`, `\\u202e`). Names of fields and tags are written by others: all text of
    `report` passes here.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(sign) if _steers(sign) else sign for sign in text)


def _steers(sign: str) -> bool:
    return sign not in _HARMLESS and unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape", "surrogatepass").decode("ascii")


def first_up(text: str) -> str:
    """With a capital at the beginning; for our own words, never for names."""
    return text[:1].upper() + text[1:]


def number(value: float) -> str:
    """Thousands in groups: `12,000`."""
    return f"{value:,}"


def some(count: int, noun: str) -> str:
    """`1 field`, `2 fields`, `1,000 people`."""
    if count == 1:
        return f"1 {noun}"
    if noun in _PLURALS:
        return f"{number(count)} {_PLURALS[noun]}"
    first, _, rest = noun.partition(" ")
    many = _PLURALS.get(first, f"{first}s")
    return f"{number(count)} {many}{' ' + rest if rest else ''}"


def listing(parts: Iterable[str]) -> str:
    """The parts that say something, with commas."""
    return ", ".join(part for part in parts if part)


def counted(counts: Iterable[tuple[int, str]]) -> str:
    """`40 set, 2 cleared`: only what is not zero."""
    return listing(f"{number(count)} {word}" for count, word in counts if count)


def duration(seconds: float) -> str:
    """`0.8 s`, `45 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(seconds / 60)
    return f"{minutes // 60:,} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60:,} h"


def line_of(place: Place, main: str) -> str:
    """`line 28` in the main file, `base.yaml:3` elsewhere."""
    if place.file == main and place.line:
        return f"line {place.line}"
    return file_line(place)


def file_line(place: Place | None) -> str:
    """`reconciler.yaml:28`: a plan names lines; columns are for problems. Empty without a place."""
    return str(Place(place.file, place.line)) if place else ""
