"""One run with its doors and its state open: what `plan` and `apply` share."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC

from reconciler.adapters.source import Source
from reconciler.model.desired import Desired
from reconciler.model.inventory import Account, Inventory
from reconciler.model.messages import problem
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.model.problems import Failure, Problem
from reconciler.model.status import LastRun
from reconciler.planning.observed import Options
from reconciler.runtime.apply import Work, carry_out, remember
from reconciler.runtime.applying import Applying
from reconciler.runtime.doors import checked_account, open_crm, open_source
from reconciler.runtime.folder import Folder, Workdir
from reconciler.runtime.gateway import Gateway
from reconciler.runtime.journal import Journal
from reconciler.runtime.loading import load_file
from reconciler.runtime.lock import said, take_or_fail
from reconciler.runtime.observe import Wanted, observe
from reconciler.runtime.request import Request
from reconciler.runtime.state import State, open_state


@dataclass(slots=True)
class Session:
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
        self.source.close()  # a database's transaction does not stay open while an apply writes
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
        self.state.set_last("apply", last_run(run.id, request, work.plan, ""))
        applying = Applying(self.gateway, run, self.state, stop, self.account.id, request.progress)
        try:
            outcome = carry_out(work, applying, self.journal)
        except Failure:
            self.state.set_last("apply", last_run(run.id, request, work.plan, "error"))
            raise
        self.state.set_last("apply", last_run(run.id, request, work.plan, outcome.result.value))
        return outcome


@contextmanager
def open_session(request: Request) -> Iterator[Session]:
    """Load the file, open both doors and the state of the account that answers."""
    if request.refresh not in (None, "full"):
        raise Failure(problem("E909", f"`refresh: {request.refresh}`"))
    desired = load_file(request)
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
        yield Session(desired, source, gateway, account, state, journal, workdir, [*notes, *_notes(folder, journal)])


@contextmanager
def _until_planned(workdir: Workdir) -> Iterator[Workdir]:
    """A workdir that goes at once when no plan came of the run; else it goes with the plan's changes."""
    try:
        yield workdir
    except BaseException:
        workdir.close()
        raise


@contextmanager
def applying_alone(request: Request) -> Iterator[None]:
    """Holds the lock of apply. Raises Failure E507 when another apply runs."""
    folder = request.folder
    folder.prepare(request.token_bytes)
    lock = take_or_fail(folder.lock, request.clock)
    try:
        yield
    finally:
        lock.release()


def _notes(folder: Folder, journal: Journal) -> Iterator[Problem]:
    if who := said(folder.lock):
        yield problem("E513", who)
    if run := journal.unfinished():
        yield problem("E512", f"run {run.run}, {run.at}")


def _run_id(request: Request) -> str:
    return f"{request.clock.now().astimezone(UTC):%Y%m%dT%H%M%SZ}-{request.token_bytes(2).hex()}"


def last_run(run: str, request: Request, made: Plan, result: str) -> LastRun:
    return LastRun(run, request.started, made.config, result)
