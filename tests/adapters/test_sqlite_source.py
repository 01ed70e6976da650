"""The SQLite source: every value as SQLite writes it, and nothing is ever written."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from filled import CANARY, failure, opened, rows_of
from pydantic import ValidationError

from reconciler.adapters.source import Source
from reconciler.adapters.sqlite import SqliteOptions, SqliteSource


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "people.db"


def write(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture
def source(path: Path) -> Iterator[Source]:
    write(path, "CREATE TABLE people (id INTEGER PRIMARY KEY, a)", f"INSERT INTO people VALUES (1, '{CANARY}')")
    with closing(opened("sqlite", path.parent, path=path.name, table="people")) as made:
        yield made


def asked(path: Path, query: str) -> Source:
    return opened("sqlite", path.parent, path=path.name, query=query)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1", "1"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("1.0", "1.0"),
        ("0.1", "0.1"),
        ("1e20", "1.0e+20"),
        ("''", ""),
        ("NULL", None),
        ("'1.10'", "1.10"),
        ("true", "1"),
        ("char(233)", "é"),
    ],
)
def test_a_value_is_the_text_that_sqlite_makes_of_it(path: Path, source: Source, value: str, text: str | None) -> None:
    write(path, f"UPDATE people SET a = {value}")
    assert rows_of(source, "a") == [(text,)]


def test_bytes_are_an_error_that_names_the_column_and_the_row(path: Path, source: Source) -> None:
    write(path, f"INSERT INTO people VALUES (2, CAST('{CANARY}' AS BLOB))")
    error = failure(source, "id", "a")
    assert (error.code, error.row, "`a`" in error.detail) == ("E425", 2, True)
    source.close()
    assert rows_of(source, "id") == [("1",), ("2",)]


def test_letters_that_are_no_utf_8_are_an_error(path: Path, source: Source) -> None:
    write(path, f"UPDATE people SET a = CAST(x'ff' AS TEXT) || '{CANARY}'")
    assert failure(source, "a").code == "E422"


@pytest.mark.parametrize("table", ["People", "peopl", "people; DROP TABLE people", 'people"', "sqlite_nothing"])
def test_a_table_that_is_not_there_is_an_error(path: Path, source: Source, table: str) -> None:
    assert failure(opened("sqlite", path.parent, path=path.name, table=table)).code == "E433"
    assert rows_of(source, "id") == [("1",)]


@pytest.mark.parametrize("table", ['pe"ople', "a b", "select", "x'); DROP TABLE people; --", "a.b", "Größe", "`", "["])
def test_a_table_may_have_any_name(path: Path, table: str) -> None:
    name = '"' + table.replace('"', '""') + '"'
    write(path, f"CREATE TABLE {name} (a)", f"INSERT INTO {name} VALUES ('x')")
    with closing(opened("sqlite", path.parent, path=path.name, table=table)) as source:
        assert rows_of(source, "a") == [("x",)]
        assert source.label() == table


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT nothing FROM people", "E435"),
        ("SELECT * FROM nowhere", "E435"),
        ("SELECT 1 AS a, 2 AS a", "E413"),
        ("SELECT id FROM people WHERE id > 1", "E410"),
        ("SELECT load_extension('x') AS id", "E435"),
        ("SELECT FROM", "E435"),
        ("SELECT id FROM pragma_table_info('people'), people", "E435"),
    ],
)
def test_a_query_that_gives_no_people_is_an_error(path: Path, source: Source, query: str, code: str) -> None:
    assert source.columns()
    with closing(asked(path, query)) as other:
        assert failure(other).code == code


def test_a_view_and_a_table_without_rowid_are_tables(path: Path) -> None:
    write(path, "CREATE TABLE p (a PRIMARY KEY) WITHOUT ROWID", "INSERT INTO p VALUES ('b'), ('a')")
    write(path, "CREATE VIEW v AS SELECT a, a || 'x' AS b FROM p ORDER BY a DESC")
    with closing(opened("sqlite", path.parent, path=path.name, table="p")) as source:
        assert rows_of(source) == [("a",), ("b",)]
    with closing(opened("sqlite", path.parent, path=path.name, table="v")) as source:
        assert rows_of(source, "b", "a") == [("bx", "b"), ("ax", "a")]


def test_a_table_comes_as_it_lies_whatever_index_there_is(path: Path) -> None:
    write(path, "CREATE TABLE p (id INTEGER PRIMARY KEY, a)", "INSERT INTO p VALUES (1, 'z'), (2, 'y'), (3, 'x')")
    write(path, "CREATE INDEX by_a ON p (a)")
    with closing(opened("sqlite", path.parent, path=path.name, table="p")) as source:
        assert rows_of(source, "a") == [("z",), ("y",), ("x",)]


@pytest.mark.parametrize("url", ["sqlite:///people.db", "sqlite:////{folder}/people.db", "sqlite:///peo%70le.db"])
def test_the_file_may_be_named_by_an_address(path: Path, source: Source, url: str) -> None:
    assert source.columns()
    address = url.format(folder=str(path.parent).lstrip("/"))
    with closing(opened("sqlite", path.parent, url=address, table="people")) as other:
        assert rows_of(other, "id") == [("1",)]


@pytest.mark.parametrize("name", ["sp ace.db", "que?stion.db", "ha#sh.db", "per%41cent.db", "Größe.db"])
def test_the_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, "CREATE TABLE p (a)", "INSERT INTO p VALUES ('x')")
    with closing(opened("sqlite", tmp_path, path=name, table="p")) as source:
        assert rows_of(source, "a") == [("x",)]


@pytest.mark.parametrize(
    "options",
    [
        {"table": "t"},
        {"path": "a.db"},
        {"path": "a.db", "table": "t", "query": "SELECT 1"},
        {"path": "a.db", "url": "sqlite:///a.db", "table": "t"},
        {"path": "a.db", "query": f"DELETE FROM {CANARY}"},
        {"path": "a.db", "table": "a\0b"},
        {"url": f"postgres://{CANARY}", "table": "t"},
        {"url": f"sqlite:///{CANARY}?mode=rwc", "table": "t"},
        {"url": "sqlite://", "table": "t"},
    ],
)
def test_options_that_do_not_go_together_are_refused_without_a_word_of_them(options: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        SqliteOptions(**options)
    (found,) = caught.value.errors(include_input=False)
    assert (found["type"], CANARY in found["msg"]) == ("say", False)


def test_a_file_that_is_not_there_is_an_error_and_not_made(path: Path) -> None:
    assert failure(asked(path, "SELECT 1 AS a")).code == "E401"
    assert not path.exists()


def test_a_folder_is_an_error(path: Path) -> None:
    path.mkdir()
    assert failure(asked(path, "SELECT 1 AS a")).code == "E402"


def test_a_file_of_another_kind_is_an_error(path: Path) -> None:
    path.write_text(f"id,email\n1,{CANARY}\n" * 1000)
    with closing(asked(path, "SELECT * FROM people")) as source:
        assert failure(source).code == "E406"


def test_a_file_that_breaks_off_is_an_error(path: Path) -> None:
    write(
        path,
        "CREATE TABLE people (id, a)",
        f"INSERT INTO people SELECT value, printf('%.500c{CANARY}', 'x') FROM "
        "(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 500) SELECT * FROM n)",
    )
    os.truncate(path, path.stat().st_size * 2 // 3 // 4096 * 4096)
    with closing(asked(path, "SELECT * FROM people")) as source:
        assert failure(source).code == "E406"


def test_a_file_that_another_program_writes_to_is_an_error(path: Path, source: Source) -> None:
    hasty = SqliteSource(path, SqliteOptions(path=path.name, table="people"), wait=0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as writer, closing(hasty):
        writer.execute("BEGIN EXCLUSIVE")
        assert failure(hasty, "a").code == "E442"


def test_what_is_written_after_the_first_look_is_not_seen(path: Path) -> None:
    write(path, "PRAGMA journal_mode = wal", "CREATE TABLE people (a)", "INSERT INTO people VALUES ('old')")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("INSERT INTO people VALUES ('other')")
        with closing(opened("sqlite", path.parent, path=path.name, table="people")) as source:
            assert list(source.columns()) == ["a"]
            writer.execute("INSERT INTO people VALUES ('new')")
            assert rows_of(source, "a") == [("old",), ("other",)]


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_reading_leaves_the_folder_as_it_was(path: Path, mode: str) -> None:
    write(path, f"PRAGMA journal_mode = {mode}", "CREATE TABLE people (a)", "INSERT INTO people VALUES ('x')")
    before = path.read_bytes(), sorted(path.parent.iterdir())
    with closing(opened("sqlite", path.parent, path=path.name, table="people")) as source:
        assert rows_of(source, "a") == [("x",)]
    assert (path.read_bytes(), sorted(path.parent.iterdir())) == before


def test_ctrl_c_ends_a_long_query_at_once(path: Path) -> None:
    write(path, "CREATE TABLE people (a)", "INSERT INTO people VALUES ('x')")
    program = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))  # nothing of this outlives a test run that was killed
import pyarrow  # while it is being imported, a signal may be lost
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from reconciler.adapters import registry
from reconciler.adapters.opening import Opening
from reconciler.model.clock import Clock
adapter = registry.find(registry.SOURCE, "sqlite")
endless = "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n) SELECT sum(v) AS a FROM n"
source = adapter.open(adapter.Options(path={str(path)!r}, query=endless), Opening(Path(), Clock.system()))
print(source.columns(), flush=True)
try:
    list(source.read(["a"]))
except KeyboardInterrupt:
    print("interrupted")
finally:
    source.close()
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        out, _ = process.communicate(timeout=20)
        assert (out, time.monotonic() - began < 5) == (b"interrupted\n", True)
