"""Events as a door: what happens in a run, told in names, counts and seconds as it happens.

Rooms tell; `cli` writes the events down (`--log-format json`) or hands them to a collector; tests collect them. No fact
is a value of a person, a secret, or an address on the network with its query.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Protocol


class Event(StrEnum):
    """What can happen, by the word that stands in a log."""

    BEGIN = "begin"
    STAGE = "stage"
    PROGRESS = "progress"
    STAGE_DONE = "stage_done"
    PLAN = "plan"
    RUN = "run"
    RETRY = "retry"
    CALLS = "calls"
    WAITED = "waited"
    OUTCOME = "outcome"
    PROBLEM = "problem"
    TEXT = "text"
    END = "end"


EVENTS: Mapping[Event, str] = {
    Event.BEGIN: "a command starts: `command`, `file`, `version`",
    Event.STAGE: "a stage starts: `stage`; `total`, how many things it has to do, as far as that is known",
    Event.PROGRESS: "about every ten seconds: `stage`, `count`, `total`, `seconds` since the stage began",
    Event.STAGE_DONE: "a stage ended: `stage`, `count`, `seconds`",
    Event.PLAN: "a plan was made: `plan` (its id), `crm`, `account`, `scope`, `outcome`, `rows` of the source, and"
    " counts of `contacts`, `values`, `memberships`, `inventory`, `findings`",
    Event.RUN: "an apply starts to write: `run`, its name in the journal",
    Event.RETRY: "a call is repeated: `endpoint`, `attempt`, `seconds` until then, `code` of why",
    Event.CALLS: "a CRM is left: `endpoint`, how many `calls` were made there in all, whether they `write`",
    Event.WAITED: "a CRM is left: `seconds` that calls waited in all, for the rate and before repetitions",
    Event.OUTCOME: "an apply ended: `run`, `outcome`, and counts of what was `written`",
    Event.PROBLEM: "something is wrong: `code`, `level`, `where`, `summary`, `detail`, `fix`",
    Event.TEXT: "anything else that is told on stderr: `text`, one line",
    Event.END: "the command ends: `outcome`, `exit` code, `seconds`",
}
"""What each of them tells."""

Fact = str | int | float | bool | Mapping[str, int]


class Events(Protocol):
    """Whoever listens. Threads may tell at once."""

    def tell(self, event: Event, facts: Mapping[str, Fact]) -> None: ...


class Unheard:
    """Nobody listens."""

    def tell(self, event: Event, facts: Mapping[str, Fact]) -> None:
        pass
