"""Values go back into a table: what was not what it had been is left, what is not kept as meant is undone."""

from __future__ import annotations

import pytest
from filled import CANARY
from servers.databases import quoted
from test_source_contract import COLUMNS, TEXTS
from writable import KINDS, Table, edit, literal, once

from reconciler.adapters.source import Edit, Writable, Wrote

DONE, MOVED, GONE, SEVERAL, ALTERED, REFUSED = Wrote
every = pytest.mark.parametrize("table", KINDS, indirect=True)


def on(*kinds: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("table", kinds, indirect=True)


@every
def test_what_is_written_is_read_again_and_nothing_else_changed(table: Table) -> None:
    table.people(("1", "x", "y"), ("2", "x", "y"), ("3", "x", "y"))
    assert table.write(edit("2", a=("x", "new")), edit("1", b=("y", "b"), a=("x", "a"))) == [DONE, DONE]
    assert table.read() == [("1", "a", "b"), ("2", "new", "y"), ("3", "x", "y")]


@every
def test_any_text_goes_into_any_column_of_any_person(table: Table) -> None:
    """And no name of a column, a table or a person is taken for something else."""
    name = "it's %s {0} ?"
    text = "longtext" if table.kind == "mysql" else "text"
    columns = [quoted(table.kind, column) for column in COLUMNS]
    people = quoted(table.kind, name)
    table.run(f"CREATE TABLE {people} ({', '.join(f'{column} {text}' for column in columns)})")
    odd = [text for text in TEXTS if text and len(text) < 99]
    places = ", ".join(columns[:1])
    for person in odd:
        value = literal(person).replace("\\", "\\\\") if table.kind == "mysql" else literal(person)
        table.run(f"INSERT INTO {people} ({places}) VALUES ({value})")
    edits = [
        Edit(person, {column: (None, TEXTS[(row + at) % len(TEXTS)]) for at, column in enumerate(COLUMNS[1:])})
        for row, person in enumerate(odd)
    ]
    assert table.write(*edits, table=name, person=COLUMNS[0]) == [DONE] * len(edits)
    meant = {edit.person: [text for _, text in edit.cells.values()] for edit in edits}
    assert {str(row[0]): list(row[1:]) for row in table.read(*COLUMNS, table=name)} == meant


@every
def test_a_cell_that_moved_keeps_the_whole_row_from_being_written(table: Table) -> None:
    table.people(("1", "moved", "y"), ("2", "x", "y"))
    assert table.write(edit("1", a=("x", "new"), b=("y", "new")), edit("2", a=("x", "new"))) == [MOVED, DONE]
    assert table.read() == [("1", "moved", "y"), ("2", "new", "y")]


@every
def test_a_cell_that_is_only_looked_at_guards_the_row_too(table: Table) -> None:
    table.people(("1", "x", "moved"))
    assert table.write(edit("1", a=("x", "new"), b=("y", "y"))) == [MOVED]
    assert table.read() == [("1", "x", "moved")]


@every
def test_null_and_empty_are_the_same_thing_when_the_row_is_judged(table: Table) -> None:
    table.people(("1", None, ""), ("2", "", None))
    edits = [edit(person, a=("", "new"), b=(None, "new")) for person in ("1", "2")]
    assert table.write(*edits) == [DONE, DONE]
    assert table.read() == [("1", "new", "new"), ("2", "new", "new")]


@every
def test_a_person_who_is_gone_and_one_who_is_there_twice_are_left(table: Table) -> None:
    table.run("CREATE TABLE people (id varchar(9), a varchar(9))")
    table.run("INSERT INTO people VALUES ('1', 'x'), ('2', 'x'), ('2', 'x'), ('4', 'x')")
    edits = [edit(person, a=("x", "new")) for person in ("3", "2", "1", "4 ", "\ud800", "")]
    assert table.write(*edits) == [GONE, SEVERAL, DONE, GONE, GONE, GONE]
    assert table.read() == [("1", "new"), ("2", "x"), ("2", "x"), ("4", "x")]


CASELESS = {
    "sqlite": ("varchar(9) COLLATE NOCASE",),
    "mysql": ("varchar(9) COLLATE utf8mb4_general_ci",),
    "postgres": ("varchar(9) COLLATE caseless",),
}


@every
def test_people_whom_only_large_and_small_letters_tell_apart_are_two(table: Table) -> None:
    if table.kind == "postgres":
        table.run("CREATE COLLATION caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)")
    table.run(f"CREATE TABLE people (id {CASELESS[table.kind][0]}, a varchar(9))")
    table.run("INSERT INTO people VALUES ('ab', 'x'), ('AB', 'x'), ('Cd', 'x')")
    edits = [edit("AB", a=("x", "new")), edit("cd", a=("x", "new"))]
    assert table.write(*edits) == [DONE, GONE]
    assert table.read() == [("AB", "new"), ("Cd", "x"), ("ab", "x")]


@every
def test_nothing_is_null_where_the_column_takes_it_and_else_an_empty_text(table: Table) -> None:
    kinds = "a varchar(9), b varchar(9) NOT NULL, n int, m int"
    table.people(("1", "x", "y", "1", "2"), columns=kinds)
    assert table.write(edit("1", a=("x", None), b=("y", None), n=("1", None))) == [DONE]
    assert table.run("SELECT a, b, n, m FROM people") == [(None, "", None, 2)]


@every
def test_a_column_that_takes_no_nothing_refuses_it(table: Table) -> None:
    check = {"sqlite": " CHECK (typeof(n) = 'integer')"}.get(table.kind, "")
    table.people(("1", "1", "x"), columns=f"n int NOT NULL{check}, a varchar(9)")
    assert table.write(edit("1", n=("1", None), a=("x", None))) == [REFUSED]
    assert table.read() == [("1", "1", "x")]


@every
def test_a_check_that_takes_no_null_gets_an_empty_text(table: Table) -> None:
    table.people(("1", "x", "y"), columns="a varchar(9) CHECK (a IS NOT NULL), b varchar(9)")
    assert table.write(edit("1", a=("x", None))) == [DONE]
    assert table.run("SELECT a FROM people") == [("",)]


@every
@pytest.mark.parametrize("columns", ["a varchar(9) UNIQUE", "a varchar(9) CHECK (a <> 'new')"])
def test_a_value_that_is_refused_is_refused_alone(table: Table, columns: str) -> None:
    table.people(("1", "x"), ("2", "y"), ("3", "z"), ("4", "new " if "UNIQUE" in columns else "w"), columns=columns)
    refused = "new " if "UNIQUE" in columns else "new"
    edits = [edit("1", a=("x", "u")), edit("2", a=("y", refused)), edit("3", a=("z", "v"))]
    assert table.write(*edits) == [DONE, REFUSED, DONE]
    assert [row[1] for row in table.read()][:3] == ["u", "y", "v"]


@every
def test_half_of_a_character_is_refused(table: Table) -> None:
    table.people(("1", "x", "y"), ("2", "x", "y"))
    assert table.write(edit("1", a=("x", "\ud83d")), edit("2", a=("x", "\U0001f642"))) == [REFUSED, DONE]
    assert table.read() == [("1", "x", "y"), ("2", "\U0001f642", "y")]


@every
def test_a_nul_is_kept_whole_or_refused(table: Table) -> None:
    table.people(("1", "x", "y"))
    answers = table.write(edit("1", a=("x", "a\0b")))
    assert (answers, table.read("a")) == (([REFUSED], [("x",)]) if table.kind == "postgres" else ([DONE], [("a\0b",)]))


FIXED = {
    "sqlite": (
        "CREATE TRIGGER fix AFTER UPDATE ON people WHEN NEW.a = 'alter' OR NEW.a IS NULL "
        "BEGIN UPDATE people SET a = 'other' WHERE id = NEW.id; END",
    ),
    "postgres": (
        "CREATE FUNCTION fix() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.a = 'alter' OR NEW.a IS NULL THEN NEW.a := 'other'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER fix BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION fix()",
    ),
    "mysql": (
        "CREATE TRIGGER fix BEFORE UPDATE ON people FOR EACH ROW "
        "SET NEW.a = IF(NEW.a = 'alter' OR NEW.a IS NULL, 'other', NEW.a)",
    ),
}


@every
def test_what_a_trigger_alters_is_undone_and_the_others_go_on(table: Table) -> None:
    table.people(("1", "x", "y"), ("2", "x", "y"), ("3", "x", "y"))
    table.run(*FIXED[table.kind])
    edits = [edit("1", a=("x", "new")), edit("2", a=("x", "alter"), b=("y", "new")), edit("3", b=("y", "new"))]
    assert table.write(*edits) == [DONE, ALTERED, DONE]
    assert table.read() == [("1", "new", "y"), ("2", "x", "y"), ("3", "x", "new")]


@every
def test_where_a_trigger_takes_no_null_an_empty_text_is_written(table: Table) -> None:
    table.people(("1", "x", "y"))
    table.run(*FIXED[table.kind])
    assert table.write(edit("1", a=("x", None))) == [DONE]
    assert table.run("SELECT a FROM people") == [("",)]


@every
def test_the_caller_says_what_is_the_same(table: Table) -> None:
    table.people(("1", "x", "y"))
    table.run(*FIXED[table.kind])
    asked = []

    def same(column: str, meant: str | None, kept: str | None) -> bool:
        asked.append((column, meant, kept))
        return True

    assert table.write(edit("1", a=("x", "alter")), same=same) == [DONE]
    assert (asked, table.read("a")) == ([("a", "alter", "other")], [("other",)])


NEIGHBOURS = {
    "sqlite": FIXED["sqlite"][0].replace("id = NEW.id", "id = '1'"),
    "postgres": (
        "CREATE FUNCTION fix() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.a = 'alter' THEN UPDATE people SET a = 'other' WHERE id = '1'; END IF; RETURN NULL; END $$",
        "CREATE TRIGGER fix AFTER UPDATE ON people FOR EACH ROW EXECUTE FUNCTION fix()",
    ),
}


@on("sqlite", "postgres")
def test_a_trigger_that_alters_a_neighbour_is_noticed_there(table: Table) -> None:
    """MySQL lets no trigger change the table that it belongs to."""
    table.people(("1", "x", "y"), ("2", "x", "y"))
    statements = NEIGHBOURS[table.kind]
    table.run(*([statements] if isinstance(statements, str) else statements))
    assert table.write(edit("1", a=("x", "new")), edit("2", a=("x", "alter"))) == [ALTERED, DONE]
    assert table.read("id", "a") == [("1", "other"), ("2", "alter")]


COUNTED = {
    "sqlite": ("CREATE TRIGGER c AFTER UPDATE ON people BEGIN INSERT INTO seen VALUES (NEW.id); END",),
    "postgres": (
        "CREATE FUNCTION c() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO seen VALUES (NEW.id); RETURN NEW; END $$",
        "CREATE TRIGGER c AFTER UPDATE ON people FOR EACH ROW EXECUTE FUNCTION c()",
    ),
    "mysql": ("CREATE TRIGGER c AFTER UPDATE ON people FOR EACH ROW INSERT INTO seen VALUES (NEW.id)",),
}


@every
def test_triggers_see_what_is_done_and_nothing_else(table: Table) -> None:
    table.people(("1", "x", "y"), ("2", "x", "y"), ("3", "moved", "y"), ("4", "x", "y"))
    table.run("CREATE TABLE seen (id varchar(9))", *COUNTED[table.kind])
    table.write(*(edit(person, a=("x", "new")) for person in ("1", "2", "3")), same=once(lambda: None, answer=False))
    assert table.run("SELECT id FROM seen") == [("2",)]


SHORT = {"postgres": ("numeric(5,2)", "1.234"), "mysql": ("varchar(3)", "abcdef")}


@on("postgres", "mysql")
def test_a_value_that_the_server_cuts_without_a_word_is_undone(table: Table) -> None:
    kind, long = SHORT[table.kind]
    table.people(("1", "1", "y"), ("2", "1", "y"), columns=f"a {kind}, b varchar(9)")
    before = table.read()
    if table.kind == "mysql":
        mode = table.run("SELECT @@GLOBAL.sql_mode")[0][0]
        table.run("SET GLOBAL sql_mode = ''")
    try:
        read = before[0][1]
        assert table.write(edit("1", a=(read, long), b=("y", "new")), edit("2", b=("y", "new"))) == [ALTERED, DONE]
        if table.kind == "mysql":
            assert table.write(edit("1", b=("y", "long" * 9))) == [ALTERED]
    finally:
        if table.kind == "mysql":
            table.run(f"SET GLOBAL sql_mode = '{mode}'")
    assert table.read() == [before[0], ("2", before[1][1], "new")]


@every
def test_a_person_who_becomes_another_is_undone(table: Table) -> None:
    table.people(("1", "x", "y"))
    assert table.write(edit("1", id=("1", "5"), a=("x", "new"))) == [ALTERED]
    assert table.read() == [("1", "x", "y")]


@every
def test_two_edits_of_one_person_are_both_done(table: Table) -> None:
    table.people(("1", "x", "y"))
    assert table.write(edit("1", a=("x", "new")), edit("1", b=("y", "new"))) == [DONE, DONE]
    assert table.read() == [("1", "new", "new")]


@every
def test_no_edit_needs_no_database(table: Table) -> None:
    assert table.write() == []
    assert not table.path.exists()


@every
def test_an_edit_without_cells_says_whether_the_person_is_there(table: Table) -> None:
    table.people(("1", "x", "y"))
    assert table.write(edit("1"), edit("2")) == [DONE, GONE]


@every
def test_a_batch_is_as_large_as_it_says(table: Table) -> None:
    table.run("CREATE TABLE people (id varchar(9) PRIMARY KEY, a varchar(9))")
    at_once = table.source().at_once
    rows = ", ".join(f"('{n}', 'x')" for n in range(at_once + 1))
    table.run(f"INSERT INTO people VALUES {rows}")
    assert table.write(*(edit(str(n), a=("x", str(n))) for n in range(at_once))) == [DONE] * at_once
    assert sorted(table.read("id", "a")) == sorted([*((str(n), str(n)) for n in range(at_once)), (str(at_once), "x")])


@every
def test_a_query_takes_nothing_back_and_says_so(table: Table) -> None:
    table.people(("1", "x", "y"))
    source = table.source(table=None, query="SELECT * FROM people")
    assert isinstance(source, Writable)
    assert source.cannot_write() == "it is a query, and only a `table` takes values back"
    error = table.failure(edit("1", a=("x", "new")), table=None, query="SELECT * FROM people")
    assert (error.code, table.source().cannot_write()) == ("E461", "")


@every
@pytest.mark.parametrize("cells", [{"nothing": ("x", "new")}, {"A": ("x", "new")}, {"id ": ("1", "1")}])
def test_a_column_that_is_not_there_is_an_error(table: Table, cells: dict[str, tuple[str, str]]) -> None:
    table.people(("1", "x", "y"))
    error = table.failure(Edit("1", cells))
    assert (error.code, f"`{next(iter(cells))}`" in error.detail) == ("E414", True)


@every
def test_a_table_that_is_not_there_is_an_error_and_nothing_is_made(table: Table) -> None:
    if table.kind == "sqlite":
        assert table.failure(edit("1", a=("x", "new"))).code == "E401"
        assert not table.path.exists()
    table.people(("1", "x", "y"))
    assert table.failure(edit("1", a=("x", "new")), table="nobody").code == "E433"


@every
def test_a_view_that_cannot_be_updated_is_an_error(table: Table) -> None:
    table.people(("1", CANARY, "y"), ("2", CANARY, "y"))
    table.run("CREATE VIEW together AS SELECT max(id) AS id, a FROM people GROUP BY a")
    error = table.failure(edit("2", a=(CANARY, "new")), table="together")
    assert (error.code, "`together`" in error.detail, "view" in error.detail) == ("E461", True, True)
    assert [row[1] for row in table.read()] == [CANARY, CANARY]


WAY_THROUGH = "CREATE TRIGGER w INSTEAD OF UPDATE ON active BEGIN UPDATE people SET a = NEW.a WHERE id = NEW.id; END"


@on("sqlite", "postgres")
def test_a_view_that_can_be_updated_is_written_through(table: Table) -> None:
    table.people(("1", "x", "y"), ("2", "x", "y"), columns="a varchar(9) NOT NULL, b varchar(9)")
    table.run("CREATE VIEW active AS SELECT id, a, a || '!' AS loud FROM people WHERE b = 'y'")
    table.run(*([WAY_THROUGH] if table.kind == "sqlite" else []))
    edits = [edit("1", a=("x", None)), edit("2", loud=("x!", "y!"))]
    assert table.write(*edits, table="active") == [DONE, ALTERED if table.kind == "sqlite" else REFUSED]
    assert table.read("id", "a") == [("1", ""), ("2", "x")]


@on("mysql")
def test_a_view_of_mysql_is_refused_because_nobody_knows_what_it_could_undo(table: Table) -> None:
    table.people(("1", "x", "y"))
    table.run("CREATE VIEW active AS SELECT id, a FROM people")
    assert table.failure(edit("1", a=("x", "new")), table="active").code == "E461"


@on("mysql")
@pytest.mark.parametrize("engine", ["MyISAM", "Aria", "MEMORY"])
def test_a_table_that_cannot_undo_is_refused(table: Table, engine: str) -> None:
    table.run(f"CREATE TABLE people (id varchar(9), a varchar(9)) ENGINE={engine}")
    table.run("INSERT INTO people VALUES ('1', 'x')")
    error = table.failure(edit("1", a=("x", "new")))
    assert (error.code, table.read()) == ("E461", [("1", "x")])


@on("sqlite")
@pytest.mark.parametrize("action", ["REPLACE", "ROLLBACK", "IGNORE", "FAIL"])
def test_what_a_table_does_about_a_conflict_of_its_own_is_not_done(table: Table, action: str) -> None:
    table.people(("1", "x"), ("2", "y"), ("3", "z"), columns=f"a varchar(9) UNIQUE ON CONFLICT {action}")
    assert table.write(edit("3", a=("z", "new")), edit("1", a=("x", "y"))) == [DONE, REFUSED]
    assert table.read() == [("1", "x"), ("2", "y"), ("3", "new")]


@on("sqlite")
@pytest.mark.parametrize(("action", "code"), [("ROLLBACK", "E463"), ("FAIL", ""), ("ABORT", ""), ("IGNORE", "")])
def test_a_trigger_may_refuse_in_every_way_and_nothing_half_stays(table: Table, action: str, code: str) -> None:
    table.people(("1", "x", "y"), ("2", "x", "y"))
    said = "" if action == "IGNORE" else f", '{CANARY}'"
    table.run(
        f"CREATE TRIGGER t AFTER UPDATE ON people WHEN NEW.a = 'no' BEGIN SELECT RAISE({action}{said}); END",
    )
    edits = [edit("1", a=("x", "new")), edit("2", a=("x", "no"))]
    if code:
        assert (table.failure(*edits).code, table.read("a")) == (code, [("x",), ("x",)])
    elif action == "IGNORE":  # what was done before stays done, and is what was meant
        assert (table.write(*edits), table.read("a")) == ([DONE, DONE], [("new",), ("no",)])
    else:
        assert (table.write(*edits), table.read("a")) == ([DONE, REFUSED], [("new",), ("x",)])


@on("postgres")
def test_a_constraint_that_waits_for_the_end_refuses_alone_too(table: Table) -> None:
    table.people(("1", "x"), ("2", "y"), columns="a varchar(9) UNIQUE DEFERRABLE INITIALLY DEFERRED")
    assert table.write(edit("1", a=("x", "y")), edit("2", a=("y", "z"))) == [REFUSED, DONE]


@on("postgres", "mysql")
def test_triggers_and_defaults_work_in_the_servers_own_time_zone(table: Table) -> None:
    table.people(("1", "x", "+05:45"))
    table.run(*COUNTED_ZONE[table.kind], "CREATE TABLE zones (zone varchar(40))")
    before = table.run("SELECT @@GLOBAL.time_zone")[0][0] if table.kind == "mysql" else ""
    assert table.database is not None
    own = {
        "postgres": f"ALTER DATABASE {table.database.name} SET timezone = 'Asia/Kathmandu'",
        "mysql": "SET GLOBAL time_zone = '+05:45'",
    }
    table.run(own[table.kind])
    try:
        assert table.write(edit("1", a=("x", "new"))) == [DONE]
    finally:
        if before:
            table.run(f"SET GLOBAL time_zone = '{before}'")
    assert table.run("SELECT zone FROM zones") == [("Asia/Kathmandu" if table.kind == "postgres" else "+05:45",)]


COUNTED_ZONE = {
    "postgres": (
        COUNTED["postgres"][0].replace("seen VALUES (NEW.id)", "zones VALUES (current_setting('timezone'))"),
        COUNTED["postgres"][1],
    ),
    "mysql": (COUNTED["mysql"][0].replace("seen VALUES (NEW.id)", "zones VALUES (@@SESSION.time_zone)"),),
}
