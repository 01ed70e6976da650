"""Problems: what is wrong, where, why, and the way out.

A `Problem` is data. `Failure` carries one or many of them out of any room; `cli` turns it into an
exit code and `report` into words. The sentences of each code live in `model.messages`.
Nothing here may hold a personal value or a secret: a detail names fields, lines, counts, never contents.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    OFF = "off"


class Place(NamedTuple):
    """A position in a file: line and column count from 1; 0 means unknown and is not printed. A tuple, since a file has
    thousands of them and most are never looked at."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.file, *(str(n) for n in (self.line, self.column) if n)]
        return ":".join(parts)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `summary` is constant for a code; `detail` is about this case; `fix` is the way out."""

    code: str
    level: Level
    summary: str
    detail: str = ""
    fix: str = ""
    where: Place | None = None


class Exit(StrEnum):
    """Why a command did not succeed; `cli.exits` has the number of each."""

    ERROR = "error"
    REFUSED = "refused"
    AUTHENTICATION = "authentication"
    STALE = "stale"
    PARTIAL = "partial"
    INTERRUPTED = "interrupted"


class Failure(Exception):
    """Something the user must know of before anything else happens: all problems found, never only the first."""

    def __init__(self, problems: Problem | Iterable[Problem], exit: Exit = Exit.ERROR) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        self.exit = exit
        super().__init__("; ".join(f"{p.code} {p.summary}" for p in self.problems))
