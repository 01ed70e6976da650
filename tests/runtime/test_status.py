"""What a status says of the caches, and what forgetting takes away of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.model.clock import Clock
from reconciler.model.status import Status
from reconciler.runtime import pipeline
from reconciler.runtime.caches import CacheFolder
from reconciler.runtime.contacts import ContactsRead, Freshness, new_seal
from reconciler.runtime.doctor import examine
from reconciler.runtime.gateway import Gateway
from reconciler.runtime.state import FORGETTABLE

from .memory_crm import CAN_ALL, CLOCK, KEY, NOW, MemoryCrm
from .test_pipeline import ADA, BOB, FILE, apply, people, request

LATER = {"refresh: {full_every: 7d}": "2026-11-29T10:00:00Z", "": "2026-12-06T10:00:00Z"}
NEXT, EVERY = "with the next plan", "with every plan"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Applied and planned: everything is remembered, and all contacts have been read once."""
    (tmp_path / "reconciler.yaml").write_text(FILE)
    people(tmp_path, ADA, BOB)
    apply(tmp_path)
    pipeline.plan(request(tmp_path))
    return tmp_path


def told(folder: Path, days: int = 0) -> Status:
    return pipeline.status(replace(request(folder), clock=Clock.fixed(NOW + timedelta(days=days))))


def caches(folder: Path) -> CacheFolder:
    (path,) = (folder / ".reconciler").rglob("caches")
    return CacheFolder(path, KEY, lambda: "made")


@pytest.mark.parametrize("refresh", LATER)
def test_the_next_full_read_is_told_as_the_file_wants_it(folder: Path, refresh: str) -> None:
    (folder / "reconciler.yaml").write_text(FILE + refresh)
    assert told(folder).next_full_read == LATER[refresh]


def test_a_full_read_that_is_due_comes_with_the_next_plan_and_puts_the_one_after_off(folder: Path) -> None:
    assert told(folder, 13).next_full_read == LATER[""]
    assert told(folder, 14).next_full_read == NEXT
    made = pipeline.plan(replace(request(folder), clock=Clock.fixed(NOW + timedelta(days=14))))
    assert (made.scope, told(folder, 14).next_full_read) == ("full", "2026-12-20T10:00:00Z")


def test_an_interval_beyond_all_dates_is_the_last_of_them(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(FILE + "refresh: {full_every: 999999999d}")
    assert told(folder).next_full_read == "9999-12-31T23:59:59Z"


def test_without_a_snapshot_every_plan_reads_in_full(folder: Path) -> None:
    (folder / "reconciler.yaml").write_text(FILE + "snapshot: false")
    assert told(folder).next_full_read == EVERY


UNSURE = {
    "a wrong file beside": (FILE + "nothing: {}", LATER[""]),
    "a variable that is not set": (FILE.replace("crm.db", "'${env:NOWHERE}'"), LATER[""]),
    "a wrong interval": (FILE + "refresh: {full_every: soon}", ""),
    "a wrong switch": (FILE + "snapshot: perhaps", ""),
    "no YAML": ("{", ""),
    "a base that is missing": (FILE + "extends: nowhere.yaml", ""),
}


@pytest.mark.parametrize("case", UNSURE)
def test_a_wrong_file_is_no_error_of_a_status(folder: Path, case: str) -> None:
    text, answer = UNSURE[case]
    (folder / "reconciler.yaml").write_text(text)
    assert told(folder).next_full_read == answer
    assert told(folder).known


def test_a_file_that_is_gone_leaves_what_is_remembered(folder: Path) -> None:
    (folder / "reconciler.yaml").unlink()
    assert (told(folder).next_full_read, told(folder).counts["links"]) == ("", 2)


@pytest.mark.parametrize(
    ("covers", "tags", "follows"),
    [
        (["values", "tags"], True, True),
        (["values"], True, False),
        (["values"], False, True),
        (["tags"], False, False),
        ([], False, False),
    ],
)
def test_a_crm_that_does_not_tell_what_the_file_needs_to_know_is_known_by_what_is_kept(
    tmp_path: Path, covers: list[str], tags: bool, follows: bool
) -> None:
    gateway = Gateway(MemoryCrm(replace(CAN_ALL, since_covers=frozenset(covers))), CLOCK)
    fresh = Freshness(lambda: NOW, timedelta(days=1))
    read = ContactsRead(gateway, gateway.inventory(), None, fresh, new_seal(KEY, lambda count: KEY[:count]), tags)
    assert read.snapshot(["email"], tmp_path) is None
    assert read.seen is not None
    assert read.seen.told is follows


def test_where_nothing_tells_what_changed_the_next_plan_reads_in_full(folder: Path) -> None:
    kept = caches(folder).load()
    assert kept is not None
    caches(folder).save(kept.caches, replace(kept.seen, told=False))
    assert told(folder).next_full_read == NEXT


def test_a_status_says_how_large_the_caches_are(folder: Path) -> None:
    sizes = {name: count for name, count in told(folder).sizes.items() if name.startswith("caches/")}
    assert {"caches/contacts", "caches/memo"} <= set(sizes)
    assert all(sizes.values())


@pytest.mark.parametrize("what", sorted(FORGETTABLE))
def test_the_caches_go_with_the_snapshot_the_rewrites_and_all(folder: Path, what: str) -> None:
    pipeline.forget(request(folder), what)
    goes = what in ("snapshot", "rewrites", "all")
    assert (list((folder / ".reconciler").rglob("caches/*")) == []) is goes
    assert told(folder).next_full_read == (NEXT if goes else LATER[""])


def test_forgetting_the_snapshot_forgets_nothing_else_and_the_next_plan_reads_in_full(folder: Path) -> None:
    assert pipeline.plan(request(folder)).scope == "incremental"
    before = told(folder)
    pipeline.forget(request(folder), "snapshot")
    after = told(folder)
    assert (after.counts, after.kept_plan, after.kept_runs) == (before.counts, True, before.kept_runs)
    made = pipeline.plan(request(folder))
    assert (made.scope, made.pending) == ("full", False)
    assert pipeline.plan(request(folder)).scope == "incremental"


def test_doctor_counts_the_caches_while_there_are_some(folder: Path) -> None:
    def said() -> str:
        return next(check.said for check in examine(request(folder), False) if check.name == "state folder")

    assert "of it caches" in said()
    pipeline.forget(request(folder), "snapshot")
    assert "of it caches" not in said()
