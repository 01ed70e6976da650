"""The PostgreSQL source, on a server: every value as the server prints it, all people or none, and nothing written."""

from __future__ import annotations

import socket
import time
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path

import pytest
from filled import CANARY, failure, of, rows_of
from openings import in_folder
from pydantic import ValidationError
from servers.cut import cut
from servers.databases import Database

from reconciler.adapters.errors import AuthFailed, SourceFailed
from reconciler.adapters.postgres import ADAPTER, PostgresOptions
from reconciler.model.types import TYPES
from reconciler.model.types.spec import Spec

PEOPLE = ("CREATE TABLE people (id integer PRIMARY KEY, a text)", f"INSERT INTO people VALUES (1, '{CANARY}')")


@pytest.fixture
def people(postgres: Database) -> Database:
    postgres.run(*PEOPLE)
    return postgres


def test_the_registry_opens_it_and_its_label_is_the_table(people: Database) -> None:
    with closing(of(people, table="public.people")) as source:
        assert (source.label(), rows_of(source, "id")) == ("public.people", [("1",)])
    with closing(of(people, query="SELECT id FROM people")) as source:
        assert (source.label(), rows_of(source)) == ("query", [("1",)])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("NULL::text", None),
        ("''", ""),
        ("true", "true"),
        ("false", "false"),
        ("1::smallint", "1"),
        ("9223372036854775807", "9223372036854775807"),
        ("1.10::numeric(10,2)", "1.10"),
        ("12345678901234567890.123456789::numeric", "12345678901234567890.123456789"),
        ("'NaN'::numeric", "NaN"),
        ("0.1::float8", "0.1"),
        ("1e20::float8", "1e+20"),
        ("0.1::float4", "0.1"),
        ("DATE '2026-02-03'", "2026-02-03"),
        ("TIMESTAMP '2026-02-03 04:05:06'", "2026-02-03 04:05:06"),
        ("TIMESTAMP '2026-02-03 04:05:06.789'", "2026-02-03 04:05:06.789"),
        ("TIMESTAMPTZ '2026-02-03 04:05:06+02'", "2026-02-03 02:05:06+00"),
        ("TIME '04:05:06'", "04:05:06"),
        ("INTERVAL '1 day 2 hours'", "1 day 02:00:00"),
        ("'{d0c5bbf4-7a4b-4ac0-8bd5-1f8e0f0f2a2b}'::uuid", "d0c5bbf4-7a4b-4ac0-8bd5-1f8e0f0f2a2b"),
        ("'{\"b\": [1, 2.50]}'::json", '{"b": [1, 2.50]}'),
        ('\'{"b":1,"a":null}\'::jsonb', '{"a": null, "b": 1}'),
        ("ARRAY['b', 'a,\"c', NULL]", '["b","a,\\"c",null]'),
        ("ARRAY[1, 2]", "[1,2]"),
        ("ARRAY[]::text[]", "[]"),
        ("ROW(1, 'x')", '{"f1":1,"f2":"x"}'),
        ("'\\xdeadbeef'::bytea", "\\xdeadbeef"),
        ("'ab'::char(5)", "ab"),
        ("'10.0.0.1'::inet", "10.0.0.1"),
        ("'12.50'::money", "12.50"),
        ("'a'::mood", "a"),
        ("ARRAY['a']::mood[]", '["a"]'),
        ("'x'::named", "x"),
        ("'[1,3)'::int4range", "[1,3)"),
    ],
)
def test_a_value_is_the_text_that_the_server_prints(postgres: Database, value: str, text: str | None) -> None:
    postgres.run(
        "CREATE TYPE mood AS ENUM ('a', 'b')",
        "CREATE DOMAIN named AS text",
        f"ALTER DATABASE {postgres.name} SET datestyle = 'SQL, DMY'",
        f"ALTER DATABASE {postgres.name} SET intervalstyle = 'iso_8601'",
        f"ALTER DATABASE {postgres.name} SET timezone = 'Asia/Kathmandu'",
        f"ALTER DATABASE {postgres.name} SET extra_float_digits = -3",
        f"ALTER DATABASE {postgres.name} SET bytea_output = 'escape'",
    )
    with closing(of(postgres, query=f"SELECT {value} AS a")) as source:
        assert rows_of(source, "a") == [(text,)]


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("TIMESTAMPTZ '2026-07-01 12:00:00 Europe/Berlin'", "2026-07-01T10:00:00Z"),
        ("TIMESTAMP '2026-07-01 12:00:00'", "2026-07-01T19:00:00Z"),  # of the source's zone
    ],
)
def test_a_moment_is_read_as_the_instant_that_it_is(postgres: Database, value: str, moment: str) -> None:
    with closing(of(postgres, query=f"SELECT {value} AS a")) as source:
        ((text,),) = rows_of(source, "a")
    assert TYPES["datetime"].build(Spec(timezone="America/Los_Angeles"))(text) == moment


@pytest.mark.parametrize("table", ['pe"ople', "a b", "Select", "x'; DROP TABLE people; --", "Größe", "per%sent", "{0}"])
def test_a_table_and_a_column_may_have_any_name(people: Database, table: str) -> None:
    people.fill(table, [table, "b"], [("x", "y")])
    with closing(of(people, table=table)) as source:
        assert list(source.columns()) == [table, "b"]
        assert rows_of(source, table) == [("x",)]
    with closing(of(people, table=f"public.{table}")) as source:
        assert rows_of(source, "b") == [("y",)]
    assert people.run("SELECT count(*) FROM people") == [(1,)]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"table": "nowhere"}, "E433"),
        ({"table": "People"}, "E433"),
        ({"table": "nowhere.people"}, "E433"),
        ({"table": 'people"; DROP TABLE people; --'}, "E433"),
        ({"query": "SELECT * FROM nowhere"}, "E433"),
        ({"query": "SELECT nothing FROM people"}, "E414"),
        ({"query": "SELECT 1 AS a, 2 AS a"}, "E413"),
        ({"query": "SELECT id FROM people WHERE id > 1"}, "E410"),
        ({"query": "SELECT id FORM people"}, "E435"),
        ({"query": "SELECT no_such_function(1) AS id"}, "E435"),
        ({"query": f"SELECT 1 AS id, '{CANARY}'::int AS a"}, "E435"),
        ({"query": "SELECT id, 1 / (id - 1) AS a FROM people"}, "E435"),
        ({"query": "SELECT a AS id, a::int AS b FROM people"}, "E435"),
    ],
)
def test_what_gives_no_people_is_an_error(people: Database, options: dict[str, str], code: str) -> None:
    with closing(of(people, **options)) as source:
        assert failure(source).code == code
    assert people.run("SELECT count(*) FROM people") == [(1,)]


def test_a_mistake_in_the_query_has_its_place(people: Database) -> None:
    with closing(of(people, query="SELECT id\nFROM people WHERE '%' = '' AND id ==> 3")) as source:
        assert failure(source).detail == "the server's code is 42883, at character 45 of the query"


WRITING = (
    "INSERT INTO people VALUES (2, 'new')",
    "SELECT 1 AS id; DROP TABLE people",
    "SELECT 1 AS id) AS people; DROP TABLE people; SELECT * FROM (SELECT 1 AS id",
    "SELECT 1 AS id) AS people) TO STDOUT; COMMIT; DROP TABLE people; COPY (SELECT * FROM (SELECT 1 AS id",
    "WITH gone AS (DELETE FROM people RETURNING id) SELECT * FROM gone",
    "SELECT id INTO taken FROM people",
    "SELECT id FROM people FOR UPDATE",
    "SELECT writes() AS id",
    "SELECT nextval('numbers') AS id",
    "SELECT set_config('transaction_read_only', 'off', false) AS id, writes() AS b",
    "SELECT lo_create(0) AS id",
    "TABLE people",
)


@pytest.mark.parametrize("query", WRITING)
def test_nothing_can_be_written_even_by_a_query_that_nobody_looked_at(people: Database, query: str) -> None:
    people.run(
        "CREATE SEQUENCE numbers",
        "CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS $$ INSERT INTO people VALUES (2, 'new') RETURNING id $$",
    )
    state = "SELECT (SELECT array_agg(p) FROM people p)::text, (SELECT is_called FROM numbers), \
(SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_largeobject_metadata)"
    before = people.run(state)
    unchecked = PostgresOptions(url=people.url, table="people").model_copy(update={"table": None, "query": query})
    with closing(ADAPTER.open(unchecked, in_folder(Path()))) as source, suppress(SourceFailed):
        rows_of(source)
    assert people.run(state) == before


@pytest.mark.parametrize("query", [q for q in WRITING if "writes()" not in q and "(" not in q])
def test_what_plainly_writes_is_refused_with_the_file(query: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PostgresOptions(url="postgresql://localhost/x", query=query)
    (found,) = caught.value.errors(include_input=False)
    assert (found["type"], found["loc"]) == ("say", ("query",))


@pytest.mark.parametrize(
    "url", ["mysql://localhost/x", "localhost/x", "host=localhost password=qzxkanari", "postgres:x"]
)
def test_an_address_of_something_else_is_refused_without_a_word_of_it(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PostgresOptions(url=url, table="people")
    (found,) = caught.value.errors(include_input=False)
    assert (found["type"], found["loc"], "qzxkanari" in str(caught.value)) == ("say", ("url",), False)


def test_the_address_has_no_form_that_could_be_shown() -> None:
    options = PostgresOptions(url="postgresql://u:qzxkanari@h/x", table="people")
    assert "qzxkanari" not in f"{options!r} {options} {options.url!r} {options.url} {options.model_dump()}"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"password": "qzxkanari"}, "E430"),
        ({"user": "nobody"}, "E430"),
        ({"port": "1"}, "E431"),
        ({"host": "no-such-host.invalid"}, "E431"),
    ],
)
def test_who_is_not_let_in_is_told_why(postgres: Database, parts: dict[str, str], code: str) -> None:
    with closing(of(postgres, postgres.server.address(postgres.name, **parts), table="people")) as source:
        error = failure(source)
    assert (error.code, isinstance(error, AuthFailed)) == (code, code == "E430")


def test_an_address_without_a_password_is_no_credential(postgres: Database) -> None:
    with closing(of(postgres, postgres.url.replace(":Pw-qzxkanari", ""), table="people")) as source:
        assert isinstance(failure(source), AuthFailed)


@pytest.mark.parametrize(("end", "code"), [("?sslmode=require", "E439"), ("?nothing=1", "E431"), ("x", "E432")])
def test_other_ways_not_to_be_let_in(postgres: Database, end: str, code: str) -> None:
    with closing(of(postgres, postgres.url + end, table="people")) as source:
        assert failure(source).code == code


def test_a_server_that_says_nothing_is_given_up(postgres: Database) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = postgres.server.address("x", port=str(silent.getsockname()[1])) + "?connect_timeout=2"
        with closing(of(postgres, url, table="people")) as source:
            assert failure(source).code == "E431"


def test_people_that_the_user_may_not_see_are_an_error(people: Database) -> None:
    with closing(of(people, people.user("weak"), table="people")) as source:
        error = failure(source)
    assert (error.code, isinstance(error, AuthFailed)) == ("E434", True)


def test_a_user_who_may_read_and_nothing_else_is_enough(people: Database) -> None:
    with closing(of(people, people.user("reader", "SELECT ON people"), table="people")) as source:
        assert rows_of(source, "id") == [("1",)]


def test_a_limit_of_the_server_is_an_error(people: Database) -> None:
    people.run(f"ALTER DATABASE {people.name} SET statement_timeout = '200ms'")
    with closing(of(people, query="SELECT id, pg_sleep(5)::text AS a FROM people")) as source:
        assert failure(source).code == "E436"


MANY = "SELECT n AS id, repeat('x', 1000) AS a FROM generate_series(1, 30000) AS n"


@pytest.mark.parametrize("abruptly", [False, True])
@pytest.mark.parametrize("after", [100, 5_000, 100_000, 5_000_000, 29_000_000])
def test_a_wire_that_is_cut_gives_nobody_rather_than_some(postgres: Database, after: int, abruptly: bool) -> None:
    url = postgres.server.address(postgres.name, port="{port}")
    with cut(postgres.server.port, after, abruptly) as port:
        source = of(postgres, url.format(port=port), query=MANY)
        assert failure(source, "id", "a").code in ("E431", "E437")
        source.close()


def test_a_server_that_ends_the_connection_is_an_error(postgres: Database) -> None:
    with closing(of(postgres, query=MANY)) as source:
        reading = source.read(["id", "a"])
        next(reading)
        postgres.run(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{postgres.name}' "
            "AND pid <> pg_backend_pid()"
        )
        with pytest.raises(SourceFailed) as caught:
            list(reading)
    assert caught.value.code == "E437"


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
        people.run("SET lock_timeout = '5s'")
        people.run("ALTER TABLE people ADD COLUMN b text")  # waits for whoever still reads
        assert "b" in source.columns()


def test_the_order_is_the_keys_where_it_costs_no_sort(people: Database) -> None:
    people.run(
        "CREATE TABLE t (id int PRIMARY KEY, a text)",
        "INSERT INTO t SELECT n, 'x' FROM generate_series(1, 5000) n",
        "UPDATE t SET a = 'y' WHERE id < 100",
        "ANALYZE t",
    )
    with closing(of(people, table="t")) as source:
        found = [int(row) for (row,) in rows_of(source, "id")]
    assert all(one < other for one, other in pairwise(found))


def test_a_very_long_value_comes_whole(people: Database) -> None:
    people.run("UPDATE people SET a = repeat('ä\"', 10000000)")
    with closing(of(people, table="people")) as source:
        assert rows_of(source, "a") == [('ä"' * 10_000_000,)]


def test_letters_of_a_database_in_another_encoding_are_the_same_letters(postgres: Database) -> None:
    name = f"{postgres.name}_latin"
    postgres.run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1'")
    other = Database("postgres", postgres.server, name)
    try:
        other.fill("people", ["a"], [("Zoë",)])
        with closing(of(other, table="people")) as source:
            assert rows_of(source, "a") == [("Zoë",)]
    finally:
        postgres.run(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_reading_that_is_left_leaves_no_connection(postgres: Database) -> None:
    source = of(postgres, query=MANY)
    reading = source.read(["id"])
    next(reading)
    reading.close()  # type: ignore[attr-defined]  # an iterator that is a generator
    others = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{postgres.name}' AND pid <> pg_backend_pid()"
    deadline = time.monotonic() + 10
    while postgres.run(others) != [(0,)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_without_the_client_the_way_out_is_said(people: Database) -> None:
    import subprocess
    import sys

    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from reconciler.adapters import postgres\n"
        "options = postgres.PostgresOptions(url='postgresql://h/x', table='t')\n"
        "try: postgres.ADAPTER.open(options, None).columns()\n"
        "except postgres.SourceFailed as error: print(error.code, error.fix)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "E438 pip install 'crm-reconciler[postgres]'\n"
