"""A JSON Lines file takes values back: the texts of the edited values change, and not one byte else."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import pytest
from edited import exactly, refused, writable, written
from filled import CANARY, opened, rows_of
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.adapters.source import Edit, Wrote


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.jsonl"


@pytest.mark.parametrize(
    ("before", "read", "meant", "after"),
    [
        ('"old"', "old", "new", '"new"'),
        ('"old"', "old", 'say "so"\n\\', '"say \\"so\\"\\n\\\\"'),
        ('"old"', "old", "Zoë 🙂", '"Zoë 🙂"'),
        ('"old"', "old", "5", '"5"'),
        ('"old"', "old", "true", '"true"'),
        ('"old"', "old", None, "null"),
        ('"old"', "old", "", '""'),
        ('"a\\u0062"', "ab", "new", '"new"'),
        ('"\\"},{"', '"},{', "new", '"new"'),
        ("5", "5", "6", "6"),
        ("5", "5", "6.50", "6.50"),
        ("1.10", "1.10", "-2e5", "-2e5"),
        ("5", "5", "12345678901234567890123.10", "12345678901234567890123.10"),
        ("5", "5", "007", '"007"'),
        ("5", "5", "-0", '"-0"'),
        ("5", "5", "1e999", '"1e999"'),
        ("5", "5", "five", '"five"'),
        ("5", "5", None, "null"),
        ("5", "5", "", "null"),
        ("true", "true", "false", "false"),
        ("false", "false", "true", "true"),
        ("true", "true", "maybe", '"maybe"'),
        ("true", "true", "1", '"1"'),
        ('["a", "b"]', '["a","b"]', '["b"]', '["b"]'),
        ('["a", {"c": "]"}]', '["a",{"c":"]"}]', "[]", "[]"),
        ('["a"]', '["a"]', "a, b", '"a, b"'),
        ('["a"]', '["a"]', None, "null"),
        ('{"a": [1, "}"]}', '{"a":[1,"}"]}', '{"a":2}', '{"a":2}'),
        ('{"a": 1}', '{"a":1}', "[1]", '"[1]"'),
        ("null", None, "new", '"new"'),
        ("null", "", "5", '"5"'),
        ("null", None, None, "null"),
        ('""', None, None, '""'),
    ],
)
@pytest.mark.parametrize(
    "line",
    [
        '{"id": 1, "v": VALUE, "w": [1, {"v": "x"}]}',
        '{"w":"a\\"v\\":1,","v":VALUE,"id":1}',
        ' {"id" : "1" ,\t"\\u0076" : VALUE } \r',
        '{"v": 3, "id": "1", "v": VALUE}',
    ],
)
def test_a_value_keeps_its_kind_where_the_new_text_can_be_one(
    path: Path, before: str, read: str | None, meant: str | None, after: str, line: str
) -> None:
    text = f'{{"id":0}}\n\n{line}\n{{"id":2 }}'
    path.write_bytes(text.replace("VALUE", before).encode())
    assert written(path, Edit("1", {"v": (read, meant)})) == [Wrote.DONE]
    assert path.read_bytes() == text.replace("VALUE", after).encode()


@pytest.mark.parametrize(("meant", "after"), [("1", "true"), ("no", "false"), ("maybe", '"maybe"')])
def test_a_switch_stays_one_where_it_says_the_same(path: Path, meant: str, after: str) -> None:
    words = {"1": "true", "no": "false"}
    path.write_text('{"id": 1, "v": true}\n' if after != "true" else '{"id": 1, "v": false}\n')
    read = "true" if after != "true" else "false"
    edits = [Edit("1", {"v": (read, meant)})]
    found = writable(path).write("id", edits, lambda _, meant, kept: kept in (meant, words.get(meant or "")))
    assert (list(found), path.read_text()) == ([Wrote.DONE], f'{{"id": 1, "v": {after}}}\n')


@pytest.mark.parametrize(
    ("first", "meant", "after"),
    [("5", "6", "6"), ("5", "six", '"six"'), ('"5"', "6", '"6"'), ("true", "false", "false"), ("[1]", "[2]", "[2]")],
)
def test_a_null_takes_the_kind_of_the_columns_first_value(path: Path, first: str, meant: str, after: str) -> None:
    path.write_text(f'{{"id": 1, "v": null}}\n{{"id": 2}}\n{{"id": 3, "v": {first}}}\n{{"id": 4, "v": ["x"]}}\n')
    assert written(path, Edit("1", {"v": (None, meant)}), Edit("2", {"v": ("", meant)})) == [Wrote.DONE] * 2
    assert path.read_text().splitlines()[:2] == [f'{{"id": 1, "v": {after}}}', f'{{"id": 2, "v": {after}}}']


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ('{"id": "1", "w": 2}', '{"id": "1", "w": 2, "v": "new"}'),
        ('{"id":"1","w":{"v":1} }', '{"id":"1","w":{"v":1},"v":"new" }'),
        ('{"id":"1"}', '{"id":"1","v":"new"}'),
        ('{ "id" :  "1" }', '{ "id" :  "1",  "v" :  "new" }'),
    ],
)
def test_a_name_that_is_not_there_is_added_at_the_end(path: Path, line: str, after: str) -> None:
    path.write_text(line + "\n")
    assert written(path, Edit("1", {"v": (None, "new")})) == [Wrote.DONE]
    assert path.read_text() == after + "\n"


def test_nothing_is_added_where_nothing_is_meant(path: Path) -> None:
    path.write_text('{"id": "1"}\n')
    assert list(writable(path).write("id", [Edit("1", {"v": (None, None)})], exactly)) == [Wrote.DONE]
    assert path.read_text() == '{"id": "1"}\n'


@pytest.mark.parametrize(
    ("edit", "wrote"),
    [
        (Edit("7", {"v": ("x", "new")}), Wrote.GONE),
        (Edit("2", {"v": ("b", "new")}), Wrote.SEVERAL),
        (Edit("1", {"v": ("was", "new")}), Wrote.MOVED),
        (Edit("1", {"w": ("c", "new"), "v": ("was", "new")}), Wrote.MOVED),
        (Edit("1", {"v": (None, "new")}), Wrote.MOVED),
        (Edit("3", {"v": (None, "new")}), Wrote.DONE),
        (Edit("3", {"v": ("", "new")}), Wrote.DONE),
        (Edit("1", {"w": ("c", "new"), "v": ("a", "\ud800")}), Wrote.REFUSED),
        (Edit("\ud800", {"v": ("a", "x")}), Wrote.GONE),
        (Edit("None", {"v": ("a", "x")}), Wrote.GONE),
    ],
)
def test_each_edit_has_its_own_answer(path: Path, edit: Edit, wrote: Wrote) -> None:
    path.write_text(
        '{"id":"1","v":"a","w":"c"}\n{"id":"2","v":"b"}\n{"id":2,"v":"b"}\n{"id":3,"v":null}\n{"id":4,"v":"d"}\n{"v":"a"}\n'
    )
    assert written(path, edit, Edit("4", {"v": ("d", "e")})) == [wrote, Wrote.DONE]
    assert ("new" in path.read_text()) is (wrote is Wrote.DONE)


def test_what_would_be_kept_otherwise_is_not_written(path: Path) -> None:
    path.write_text('{"id":1,"v":5,"w":"x"}\n{"id":2,"v":"b"}\n')
    asked: list[tuple[str, str | None, str | None]] = []

    def same(column: str, meant: str | None, kept: str | None) -> bool:
        asked.append((column, meant, kept))
        return meant != "6"

    edits = [Edit("1", {"w": ("x", "y"), "v": ("5", "6")}), Edit("2", {"v": ("b", None)})]
    assert list(writable(path).write("id", edits, same)) == [Wrote.ALTERED, Wrote.DONE]
    assert asked == [("w", "y", "y"), ("v", "6", "6"), ("v", "6", "6"), ("v", None, None)]
    assert path.read_text() == '{"id":1,"v":5,"w":"x"}\n{"id":2,"v":null}\n'


def test_two_edits_of_one_person_follow_each_other(path: Path) -> None:
    path.write_text('{"id":1,"v":"a"}\n')
    edits = [Edit("1", {"v": ("a", "x")}), Edit("1", {"w": (None, "y")}), Edit("1", {"v": ("a", "z")})]
    assert list(writable(path).write("id", edits, exactly)) == [Wrote.DONE, Wrote.DONE, Wrote.MOVED]
    assert path.read_text() == '{"id":1,"v":"x","w":"y"}\n'


def test_a_byte_order_mark_stays(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbf{"id":1,"v":1.50,"w":2.50}\n')
    assert written(path, Edit("1", {"v": ("1.50", "2.0"), "w": ("2.50", "7")})) == [Wrote.DONE]
    assert path.read_bytes() == b'\xef\xbb\xbf{"id":1,"v":2.0,"w":7}\n'


@pytest.mark.parametrize(
    ("content", "code", "row"),
    [
        (f'{{"id":1,"v":"a"}}\n\n{{"id":"{CANARY}\n', "E423", 2),
        (f'{{"id":1,"v":"a"}}\n["{CANARY}"]\n', "E424", 2),
        ("\n", "E410", 0),
    ],
)
def test_a_file_that_is_not_in_order_is_left_alone(path: Path, content: str, code: str, row: int) -> None:
    path.write_text(content)
    error = refused(path, Edit("1", {"v": ("a", "b")}))
    assert (error.code, error.row, path.read_text()) == (code, row, content)


# Random files ---------------------------------------------------------------------------------------------------------

TEXTS = st.text(st.sampled_from(list('ab"\\/{}[]:, \té日🙂\n\0')), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**20) | st.sampled_from([1.5, -2e300]) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
MEANT = st.none() | TEXTS | st.sampled_from(["5", "1.10", "true", "false", "[1, 2]", '{"a":[]}', "null"])
NAMES = ["v", "a b", 'q"', "é", "w\\"]


@st.composite
def lines(draw: st.DrawFn, number: int) -> list[tuple[str, str, str]]:
    """The members of one object: name, what stands between it and the value, the value; in random order and spacing."""
    names = draw(st.permutations(["id", *draw(st.lists(st.sampled_from(NAMES), unique=True))]))
    colon = draw(st.sampled_from([":", ": ", " :\t"]))
    values = {name: number if name == "id" else draw(VALUES) for name in names}
    return [
        (json.dumps(name, ensure_ascii=ascii), colon, json.dumps(values[name], ensure_ascii=ascii)) for name in names
    ]


def written_out(members: list[tuple[str, str, str]], comma: str, end: str) -> str:
    return "{" + comma.join("".join(member) for member in members) + "}" + end


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.data())
def test_any_file_has_the_edits_and_every_other_byte(data: st.DataObject) -> None:
    people = [data.draw(lines(number)) for number in range(data.draw(st.integers(1, 4)))]
    commas = [data.draw(st.sampled_from([",", ", ", " ,\t"])) for _ in people]
    ends = [data.draw(st.sampled_from(["\n", "\r\n", "\n\n", " \n"])) for _ in people]
    ends[-1] = data.draw(st.sampled_from(["", "\n"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.jsonl"
        path.write_text("".join(map(written_out, people, commas, ends)), newline="")
        source = opened("jsonl", path.parent, path=path.name)
        columns = list(source.columns())
        before = [dict(zip(columns, row, strict=True)) for row in rows_of(source, *columns)]
        changes = [
            {name: data.draw(MEANT) for name in columns if name != "id" and data.draw(st.booleans())} for _ in people
        ]
        edits = [
            Edit(str(row["id"]), {name: (row[name], meant) for name, meant in change.items()})
            for row, change in zip(before, changes, strict=True)
        ]
        assert set(written(path, *edits)) == {Wrote.DONE}
        after = [dict(zip(columns, row, strict=True)) for row in rows_of(source, *columns)]
        for old, new, change in zip(before, after, changes, strict=True):
            for name in columns:
                assert (new[name] or "") == ((change[name] if name in change else old[name]) or "")
        left = [
            untouched(members, {name for name, meant in change.items() if (meant or "") != (row[name] or "")}, comma)
            for members, change, row, comma in zip(people, changes, before, commas, strict=True)
        ]
        pattern = "".join(line + re.escape(end) for line, end in zip(left, ends, strict=True))
        assert re.fullmatch(pattern, path.read_bytes().decode())


def untouched(members: list[tuple[str, str, str]], changed: set[str], comma: str) -> str:
    """A pattern of the line in which those values may be anything; what it has not got may stand at its end."""
    parts = [
        re.escape(name + colon) + ("[^\n]+?" if json.loads(name) in changed else re.escape(value))
        for name, colon, value in members
    ]
    more = changed - {json.loads(name) for name, _, _ in members}
    return r"\{" + re.escape(comma).join(parts) + ("[ ,][^\n]+?" if more else "") + r"\}"
