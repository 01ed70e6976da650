"""Who hears what happens in a run: a log of JSON lines on stderr, a collector of traces and metrics."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from reconciler import __version__
from reconciler.cli.interrupts import STOPPING
from reconciler.cli.output import emit
from reconciler.cli.progress import EVERY
from reconciler.cli.settings import LOG_VARIABLE, Settings
from reconciler.model.clock import Clock
from reconciler.model.events import Event, Events, Fact
from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Problem
from reconciler.model.progress import Progress

if TYPE_CHECKING:
    from reconciler.model.outcome import Outcome
    from reconciler.model.plan import Plan

_LEVELS = {Event.RETRY: "warning"}
_PROGRESS = frozenset({Event.STAGE, Event.PROGRESS, Event.STAGE_DONE})


def heard_by(settings: Settings) -> Heard:
    """Who hears what happens in a command, which begins now. Raises Failure E903."""
    if not settings.log_format and settings.env.get(LOG_VARIABLE, "") not in ("", "text", "json"):
        raise Failure(problem("E903", f"`{LOG_VARIABLE}` takes text or json"))
    listeners: list[Events] = []
    if settings.logs_json:
        log = JsonLines(lambda line: emit(line, to_stderr=True), Clock.system().now, settings.quiet)
        settings.interrupts.said = lambda: log.line(Event.TEXT, {"text": STOPPING})
        listeners.append(log)
    warn: list[Problem] = []
    try:
        collector = _collector(settings)
    except Failure as failure:
        collector = None
        warn.extend(failure.problems)
    heard = Heard(listeners, collector, lambda found: _warn(settings, found))
    heard.tell(Event.BEGIN, {"command": settings.command, "file": settings.file, "version": __version__})
    for found in warn:
        heard.warn(found)
    return heard


def _collector(settings: Settings) -> Collects | None:
    """Raises Failure where one is asked for and there is none."""
    from reconciler.telemetry import open_collector, wanted

    signals = wanted(settings.env)
    return open_collector(signals, Clock.system().now, os.urandom) if any(signals) else None


def _warn(settings: Settings, found: Problem) -> None:
    """What does not end the command, on a stderr that is no log."""
    if not settings.logs_json:
        from reconciler.report.problems import problems_text

        settings.print(problems_text([found], settings.page(to_stderr=True).width), to_stderr=True)


class Collects(Events, Protocol):
    """A listener to whom the end of a command costs time. `close`: hand over; what is to be said of that."""

    def close(self) -> Sequence[Problem]: ...


class JsonLines:
    """Each event as one line. `write` takes a whole line; `quiet`: without stages."""

    def __init__(self, write: Callable[[str], None], now: Callable[[], datetime], quiet: bool = False) -> None:
        self._write, self._now, self._quiet = write, now, quiet
        self._lock = Lock()

    def tell(self, event: Event, facts: Mapping[str, Fact]) -> None:
        if self._quiet and event in _PROGRESS:
            return
        line = self.line(event, facts)
        with self._lock:
            self._write(line)

    def line(self, event: Event, facts: Mapping[str, Fact]) -> str:
        """As it stands in the log; signs that are no ASCII as their escapes."""
        import json

        at = self._now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps({"at": at, "level": _LEVELS.get(event, "info"), "event": event, **facts}) + "\n"


class Heard:
    """Several listeners as one. `outcome`: how the command ends, as far as it was told."""

    def __init__(
        self,
        listeners: Sequence[Events],
        collector: Collects | None = None,
        warned: Callable[[Problem], None] = lambda _found: None,
    ) -> None:
        """`warned`: hears, too, what is to be said of the collector."""
        self._listeners = (*listeners, *([collector] if collector else []))
        self._collector, self._warned = collector, warned
        self.outcome = ""

    @property
    def listened(self) -> bool:
        return bool(self._listeners)

    def tell(self, event: Event, facts: Mapping[str, Fact]) -> None:
        self.outcome = str(facts.get("outcome", self.outcome))
        for listener in self._listeners:
            listener.tell(event, facts)

    def problem(self, found: Problem) -> None:
        where = {"where": str(found.where)} if found.where else {}
        said = {"summary": found.summary, "detail": found.detail, "fix": found.fix}
        self.tell(Event.PROBLEM, {"level": found.level.value, "code": found.code, **where, **said})

    def planned(self, plan: Plan) -> None:
        """What the plan says, in counts, and its problems."""
        from dataclasses import asdict

        inventory: dict[str, int] = {}
        for change in plan.inventory:
            inventory[change.action.value] = inventory.get(change.action.value, 0) + 1
        values = {name: sum(getattr(row, name) for row in plan.fields) for name in ("set", "clear", "pull")}
        memberships = {name: sum(getattr(row, name) for row in plan.tags) for name in ("apply", "remove")}
        self.tell(
            Event.PLAN,
            {
                "plan": plan.id,
                "crm": plan.crm,
                "account": plan.account,
                "scope": plan.scope,
                "outcome": "changes" if plan.pending else "none",
                "rows": plan.source_rows,
                "contacts": asdict(plan.contacts),
                "values": values,
                "memberships": memberships,
                "inventory": inventory,
                "findings": sum(finding.count for finding in plan.findings),
            },
        )
        for found in plan.problems:
            self.problem(found)

    def ended(self, outcome: Outcome) -> None:
        """What an apply did, in counts, and its problems."""
        from dataclasses import asdict

        written = {name: count for name, count in asdict(outcome.written).items() if count}
        run = {"run": outcome.run} if outcome.run else {}
        self.tell(Event.OUTCOME, {**run, "outcome": outcome.result.value, "written": written})
        for found in outcome.problems:
            self.problem(found)

    def end(self, outcome: str, code: int, seconds: float) -> None:
        """The last event. The collector hears it first, so that what is to be said of it comes before the end."""
        facts: dict[str, Fact] = {"outcome": outcome, "exit": code, "seconds": seconds}
        if self._collector is not None:
            self._collector.tell(Event.END, facts)
            for found in self._collector.close():
                self.warn(found)
        for listener in self._listeners:
            if listener is not self._collector:
                listener.tell(Event.END, facts)

    def warn(self, found: Problem) -> None:
        self.problem(found)
        self._warned(found)


class Stages:
    """Progress as events."""

    def __init__(self, events: Events, clock: Callable[[], float] = monotonic) -> None:
        self._events, self._clock = events, clock
        self._name = ""

    def stage(self, name: str, total: int | None = None) -> None:
        self.done()
        self._name, self._count = name, 0
        self._total: dict[str, Fact] = {} if total is None else {"total": total}
        self._began = self._told = self._clock()
        self._events.tell(Event.STAGE, {"stage": name, **self._total})

    def advance(self, count: int = 1) -> None:
        if not self._name:
            return
        self._count += count
        now = self._clock()
        if now - self._told >= EVERY:
            self._told = now
            self._say(Event.PROGRESS, now, self._total)

    def done(self) -> None:
        if self._name:
            self._say(Event.STAGE_DONE, self._clock(), {})
        self._name = ""

    def _say(self, event: Event, now: float, more: Mapping[str, Fact]) -> None:
        spent = round(now - self._began, 3)
        self._events.tell(event, {"stage": self._name, "count": self._count, **more, "seconds": spent})


class Together:
    """Two ways of showing progress at once."""

    def __init__(self, *shown: Progress) -> None:
        self._shown = shown

    def stage(self, name: str, total: int | None = None) -> None:
        for one in self._shown:
            one.stage(name, total)

    def advance(self, count: int = 1) -> None:
        for one in self._shown:
            one.advance(count)

    def done(self) -> None:
        for one in self._shown:
            one.done()
