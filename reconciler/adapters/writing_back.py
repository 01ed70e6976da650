"""How a batch of edits goes into a table of a database, whichever it is: look and lock, judge, write, look again, keep.

The algorithm is here once; what a statement looks like is the business of each database's `Rows`. What the server keeps
is judged when everything of the batch stands there, triggers included; what it altered is taken back and the rest is
written again without it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from reconciler.adapters.errors import SourceAuthFailed, SourceFailed
from reconciler.adapters.source import Edit, Same, Wrote

AT_ONCE = 500

Cells = Mapping[str, str | None]
Found = Mapping[str, Sequence[Cells]]
"""The rows of each person, by the printed text that names the person."""

_WHILE_WRITING = {
    "E404": "E463",
    "E434": "E460",
    "E435": "E463",
    "E436": "E462",
    "E437": "E464",
    "E440": "E461",
    "E441": "E463",
}
"""What the code of an error of reading is called while values are written."""


class Aim(Protocol):
    """What is written into, as the file's options say it."""

    def cannot_write(self) -> str:
        """Why no values go back, as the middle of a sentence; "" where they do."""

    def named(self, failed: SourceFailed) -> SourceFailed:
        """The same, with the table's name where that says more."""


class NotTaken(Exception):
    """The database does not take this value. The row is as it was, and the transaction goes on."""


class Rows(Protocol):
    """The rows of one table in one open transaction that writes; leaving it without `commit` undoes all."""

    @property
    def nulls(self) -> Mapping[str, bool]:
        """Column -> whether it may be null, where that is known."""

    def lock(self, people: Sequence[str]) -> Found:
        """Their rows, which nobody else can change from now on. What `undo` goes back to."""

    def again(self, people: Sequence[str]) -> Found:
        """The same rows as they are now."""

    def put(self, person: str, cells: Cells) -> None:
        """Write into the person's row. Raises NotTaken."""

    def undo(self) -> None:
        """Back to what `lock` found; the rows stay locked."""

    def commit(self) -> None:
        """Raises SourceFailed with E437 if the answer was lost."""


def written(
    asked: Aim, opened: Callable[[Sequence[str]], AbstractContextManager[Rows]], edits: Sequence[Edit], same: Same
) -> Sequence[Wrote]:
    """`Writable.write` over the rows that `opened` gives for the columns of all edits."""
    if not edits:
        return []
    columns = list(dict.fromkeys(name for edit in edits for name in edit.cells))
    with _while_writing(asked):
        if reason := asked.cannot_write():
            raise SourceFailed("E461", reason)
        with opened(columns) as rows:
            return write_back(rows, edits, same)


def write_back(rows: Rows, edits: Sequence[Edit], same: Same) -> list[Wrote]:
    """One answer per edit, in order; what is DONE is committed."""
    people = list(dict.fromkeys(edit.person for edit in edits))
    found = rows.lock(people)
    answers = [_judged(edit, found.get(edit.person, ())) for edit in edits]
    waiting = {place: _forms(edit, rows.nulls) for place, edit in enumerate(edits) if answers[place] is Wrote.DONE}
    while waiting:
        for place in list(waiting):
            if not _put(rows, edits[place].person, waiting[place]):
                answers[place] = Wrote.REFUSED
                del waiting[place]
        kept = rows.again(list(dict.fromkeys(edits[place].person for place in waiting))) if waiting else {}
        wrong = {place: why for place in waiting if (why := _altered(edits[place], kept, same))}
        if not wrong:
            break
        rows.undo()
        for place, why in wrong.items():
            waiting[place].popleft()
            if not waiting[place]:
                answers[place] = why
                del waiting[place]
    if waiting:
        _commit(rows)
    return answers


def _judged(edit: Edit, rows: Sequence[Cells]) -> Wrote:
    """DONE if the row is still what was read."""
    if len(rows) != 1:
        return Wrote.SEVERAL if rows else Wrote.GONE
    moved = any((rows[0][name] or "") != (read or "") for name, (read, _) in edit.cells.items())
    return Wrote.MOVED if moved else Wrote.DONE


def _forms(edit: Edit, nulls: Mapping[str, bool]) -> deque[Cells]:
    """What to write, one after the other until it is kept: nothing is null where the column takes it, else ""."""
    meant = {name: text for name, (_, text) in edit.cells.items()}
    first = {name: "" if text is None and not nulls.get(name, True) else text for name, text in meant.items()}
    second = {name: text or "" for name, text in meant.items()}
    return deque([first] if first == second else [first, second])


def _put(rows: Rows, person: str, forms: deque[Cells]) -> bool:
    """Whether one of the forms was taken, which is then the first of them."""
    while forms:
        try:
            if not all(is_text(text) for text in forms[0].values()):
                raise NotTaken
            if forms[0]:
                rows.put(person, forms[0])
        except NotTaken:
            forms.popleft()
        else:
            return True
    return False


def _altered(edit: Edit, kept: Found, same: Same) -> Wrote | None:
    rows = kept.get(edit.person, ())
    if len(rows) > 1:
        return Wrote.SEVERAL
    if not rows or not all(same(name, meant, rows[0][name]) for name, (_, meant) in edit.cells.items()):
        return Wrote.ALTERED
    return None


def _commit(rows: Rows) -> None:
    try:
        rows.commit()
    except SourceFailed as failed:
        if failed.code == "E437":
            raise SourceFailed("E465", failed.detail) from None
        raise


def is_text(text: str | None) -> bool:
    """Whether it has a form in bytes: half of a character has none."""
    try:
        (text or "").encode()
    except UnicodeEncodeError:
        return False
    return True


def grouped(people: Sequence[str], columns: Sequence[str], found: Sequence[Sequence[str | None]]) -> Found:
    """Rows that begin with the person's text, by person; others that the server holds for the same are left out."""
    wanted = set(people)
    rows: dict[str, list[Cells]] = {}
    for person, *cells in found:
        if person is not None and person in wanted:
            rows.setdefault(person, []).append(dict(zip(columns, cells, strict=True)))
    return rows


@contextmanager
def _while_writing(asked: Aim) -> Iterator[None]:
    """Errors of reading, in the words for writing, with the table's name where that says more."""
    try:
        yield
    except SourceFailed as failed:
        code = _WHILE_WRITING.get(failed.code, failed.code)
        kind = SourceAuthFailed if isinstance(failed, SourceAuthFailed) else SourceFailed
        raise asked.named(kind(code, failed.detail, failed.fix)) from None
