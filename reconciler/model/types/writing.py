"""What writing a value shares: nothing is written before it was read again; letters have the case of an example."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from reconciler.model.types.spec import Unreadable

Raw = TypeVar("Raw", str, str | None)


def first_read_as(
    wanted: str | None, written: Iterable[Raw], read: Callable[[Raw], str | None], unlike: Unreadable
) -> Raw:
    """The first of `written` that is read as `wanted`.

    Raises `unlike` if one can be read as something else, or else the refusal of the last.
    """
    refused: list[Unreadable] = []
    for raw in written:
        try:
            if read(raw) == wanted:
                return raw
        except Unreadable as error:
            refused.append(error)
        else:
            refused.append(unlike)
    raise unlike if unlike in refused or not refused else refused[-1]


def in_case_of(text: str, like: str | None) -> str:
    """The text in capitals or in small letters where `like` is all of that."""
    if like is None:
        return text
    return text.upper() if like.isupper() else text.lower() if like.islower() else text
