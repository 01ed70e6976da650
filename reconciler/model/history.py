"""What a run wrote to whom, as it is remembered: digests of values, never a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Act(IntEnum):
    """What was done to one value, tag or contact. The numbers are kept in files: never renumber."""

    SET = 1
    CLEAR = 2
    PULL = 3
    APPLY = 4
    REMOVE = 5
    CREATE = 6


class Ending(IntEnum):
    """How it ended. UNKNOWN: the run did not come to tell; REWRITTEN: written, and stored differently from what was
    sent; LEFT: not written, because it had changed since the plan; FOUND: the contact was there already, so what was
    written over there is not known. The numbers are kept in files: never renumber."""

    UNKNOWN = 0
    WRITTEN = 1
    REWRITTEN = 2
    REFUSED = 3
    UNCERTAIN = 4
    LEFT = 5
    FOUND = 6


REACHED = frozenset({Ending.UNKNOWN, Ending.WRITTEN, Ending.REWRITTEN, Ending.UNCERTAIN, Ending.FOUND})
"""After these the CRM may hold what was sent."""

ADDED = {Act.SET, Act.CLEAR, Act.PULL}
"""Acts on values."""


@dataclass(frozen=True, slots=True)
class Write:
    """One written value or tagging. `name`: field key of the file, or the tag's name; "" of a creation. `cause`: a word
    of `model.plan.Cause`, "" where it is not known. `code`: of the error, where it was refused. `at`: when its outcome
    was known, UTC, ISO. `before`, `after`: keyed digests (`model.addresses.value_digest`), `after` of what the CRM
    holds since; None: not known."""

    act: Act
    name: str
    ending: Ending
    cause: str = ""
    code: str = ""
    at: str = ""
    contact: str = ""
    before: int | None = None
    after: int | None = None

    @property
    def tag(self) -> bool:
        return self.act in (Act.APPLY, Act.REMOVE)


@dataclass(frozen=True, slots=True)
class Made:
    """A change of a field, option or tag that the run's plan had. `under`: of a tag made from a value, its list."""

    kind: str
    action: str
    key: str
    new_key: str = ""
    under: str = ""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is told of a run at its beginning. `command`: as it was typed, without options; `who`: the login of who
    started it, "" where the machine does not say. `config`: digest of the file; `plan`: the plan's id. `undo`: values
    from before are kept beside it; `until`: and how long, UTC, ISO. `undoes`: the run whose writes it puts back.
    `places`: field or tag -> its place in the file, `file:line`; `types`: field -> its value type. `made`: changes of
    fields and tags."""

    run: str
    started: str
    command: str = "apply"
    who: str = ""
    config: str = ""
    plan: str = ""
    undo: bool = False
    until: str = ""
    undoes: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    made: tuple[Made, ...] = ()
