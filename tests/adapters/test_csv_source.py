"""The CSV source: every cell as it stands, or one sentence with the row; never half the people."""

import csv as writer
import os
import random
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from openings import in_folder
from pydantic import ValidationError

from reconciler.adapters import csv as adapter
from reconciler.adapters import registry
from reconciler.adapters.errors import SourceFailed

CANARY = "Zanzibar"


def source(path: Path, content: bytes | str, **options: str) -> adapter.CsvSource:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return adapter.ADAPTER.open(adapter.CsvOptions(path=path.name, **options), in_folder(path.parent))


def rows(found: adapter.CsvSource, columns: Sequence[str] | None = None) -> list[tuple[str | None, ...]]:
    names = found.columns() if columns is None else columns
    batches = list(found.read(names))
    for batch in batches:
        assert batch.schema == pa.schema([(name, pa.string()) for name in names])
    return [tuple(row[name] for name in names) for batch in batches for row in batch.to_pylist()]


def failure(found: adapter.CsvSource, columns: Sequence[str] | None = None) -> SourceFailed:
    with pytest.raises(SourceFailed) as caught:
        rows(found, columns)
    error = caught.value
    assert error.__cause__ is None
    assert CANARY not in f"{error!r} {error.args} {error.detail} {error.fix}"
    return error


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.csv"


def test_the_registry_knows_the_source() -> None:
    assert registry.find(registry.SOURCE, "csv").Options is adapter.CsvOptions


def test_columns_are_named_by_the_header_in_order(path: Path) -> None:
    assert source(path, "id,First Name, x\n1,2,3\n").columns() == ["id", "First Name", " x"]


def test_its_label_is_the_files_name(path: Path) -> None:
    assert source(path, "").label() == "people.csv"


@pytest.mark.parametrize(
    "cell",
    [
        "NA",
        "null",
        "NULL",
        "nan",
        "None",
        "#N/A",
        "-",
        "007",
        "1e5",
        "true",
        "2026-11-22",
        " padded ",
        "ünï 日本 🙂",
        "a\0b",
        "5'",
    ],
)
def test_a_cell_is_the_text_that_stands_there(path: Path, cell: str) -> None:
    assert rows(source(path, f"id,v\n1,{cell}\n")) == [("1", cell)]


@pytest.mark.parametrize("cell", ["", '""'])
def test_only_an_empty_cell_is_empty(path: Path, cell: str) -> None:
    assert rows(source(path, f"id,v\n1,{cell}\n")) == [("1", "")]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('"a,b"', "a,b"),
        ('"say ""hi"""', 'say "hi"'),
        ('"two\nlines"', "two\nlines"),
        ('"two\r\nlines"', "two\r\nlines"),
        ('"\n"', "\n"),
        ('5" pipe', '5" pipe'),
        ('"a""b,c"', 'a"b,c'),
    ],
)
def test_quoting_is_that_of_rfc_4180(path: Path, cell: str, value: str) -> None:
    assert rows(source(path, f"id,v\n1,{cell}\n2,x\n")) == [("1", value), ("2", "x")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "END"])
def test_lines_may_end_in_any_way(path: Path, end: str, last: str) -> None:
    text = end.join(["id,v", "1,a", "2,b"]) + (end if last else "")
    assert rows(source(path, text)) == [("1", "a"), ("2", "b")]


def test_blank_lines_are_no_people(path: Path) -> None:
    assert rows(source(path, "\n\nid,v\n\n1,a\n\r\n\n2,b\n\n")) == [("1", "a"), ("2", "b")]


def test_a_byte_order_mark_is_not_part_of_a_name(path: Path) -> None:
    found = source(path, b"\xef\xbb\xbfid,v\n1,a\n")
    assert found.columns() == ["id", "v"]
    assert rows(found) == [("1", "a")]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-le", "utf-8-sig", "shift_jis"])
def test_other_encodings_are_read_as_declared(path: Path, encoding: str) -> None:
    name = "日本" if encoding == "shift_jis" else "Zoë"
    found = source(path, f'id,v\n1,{name}\n2,"a\nb"\n'.encode(encoding), encoding=encoding)
    assert rows(found) == [("1", name), ("2", "a\nb")]


@pytest.mark.parametrize("delimiter", [";", "\t", "|", " ", "^", "]"])
def test_the_delimiter_may_be_another(path: Path, delimiter: str) -> None:
    text = f'id{delimiter}v\n1{delimiter}"a{delimiter}b"\n2{delimiter}c,d\n'
    assert rows(source(path, text, delimiter=delimiter)) == [("1", f"a{delimiter}b"), ("2", "c,d")]


@pytest.mark.parametrize("options", [{"delimiter": ""}, {"delimiter": "||"}, {"delimiter": '"'}, {"delimiter": "\n"},
                                     {"delimiter": "é"}, {"encoding": "klingon"}, {"encoding": "rot13"}, {"path": ""},
                                     {"header": "no"}])  # fmt: skip
def test_options_that_make_no_sense_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        adapter.CsvOptions(**{"path": "people.csv", **options})


def test_only_the_asked_columns_come_in_the_asked_order(path: Path) -> None:
    found = source(path, "a,b,c\n1,2,3\n4,5,6\n")
    assert rows(found, ["c", "a"]) == [("3", "1"), ("6", "4")]


def test_no_columns_asked_still_counts_people(path: Path) -> None:
    assert sum(b.num_rows for b in source(path, "a,b\n1,2\n3,4\n").read([])) == 2


def test_a_column_that_is_not_there_is_an_error(path: Path) -> None:
    error = failure(source(path, f"a,b\n1,{CANARY}\n"), ["a", "nope"])
    assert (error.code, "nope" in error.detail) == ("E414", True)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "E411"),
        ("\n\n", "E411"),
        ("a,b\n", "E410"),
        ("a,b", "E410"),
        ("a,b\n\n\n", "E410"),
        (f"a,,{CANARY}\n1,2,3\n", "E412"),
        (f"a,{CANARY},\n1,2,3\n", "E412"),
        ("a, \n1,2\n", "E412"),
        (f"{CANARY},b,{CANARY}\n1,2,3\n", "E413"),
        (b"a,b\xff\n1,2\n", "E422"),
        (f'a,"{CANARY}\n1,2\n', "E421"),
    ],
)
def test_a_file_without_people_or_proper_names_is_an_error(path: Path, content: bytes | str, code: str) -> None:
    found = source(path, content)
    assert failure(found).code == code
    if code != "E410":
        assert failure(found, ["a"]).code == code


@pytest.mark.parametrize(
    ("content", "code", "row"),
    [
        (f"a,b\n1,2\n3,{CANARY},5\n", "E420", 2),
        (f"a,b\n1,2\n{CANARY}\n", "E420", 2),
        (f"a,b\n1,x\n\n\n2,y\n{CANARY},4,5\n", "E420", 3),
        (f'a,b\n1,"x\ny"\n{CANARY}\n', "E420", 2),
        (f'a,b\n1,x\n2,"{CANARY}\n3,y\n4,z\n', "E421", 2),
        (f'a,b\n1,x\n2,"{CANARY}', "E421", 2),
        (f'a,b\n1,"{CANARY}" x\n2,y\n', "E421", 1),
        (f'a,b\n1,x\n2,"{CANARY}\n3,5" y\n4,z\n', "E421", 2),
        (f"a,b\n1,x\n2,{CANARY}".encode() + b"\xff\n3,z\n", "E422", 2),
        (f"a,b\n1,x\n2,{CANARY}".encode() + b"\xed\xa0\x80\n", "E422", 2),
    ],
)
def test_a_row_that_is_not_in_order_is_named(path: Path, content: bytes | str, code: str, row: int) -> None:
    error = failure(source(path, content))
    assert (error.code, error.row) == (code, row)


@pytest.mark.parametrize("row", [1, 60_000, 120_000])
@pytest.mark.parametrize(
    ("bad", "code"), [(b"7,8,9", "E420"), (b"7", "E420"), (b"7,\xff", "E422"), (b'7,"x" y', "E421")]
)
def test_a_bad_row_deep_in_a_large_file_has_the_right_number(path: Path, bad: bytes, code: str, row: int) -> None:
    lines = [b'%d,"multi\nline"' % n for n in range(120_000)]
    lines[row - 1] = bad
    error = failure(source(path, b"a,b\n" + b"\n".join(lines) + b"\n"))
    assert (error.code, error.row) == (code, row)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-16"])
def test_letters_outside_of_another_encoding_are_an_error(path: Path, encoding: str) -> None:
    bad = b"\x00\xd8" if encoding == "utf-16" else b"\x81"
    content = f"a,b\n1,{CANARY}\n".encode(encoding) + "2,".encode(encoding.replace("16", "16-le")) + bad
    assert failure(source(path, content, encoding=encoding)).code == "E422"


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    assert failure(adapter.CsvSource(tmp_path / "nope.csv"), ["a"]).code == "E401"
    assert failure(adapter.CsvSource(tmp_path / "nope" / "people.csv")).code == "E401"


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    assert failure(adapter.CsvSource(tmp_path)).code == "E402"
    os.mkfifo(tmp_path / "pipe")
    assert failure(adapter.CsvSource(tmp_path / "pipe")).code == "E402"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_an_error(path: Path) -> None:
    found = source(path, "a\n1\n")
    path.chmod(0)
    assert failure(found).code == "E403"


def test_a_file_that_grows_while_it_is_read_is_an_error(path: Path) -> None:
    found = source(path, "a,b\n" + "1,2\n" * 400_000)
    batches = found.read(["a"])
    next(batches)
    with path.open("a") as more:
        more.write("3,4\n")
    with pytest.raises(SourceFailed) as caught:
        list(batches)
    assert caught.value.code == "E405"


def test_a_file_that_is_cut_while_it_is_read_is_an_error(path: Path) -> None:
    found = source(path, "a,b\n" + "1,2\n" * 4_000_000)
    batches = found.read(["a"])
    next(batches)
    os.truncate(path, 1001)
    with pytest.raises(SourceFailed) as caught:
        list(batches)
    assert caught.value.code == "E405"


def test_a_value_larger_than_a_block_arrives_whole(path: Path) -> None:
    huge = "x" * 5_000_000
    found = source(path, f'a,b\n1,small\n2,"{huge}"\n3,last\n')
    assert rows(found) == [("1", "small"), ("2", huge), ("3", "last")]


def test_a_huge_value_deep_in_the_file_loses_and_doubles_nobody(path: Path) -> None:
    lines = [f"{n},v{n}" for n in range(200_000)]
    lines[150_000] = "150000," + "y" * 3_000_000
    ids = [id for (id,) in rows(source(path, "a,b\n" + "\n".join(lines)), ["a"])]
    assert ids == [str(n) for n in range(200_000)]


def test_a_large_file_arrives_in_order_and_whole_in_a_few_batches(path: Path) -> None:
    found = source(path, "a,b\n" + "".join(f"{n},{'x' * (n % 50)}\n" for n in range(300_000)))
    batches = list(found.read(["a"]))
    assert [id for b in batches for id in b.column("a").to_pylist()] == [str(n) for n in range(300_000)]
    assert all(b.num_rows >= 16_384 for b in batches[:-1])


def test_one_column_alone_is_a_csv(path: Path) -> None:
    assert rows(source(path, 'a\n1\n""\n2\n')) == [("1",), ("",), ("2",)]


def test_an_abandoned_reading_ends_quietly(path: Path) -> None:
    batches = source(path, "a,b\n" + "1,2\n" * 2_000_000).read(["a"])
    next(batches)
    batches.close()  # type: ignore[attr-defined] # it is a generator
    assert next(batches, None) is None  # and whatever a thread would still complain of is an error here


def test_what_a_csv_writer_writes_is_what_is_read(path: Path) -> None:
    draw = random.Random(7)
    alphabet = ["a", '"', ",", "\n", "\r", " ", "é", "'", ";", "\t", "\0"]
    people = [[str(n), *("".join(draw.choices(alphabet, k=draw.randrange(6))) for _ in range(3))] for n in range(3000)]
    for quoting in (writer.QUOTE_MINIMAL, writer.QUOTE_ALL):
        with path.open("w", newline="", encoding="utf-8") as file:
            writer.writer(file, quoting=quoting).writerows([["a", "b", "c", "d"], *people])
        assert rows(adapter.CsvSource(path)) == [tuple(row) for row in people]
