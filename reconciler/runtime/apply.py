"""Carrying out a plan, in order: tags, fields, changes, people, removals; then remembering what is so now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from reconciler.adapters.source import Source
from reconciler.model.addresses import person_digest, tag_address
from reconciler.model.desired import Desired
from reconciler.model.history import RunFacts
from reconciler.model.inventory import Inventory
from reconciler.model.messages import problem
from reconciler.model.outcome import Outcome, Result
from reconciler.model.plan import Action, ContactAction, Plan
from reconciler.model.problems import Problem
from reconciler.runtime.applying import Applying, Halted, Why
from reconciler.runtime.failures import problem_of
from reconciler.runtime.inventory import InventoryWriter, pending
from reconciler.runtime.journal import Journal
from reconciler.runtime.people import PeopleWriter
from reconciler.runtime.scope import Scope
from reconciler.runtime.source import SourceWriter
from reconciler.runtime.state import State


@dataclass(frozen=True, slots=True)
class Work:
    """One plan to carry out, with everything that it was made from. `moments`: the real clock. `source`: None where
    nothing is pulled. `anew`: all links were made anew. `undone`: the run whose writes the plan puts back."""

    plan: Plan
    desired: Desired
    inventory: Inventory
    scope: Scope
    moments: Callable[[], datetime]
    source: Source | None = None
    anew: bool = False
    undone: RunFacts | None = None


def carry_out(work: Work, applying: Applying, journal: Journal) -> Outcome:
    """Do what the plan says. Raises Failure only where nothing may go on: credentials, a CRM that cannot be used."""
    plan, scope = work.plan, work.scope
    open_creates = journal.open_creates()
    guarded = _guarded(plan, applying.state.key)
    if plan.undoes:
        applying.state.disagree()
    else:
        at = moment_text(work.moments())
        applying.state.begin(plan.config, plan.remembers, guarded, known=not scope.persons, at=at)
        if work.anew:
            journal.forget_addresses()
        applying.state.name_by(work.desired.identity.person, work.anew)
    inventory = InventoryWriter(applying, work.desired, work.inventory)
    source = SourceWriter(applying, plan, work.desired, work.source)
    people = PeopleWriter(applying, plan, work.desired, inventory, open_creates, source.left)
    halted = _go(plan, applying, inventory, source, people)
    written = applying.written
    written.left = plan.people.contacts - people.rows.settled + people.rows.short
    if halted is None and not plan.undoes:
        if scope.everybody:
            journal.settle(applying.journal.id)
        remember(work, applying.state, inventory.lost, clean=not written.failed + written.left + plan.withheld)
    result = _result(halted, written.failed + written.left)
    journal.end(applying.journal.id, moment_text(work.moments()), result.value)
    done = written.values + written.tags_applied + written.tags_removed
    again = [problem("E612")] if work.undone is not None and not work.undone.undoes and done else []
    problems = (*source.problems(), *applying.problems(), *_ending(halted, written.left, plan.undoes), *again)
    return Outcome(result, plan, applying.journal.id, written, applying.gateway.calls.made(), problems)


def remember(work: Work, state: State, lost: set[str], clean: bool) -> None:
    """The file, or the chosen part of it, is as applied now. `lost`: addresses whose change failed; `clean`: nothing
    was refused or left."""
    scope, desired = work.scope, work.desired
    done = {address: digest for address, digest in scope.entries(desired).items() if address not in lost}
    blocked = {c.address for c in work.plan.inventory if c.action is Action.BLOCKED}
    ruled = [tag.name for tag in desired.tags.values() if tag.when is not None and not tag.absent]
    marked = [name for name in ruled if (address := tag_address(name)) in done and address not in blocked]
    ours = {name: work.plan.kept.get(name, frozenset()) for name in marked}
    state.settle(done, ours, scope.whole, clean)
    if scope.whole and clean:
        state.agree()


def _go(
    plan: Plan, applying: Applying, inventory: InventoryWriter, source: SourceWriter, people: PeopleWriter
) -> Halted | None:
    """Everything in order; why it ended early, or None."""
    try:
        applying.progress.stage("fields and tags", pending(plan.inventory))
        inventory.before(plan.inventory)
        applying.progress.stage("the source")
        source.write()
        applying.progress.stage("contacts", plan.people.contacts)
        people.write()
        inventory.after(plan.inventory)
    except Halted as halted:
        if halted.why is not Why.CALLS:
            return halted
        try:
            people.finish_reading()
        except Halted as worse:
            return worse
        return halted
    finally:
        applying.progress.done()
    return None


def _guarded(plan: Plan, key: bytes) -> Iterator[bytes]:
    """Digests of everybody whose update passed the guards, one blob a batch."""
    for batch in plan.people.batches():
        people = zip(batch.column("person").to_pylist(), batch.column("action").to_pylist(), strict=True)
        blob = b"".join(person_digest(key, person) for person, action in people if action == ContactAction.UPDATE)
        if blob:
            yield blob


def _result(halted: Halted | None, amiss: int) -> Result:
    if halted is not None:
        return Result.INTERRUPTED if halted.why is Why.ASKED else Result.PARTIAL
    return Result.PARTIAL if amiss else Result.APPLIED


def _ending(halted: Halted | None, left: int, undoes: str) -> tuple[Problem, ...]:
    if halted is None:
        return ()
    detail = f"{left:,} contact{'' if left == 1 else 's'} left"
    if halted.why is Why.DOWN:
        said = problem_of(halted.error).summary if halted.error else ""
        return (problem("E523", f"{said}; {detail}"),)
    fix = f"run undo {undoes} again: it goes on from there" if undoes else None
    return (problem("E516" if halted.why is Why.ASKED else "E517", detail, fix=fix),)


def moment_text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
