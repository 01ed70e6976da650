"""What a query may be: one statement that selects."""

import pytest

from reconciler.adapters.statements import MYSQL, POSTGRES, SQLITE, Dialect, Refused, statement

EVERY = (POSTGRES, MYSQL, SQLITE)


@pytest.mark.parametrize("dialect", EVERY)
@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "  select id, email from people",
        "-- who\n/* and; why */ SELECT 1",
        "((SELECT 1) UNION (SELECT 2))",
        "WITH a AS (SELECT 1 AS x), b AS (SELECT 2 AS x) SELECT * FROM a UNION SELECT * FROM b",
        "VALUES (1), (2)",
        "SELECT 'a; b', 'it''s (', \"x;y\" FROM t",
        "SELECT replace(a, 'b', 'c') FROM t",
        "SELECT t.update, t.into_what, deleted FROM t",
        "SELECT 'INTO', 'INSERT' -- DELETE FROM t; DROP TABLE t",
        "SELECT substring(a FOR 3) FROM t",
        "SELECT a -- no line break behind this",
    ],
)
def test_one_select_passes_as_it_stands(dialect: Dialect, query: str) -> None:
    assert statement(query, dialect) == query


@pytest.mark.parametrize("dialect", EVERY)
@pytest.mark.parametrize("end", [";", " ; ", ";\n;", "; -- that is all", "; /* ; */"])
def test_what_ends_it_is_left_out(dialect: Dialect, end: str) -> None:
    assert statement("SELECT ';'" + end, dialect).rstrip() == "SELECT ';'"


@pytest.mark.parametrize(
    ("dialect", "query"),
    [
        (POSTGRES, "SELECT $$; DROP$$, $a$ ; $$ ; $a$, E'\\'; DROP', 'C:\\'"),
        (POSTGRES, "SELECT /* a /* b; */ c; */ 1"),
        (POSTGRES, "SELECT a$b, $1"),
        (MYSQL, "SELECT 'a\\'; DROP', \"b\\\"; c\", `d;e` # ; DROP"),
        (MYSQL, "SELECT 5--3"),
        (MYSQL, "SELECT 1 -- ; DROP"),
        (SQLITE, "SELECT [a;b], `c;d`, 'e\\'"),
    ],
)
def test_quotes_and_comments_are_those_of_the_server(dialect: Dialect, query: str) -> None:
    assert statement(query, dialect) == query


@pytest.mark.parametrize("dialect", EVERY)
@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "begins with"),
        ("-- nothing", "begins with"),
        ("users", "begins with"),
        ("INSERT INTO t VALUES (1)", "begins with"),
        ("UPDATE t SET a = 1", "begins with"),
        ("DELETE FROM t", "begins with"),
        ("DROP TABLE t", "begins with"),
        ("EXPLAIN ANALYZE DELETE FROM t", "begins with"),
        ("/* SELECT */ CALL p()", "begins with"),
        ("(DELETE FROM t)", "begins with"),
        ("PRAGMA user_version = 3", "begins with"),
        ("SELECT 1; DROP TABLE t", "one statement"),
        ("SELECT 1; SELECT 2", "one statement"),
        ("SELECT ';'; DELETE FROM t", "one statement"),
        ("SELECT 1) AS people; DROP TABLE t; SELECT * FROM (SELECT 1", "one statement"),
        ("SELECT 1) AS a, (SELECT 2", "brackets"),
        ("SELECT (1", "brackets"),
        ("SELECT * INTO t FROM u", "would write"),
        ("SELECT a FROM t INTO OUTFILE '/tmp/x'", "would write"),
        ("WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a", "would write"),
        ("WITH a AS ( /* - */ INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM a", "would write"),
        ("WITH a AS (SELECT 1) DELETE FROM t", "would write"),
        ("WITH a AS (SELECT 1) UPDATE t SET x = 1", "would write"),
        ("SELECT * FROM t FOR UPDATE", "lock"),
        ("SELECT * FROM t FOR\n SHARE", "lock"),
        ("SELECT * FROM t LOCK IN SHARE MODE", "lock"),
    ],
)
def test_anything_else_is_refused_in_our_words(dialect: Dialect, query: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        statement(query, dialect)


@pytest.mark.parametrize(
    ("dialect", "query"),
    [
        (MYSQL, "SELECT 1 /*! INTO OUTFILE '/tmp/x' */"),
        (MYSQL, "SELECT 1 /*M!100100 ; DROP TABLE t */"),
        (MYSQL, "SELECT 1 --; DROP TABLE t"),
        (MYSQL, "SELECT '\\\\'; DROP TABLE t; -- '"),
        (POSTGRES, "SELECT 'C:\\'; DROP TABLE t; -- '"),
        (POSTGRES, "SELECT 1 # 2; DROP TABLE t"),
        (SQLITE, "SELECT 'C:\\'; DROP TABLE t; -- '"),
    ],
)
def test_nothing_hides_in_what_only_looks_like_a_quote_or_a_comment(dialect: Dialect, query: str) -> None:
    with pytest.raises(Refused):
        statement(query, dialect)


@pytest.mark.parametrize("dialect", EVERY)
def test_a_long_query_takes_no_long_time(dialect: Dialect) -> None:
    query = "SELECT " + "'" * 100_001
    assert statement(query, dialect) == query
    assert statement("SELECT 1" + "/* " * 50_000, dialect)
