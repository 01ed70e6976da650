"""`undo RUN`: a plan from what is kept of that run, carried out as any other is."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from reconciler.adapters.crm import ID, TAGS, ReadsAll
from reconciler.adapters.errors import NotFound
from reconciler.model.desired import Desired
from reconciler.model.history import REACHED, Act, Ending, RunFacts
from reconciler.model.messages import problem
from reconciler.model.outcome import Outcome, Result
from reconciler.model.outcome import Written as Counted
from reconciler.model.plan import BoundField, ContactCount, Plan
from reconciler.model.problems import Failure, Place
from reconciler.planning.allowances import Allowed, judged_on
from reconciler.planning.bindings import Binding
from reconciler.planning.cost import Work as Priced
from reconciler.planning.cost import plan_cost
from reconciler.planning.guards import guards
from reconciler.planning.inventory import plan_inventory
from reconciler.planning.tally import Tally
from reconciler.planning.undoing import Past, PuttingBack, Restored, undo_findings, undone_desired
from reconciler.runtime.apply import Work
from reconciler.runtime.disk import full_disk_said
from reconciler.runtime.failures import doors_said
from reconciler.runtime.keptwrites import KeptWrites, secret_of
from reconciler.runtime.refusals import refusals
from reconciler.runtime.request import Request
from reconciler.runtime.session import Session, applying_alone, open_session
from reconciler.runtime.showing import found_run

T = TypeVar("T")

_AT_ONCE = 1_000  # contacts that are looked at together
_SINGLY = 100  # contacts whose tags are asked for one by one; of more of them all contacts are read
_VALUES = frozenset({Act.SET, Act.CLEAR})


def undo(
    request: Request, name: str, clear_created: bool, confirm: Callable[[Plan], bool], stop: Callable[[], bool]
) -> Outcome:
    """Put back what the run of that id or unique beginning wrote. As `pipeline.apply`, with another plan. Raises
    Failure E600, E603, E604 and what an apply raises."""
    with full_disk_said(), applying_alone(request), open_session(request) as session:
        work = undo_work(request, session, name, clear_created)
        made, calls = work.plan, session.gateway.calls
        if refused := refusals(made):
            return Outcome(Result.REFUSED, made, "", Counted(), calls.made(), refused)
        if not made.pending:
            return Outcome(Result.NONE, made, "", Counted(), calls.made())
        session.gateway.check_rights(made.cost.endpoints)
        if not confirm(made):
            return Outcome(Result.DECLINED, made, "", Counted(), calls.made())
        return session.carry_out(request, work, stop)


def undo_work(request: Request, session: Session, name: str, clear_created: bool) -> Work:
    """What `undo` carries out. Raises Failure E600, E602, E603, E604."""
    run = _Run.of(request, session, name)
    made = session.checked(run.plan(request, session, clear_created), request)
    weakref.finalize(made.people, session.workdir.close)  # the changes lie in it, and are read after this run
    return Work(made, run.desired(session), session.inventory, request.scope, request.clock.now, undone=run.facts)


@dataclass(slots=True)
class _Contact:
    """What the run did to one contact."""

    person: str
    values: list[Past] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Run:
    """The run that is undone, as it is kept."""

    facts: RunFacts
    kept: KeptWrites
    befores: Path
    secret: bytes
    carriers: Counter[str] = field(default_factory=Counter)  # of tags, as far as contacts were looked at

    @classmethod
    def of(cls, request: Request, session: Session, name: str) -> _Run:
        """Raises Failure E600 for no such run, E604 where nothing from before is kept."""
        kept = KeptWrites(session.state.path, session.state.key)
        run = found_run(request, name, kept.runs(), "E600")
        facts = kept.facts(run)
        befores = kept.befores_of(run, request.clock.now())
        if facts is None or befores is None:
            when = f", they were kept until {facts.until}" if facts is not None and facts.until else ""
            raise Failure(problem("E604", f"run {run}{when}", Place(str(request.file))))
        return cls(facts, kept, befores, secret_of(session.state.key, session.desired.history.key))

    def desired(self, session: Session) -> Desired:
        return undone_desired(session.desired, self.facts)

    def plan(self, request: Request, session: Session, clear_created: bool) -> Plan:
        """Raises Failure E602, E603 where what is kept cannot be read."""
        desired, gateway = self.desired(session), session.gateway
        with doors_said(desired.crm.where):
            inventory = session.inventory = gateway.inventory()
            bindings = plan_inventory(desired, inventory, gateway.capabilities, {}).bindings
            names = {tag.key: tag.name for tag in inventory.tags}
            path = session.workdir.path / "undo.arrow"
            back = PuttingBack(desired, bindings, session.state.key, frozenset(names.values()), path, clear_created)
            self._look(back, session, names)
        tallied, state = back.tallied, session.state
        applied = {count.under or count.name: count.apply for count in back.tags if count.apply}
        removed = {count.under or count.name: count.remove for count in back.tags if count.remove}
        carriers = {count.under or count.name: self.carriers[count.name] for count in back.tags}
        tally = Tally(
            updated_with_values=tallied.updated,
            overwritten=tallied.overwritten,
            cleared=tallied.cleared,
            linked=state.counts()["links"],
            tags_applied=applied,
            tags_removed=removed,
            carriers=carriers,
        )
        priced = Priced(
            updates=tallied.updated,
            applied={count.name: count.apply for count in back.tags if count.apply},
            removed={count.name: count.remove for count in back.tags if count.remove},
            again=tallied.updated,
            read_back=tallied.updated,
        )
        contacts = back.changes.contacts
        allowed = Allowed.on(judged_on(request.clock.now(), request.moment), desired, request.allow)
        return Plan(
            id=_identifier(self.facts.run, request.started, contacts),
            now=request.moment,
            file=session.desired.files[0],
            config=session.desired.digest,
            crm=desired.crm.type,
            object=desired.crm.object,
            account=session.account.id,
            source_label="",
            source_rows=0,
            scope="full",
            inventory=(),
            contacts=ContactCount(
                update=contacts, in_sync=tallied.settled, people=contacts + tallied.settled, linked=tally.linked
            ),
            fields=back.fields,
            tags=back.tags,
            guards=guards(desired, (), tally, allowed, 0),
            findings=undo_findings(tallied, self.facts, desired, clear_created),
            cost=plan_cost(gateway.capabilities, gateway.calls.reads(), (), priced, inventory),
            people=back.changes,
            bound=_bounds(bindings),
            problems=tuple(session.notes),
            undoes=self.facts.run,
        )

    # -- reading what is kept, and what the CRM holds

    def _look(self, back: PuttingBack, session: Session, names: Mapping[str, str]) -> None:
        taggings = self._taggings(back)
        carried = self._carried(session, taggings, names)
        for some in _portions(self._contacts(), _AT_ONCE):
            records = self._records(back, session, [contact for contact, _ in some])
            rows = []
            for contact, found in some:
                tags = taggings.pop(contact, [])
                values = back.restored(found.values, records.get(contact))
                rows.append((found.person, contact, values, self._tags(back, contact, tags, carried)))
            back.add(rows, self.facts)
        for others in _portions(list(taggings.items()), _AT_ONCE):
            nothing: list[Restored] = []
            back.add(
                [
                    (person, contact, nothing, self._tags(back, contact, found, carried))
                    for contact, found in others
                    for person in (found[0][2],)
                ],
                self.facts,
            )

    def _tags(
        self,
        back: PuttingBack,
        contact: str,
        found: Sequence[tuple[str, Act, str]],
        carried: Mapping[str, frozenset[str]],
    ) -> list[Any]:
        return back.taggings(((name, act) for name, act, _ in found), carried.get(contact), contact)

    def _pasts(self) -> Iterator[Past]:
        """All writes after which the CRM may hold what was sent, those of contacts that are not known included."""
        outcomes = self.kept.outcomes(self.facts.run)
        befores = self.kept.befores(self.befores, self.secret)
        for first, batch in self.kept.intents(self.facts.run):
            texts = next(befores, None)
            if texts is None:  # they go out first, so the frame of this call is the one that was cut
                return
            ended = outcomes.of(first, batch.num_rows)
            for at, (row, text) in enumerate(zip(batch.to_pylist(), texts.to_pylist(), strict=True), first):
                end = ended.get(at)
                ending = Ending(end["ending"]) if end else Ending.UNKNOWN
                if ending not in REACHED:
                    continue
                contact = (end["contact"] if end else None) or row["contact"] or ""
                stored = end["stored"] if end else None
                yield Past(
                    text["person"],
                    contact,
                    row["name"],
                    Act(row["act"]),
                    ending,
                    text["before"],
                    row["before"] is not None,
                    row["before"],
                    row["after"] if stored is None else stored,
                )

    def _taggings(self, back: PuttingBack) -> dict[str, list[tuple[str, Act, str]]]:
        """By contact; and what else has to be known before values are looked at."""
        found: dict[str, list[tuple[str, Act, str]]] = {}
        for past in self._pasts():
            if past.act is Act.CREATE and past.contact and past.ending is not Ending.FOUND:
                back.tallied.created.add(past.contact)
            elif past.act is Act.CREATE:
                back.tallied.unknown_creations += not past.contact
            elif past.act in (Act.APPLY, Act.REMOVE):
                found.setdefault(past.contact, []).append((past.name, past.act, past.person))
            elif past.act is Act.PULL:
                back.tallied.pulled[past.name] += 1
        return found

    def _contacts(self) -> Iterator[tuple[str, _Contact]]:
        """Values by contact, in the order of the run; writes to contacts that are not known are left out."""
        contact, found = "", _Contact("")
        for past in self._pasts():
            if past.act not in _VALUES or not past.contact:
                continue
            if past.contact != contact:
                if found.values:
                    yield contact, found
                contact, found = past.contact, _Contact(past.person)
            found.values.append(past)
        if found.values:
            yield contact, found

    def _records(
        self, back: PuttingBack, session: Session, contacts: Sequence[str]
    ) -> dict[str, dict[str, str | None]]:
        """What these contacts hold now, by field key of the file."""
        keys = back.read_keys
        loaded = session.gateway.load(contacts, tuple(dict.fromkeys(keys.values()))) if contacts else []
        return {record[ID] or "": {key: record.get(live) for key, live in keys.items()} for record in loaded}

    def _carried(
        self, session: Session, taggings: Mapping[str, object], names: Mapping[str, str]
    ) -> dict[str, frozenset[str]]:
        """Names of the tags that these contacts carry now; those that are gone are left out."""
        gateway, found = session.gateway, dict[str, frozenset[str]]()
        if len(taggings) > _SINGLY and isinstance(gateway.crm, ReadsAll):
            for page in gateway.contacts(()):
                ids, tags = page.column(ID).to_pylist(), page.column(TAGS).to_pylist()
                for contact, keys in zip(ids, tags, strict=True):
                    self.carriers.update(names[key] for key in keys or () if key in names)
                    if contact in taggings:
                        found[contact] = frozenset(names[key] for key in keys or () if key in names)
            return found
        for contact in taggings:
            try:
                keys = gateway.tags_of(contact)
            except NotFound:
                continue
            found[contact] = frozenset(names[key] for key in keys if key in names)
            self.carriers.update(found[contact])
        return found


def _portions(items: Iterable[T], size: int) -> Iterator[list[T]]:
    found = iter(items)
    while some := list(islice(found, size)):
        yield some


def _identifier(run: str, at: str, contacts: int) -> str:
    return blake2b(f"{run} {at} {contacts}".encode(), digest_size=6).hexdigest()


def _bounds(bindings: Iterable[Binding]) -> dict[str, BoundField]:
    return {b.entry.key: BoundField(b.entry.key, b.type, b.wire) for b in bindings if b.wire is not None}
