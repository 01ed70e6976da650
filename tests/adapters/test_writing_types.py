"""Values of every type go back: what was meant is what is printed, in the type and the class that was there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from servers.databases import Database
from writable import KINDS, Table, edit

from reconciler.adapters.source import Wrote

DONE, MOVED, GONE, SEVERAL, ALTERED, REFUSED = Wrote
every = pytest.mark.parametrize("table", KINDS, indirect=True)


def exactly(_column: str, meant: str | None, kept: str | None) -> bool:
    return meant == kept


POSTGRES = (
    ("smallint", "1", "-7"),
    ("bigint", "1", "9223372036854775807"),
    ("numeric", "1", "12345678901234567890.1234567890"),
    ("numeric(10,2)", "1", "1.10"),
    ("real", "1", "0.1"),
    ("float8", "1", "1e+20"),
    ("float8", "1", "0.30000000000000004"),
    ("boolean", "true", "false"),
    ("date", "'2026-01-31'", "2026-02-03"),
    ("timestamp", "'2026-01-31'", "2026-02-03 04:05:06.789"),
    ("timestamptz", "'2026-01-31'", "2026-02-03 04:05:06+00"),
    ("timestamptz", "'2026-01-31'", "2026-10-25 01:30:00+00"),
    ("time", "'10:00'", "04:05:06"),
    ("interval", "'1 hour'", "1 day 02:00:00"),
    ("uuid", "'11111111-7a4b-4ac0-8bd5-1f8e0f0f2a2b'", "d0c5bbf4-7a4b-4ac0-8bd5-1f8e0f0f2a2b"),
    ("json", "'{}'", '{"b": [1, 2.50]}'),
    ("jsonb", "'{}'", '{"a": null, "b": "Zoë"}'),
    ("text[]", "'{}'", '["b","a,\\"c",null,"{}"]'),
    ("int[]", "'{}'", "[[1,2],[3,4]]"),
    ("pair", "ROW(1, 'x')", '{"f":2,"g":"Zoë \\"q\\""}'),
    ("pair[]", "'{}'", '[{"f":2,"g":null}]'),
    ("bytea", "'x'", "\\xdeadbeef"),
    ("char(5)", "'x'", "ab"),
    ("varchar(5)", "'x'", "Größe"),
    ("text", "'x'", "'; DROP TABLE t; --"),
    ("inet", "'10.0.0.1'", "10.0.0.2"),
    ("money", "1", "12.50"),
    ("money", "1", "-1234567.89"),
    ("mood", "'sad'", "so so"),
    ("mood[]", "'{}'", '["sad","so so"]'),
    ("named", "'x'", "y"),
    ("listed", "'{}'", "[7,8]"),
    ("paid", "1", "12.50"),
    ("int4range", "'[1,2)'", "[1,3)"),
    ("xml", "'<a/>'", "<b>1</b>"),
)


@pytest.mark.parametrize(("kind", "before", "meant"), POSTGRES)
def test_a_value_of_postgresql_is_read_again_as_it_was_meant(
    postgres: Database, tmp_path: Path, kind: str, before: str, meant: str
) -> None:
    """Whatever the database's own settings are."""
    table = Table("postgres", tmp_path, postgres)
    table.run(
        "CREATE TYPE mood AS ENUM ('sad', 'so so')",
        "CREATE DOMAIN named AS text CHECK (value <> 'z')",
        "CREATE DOMAIN listed AS int[]",
        "CREATE DOMAIN paid AS money",
        "CREATE TYPE pair AS (f int, g text)",
        f"CREATE TABLE people (id int PRIMARY KEY, a {kind})",
        f"INSERT INTO people VALUES (1, {before}), (2, NULL)",
        f"ALTER DATABASE {postgres.name} SET datestyle = 'SQL, DMY'",
        f"ALTER DATABASE {postgres.name} SET intervalstyle = 'iso_8601'",
        f"ALTER DATABASE {postgres.name} SET timezone = 'Europe/Berlin'",
        f"ALTER DATABASE {postgres.name} SET extra_float_digits = -3",
        f"ALTER DATABASE {postgres.name} SET bytea_output = 'escape'",
        f"ALTER DATABASE {postgres.name} SET default_transaction_read_only = on",
    )
    read = dict(table.read())
    edits = [edit("1", a=(read["1"], meant)), edit("2", a=(None, meant))]
    assert table.write(*edits, same=exactly) == [DONE, DONE]
    assert table.read() == [("1", meant), ("2", meant)]
    assert table.write(edit("1", a=(meant, None)), same=exactly) == [DONE]
    assert table.read() == [("1", None), ("2", meant)]


MYSQL = (
    ("tinyint(1)", "true", "0"),
    ("int(5) zerofill", "1", "00042"),
    ("bigint unsigned", "1", "18446744073709551615"),
    ("decimal(10,2)", "1", "1.10"),
    ("decimal(40,20)", "1", "12345678901234567890.12345678901234567890"),
    ("float", "1", "0.1"),
    ("double", "1", "1e20"),
    ("bit(1)", "b'1'", "0"),
    ("bit(8)", "b'1'", "193"),
    ("date", "'2026-01-31'", "2026-02-03"),
    ("datetime", "'2026-01-31'", "2026-02-03 04:05:06"),
    ("datetime(3)", "'2026-01-31'", "2026-02-03 04:05:06.789"),
    ("timestamp NULL", "'2026-01-31'", "2026-02-03 04:05:06Z"),
    ("timestamp(3) NULL", "'2026-01-31'", "2026-10-25 01:30:00.500Z"),
    ("time", "'10:00'", "04:05:06"),
    ("year", "2025", "2026"),
    ("char(5)", "'x'", "ab"),
    ("varchar(20) CHARACTER SET latin1", "'x'", "Zoë"),
    ("varchar(20) CHARACTER SET ucs2", "'x'", "Zoë"),
    ("text CHARACTER SET utf8mb4", "'x'", "日本 🙂 \"q\" 'p' back\\slash %s"),
    ("enum('a', 'b')", "'a'", "b"),
    ("set('a', 'b')", "'a'", "a,b"),
    ("json", "'{}'", '{"b": [1, 2.50]}'),
    ("varbinary(20)", "'x'", "Zoë"),
    ("blob", "'x'", 'it "s'),
    ("uuid", "'11111111-7a4b-4ac0-8bd5-1f8e0f0f2a2b'", "d0c5bbf4-7a4b-4ac0-8bd5-1f8e0f0f2a2b"),
    ("inet6", "'::2'", "::1"),
    ("point", "ST_GeomFromText('POINT(0 0)')", "POINT(1 2)"),
)


@pytest.fixture
def far_away(mysql: Database) -> Iterator[Database]:
    """Where others work in another zone and with modes that change what a text is."""
    modes = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,EMPTY_STRING_IS_NULL,STRICT_TRANS_TABLES"
    (before,) = mysql.run("SELECT @@GLOBAL.sql_mode, @@GLOBAL.time_zone")
    mysql.run(f"SET GLOBAL sql_mode = '{modes}'", "SET GLOBAL time_zone = '+05:45'")
    yield mysql
    mysql.run(f"SET GLOBAL sql_mode = '{before[0]}'", f"SET GLOBAL time_zone = '{before[1]}'")


@pytest.mark.parametrize(("kind", "before", "meant"), MYSQL)
def test_a_value_of_mysql_is_read_again_as_it_was_meant(
    far_away: Database, tmp_path: Path, kind: str, before: str, meant: str
) -> None:
    table = Table("mysql", tmp_path, far_away)
    table.run(f"CREATE TABLE people (id int PRIMARY KEY, a {kind})")
    table.run(f"INSERT INTO people VALUES (1, {before}), (2, NULL)")
    read = dict(table.read())
    edits = [edit("1", a=(read["1"], meant)), edit("2", a=(None, meant))]
    assert table.write(*edits, same=exactly) == [DONE, DONE]
    assert table.read() == [("1", meant), ("2", meant)]
    assert table.write(edit("1", a=(meant, None)), same=exactly) == [DONE]
    assert table.read() == [("1", None), ("2", meant)]


SQLITE = (
    ("INTEGER", "1", "7", "integer"),
    ("INTEGER", "NULL", "7", "integer"),
    ("INTEGER", "1", "-9223372036854775808", "integer"),
    ("INTEGER", "'x'", "y", "text"),
    ("TEXT", "'1'", "007", "text"),
    ("TEXT", "'1'", "7", "text"),
    ("", "1", "7", "integer"),
    ("", "1", "007", "text"),
    ("", "1", "x", "text"),
    ("", "1", "9223372036854775808", "text"),
    ("", "1", "-" + "7" * 5_000, "text"),
    ("", "'1'", "7", "text"),
    ("", "NULL", "7", "text"),
    ("", "1.5", "0.1", "real"),
    ("", "1.5", "1.0e+20", "real"),
    ("", "1.5", "2", "text"),
    ("REAL", "1.5", "2.0", "real"),
    ("NUMERIC", "1", "2", "integer"),
    ("NUMERIC", "1", "2.5", "real"),
    ("BOOLEAN", "1", "0", "integer"),
    ("DATETIME", "'x'", "2026-02-03 04:05:06", "text"),
)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(("kind", "before", "meant", "storage"), SQLITE)
def test_a_value_of_sqlite_keeps_the_class_that_was_there(
    tmp_path: Path, kind: str, before: str, meant: str, storage: str, strict: bool
) -> None:
    table = Table("sqlite", tmp_path, None)
    named = kind or ("ANY" if strict else "")
    if strict and (named not in ("INTEGER", "TEXT", "REAL", "ANY") or before == "'x'"):
        named, strict = kind, False  # such a column, or value, has no place in a strict table
    table.run(f"CREATE TABLE people (id INTEGER PRIMARY KEY, a {named}){' STRICT' if strict else ''}")
    table.run(f"INSERT INTO people VALUES (1, {before})")
    ((_, read),) = table.read()
    assert table.write(edit("1", a=(read, meant)), same=exactly) == [DONE]
    assert table.run("SELECT typeof(a) FROM people") == [(storage,)]
    assert table.read() == [("1", meant)]


NOT_TAKEN = (
    ("postgres", "int", "1", "x", REFUSED),
    ("postgres", "smallint", "1", "70000", REFUSED),
    ("postgres", "varchar(3)", "'x'", "four", REFUSED),
    ("postgres", "char(3)", "'x'", "four", REFUSED),
    ("postgres", "numeric(5,2)", "1", "1.234", ALTERED),
    ("postgres", "numeric(5,2)", "1", "1000", REFUSED),
    ("postgres", "date", "'2026-01-31'", "2026-02-30", REFUSED),
    ("postgres", "boolean", "true", "yes", ALTERED),
    ("postgres", "timestamptz", "'2026-01-31'", "2026-02-03 04:05:06", ALTERED),
    ("postgres", "json", "'{}'", "{", REFUSED),
    ("postgres", "jsonb", "'{}'", '{"b":1}', ALTERED),
    ("postgres", "int[]", "'{}'", "{1,2}", REFUSED),
    ("postgres", "money", "1", "$12.50", REFUSED),
    ("postgres", "text GENERATED ALWAYS AS (id::text) STORED", "DEFAULT", "x", REFUSED),
    ("mysql", "int", "1", "x", REFUSED),
    ("mysql", "tinyint", "1", "300", REFUSED),
    ("mysql", "varchar(3)", "'x'", "four", REFUSED),
    ("mysql", "varchar(9) CHARACTER SET latin1", "'x'", "日本", REFUSED),
    ("mysql", "decimal(5,2)", "1", "1.234", ALTERED),
    ("mysql", "date", "'2026-01-31'", "2026-02-30", REFUSED),
    ("mysql", "bit(8)", "b'1'", "x", REFUSED),
    ("mysql", "bit(8)", "b'1'", "256", REFUSED),
    ("mysql", "bit(8)", "b'1'", "7" * 5_000, REFUSED),
    ("mysql", "int", "1", "7" * 5_000, REFUSED),
    ("mysql", "enum('a', 'b')", "'a'", "c", REFUSED),
    ("mysql", "enum('a', 'b')", "'a'", "2", ALTERED),
    ("mysql", "json", "'{}'", "{", REFUSED),
    ("mysql", "point", "ST_GeomFromText('POINT(0 0)')", "x", ALTERED),
    ("mysql", "varchar(9) AS (id) STORED", "DEFAULT", "x", REFUSED),
    ("sqlite", "INTEGER", "1", "007", ALTERED),
    ("sqlite", "REAL", "1.5", "2", ALTERED),
    ("sqlite", "TEXT CHECK (a <> 'four')", "'x'", "four", REFUSED),
    ("sqlite", "TEXT AS (id || '') STORED", "", "x", REFUSED),
)


@pytest.mark.parametrize(("table", "kind", "before", "meant", "answer"), NOT_TAKEN, indirect=["table"])
def test_what_the_type_does_not_hold_is_refused_or_undone_and_the_others_go_on(
    table: Table, kind: str, before: str, meant: str, answer: Wrote
) -> None:
    table.run(f"CREATE TABLE people (id int PRIMARY KEY, b varchar(9), a {kind})")
    rows = "(1, 'x', {0}), (2, 'x', {0})" if before else "(1, 'x'), (2, 'x')"
    table.run(f"INSERT INTO people{'' if before else ' (id, b)'} VALUES {rows.format(before)}")
    (first, second) = table.read("id", "b", "a")
    edits = [edit("1", a=(first[2], meant), b=("x", "new")), edit("2", b=("x", "new"))]
    assert table.write(*edits, same=exactly) == [answer, DONE]
    assert table.read("id", "b", "a") == [first, ("2", "new", second[2])]


@pytest.mark.parametrize("table", ["sqlite"], indirect=True)
def test_bytes_that_stand_there_are_not_what_was_read(table: Table) -> None:
    table.people(("1", "x", "y"), ("2", "x", "y"))
    table.run("UPDATE people SET a = x'ff' WHERE id = '1'", "UPDATE people SET a = CAST(x'ff' AS TEXT) WHERE id = '2'")
    assert table.write(edit("1", a=("x", "new")), edit("2", a=("x", "new"))) == [MOVED, MOVED]


KEYS = (
    ("postgres", "int", "7"),
    ("postgres", "numeric(10,2)", "7.10"),
    ("postgres", "float8", "0.1"),
    ("postgres", "uuid", "d0c5bbf4-7a4b-4ac0-8bd5-1f8e0f0f2a2b"),
    ("postgres", "char(5)", "ab"),
    ("postgres", "boolean", "true"),
    ("postgres", "date", "2026-02-03"),
    ("postgres", "timestamptz", "2026-02-03 04:05:06+00"),
    ("postgres", "mood", "so so"),
    ("postgres", "named", "x"),
    ("postgres", "money", "12.50"),
    ("postgres", "inet", "10.0.0.1"),
    ("postgres", "json", '{"a": 1}'),
    ("postgres", "text[]", '["a","b"]'),
    ("postgres", "xml", "<a/>"),
    ("mysql", "bigint unsigned", "18446744073709551615"),
    ("mysql", "int(5) zerofill", "00042"),
    ("mysql", "decimal(10,2)", "7.10"),
    ("mysql", "float", "0.1"),
    ("mysql", "bit(8)", "193"),
    ("mysql", "char(5)", "ab"),
    ("mysql", "varchar(9) CHARACTER SET latin1", "Zoë"),
    ("mysql", "varbinary(9)", "Zoë"),
    ("mysql", "date", "2026-02-03"),
    ("mysql", "enum('so so', 'x')", "so so"),
    ("mysql", "uuid", "d0c5bbf4-7a4b-4ac0-8bd5-1f8e0f0f2a2b"),
    ("mysql", "json", '{"a": 1}'),
    ("sqlite", "INTEGER", "7"),
    ("sqlite", "", "7"),
    ("sqlite", "TEXT", "007"),
    ("sqlite", "REAL", "0.1"),
    ("sqlite", "NUMERIC", "7.5"),
)


@pytest.mark.parametrize("also", [(), ("nobody", "8", "-1", "99999999999999999999999", "7.0", "", "7" * 5_000)])
@pytest.mark.parametrize(("table", "kind", "person"), KEYS, indirect=["table"])
def test_a_person_is_found_by_a_column_of_any_type(table: Table, kind: str, person: str, also: tuple[str, ...]) -> None:
    """Also beside somebody whose text that type does not even hold."""
    if table.kind == "postgres":
        table.run("CREATE TYPE mood AS ENUM ('sad', 'so so')", "CREATE DOMAIN named AS text")
    table.run(f"CREATE TABLE people (id {kind}, a varchar(9))")
    cast = "::numeric::money" if kind == "money" else ""
    value = "'{a,b}'" if kind == "text[]" else person if kind.startswith("bit") else f"'{person}'{cast}"
    if table.kind == "sqlite" and not kind:
        value = person
    table.run(f"INSERT INTO people VALUES ({value}, 'x')")
    others = [edit(other, a=("x", "no")) for other in also]
    assert table.write(*others, edit(person, a=("x", "new"))) == [GONE] * len(others) + [DONE]
    assert table.read() == [(person, "new")]


@pytest.mark.parametrize("table", ["sqlite"], indirect=True)
def test_people_of_several_classes_in_one_column_of_sqlite_are_found(table: Table) -> None:
    table.run("CREATE TABLE people (id, a TEXT)")
    table.run("INSERT INTO people VALUES (1, 'x'), ('2', 'x'), (0.1 + 0.2, 'x'), (4, 'x'), ('4', 'x'), (x'35', 'x')")
    edits = [edit(person, a=("x", "new")) for person in ("1", "2", "0.3", "4", "5")]
    assert table.write(*edits) == [DONE, DONE, DONE, SEVERAL, GONE]
