"""Addresses on the move, against a walk from contact to contact."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.tables.engine import Engine
from reconciler.tables.moving import CIRCLE, Moving

COLUMNS = "ord BIGINT, idx BIGINT, m1 UBIGINT, m2 UBIGINT, moves BOOLEAN, leaves BOOLEAN"


@pytest.fixture
def engine() -> Iterator[Engine]:
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(Path(folder), "200MB", threads=1)
        yield engine
        engine.close()


def ranks(
    engine: Engine, wanted: list[int], stays: set[int], writes: bool = True, rewritten: tuple[str, ...] = ()
) -> tuple[dict[int, int], set[int]]:
    """The ranks and who does not move. Person n is linked to contact n, which has address n, and wants `wanted[n]`;
    those of `stays` were not asked for."""
    people = [(n, n, to, to, to != n, to != n and n not in stays) for n, to in enumerate(wanted)]
    engine.run(f"CREATE TABLE everybody ({COLUMNS})")
    if people:
        engine.run(f"INSERT INTO everybody VALUES {', '.join(map(str, people))}")
    engine.run("CREATE TABLE aside (ord BIGINT)")
    engine.run("CREATE VIEW ours AS SELECT ord, m1, m2 FROM everybody")
    engine.run("CREATE VIEW linked AS SELECT ord, idx, moves, leaves FROM everybody")
    engine.run(
        "CREATE VIEW theirs AS SELECT idx, idx::VARCHAR AS id, ord::UBIGINT AS m1, ord::UBIGINT AS m2, 0 AS kind"
        " FROM everybody"
    )
    moving = Moving(engine, writes, rewritten)
    moving.among_linked()
    found = dict(engine.rows(moving.ranked("SELECT ord FROM everybody")))
    return {ord: rank for ord, rank in found.items() if rank}, {n for (n,) in engine.rows("SELECT ord FROM moved")}


def walked(wanted: list[int], stays: set[int]) -> tuple[dict[int, int], set[int]]:
    """The same, one person after the other."""
    found: dict[int, int] = {}
    unmoved: set[int] = set()
    for person, to in enumerate(wanted):
        steps, at = 1, to
        while to != person and at < len(wanted) and at != person and at not in stays and wanted[at] != at:
            steps, at = steps + 1, wanted[at]
        if to == person or to >= len(wanted):
            continue
        if at >= len(wanted):
            found[person] = steps
        else:
            unmoved.add(person)
            if at == person and person not in stays:
                found[person] = CIRCLE
    first = {to for person, to in enumerate(wanted) if found.get(person) == 2}
    return found | dict.fromkeys(first, 1), unmoved


@pytest.mark.parametrize("seed", range(12))
def test_everybody_has_the_rank_that_a_walk_gives(engine: Engine, seed: int) -> None:
    chance = random.Random(seed)
    count = chance.choice([1, 2, 5, 40])
    wanted = chance.sample(range(count + chance.choice([0, 1, 5])), count)
    stays = set(chance.sample(range(count), chance.choice([0, count // 8])))
    assert ranks(engine, wanted, stays) == walked(wanted, stays)


def test_a_long_line_is_followed_to_its_end(engine: Engine) -> None:
    found, unmoved = ranks(engine, list(range(1, 5_001)), set())
    assert found == {n: 5_000 - n for n in range(5_000)}
    assert unmoved == set()


def test_where_addresses_are_not_written_nobody_takes_one(engine: Engine) -> None:
    assert ranks(engine, [1, 2], set(), writes=False) == ({}, {0})


def test_a_contact_whose_address_the_crm_rewrote_may_not_leave_it(engine: Engine) -> None:
    assert ranks(engine, [1, 2], set(), rewritten=("1",)) == ({}, {0})
