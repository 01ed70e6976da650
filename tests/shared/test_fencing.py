"""Of two who hold themselves for the one that may write, one writes."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from datetime import timedelta
from pathlib import Path

import pytest
from servers.buckets import Bucket
from servers.databases import Database

from reconciler.model.outcome import Outcome, Result
from reconciler.model.problems import Exit, Failure
from reconciler.runtime import pipeline

from .places import S3, Postgres, World
from .runs import Team, person


@pytest.fixture
def team(tmp_path: Path, world: World) -> Team:
    return Team(tmp_path, world)


def at_write(number: int, act: Callable[[], object]) -> Callable[[], bool]:
    """What is asked before every write: at that one something happens."""
    writes = iter(range(1_000))

    def stop() -> bool:
        if next(writes) == number:
            Context().run(act)  # on another machine nothing is known of this run
        return False

    return stop


@pytest.mark.parametrize("write", [0, 2, 4, 5])
def test_who_was_taken_for_dead_writes_no_more(team: Team, write: int) -> None:
    """It slept before one of its writes; meanwhile another machine did all of it, and people moved on."""

    def meanwhile() -> None:
        team.world.run_out()
        team.apply()
        team.people(*(person(number, nick="Bo") for number in range(5)))
        team.apply()
        after.append(team.contacts())

    after: list[object] = []
    with pytest.raises(Failure) as caught:
        team.apply(stop=at_write(write, meanwhile))
    assert [p.code for p in caught.value.problems] == ["E584"]
    assert caught.value.exit is Exit.INTERRUPTED
    assert [team.contacts()] == after
    found = pipeline.status(team.request())
    assert (found.unfinished, found.apply.result) == (None, "applied")
    assert not team.plan().pending


def test_who_slept_and_was_not_missed_goes_on(team: Team) -> None:
    def sleep() -> None:
        team.clock[0] += timedelta(hours=1)
        team.world.run_out()

    assert team.apply(stop=at_write(3, sleep)).result is Result.APPLIED
    assert not team.plan().pending


def test_a_lease_that_somebody_took_and_gave_back_is_lost_all_the_same(team: Team) -> None:
    def meanwhile() -> None:
        assert "process" in pipeline.release(team.request())
        team.apply()

    with pytest.raises(Failure, match="E584"):
        team.apply(stop=at_write(2, meanwhile))
    assert len(team.contacts()) == 5


def test_another_apply_is_told_who_has_the_lease(team: Team) -> None:
    found: list[str] = []

    def meanwhile() -> None:
        with pytest.raises(Failure) as caught:
            team.apply()
        found.append(caught.value.problems[0].detail)
        found.extend(p.detail for p in team.plan().problems if p.code == "E513")
        found.append(pipeline.status(team.request()).lock)

    assert team.apply(stop=at_write(1, meanwhile)).result is Result.APPLIED
    assert len(found) == 3
    assert all(f"process {os.getpid()}, which last said" in said for said in found)
    assert pipeline.status(team.request()).lock == ""


def test_runners_that_race_do_it_once(team: Team) -> None:
    def run(_: int) -> Outcome | str:
        try:
            return team.apply()
        except Failure as failure:
            return failure.problems[0].code

    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(run, range(3)))
    results = [e.result for e in ended if isinstance(e, Outcome)]
    assert results.count(Result.APPLIED) == 1
    assert {e for e in ended if isinstance(e, str)} <= {"E580"}
    assert len(team.contacts()) == 5
    assert not team.plan().pending


def test_a_connection_that_is_cut_is_made_anew(tmp_path: Path, postgres: Database) -> None:
    team = Team(tmp_path, Postgres(postgres))

    def cut() -> None:
        postgres.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    assert team.apply(stop=at_write(3, cut)).result is Result.APPLIED
    assert not team.plan().pending


def test_tables_that_are_removed_while_an_apply_writes_stop_it(tmp_path: Path, postgres: Database) -> None:
    team = Team(tmp_path, Postgres(postgres))
    with pytest.raises(Failure, match="E591"):
        team.apply(stop=at_write(4, team.world.lose))
    assert team.contacts() == []
    assert team.apply().result is Result.APPLIED
    assert len(team.contacts()) == 5


def test_a_bucket_that_is_emptied_while_an_apply_writes_is_filled_at_its_end(tmp_path: Path, bucket: Bucket) -> None:
    team = Team(tmp_path, S3(bucket))
    assert team.apply(stop=at_write(4, team.world.lose)).result is Result.APPLIED
    assert pipeline.status(team.request()).counts["links"] == 5
    assert not team.plan().pending
