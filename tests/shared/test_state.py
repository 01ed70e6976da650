"""State for machines that forget: whatever machine runs next knows what the last one knew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.model.outcome import Result
from reconciler.model.problems import Exit, Failure
from reconciler.report.document import plan_document
from reconciler.runtime import pipeline
from reconciler.runtime.folder import Folder

from .places import KEY, World, files, opened
from .runs import CANARY, Team, person


@pytest.fixture
def team(tmp_path: Path, world: World) -> Team:
    return Team(tmp_path, world)


def failed(act: object, *arguments: object, **more: object) -> tuple[str, Exit, str]:
    """Code, exit and all words of what it failed with."""
    with pytest.raises(Failure) as caught:
        act(*arguments, **more)  # type: ignore[operator]  # any function
    found = caught.value.problems[0]
    return found.code, caught.value.exit, f"{found.summary} {found.detail} {found.fix}"


def what_is_left(team: Team, runner: Path | None = None) -> dict[str, object]:
    """A plan as its document, without what each has of its own."""
    return json.loads(plan_document(team.plan(runner)).model_dump_json(exclude={"id", "file"}))  # type: ignore[no-any-return]


def test_a_machine_that_knows_nothing_goes_on_where_another_one_ended(team: Team) -> None:
    assert team.apply().result is Result.APPLIED
    assert len(team.contacts()) == 5
    made = team.plan()
    assert not made.pending
    assert made.drift_since  # what was agreed on came along
    team.edit(city="Theirs")
    assert team.apply().result is Result.APPLIED
    assert "Theirs" in (team.folder / "people.csv").read_text()  # what was agreed on, value by value
    assert not team.plan().pending


def test_what_is_shown_of_a_run_comes_along(team: Team) -> None:
    run = team.apply().run
    assert pipeline.shown(team.request(), "last").document.outcome == "applied"
    assert [row.run.run for row in pipeline.kept_runs(team.request())] == [run]
    found = pipeline.status(team.request())
    assert (found.apply.run, found.counts["links"], found.lock) == (run, 5, "")
    with opened(team.world) as store:
        assert found.shared.endswith(f", `north`, version {store.numbers()[-1]}")


def test_a_plan_leaves_no_trace_in_the_shared_state(team: Team) -> None:
    team.plan()
    with opened(team.world) as store:
        assert list(store.numbers()) == []
    team.apply()
    before = team.world.at_rest()
    team.plan()
    assert team.world.at_rest() == before


def test_the_same_machine_reads_only_what_is_new(team: Team) -> None:
    runner = team.fresh()
    team.apply(runner)
    assert team.plan(runner).scope == "full"
    assert team.plan(runner).scope == "incremental"  # its snapshot is still good
    team.people(*(person(number, "Brno") for number in range(5)))
    team.apply()
    assert team.plan(runner).scope == "full"  # another machine has written meanwhile
    assert team.plan(runner).scope == "incremental"


def test_losing_all_of_it_costs_one_full_read(team: Team) -> None:
    runner = team.fresh()
    team.apply(runner)
    team.world.lose()
    made = team.plan(runner)
    assert not made.pending
    assert (made.scope, [p.code for p in made.problems]) == ("full", ["E589"])
    other = team.fresh()
    team.apply(other)
    team.world.lose()
    assert "E589" in [p.code for p in team.apply(other).plan.problems]
    team.world.lose()
    team.people(*(person(number, nick="Bo") for number in range(5)))
    known = what_is_left(team)
    assert team.apply().result is Result.APPLIED
    assert not team.plan().pending
    assert known["summary"]["contacts"]["update"] == 5  # type: ignore[index]


def test_a_plan_after_a_loss_is_that_of_a_machine_that_never_knew_anything(team: Team, tmp_path: Path) -> None:
    team.apply()
    team.people(*(person(number, nick="Bo") for number in range(6)))
    team.world.lose()
    lost = what_is_left(team)
    team.write("state: {type: local}")
    assert what_is_left(team) == lost


def test_the_first_apply_takes_over_what_a_folder_remembers(team: Team) -> None:
    section = (team.folder / "reconciler.yaml").read_text().splitlines()[-1]
    runner = team.fresh()
    team.write("")
    team.apply(runner)
    team.write(section)
    assert team.apply(runner).result is Result.NONE
    assert pipeline.status(team.request()).counts["links"] == 5
    assert team.plan().drift_since


def test_a_key_is_changed_by_way_of_a_folder(team: Team) -> None:
    section = (team.folder / "reconciler.yaml").read_text().splitlines()[-1]
    team.apply()
    runner = team.fresh()
    pipeline.status(team.request(runner))
    team.write("state: {type: local}")
    assert team.apply(runner).result is Result.NONE
    team.world.lose()
    team.key = bytes(range(1, 33))
    team.write(section)
    assert team.apply(runner).result is Result.NONE
    found = team.plan()
    assert found.drift_since
    assert not found.pending


def test_an_old_copy_is_not_taken_for_a_state_that_was_lost(team: Team) -> None:
    runner = team.fresh()
    team.apply(runner)
    assert team.plan(runner).drift_since
    team.world.lose()
    assert team.plan(runner).drift_since == ""
    assert pipeline.status(team.request(runner)).counts["links"] == 0


def test_a_plan_that_one_machine_saved_is_carried_out_by_another_one_and_used_up_for_all(team: Team) -> None:
    team.apply()
    team.people(*(person(number, nick="Bo") for number in range(5)))
    saved = team.folder / "saved.plan"
    team.plan(out=saved)
    outcome = team.apply(saved=saved, now=None, allow={})
    assert (outcome.result, outcome.written.updated) == (Result.APPLIED, 5)
    code, exit, _ = failed(team.apply, saved=saved, now=None, allow={})
    assert (code, exit) == ("E568", Exit.STALE)


def test_forgetting_is_for_all_machines(team: Team) -> None:
    team.apply()
    pipeline.forget(team.request(), "links")
    found = pipeline.status(team.request())
    assert (found.counts["links"], found.counts["tags ours"]) == (0, 2)
    pipeline.forget(team.request())
    assert pipeline.status(team.request()).counts["tags ours"] == 0
    assert not team.plan().pending


def test_nothing_personal_lies_anywhere(team: Team) -> None:
    team.apply()
    team.edit(city=f"{CANARY} there")
    team.apply()
    assert CANARY.encode() not in team.world.at_rest()
    assert all(CANARY.encode() not in files(folder) for folder in team.folder.glob("runner-*/accounts/*"))


@pytest.mark.parametrize("key", [KEY, None])
def test_with_a_key_nothing_at_rest_can_be_read(tmp_path: Path, world: World, key: bytes | None) -> None:
    team = Team(tmp_path, world, key)
    runner = team.fresh()
    run = team.apply(runner).run.encode()
    secret = Folder(runner).key()
    names = (b"Customer", b"state.db", b"INSERT", b"SQLite", b"PAR1", b"process", run, secret)
    at_rest = world.at_rest()
    assert [name for name in names if name in at_rest] == []
    if key is None:  # packed, but anybody can unpack it: what is looked for would be there
        assert secret in _unpacked(team)


def entries(world: World) -> dict[int, bytes | None]:
    with opened(world) as store:
        return {number: store.entry(number) for number in store.numbers()}


def _unpacked(team: Team) -> bytes:
    import base64

    from reconciler.tables.sealed import opened as unsealed

    with opened(team.world) as store:
        texts = [unsealed(store.entry(n) or b"", "", None) for n in store.numbers()]
    said = [json.loads(text) for text in texts]
    contents = [base64.b64decode(f["content"]) for s in said for f in s.get("files", {}).values() if "content" in f]
    return b"".join(contents)


@pytest.mark.parametrize(
    ("made_with", "read_with"),
    [(KEY, bytes(32)), (KEY, None), (None, KEY)],
    ids=["another key", "no key", "a key where there was none"],
)
def test_a_wrong_key_is_refused_and_nothing_is_changed(
    tmp_path: Path, world: World, made_with: bytes | None, read_with: bytes | None
) -> None:
    first = Team(tmp_path, world, made_with)
    runner = first.fresh()
    first.apply(runner)
    before = entries(world)
    other = Team(tmp_path, world, read_with)
    for act in (other.plan, other.apply, lambda: other.plan(runner)):
        code, exit, said = failed(act)
        assert (code, exit) == ("E586", Exit.ERROR)
        assert KEY.hex() not in said
    assert entries(world) == before
    assert not Team(tmp_path, world, made_with).plan().pending


def test_a_changed_byte_is_refused_and_never_taken_for_a_loss(team: Team) -> None:
    team.apply()
    team.world.flip()
    assert failed(team.plan)[0] == "E586"
    assert failed(team.apply)[0] == "E586"


def test_a_changed_byte_without_a_key_is_damage(tmp_path: Path, world: World) -> None:
    team = Team(tmp_path, world, None)
    team.apply()
    world.flip()
    assert failed(team.plan)[0] == "E587"


def test_entries_cannot_change_places(team: Team) -> None:
    team.apply()
    team.world.swap()
    assert failed(team.plan)[0] == "E586"
