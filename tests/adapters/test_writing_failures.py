"""What can go wrong between a batch and its end: all of it is there, or nothing is, and nobody else is overwritten."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from filled import CANARY
from servers import PASSWORD
from servers.cut import cut
from writable import HASTY, KINDS, ON_A_SERVER, Table, edit, once

from reconciler.adapters.errors import AuthFailed, SourceFailed
from reconciler.adapters.source import Wrote

DONE, MOVED, GONE, SEVERAL, ALTERED, REFUSED = Wrote
every = pytest.mark.parametrize("table", KINDS, indirect=True)
on_a_server = pytest.mark.parametrize("table", ON_A_SERVER, indirect=True)

EDITS = [edit("1", a=("x", "new")), edit("2", a=("x", CANARY))]
OTHERS = {
    "postgres": "SELECT pid FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()",
    "mysql": "SELECT id FROM information_schema.processlist WHERE db = '{name}' AND id <> CONNECTION_ID()",
}
ENDING = {"postgres": "SELECT pg_terminate_backend({0})", "mysql": "KILL {0}"}
BEGIN = {"sqlite": "BEGIN IMMEDIATE", "postgres": "BEGIN", "mysql": "BEGIN"}


@pytest.fixture
def table(table: Table) -> Table:
    """Two people."""
    table.people(("1", "x", "y"), ("2", "x", "y"))
    return table


def end_the_writer(table: Table) -> None:
    """The server ends every connection but this one."""
    assert table.database is not None
    for (number,) in table.run(OTHERS[table.kind].format(name=table.database.name)):
        table.run(ENDING[table.kind].format(number))


@on_a_server
def test_a_connection_that_is_lost_in_the_middle_leaves_nothing(table: Table) -> None:
    error = table.failure(*EDITS, same=once(lambda: end_the_writer(table), answer=False))
    assert (error.code, table.read("a")) == ("E464", [("x",), ("x",)])


@on_a_server
def test_a_connection_that_is_lost_before_the_answer_has_a_sentence_of_its_own(table: Table) -> None:
    """Both were written and looked at; what is lost is the answer to the commit."""
    error = table.failure(*EDITS, same=once(lambda: end_the_writer(table)))
    assert (error.code, table.read("a")) == ("E465", [("x",), ("x",)])


def cut_after(table: Table, size: int, abruptly: bool) -> str:
    """The code that writing over a wire fails with that is cut after so many bytes; "" if all of it was written."""
    assert table.database is not None
    read, text = table.read("a")[0][0], f"n{size}"
    code = ""
    with cut(table.database.server.port, size, abruptly) as port:
        url = table.database.server.address(table.database.name, port=str(port))
        try:
            assert table.write(*(edit(person, a=(read, text)) for person in ("1", "2")), url=url) == [DONE, DONE]
        except SourceFailed as failed:
            code = failed.code
    values = table.read("a")
    assert values in ([(text,)] * 2, [(read,)] * 2) if code == "E465" else values == [(read if code else text,)] * 2
    return code


@on_a_server
@pytest.mark.parametrize("abruptly", [False, True])
def test_a_wire_that_is_cut_anywhere_leaves_all_or_nothing(table: Table, abruptly: bool) -> None:
    enough = next(size for size in range(20, 9_000, 100) if not cut_after(table, size, abruptly))
    codes = {cut_after(table, size, abruptly) for size in (*range(20, enough, 170), *range(enough - 101, enough, 5))}
    assert {"E464", "E465"} <= codes <= {"", "E431", "E439", "E464", "E465"}


DYING = """
import os, sys
sys.path[:0] = {paths!r}
from pathlib import Path
from servers import Server
from servers.databases import Database
from writable import Table, edit
database = Database({kind!r}, Server({port}, {url!r}, 0), {name!r}) if {port} else None
table = Table({kind!r}, Path({folder!r}), database)
table.write(edit("1", a=("x", "new")), edit("2", a=("x", "new")), same=lambda *_: os.kill(os.getpid(), 9))
"""


@every
def test_a_process_that_is_killed_in_the_middle_leaves_nothing(table: Table) -> None:
    server = table.database.server if table.database else None
    program = DYING.format(
        paths=[str(Path(__file__).parent), str(Path(__file__).parent.parent)],
        kind=table.kind,
        port=server.port if server else 0,
        url=server.url if server else "",
        name=table.database.name if table.database else "",
        folder=str(table.path.parent),
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (-9, "")
    deadline = time.monotonic() + 10
    while table.database and table.run(OTHERS[table.kind].format(name=table.database.name)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert table.read("a") == [("x",), ("x",)]
    assert table.write(*EDITS) == [DONE, DONE]


@every
def test_nobody_sees_half_of_a_batch(table: Table) -> None:
    seen: list[Any] = []
    assert table.write(*EDITS, same=once(lambda: seen.append(table.run("SELECT a FROM people")))) == [DONE, DONE]
    assert (seen, table.read("a")) == ([[("x",), ("x",)]], [(CANARY,), ("new",)])


@contextmanager
def somebody(table: Table) -> Iterator[Callable[[str], None]]:
    """Carries out statements in a transaction that is open; it ends with the body."""
    with closing(table.connected()) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(BEGIN[table.kind])
        yield cursor.execute


@every
def test_a_row_that_somebody_keeps_is_waited_for_and_then_given_up(table: Table) -> None:
    with somebody(table) as run:
        run("UPDATE people SET a = 'theirs' WHERE id = '2'")
        error = table.failure(*EDITS, wait=HASTY[table.kind])
        run("COMMIT")
    assert (error.code, table.read("a")) == ("E462", [("theirs",), ("x",)])


@every
@pytest.mark.parametrize(
    ("statement", "answer", "rows"),
    [
        ("UPDATE people SET a = 'theirs' WHERE id = '2'", MOVED, [("1", "new"), ("2", "theirs")]),
        ("UPDATE people SET b = 'theirs' WHERE id = '2'", DONE, [("1", "new"), ("2", CANARY)]),
        ("DELETE FROM people WHERE id = '2'", GONE, [("1", "new")]),
    ],
)
def test_what_somebody_writes_while_we_wait_is_not_overwritten(
    table: Table, statement: str, answer: Wrote, rows: list[tuple[str, str]]
) -> None:
    with ThreadPoolExecutor(1) as pool, somebody(table) as run:
        run(statement)
        ours = pool.submit(table.write, *EDITS)
        time.sleep(0.5)
        assert not ours.done()
        run("COMMIT")
        assert ours.result(20) == [DONE, answer]
    assert table.read("id", "a") == rows


PATIENCE = {"sqlite": "PRAGMA busy_timeout = 100", "postgres": "SET lock_timeout = 100", "mysql": ""}


@every
def test_nobody_changes_a_row_between_the_look_and_the_end(table: Table) -> None:
    tried: list[str] = []

    def interfere() -> None:
        with closing(table.connected()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(PATIENCE[table.kind] or "SET innodb_lock_wait_timeout = 1")
            try:
                cursor.execute("UPDATE people SET a = 'theirs' WHERE id = '1'")
            except Exception as error:  # of whichever client
                tried.append(type(error).__name__)

    assert table.write(*EDITS, same=once(interfere)) == [DONE, DONE]
    assert tried in (["OperationalError"], ["LockNotAvailable"])
    assert table.read("a") == [(CANARY,), ("new",)]


@on_a_server
def test_two_who_wait_for_each_other_leave_nothing_of_ours(table: Table) -> None:
    """We hold the first row and want the second, somebody else the other way round: the server ends ours, who waited
    first and changed less."""
    codes = {"postgres": "40P01", "mysql": "1213"}
    with ThreadPoolExecutor(1) as pool, somebody(table) as run:
        run("UPDATE people SET a = 'theirs', b = 'theirs' WHERE id = '2'")
        ours: Future[SourceFailed] = pool.submit(table.failure, *EDITS, wait=20.0)
        time.sleep(0.4)
        run("UPDATE people SET a = 'theirs' WHERE id = '1'")
        run("COMMIT")
        error = ours.result(20)
    assert (error.code, codes[table.kind] in error.detail) == ("E462", True)
    assert table.read("a") == [("theirs",), ("theirs",)]


def test_a_reader_of_the_file_keeps_the_end_waiting_and_then_nothing_is_there(tmp_path: Path) -> None:
    table = Table("sqlite", tmp_path, None)
    table.people(("1", "x", "y"), ("2", "x", "y"))
    with closing(table.connected()) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM people").fetchall()
        assert table.failure(*EDITS, wait=0.2).code == "E462"
    assert table.read("a") == [("x",), ("x",)]


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_writing_leaves_nothing_beside_the_file(tmp_path: Path, mode: str) -> None:
    table = Table("sqlite", tmp_path, None)
    table.people(("1", "x", "y"), ("2", "x", "y"))
    table.run(f"PRAGMA journal_mode = {mode}")
    before = sorted(tmp_path.iterdir())
    assert table.write(*EDITS) == [DONE, DONE]
    assert sorted(tmp_path.iterdir()) == before


def grants(table: Table, *what: str) -> str:
    """The address for somebody who may do only this with the table."""
    assert table.database is not None
    name = "people" if table.kind == "postgres" else f"{table.database.name}.people"
    return table.database.user("weak", *(f"{grant} ON {name}" for grant in what))


@on_a_server
@pytest.mark.parametrize("what", [("SELECT",), ("SELECT", "INSERT")])
def test_who_may_only_read_is_told_so(table: Table, what: tuple[str, ...]) -> None:
    error = table.failure(*EDITS, url=grants(table, *what))
    assert (error.code, isinstance(error, AuthFailed), "`people`" in error.detail) == ("E460", True, True)
    assert table.read("a") == [("x",), ("x",)]


@on_a_server
def test_who_may_write_one_column_is_refused_the_other_alone(table: Table) -> None:
    url = grants(table, "SELECT", "UPDATE (a)")
    edits = [edit("1", a=("x", "new")), edit("2", b=("y", "new"))]
    assert table.write(*edits, url=url) == [DONE, REFUSED]
    assert table.read() == [("1", "new", "y"), ("2", "x", "y")]


@on_a_server
def test_who_is_not_let_in_is_told_why(table: Table) -> None:
    assert table.database is not None
    url = table.database.url.replace(PASSWORD, "qzxkanari-wrong")
    assert table.failure(*EDITS, url=url).code == "E430"
    assert table.failure(*EDITS, url=table.database.server.address("x", port="1")).code == "E431"


def test_rows_that_a_policy_keeps_back_are_refused_or_not_there(postgres: Any, tmp_path: Path) -> None:
    table = Table("postgres", tmp_path, postgres)
    table.people(("1", "x", "y"), ("2", "x", "hidden"), ("3", "x", "y"))
    table.run(
        "ALTER TABLE people ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY p ON people USING (b <> 'hidden') WITH CHECK (a <> 'no' AND b <> 'hidden')",
    )
    edits = [edit("1", a=("x", "new")), edit("2", a=("x", "new")), edit("3", a=("x", "no"))]
    assert table.write(*edits, url=grants(table, "SELECT", "UPDATE")) == [DONE, GONE, REFUSED]


def test_a_file_that_may_only_be_read_is_an_error(tmp_path: Path) -> None:
    """One whose header says that a newer program is needed to write it."""
    table = Table("sqlite", tmp_path, None)
    table.people(("1", "x", "y"), ("2", "x", "y"))
    data = bytearray(table.path.read_bytes())
    data[18] = 3
    table.path.write_bytes(data)
    assert (table.failure(*EDITS).code, table.read("a")) == ("E460", [("x",), ("x",)])


def test_a_file_that_is_full_is_an_error_and_nothing_is_there(tmp_path: Path) -> None:
    table = Table("sqlite", tmp_path, None)
    table.people(("1", "x", "y"), ("2", "x", "y"))
    table.run("CREATE TABLE log (entry TEXT)")
    table.run(
        "CREATE TRIGGER t AFTER UPDATE ON people BEGIN INSERT INTO log "
        "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 200) "
        "SELECT hex(zeroblob(500)) FROM n; END"
    )
    source = table.source()
    with closing(source), limited_files(200_000), pytest.raises(SourceFailed) as caught:
        source.write("id", EDITS, lambda *_: True)
    assert (caught.value.code, table.read("a")) == ("E463", [("x",), ("x",)])


@contextmanager
def limited_files(most: int) -> Iterator[None]:
    """No file grows beyond so many bytes."""
    import resource
    import signal

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.mark.parametrize("table", ["mysql"], indirect=True)
def test_a_server_that_is_only_read_is_told(table: Table) -> None:
    url = grants(table, "SELECT", "UPDATE")
    table.run("SET GLOBAL read_only = 1")
    try:
        error = table.failure(*EDITS, url=url)
    finally:
        table.run("SET GLOBAL read_only = 0")
    assert (error.code, table.read("a")) == ("E461", [("x",), ("x",)])


@on_a_server
def test_people_are_found_through_the_index(table: Table) -> None:
    """Reading every row of a table of people, once a batch, would be most of the work."""
    values = ", ".join(f"('p{n}', 'x', 'y')" for n in range(3_000))
    table.run(f"INSERT INTO people VALUES {values}")
    table.run("ANALYZE people" if table.kind == "postgres" else "ANALYZE TABLE people")
    read = {
        "postgres": "SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'people'",
        "mysql": "SELECT variable_value FROM information_schema.global_status "
        "WHERE variable_name = 'Handler_read_rnd_next'",
    }[table.kind]
    before = settled(table, read)
    edits = [edit(f"p{n}", a=("x", "new")) for n in range(20)]
    assert table.write(*edits) == [DONE] * 20
    assert settled(table, read) - before < 3_000


def settled(table: Table, read: str) -> int:
    """A count that the server keeps, once it does not move any more."""
    time.sleep(1.2 if table.kind == "postgres" else 0.0)
    return int(table.run(read)[0][0])


@every
def test_a_batch_that_is_interrupted_leaves_nothing_and_no_lock(table: Table) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        table.write(*EDITS, same=once(interrupt))
    assert table.read("a") == [("x",), ("x",)]
    assert table.write(*EDITS, wait=5.0) == [DONE, DONE]


@every
def test_several_batches_at_once_do_not_lose_each_others_values(table: Table) -> None:
    """Each counts up what it read, and reads again when somebody was faster."""
    table.run("UPDATE people SET a = '0' WHERE id = '1'")
    lost = threading.Event()

    def count() -> None:
        for _ in range(5):
            while True:
                (read,) = next(row[1:] for row in table.read("id", "a") if row[0] == "1")
                try:
                    (answer,) = table.write(edit("1", a=(read, str(int(read or 0) + 1))))
                except SourceFailed as failed:
                    assert failed.code == "E462"  # noqa: PT017 - the other answers go on
                    continue
                if answer is DONE:
                    break
                if answer is not MOVED:
                    lost.set()

    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(count) for _ in range(3)]:
            future.result(60)
    assert (lost.is_set(), table.read("id", "a")[0]) == (False, ("1", "15"))
