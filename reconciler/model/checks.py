"""What `reconciler doctor` looked at, one row a check: plain data, nothing personal and no secret."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    """Not looked at, because what it depends on failed or is not there."""


@dataclass(frozen=True, slots=True)
class Check:
    """One sentence, and the way out where one is needed. `code`: of the problem that was met; "" without one.
    `authentication`: credentials were refused."""

    name: str
    verdict: Verdict
    said: str
    fix: str = ""
    code: str = ""
    authentication: bool = False
