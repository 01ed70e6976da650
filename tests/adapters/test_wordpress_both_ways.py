"""A site's people are the same by SQL and by REST, on MariaDB and on SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers.wordpress import Site
from wordpress_people import COLUMNS, ODD, by_rest, by_sql, fill, rows
from wordpress_world import World, people

MANY = 1_000
every = pytest.mark.parametrize("wordpress", ["mysql", "sqlite"], indirect=True)


def said(found: list[tuple[str | None, ...]]) -> dict[str, dict[str, str]]:
    """By number. That somebody lacks a key and that it is blank is one to REST, as to whoever reads it."""
    return {str(row[0]): {name: text or "" for name, text in zip(COLUMNS, row, strict=True)} for row in found}


@every
def test_both_ways_give_the_same_people_in_the_same_order(wordpress: Site) -> None:
    fill(wordpress, MANY)
    by_tables, by_api = (said(rows(options, *COLUMNS)) for options in (by_sql(wordpress), by_rest(wordpress)))
    assert len(by_tables) == MANY + len(ODD) + 1
    assert list(by_api) == list(by_tables)
    others = [
        (by_tables[number]["user_login"], name, by_tables[number][name], text)
        for number, person in by_api.items()
        for name, text in person.items()
        if by_tables[number][name] != text
    ]
    assert "\n".join(map(str, others)) == ""


@every
def test_both_ways_plan_the_same_and_after_one_was_applied_the_other_finds_nothing_to_do(
    wordpress: Site, tmp_path: Path
) -> None:
    fill(wordpress, 50)
    by_tables, by_api = World(tmp_path / "sql", by_sql(wordpress)), World(tmp_path / "rest", by_rest(wordpress))
    planned = by_tables.plan()
    assert people(by_api.plan()) == people(planned)
    assert len(people(planned)) == 50 + len(ODD)  # with the administrator, and without who has no e-mail
    by_tables.apply()
    World(tmp_path / "sql", by_rest(wordpress))
    assert people(by_api_after := World(tmp_path / "sql", by_rest(wordpress)).plan()) == {}
    assert not by_api_after.pending
