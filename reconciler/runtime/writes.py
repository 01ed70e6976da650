"""Writing down what a run writes to whom, while it does: before each call what is meant, after it how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import md5
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from reconciler.adapters.errors import AdapterError, Uncertain
from reconciler.adapters.source import Wrote
from reconciler.model.history import Act, Ending
from reconciler.model.messages import problem
from reconciler.model.plan import TagAction
from reconciler.model.problems import Failure
from reconciler.runtime.disk import is_full
from reconciler.runtime.failures import problem_of
from reconciler.runtime.rows import Row
from reconciler.runtime.writer import DOWN, Fate
from reconciler.tables.writes import BEFORES, INTENTS, OUTCOMES, Kind, WritesFile

if TYPE_CHECKING:
    from collections.abc import Iterator

Digest = Callable[[str | None], int]
_TAG_ACTS = {TagAction.APPLY: Act.APPLY, TagAction.REMOVE: Act.REMOVE}
_PULLED = {Wrote.DONE: Ending.WRITTEN, Wrote.MOVED: Ending.LEFT}
_SET, _CLEAR = int(Act.SET), int(Act.CLEAR)
_KNOWN = 1 << 14  # texts whose digests are not made twice


def digester(key: bytes) -> Digest:
    """`model.addresses.value_digest` under that key, for many values."""
    keyed = md5(key.hex().encode(), usedforsecurity=False)

    @lru_cache(_KNOWN)
    def digest(text: str | None) -> int:
        if text is None:
            return 0
        one = keyed.copy()
        one.update(text.encode())
        return int.from_bytes(one.digest()[8:], "little")

    return digest


@dataclass(slots=True)
class _Intents:
    """Rows of one frame, column by column, and of what was there before, where that is kept."""

    people: list[bytes] = field(default_factory=list)
    contacts: list[str | None] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    acts: list[int] = field(default_factory=list)
    causes: list[int | None] = field(default_factory=list)
    befores: list[int | None] = field(default_factory=list)
    afters: list[int] = field(default_factory=list)
    texts: list[tuple[str, str | None, str | None, str | None]] = field(default_factory=list)

    def alike(self, count: int, person: bytes, contact: str | None, act: Act, name: str) -> None:
        """So many rows of one person without a value."""
        self.people += [person] * count
        self.contacts += [contact] * count
        self.names += [name] * count
        self.acts += [int(act)] * count
        self.causes += [None] * count
        self.befores += [0] * count
        self.afters += [0] * count

    def values(self, row: Row, values: Mapping[str, str | None], digest: Digest) -> None:
        """Values of one contact that are to be written."""
        count, was = len(values), row.was
        self.people += [row.digest] * count
        self.contacts += [None if row.made else row.contact] * count
        self.names += values
        self.acts += [_CLEAR if text is None else _SET for text in values.values()]
        self.afters += map(digest, values.values())
        if not was.keys:
            self.causes += [None] * count
            self.befores += [None] * count
            return
        was = was.of(values)
        self.causes += was.causes
        if row.made:
            self.befores += [0] * count
        else:
            seen = zip(was.befores, was.unread, strict=True)
            self.befores += [None if unread else digest(before) for before, unread in seen]

    def batch(self) -> pa.RecordBatch:
        columns = (self.people, self.contacts, self.names, self.acts, self.causes, self.befores, self.afters)
        return _batch(columns, INTENTS)


@dataclass(slots=True)
class _Outcomes:
    """Ranges of rows that ended alike. `at`: seconds since 1970."""

    at: int
    rows: list[list[Any]] = field(default_factory=list)

    def add(self, first: int, count: int, ending: Ending, contact: str | None = None, **more: Any) -> None:
        if not count:
            return
        told = [int(ending), contact, more.get("stored"), more.get("code")]
        last = self.rows[-1] if self.rows else None
        if last is not None and last[2:6] == told and last[0] + last[1] == first:
            last[1] += count
        else:
            self.rows.append([first, count, *told, self.at])

    def batch(self) -> pa.RecordBatch:
        return _batch([list(column) for column in zip(*self.rows, strict=True)], OUTCOMES)


def _batch(columns: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.RecordBatch:
    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


class Writes:
    """What one run writes. Without a file nothing is written down. `befores`: the file of what was there before, where
    it is kept. Raises Failure E501, E509 where the disk does."""

    def __init__(
        self,
        file: WritesFile | None = None,
        befores: WritesFile | None = None,
        digest: Digest = lambda _text: 0,
        moments: Callable[[], datetime] | None = None,
    ) -> None:
        self._file, self._befores, self._digest, self._moments = file, befores, digest, moments
        self._next = 0

    def close(self) -> None:
        for file in (self._file, self._befores):
            if file is not None:
                file.close()

    # -- contacts

    def sending(self, rows: Sequence[Row], create: bool) -> None:
        """Contacts are about to be written. Numbers the rows."""
        if self._file is None:
            return
        intents = _Intents()
        for row in rows:
            row.number = self._next + len(intents.people)
            if create:
                intents.alike(1, row.digest, None, Act.CREATE, "")
                self._no_texts(intents, row)
            self._values(intents, row, row.values)
        self._begin(intents)

    def sent(self, rows: Sequence[Row], fates: Sequence[Fate], create: bool, overwrites: Callable[[str], bool]) -> None:
        """How it ended. `overwrites`: whether a field's value goes into a contact that somebody else made."""
        if self._file is None:
            return
        outcomes = self._outcomes()
        for row, fate in zip(rows, fates, strict=True):
            if fate.error is None and fate.contact == row.contact:
                outcomes.add(row.number, len(row.values) + create, Ending.WRITTEN)
                continue
            if fate.error is None and fate.foreign:
                outcomes.add(row.number, 1, Ending.FOUND, fate.contact)
                for at, key in enumerate(row.values, 1):
                    outcomes.add(row.number + at, 1, Ending.FOUND if overwrites(key) else Ending.LEFT, fate.contact)
                continue
            other = fate.contact if fate.contact != row.contact else None
            ending, code = _ending(fate.error)
            if ending is Ending.WRITTEN and other and not create:
                ending = Ending.FOUND
            outcomes.add(row.number, len(row.values) + create, ending, other, code=code)
        self._end(outcomes)

    def left(self, dropped: Iterable[tuple[Row, str, str | None]]) -> None:
        """Values that are not written, because they had changed: row, field, what was to be written."""
        found = list(dropped)
        if self._file is None or not found:
            return
        intents, first = _Intents(), self._next
        for row, key, after in found:
            self._values(intents, row, {key: after})
        self._begin(intents)
        outcomes = self._outcomes()
        outcomes.add(first, len(found), Ending.LEFT)
        self._end(outcomes)

    def stored(self, differing: Iterable[tuple[Row, str, str | None]]) -> None:
        """Values that the CRM stores otherwise than they were sent: row, field, what it holds."""
        if self._file is None:
            return
        outcomes = self._outcomes()
        for row, key, text in differing:
            keys = list(row.values)
            if key in keys:
                at = row.number + keys.index(key) + row.made
                outcomes.add(at, 1, Ending.REWRITTEN, row.contact, stored=self._digest(text))
        self._end(outcomes)

    # -- tags

    def tagging(self, name: str, action: TagAction, rows: Mapping[str, Row]) -> int:
        """One tag is about to be applied to contacts or taken from them; the number of the first."""
        first = self._next
        if self._file is not None:
            intents = _Intents()
            for contact, row in rows.items():
                intents.alike(1, row.digest, contact, _TAG_ACTS[action], name)
                self._no_texts(intents, row)
            self._begin(intents)
        return first

    def tagged(self, first: int, errors: Sequence[AdapterError | None]) -> None:
        if self._file is None:
            return
        outcomes = self._outcomes()
        for at, error in enumerate(errors, first):
            ending, code = _ending(error)
            outcomes.add(at, 1, ending, code=code)
        self._end(outcomes)

    # -- the source

    def pulling(self, pulls: Iterable[tuple[str, bytes, Mapping[str, Mapping[str, Any]]]]) -> int:
        """Values are about to go into the source: person, digest, and by field the value change; the number of the
        first."""
        first = self._next
        if self._file is None:
            return first
        intents = _Intents()
        for person, digest, values in pulls:
            for key, v in values.items():
                intents.alike(1, digest, None, Act.PULL, key)
                intents.causes[-1] = v["cause"]
                intents.befores[-1], intents.afters[-1] = self._digest(v["before"]), self._digest(v["after"])
                if self._befores is not None:
                    intents.texts.append((person, v["before"], v["read"], v["write"]))
        self._begin(intents)
        return first

    def pulled(self, first: int, done: Iterable[tuple[int, Wrote]]) -> None:
        """How it ended: of so many values of one person each."""
        if self._file is None:
            return
        outcomes = self._outcomes()
        for count, wrote in done:
            ending = _PULLED.get(wrote, Ending.REFUSED)
            outcomes.add(first, count, ending, code="E550" if ending is Ending.REFUSED else None)
            first += count
        self._end(outcomes)

    # -- frames

    def _values(self, intents: _Intents, row: Row, values: Mapping[str, str | None]) -> None:
        intents.values(row, values, self._digest)
        if self._befores is not None:
            befores = row.was.of(values).befores if row.was.keys else [None] * len(values)
            intents.texts += [(row.person, before, None, None) for before in befores]

    def _no_texts(self, intents: _Intents, row: Row) -> None:
        if self._befores is not None:
            intents.texts.append((row.person, None, None, None))

    def _begin(self, intents: _Intents) -> None:
        if self._file is None or not intents.people:
            return
        with _on_disk():
            if self._befores is not None:
                columns = [list(column) for column in zip(*intents.texts, strict=True)]
                self._befores.append(Kind.BEFORES, _batch(columns, BEFORES))
            self._file.append(Kind.INTENTS, intents.batch())
        self._next += len(intents.people)

    def _outcomes(self) -> _Outcomes:
        return _Outcomes(int(self._moments().timestamp()) if self._moments is not None else 0)

    def _end(self, outcomes: _Outcomes) -> None:
        if self._file is not None and outcomes.rows:
            with _on_disk():
                self._file.append(Kind.OUTCOMES, outcomes.batch())


def _ending(error: AdapterError | None) -> tuple[Ending, str | None]:
    if error is None:
        return Ending.WRITTEN, None
    if isinstance(error, Uncertain):
        return Ending.UNCERTAIN, problem_of(error).code
    return Ending.LEFT if isinstance(error, DOWN) else Ending.REFUSED, problem_of(error).code


@contextmanager
def _on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Failure(problem("E509") if is_full(error) else problem("E501", "what a run wrote")) from None
