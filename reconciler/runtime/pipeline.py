"""The whole program as functions: load, observe, diff, and for an apply guard, ask, carry out, remember.

Everything that comes from outside is in the `Request`; nothing here asks the machine for time, randomness or variables.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.adapters.registry import CRM, SOURCE, options_models
from reconciler.adapters.source import Source
from reconciler.model.clock import Clock
from reconciler.model.desired import Desired
from reconciler.model.inventory import Account, Inventory
from reconciler.model.messages import problem
from reconciler.model.outcome import Outcome, Result, Written
from reconciler.model.plan import Plan
from reconciler.model.problems import Failure, Problem
from reconciler.model.progress import Progress, Silent
from reconciler.model.status import LastRun, Status
from reconciler.planning.observed import Options
from reconciler.runtime.apply import Scope, Work, carry_out, remember
from reconciler.runtime.applying import Applying
from reconciler.runtime.disk import full_disk_said
from reconciler.runtime.doors import checked_account, open_crm, open_source
from reconciler.runtime.folder import Folder, Workdir, locate
from reconciler.runtime.gateway import Gateway
from reconciler.runtime.journal import Journal
from reconciler.runtime.lock import holder, take_or_fail
from reconciler.runtime.observe import Wanted, observe
from reconciler.runtime.refusals import refusals
from reconciler.runtime.state import State, current_state, open_state


@dataclass(frozen=True)
class Request:
    """What is asked for. `now`: the plan's clock; None: the start of the clock's day, UTC. `token_bytes`: randomness,
    n -> n secret bytes."""

    file: Path
    env: Mapping[str, str]
    clock: Clock
    token_bytes: Callable[[int], bytes]
    state_dir: Path | None = None
    now: datetime | None = None
    persons: frozenset[str] = frozenset()
    target: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    allow: Mapping[str, int] = field(default_factory=dict)
    max_calls: int | None = None
    show_values: bool = False
    refresh: str | None = None
    progress: Progress = field(default_factory=Silent)

    @property
    def folder(self) -> Folder:
        return Folder(locate(self.file, self.state_dir))

    @property
    def moment(self) -> datetime:
        """The clock that expressions see."""
        return self.now or self.clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def started(self) -> str:
        return self.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def scope(self) -> Scope:
        return Scope(self.persons, tuple(self.target), tuple(self.exclude))


def validate(request: Request, offline: bool) -> tuple[Desired, tuple[Problem, ...]]:
    """The file, resolved, and what is to be said about it and the source's columns (not looked at when `offline`).

    Never touches the CRM. Raises Failure with all problems when the file is wrong.
    """
    from reconciler.config import check_columns

    desired = _load(request)
    problems = tuple(desired.warnings)
    if not offline:
        with open_source(desired, request.file.parent) as source:
            problems += tuple(check_columns(desired, tuple(source.columns())))
    return desired, problems


def plan(request: Request) -> Plan:
    """What an apply would do. Writes nothing but state. Raises Failure."""
    with full_disk_said(), _session(request) as session:
        made = session.diff(request, links=False)
        session.state.set_last("plan", _last(made.id, request, made, "changes" if made.pending else "none"))
        return made


def apply(request: Request, confirm: Callable[[Plan], bool], stop: Callable[[], bool]) -> Outcome:
    """Plan and, if no guard stands against it and `confirm` agrees, carry the plan out. `stop` is asked before every
    write; what is in flight ends first. Raises Failure, also in the middle, where nothing may go on."""
    with full_disk_said(), _applying_alone(request), _session(request) as session:
        made = session.diff(request, links=True)
        work = Work(made, session.desired, session.inventory, request.scope, request.clock.now)
        calls = session.gateway.calls
        if refused := refusals(made):
            return Outcome(Result.REFUSED, made, "", Written(), calls.made(), refused)
        if not made.pending:
            session.nothing_to_do(work)
            return Outcome(Result.NONE, made, "", Written(), calls.made())
        if not confirm(made):
            return Outcome(Result.DECLINED, made, "", Written(), calls.made())
        return session.carry_out(request, work, stop)


def status(request: Request) -> Status:
    """What is remembered about the file. Touches nothing but the state."""
    folder = request.folder
    nothing = Status(str(request.file), str(folder.path))
    state = current_state(folder) if folder.exists() else None
    if state is None:
        return nothing
    with ExitStack() as stack:
        stack.callback(state.close)
        journal = Journal(state.path)
        stack.callback(journal.close)
        return replace(
            nothing,
            known=True,
            account=state.fact("account") or state.fact("learnt"),
            plan=state.last("plan"),
            apply=state.last("apply"),
            lock=_said(folder),
            unfinished=journal.unfinished(),
            open_creates=len(journal.open_creates()),
            counts=state.counts(),
            sizes=folder.sizes(),
        )


def forget(request: Request, what: str = "all") -> None:
    """Forget what is remembered, or one part of it (`state.FORGETTABLE`). Raises Failure E507 while an apply runs."""
    folder = request.folder
    if not folder.exists():
        return
    with _applying_alone(request), ExitStack() as stack:
        state = current_state(folder)
        if state is None:
            return
        stack.callback(state.close)
        state.forget(what)
        if what in ("all", "runs"):
            journal = Journal(state.path)
            stack.callback(journal.close)
            journal.forget()


@dataclass(slots=True)
class _Session:
    """One run with its doors and its state open."""

    desired: Desired
    source: Source
    gateway: Gateway
    account: Account
    state: State
    journal: Journal
    workdir: Workdir
    notes: list[Problem]
    inventory: Inventory = field(default_factory=Inventory)

    def diff(self, request: Request, links: bool) -> Plan:
        """Observe and compare. `links`: keep every link, for an apply to remember."""
        from reconciler.planning.plan import diff

        remembered = self.state.remembered(self.desired.digest)
        wanted = Wanted(request.persons, request.moment)
        observed = observe(self.desired, self.source, self.gateway, self.account, remembered, wanted)
        self.inventory = observed.inventory
        options = Options(
            now=request.moment,
            workdir=self.workdir.path,
            persons=request.persons,
            target=tuple(request.target),
            exclude=tuple(request.exclude),
            allow=request.allow,
            examples=request.show_values,
            links=links,
            progress=request.progress,
        )
        made = diff(self.desired, observed, options)
        weakref.finalize(made.people, self.workdir.close)  # the changes lie in it, and are read after this run
        return replace(made, problems=(*made.problems, *self.notes))

    def nothing_to_do(self, work: Work) -> None:
        """All is as the file says: remember that, and that everybody was seen."""
        self.state.begin(work.plan.config, work.plan.links, (), known=not work.scope.persons)
        if work.scope.everybody:
            self.journal.settle("")
        remember(work, self.state, set(), clean=True)

    def carry_out(self, request: Request, work: Work, stop: Callable[[], bool]) -> Outcome:
        run = self.journal.begin(_run_id(request), request.started, work.plan.config)
        self.state.set_last("apply", _last(run.id, request, work.plan, ""))
        applying = Applying(self.gateway, run, self.state, stop, self.account.id, request.progress)
        try:
            outcome = carry_out(work, applying, self.journal)
        except Failure:
            self.state.set_last("apply", _last(run.id, request, work.plan, "error"))
            raise
        self.state.set_last("apply", _last(run.id, request, work.plan, outcome.result.value))
        return outcome


@contextmanager
def _session(request: Request) -> Iterator[_Session]:
    """Load the file, open both doors and the state of the account that answers."""
    if request.refresh not in (None, "full"):
        raise Failure(problem("E909", f"`refresh: {request.refresh}`"))
    desired = _load(request)
    folder = request.folder
    key = folder.prepare(request.token_bytes)
    base = request.file.parent
    with ExitStack() as stack:
        source = stack.enter_context(open_source(desired, base))
        gateway = stack.enter_context(open_crm(desired, base, request.clock, request.max_calls))
        account = checked_account(desired, gateway)
        state, notes = open_state(folder, account.id, key)
        stack.callback(state.close)
        journal = Journal(state.path)
        stack.callback(journal.close)
        workdir = stack.enter_context(_until_planned(folder.workdir()))
        yield _Session(desired, source, gateway, account, state, journal, workdir, [*notes, *_notes(folder, journal)])


@contextmanager
def _until_planned(workdir: Workdir) -> Iterator[Workdir]:
    """A workdir that goes at once when no plan came of the run; else it goes with the plan's changes."""
    try:
        yield workdir
    except BaseException:
        workdir.close()
        raise


@contextmanager
def _applying_alone(request: Request) -> Iterator[None]:
    """Holds the lock of apply. Raises Failure E507 when another apply runs."""
    folder = request.folder
    folder.prepare(request.token_bytes)
    lock = take_or_fail(folder.lock, request.clock)
    try:
        yield
    finally:
        lock.release()


def _notes(folder: Folder, journal: Journal) -> Iterator[Problem]:
    if said := _said(folder):
        yield problem("E513", said)
    if run := journal.unfinished():
        yield problem("E512", f"run {run.run}, {run.at}")


def _said(folder: Folder) -> str:
    """Who applies now, this process left out."""
    found = holder(folder.lock)
    return "" if found is None or found.ours else str(found) or "another process"


def _load(request: Request) -> Desired:
    from reconciler.config import load

    return load(request.file, request.env, options_models(CRM), options_models(SOURCE))


def _run_id(request: Request) -> str:
    return f"{request.clock.now().astimezone(UTC):%Y%m%dT%H%M%SZ}-{request.token_bytes(2).hex()}"


def _last(run: str, request: Request, made: Plan, result: str) -> LastRun:
    return LastRun(run, request.started, made.config, result)
