"""A small world of two ways, and what may become of a value in it: the promises, told without the decision table.

A *slot* is a source column and the CRM field that it goes with. `seen` is a look at both sides from outside.
"""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import pyarrow as pa

from reconciler.localcrm import LocalCrm

Text = str | None
UNREADABLE = "\0"
COLUMNS = ("id", "mail", "city", "born", "level", "nick", "orders", "status", "secret")
SLOTS = ("mail", "city", "born", "level", "nick")
REWRITTEN = "nick"
"""The slot whose CRM field stores capitals."""
LEVELS = {"1": "free", "2": "pro"}


@dataclass(frozen=True)
class Entry:
    """What the file says of one slot."""

    push: str = "always"
    pull: bool = True
    conflict: str = "report"
    empty: str = "skip"
    type: str = "text"
    mapped: bool = False

    def yaml(self, column: str, former: str = "") -> str:
        parts = [f"from: {column}", f"type: {self.type}", f"push: {self.push}", f"pull: {str(self.pull).lower()}"]
        parts += [f"conflict: {self.conflict}"] if self.pull and self.push == "always" else []
        parts += [f"empty: {self.empty}"]
        parts += ['map: {"1": free, "2": pro}'] if self.mapped else []
        parts += [f"renamed_from: {former}"] if former else []
        return f"{{{', '.join(parts)}}}"

    def read(self, raw: Text) -> Text:
        """What a text of the source, or of the CRM, is as a value."""
        text = (raw or "").strip() or None
        if text is None:
            return None
        if self.mapped:
            return LEVELS.get(text, text)
        if self.type == "date":
            return text[:10] if text[4:5] == text[7:8] == "-" else UNREADABLE
        return text.lower() if self.type == "email" else text


class Pair(NamedTuple):
    """Both sides of one value."""

    ours: Text
    theirs: Text


Base = Pair | None | Literal["anything"]
"""What both sides last agreed on; None: nothing is known of it; "anything": it was spoilt while an apply ran."""


def stored(slot: str, value: Text) -> Text:
    """What the CRM makes of it."""
    return value.upper() if slot == REWRITTEN and value else value


def allowed(slot: str, entry: Entry, base: Base, was: Pair, now: Pair) -> bool:
    """Whether an apply may leave `now` where it found `was`."""
    if base == "anything" or now == was:
        return True
    ours, theirs = was
    travelled = Pair(ours, stored(slot, ours)), Pair(theirs, theirs)
    if UNREADABLE in was or now not in travelled:
        return False
    sent = now.ours == ours and now.theirs != theirs
    if sent:
        return _may_send(slot, entry, base, was)
    return entry.pull and _may_pull(slot, entry, base, was)


def _may_send(slot: str, entry: Entry, base: Base, was: Pair) -> bool:
    ours, theirs = was
    if entry.push in ("never", "on_create") or (entry.push == "if_empty" and theirs is not None):
        return False
    if ours is None and (entry.empty == "skip" or slot == "mail"):
        return False
    if not entry.pull:
        return True
    if base is None:
        return theirs is None or (ours is not None and entry.conflict == "source")
    assert isinstance(base, Pair)
    if theirs == base.theirs:
        return ours != base.ours
    return ours != base.ours and entry.conflict == "source"


def _may_pull(slot: str, entry: Entry, base: Base, was: Pair) -> bool:
    ours, theirs = was
    if theirs is None and (entry.empty == "skip" or slot == "mail"):
        return False
    if entry.push != "always":  # theirs decides
        return theirs is not None or base is not None
    if base is None:
        return ours is None or (theirs is not None and entry.conflict == "crm")
    assert isinstance(base, Pair)
    if ours == base.ours:
        return theirs != base.theirs
    return theirs != base.theirs and entry.conflict == "crm"


def travels(slot: str, entry: Entry, base: Base, was: Pair) -> Pair | None:
    """What has to stand there after an apply that ended, where only one side moved; None: nothing is promised."""
    both_ways = entry.pull and entry.push == "always" and slot != "mail"
    if not both_ways or not isinstance(base, Pair) or None in was or UNREADABLE in was or was.ours == was.theirs:
        return None
    ours, theirs = was.ours != base.ours, was.theirs != base.theirs
    if ours == theirs:
        return None
    return Pair(was.ours, stored(slot, was.ours)) if ours else Pair(was.theirs, was.theirs)


@dataclass(frozen=True)
class Seen:
    """Rows of the source by person, in order; contacts by id, with tags; the key of the renamed field."""

    people: Mapping[str, Mapping[str, str]]
    contacts: Mapping[str, Mapping[str, object]]
    nick: str

    def ours(self, person: str, slot: str, entry: Entry) -> Text:
        return entry.read(self.people[person][slot])

    def theirs(self, contact: str, slot: str, entry: Entry) -> Text:
        value = self.contacts[contact].get(self.field(slot))
        return entry.read(None if value is None else str(value)) if not entry.mapped else (str(value or "") or None)

    def field(self, slot: str) -> str:
        return {"mail": "email", REWRITTEN: self.nick}.get(slot, slot)


class Source:
    """The people of one folder, as somebody else writes and reads them."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.kind = kind
        self._path = folder / ("people.csv" if kind == "csv" else "people.db")

    @property
    def yaml(self) -> str:
        if self.kind == "csv":
            return "{type: csv, path: people.csv, write: true, types: {orders: integer}}"
        return "{type: sqlite, path: people.db, table: people, types: {orders: integer}}"

    def write(self, people: Mapping[str, Mapping[str, str]]) -> None:
        if self.kind == "csv":
            out = io.StringIO()
            lines = csv.DictWriter(out, COLUMNS, lineterminator="\n")
            lines.writeheader()
            lines.writerows(people.values())
            self._path.write_text(out.getvalue(), encoding="utf-8")
            return
        with closing(sqlite3.connect(self._path)) as db, db:
            columns = ", ".join(f"{name} TEXT" for name in COLUMNS[1:])
            db.execute(f"CREATE TABLE IF NOT EXISTS people (id TEXT PRIMARY KEY, {columns})")
            db.execute("DELETE FROM people")
            marks = ", ".join("?" for _ in COLUMNS)
            db.executemany(f"INSERT INTO people VALUES ({marks})", [tuple(p.values()) for p in people.values()])

    def read(self) -> dict[str, dict[str, str]]:
        if self.kind == "csv":
            with self._path.open(encoding="utf-8", newline="") as file:
                return {row["id"]: row for row in csv.DictReader(file)}
        with closing(sqlite3.connect(self._path)) as db:
            rows = db.execute(f"SELECT {', '.join(COLUMNS)} FROM people ORDER BY rowid").fetchall()
        return {row[0]: {name: text or "" for name, text in zip(COLUMNS, row, strict=True)} for row in rows}


def contacts_of(crm: LocalCrm) -> dict[str, dict[str, object]]:
    """Everything that the CRM holds of them, by id."""
    names = {tag.key: tag.name for tag in crm.tags()}
    rows = pa.Table.from_batches(crm.pages([field.key for field in crm.fields()])).to_pylist()
    return {row.pop("$id"): {**row, "$tags": sorted(names[key] for key in row["$tags"])} for row in rows}
