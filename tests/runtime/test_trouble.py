"""What stands in the way of an apply from outside: its own sentence, nothing half done, and the next apply goes on."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from reconciler.model.outcome import Outcome, Result
from reconciler.model.plan import Plan
from reconciler.model.problems import Failure
from reconciler.model.progress import Silent
from reconciler.runtime import pipeline
from reconciler.runtime.disk import is_full

from . import faulty_world as world
from .faulty_world import Seen

STATE = ".reconciler/reconciler"
ACCOUNT = f"{STATE}/accounts/acct"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    world.before(folder)
    world.changed(folder)
    return folder


@pytest.fixture(scope="module")
def calm(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    folder = world.copied(template, tmp_path_factory.mktemp("calm") / "world")
    world.apply(folder)
    return world.seen(folder)


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return world.copied(template, tmp_path / "world")


def finished(folder: Path, calm: Seen) -> None:
    """One more apply leads to what an undisturbed one would have led to, and nothing is left to do."""
    assert world.apply(folder).result in (Result.APPLIED, Result.NONE)
    found = world.seen(folder)
    assert (found.fields, found.tags, found.by_email()) == (calm.fields, calm.tags, calm.by_email())
    assert not world.plan(folder).pending


def at(number: int) -> Callable[[], bool]:
    """A stop that is asked for at the given write, and not taken back."""
    asked = iter(range(1, 1000))
    return lambda: next(asked) >= number


WRITES = [1, 2, 9, 12, 13, 15, 19, 24, 26, 27]  # inventory, contacts, taggings, removals


@pytest.mark.parametrize("number", WRITES)
def test_a_stop_is_obeyed_before_any_write_and_the_next_apply_goes_on(folder: Path, calm: Seen, number: int) -> None:
    outcome = world.apply(folder, at(number))
    assert outcome.result is Result.INTERRUPTED
    assert [p.code for p in outcome.problems] == ["E516"]
    assert sum(call.calls for call in outcome.calls if call.write) == number - 1
    finished(folder, calm)


class Died(BaseException):
    """The process is gone: nobody catches this."""


@pytest.mark.parametrize("number", WRITES)
def test_an_apply_that_died_before_a_write_is_gone_on_with(folder: Path, calm: Seen, number: int) -> None:
    stop = at(number)

    def die() -> bool:
        if stop():
            raise Died
        return False

    with suppress(Died):
        world.apply(folder, die)
    assert [p.code for p in world.plan(folder).problems] == ["E512"]
    finished(folder, calm)


@pytest.mark.parametrize("calls", [0, 3, 4, 5, 8, 15, 16, 18, 20, 24, 29, 33])
def test_no_more_calls_are_made_than_allowed_and_the_next_apply_goes_on(folder: Path, calm: Seen, calls: int) -> None:
    outcome = world.apply(folder, max_calls=calls)
    assert outcome.result is Result.PARTIAL
    assert [p.code for p in outcome.problems] == ["E517"]
    assert sum(call.calls for call in outcome.calls) <= max(calls, 4)  # reading is always to the end
    finished(folder, calm)


def test_as_many_calls_as_the_plan_says_are_enough(folder: Path, calm: Seen) -> None:
    cost = world.plan(folder).cost
    outcome = world.apply(folder, max_calls=cost.reads + cost.writes)
    assert outcome.result is Result.APPLIED
    assert outcome.calls == cost.endpoints


def test_an_apply_goes_on_from_call_to_call_until_nothing_is_left(folder: Path, calm: Seen) -> None:
    results: list[Result] = []
    while not results or results[-1] is Result.PARTIAL:
        results.append(world.apply(folder, max_calls=8).result)
        assert len(results) < 20
    assert results[-1] is Result.APPLIED
    assert len(results) > 5
    finished(folder, calm)


class Between(Silent):
    """Does something once, in the middle of a plan or an apply."""

    def __init__(self, stage: str, act: Callable[[], object]) -> None:
        self._stage, self._act = stage, act
        self.acted = 0

    def stage(self, name: str, total: int | None = None) -> None:
        if self._stage in name and not self.acted:
            self.acted += 1
            self._act()


def test_a_plan_can_be_made_in_the_middle_of_an_apply_and_spoils_nothing(folder: Path, calm: Seen) -> None:
    made: list[Plan] = []
    between = Between("contacts", lambda: made.append(world.plan(folder)))
    assert world.apply(folder, progress=between).result is Result.APPLIED
    assert between.acted == 1
    assert made[0].pending
    finished(folder, calm)


def test_a_second_apply_in_the_middle_of_an_apply_is_refused_and_spoils_nothing(folder: Path, calm: Seen) -> None:
    codes: list[str] = []

    def second() -> None:
        with pytest.raises(Failure) as failure:
            world.apply(folder)
        codes.extend(p.code for p in failure.value.problems)

    assert world.apply(folder, progress=Between("contacts", second)).result is Result.APPLIED
    assert codes == ["E507"]
    finished(folder, calm)


def test_an_apply_while_somebody_is_asked_about_a_plan_leaves_nothing_to_do(folder: Path, calm: Seen) -> None:
    made = world.plan(folder)
    assert world.apply(folder).result is Result.APPLIED
    assert made.contacts.create == sum(
        1 for batch in made.people.batches() for row in batch.to_pylist() if not row["contact"]
    )
    finished(folder, calm)


def test_what_somebody_else_does_between_plan_and_apply_is_neither_doubled_nor_overwritten(folder: Path) -> None:
    """A contact made meanwhile is taken over: linked, filled where the file may overwrite, and without the tags and
    values that only our own creations get."""

    def meanwhile(_plan: Plan) -> bool:
        with closing(world.opened(folder)) as crm:
            crm.add([{"email": "P200@example.org", "first_name": "Theirs"}])
        return True

    outcome = pipeline.apply(world.request(folder), meanwhile, lambda: False)
    assert outcome.result is Result.APPLIED
    assert outcome.written.recovered == 1
    contact = next(c for c in world.seen(folder).contacts.values() if str(c["email"]).lower() == "p200@example.org")
    assert contact["city"] == "City 4"
    assert contact["source"] is None
    assert "Welcome" not in contact["$tags"]  # type: ignore[operator]  # a list
    assert not world.plan(folder).pending


def outcome_codes(act: Callable[[], Outcome | Plan]) -> list[str]:
    with pytest.raises(Failure) as failure:
        act()
    return [p.code for p in failure.value.problems]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{STATE}/key", "E501"),
        (f"{STATE}/lock", "E501"),
        (f"{STATE}/current", "E501"),
        (f"{ACCOUNT}/state.db", "E501"),
        (f"{ACCOUNT}/journal.db", "E501"),
        ("crm.db", "E322"),
    ],
)
def test_a_folder_where_a_file_should_be_has_its_sentence(folder: Path, path: str, code: str) -> None:
    (folder / path).unlink()
    (folder / path).mkdir()
    assert outcome_codes(lambda: world.plan(folder)) == [code]
    assert outcome_codes(lambda: world.apply(folder)) == [code]


@pytest.fixture
def forbidding(tmp_path: Path) -> None:
    """Modes of files mean something to whoever runs the tests."""
    probe = tmp_path / "probe"
    probe.touch(mode=0o400)
    if os.access(probe, os.W_OK):
        pytest.skip("this user may write everywhere")


@pytest.mark.usefixtures("forbidding")
@pytest.mark.parametrize(
    ("path", "mode", "code"),
    [
        (STATE, 0o000, "E501"),
        (ACCOUNT, 0o500, "E501"),
        (f"{STATE}/tmp", 0o500, "E501"),
        (f"{STATE}/key", 0o000, "E501"),
        (f"{STATE}/lock", 0o400, "E501"),
        (f"{ACCOUNT}/state.db", 0o400, "E501"),
        (f"{ACCOUNT}/journal.db", 0o400, "E501"),
        ("crm.db", 0o400, "E322"),
        ("people.csv", 0o000, "E403"),
    ],
)
def test_what_may_not_be_written_has_its_sentence_and_is_gone_on_with(
    folder: Path, calm: Seen, path: str, mode: int, code: str
) -> None:
    before = (folder / path).stat().st_mode
    (folder / path).chmod(mode)
    try:
        assert outcome_codes(lambda: world.plan(folder)) == [code]
        assert outcome_codes(lambda: world.apply(folder)) == [code]
    finally:
        (folder / path).chmod(before)
    finished(folder, calm)


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR | 19 << 8])
def test_sqlite_that_finds_no_room_for_its_side_files_means_a_full_disk(code: int) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    assert is_full(error, free=0)
    assert not is_full(error, free=1 << 30)
    assert not is_full(error)
    assert not is_full(sqlite3.DatabaseError("file is not a database"), free=0)
