"""A program behind the command line that answers with plans made by hand; also a process of its own, for terminals.

`python -m tests.cli.program ARGUMENTS...`; the variable ANSWER chooses what it answers.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.model.outcome import Outcome, Result, Written
from reconciler.model.plan import Plan
from reconciler.model.problems import Problem
from reconciler.model.status import LastRun, Status
from tests.report.plans import EMPTY, FULL

ALLOWED = replace(FULL, guards=())
STATUS = Status(
    file="north.yaml",
    state=".reconciler/north",
    known=True,
    account="3f9c",
    apply=LastRun("a-1", "2026-11-21T10:00:00Z", "blake2b:aa", "applied"),
    counts={"links": 12345},
    sizes={"state.db": 40960},
)


class Request:
    """Keeps what it was asked for, under the names of the real one."""

    def __init__(self, **asked: Any) -> None:
        self.asked = asked
        self.progress = asked["progress"]


@dataclass
class Program:
    """Answers every command. `raises`: instead of an answer. `requests`: all that were made."""

    the_plan: Plan = ALLOWED
    result: Result = Result.APPLIED
    raises: BaseException | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    waits: bool = False
    deaf: bool = False
    remembered: Status = STATUS
    forgotten: list[str] = field(default_factory=list)

    Request = Request

    def _asked(self, request: Request) -> None:
        self.requests.append(request.asked)
        if self.raises is not None:
            raise self.raises

    def plan(self, request: Request) -> Plan:
        self._asked(request)
        request.progress.stage("reading people", 10)
        request.progress.advance(10)
        if self.waits:
            _wait(lambda: False)
        return self.the_plan

    def apply(self, request: Request, confirm: Callable[[Plan], bool], stop: Callable[[], bool]) -> Outcome:
        self._asked(request)
        refused = self.result in {Result.REFUSED, Result.NONE}
        if refused or not confirm(self.the_plan):
            result = self.result if refused else Result.DECLINED
            return Outcome(result, self.the_plan, "", Written(), (), self.problems)
        if self.waits:
            _wait(stop if not self.deaf else lambda: False)
            return Outcome(Result.INTERRUPTED, self.the_plan, "r-1", Written(updated=7, left=3))
        return Outcome(self.result, self.the_plan, "r-1", Written(updated=43), (), self.problems)

    def status(self, request: Request) -> Status:
        self._asked(request)
        return self.remembered

    def forget(self, request: Request, what: str) -> None:
        self._asked(request)
        self.forgotten.append(what)


def _wait(stop: Callable[[], bool]) -> None:
    sys.stderr.write("waiting\n")
    sys.stderr.flush()
    until = time.monotonic() + 30
    while not stop() and time.monotonic() < until:
        time.sleep(0.01)


ANSWERS: Mapping[str, Callable[[], Program]] = {
    "allowed": Program,
    "empty": lambda: Program(EMPTY, Result.NONE),
    "scripts": lambda: Program(replace(ALLOWED, account="Ärzte 会員")),
    "waits": lambda: Program(waits=True),
    "deaf": lambda: Program(waits=True, deaf=True),
}


def main() -> int:
    from reconciler.cli.app import run
    from reconciler.cli.output import prepare_streams

    prepare_streams()
    program = ANSWERS[os.environ.get("ANSWER", "allowed")]()
    return run(sys.argv[1:], os.environ, lambda: program)


if __name__ == "__main__":
    sys.exit(main())
