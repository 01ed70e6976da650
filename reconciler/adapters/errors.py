"""Errors of both doors. The class says what may be done next; retry logic never reads messages.

No error carries a foreign exception's text: databases, readers and HTTP libraries quote people's data. `detail` is
our own sentence and names fields, endpoints, counts, rows.
"""

from __future__ import annotations


class AdapterError(Exception):
    """`detail`: one sentence of ours; `fix`: the way out, "" for the one of the code; `code`: the problem to report.
    `repeated`: the door has repeated the call as often as it makes sense, so that nobody else needs to."""

    code: str = "E309"
    repeated: bool = False

    def __init__(self, detail: str = "", fix: str = "") -> None:
        self.detail = detail
        self.fix = fix
        super().__init__(detail)


class AuthFailed(AdapterError):
    """Wrong or missing credentials or scope: stop."""

    code = "E301"


class WrongAccount(AdapterError):
    """Another account answered than the file allows: stop."""

    code = "E302"


class NotFound(AdapterError):
    """The contact, field or tag is not there (any more): look up again. `became`: the contact into which it was merged,
    where the CRM says so and may have written to that one."""

    code = "E307"

    def __init__(self, detail: str = "", fix: str = "", became: str = "") -> None:
        super().__init__(detail, fix)
        self.became = became


class Duplicate(AdapterError):
    """It exists already: update instead. `existing` is its id where the CRM says so."""

    code = "E308"

    def __init__(self, detail: str = "", fix: str = "", existing: str | None = None) -> None:
        super().__init__(detail, fix)
        self.existing = existing


class RateLimited(AdapterError):
    """Too many calls: again after `after` seconds."""

    code = "E304"

    def __init__(self, detail: str = "", fix: str = "", after: float = 1.0) -> None:
        super().__init__(detail, fix)
        self.after = after


class QuotaUsedUp(RateLimited):
    """The same, for longer than a run should wait: `detail` says until when."""

    code = "E324"


class Unavailable(AdapterError):
    """Nothing was done; later may work."""

    code = "E303"


class Unreached(Unavailable):
    """The same: nobody was there to be asked."""


class Uncertain(AdapterError):
    """The answer was lost: it may have been done. Look before repeating."""

    code = "E305"


class Rejected(AdapterError):
    """This record (or this field of it) is refused; the others go on. `field` is the CRM's field key or ""."""

    code = "E306"

    def __init__(self, detail: str = "", fix: str = "", field: str = "") -> None:
        super().__init__(detail, fix)
        self.field = field


class CrmFailed(AdapterError):
    """The CRM cannot be used as it is: stop. `code` is the problem code to report (`E3xx`)."""

    def __init__(self, code: str, detail: str = "", fix: str = "") -> None:
        super().__init__(detail, fix)
        self.code = code


class SourceFailed(AdapterError):
    """The source cannot be read to its end: nothing is planned on half the people. `row`: 1-based data row, or 0.

    `code` is the problem code to report (`E4xx`)."""

    def __init__(self, code: str, detail: str = "", fix: str = "", row: int = 0) -> None:
        super().__init__(detail, fix)
        self.code = code
        self.row = row


class SourceAuthFailed(SourceFailed, AuthFailed):
    """The source refused the credentials, or what they want to read: stop."""
