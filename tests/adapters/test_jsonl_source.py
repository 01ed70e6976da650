"""The JSON Lines source: every value as it stands, or one sentence with the row."""

from pathlib import Path

import pyarrow as pa
import pytest
from openings import in_folder

from reconciler.adapters import jsonl, registry
from reconciler.adapters.errors import SourceFailed

CANARY = "Zanzibar"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.jsonl"


def source(path: Path, content: bytes | str) -> jsonl.JsonlSource:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return jsonl.ADAPTER.open(jsonl.JsonlOptions(path=path.name), in_folder(path.parent))


def values(found: jsonl.JsonlSource, column: str) -> list[str | None]:
    batches = list(found.read([column]))
    for batch in batches:
        assert batch.schema == pa.schema([(column, pa.string())])
    return [value for batch in batches for value in batch.column(0).to_pylist()]


def failure(found: jsonl.JsonlSource, column: str = "a") -> SourceFailed:
    with pytest.raises(SourceFailed) as caught:
        values(found, column)
    error = caught.value
    assert error.__cause__ is None
    assert CANARY not in f"{error!r} {error.args} {error.detail} {error.fix}"
    return error


def test_the_registry_knows_the_source() -> None:
    assert registry.find(registry.SOURCE, "jsonl").Options is jsonl.JsonlOptions


@pytest.mark.parametrize(
    ("json_text", "value"),
    [
        ('"text"', "text"),
        ('""', ""),
        ('" padded "', " padded "),
        ('"null"', "null"),
        ('"a\\nb"', "a\nb"),
        ('"\\u00e9\\u0000"', "é\0"),
        ('"\\ud83d\\ude42"', "🙂"),
        ("null", None),
        ("true", "true"),
        ("false", "false"),
        ("0", "0"),
        ("-7", "-7"),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        ("-0.0", "-0.0"),
        ("0.1234567890123456789", "0.1234567890123456789"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("18446744073709551615", "18446744073709551615"),
        ('["b", "a"]', '["b","a"]'),
        ('{"x": [1, null]}', '{"x":[1,null]}'),
        ("[]", "[]"),
    ],
)
def test_a_value_is_the_text_that_stands_there(path: Path, json_text: str, value: str | None) -> None:
    assert values(source(path, f'{{"id": 1, "a": {json_text}}}\n'), "a") == [value]


@pytest.mark.parametrize(
    "line",
    [
        '{"a": 1.10}',
        '{"a":1.10, "b": 1.1}',
        '{"x": {"a": 9.90}, "a"\t: 1.10}',
        '{"a": 1.10, "x": [{"a": 1.1}]}',
        '{"a": 9.9, "a": 1.10}',
        '{"x": {"a": 1.1}, "\\u0061": 1.10}',
        '{"x": "\\"a\\": 1.1", "a": 1.10}',
        '{"b": "a", "a": 1.10}',
    ],
)
def test_a_number_is_kept_as_it_stands_wherever_it_stands(path: Path, line: str) -> None:
    assert values(source(path, line), "a") == ["1.10"]


def test_a_number_under_an_odd_name_is_kept_as_it_stands(path: Path) -> None:
    assert values(source(path, '{"a\\"é": 1.10, "b": 2.0}'), 'a"é') == ["1.10"]


def test_columns_are_all_names_in_the_order_of_their_first_use(path: Path) -> None:
    lines = ['{"b": 1, "a": 2}'] * 1500 + ['{"a": 1, "late": 2, "b": 3}']
    assert source(path, "\n".join(lines)).columns() == ("b", "a", "late")


def test_a_name_that_a_line_does_not_have_is_empty_there(path: Path) -> None:
    assert values(source(path, '{"a": "x"}\n{"b": "y"}\n{"a": "z"}'), "a") == ["x", None, "z"]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_blank_lines_and_a_byte_order_mark_are_nothing(path: Path, end: str) -> None:
    content = b"\xef\xbb\xbf" + end.join(['{"a": 1.50}', "", "   ", '{"a": 2}', "", ""]).encode()
    assert values(source(path, content), "a") == ["1.50", "2"]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f'{{"a": "{CANARY}"', "E423"),
        (f"{{'a': '{CANARY}'}}", "E423"),
        (f'{{"a": "{CANARY}"}} {{"a": 2}}', "E423"),
        ('{"a": NaN}', "E423"),
        ('{"a": 01}', "E423"),
        ('{"a": "\\ud800"}', "E423"),
        (f'{{"a": "{CANARY}",}}', "E423"),
        (CANARY, "E423"),
        ('{"a":' + "[" * 5000 + "]" * 5000 + "}", "E423"),
        (f'{{"a": "{CANARY}'.encode() + b'\xff"}', "E422"),
        (f'["{CANARY}"]', "E424"),
        (f'"{CANARY}"', "E424"),
        ("7", "E424"),
        ("null", "E424"),
    ],
)
def test_a_line_that_is_not_in_order_is_named(path: Path, line: str | bytes, code: str) -> None:
    raw = line if isinstance(line, bytes) else line.encode()
    found = source(path, b'{"a": 1}\n\n{"a": 2}\n' + raw + b'\n{"a": 4}\n')
    error = failure(found)
    assert (error.code, error.row) == (code, 3)
    assert "line 4" in error.detail
    with pytest.raises(SourceFailed):
        found.columns()


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_a_file_without_people_is_an_error(path: Path, content: str) -> None:
    found = source(path, content)
    assert failure(found).code == "E410"
    with pytest.raises(SourceFailed):
        found.columns()


def test_a_column_that_no_line_has_is_an_error(path: Path) -> None:
    error = failure(source(path, f'{{"b": "{CANARY}"}}\n'))
    assert (error.code, "`a`" in error.detail) == ("E414", True)


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    assert failure(jsonl.JsonlSource(tmp_path / "nope.jsonl")).code == "E401"
    assert failure(jsonl.JsonlSource(tmp_path)).code == "E402"


def test_a_large_file_arrives_in_order_and_whole(path: Path) -> None:
    found = source(path, "".join(f'{{"a": {n}, "b": "x"}}\n' for n in range(50_000)))
    assert values(found, "a") == [str(n) for n in range(50_000)]
    assert found.label() == "people.jsonl"


def test_a_file_that_changes_while_it_is_read_is_an_error(path: Path) -> None:
    found = source(path, '{"a": 1}\n' * 100_000)
    batches = found.read(["a"])
    next(batches)
    with path.open("a") as more:
        more.write('{"a": 2}\n')
    with pytest.raises(SourceFailed) as caught:
        list(batches)
    assert caught.value.code == "E405"


@pytest.mark.parametrize(
    "lines",
    [
        ['{"a": "1"}, {"a": "2"}', '{"a": [{}', "{}]}"],
        ['{"a": "1"}', '{"a": "2"}, {"a": "3"}'],
        ['{"a": "1"', '"b": "2"}'],
        ['{"a": "1', '2"}'],
        ['{"a": "1"}],[{"a": "2"}'],
        ['{"a": "1"}, 0, {"a": "2"}', '{"a": ["x"', '"y"]}'],
        ['{"a": "1"}', "0", '{"a": "2"}'],
    ],
)
def test_lines_that_only_make_sense_together_are_refused_as_each_of_them_is(path: Path, lines: list[str]) -> None:
    good = [f'{{"a": "{n}"}}' for n in range(5)]
    error = failure(source(path, "\n".join([*good, *lines, *good])))
    assert error.code in ("E423", "E424")
    assert 6 <= error.row <= 8


def test_an_error_far_behind_is_told_with_its_row_and_its_line(path: Path) -> None:
    lines = [f'{{"a": "{n}"}}' for n in range(5000)]
    error = failure(source(path, "\n".join([*lines[:10], "", *lines[10:], "{", *lines])))
    assert (error.row, error.detail) == (5001, "row 5001, line 5002 of the file")


@pytest.mark.parametrize("rows", [1, 1023, 1024, 1025, 16_384, 16_385, 40_000])
def test_every_row_is_read_once_and_in_order_however_many_there_are(path: Path, rows: int) -> None:
    """Values of every kind in one column, in places that differ from part to part."""
    shown = {0: '"text"', 1: "1.50", 2: "null", 3: "true", 4: "[1, 2]", 5: "7"}
    texts = {0: "text", 1: "1.50", 2: None, 3: "true", 4: "[1,2]", 5: "7"}
    kind = [n % 6 if 3000 < n < 9000 else 0 for n in range(rows)]
    found = source(path, "".join(f'{{"n": {n}, "a": {shown[k]}}}\n' for n, k in enumerate(kind)))
    batches = list(found.read(["n", "a"]))
    assert [n for batch in batches for n in batch.column(0).to_pylist()] == [str(n) for n in range(rows)]
    assert [a for batch in batches for a in batch.column(1).to_pylist()] == [texts[k] for k in kind]
    assert len(batches) == -(-rows // 16_384)
