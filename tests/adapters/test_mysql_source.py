"""The MySQL source, on a MariaDB server: every value as the server prints it, all people or none, nothing written."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from filled import CANARY, failure, of, rows_of
from openings import in_folder
from pydantic import ValidationError
from servers.cut import cut
from servers.databases import Database

from reconciler.adapters.errors import AuthFailed, SourceFailed
from reconciler.adapters.mysql import ADAPTER, MysqlOptions
from reconciler.model.types import TYPES
from reconciler.model.types.spec import Spec

PEOPLE = ("CREATE TABLE people (id int PRIMARY KEY, a text)", f"INSERT INTO people VALUES (1, '{CANARY}')")


@pytest.fixture
def people(mysql: Database) -> Database:
    mysql.run(*PEOPLE)
    return mysql


def test_the_registry_opens_it_and_its_label_is_the_table(people: Database) -> None:
    with closing(of(people, table=f"{people.name}.people")) as source:
        assert (source.label(), rows_of(source, "id")) == (f"{people.name}.people", [("1",)])
    with closing(of(people, query="SELECT id FROM people")) as source:
        assert (source.label(), rows_of(source)) == ("query", [("1",)])
    with closing(of(people, people.url.replace("mysql://", "mariadb+pymysql://"), table="people")) as source:
        assert rows_of(source, "id") == [("1",)]


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("text", "NULL", None),
        ("text", "''", ""),
        ("tinyint(1)", "true", "1"),
        ("int(5) zerofill", "42", "00042"),
        ("bigint unsigned", "18446744073709551615", "18446744073709551615"),
        ("decimal(10,2)", "1.1", "1.10"),
        ("float", "0.1", "0.1"),
        ("double", "0.1", "0.1"),
        ("double", "1e20", "1e20"),
        ("bit(1)", "b'1'", "1"),
        ("bit(8)", "b'11000001'", "193"),
        ("date", "'2026-02-03'", "2026-02-03"),
        ("datetime", "'2026-02-03 04:05:06'", "2026-02-03 04:05:06"),
        ("datetime(3)", "'2026-02-03 04:05:06.789'", "2026-02-03 04:05:06.789"),
        ("timestamp NULL", "'2026-02-03 04:05:06'", "2026-02-02 22:20:06Z"),
        ("time", "'04:05:06'", "04:05:06"),
        ("year", "2026", "2026"),
        ("char(5)", "'ab'", "ab"),
        ("varchar(20) CHARACTER SET latin1", "'Zoë'", "Zoë"),
        ("varchar(20) CHARACTER SET ucs2", "'Zoë'", "Zoë"),
        ("text CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "'日本 🙂 \"q\"'", '日本 🙂 "q"'),
        ("enum('a', 'b')", "'b'", "b"),
        ("set('a', 'b')", "'a,b'", "a,b"),
        ("json", "'{\"b\": [1, 2.50]}'", '{"b": [1, 2.50]}'),
        ("varbinary(20)", "'Zoë'", "Zoë"),
        ("blob", "'it \"s'", 'it "s'),
        ("uuid", "'d0c5bbf4-7a4b-4ac0-8bd5-1f8e0f0f2a2b'", "d0c5bbf4-7a4b-4ac0-8bd5-1f8e0f0f2a2b"),
        ("inet6", "'::1'", "::1"),
        ("point", "ST_GeomFromText('POINT(1 2)')", "POINT(1 2)"),
        ("text", "'a\\0b'", "a\0b"),
    ],
)
def test_a_value_is_the_text_that_the_server_prints(mysql: Database, kind: str, value: str, text: str | None) -> None:
    """Beside columns of other character sets, and whatever the server's own modes and zone are."""
    mysql.run(
        "SET time_zone = '+05:45'",
        f"CREATE TABLE t (id int, a {kind}, latin varchar(9) CHARACTER SET latin1, raw varbinary(9))",
        f"INSERT INTO t VALUES (1, {value}, 'ë', 'ë')",
    )
    for options in ({"table": "t"}, {"query": "SELECT * FROM t -- all"}):
        with closing(of(mysql, **options)) as source:
            assert rows_of(source, "a", "latin", "raw", "id") == [(text, "ë", "ë", "1")]


@pytest.fixture
def odd_modes(mysql: Database) -> Database:
    """Where others work with modes that change what a text is."""
    modes = "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,EMPTY_STRING_IS_NULL,PIPES_AS_CONCAT"
    before = mysql.run("SELECT @@GLOBAL.sql_mode")[0][0]
    mysql.run("CREATE TABLE t (a text, b char(5), c text)", "INSERT INTO t VALUES ('back\\\\slash', 'x', '')")
    mysql.run(f"SET GLOBAL sql_mode = '{modes}'")
    yield mysql
    mysql.run(f"SET GLOBAL sql_mode = '{before}'")


def test_modes_of_the_server_change_no_value(odd_modes: Database) -> None:
    with closing(of(odd_modes, table="t")) as source:
        assert rows_of(source, "a", "b", "c") == [("back\\slash", "x", "")]


@pytest.mark.parametrize(
    ("kind", "moment"), [("timestamp", "2026-07-01T10:00:00Z"), ("datetime", "2026-07-01T17:00:00Z")]
)
def test_a_moment_is_read_as_the_instant_that_it_is(mysql: Database, kind: str, moment: str) -> None:
    with closing(mysql.connected()) as connection, connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        cursor.execute(f"CREATE TABLE t (a {kind})")
        cursor.execute("INSERT INTO t VALUES ('2026-07-01 10:00:00')")
    with closing(of(mysql, table="t")) as source:
        ((text,),) = rows_of(source, "a")
    assert TYPES["datetime"].build(Spec(timezone="America/Los_Angeles"))(text) == moment


def test_a_zero_date_is_empty(mysql: Database) -> None:
    with closing(mysql.connected()) as connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode = ''")
        cursor.execute("CREATE TABLE t (a timestamp, b datetime, c date)")
        cursor.execute("INSERT INTO t VALUES ('0000-00-00', '0000-00-00', '0000-00-00')")
    with closing(of(mysql, table="t")) as source:
        ((a, b, c),) = rows_of(source, "a", "b", "c")
    assert [TYPES["datetime"].build(Spec())(text) for text in (a, b, c)] == [None, None, None]


def test_bytes_that_are_no_text_are_an_error_with_column_and_row(mysql: Database) -> None:
    mysql.run("CREATE TABLE t (id int, a binary(2))", "INSERT INTO t VALUES (1, 'ab'), (2, x'ff00')")
    with closing(of(mysql, table="t")) as source:
        error = failure(source, "id", "a")
        assert (error.code, error.row, "`a`" in error.detail) == ("E425", 2, True)
        assert rows_of(source, "id") == [("1",), ("2",)]


@pytest.mark.parametrize(
    "table", ["pe`ople", "a b", "Select", "x'; DROP TABLE people; --", "Größe", "per%sent", "{0}", '"']
)
def test_a_table_and_a_column_may_have_any_name(people: Database, table: str) -> None:
    people.fill(table, [table, "b"], [("x", "y")])
    with closing(of(people, table=table)) as source:
        assert list(source.columns()) == [table, "b"]
        assert rows_of(source, table) == [("x",)]
    with closing(of(people, table=f"{people.name}.{table}")) as source:
        assert rows_of(source, "b") == [("y",)]
    assert people.run("SELECT count(*) FROM people") == [(1,)]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"table": "nowhere"}, "E433"),
        ({"table": "People"}, "E433"),
        ({"table": "people`; DROP TABLE people; --"}, "E433"),
        ({"query": "SELECT * FROM nowhere"}, "E433"),
        ({"query": "SELECT nothing FROM people"}, "E414"),
        ({"query": "SELECT 1 AS a, 2 AS a"}, "E413"),
        ({"query": "SELECT id FROM people WHERE id > 1"}, "E410"),
        ({"query": "SELECT id FORM people"}, "E435"),
        ({"query": "SELECT no_such_function(1) AS id"}, "E435"),
        ({"query": f"SELECT id, exp(1000 + length('{CANARY}')) AS a FROM people"}, "E435"),
        ({"query": "SELECT (SELECT 1 UNION SELECT 2) AS id"}, "E435"),
    ],
)
def test_what_gives_no_people_is_an_error(people: Database, options: dict[str, str], code: str) -> None:
    with closing(of(people, **options)) as source:
        assert failure(source).code == code
    assert people.run("SELECT count(*) FROM people") == [(1,)]


WRITING = (
    "INSERT INTO people VALUES (2, 'new')",
    "SELECT 1 AS id; DROP TABLE people",
    "SELECT 1 AS id) AS people; DROP TABLE people; SELECT * FROM (SELECT 1 AS id",
    "SELECT id FROM people INTO OUTFILE 'taken'",
    "SELECT id FROM people FOR UPDATE",
    "DELETE FROM people RETURNING id",
    "SELECT writes() AS id",
    "SELECT 1 AS id /*! ) AS people INTO OUTFILE 'taken' -- */",
)


@pytest.mark.parametrize("query", WRITING)
def test_nothing_can_be_written_even_by_a_query_that_nobody_looked_at(people: Database, query: str) -> None:
    people.run("CREATE FUNCTION writes() RETURNS int BEGIN INSERT INTO people VALUES (2, 'new'); RETURN 1; END")
    ((place,),) = people.run("SELECT @@secure_file_priv")
    unchecked = MysqlOptions(url=people.url, table="people").model_copy(
        update={"table": None, "query": query.replace("'taken'", f"'{place}taken'")}
    )
    with closing(ADAPTER.open(unchecked, in_folder(Path()))) as source, suppress(SourceFailed):
        assert "FOR UPDATE" in query, rows_of(source)
    assert people.run("SELECT * FROM people") == [(1, CANARY)]
    assert not (Path(place) / "taken").exists()


@pytest.mark.parametrize("query", [query for query in WRITING if "writes" not in query])
def test_what_plainly_writes_is_refused_with_the_file(query: str) -> None:
    with pytest.raises(ValidationError) as caught:
        MysqlOptions(url="mysql://localhost/x", query=query)
    (found,) = caught.value.errors(include_input=False)
    assert (found["type"], found["loc"]) == ("say", ("query",))


def test_a_function_that_writes_is_an_error_of_its_own(people: Database) -> None:
    people.run("CREATE FUNCTION writes() RETURNS int BEGIN INSERT INTO people VALUES (2, 'new'); RETURN 1; END")
    with closing(of(people, query="SELECT writes() AS id FROM people")) as source:
        assert failure(source, "id").code == "E440"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://localhost/x",
        "localhost/x",
        "mysql:x",
        "mysql://u:p/qzxkanari@h/x",
        "mysql://h:many/x",
        "mysql://h/x?qzxkanari=1",
        "mysql://h/x?ssl-mode=qzxkanari",
    ],
)
def test_an_address_that_is_not_understood_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        MysqlOptions(url=url, table="people")
    (found,) = caught.value.errors(include_input=False)
    assert (found["type"], found["loc"], "qzxkanari" in str(caught.value)) == ("say", ("url",), False)


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"password": "qzxkanari"}, "E430"),
        ({"user": "nobody"}, "E430"),
        ({"port": "1"}, "E431"),
        ({"host": "no-such-host.invalid"}, "E431"),
    ],
)
def test_who_is_not_let_in_is_told_why(mysql: Database, parts: dict[str, str], code: str) -> None:
    with closing(of(mysql, mysql.server.address(mysql.name, **parts), table="people")) as source:
        error = failure(source)
    assert (error.code, isinstance(error, AuthFailed)) == (code, code == "E430")


@pytest.mark.parametrize(
    ("end", "code"),
    [("?ssl-mode=required", "E439"), ("?ssl_mode=VERIFY_CA", "E439"), ("?ssl-ca=/no/file", "E439"), ("x", "E432")],
)
def test_other_ways_not_to_be_let_in(mysql: Database, end: str, code: str) -> None:
    with closing(of(mysql, mysql.url + end, table="people")) as source:
        assert failure(source).code == code


@pytest.mark.parametrize("end", ["", "?ssl-mode=disabled", "?ssl-mode=PREFERRED&charset=utf8mb4"])
def test_the_connection_is_secured_as_the_address_says(people: Database, end: str) -> None:
    with closing(of(people, people.url + end, table="people")) as source:
        assert rows_of(source, "id") == [("1",)]


def test_a_password_may_hold_what_an_address_has_to_quote(people: Database) -> None:
    people.run(
        "CREATE USER odd@'127.0.0.1' IDENTIFIED BY 'p@/:%?#'", f"GRANT SELECT ON {people.name}.* TO odd@'127.0.0.1'"
    )
    url = people.server.address(people.name, user="odd", password="p%40%2F%3A%25%3F%23")
    try:
        with closing(of(people, url, table="people")) as source:
            assert rows_of(source, "id") == [("1",)]
    finally:
        people.run("DROP USER odd@'127.0.0.1'")


def test_a_server_that_says_nothing_is_given_up(mysql: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = MysqlOptions(url=mysql.server.address("x", port=str(silent.getsockname()[1])), table="people")
        from reconciler.adapters.mysql import MysqlSource

        with closing(MysqlSource(options, wait=0.5)) as source:
            assert failure(source).code == "E431"


def test_people_that_the_user_may_not_see_are_an_error(people: Database) -> None:
    people.run("CREATE TABLE other (a int)")
    with closing(of(people, people.user("weak", f"SELECT ON {people.name}.other"), table="people")) as source:
        error = failure(source)
    assert (error.code, isinstance(error, AuthFailed)) == ("E434", True)


def test_a_user_who_may_read_and_nothing_else_is_enough(people: Database) -> None:
    with closing(of(people, people.user("reader", f"SELECT ON {people.name}.people"), table="people")) as source:
        assert rows_of(source, "id") == [("1",)]


MANY = "SELECT seq AS id, repeat('x', 1000) AS a FROM seq_1_to_30000"


@pytest.mark.parametrize("abruptly", [False, True])
@pytest.mark.parametrize("after", [10, 200, 100_000, 5_000_000, 29_000_000])
def test_a_wire_that_is_cut_gives_nobody_rather_than_some(mysql: Database, after: int, abruptly: bool) -> None:
    url = mysql.server.address(mysql.name, port="{port}")
    with cut(mysql.server.port, after, abruptly) as port:
        source = of(mysql, url.format(port=port), query=MANY)
        assert failure(source, "id", "a").code in ("E431", "E437")
        source.close()


@pytest.mark.parametrize("how", ["KILL", "KILL QUERY"])
def test_a_server_that_ends_the_connection_is_an_error(mysql: Database, how: str) -> None:
    with closing(of(mysql, query=MANY)) as source:
        reading = source.read(["id", "a"])
        next(reading)
        others = f"SELECT id FROM information_schema.processlist WHERE db = '{mysql.name}' AND id <> CONNECTION_ID()"
        ((number,),) = mysql.run(others)
        mysql.run(f"{how} {number}")
        with pytest.raises(SourceFailed) as caught:
            list(reading)
    assert caught.value.code == "E437"


def test_a_query_that_takes_too_long_is_an_error(mysql: Database) -> None:
    query = "SELECT sleep(0.01) AS id FROM seq_1_to_1000"
    mysql.run("SET GLOBAL max_statement_time = 0.3")
    try:
        with closing(of(mysql, query=query)) as source:
            assert failure(source).code == "E436"
    finally:
        mysql.run("SET GLOBAL max_statement_time = 0")


def test_one_moment_is_seen_from_the_first_look_to_the_last_row(people: Database) -> None:
    with closing(of(people, table="people")) as source:
        assert list(source.columns()) == ["id", "a"]
        people.run("INSERT INTO people VALUES (2, 'new')", "UPDATE people SET a = 'changed' WHERE id = 1")
        assert rows_of(source, "id", "a") == rows_of(source, "id", "a") == [("1", CANARY)]
        source.close()
        assert rows_of(source, "id", "a") == [("1", "changed"), ("2", "new")]


def test_the_transaction_ends_when_the_source_is_closed(people: Database) -> None:
    with closing(of(people, table="people")) as source:
        rows_of(source, "id")
        source.close()
        people.run("SET lock_wait_timeout = 5", "ALTER TABLE people ADD COLUMN b text")  # which waits for readers
        assert "b" in source.columns()


def test_the_order_is_the_keys_where_it_costs_no_sort(mysql: Database) -> None:
    mysql.run(
        "CREATE TABLE t (a varchar(9), id int, b int, PRIMARY KEY (id, b), KEY by_a (a, id, b))",
        "INSERT INTO t SELECT concat('x', 9999 - seq), seq, 1 FROM seq_1_to_5000",
    )
    with closing(of(mysql, table="t")) as source:
        assert rows_of(source, "id", "a") == [(str(n), f"x{9999 - n}") for n in range(1, 5001)]


def test_a_very_long_value_comes_whole(people: Database) -> None:
    people.run("ALTER TABLE people MODIFY a longtext", "UPDATE people SET a = repeat('ä\"', 2000000)")
    with closing(of(people, table="people")) as source:
        assert rows_of(source, "a") == [('ä"' * 2_000_000,)]


def test_a_row_that_the_server_cannot_write_is_an_error_and_not_a_null(people: Database) -> None:
    ((most,),) = people.run("SELECT @@max_allowed_packet")
    people.run(
        "ALTER TABLE people MODIFY a longtext, ADD b longtext",
        f"UPDATE people SET a = repeat('x', {most - 10})",
        f"UPDATE people SET b = repeat('y', {most - 10})",
    )
    with closing(of(people, table="people")) as source:
        error = failure(source, "a", "b")
        assert (error.code, error.row) == ("E441", 1)


def test_a_reading_that_is_left_leaves_no_connection(mysql: Database) -> None:
    source = of(mysql, query=MANY)
    reading = source.read(["id"])
    next(reading)
    reading.close()  # type: ignore[attr-defined]  # an iterator that is a generator
    others = f"SELECT count(*) FROM information_schema.processlist WHERE db = '{mysql.name}' AND id <> CONNECTION_ID()"
    deadline = time.monotonic() + 10
    while mysql.run(others) != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_without_the_client_the_way_out_is_said() -> None:
    program = (
        "import sys; sys.modules['pymysql'] = None\n"
        "from reconciler.adapters import mysql\n"
        "options = mysql.MysqlOptions(url='mysql://h/x', table='t')\n"
        "try: mysql.ADAPTER.open(options, None).columns()\n"
        "except mysql.SourceFailed as error: print(error.code, error.fix)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "E438 pip install 'crm-reconciler[mysql]'\n"
