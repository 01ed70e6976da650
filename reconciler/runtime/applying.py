"""What the parts of one apply share: the doors, the journal, the counts, and when to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from reconciler.adapters.errors import AdapterError
from reconciler.model.capabilities import Call
from reconciler.model.messages import problem
from reconciler.model.outcome import Written
from reconciler.model.problems import Problem
from reconciler.model.progress import Progress, Silent
from reconciler.runtime.failures import problem_of
from reconciler.runtime.gateway import Gateway
from reconciler.runtime.journal import JournalRun
from reconciler.runtime.ontheway import OnTheWay, Stop
from reconciler.runtime.state import State
from reconciler.runtime.writer import Writer
from reconciler.runtime.writes import Writes


class Why(StrEnum):
    """Why an apply ended before its plan did."""

    ASKED = "asked"
    CALLS = "calls"
    DOWN = "down"


class Halted(Stop):
    """The apply ends here, in good order. `error`: what the CRM said, where it stopped answering."""

    def __init__(self, why: Why, error: AdapterError | None = None) -> None:
        self.why = why
        self.error = error
        super().__init__(why)


@dataclass(slots=True)
class Applying:
    """One apply. `account`: "" until the CRM exists; the first write may create it."""

    gateway: Gateway
    journal: JournalRun
    state: State
    stop: Callable[[], bool]
    account: str
    progress: Progress = field(default_factory=Silent)
    written: Written = field(default_factory=Written)
    settled: int = 0
    writes: Writes = field(default_factory=Writes)
    on_the_way: OnTheWay = field(init=False)
    _refused: Counter[Problem] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.on_the_way = OnTheWay(self.gateway)

    @property
    def writer(self) -> Writer:
        return Writer(self.gateway)

    def before_call(self, reads: int = 0, kind: Call | None = None) -> None:
        """Asked before every write. `reads`: calls that this write will bring after it; `kind`: its own kind, which may
        be more than one call. Raises Halted."""
        self.on_the_way.check()
        if self.stop():
            raise Halted(Why.ASKED)
        if not self.gateway.calls.room((1 if kind is None else self.gateway.requests(kind)) + reads):
            raise Halted(Why.CALLS)

    def intent(self, kind: Call, items: int, people: Sequence[bytes] = (), addresses: Sequence[str | None] = ()) -> int:
        return self.journal.intent(kind, items, people, addresses)

    def outcome(self, seq: int, done: int, failed: int, uncertain: Sequence[bytes] = ()) -> None:
        """Record how a call ended; after the first that did something, learn which account the CRM now is."""
        self.journal.outcome(seq, done, failed, uncertain)
        if done and not self.account:
            self.account = self.gateway.connect().id
            self.state.set_facts({"learnt": self.account})

    def refuse(self, error: AdapterError, items: int = 1) -> None:
        """Count items that the CRM refused; one problem per cause."""
        self.written.failed += items
        self._refused[problem_of(error)] += items

    def problems(self) -> tuple[Problem, ...]:
        """What was refused, one per cause, with counts."""
        found = []
        for cause, count in sorted(self._refused.items(), key=lambda item: (item[0].code, item[0].detail)):
            counted = f"{count:,} item{'' if count == 1 else 's'}"
            detail = f"{counted}: {cause.detail}" if cause.detail else counted
            found.append(problem(cause.code, detail, cause.where, cause.fix))
        return tuple(found)
