"""How days and moments are written: as `format` says, as another one of the column is, or plainly in ISO 8601."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from reconciler.model.types.moments import Zone, build_datetime, count_unit, match_written, zone_of
from reconciler.model.types.patterns import Moment, offset_of
from reconciler.model.types.spec import Spec, Unreadable, Ways
from reconciler.model.types.writing import in_case_of
from reconciler.model.types.writing_patterns import Write, pattern_writer, since_1970, written_offset, zone_finder

_UTC = timedelta(0)
_MINUTE = timedelta(minutes=1)


class _Hand(NamedTuple):
    """One way to write moments. `zone`: how it writes a zone, None if it does not."""

    zone: str | None
    write: Write


class _Look(NamedTuple):
    """How a text with the year first looks. `gap`: between day and hour, "" without a time. `tail`: behind seconds."""

    separator: str
    digits: int
    gap: str = ""
    hour_digits: int = 2
    seconds: bool = True
    tail: str = ""
    zone: str | None = None

    def write(self, moment: Moment, zone: str) -> str:
        at = moment.at
        day = f"{at.year:04}{self.separator}{at.month:0{self.digits}}{self.separator}{at.day:0{self.digits}}"
        if not self.gap:
            return day
        seconds = f":{at.second:02}" if self.seconds else ""
        offset = written_offset(moment.offset or _UTC, zone) if self.zone else ""
        return f"{day}{self.gap}{at.hour:0{self.hour_digits}}:{at.minute:02}{seconds}{self.tail}{offset}"


def ways_of_date(spec: Spec) -> Ways:
    """The day; midnight where a time is written behind it."""
    hands = _hands(spec.format)

    def ways(canonical: str, like: str | None, *_: str | None) -> Iterator[str]:
        midnight = datetime.fromisoformat(canonical)
        for zone, write in hands(like):
            # A day does not shift: whatever zone stands behind it, it is midnight there.
            yield write(Moment(midnight, _ahead(zone or "Z")), zone or "Z")
        yield canonical

    return ways


def ways_of_datetime(spec: Spec) -> Ways:
    """By the clock of `timezone` where `like` names no zone, else in UTC or with an offset as there."""
    hands, clocks = _hands(spec.format), _Clocks(spec)

    def ways(canonical: str, like: str | None, *_: str | None) -> Iterator[str]:
        at = datetime.fromisoformat(canonical[:-1])
        for zone, write in hands(like):
            try:
                yield write(clocks.show(at, zone, like), zone or "Z")
            except OverflowError:  # beyond the years 1 to 9999 on that clock
                continue
        yield canonical

    return ways


def _hands(format: str | None) -> Callable[[str | None], Iterator[_Hand]]:
    """like -> the hands that may write as it is written, best first."""
    if format is None:
        return lambda like: _as_the_example(like) if like else iter(())
    write, zone_in = pattern_writer(format), zone_finder(format)

    def by_pattern(like: str | None) -> Iterator[_Hand]:
        zone = zone_in(like)
        yield _Hand(zone, lambda moment, zone: in_case_of(write(moment, zone), like))
        yield _Hand(zone, write)

    return by_pattern


def _as_the_example(like: str) -> Iterator[_Hand]:
    unit = count_unit(like)
    if unit is not None:
        fraction = re.sub("[0-9]", "0", like[like.index(".") :]) if "." in like else ""
        yield _Hand("Z", lambda moment, _: since_1970(moment, unit) + fraction)
    look = _look(like)
    if look is not None:
        yield _Hand(look.zone, look.write)
        # What has a time, or seconds, where the example has none.
        fuller = look._replace(gap=look.gap or " ", seconds=True)
        yield _Hand(look.zone, fuller.write)


def _look(like: str) -> _Look | None:
    found = match_written(like)
    if found is None:
        return None
    _, separator, month, day, hour, _, second, zone = found.groups()
    look = _Look(separator, min(len(month), len(day)))
    if hour is None:
        return look
    tail = like[found.end(7 if second else 6) : found.start(8) if zone else len(like)]
    return look._replace(
        gap=like[found.end(4) : found.start(5)],
        hour_digits=len(hour),
        seconds=second is not None,
        tail=re.sub("[0-9]", "0", tail),
        zone=zone,
    )


class _Clocks:
    """The clocks by which moments of one field are shown."""

    def __init__(self, spec: Spec) -> None:
        self._zone: Zone = zone_of(spec.timezone)
        self._read = build_datetime(spec)

    def show(self, at: datetime, zone: str | None, like: str | None) -> Moment:
        """A moment of UTC as it is written with such a zone; None: by the clock of the field's own zone."""
        offset = self._own_offset(at) if zone is None else self._offset(at, zone, like)
        return Moment(at + offset, offset)

    def _offset(self, at: datetime, zone: str, like: str | None) -> timedelta:
        """An offset goes with the field's own zone through the year, if that is where the example has it from."""
        ahead = _ahead(zone)
        then = self._moment(like) if zone[0] in "+-" else None
        if then is None or self._own_offset(then) != ahead:
            return ahead
        own = self._own_offset(at)
        return own - own % _MINUTE

    def _own_offset(self, at: datetime) -> timedelta:
        return at.replace(tzinfo=UTC).astimezone(self._zone).utcoffset() or _UTC

    def _moment(self, like: str | None) -> datetime | None:
        try:
            canonical = self._read(like)
        except Unreadable:
            return None
        return datetime.fromisoformat(canonical[:-1]) if canonical else None


def _ahead(zone: str) -> timedelta:
    try:
        return offset_of(zone)
    except ValueError:
        return _UTC
