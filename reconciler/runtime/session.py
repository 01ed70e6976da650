"""One run with its doors and its state open: what `plan` and `apply` share."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta

from reconciler.adapters.source import Source
from reconciler.model.desired import Conflict, Desired
from reconciler.model.events import Event
from reconciler.model.inventory import Account, Inventory
from reconciler.model.messages import problem
from reconciler.model.names import near_matches
from reconciler.model.outcome import Outcome
from reconciler.model.plan import Plan
from reconciler.model.problems import Failure, Problem
from reconciler.model.status import LastRun
from reconciler.planning.allowances import Allowed, judged_on
from reconciler.planning.observed import MEMORY, Options
from reconciler.planning.ownership import Owner
from reconciler.planning.watching import Watch
from reconciler.report.document import ended_document, outcome_document, plan_document
from reconciler.report.shapes import PlanDocument
from reconciler.runtime.apply import Work, carry_out, moment_text, remember
from reconciler.runtime.applying import Applying
from reconciler.runtime.begun import SealedAddresses
from reconciler.runtime.caches import CacheFolder, Kept, cache_folder
from reconciler.runtime.contacts import ContactsRead, Freshness, new_seal
from reconciler.runtime.doors import checked_account, open_crm, open_source
from reconciler.runtime.folder import Folder, Workdir
from reconciler.runtime.gateway import Gateway
from reconciler.runtime.journal import Journal
from reconciler.runtime.kept import KeptRuns, Shown
from reconciler.runtime.keptwrites import Keep, KeptWrites, keep_until, secret_of
from reconciler.runtime.loading import load_file
from reconciler.runtime.lock import said, take_or_fail
from reconciler.runtime.observe import Wanted, observe
from reconciler.runtime.ownership import keep_owned, other_owners
from reconciler.runtime.recording import current as recorder
from reconciler.runtime.relinking import usable
from reconciler.runtime.request import Request
from reconciler.runtime.runfacts import run_facts
from reconciler.runtime.shared.opening import Seen, brought_up_to_date, shared_apply
from reconciler.runtime.state import State, open_state
from reconciler.runtime.writes import Writes
from reconciler.tables.engine import Engine
from reconciler.tables.remembered import Before, RememberedPeople, all_fields
from reconciler.tables.spool import Damaged


@dataclass(slots=True)
class Session:
    """One run with its doors and its state open."""

    desired: Desired
    source: Source
    gateway: Gateway
    account: Account
    state: State
    journal: Journal
    caches: CacheFolder
    workdir: Workdir
    notes: list[Problem]
    owners: tuple[Owner, ...] = ()
    inventory: Inventory = field(default_factory=Inventory)

    def diff(self, request: Request, remember: bool, watch: Watch | None = None) -> Plan:
        """Observe and compare. `remember`: write down what an apply is to remember of each person."""
        try:
            made = self._diff(request, remember, watch)
        except Damaged:  # nothing in the caches is needed
            self.caches.forget()
            made = self._diff(request, remember, watch)
        self.source.close()  # a database's transaction does not stay open while an apply writes
        weakref.finalize(made.people, self.workdir.close)  # the changes lie in it, and are read after this run
        return self.checked(replace(made, problems=(*made.problems, *self.notes)), request)

    def checked(self, made: Plan, request: Request) -> Plan:
        """With what the file's checks say of what everybody may see of the plan."""
        if not self.desired.checks:
            return made
        from reconciler.report.plan_checks import check_results

        allowed = Allowed.on(judged_on(request.clock.now(), request.moment), self.desired, request.allow)
        return replace(made, checks=check_results(self.desired.checks, plan_document(public(made)), allowed))

    def _diff(self, request: Request, remember: bool, watch: Watch | None) -> Plan:
        from reconciler.planning.plan import diff

        kept = self.caches.load() if self.desired.refresh.snapshot else None
        read = self._reading(request, kept)
        reads: list[ContactsRead] = []

        def reading(inventory: Inventory) -> ContactsRead:
            reads.append(read(inventory))
            return reads[-1]

        remembered = usable(self.state, self.journal.begun(), self.desired, request)
        wanted = Wanted(request.persons, request.moment, self.workdir.path)
        observed = observe(self.desired, self.source, self.gateway, self.account, remembered, wanted, reading)
        self.inventory = observed.inventory
        options = Options(
            now=request.moment,
            workdir=self.workdir.path,
            persons=request.persons,
            target=tuple(request.target),
            exclude=tuple(request.exclude),
            allow=request.allow,
            day=judged_on(request.clock.now(), request.moment),
            examples=request.show_values,
            remember=remember,
            keep=self.desired.refresh.snapshot and request.scope.whole,
            salt=request.token_bytes,
            progress=request.progress,
            watch=watch,
        )
        made = diff(self.desired, replace(observed, owners=self.owners, caches=kept.caches if kept else None), options)
        seen = reads[0].seen if reads else None
        if made.caches is not None and seen is not None:
            self.caches.save(made.caches, seen)
        elif not self.desired.refresh.snapshot:
            self.caches.forget()
        return made

    def _reading(self, request: Request, kept: Kept | None) -> Callable[[Inventory], ContactsRead]:
        """How contacts are read: as fresh as the file and the options ask."""
        every = None if request.refresh == "incremental" else timedelta(seconds=self.desired.refresh.full_every)
        fresh = Freshness(request.clock.now, every, self.journal.last_ended())
        seal = new_seal(self.state.key, request.token_bytes)
        usable = None if request.refresh == "full" else kept
        tags = bool(self.desired.tags or self.desired.dynamic_tags)
        return lambda inventory: ContactsRead(self.gateway, inventory, usable, fresh, seal, tags)

    def nothing_to_do(self, request: Request, work: Work) -> None:
        """All is as the file says: remember that, and that everybody was seen."""
        plan, at = work.plan, moment_text(work.moments())
        self.state.begin(plan.config, plan.remembers, (), known=not work.scope.persons, at=at)
        keep_owned(request, self.desired, self.state)
        self.state.name_by(work.desired.identity.person, work.anew)
        if work.scope.everybody:
            self.journal.settle("")
        remember(work, self.state, set(), clean=not plan.withheld)

    def carry_out(self, request: Request, work: Work, stop: Callable[[], bool]) -> Outcome:
        run = self.journal.begin(_run_id(request), request.started, work.plan.config, request.resolve)
        request.events.tell(Event.RUN, {"run": run.id})
        self._set_last(request, work, run.id, "")
        if not work.plan.undoes:  # before the first write: what an interrupted apply wrote is owned
            keep_owned(request, self.desired, self.state)
        writes = self._writes(request, work, run.id)
        applying = Applying(self.gateway, run, self.state, stop, self.account.id, request.progress, writes=writes)
        try:
            outcome = carry_out(work, applying, self.journal)
        except Failure as failure:
            self._set_last(request, work, run.id, "error")
            with suppress(Failure):  # the one that ended the run is told
                self._keep_run(request, run.id, ended_document(public(work.plan), run.id, failure.problems))
            raise
        finally:
            writes.close()
        self._set_last(request, work, run.id, outcome.result.value)
        if self.state.has_moves:
            self._fold()
        try:
            self._keep_run(request, run.id, outcome_document(replace(outcome, plan=public(outcome.plan))))
        except Failure as failure:
            said = problem("E532", "; ".join(p.summary for p in failure.problems))
            return replace(outcome, problems=(*outcome.problems, said))
        return outcome

    def _set_last(self, request: Request, work: Work, run: str, result: str) -> None:
        """Of an apply; an undo carries out no plan of the file."""
        if not work.plan.undoes:
            self.state.set_last("apply", last_run(run, request, work.plan, result))

    def _writes(self, request: Request, work: Work, run: str) -> Writes:
        """Where the run writes down what it writes to whom."""
        history, key = self.desired.history, self.state.key
        undo = history.undo or request.keep_undo or bool(work.plan.undoes)
        until = keep_until(request.clock.now(), history.keep)
        keep = Keep(until, secret_of(key, history.key)) if undo else None
        facts = run_facts(work.plan, work.desired, run, request, work.undone)
        return KeptWrites(self.state.path, key).begin(facts, keep, request.token_bytes, request.clock.now)

    def _fold(self) -> None:
        """What became of two-way values goes into the file of people, where it takes a third of the room."""
        said = self.state.remembered("")
        engine = Engine(self.workdir.path, MEMORY)
        try:
            before = Before(said.people, said.created, said.moves, true=True, clean=said.clean)
            file = self.workdir.path / "folded.parquet"
            RememberedPeople(engine, before, all_fields(said.people)).fold(file)
        finally:
            engine.close()
        self.state.fold(file)

    def keep_plan(self, request: Request, made: Plan) -> None:
        """So that `show` can print it again. Raises Failure."""
        KeptRuns(self.state.path).keep_plan(Shown(request.started, request.narrowed, plan_document(public(made))))

    def _keep_run(self, request: Request, run: str, document: PlanDocument) -> None:
        KeptRuns(self.state.path).keep_run(run, Shown(request.started, request.narrowed, document))


@contextmanager
def open_session(request: Request) -> Iterator[Session]:
    """Load the file, open both doors and the state of the account that answers."""
    desired = resolved(load_file(request), request.resolve)
    folder = request.folder
    shared = brought_up_to_date(request, desired.state)
    key = folder.prepare(request.token_bytes)
    with ExitStack() as stack:
        source = stack.enter_context(open_source(desired.source, request.opening(desired.source)))
        gateway = stack.enter_context(open_crm(desired.crm, request.opening(desired.crm), request.max_calls, desired))
        account = checked_account(desired.crm, gateway)
        state, notes = open_state(folder, account.id, key)
        stack.callback(state.close)
        journal = Journal(state.path, SealedAddresses(key, request.token_bytes))
        stack.callback(journal.close)
        KeptWrites(state.path, key).sweep(request.clock.now())
        workdir = stack.enter_context(_until_planned(folder.workdir()))
        caches = cache_folder(state, request)
        others = other_owners(request, desired, account.id)
        said = [*notes, *others.notes, *_notes(folder, journal, shared)]
        yield Session(desired, source, gateway, account, state, journal, caches, workdir, said, others.found)


def resolved(desired: Desired, resolve: Mapping[str, str]) -> Desired:
    """The file as it is for this run: whose conflicts are resolved for whom. Raises Failure E551 for fields in which
    none can come up."""
    two_way = [key for key, entry in desired.fields.items() if entry.pull]
    if wrong := [key for key in resolve if key not in two_way]:
        near = {key: near_matches(key, two_way) for key in wrong}
        said = [f"`{key}`" + (f" (did you mean `{near[key][0]}`?)" if near[key] else "") for key in wrong]
        raise Failure(problem("E551", ", ".join(said)))
    fields = {
        key: entry._replace(conflict=Conflict(resolve.get(key, entry.conflict)))
        for key, entry in desired.fields.items()
    }
    return replace(desired, fields=fields) if resolve else desired


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
    """Holds the lock of apply, and the lease of a shared state. Raises Failure E507, E580 when another apply runs."""
    folder = request.folder
    folder.prepare(request.token_bytes)
    lock = take_or_fail(folder.lock, request.clock)
    try:
        with shared_apply(request):
            yield
    finally:
        lock.release()


def public(made: Plan) -> Plan:
    """Without what was shown at a terminal to who asked for it."""
    return replace(made, values_shown=False, examples={})


def _notes(folder: Folder, journal: Journal, shared: Seen | None) -> Iterator[Problem]:
    if who := said(folder.lock) or (shared.holder if shared else ""):
        yield problem("E513", who)
    yield from shared.notes if shared else recorder().notes
    if run := journal.unfinished():
        yield problem("E512", f"run {run.run}, {run.at}")


def _run_id(request: Request) -> str:
    return f"{request.clock.now().astimezone(UTC):%Y%m%dT%H%M%SZ}-{request.token_bytes(2).hex()}"


def last_run(run: str, request: Request, made: Plan, result: str) -> LastRun:
    return LastRun(run, request.started, made.config, result)
