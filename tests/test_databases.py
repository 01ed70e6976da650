"""People from Parquet and from databases, through the whole program: validate, plan, apply, and what can go wrong."""

from __future__ import annotations

import signal
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from processes import NOW, Ended, contents, reconciler, start
from servers import PASSWORD
from servers.cut import cut
from servers.databases import Database

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock

KINDS = ("parquet", "sqlite", "postgres", "mysql")
COLUMNS = ("id", "email", "city")
PEOPLE = [("1", "ada@example.org", "Oulu"), ("2", "bo@example.org", None), ("3", "cy@example.org", "")]
FILE = """\
version: 1
crm: {{type: local, path: crm.db}}
source: {{{source}}}
identity: {{person: id, match: email}}
fields: {{email: email, city: city}}
tags: {{Northern: {{when: 'city == "Oulu"'}}}}
contacts: {{create: true}}
"""


@dataclass
class World:
    """A folder with a file, and people in a source of that kind."""

    kind: str
    folder: Path
    database: Database | None = None
    env: dict[str, str] = field(default_factory=dict)

    def file(self, source: str) -> None:
        (self.folder / "reconciler.yaml").write_text(FILE.format(source=source))

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ended:
        ended = reconciler(self.folder, *arguments, env={**self.env, **(env or {})})
        assert "qzxkanari" not in ended.out + ended.err
        assert "Traceback" not in ended.err
        return ended

    def apply(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ended:
        return self.run("apply", "--auto-approve", "--now", NOW, *arguments, env=env)

    def refused(self, code: str, exit: int = 1, **env: str) -> Ended:
        """Apply ends with that code and has written nothing."""
        before = contents(self.folder, "crm.db")
        ended = self.apply(env=env)
        assert (ended.code, code in ended.err) == (exit, True), ended.out + ended.err
        assert contents(self.folder, "crm.db") == before
        return ended


@pytest.fixture
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    kind: str = request.param
    if kind == "parquet":
        made = World(kind, tmp_path)
        arrays = [pa.array(values) for values in zip(*PEOPLE, strict=True)]
        pq.write_table(pa.Table.from_arrays(arrays, list(COLUMNS)), tmp_path / "people.parquet")
        made.file("type: parquet, path: people.parquet")
    elif kind == "sqlite":
        made = World(kind, tmp_path)
        with closing(sqlite3.connect(tmp_path / "people.db")) as connection, connection:
            connection.execute("CREATE TABLE people (id, email, city)")
            connection.executemany("INSERT INTO people VALUES (?, ?, ?)", PEOPLE)
        made.file("type: sqlite, path: people.db, table: people")
    else:
        database: Database = request.getfixturevalue(kind)
        made = World(kind, tmp_path, database, {"DATABASE_URL": database.url})
        database.fill("people", COLUMNS, PEOPLE, key="id")
        made.file(f"type: {kind}, url: '${{env:DATABASE_URL}}', table: people")
    return made


every = pytest.mark.parametrize("world", KINDS, indirect=True)
on_a_server = pytest.mark.parametrize("world", ["postgres", "mysql"], indirect=True)


@every
def test_a_file_is_valid_plans_applies_and_plans_to_nothing(world: World) -> None:
    assert world.run("validate").code == 0
    planned = world.run("plan", "--now", NOW, "--detailed-exitcode")
    assert planned.code == 2, planned.out + planned.err
    label = "people.parquet" if world.kind == "parquet" else "people"
    assert planned.out.startswith(f"reconciler.yaml   {label} (3) -> local contact")
    assert "3 to create" in planned.out
    applied = world.apply()
    assert applied.code == 0, applied.out + applied.err
    assert world.run("plan", "--now", NOW, "--detailed-exitcode").code == 0


@pytest.mark.parametrize("world", ["sqlite", "postgres", "mysql"], indirect=True)
def test_a_query_is_a_source_and_single_persons_can_be_planned(world: World) -> None:
    text = (world.folder / "reconciler.yaml").read_text()
    query = "\"SELECT id, email, upper(city) AS city FROM people WHERE city <> ''; -- everybody else is elsewhere\""
    (world.folder / "reconciler.yaml").write_text(text.replace("table: people", f"query: {query}"))
    planned = world.run("plan", "--now", NOW, "--person", "1")
    assert (planned.code, planned.out.startswith("reconciler.yaml   query (1)")) == (0, True), planned.out + planned.err


@pytest.mark.parametrize("world", ["sqlite", "postgres", "mysql"], indirect=True)
def test_what_was_changed_in_the_crm_comes_into_the_table_and_what_follows_is_in_the_same_plan(world: World) -> None:
    text = (world.folder / "reconciler.yaml").read_text()
    two_way = text.replace("city: city", "city: {from: city, pull: true}") + "limits: {write_percent: 100}\n"
    (world.folder / "reconciler.yaml").write_text(two_way)
    assert world.apply().code == 0
    with closing(
        LocalCrm(world.folder / "crm.db", Clock.fixed(datetime.fromisoformat(NOW).replace(tzinfo=UTC)))
    ) as crm:
        crm.update([("1", {"city": "Turku 'qzxkanari'"}), ("2", {"city": "Oulu"})])
    applied = world.apply("--refresh", "full")
    assert (applied.code, "2 values pulled into 2 rows" in applied.out) == (0, True), applied.out + applied.err
    rows = "SELECT id, city FROM people ORDER BY id"
    if world.database is not None:
        found = [tuple(row) for row in world.database.run(rows)]
    else:
        with closing(sqlite3.connect(world.folder / "people.db")) as connection:
            found = connection.execute(rows).fetchall()
    assert found == [("1", "Turku 'qzxkanari'"), ("2", "Oulu"), ("3", "")]
    assert world.run("plan", "--now", NOW, "--refresh", "full", "--detailed-exitcode").code == 0


@every
def test_a_column_that_vanished_between_two_runs_is_an_error(world: World) -> None:
    assert world.apply().code == 0
    if world.kind == "parquet":
        path = world.folder / "people.parquet"
        pq.write_table(pq.read_table(path).drop_columns(["city"]), path)
    elif world.database is None:
        with closing(sqlite3.connect(world.folder / "people.db")) as connection, connection:
            connection.execute("ALTER TABLE people DROP COLUMN city")
    else:
        world.database.run("ALTER TABLE people DROP COLUMN city")
    assert "`city`" in world.refused("R108").err


@pytest.mark.parametrize("world", ["sqlite", "postgres", "mysql"], indirect=True)
def test_a_table_that_is_not_there_is_an_error(world: World) -> None:
    text = (world.folder / "reconciler.yaml").read_text()
    (world.folder / "reconciler.yaml").write_text(text.replace("table: people", "table: members"))
    ended = world.refused("E433")
    assert ("reconciler.yaml:3" in ended.err, "`members`" in ended.err) == (True, True)


@pytest.mark.parametrize("world", ["sqlite", "postgres", "mysql"], indirect=True)
@pytest.mark.parametrize(
    "query", ["DELETE FROM people RETURNING *", "SELECT 1 AS id; DROP TABLE people", "SELECT * INTO others FROM people"]
)
def test_a_query_that_is_no_select_is_refused_with_the_file_and_its_place(world: World, query: str) -> None:
    text = (world.folder / "reconciler.yaml").read_text()
    (world.folder / "reconciler.yaml").write_text(text.replace("table: people", f"query: '{query}'"))
    ended = world.refused("E122")
    assert "reconciler.yaml:3:" in ended.err
    assert "people" not in ended.err.replace("the people", "")


@on_a_server
@pytest.mark.parametrize(
    ("parts", "code", "exit"),
    [
        ({"password": "qzxkanari-wrong"}, "E430", 4),
        ({"user": "qzxkanari"}, "E430", 4),
        ({"port": "1"}, "E431", 1),
        ({"host": "qzxkanari.invalid"}, "E431", 1),
    ],
)
def test_who_is_not_let_in_is_told_by_code_and_exit(world: World, parts: dict[str, str], code: str, exit: int) -> None:
    assert world.database is not None
    url = world.database.server.address(world.database.name, **parts)
    world.refused(code, exit, DATABASE_URL=url)
    ended = world.run("plan", "--format", "json", env={"DATABASE_URL": url})
    assert (ended.code, f'"{code}"' in ended.out) == (exit, True)


@on_a_server
def test_a_database_that_is_not_there_and_people_that_may_not_be_seen(world: World) -> None:
    assert world.database is not None
    world.refused("E432", DATABASE_URL=world.database.server.address("qzxkanari"))
    grant = "CONNECT ON DATABASE " + world.database.name if world.kind == "postgres" else "SELECT ON people_view"
    if world.kind == "mysql":
        world.database.run("CREATE TABLE people_view (a int)")
        grant = f"SELECT ON {world.database.name}.people_view"
    world.refused("E434", 4, DATABASE_URL=world.database.user("weak", grant))


@on_a_server
@pytest.mark.parametrize(
    "url", ["{scheme}://crm:secret@localhost/crm", "{scheme}://localhost/crm?password=secret", "ftp://localhost/crm"]
)
def test_a_password_in_the_file_is_an_error_and_so_is_another_address(world: World, url: str) -> None:
    world.file(f"type: {world.kind}, url: '{url.format(scheme=world.kind)}', table: people")
    ended = world.run("validate", "--offline")
    assert (ended.code, "secret@" in ended.err, "=secret" in ended.err) == (1, False, False)
    assert ("E122" if "ftp" in url else "E120") in ended.err


@on_a_server
def test_an_address_may_be_written_with_only_its_password_from_outside(world: World) -> None:
    assert world.database is not None
    url = world.database.url.replace(PASSWORD, "${env:PW}")
    world.file(f"type: {world.kind}, url: '{url}', table: people")
    (world.folder / "pw").write_text(PASSWORD + "\n")
    assert world.run("validate", env={"PW": PASSWORD}).code == 0
    world.file(f"type: {world.kind}, url: '{url.replace('env:PW', 'file:pw')}', table: people")
    assert world.run("validate").code == 0


@on_a_server
def test_another_address_is_the_same_file(world: World) -> None:
    """What comes from outside is in no digest."""
    assert world.database is not None
    before = world.run("plan", "--now", NOW, "--format", "json").out
    more = "?application_name=x" if world.kind == "postgres" else "?charset=utf8mb4"
    after = world.run("plan", "--now", NOW, "--format", "json", env={"DATABASE_URL": world.database.url + more}).out
    digests = [
        text.split('"config": "')[1].split('"')[0] if '"config": "' in text else text for text in (before, after)
    ]
    assert digests[0] == digests[1]


@on_a_server
def test_without_its_variable_the_file_says_which(world: World) -> None:
    ended = reconciler(world.folder, "validate")
    assert (ended.code, "E118" in ended.err, "DATABASE_URL" in ended.err) == (1, True, True)


@on_a_server
def test_a_server_that_goes_away_in_the_middle_leaves_everything_as_it_was(world: World) -> None:
    assert world.database is not None
    assert world.apply().code == 0
    rows = [(f"{n}", f"p{n}@example.org", "x" * 200) for n in range(10, 5_000)]
    world.database.run("DELETE FROM people")
    world.database.fill("more", COLUMNS, rows)
    world.file(f"type: {world.kind}, url: '${{env:DATABASE_URL}}', table: more")
    with cut(world.database.server.port, 500_000, abruptly=False) as port:
        world.refused("E437", DATABASE_URL=world.database.server.address(world.database.name, port=str(port)))


ENDLESS = {
    "postgres": "SELECT n::text AS id, n || '@example.org' AS email, pg_sleep(0.05)::text AS city "
    "FROM generate_series(1, 100000) n",
    "mysql": "SELECT seq AS id, concat(seq, '@example.org') AS email, sleep(0.05) AS city FROM seq_1_to_100000",
}
OTHERS = {
    "postgres": "SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()",
    "mysql": "SELECT count(*) FROM information_schema.processlist WHERE db = '{name}' AND id <> CONNECTION_ID()",
}


@on_a_server
def test_ctrl_c_in_a_long_reading_ends_at_once_and_closes_the_connection(world: World) -> None:
    assert world.database is not None
    world.file(f"type: {world.kind}, url: '${{env:DATABASE_URL}}', query: \"{ENDLESS[world.kind]}\"")
    process = start(world.folder, "plan", "--now", NOW, env=world.env)
    try:
        wait_for(world.database, 1)
        time.sleep(1.0)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert (process.returncode, b"Traceback" in err, time.monotonic() - began < 5) == (130, False, True), err
    finally:
        process.kill()
        process.communicate()
    wait_for(world.database, 0)


def wait_for(database: Database, connections: int) -> None:
    """So many others are connected to the database."""
    deadline = time.monotonic() + 30
    while database.run(OTHERS[database.kind].format(name=database.name)) != [(connections,)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
