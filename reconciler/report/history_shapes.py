"""The JSON of `why`, as pydantic models. No value of a person has a place here."""

from __future__ import annotations

from typing import Literal

from reconciler.report.shapes import ProblemRow, Shape, WriteRow


class SaysRow(Shape):
    """What the file says."""

    filled: str
    conversion: dict[str, str]
    policy: dict[str, str]


class DecidedRow(Shape):
    """What the plan of this moment does."""

    result: str
    row: str
    """Of the decision table; empty for a tag, and where nobody was compared."""
    situation: str
    decision: str
    cause: str
    notes: tuple[str, ...] = ()


class WhyDocument(Shape):
    """One object for every `why`."""

    format: Literal["reconciler-why/1"] = "reconciler-why/1"
    tool: str
    outcome: Literal["told", "error"]
    file: str
    name: str = ""
    """Field key, or tag; a tag made from a value under the name of its list."""
    tag: bool = False
    where: str | None = None
    person: str = ""
    """The address of the person in plans, which names nobody; empty where nothing is remembered yet."""
    row: int = 0
    """Of the source; 0 where it was not read."""
    says: SaysRow | None = None
    now: DecidedRow | None = None
    """None with `--offline`."""
    writes: tuple[WriteRow, ...] = ()
    """The newest first."""
    since: Literal["nothing", "same", "before", "other"] = "nothing"
    """How what the CRM holds stands to the last write: as it was left, as it was before it, or written by somebody else
    since. `nothing`: nothing is remembered, or it was not looked at."""
    since_at: str = ""
    """Of `other`: the last moment at which it is known to have been as we left it, UTC."""
    owners: tuple[str, ...] = ()
    """Places in other files of ours that write it, too."""
    problems: tuple[ProblemRow, ...] = ()
