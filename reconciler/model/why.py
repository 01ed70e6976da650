"""Why one value or tag of one person is as it is: plain data, printed and returned as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.model.history import RunFacts, Write
from reconciler.model.problems import Place


class Since(StrEnum):
    """How what the CRM holds now stands to what was last written. NOBODY: nothing is remembered of a write, or it is
    not known what the CRM holds."""

    NOBODY = "nothing"
    SAME = "same"
    BEFORE = "before"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Says:
    """What the file says of it. `filled`: by what, in words; `conversion` and `policy`: key of the entry -> what it
    is, in words; defaults that change nothing are left out of `conversion`."""

    filled: str
    conversion: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """What the plan of this moment does. `row`: of the decision table, "" where it was not asked; `result`: in one
    word, as a plan counts it; `cause`: a word of `model.plan.Cause`. `ours`, `theirs`: canonical texts, for a terminal
    only; None is empty."""

    result: str
    row: str = ""
    situation: str = ""
    decision: str = ""
    cause: str = ""
    notes: tuple[str, ...] = ()
    ours: str | None = None
    theirs: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """One write, and the run that it belongs to. `where`: the line of the file as that run read it."""

    run: RunFacts
    write: Write
    where: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """`name`: field key of the file, or the tag's name as it may be shown. `person`: the address of the contact, which
    names nobody; `row`: in the source, 0 where it was not read. `now`: None: only what is remembered was asked.
    `writes`: the newest first. `owners`: other files that write it, too."""

    file: str
    name: str
    tag: bool
    where: Place | None
    person: str
    row: int = 0
    says: Says | None = None
    now: Decided | None = None
    writes: tuple[Written, ...] = ()
    since: Since = Since.NOBODY
    since_at: str = ""
    owners: tuple[str, ...] = ()
    values_shown: bool = False
