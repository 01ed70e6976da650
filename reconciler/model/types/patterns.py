"""The language of `format` for dates: `DD/MM/YYYY HH:mm`, compiled once into a reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from reconciler.model.types.spec import Unreadable

MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_PIVOT = 69
"""Two-digit years from here on are of the last century, as POSIX reads them."""


class Moment(NamedTuple):
    """A reading of a clock: `at` is naive. `offset`: how far ahead of UTC it was written, None where not said."""

    at: datetime
    offset: timedelta | None = None


class _Token(NamedTuple):
    """What a token reads (`part`) and how that looks: alone, and next to another token (`tight`)."""

    part: str
    shape: str
    tight: str = ""


_NAMES = "|".join(name for name in MONTHS)
_SHORT_NAMES = "|".join(f"{name[:3]}|sept" if name.startswith("sept") else name[:3] for name in MONTHS)
_ONE_OR_TWO, _TWO = "[0-9]{1,2}", "[0-9]{2}"

TOKENS: dict[str, _Token] = {
    "YYYY": _Token("year", "[0-9]{4}"),
    "YY": _Token("short_year", _TWO),
    "MMMM": _Token("month_name", _NAMES),
    "MMM": _Token("month_name", rf"(?:{_SHORT_NAMES})\.?"),
    "MM": _Token("month", _ONE_OR_TWO, _TWO),
    "M": _Token("month", _ONE_OR_TWO),
    "DD": _Token("day", _ONE_OR_TWO, _TWO),
    "D": _Token("day", _ONE_OR_TWO),
    "HH": _Token("hour", _ONE_OR_TWO, _TWO),
    "H": _Token("hour", _ONE_OR_TWO),
    "hh": _Token("half_hour", _ONE_OR_TWO, _TWO),
    "h": _Token("half_hour", _ONE_OR_TWO),
    "mm": _Token("minute", _TWO),
    "ss": _Token("second", _TWO),
    "A": _Token("half", r"[ap]\.?m\.?"),
    "Z": _Token("zone", r"Z|[+-][0-9]{2}:?[0-9]{2}"),
    "X": _Token("seconds", r"-?[0-9]{1,12}(?:\.[0-9]+)?"),
    "x": _Token("milliseconds", "-?[0-9]{1,15}"),
}
"""What a pattern may hold; everything else in it stands for itself, letters in `[...]` only."""

_pieces = re.compile(
    r"\[([^\]]*)\]|(YYYY|YY|MMMM|MMM|MM|M|DD|D|HH|H|hh|h|mm|ss|A|Z|X|x)|(T(?=HH?))|([a-zA-Z])|(\s+)|(.)"
)
_WHOLE_DATES = (
    {"year", "month", "day"},
    {"year", "month_name", "day"},
    {"short_year", "month", "day"},
    {"short_year", "month_name", "day"},
    {"seconds"},
    {"milliseconds"},
)
_DATE_PARTS = set().union(*_WHOLE_DATES)


class Piece(NamedTuple):
    """A token, white space (`space`), a letter that means nothing, or a text that stands for itself."""

    token: str = ""
    letter: str = ""
    space: str = ""
    text: str = ""


def pieces(pattern: str) -> list[Piece]:
    """What a pattern is made of, in order."""
    found = (match.groups(default="") for match in _pieces.finditer(pattern))
    return [Piece(token, letter, space, quoted or t or other) for quoted, token, t, letter, space, other in found]


def pattern_problem(pattern: str) -> str | None:
    """Why this pattern cannot be read, or None."""
    found = pieces(pattern)
    unknown = [piece.letter for piece in found if piece.letter]
    if unknown:
        return f"`{unknown[0]}` is not a part of a date; known are {', '.join(TOKENS)}, other letters go in [ ]"
    parts = [TOKENS[piece.token].part for piece in found if piece.token]
    if len(parts) != len(set(parts)):
        return "a part of the date is written twice"
    if set(parts) & _DATE_PARTS not in _WHOLE_DATES:
        return "a day, a month and a year are needed, each once"
    if ("half_hour" in parts) != ("half" in parts) or {"hour", "half_hour"} <= set(parts):
        return "h and A belong together, and exclude HH"
    return None


def compile_pattern(pattern: str) -> Callable[[str], Moment]:
    """A reader of texts written so. It raises `Unreadable`; a pattern with a problem raises ValueError."""
    match = matcher(pattern)

    def read(text: str) -> Moment:
        found = match(text)
        if found is None:
            raise Unreadable("not written as `format` says", "format")
        try:
            return _moment(found.groupdict())
        except (ValueError, OverflowError):
            raise Unreadable("no such day or time", "format") from None

    return read


def matcher(pattern: str) -> Callable[[str], re.Match[str] | None]:
    """A text's parts by their names, None for a text of another pattern; a pattern with a problem raises ValueError."""
    problem = pattern_problem(pattern)
    if problem:
        raise ValueError(problem)
    return re.compile(_expression(pattern), re.IGNORECASE | re.ASCII).fullmatch


def _expression(pattern: str) -> str:
    found = pieces(pattern)
    written = []
    for at, piece in enumerate(found):
        if piece.token:
            row = TOKENS[piece.token]
            beside = [found[n].token for n in (at - 1, at + 1) if 0 <= n < len(found)]
            written.append(f"(?P<{row.part}>{row.tight or row.shape if any(beside) else row.shape})")
        else:
            written.append(r"\s+" if piece.space else re.escape(piece.text))
    return "".join(written)


def _moment(parts: dict[str, str]) -> Moment:
    if "seconds" in parts:
        return epoch(parts["seconds"], 1)
    if "milliseconds" in parts:
        return epoch(parts["milliseconds"], 1000)
    return Moment(
        datetime(_year(parts), _month(parts), int(parts["day"]), _hour(parts), *_rest(parts)),
        offset_of(parts["zone"]) if "zone" in parts else None,
    )


def _year(parts: dict[str, str]) -> int:
    if "year" in parts:
        return int(parts["year"])
    short = int(parts["short_year"])
    return short + (1900 if short >= _PIVOT else 2000)


def _month(parts: dict[str, str]) -> int:
    if "month" in parts:
        return int(parts["month"])
    return [name[:3] for name in MONTHS].index(parts["month_name"][:3].lower()) + 1


def _hour(parts: dict[str, str]) -> int:
    if "half_hour" not in parts:
        return int(parts.get("hour", "0"))
    hour = int(parts["half_hour"])
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + (12 if parts["half"][0] in "pP" else 0)


def _rest(parts: dict[str, str]) -> tuple[int, int]:
    return int(parts.get("minute", "0")), int(parts.get("second", "0"))


def offset_of(zone: str) -> timedelta:
    """`Z`, `UTC`, `GMT`, `+02`, `+0200` or `+02:00` as a distance from UTC. Raises ValueError beyond a day."""
    if zone[0] not in "+-":
        return timedelta(0)
    digits = zone[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or "0")
    if hours > 23 or minutes > 59:
        raise ValueError
    ahead = timedelta(hours=hours, minutes=minutes)
    return -ahead if zone[0] == "-" else ahead


def epoch(written: str, per_second: int) -> Moment:
    """So many seconds (or parts of one) from 1970 in UTC, cut to the second before. May raise OverflowError."""
    whole, _, part = written.partition(".")
    count = int(whole)
    if written[0] == "-" and part.strip("0"):
        count -= 1
    return Moment(datetime(1970, 1, 1) + timedelta(seconds=count // per_second), timedelta(0))
