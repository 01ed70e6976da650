"""The way back of `format` for dates: a pattern becomes a writer of moments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from reconciler.model.types.patterns import MONTHS, Moment, matcher, pieces

_EPOCH = datetime(1970, 1, 1)

Write = Callable[[Moment, str], str]
"""(a moment on some clock, how the zone of another one is written) -> text."""


def since_1970(moment: Moment, per_second: int) -> str:
    """Whole seconds from 1970 in UTC, in parts of one."""
    return str((moment.at - (moment.offset or timedelta(0)) - _EPOCH) // timedelta(seconds=1) * per_second)


def written_offset(offset: timedelta, like: str) -> str:
    """The distance from UTC: a name of UTC as it is there; else with or without minutes, with or without a colon."""
    if like[0] not in "+-":
        return like
    minutes = abs(offset) // timedelta(minutes=1)
    sign = "-" if offset < timedelta(0) else "+"
    whole, rest = divmod(minutes, 60)
    if len(like) == len("+02") and not rest:
        return f"{sign}{whole:02}"
    return f"{sign}{whole:02}{':' if ':' in like else ''}{rest:02}"


TOKENS: dict[str, Write] = {
    "YYYY": lambda moment, _: f"{moment.at.year:04}",
    "YY": lambda moment, _: f"{moment.at.year % 100:02}",
    "MMMM": lambda moment, _: MONTHS[moment.at.month - 1].capitalize(),
    "MMM": lambda moment, _: MONTHS[moment.at.month - 1][:3].capitalize(),
    "MM": lambda moment, _: f"{moment.at.month:02}",
    "M": lambda moment, _: f"{moment.at.month}",
    "DD": lambda moment, _: f"{moment.at.day:02}",
    "D": lambda moment, _: f"{moment.at.day}",
    "HH": lambda moment, _: f"{moment.at.hour:02}",
    "H": lambda moment, _: f"{moment.at.hour}",
    "hh": lambda moment, _: f"{_half(moment):02}",
    "h": lambda moment, _: f"{_half(moment)}",
    "mm": lambda moment, _: f"{moment.at.minute:02}",
    "ss": lambda moment, _: f"{moment.at.second:02}",
    "A": lambda moment, _: "PM" if moment.at.hour >= 12 else "AM",
    "Z": lambda moment, zone: written_offset(moment.offset or timedelta(0), zone),
    "X": lambda moment, _: since_1970(moment, 1),
    "x": lambda moment, _: since_1970(moment, 1000),
}
"""How each part that a pattern may hold is written."""


def _half(moment: Moment) -> int:
    return moment.at.hour % 12 or 12


def pattern_writer(pattern: str) -> Write:
    """A writer of texts as `pattern` says; the pattern has no problem."""
    parts = [TOKENS[p.token] if p.token else _constant(" " if p.space else p.text) for p in pieces(pattern)]
    return lambda moment, zone: "".join(part(moment, zone) for part in parts)


def _constant(text: str) -> Write:
    return lambda _moment, _zone: text


def zone_finder(pattern: str) -> Callable[[str | None], str | None]:
    """How the zone is written in a text of that pattern: `Z` where the text is of another, None where it has none."""
    match = matcher(pattern)

    def find(like: str | None) -> str | None:
        found = match(like) if like else None
        return found["zone"] if found else "Z"

    return find if "Z" in {piece.token for piece in pieces(pattern)} else lambda _like: None
