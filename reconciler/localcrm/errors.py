"""What the embedded CRM answers when it does not do what it was asked. No error carries a value."""

from __future__ import annotations

from enum import StrEnum


class LocalCrmError(Exception):
    """`detail`: one sentence that names fields, tags and numbers, never contents."""

    def __init__(self, detail: str = "") -> None:
        self.detail = detail
        super().__init__(detail)


class Missing(LocalCrmError):
    """The contact, field or tag is not there."""


class Taken(LocalCrmError):
    """The e-mail, key or name belongs to something that exists: `existing` is its id or key."""

    def __init__(self, detail: str, existing: str) -> None:
        super().__init__(detail)
        self.existing = existing


class Refused(LocalCrmError):
    """A rule of this CRM says no; nothing of the item was stored. `field`: the field's key, or ""."""

    def __init__(self, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.field = field


class TooManyCalls(LocalCrmError):
    """Nothing was done; again after `after` seconds."""

    def __init__(self, after: float) -> None:
        super().__init__("too many calls")
        self.after = after


class Down(LocalCrmError):
    """Nothing was done; later may work."""


class AnswerLost(LocalCrmError):
    """It was done, and the answer never arrives."""


class Trouble(StrEnum):
    """What is wrong with the file."""

    NEWER = "newer"
    FOREIGN = "foreign"
    CLOSED = "closed"


class Unusable(LocalCrmError):
    """The file cannot be used as it is."""

    def __init__(self, trouble: Trouble, detail: str) -> None:
        super().__init__(detail)
        self.trouble = trouble
