"""Rows of a CSV file that take edits. Every byte outside of an edited cell stays.

Where the encoding lets bytes below 128 stand for nothing but ASCII (UTF-8 does), the file is looked at as if it were
Latin-1: one character is one byte, nothing is decoded but the rows that are edited. Other encodings are decoded, and a
row's place is counted by encoding it again; what that does not lead back to is refused.
"""

from __future__ import annotations

import codecs
import io
import re
import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import accumulate
from typing import BinaryIO, NamedTuple

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.replacing import Patch
from reconciler.adapters.row_edits import Found, moved
from reconciler.adapters.source import Edit, Same, Wrote

_BYTEWISE = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d")
_MARKS = {
    "utf-8-sig": ((codecs.BOM_UTF8, "utf-8"),),
    "utf-16": ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")),
    "utf-32": ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be")),
}
_BLANK = ("\r\n", "\n", "\r")
_UNMARKED = {"utf-8-sig": "utf-8", "utf-16": f"utf-16-{sys.byteorder[0]}e", "utf-32": f"utf-32-{sys.byteorder[0]}e"}


class Letters(NamedTuple):
    """How the file's letters are written: in which encoding, and from which byte on. `view`: as what they are looked
    at."""

    encoding: str
    begin: int

    @property
    def view(self) -> str:
        return "latin-1" if _BYTEWISE.fullmatch(self.encoding) else self.encoding


def letters_of(handle: BinaryIO, encoding: str) -> Letters:
    """`encoding`: a codec's own name; one that begins with a mark becomes the one that the mark stands for."""
    handle.seek(0)
    beginning = handle.read(4)
    for mark, marked in _MARKS.get(encoding, ()):
        if beginning.startswith(mark):
            return Letters(marked, len(mark))
    return Letters(_UNMARKED.get(encoding, encoding), 0)


class CsvRows:
    """The rows of a file with this header, of whom `person` names the column of the ids."""

    def __init__(self, handle: BinaryIO, header: Sequence[str], person: str, delimiter: str, encoding: str) -> None:
        self._handle = handle
        self._letters = letters_of(handle, encoding)
        self._grammar = Grammar(delimiter, len(header), header.index(person))
        self._header = header

    def find(self, persons: Collection[str]) -> Iterator[Found]:
        wanted = {key: person for person in persons if (key := self._seen(person)) is not None}
        size: Callable[[str], int] = len if self._letters.view == "latin-1" else self._size
        at = self._letters.begin
        self._handle.seek(at)
        text = io.TextIOWrapper(self._handle, self._letters.view, newline="")
        try:
            for record, person in self._grammar.records(text):
                length = size(record)
                if person in wanted:
                    yield Found(wanted[person], at, at + length)
                at += length
        except UnicodeError:
            raise SourceFailed("E422", f"the file is not {self._letters.encoding}") from None
        finally:
            text.detach()

    def row(self, content: bytes, person: str) -> CsvRow | None:
        try:
            row = CsvRow(content, self._header, self._grammar, self._letters)
            return row if row.located and row.text(self._grammar.person) == person else None
        except UnicodeError:
            return None

    def _seen(self, person: str) -> str | None:
        """The id as the view shows it; None: it cannot stand in this file."""
        try:
            return person.encode(self._letters.encoding).decode(self._letters.view)
        except UnicodeError:
            return None

    def _size(self, record: str) -> int:
        return len(record.encode(self._letters.encoding))


class Grammar:
    """RFC 4180 with one delimiter, as `csv` reads it: what is a value, a record, and the person in it."""

    def __init__(self, delimiter: str, width: int, person: int) -> None:
        self.delimiter = delimiter
        self.width = width
        self.person = person
        mark = re.escape(delimiter)
        inside = r'[^"]*+(?:""[^"]*+)*+'
        value = rf'(?:"{inside}"|(?!")[^{mark}\r\n]*+)'
        begun = rf'(?:{value}{mark})*+(?:{value}[\r\n]*+\Z|("{inside}\Z))'
        self.value = re.compile(value)
        self._open = re.compile(begun)
        self._still_open = re.compile(rf'{inside}(?:(\Z)|"(?:[\r\n]*+\Z|{mark}{begun}))')
        after = rf"(?:{mark}{value}){{{width - person - 1}}}[\r\n]*+\Z"
        self._record = re.compile(rf"(?:{value}{mark}){{{person}}}({value}){after}")
        self._special = f'{delimiter}"\r\n'

    def records(self, lines: Iterator[str]) -> Iterator[tuple[str, str | None]]:
        """Each record with what ends it, and its person: None of the header and of blank lines. `lines`: with what ends
        them. Raises SourceFailed with the row."""
        row = -1  # the header becomes 0
        for line in lines:
            if len(line) < 3 and line in _BLANK:
                yield line, None
                continue
            row += 1
            if '"' in line:
                record = line if self._record.match(line) else self._whole(line, lines, row)
                found = self._record.match(record)
                person = unquoted(found[1]) if found else None
            else:
                record = line
                cells = line.rstrip("\r\n").split(self.delimiter)
                person = cells[self.person] if len(cells) == self.width else None
            if person is None:
                raise SourceFailed("E420", f"row {row} has not {self.width} values", row=row)
            yield record, person if row else None

    def cells(self, record: str) -> tuple[list[str], str] | None:
        """The record's cells as they stand there, and what ends it; None if they do not fit the header."""
        found: list[str] = []
        at = 0
        while len(found) < self.width:
            cell = self.value.match(record, at)
            if cell is None or (found and record[at - 1 : at] != self.delimiter):
                return None
            found.append(cell[0])
            at = cell.end() + 1
        end = record[at - 1 :]
        return (found, end) if end in ("", *_BLANK) else None

    def quoted(self, text: str, before: str) -> str:
        """A text as a cell. `before`: the cell that stood there; one that was quoted stays so."""
        alone = self.width == 1 and not text  # would be a blank line
        if alone or before.startswith('"') or text != text.strip() or any(sign in text for sign in self._special):
            return '"' + text.replace('"', '""') + '"'
        return text

    def _whole(self, line: str, lines: Iterator[str], row: int) -> str:
        """The record that begins with this line, up to the line in which it ends."""
        parts = [line]
        found = self._open.match(line)
        while found and found.lastindex:  # a quote is open at the end
            line = next(lines, "")
            parts.append(line)
            found = self._still_open.match(line) if line else None
        if found is None:
            raise SourceFailed("E421", f"the row is {row}", row=row)
        return "".join(parts)


def unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


class CsvRow:
    """One row as its cells' bytes. `located`: whether the bytes are what these cells are written as."""

    def __init__(self, content: bytes, header: Sequence[str], grammar: Grammar, letters: Letters) -> None:
        self._header = header
        self._grammar = grammar
        self._letters = letters
        self._delimiter = grammar.delimiter.encode(letters.encoding)
        split = self._split(content)
        self._cells, self._end = split or ([], b"")
        self._before = list(self._cells)
        self.located = split is not None and self._joined(self._cells) == content

    def text(self, place: int) -> str:
        return self._text(self._cells[place])

    def edit(self, edit: Edit, same: Same) -> Wrote:
        places = {column: self._header.index(column) for column in edit.cells}
        try:
            if moved(edit, {column: self.text(place) for column, place in places.items()}):
                return Wrote.MOVED
            cells = list(self._cells)
            for column, (_, meant) in edit.cells.items():
                cells[places[column]] = self._cell(meant or "", cells[places[column]])
            split = self._split(self._joined(cells))
            if split is None or split[0] != cells:
                return Wrote.REFUSED
            kept = {column: self._text(cells[place]) for column, place in places.items()}
        except UnicodeError:
            return Wrote.REFUSED
        if not all(same(column, meant, kept[column]) for column, (_, meant) in edit.cells.items()):
            return Wrote.ALTERED
        self._cells = cells
        return Wrote.DONE

    def patches(self) -> Sequence[Patch]:
        step = len(self._delimiter)
        starts = accumulate((len(cell) + step for cell in self._before), initial=0)
        places = zip(starts, self._before, self._cells, strict=False)
        return [Patch(start, start + len(old), new) for start, old, new in places if old != new]

    def _text(self, cell: bytes) -> str:
        return unquoted(cell.decode(self._letters.encoding))

    def _cell(self, meant: str, before: bytes) -> bytes:
        """The cell of that text; the very bytes where it says that already. Raises UnicodeError."""
        cell = before.decode(self._letters.encoding)
        return before if unquoted(cell) == meant else self._grammar.quoted(meant, cell).encode(self._letters.encoding)

    def _joined(self, cells: Sequence[bytes]) -> bytes:
        return self._delimiter.join(cells) + self._end

    def _split(self, content: bytes) -> tuple[list[bytes], bytes] | None:
        """The cells' bytes and the end's. Raises UnicodeError."""
        view = self._letters.view
        split = self._grammar.cells(content.decode(view))
        return split and ([cell.encode(view) for cell in split[0]], split[1].encode(view))
