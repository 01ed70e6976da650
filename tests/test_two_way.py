"""Two ways, whatever happens: both sides, the file and the state are edited at random, applies run and die anywhere.

After every apply the machine looks at both sides from outside and holds them to the promises of `two_way_world`.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dying import apply_and_die
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from two_way_world import (
    COLUMNS,
    REWRITTEN,
    SLOTS,
    UNREADABLE,
    Base,
    Entry,
    Pair,
    Seen,
    Source,
    allowed,
    contacts_of,
    stored,
    travels,
)

from reconciler.localcrm import LocalCrm, Quirks
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField
from reconciler.model.plan import Action
from reconciler.runtime import pipeline

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
HEAD = """\
version: 1
crm: {crm}
source: {source}
identity: {{person: id, match: email}}
contacts: {{create: true, when: 'status != "gone"'}}
limits: {{update_percent: 100, write_percent: 100, clear: 999, untag_percent: 100, tag_people: 999}}
"""
CITIES, DAYS, LEVEL_TEXTS, NICKS = (
    ["Oulu", "Brno", " Oulu ", ""],
    ["2001-02-03", "1999-12-31", "3/4/05", ""],
    ["1", "2", "gold", ""],
    ["Ada", "ada", "BOB", ""],
)
OURS = {"city": CITIES, "born": DAYS, "level": LEVEL_TEXTS, REWRITTEN: NICKS}
THEIRS = {
    "city": ["Oulu", "Brno", None],
    "born": ["2001-02-03", "1999-12-31", None],
    "level": ["free", "pro", "gold", None],
    REWRITTEN: ["Ada", "ADA", "BOB", None],
}
TAGS = ["{when: 'city == \"Oulu\"'}", "{when: 'int(orders) > 2'}", "{when: 'level != \"\"', keep: true}"]
FORGETTABLE = ["links", "tags", "rewrites", "fields", "runs", "snapshot", "all"]

slots = st.sampled_from([slot for slot in SLOTS if slot != "mail"])
Move = tuple[bool, int, str, int]
"""(ours or theirs, whose, slot, which value)"""
moves = st.lists(st.tuples(st.booleans(), st.integers(0, 4), slots, st.integers(0, 7)), max_size=6)
instants = st.integers(0, 24)
entries = st.builds(
    Entry,
    push=st.sampled_from(["always", "always", "always", "if_empty", "on_create", "never"]),
    pull=st.sampled_from([True, True, False]),
    conflict=st.sampled_from(["report", "report", "source", "crm"]),
    empty=st.sampled_from(["skip", "skip", "clear"]),
)


class TwoWay(RuleBasedStateMachine):
    """One folder with its people, its file, its CRM and its state. `bases`: what may have been agreed on, by person and
    slot; more than one where an apply died."""

    kind = "csv"
    renames = True
    section = "{type: local, path: crm.db, quirks: {rewrites: {nick: upper, alias: upper}}}"

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.now = START
        self.source = Source(self.folder, self.kind)
        self.entries = {slot: Entry(type="email" if slot == "mail" else "text") for slot in SLOTS}
        self.declared = dict.fromkeys(SLOTS, True)
        self.nick, self.greets = "nick", True
        self.tags = {"Customer": TAGS[0]}
        self.links: dict[str, str] = {}
        self.bases: dict[tuple[str, str], set[Base]] = {}
        self.travelled: dict[tuple[str, str], tuple[Pair, Pair]] = {}
        self.fresh = 0

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- the world

    def crm(self, quirks: bool = False, folder: Path | None = None) -> LocalCrm:
        quirky = Quirks(rewrites={"nick": "upper", "alias": "upper"}) if quirks else None
        return LocalCrm((folder or self.folder) / "crm.db", Clock.fixed(self.now), quirks=quirky)

    def request(self, folder: Path | None = None, **more: Any) -> pipeline.Request:
        self.now += timedelta(minutes=1)
        ticks = iter(range(1, 10_000))
        tokens = lambda count: next(ticks).to_bytes(4, "little").rjust(count, b"\x05")  # noqa: E731
        file = (folder or self.folder) / "reconciler.yaml"
        more = {"env": {}, **self.reached(folder), **more}
        return pipeline.Request(
            file, clock=Clock.fixed(self.now), token_bytes=tokens, now=START, allow={"create": 99}, **more
        )

    def reached(self, folder: Path | None) -> dict[str, Any]:
        """How the program reaches the CRM of that folder."""
        return {}

    def write_file(self) -> None:
        lines = ["fields:"]
        for slot, entry in self.entries.items():
            if self.declared[slot]:
                former = "nick" if slot == REWRITTEN and self.nick == "alias" else ""
                key = {"mail": "email", REWRITTEN: self.nick}.get(slot, slot)
                lines.append(f"  {key}: {entry.yaml(slot, former)}")
        lines += ["  greeting: {value: '\"Hello \" + city', type: text}"] if self.greets else []
        lines += ["tags:", *(f"  {name}: {entry}" for name, entry in self.tags.items())] if self.tags else []
        lines += ["dynamic_tags: [{from: level, prefix: 'Level: '}]", ""]
        text = HEAD.format(crm=self.section, source=self.source.yaml) + "\n".join(lines)
        (self.folder / "reconciler.yaml").write_text(text, encoding="utf-8")

    def look(self, folder: Path | None = None) -> Seen:
        with closing(self.crm(folder=folder)) as crm:
            nick = "alias" if any(field.key == "alias" for field in crm.fields()) else "nick"
            return Seen(Source(folder or self.folder, self.kind).read(), contacts_of(crm), nick)

    def edit_source(self, person: str, column: str, text: str) -> None:
        people = self.source.read()
        if person in people:
            people[person][column] = text
            self.source.write(people)

    def new(self, slot: str) -> str:
        """A value that was never there."""
        self.fresh += 1
        if slot == "born":
            return f"{1900 + self.fresh // 300}-{self.fresh // 28 % 12 + 1:02}-{self.fresh % 28 + 1:02}"
        return f"{slot.title()} {self.fresh}"

    @initialize(draw=st.data(), applied=st.sampled_from([True, True, False]))
    def begin(self, draw: st.DataObject, applied: bool) -> None:
        people = {}
        for person in map(str, range(draw.draw(st.integers(2, 5)))):
            values = {slot: draw.draw(st.sampled_from(texts)) for slot, texts in OURS.items()}
            more = {"orders": str(len(people)), "status": "", "secret": f"secret {person}"}
            people[person] = {"id": person, "mail": f"p{person}@example.org", **values, **more}
        self.source.write(people)
        contacts = []
        for n in range(draw.draw(st.integers(0, 4))):
            same = {slot: self.entries[slot].read(people.get(str(n), people["0"])[slot]) for slot in THEIRS}
            values = {slot: draw.draw(st.sampled_from([same[slot], same[slot], *THEIRS[slot]])) for slot in THEIRS}
            contacts.append({"email": f"p{n}@example.org", **values, "own": f"own {n}", "$tags": ["Theirs"]})
        contacts.append({"email": "stranger@example.org", "city": "Oulu", "own": "x", "$tags": ["Customer"]})
        fields = [CrmField(key, key.title(), "text") for key in ("city", "born", "level", "nick", "own")]
        with closing(self.crm()) as crm:
            there = {field.key for field in crm.fields()}
            crm.seed([f for f in fields if f.key not in there], ["Theirs", "Customer", "Level: 1"], contacts)
        if applied:
            self.apply([], None)

    # -- what others do

    def move(self, moves: list[Move]) -> None:
        """Values change on both sides: to one of a few, or to one that was never there."""
        for ours, n, slot, choice in moves:
            values: list[str | None] = [*(OURS if ours else THEIRS)[slot]]
            value = values[choice] if choice < len(values) else self.new(slot)
            if ours:
                people = list(self.source.read())
                self.edit_source(people[n % len(people)], slot, value or "")
            else:
                self.edit_contact(str(n % len(self.look().contacts) + 1), slot, value)

    def edit_contact(self, contact: str, slot: str, value: str | None) -> None:
        seen = self.look()
        if contact in seen.contacts:
            self.now += timedelta(minutes=1)
            with closing(self.crm()) as crm:
                crm.update([(contact, {seen.field(slot): value})])

    @rule(what=st.sampled_from(["our address", "their address", "gone", "", "add"]), n=st.integers(0, 5))
    def change_identity(self, what: str, n: int) -> None:
        """New addresses, on either side; people leave the scope, come back, or are new."""
        people = self.source.read()
        person = list(people)[n % len(people)]
        address = f"{self.new('mail').replace(' ', '')}@example.org"
        if what == "our address":
            self.edit_source(person, "mail", address)
        elif what == "their address":
            self.edit_contact(str(n + 1), "mail", address.lower())
        elif what == "add":
            new, more = str(len(people)), {"orders": "3", "status": "", "secret": "secret"}
            values = {slot: self.new(slot) if n % 2 else "" for slot in OURS}
            self.source.write({**people, new: {"id": new, "mail": address, **values, **more}})
        else:
            self.edit_source(person, "status", what)

    @rule(n=st.integers(1, 5), on=st.booleans(), name=st.sampled_from(["Customer", "Theirs", "Level: 1"]))
    def tag_contact(self, n: int, on: bool, name: str) -> None:
        self.now += timedelta(minutes=1)
        self.retag(str(n), on, name)

    def retag(self, contact: str, on: bool, name: str) -> None:
        with closing(self.crm()) as crm:
            crm.tag([tag.key for tag in crm.tags() if tag.name == name], [contact], on=on)

    # -- the file

    @rule(slot=slots, entry=entries, date=st.booleans(), mapped=st.booleans())
    def edit_field(self, slot: str, entry: Entry, date: bool, mapped: bool) -> None:
        type = "date" if slot == "born" and date else "text"
        self.entries[slot] = replace(entry, type=type, mapped=slot == "level" and mapped)

    @rule(
        slot=st.sampled_from(["", "", *SLOTS[1:]]),
        address=st.builds(Entry, pull=st.booleans(), conflict=st.sampled_from(["report", "source", "crm"])),
        renamed=st.sampled_from([False, False, True]),
        greets=st.booleans(),
        tags=st.fixed_dictionaries({name: st.sampled_from([*TAGS, ""]) for name in ("Customer", "Finn")}),
    )
    def edit_the_file(self, slot: str, address: Entry, renamed: bool, greets: bool, tags: dict[str, str]) -> None:
        """A field comes or goes, and what follows from values."""
        if slot:
            self.declared[slot] = not self.declared[slot]
        self.entries["mail"] = replace(address, type="email")
        self.nick = "alias" if renamed and self.renames else self.nick
        self.greets, self.tags = greets, {name: tag for name, tag in tags.items() if tag}

    # -- the state

    @precondition(lambda self: (self.folder / ".reconciler").exists())
    @rule(what=st.sampled_from([*FORGETTABLE, "caches", "everything"]))
    def lose(self, what: str) -> None:
        if what == "everything":
            shutil.rmtree(self.folder / ".reconciler")
        elif what == "caches":
            for caches in self.folder.glob(".reconciler/*/accounts/*/caches"):
                shutil.rmtree(caches)
        else:
            pipeline.forget(self.request(), what)
        if what in ("everything", "all", "links"):
            self.links, self.bases, self.travelled = {}, {}, {}

    # -- applies

    @rule(moves=moves, refresh=st.sampled_from([None, "full", "incremental"]))
    def apply(self, moves: list[Move], refresh: str | None) -> None:
        self.write_file()
        self.move(moves)
        self.complete(refresh)

    @rule(moves=moves, instant=instants)
    def die(self, moves: list[Move], instant: int) -> None:
        self.write_file()
        self.move(moves)
        self.killed(instant)

    @rule(moves=moves, instants=st.lists(instants, min_size=1, max_size=2))
    def die_and_go_on(self, moves: list[Move], instants: list[int]) -> None:
        """What an apply leaves that died, and was gone on with, is what it leaves when it is let alone."""
        self.write_file()
        self.move(moves)
        calm = self.folder / "calm"
        others = shutil.ignore_patterns("calm", "*.sock")
        shutil.copytree(self.folder, calm, ignore=others)
        outcome = pipeline.apply(self.request(calm), lambda _: True, lambda: False)
        assert outcome.result.value in ("applied", "none"), outcome.problems
        wanted = self.look(calm)
        shutil.rmtree(calm)
        for instant in instants:
            self.killed(instant)
        self.complete(None)
        assert list(comparable(self.look())) == list(comparable(wanted))

    def complete(self, refresh: str | None) -> None:
        was = self.look()
        outcome = pipeline.apply(self.request(refresh=refresh), lambda _: True, lambda: False)
        assert outcome.result.value in ("applied", "none"), outcome.problems
        blocked = {c.key for c in outcome.plan.inventory if c.action is Action.BLOCKED}
        now = self.look()
        self.check(was, now)
        for person, slot, entry, pair, after in self.values(was, now):
            bases = self.known(person, slot, pair)
            if len(bases) == 1 and was.field(slot) not in blocked and now.field(slot) not in blocked:
                promised = travels(slot, entry, next(iter(bases)), pair)
                assert promised in (None, after), (person, slot, entry, bases, pair, after)
        self.link(was, now)
        self.agreed(now)
        for again in ("full", "incremental"):
            plan = pipeline.plan(self.request(refresh=again))
            assert not plan.pending, (again, plan.fields, plan.tags, plan.contacts)

    def killed(self, instant: int) -> None:
        was = self.look()
        ended = self.ended_before(instant)
        now = self.look()
        self.check(was, now)
        self.link(was, now)
        for person, slot, _entry, pair, after in self.values(was, now):
            bases = set(self.known(person, slot, pair))
            if pair.ours != pair.theirs:
                bases.add(None)
            if after.theirs in (after.ours, stored(slot, after.ours)):
                bases.add(after)
            if after != pair and after.ours == after.theirs:  # it travelled, and nobody may have written that down
                self.travelled[person, slot] = pair, after
            self.bases[person, slot] = bases
        for person, slot, _entry, _pair, after in self.values(now, now):
            if self.links.get(person) not in was.contacts and after.theirs == stored(slot, after.ours):
                self.bases[person, slot] = {None, after}  # created, and perhaps read back
        if ended:
            self.agreed(now)

    def ended_before(self, instant: int) -> bool:
        """An apply that dies at that instant, or comes to its end before."""
        with closing(self.crm(quirks=True)) as crm:
            return apply_and_die(self.request(), crm, instant)

    # -- the promises

    def check(self, was: Seen, now: Seen) -> None:
        assert list(now.people) == list(was.people)
        assert was.contacts.keys() <= now.contacts.keys()
        addresses = [contact["email"] for contact in now.contacts.values()]
        assert len(addresses) == len(set(addresses))
        pairs = self.paired(was)
        for contact in now.contacts.keys() - was.contacts.keys():
            address = now.contacts[contact]["email"]
            (person,) = [p for p, row in was.people.items() if row["mail"].lower() == address]
            assert person not in pairs, f"a second contact for {person}"
        self.check_undeclared(was, now, pairs)
        for person, slot, entry, pair, after in self.values(was, now):
            bases = self.known(person, slot, pair)
            assert any(allowed(slot, entry, base, pair, after) for base in bases), (
                person,
                slot,
                entry,
                bases,
                pair,
                after,
            )

    def check_undeclared(self, was: Seen, now: Seen, pairs: dict[str, str]) -> None:
        """Rows and contacts but for what the file may move."""
        in_scope = {p: c for p, c in pairs.items() if was.people[p]["status"] != "gone"}
        for person, row in was.people.items():
            pulled = {s for s in SLOTS if self.declared[s] and self.entries[s].pull and person in in_scope}
            kept = {column: text for column, text in row.items() if column not in pulled}
            assert {column: now.people[person][column] for column in kept} == kept
        for contact, values in was.contacts.items():
            written = {was.field(slot) for slot in SLOTS if self.declared[slot]} | {"greeting", "$tags"}
            written = written if contact in in_scope.values() else set()
            kept = {key: value for key, value in values.items() if key not in written}
            after = {
                ("nick" if key == "alias" and was.nick == "nick" else key): value
                for key, value in now.contacts[contact].items()
            }
            assert {key: after[key] for key in kept} == kept
            own = {tag for tag in now.contacts[contact]["$tags"] if tag == "Theirs"}  # type: ignore[attr-defined]
            assert own == {tag for tag in values["$tags"] if tag == "Theirs"}  # type: ignore[attr-defined]

    def paired(self, seen: Seen) -> dict[str, str]:
        """Person -> contact: by link, else by address."""
        linked = {p: c for p, c in self.links.items() if c in seen.contacts and p in seen.people}
        free = {str(values["email"]): c for c, values in seen.contacts.items() if c not in linked.values()}
        found = {
            p: free[row["mail"].lower()]
            for p, row in seen.people.items()
            if p not in linked and row["mail"].lower() in free
        }
        return {**linked, **found}

    def values(self, was: Seen, now: Seen) -> Iterator[tuple[str, str, Entry, Pair, Pair]]:
        for person, contact in self.paired(was).items():
            if was.people[person]["status"] == "gone":
                continue
            for slot in SLOTS:
                if self.declared[slot]:
                    entry = self.entries[slot]
                    pair, after = (
                        Pair(s.ours(person, slot, entry), s.theirs(contact, slot, entry)) for s in (was, now)
                    )
                    yield person, slot, entry, pair, after

    def known(self, person: str, slot: str, pair: Pair) -> set[Base]:
        """What may be agreed on. A value that travelled when an apply died is agreed on as long as it stands where it
        came to: the next plan can tell."""
        was, after = self.travelled.get((person, slot), (None, None))
        if was and after:
            arrived = pair.ours == after.ours if was.ours != after.ours else pair.theirs == after.theirs
            if arrived and self.entries[slot].pull:
                return {after}
        return self.bases.get((person, slot), {None})

    def link(self, was: Seen, now: Seen) -> None:
        pairs = {**self.paired(was)}
        for contact in now.contacts.keys() - was.contacts.keys():
            (person,) = [p for p, row in was.people.items() if row["mail"].lower() == now.contacts[contact]["email"]]
            pairs[person] = contact
        self.links = {p: c for p, c in pairs.items() if p in self.links or was.people[p]["status"] != "gone"}

    def agreed(self, now: Seen) -> None:
        """An apply ended: what is in sync is agreed on, what is not two-way is forgotten."""
        self.travelled = {}
        for person, slot, entry, pair, after in self.values(now, now):
            if entry.pull and UNREADABLE not in after:
                if after.ours == after.theirs:
                    self.bases[person, slot] = {after}
                elif after.theirs == stored(slot, after.ours):
                    self.bases[person, slot] = {*self.known(person, slot, pair), after}
        for person, slot in list(self.bases):
            if not (self.declared[slot] and self.entries[slot].pull):
                del self.bases[person, slot]


def comparable(seen: Seen) -> Iterator[object]:
    """Both sides but for ids and what the CRM rewrites."""
    for row in seen.people.values():
        yield {column: text for column, text in row.items() if column != REWRITTEN}
    contacts = sorted(seen.contacts.values(), key=lambda contact: str(contact["email"]))
    for contact in contacts:
        yield {key: value for key, value in contact.items() if key not in ("nick", "alias")}


class TwoWayInSqlite(TwoWay):
    kind = "sqlite"


@pytest.mark.parametrize("conflict", ["report", "source"])
def test_what_the_crm_moves_after_an_apply_died_amid_pulling_is_never_taken_back(conflict: str) -> None:
    arrived = 0
    for instant in range(2, 8):  # before, amid and after the writing into the source
        world = TwoWay()
        try:
            texts = {"city": "Oulu", "orders": "1", "secret": "s"}
            row = {"id": "0", "mail": "p0@example.org", **dict.fromkeys(OURS, ""), "status": "", **texts}
            world.source.write({"0": {column: row[column] for column in COLUMNS}})
            with closing(world.crm()) as crm:
                fields = [CrmField(key, key.title(), "text") for key in ("city", "born", "level", "nick")]
                crm.seed(fields, [], [{"email": "p0@example.org", "city": "Oulu"}])
            world.entries["city"] = Entry(conflict=conflict)
            world.apply([], None)
            world.edit_contact("1", "city", "Brno")
            world.killed(instant)
            arrived += world.source.read()["0"]["city"] == "Brno"
            world.edit_contact("1", "city", "Kiel")
            world.apply([], None)
            assert (world.source.read()["0"]["city"], world.look().contacts["1"]["city"]) == ("Kiel", "Kiel")
        finally:
            world.teardown()
    assert arrived


MORE = settings.default.max_examples // 100
"""Ten with `--hypothesis-profile=long`."""
EXAMPLES = settings(
    max_examples=20 * MORE,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
TwoWay.TestCase.settings = EXAMPLES
TwoWayInSqlite.TestCase.settings = settings(EXAMPLES, max_examples=10 * MORE)
TestTwoWay = TwoWay.TestCase
TestTwoWayInSqlite = TwoWayInSqlite.TestCase
