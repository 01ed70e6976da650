"""With the snapshot, the memo and settled pairs, and without them: the same plan, whatever is edited in between.

The machine edits the people, the file, the CRM and the state at random. The oracle is a plan of everybody with a copy
of the state that has no caches.
"""

import shutil
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cached_world import said
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from reconciler.localcrm import LocalCrm, Taken
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField, CrmOption
from reconciler.runtime import pipeline

START = datetime(2026, 1, 1, 9, tzinfo=UTC)
HEAD = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, types: {orders: integer, roles: multiselect}}
identity: {person: id, match: email}
contacts: {create: true, when: 'city != "Nowhere"'}
limits: {update_percent: 100, clear: 99, untag_percent: 100, tag_people: 999, delete: 9}
"""
FIELDS = {
    "email": ["email"],
    "city": ["city", "{from: city, push: if_empty}", "{from: city, map: {Oulu: OULU}}", "{from: city, empty: clear}"],
    "born": ["{from: born, type: date}", "{from: born, type: date, push: on_create}"],
    "plan": ["{from: plan, type: select, options: {free: Free, pro: Pro}}", "{from: plan, push: never, type: select}"],
    "points": ["{score: loyalty}", "{value: 'string(orders)', type: integer}"],
    "phone": ["{from: phone, type: phone, region: DE}", "{from: phone, type: phone}"],
}
TAGS = ["{when: 'orders > 2'}", "{when: 'orders > 2', keep: true}", "{when: 'city == \"Oulu\"'}"]
CITIES, PLANS = ["Oulu", "Brno", "", "Nowhere", "Ångström  "], ["free", "pro", "", "other"]
BORN, PHONES = ["2001-02-03", "3/4/2005", "", "1999-12-31"], ["0301 23456", "+49 301 23456", "", "call me"]
ROLES = ["member", "member,admin", "", '["admin","guest"]']

city, plan, born, phone, roles = map(st.sampled_from, (CITIES, PLANS, BORN, PHONES, ROLES))
orders = st.sampled_from(["0", "3", "7", "", "many"])
person = st.fixed_dictionaries(
    {"city": city, "born": born, "plan": plan, "orders": orders, "phone": phone, "roles": roles}
)
who = st.integers(0, 7)
email = st.sampled_from([f"p{n}@example.org" for n in range(9)] + ["", "not an address"])


class Edited(RuleBasedStateMachine):
    """People, file, CRM and state of one folder."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.now = START
        self.people: dict[int, dict[str, str]] = {}
        self.fields = {key: entries[0] for key, entries in FIELDS.items() if key != "phone"}
        self.tags = {"Customer": TAGS[0]}
        self.refresh: str | None = None

    def teardown(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def crm(self) -> LocalCrm:
        return LocalCrm(self.folder / "crm.db", Clock.fixed(self.now))

    def write(self) -> None:
        columns = ["id", "email", "city", "born", "plan", "orders", "phone", "roles"]
        rows = [",".join(f'"{value}"'.replace('""', "") if value else "" for value in row) for row in self._rows()]
        (self.folder / "people.csv").write_text("\n".join([",".join(columns), *rows, ""]), encoding="utf-8")
        lines = ["fields:", *(f"  {key}: {entry}" for key, entry in self.fields.items())]
        lines += ["tags:", *(f"  {name}: {entry}" for name, entry in self.tags.items())] if self.tags else []
        lines += ["dynamic_tags: [{from: roles, prefix: 'Role: ', max_new: 1}]", "scores:", "  loyalty:"]
        lines += ["    - {when: 'orders > 0', points: 10}", ""]
        (self.folder / "reconciler.yaml").write_text(HEAD + "\n".join(lines), encoding="utf-8")

    def _rows(self) -> list[list[str]]:
        return [
            [str(n), p["email"], p["city"], p["born"], p["plan"], p["orders"], p["phone"], p["roles"].replace('"', "'")]
            for n, p in self.people.items()
        ]

    def request(self, state: Path | None = None, **more: Any) -> pipeline.Request:
        ticks = iter(range(1, 10_000))
        tokens = lambda count: next(ticks).to_bytes(4, "little").rjust(count, b"\x05")  # noqa: E731
        return pipeline.Request(
            self.folder / "reconciler.yaml", {}, Clock.fixed(self.now), tokens, state_dir=state, now=START, **more
        )

    @initialize(people=st.lists(person, min_size=3, max_size=8))
    def begin(self, people: list[dict[str, str]]) -> None:
        for n, made in enumerate(people):
            self.people[n] = {"email": f"p{n}@example.org", **made}
        options = (CrmOption("free", "Free"), CrmOption("old", "Old"))
        fields = [CrmField("city", "City", "text"), CrmField("plan", "Plan", "select", options)]
        contacts = [{"email": f"P{n}@Example.org", "city": CITIES[n % 2], "$tags": ["Customer"]} for n in range(4)]
        with closing(self.crm()) as crm:
            crm.seed(fields, ["Customer", "Role: member"], contacts)

    @rule(n=who, address=email, made=person)
    def edit_person(self, n: int, address: str, made: dict[str, str]) -> None:
        self.people[n] = {"email": address, **made}

    @rule(n=who)
    def remove_person(self, n: int) -> None:
        if len(self.people) > 1:
            self.people.pop(n, None)

    @rule(key=st.sampled_from([key for key in FIELDS if key != "email"]), choice=st.integers(0, 4))
    def edit_field(self, key: str, choice: int) -> None:
        entries = FIELDS[key]
        if choice < len(entries):
            self.fields[key] = entries[choice]
        else:
            self.fields.pop(key, None)

    @rule(name=st.sampled_from(["Customer", "Finn"]), entry=st.sampled_from([*TAGS, None]))
    def edit_tag(self, name: str, entry: str | None) -> None:
        if entry is None:
            self.tags.pop(name, None)
        else:
            self.tags[name] = entry

    @rule(n=st.integers(1, 8), town=city, level=st.sampled_from(["free", "old"]))
    def edit_contact(self, n: int, town: str, level: str) -> None:
        with closing(self.crm()) as crm:
            crm.update([(str(n), {"city": town, "plan": level})])

    @rule(n=st.integers(0, 8), town=city)
    def add_contact(self, n: int, town: str) -> None:
        with closing(self.crm()) as crm:
            (made,) = crm.add([{"email": f"p{n}@example.org", "city": town}], [None])
            assert made.error is None or isinstance(made.error, Taken)

    @rule(n=st.integers(1, 8), on=st.booleans(), name=st.sampled_from(["Customer", "Role: member"]))
    def tag_contact(self, n: int, on: bool, name: str) -> None:
        with closing(self.crm()) as crm:
            crm.tag([tag.key for tag in crm.tags() if tag.name == name], [str(n)], on=on)

    @rule(name=st.sampled_from(["Role: member", "Role: admin", "Role: guest"]))
    def delete_tag(self, name: str) -> None:
        with closing(self.crm()) as crm:
            for tag in crm.tags():
                if tag.name == name:
                    crm.delete_tag(tag.key)

    @rule(minutes=st.sampled_from([1, 30, 60 * 24 * 8]))
    def let_time_pass(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(refresh=st.sampled_from([None, "full", "incremental"]))
    def choose_refresh(self, refresh: str | None) -> None:
        self.refresh = refresh

    @precondition(lambda self: (self.folder / ".reconciler").exists())
    @rule(draw=st.data())
    def damage_a_cache(self, draw: st.DataObject) -> None:
        files = sorted(self.folder.glob(".reconciler/*/accounts/*/caches/*"))
        if files:
            file = draw.draw(st.sampled_from(files))
            content = file.read_bytes()
            file.write_bytes(content[: draw.draw(st.integers(0, len(content)))])

    @rule()
    def apply(self) -> None:
        self.write()
        outcome = pipeline.apply(
            self.request(refresh=self.refresh, allow={"create": 99}), lambda _: True, lambda: False
        )
        assert outcome.result.value in ("applied", "none", "refused", "partial"), outcome.problems

    @invariant()
    def the_plan_is_the_oracles(self) -> None:
        if not self.people:
            return
        self.write()
        state = self.folder / ".reconciler" / "reconciler"
        copy = self.folder / "copy"
        if state.exists():
            shutil.copytree(state, copy, ignore=shutil.ignore_patterns("caches"))
        oracle = said(pipeline.plan(self.request(copy, refresh="full")))
        shutil.rmtree(copy)
        assert said(pipeline.plan(self.request(refresh=self.refresh))) == oracle


Edited.TestCase.settings = settings(
    max_examples=12, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False
)
TestWithAndWithoutCaches = Edited.TestCase
