"""A CSV file takes values back: the edited cells change, and not one byte else."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from edited import exactly, refused, writable, written
from filled import CANARY, opened, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.source import Edit, Wrote


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


@pytest.mark.parametrize(
    ("before", "meant", "after"),
    [
        ("old", "new", "new"),
        ("old", "a,b", '"a,b"'),
        ("old", 'say "so"', '"say ""so"""'),
        ("old", "two\nlines", '"two\nlines"'),
        ("old", "two\rlines", '"two\rlines"'),
        ("old", " padded", '" padded"'),
        ("old", "padded\t", '"padded\t"'),
        ("old", None, ""),
        ("old", "", ""),
        ("old", "Zoë 🙂", "Zoë 🙂"),
        ("old", "a;b", "a;b"),
        ("old", "a\0b", "a\0b"),
        ('"old"', "new", '"new"'),
        ('"old"', None, '""'),
        ('5" pipe', '6" pipe', '"6"" pipe"'),
        ("", "new", "new"),
        ('""', "new", '"new"'),
        ('""', None, '""'),
        ('"same"', "same", '"same"'),
    ],
)
@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_cell_is_quoted_if_it_was_or_needs_it(
    path: Path, before: str, meant: str | None, after: str, place: str
) -> None:
    row, header = {
        "first": ("{},1,b", "v,id,b"),
        "middle": ('1,{},"b"', "id,v,b"),
        "last": ("1,b,{}", "id,b,v"),
    }[place]
    text = f'{header}\r\n\n0,0,"0"\n{row}\r\n9,9,9'
    path.write_bytes(text.format(before).encode())
    read = before[1:-1] if before.startswith('"') else before
    assert written(path, Edit("1", {"v": (read, meant)})) == [Wrote.DONE]
    assert path.read_bytes() == text.format(after).encode()


EDITS = [
    (Edit("7", {"v": ("x", "new")}), Wrote.GONE),
    (Edit("2", {"v": ("b", "new")}), Wrote.SEVERAL),
    (Edit("1", {"v": ("was", "new")}), Wrote.MOVED),
    (Edit("1", {"w": ("c", "new"), "v": ("was", "new")}), Wrote.MOVED),
    (Edit("1", {"v": (None, "new")}), Wrote.MOVED),
    (Edit("3", {"v": (None, "new")}), Wrote.DONE),
    (Edit("3", {"v": ("", "new")}), Wrote.DONE),
    (Edit("1", {"v": ("a", "\ud800")}), Wrote.REFUSED),
    (Edit("\ud800", {"v": ("a", "x")}), Wrote.GONE),
    (Edit("id", {"v": ("v", "x")}), Wrote.GONE),
]


@pytest.mark.parametrize(("edit", "wrote"), EDITS)
def test_each_edit_has_its_own_answer(path: Path, edit: Edit, wrote: Wrote) -> None:
    path.write_text("id,v,w\n1,a,c\n2,b,\n2,b,\n3,,x\n4,d,\n")
    assert written(path, edit, Edit("4", {"v": ("d", "e")})) == [wrote, Wrote.DONE]
    assert ("new" in path.read_text()) is (wrote is Wrote.DONE)


def test_what_would_be_kept_otherwise_is_not_written(path: Path) -> None:
    path.write_text("id,v\n1,a\n2,b\n")
    asked: list[tuple[str, str | None, str | None]] = []

    def same(column: str, meant: str | None, kept: str | None) -> bool:
        asked.append((column, meant, kept))
        return meant != "no"

    edits = [Edit("1", {"v": ("a", "no")}), Edit("2", {"v": ("b", None)})]
    assert writable(path).write("id", edits, same) == [Wrote.ALTERED, Wrote.DONE]
    assert asked == [("v", "no", "no"), ("v", None, "")]
    assert path.read_text() == "id,v\n1,a\n2,\n"


def test_two_edits_of_one_person_follow_each_other(path: Path) -> None:
    path.write_text("id,v,w\n1,a,b\n")
    edits = [Edit("1", {"v": ("a", "x")}), Edit("1", {"w": ("b", "y")}), Edit("1", {"v": ("a", "z")})]
    assert list(writable(path).write("id", edits, exactly)) == [Wrote.DONE, Wrote.DONE, Wrote.MOVED]
    assert path.read_text() == "id,v,w\n1,x,y\n"


def test_an_emptied_cell_of_the_only_column_is_no_blank_line(path: Path) -> None:
    path.write_text("id\n1\n2\n")
    assert list(writable(path).write("id", [Edit("1", {"id": ("1", None)})], exactly)) == [Wrote.DONE]
    assert path.read_text() == 'id\n""\n2\n'


@pytest.mark.parametrize(
    ("encoding", "value", "wrote"),
    [
        ("latin-1", "é", Wrote.DONE),
        ("latin-1", "€", Wrote.REFUSED),
        ("cp1252", "€", Wrote.DONE),
        ("ascii", "é", Wrote.REFUSED),
        ("utf-16", "日本🙂", Wrote.DONE),
        ("utf-16-be", "日本🙂", Wrote.DONE),
        ("utf-32", "日本🙂", Wrote.DONE),
        ("shift_jis", "日本", Wrote.DONE),
        ("shift_jis", "é", Wrote.REFUSED),
        ("gb18030", "日本🙂é", Wrote.DONE),
        ("iso2022_jp", "日本", Wrote.DONE),
        ("koi8-r", "дом", Wrote.DONE),
        ("utf-8-sig", "日本", Wrote.DONE),
    ],
)
def test_a_value_is_written_in_the_files_encoding_or_refused(
    path: Path, encoding: str, value: str, wrote: Wrote
) -> None:
    text = 'id,v|w\r\n0,"a\nb"|c\r\n1,{}|c\r\n2,x|"y"'.replace(",", "|")
    path.write_bytes(text.format("old").encode(encoding))
    edit = Edit("1", {"v": ("old", value)})
    assert written(path, edit, encoding=encoding, delimiter="|") == [wrote]
    assert path.read_bytes() == text.format(value if wrote is Wrote.DONE else "old").encode(encoding)


@pytest.mark.parametrize(("delimiter", "wrote"), [(",", Wrote.ALTERED), ("\\", Wrote.REFUSED)])
def test_a_letter_that_the_encoding_makes_another_one_is_not_written(path: Path, delimiter: str, wrote: Wrote) -> None:
    """A yen sign becomes a backslash, which may even end the cell."""
    content = f"id{delimiter}v\n1{delimiter}a\n".encode()
    path.write_bytes(content)
    edit = Edit("1", {"v": ("a", "5\u00a5")})
    assert written(path, edit, encoding="shift_jis", delimiter=delimiter) == [wrote]
    assert path.read_bytes() == content


def test_a_row_whose_place_cannot_be_told_is_refused(path: Path) -> None:
    """In this encoding one letter may be written in two ways; encoding it again does not give the same bytes."""
    content = b"id,v\n1,\xfa\x40\n"
    read = content[7:9].decode("cp932")
    assert read.encode("cp932") != content[7:9]
    path.write_bytes(content)
    assert written(path, Edit("1", {"v": (read, "x")}), encoding="cp932") == [Wrote.REFUSED]
    assert path.read_bytes() == content


def test_bytes_that_are_no_letters_stay_in_cells_that_nobody_reads(path: Path) -> None:
    path.write_bytes(b"id,v,w\n1,a,\xff\n")
    assert written(path, Edit("1", {"v": ("a", "b")})) == [Wrote.DONE]
    assert path.read_bytes() == b"id,v,w\n1,b,\xff\n"


@pytest.mark.parametrize(
    ("content", "code", "row"),
    [
        (f"id,v\n1,a\n2,{CANARY},5\n", "E420", 2),
        (f"id,v\n1,a\n{CANARY}\n", "E420", 2),
        (f'id,v\n1,a\n2,"{CANARY}",5\n', "E420", 2),
        (f'id,v\n1,a\n\n2,"{CANARY}\n', "E421", 2),
        (f'id,v\n1,a\n2,"{CANARY}" x\n', "E421", 2),
        (f'id,v\n1,a\n2,"x\n{CANARY}" y\n3,z\n', "E421", 2),
        ("id,w\n1,a\n", "E414", 0),
        ("ip,v\n1,a\n", "E414", 0),
        ("", "E411", 0),
    ],
)
def test_a_file_that_is_not_in_order_is_left_alone(path: Path, content: str, code: str, row: int) -> None:
    path.write_text(content)
    error = refused(path, Edit("1", {"v": ("a", "b")}))
    assert (error.code, error.row, path.read_text()) == (code, row, content)


# Random files ---------------------------------------------------------------------------------------------------------

ALPHABET = ["a", "B", '"', ",", ";", "\n", "\r", " ", "é", "日", "🙂", "\0", "'"]
SIMPLE = ["a", "B", '"', ",", ";", "\n", "\r", " ", "é", "'"]
ENCODINGS = {
    "utf-8": ALPHABET,
    "utf-8-sig": ALPHABET,
    "utf-16": ALPHABET,
    "utf-16-be": ALPHABET,
    "cp1252": SIMPLE,
    "gb18030": ALPHABET,
}


@dataclass(frozen=True)
class Table:
    """A random file. `quoted`: of each cell; `ends`: of each line, blank ones may follow."""

    delimiter: str
    encoding: str
    rows: tuple[tuple[str, ...], ...]
    quoted: tuple[tuple[bool, ...], ...]
    ends: tuple[str, ...]

    def content(self, rows: Sequence[Sequence[str]]) -> bytes:
        """The file with these values in the place of those that were drawn."""
        lines = []
        for row, (cells, drawn, end) in enumerate(zip(rows, self.rows, self.ends, strict=True)):
            parts = []
            for cell, old, flag in zip(cells, drawn, self.quoted[row], strict=True):
                quoted = flag or self._breaks(old) or (cell != old and self._needs(cell))
                parts.append('"' + cell.replace('"', '""') + '"' if quoted else cell)
            lines.append(self.delimiter.join(parts) + end)
        return "".join(lines).encode(self.encoding)

    def _breaks(self, text: str) -> bool:
        """Whether a cell cannot stand without quotes; a quote inside of it can."""
        return text.startswith('"') or any(sign in text for sign in f"{self.delimiter}\r\n")

    def _needs(self, text: str) -> bool:
        return self._breaks(text) or '"' in text or text != text.strip()


@st.composite
def tables(draw: st.DrawFn) -> Table:
    encoding = draw(st.sampled_from(sorted(ENCODINGS)))
    width, height = draw(st.integers(1, 3)), draw(st.integers(1, 5))
    cell = st.text(st.sampled_from(ENCODINGS[encoding]), max_size=4)
    rows = [tuple(f"{n}{draw(cell)}" if at == width // 2 else draw(cell) for at in range(width)) for n in range(height)]
    header = tuple("id" if at == width // 2 else f"v{at}" for at in range(width))
    flags = st.tuples(*[st.booleans()] * width)
    end = st.sampled_from(["\n", "\r\n", "\r", "\n\n", "\r\n\n"])
    last = st.sampled_from(["", "\n", "\r\n", "\n\n"])
    return Table(
        draw(st.sampled_from([",", ";", "|", "\t"])),
        encoding,
        (header, *rows),
        tuple(draw(flags) for _ in range(height + 1)),
        (*[draw(end) for _ in range(height)], draw(last)),
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.data())
def test_any_file_has_the_edits_and_every_other_byte(data: st.DataObject) -> None:
    table = data.draw(tables())
    header, *people = table.rows
    key = header.index("id")
    text = st.none() | st.text(st.sampled_from(ENCODINGS[table.encoding]), max_size=4)
    changes = {
        (row, at): data.draw(text)
        for row in range(len(people))
        for at in range(len(header))
        if at != key and data.draw(st.booleans())
    }
    edits = [
        Edit(
            cells[key], {header[at]: (cells[at], changes[row, at]) for at in range(len(header)) if (row, at) in changes}
        )
        for row, cells in enumerate(people)
    ]
    expected = [
        tuple((changes[row, at] or "") if (row, at) in changes else cell for at, cell in enumerate(cells))
        for row, cells in enumerate(people)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.csv"
        path.write_bytes(table.content(table.rows))
        options = {"delimiter": table.delimiter, "encoding": table.encoding}
        assert set(written(path, *edits, **options)) == {Wrote.DONE}
        assert path.read_bytes() == table.content([header, *expected])
        assert rows_of(opened("csv", path.parent, path=path.name, **options)) == expected
