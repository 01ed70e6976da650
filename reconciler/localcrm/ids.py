"""Ids of the embedded CRM as texts."""

from __future__ import annotations


def as_id(text: str) -> int | None:
    """The number that an id is made of, or None for a text that is no id of this CRM."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 and str(int(text)) == text else None
