"""Days and moments: date, datetime. A date never shifts by a zone; a moment is kept in UTC to the second."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from reconciler.model.types.patterns import Moment, compile_pattern, epoch, offset_of
from reconciler.model.types.spec import Guard, Parse, Spec, Unreadable, ValueType, Ways
from reconciler.model.types.text import clean

match_written = re.compile(
    r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})"
    r"(?:(?:[Tt]|\s+)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?"
    r"\s*([Zz]|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
).fullmatch
"""Year, separator, month, day; hour, minute, second and zone where they are written."""

_common_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z?)?").fullmatch
_common_moment = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z?").fullmatch
_day_or_month_first = re.compile(r"[0-9]{1,2}([-/. ])[0-9]{1,2}\1[0-9]{2,4}\b.*", re.DOTALL).fullmatch
_count = re.compile(r"(-?)([0-9]+)(?:\.[0-9]+)?").fullmatch
_also_a_minute = re.compile(
    r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:[01][0-9]|2[0-3])[0-5][0-9]"
).fullmatch

_SECONDS, _MILLISECONDS = range(9, 11), range(12, 14)
"""How many digits a count from 1970 has; other lengths could be a day written without separators."""
_NEGATIVE_SECONDS = range(5, 11)

Zone = timezone | ZoneInfo

_Read = Callable[[str], Moment | None]


def read_moment(text: str) -> Moment | None:
    """What is unmistakable: year first, or counted from 1970. None for SQL's zero date. Raises `Unreadable`."""
    found = match_written(text)
    if found is None:
        return _read_count(text)
    year, _, month, day, hour, minute, second, zone = found.groups()
    try:
        if int(month) == 0 == int(day):
            return None
        at = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
        return Moment(at, offset_of(zone) if zone else None)
    except ValueError:
        raise Unreadable("no such day or time", "map") from None


def _read_count(text: str) -> Moment:
    unit = count_unit(text)
    if unit is not None:
        return epoch(text, unit)
    if _count(text):
        raise Unreadable("date or seconds unclear", "format")
    if _day_or_month_first(text):
        raise Unreadable("day or month unclear", "format")
    raise Unreadable("not a date", "format")


def count_unit(text: str) -> int | None:
    """Parts of a second in which a text counts from 1970: 1 or 1000; None where it is no count or an unclear one."""
    found = _count(text)
    if found is None:
        return None
    sign, digits = found.groups()
    if len(digits) in (_NEGATIVE_SECONDS if sign else _SECONDS):
        return 1
    return 1000 if len(digits) in _MILLISECONDS and not (not sign and _also_a_minute(text)) else None


def _reader(spec: Spec) -> _Read:
    """text -> moment as `format` says, else by `read_moment`."""
    if spec.format is None:
        return read_moment
    by_pattern = compile_pattern(spec.format)

    def read(text: str) -> Moment | None:
        return None if _is_zero_date(text) else by_pattern(text)

    return read


_is_zero_date = re.compile(
    r"0000([-/.])00\1\d\d?(?:[T ]00:00(?::00(?:\.0+)?)?)?|00([-/.])00\2(?:00)?00", re.ASCII
).fullmatch


def zone_of(name: str) -> Zone:
    """The zone of that name."""
    return UTC if name.upper() in ("UTC", "Z", "GMT") else ZoneInfo(name)


def build_date(spec: Spec) -> Parse:
    """The calendar day as written, whatever its zone; counts from 1970 give their day in UTC."""
    read, quick = _reader(spec), spec.format is None

    def parse(raw: str | None) -> str | None:
        if not raw:
            return None
        if quick and _common_day(raw):
            try:
                date.fromisoformat(day := raw[:10])
            except ValueError:
                pass
            else:
                return day
        text = clean(raw)
        moment = _read(read, text) if text else None
        return None if moment is None else moment.at.date().isoformat()

    return parse


def build_datetime(spec: Spec) -> Parse:
    """The moment in UTC, cut to the second. Naive times are of `timezone`; a day alone is its midnight there.

    A time that the zone has twice is the first of the two; one that it skips is read with the offset before the gap.
    """
    read, quick = _reader(spec), spec.format is None
    zone = zone_of(spec.timezone)

    def parse(raw: str | None) -> str | None:
        if not raw:
            return None
        if quick and _common_moment(raw):
            try:
                at = datetime.fromisoformat(raw[:19])
            except ValueError:
                pass
            else:
                if zone is UTC or len(raw) == 20:
                    return f"{raw[:10]}T{raw[11:19]}Z"
                return _in_utc(Moment(at), zone)
        text = clean(raw)
        moment = _read(read, text) if text else None
        return None if moment is None else _in_utc(moment, zone)

    return parse


def _read(read: _Read, text: str) -> Moment | None:
    try:
        return read(text)
    except OverflowError:
        raise Unreadable("outside the years 1 to 9999", "map") from None


def _in_utc(moment: Moment, zone: Zone) -> str:
    at, offset = moment.at, moment.offset
    try:
        naive = at - offset if offset is not None else at if zone is UTC else _from_zone(at, zone)
    except OverflowError:
        raise Unreadable("outside the years 1 to 9999", "map") from None
    return naive.isoformat() + "Z"


def _from_zone(at: datetime, zone: Zone) -> datetime:
    return at - (at.replace(tzinfo=zone).utcoffset() or timedelta(0))


def _midnight(canonical: str) -> datetime:
    day = date.fromisoformat(canonical)
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def ways_of_date(spec: Spec) -> Ways:
    from reconciler.model.types import writing_moments

    return writing_moments.ways_of_date(spec)


def ways_of_datetime(spec: Spec) -> Ways:
    from reconciler.model.types import writing_moments

    return writing_moments.ways_of_datetime(spec)


_ACCEPTS = (
    "ISO 8601 and SQL, year first (`2026-11-22`, `2026-11-22 10:00:00`, `2026-11-22T10:00:00.5+02:00`), seconds from "
    "1970 (9 or 10 digits, negative too), milliseconds (12 or 13 digits); every other order only by `format`; "
    "SQL's zero date is empty"
)
_REFUSES = "`01/02/2026` and counts of another length, `20261122` too (`format`); days that do not exist (`map`)"

_DAY = "(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])"
"""Days that every month has: the others are parsed."""
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_MOMENT = f"{_DAY}T{_TIME}Z"

ROWS = (
    ValueType(
        name="date",
        aliases=("datepicker", "day", "birthday"),
        build=build_date,
        cel=_midnight,
        accepts=_ACCEPTS,
        canonical="`2026-11-22`: the day as written, never shifted by a zone; a count from 1970 gives its day in UTC",
        refuses=_REFUSES,
        samples=(
            ("2026-11-22", "2026-11-22"),
            ("2026-11-22 23:30:00", "2026-11-22"),
            ("2026-11-22T23:30:00-10:00", "2026-11-22"),
            ("1795341600", "2026-11-22"),
            ("-86400", "1969-12-31"),
            ("0000-00-00", None),
        ),
        guard=Guard(_DAY, noise=f"()[ T]{_TIME}$"),
        ways=ways_of_date,
        written="as `format` says; else ISO 8601, with an example as it is: separators, midnight behind the day, a "
        "count from 1970",
    ),
    ValueType(
        name="datetime",
        aliases=("timestamp", "date time", "datetimepicker", "datetime-local"),
        build=build_datetime,
        cel=datetime.fromisoformat,
        accepts=_ACCEPTS,
        canonical="`2026-11-22T10:00:00Z`: in UTC, cut to the second; times without a zone are of `timezone`",
        refuses=_REFUSES,
        samples=(
            ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
            ("2026-11-22 10:00:00.75", "2026-11-22T10:00:00Z"),
            ("2026-11-22T12:00:00+02:00", "2026-11-22T10:00:00Z"),
            ("1795341600000", "2026-11-22T10:00:00Z"),
            ("2026-11-22", "2026-11-22T00:00:00Z"),
            ("0000-00-00 00:00:00", None),
        ),
        guard=Guard(_MOMENT),
        ways=ways_of_datetime,
        written="as `format` says; else ISO 8601 in UTC, with an example as it is: by the clock of `timezone`, with "
        "`Z` or an offset, `T` or a space, a count from 1970",
    ),
)
