"""Which value type reads a column: the types' own parsers over its different values, in a fixed order of trials.

A name only decides between types that both read the values (digits are a number or a telephone).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from reconciler.model.types import Parse, Spec, Unreadable, parser
from reconciler.model.types.lists import read_items
from reconciler.model.types.numbers import DIGITS
from reconciler.planning.discovery import synonyms
from reconciler.planning.discovery.words import words

ENOUGH = 0.95
"""What part of the different values a type has to read to be the column's type."""

_ENOUGH_NUMBERS = 0.8  # the same where the name says that they are telephone numbers: people mistype those most

FEW = 12
"""Different values up to which short texts that repeat are choices."""

FEW_ITEMS = 36
"""Items of lists up to which they are choices."""

_REPEATS = 4  # how often each of them has to occur on average
_LONGEST_CHOICE = 40
_DAYS = (
    "DD/MM/YYYY", "MM/DD/YYYY", "DD.MM.YYYY", "DD-MM-YYYY", "MM-DD-YYYY", "DD.MM.YY", "DD/MM/YY", "MM/DD/YY",
    "D MMMM YYYY", "D. MMMM YYYY", "MMMM D, YYYY", "D MMM YYYY", "D-MMM-YYYY", "MMM D, YYYY", "DD MMM YY",
    "YYYY MM DD", "YYYY MMM D",
)  # fmt: skip
_TIMES = ("HH:mm", "HH:mm:ss", "h:mm A", "h:mm:ss A")
_UNDIVIDED = (("date", "YYYYMMDD"), ("datetime", "YYYYMMDDHHmmss"))
_NUMBERS = ("1234.56", "1234,56", "1,234.56", "1.234,56", "1 234,56", "1 234.56", "1'234.56")
_HOUR = re.compile(r"[0-9]:[0-9]{2}")
_MIDNIGHT = re.compile(r"[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]00:?00)?$")
_COUNT = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]+)?")
_ZEROS = re.compile(r"[+-]?0[0-9]")
_LINK = re.compile(r"(?:https?://|www\.)\S", re.I)
_SEPARATORS = "|;,{"
_LIST = re.compile(r"\s*(?:\[.*\]|a:[0-9]+:\{.*\})\s*", re.S)
_LAST_CENTURY, _NEXT_CENTURY = 631_152_000, 2_208_988_800  # 1990 and 2040, in seconds from 1970


class Hint(Enum):
    """What the owner of a column lets us know of its values: digits are MOMENTS; no is stored as a BLANK."""

    MOMENTS = "moments"
    BLANKS = "blanks"


@dataclass(frozen=True, slots=True)
class Guess:
    """A type, how its values are written, the formats between which only a person can choose, and what it refuses."""

    type: str
    format: str | None = None
    unclear: tuple[str, ...] = ()
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Values:
    """The different filled values of a column, trimmed, with its name's words and how many people have one."""

    texts: Sequence[str]
    words: frozenset[str]
    filled: int
    hints: Set[Hint] = frozenset()

    def share(self, parse: Parse) -> float:
        """The part of the texts that this parser reads."""
        return sum(_reads(parse, text) for text in self.texts) / len(self.texts)

    def all(self, test: Callable[[str], object]) -> bool:
        """Whether the test holds for as many as are enough."""
        return sum(map(bool, map(test, self.texts))) >= ENOUGH * len(self.texts)

    def called(self, hints: Iterable[str]) -> bool:
        return not self.words.isdisjoint(hints)


def guess(name: str, texts: Sequence[str], filled: int, hints: Set[Hint] = frozenset()) -> Guess:
    """The type of a column with these different values; text where nothing else reads enough of them."""
    values = Values(texts, frozenset(words(name)), filled, hints)
    if not texts:
        return Guess("text")
    return next(found for trial in _TRIALS if (found := trial(values)) is not None)


def _reads(parse: Parse, text: str) -> bool:
    try:
        parse(text)
    except Unreadable:
        return False
    return True


@lru_cache(maxsize=256)
def _parser(type: str, format: str | None = None) -> Parse:
    return parser(Spec(type, format))


def _read_as(values: Values, type: str, format: str | None = None, enough: float = ENOUGH) -> Guess | None:
    share = values.share(_parser(type, format))
    return Guess(type, format, unreadable=_missed(share)) if share >= enough else None


def _missed(share: float) -> int:
    return 0 if share == 1 else max(round(100 * (1 - share)), 1)


def _checkbox(values: Values) -> Guess | None:
    if values.share(_parser("checkbox")) < 1:
        return None
    digits = all(text in "01" for text in values.texts)
    both = len({str(_parser("checkbox")(text)) for text in values.texts}) == 2
    sure = not digits or both or (Hint.BLANKS in values.hints and list(values.texts) == ["1"])
    return Guess("checkbox") if sure or values.called(synonyms.SWITCH_WORDS) else None


def _email(values: Values) -> Guess | None:
    return _read_as(values, "email")


def _url(values: Values) -> Guess | None:
    return _read_as(values, "url") if values.all(_LINK.match) else None


def _list(values: Values) -> Guess | None:
    """Lists as programs write them; or a few words that separators join, the same ones again and again."""
    if values.all(_LIST.fullmatch):
        return _read_as(values, "multiselect")
    if not any(sign in text for text in values.texts for sign in _SEPARATORS):
        return None
    parts = [items(text) for text in values.texts]
    several = sum(len(part) > 1 or bool(_LIST.fullmatch(text)) for part, text in zip(parts, values.texts, strict=True))
    known = Counter(item for part in parts for item in part)
    again = sum(count > 1 for count in known.values())
    if 4 * several < len(parts) or 2 * again < len(known) or values.filled < _REPEATS * len(known):
        return None
    if len(known) > FEW_ITEMS or any(len(item) > _LONGEST_CHOICE for item in known) or _are_numbers(values):
        return None
    return _read_as(values, "multiselect")


def items(text: str) -> frozenset[str]:
    """The items of a list, as `multiselect` takes it apart; none of what it cannot read."""
    try:
        return frozenset(item.strip() for item in read_items(text)) - {""}
    except Unreadable:
        return frozenset()


def _are_numbers(values: Values) -> bool:
    """Whether the separators are those of numbers."""
    return any(values.share(_parser("number", format)) >= ENOUGH for format in _NUMBERS)


def _moment(values: Values) -> Guess | None:
    """A day or a moment that says itself how it is to be read."""
    if values.all(_COUNT.fullmatch):
        return _counted(values)
    found = _read_as(values, "datetime")
    return found and Guess(_with_time(values), unreadable=found.unreadable)


def _counted(values: Values) -> Guess | None:
    """Digits alone: seconds or milliseconds from 1970, or a day without separators, where the name speaks of a date."""
    known = Hint.MOMENTS in values.hints and not values.called(synonyms.PHONE_WORDS)
    if not known and not values.called(synonyms.DATE_WORDS):
        return None
    for type, format in _UNDIVIDED:
        if {len(text) for text in values.texts} == {len(format)} and (found := _read_as(values, type, format)):
            return found
    found = _read_as(values, "datetime")
    if found is None or not values.all(_is_recent):
        return None
    return Guess("datetime", unreadable=found.unreadable)


def _is_recent(text: str) -> bool:
    count = float(text) if _COUNT.fullmatch(text) else -1
    return not count or any(_LAST_CENTURY <= count / unit <= _NEXT_CENTURY for unit in (1, 1000))


def _with_time(values: Values) -> str:
    timed = [text for text in values.texts if _HOUR.search(text)]
    return "datetime" if any(not _MIDNIGHT.search(text) for text in timed) else "date"


def _written_moment(values: Values) -> Guess | None:
    """A day or a moment in an order that the file has to say."""
    timed = sum(bool(_HOUR.search(text)) for text in values.texts) * 2 > len(values.texts)
    type = "datetime" if timed else "date"
    formats = [f"{day} {time}" for day in _DAYS for time in _TIMES] if timed else list(_DAYS)
    probe = values.texts[:: max(len(values.texts) // 20, 1)]
    likely = [f for f in formats if sum(_reads(_parser(type, f), text) for text in probe) * 2 >= len(probe)]
    shares = {f: values.share(_parser(type, f)) for f in likely}
    best = max(shares.values(), default=0.0)
    if best < ENOUGH:
        return None
    fitting = [f for f, share in shares.items() if share == best]
    readings = {tuple(_parser(type, f)(text) for text in probe if _reads(_parser(type, f), text)): f
                for f in reversed(fitting)}  # fmt: skip
    if len(readings) > 1:
        return Guess(type, unclear=tuple(reversed(readings.values())), unreadable=_missed(best))
    return Guess(type, fitting[0], unreadable=_missed(best))


def _phone(values: Values) -> Guess | None:
    def dialled(text: str) -> bool:
        return sum(map(str.isdigit, text)) >= 6

    if not values.all(dialled):
        return None
    if values.called(synonyms.PHONE_WORDS):
        return _read_as(values, "phone", enough=_ENOUGH_NUMBERS)
    return _read_as(values, "phone") if values.all(lambda text: text.startswith(("+", "(+"))) else None


def _country(values: Values) -> Guess | None:
    found = _read_as(values, "country")
    if found is None or values.called(synonyms.CODE_WORDS):
        return None
    spelt = values.all(lambda text: len(text) > 3)
    coded = len(values.texts) >= 3 and all(text.isupper() for text in values.texts)
    return found if values.called(synonyms.COUNTRY_WORDS) or spelt or coded else None


def _whole(values: Values) -> Guess | None:
    """Whole numbers; not where a leading zero or many digits say that it is a sign that only looks like one."""
    if any(_ZEROS.match(text) for text in values.texts) or any(len(text) > DIGITS for text in values.texts):
        return None
    found = _read_as(values, "integer")
    return found if found and values.all(lambda text: text.lstrip("+-").isdigit()) else None


def _number(values: Values) -> Guess | None:
    if any(text.strip("+-").isdigit() and (_ZEROS.match(text) or len(text) > DIGITS) for text in values.texts):
        return None
    if found := _read_as(values, "number"):
        return found
    fitting = [f for f in _NUMBERS if values.share(_parser("number", f)) == 1] or [
        f for f in _NUMBERS if values.share(_parser("number", f)) >= ENOUGH
    ]
    if not fitting:
        return None
    by_point: dict[str, str] = {}
    for format in fitting:
        by_point.setdefault(format[-3], format)
    if len(by_point) > 1:
        return Guess("number", unclear=tuple(by_point.values()))
    return Guess("number", fitting[0], unreadable=_missed(values.share(_parser("number", fitting[0]))))


def _state(values: Values) -> Guess | None:
    short = values.all(lambda text: len(text) <= _LONGEST_CHOICE and not any(map(str.isdigit, text)))
    return Guess("state") if short and values.called(synonyms.STATE_WORDS) else None


def _choice(values: Values) -> Guess | None:
    few = 2 <= len(values.texts) <= FEW and values.filled >= _REPEATS * len(values.texts)
    if not few or not all(len(text) <= _LONGEST_CHOICE and any(map(str.isalpha, text)) for text in values.texts):
        return None
    return Guess("select")


def _text(_values: Values) -> Guess:
    return Guess("text")


_TRIALS: tuple[Callable[[Values], Guess | None], ...] = (
    _checkbox,
    _email,
    _url,
    _list,
    _moment,
    _written_moment,
    _phone,
    _country,
    _whole,
    _number,
    _state,
    _choice,
    _text,
)
