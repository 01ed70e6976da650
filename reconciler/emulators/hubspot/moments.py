"""Moments as HubSpot writes them: ISO 8601 in UTC, milliseconds only where there are some."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def text_of(microseconds: int) -> str:
    """The stored microseconds of the embedded CRM, to the millisecond."""
    moment = _EPOCH + timedelta(microseconds=microseconds)
    bare = moment.replace(tzinfo=None)
    return bare.isoformat(timespec="milliseconds" if microseconds // 1000 % 1000 else "seconds") + "Z"


def milliseconds_of(text: str) -> int | None:
    """Milliseconds since 1970 of a text that is such a number, or ISO 8601; None of any other. Without a zone: UTC."""
    bare = text.strip()
    if bare.removeprefix("-").isascii() and bare.removeprefix("-").isdigit() and len(bare) < 16:
        return int(bare)
    if not bare[:4].isdigit() or bare[4:5] != "-":
        return None
    try:
        moment = datetime.fromisoformat(bare)
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return (aware - _EPOCH) // timedelta(milliseconds=1)
