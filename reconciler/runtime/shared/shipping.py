"""What an apply writes down goes to the chain, before the next call that changes anything."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from reconciler.model.problems import Failure, Problem
from reconciler.runtime.recording import Statement
from reconciler.runtime.shared.copy import IN_USE, Copy
from reconciler.runtime.shared.entries import Entry, Kept, Kind, Put, Renamed, Step, Wrote
from reconciler.runtime.shared.lease import Held
from reconciler.runtime.shared.vault import Content, Vault

KEPT_OPENINGS = 500
"""Entries that stay behind a base, so that the number that a former holder would write next is never free again."""


class Shipping:
    """A `Recorder`. Records are made by the thread of the apply, and sent by whichever thread is about to call."""

    def __init__(self, vault: Vault, copy: Copy, held: Held, content: Content) -> None:
        """`content`: what the copy was made from."""
        self._vault, self._copy, self._held = vault, copy, held
        self._version, self._base = content.version, content.files
        self._since = list(content.since)
        self._base_at = content.base_at
        self._waiting: list[Step] = []
        self._signs: dict[str, tuple[int, int]] = {name: sign for name, _, sign in copy.new_files({})}
        self._unsure: set[bytes] = set()  # appended, and no answer came
        self._alone = threading.RLock()
        self.recorded = False
        self.notes: Sequence[Problem] = ()

    # -- what is recorded

    def wrote(self, path: Path, statements: Sequence[Statement]) -> None:
        self._record(Wrote(self._copy.name_of(path), statements))

    def replaced(self, path: Path) -> None:
        self._record(Put(self._copy.name_of(path), self._vault.keep(path)))

    def renamed(self, path: Path, new: Path) -> None:
        self._record(Renamed(self._copy.name_of(path), self._copy.name_of(new)))

    def _record(self, step: Step) -> None:
        with self._alone:
            self._waiting.append(step)
            self.recorded = True

    # -- what is sent

    def before_write(self) -> None:
        with self._alone:
            self.ship()
            self._held.check()

    def open(self) -> None:
        """This run begins: from here on nobody who had the lease before can append. Raises Failure; E584 also where
        somebody did after the copy was made."""
        self._append(Entry(Kind.OPENING))

    def ship(self) -> None:
        """Everything recorded is in the chain when this returns. Raises Failure; E584: this run may not write."""
        with self._alone:
            if not self._waiting:
                return
            files = [Put(name, self._file(name, path, sign)) for name, path, sign in self._new_files()]
            self._append(Entry(Kind.WRITES, (*self._waiting, *files)))
            self._since.append(self._version)
            self._waiting.clear()

    def finish(self) -> None:
        """All of the state as one entry; what came before it goes. Raises Failure."""
        with self._alone:
            base = Entry(Kind.BASE, files={name: self._file_of_base(name, path) for name, path in self._copy.files()})
            self._append(base)
            self._base = base.files
            with suppress(Failure), self._vault.said():  # what is left over is no harm, and goes another time
                self._sweep(base)
            self._since, self._base_at = [self._version], self._version
            self._waiting.clear()
            self._copy.mark(self._version)

    def rest(self) -> None:
        """Nothing was written down: the copy is what it was, one opening later."""
        self._copy.mark(self._version)

    @property
    def behind(self) -> int:
        """Entries since the last base."""
        return self._version - self._base_at

    def _new_files(self) -> list[tuple[str, Path, tuple[int, int]]]:
        return list(self._copy.new_files(self._signs))

    def _file(self, name: str, path: Path, sign: tuple[int, int]) -> Kept:
        kept = self._vault.keep(path, self._base.get(name))
        self._signs[name] = sign
        return kept

    def _file_of_base(self, name: str, path: Path) -> Kept:
        return self._vault.keep(path, self._base.get(name))

    def _append(self, entry: Entry) -> None:
        """Behind what is there, if it is what this run knows of."""
        while True:
            number = self._version + 1
            frame = self._vault.frame(number, entry)
            self._unsure.add(frame)
            with self._vault.said():
                made = self._vault.store.append(number, frame, self._held.fence)
                there = frame if made else self._vault.store.entry(number)
            if there not in self._unsure:
                raise self._held.lost()
            self._version = number
            self._unsure.discard(frame)
            if there == frame:
                return

    def _sweep(self, base: Entry) -> None:
        store = self._vault.store
        before = [n for n in store.numbers() if n < self._version and n not in self._since]
        entries = [n for n in (*self._since, *before[:-KEPT_OPENINGS]) if n != 1]  # which opened the state, base or not
        store.sweep(entries, [n for n in store.names() if n not in base.parts])


def begun(vault: Vault, copy: Copy, held: Held, content: Content) -> Shipping:
    """A run that may write: an entry of it is in the chain; where that was empty, one of all that the copy holds."""
    shipping = Shipping(vault, copy, held, content)
    if content.base is None:
        shipping.finish()
    else:
        shipping.open()
    copy.mark(IN_USE)
    return shipping
