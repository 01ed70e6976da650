"""What writing a value shares: nothing is written before it was read again, and the case of letters follows an example."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from reconciler.model.types.spec import Unreadable

Raw = TypeVar("Raw", str, str | None)


def first_read_as(wanted: str | None, written: Iterable[Raw], read: Callable[[Raw], str | None], unlike: Unreadable) -> Raw:
    """The first of `written` that is read as `wanted`.

    Raises `unlike` if all that can be read is read as something else, the last refusal if nothing can be read.
    """
    refused: Unreadable | None = None
    for raw in written:
        try:
            if read(raw) == wanted:
                return raw
        except Unreadable as error:
            refused = refused or error
        else:
            refused = unlike
    raise refused or unlike


def in_case_of(text: str, like: str | None) -> str:
    """The text in capitals or in small letters where `like` is all of that."""
    if like is None:
        return text
    return text.upper() if like.isupper() else text.lower() if like.islower() else text
