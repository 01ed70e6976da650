"""Caches that are cut, altered, gone, or written by two runs at once: a plan is the same, and makes them anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count
from pathlib import Path

import pyarrow as pa
import pytest
from cached_world import FILE, START, World, said

from reconciler.model.plan import Caches, PieceFiles
from reconciler.runtime.caches import CacheFolder, Seen
from reconciler.tables.engine import Engine
from reconciler.tables.memo import Memo
from reconciler.tables.spool import SALT_BYTES, Damaged, Seal, Spool

SECRET = b"\x07" * 32
SEEN = Seen(START, START, {"email": "email", "city": "text"})
KINDS = ("index.json", "0-contacts", "1-contacts", "0-keys", "1-keys", "memo", "settled")


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world after two plans and a change in the CRM between them: a snapshot of two pieces."""
    world = World(tmp_path_factory.mktemp("planned"))
    world.plan()
    world.edit_contact(3, "Tampere")
    world.plan()
    return world


@pytest.fixture
def world(planned: World, tmp_path: Path) -> World:
    """A copy of it, in which a person and a contact have changed since."""
    copy = World.__new__(World)
    copy.folder, copy.now = tmp_path / "copy", planned.now
    shutil.copytree(planned.folder, copy.folder)
    copy.write_people("Turku")
    copy.edit_contact(5, "Pori")
    return copy


def only(folder: Path, kind: str) -> Path:
    (found,) = folder.glob(f"*{kind}")
    return found


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :]


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()
    (file / "inside").write_text("x")


def unreadable(file: Path) -> None:
    """Also for root: a link that leads to itself."""
    file.unlink()
    file.symlink_to(file)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut in the middle": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "longer by one byte": lambda file: file.write_bytes(file.read_bytes() + b"\0"),
    "altered in the middle": lambda file: file.write_bytes(flipped(file.read_bytes(), file.stat().st_size // 2)),
    "gone": Path.unlink,
    "a folder": a_folder,
    "unreadable": unreadable,
}


CASES = [
    *((kind, damage) for kind in ("index.json", "1-contacts", "memo") for damage in DAMAGES),
    *((kind, "altered in the middle") for kind in KINDS if kind not in ("index.json", "1-contacts", "memo")),
]


@pytest.mark.parametrize(("kind", "damage"), CASES)
def test_a_damaged_cache_does_not_change_the_plan_and_is_made_anew(world: World, kind: str, damage: str) -> None:
    DAMAGES[damage](only(world.caches, kind))
    made = said(world.plan())
    after = world.plan()
    assert after.scope == "incremental"
    assert made == said(after) == world.full()


@pytest.mark.parametrize("kind", KINDS)
def test_caches_of_an_unknown_layout_are_as_if_they_had_never_been(world: World, kind: str) -> None:
    """Each file in the place of every other one."""
    for other in KINDS:
        shutil.copy(only(world.caches, other), world.folder / f"{other}.kept")
    shutil.copy(world.folder / f"{KINDS[KINDS.index(kind) - 1]}.kept", only(world.caches, kind))
    assert said(world.plan()) == world.full()


def test_an_index_of_another_version_is_as_if_it_had_never_been(world: World) -> None:
    index = world.caches / "index.json"
    index.write_text(index.read_text().replace("reconciler-caches/", "reconciler-caches/9"))
    made = world.plan()
    assert made.scope == "full"
    assert said(made) == world.full()


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{}", "null", "[1]", '"x"', '{"signature": "x"}', "\udcff", "9" * 9999]
)
def test_any_text_as_the_index_is_as_if_there_were_none(world: World, text: str) -> None:
    (world.caches / "index.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    made = world.plan()
    assert made.scope == "full"
    assert said(made) == world.full()


@pytest.mark.parametrize("name", ["caches", "caches.lock"])
def test_a_file_or_a_link_where_the_folder_belongs_is_no_trouble(world: World, name: str) -> None:
    caches = world.caches
    shutil.rmtree(caches)
    caches.with_name(name).write_text("not a folder")
    assert said(world.plan()) == world.full()
    assert world.plan().scope == "incremental"


def test_caches_of_another_key_are_not_believed(world: World) -> None:
    """Copied beside the state of the same CRM, made with a key of its own."""
    other = world.folder / "other"
    other.mkdir()
    (other / "key").write_bytes(b"\x08" * 32)
    world.plan(state_dir=other)
    (place,) = (other / "accounts").iterdir()
    shutil.rmtree(place / "caches")
    shutil.copytree(world.caches, place / "caches")
    made = world.plan(state_dir=other)
    assert made.scope == "full"
    assert said(made) == world.full()


def test_a_state_folder_with_another_key_reads_in_full(world: World) -> None:
    (world.folder / ".reconciler" / "reconciler" / "key").write_bytes(b"\x09" * 32)
    made = world.plan()
    assert made.scope == "full"
    assert said(made) == world.full()


def test_snapshot_false_leaves_no_cache_and_removes_what_was_there(world: World) -> None:
    assert any(world.caches.iterdir())
    (world.folder / "reconciler.yaml").write_text(FILE + "snapshot: false\n")
    caches = world.caches
    for _ in range(2):
        assert said(world.plan()) == world.full()
        assert not caches.exists()


def test_a_plan_of_some_entries_leaves_the_caches_as_they_are(world: World) -> None:
    before = {file.name: file.read_bytes() for file in world.caches.iterdir()}
    world.plan(target=("field[city]",))
    world.plan(persons=frozenset({"3"}))
    assert {file.name: file.read_bytes() for file in world.caches.iterdir()} == before


class Sweeping:
    """A `Progress` at whose first stage somebody else removes the caches."""

    def __init__(self, caches: Path) -> None:
        self._caches = caches

    def stage(self, name: str, total: int | None = None) -> None:
        shutil.rmtree(self._caches, ignore_errors=True)

    def advance(self, count: int = 1) -> None:
        pass

    def done(self) -> None:
        pass


def test_files_swept_while_a_plan_reads_do_not_change_it(world: World) -> None:
    assert said(world.plan(progress=Sweeping(world.caches))) == world.full()
    assert said(world.plan()) == world.full()


# -- the folder alone


@pytest.fixture
def folder(tmp_path: Path) -> CacheFolder:
    return folder_at(tmp_path / "state" / "caches")


def folder_at(path: Path, first: int = 0) -> CacheFolder:
    tokens = count(first)
    path.parent.mkdir(exist_ok=True)
    return CacheFolder(path, SECRET, lambda: f"{next(tokens):012x}")


def made_in(work: Path, text: str = "x") -> Caches:
    """Caches of two frames, a memo and settled pairs, as a plan leaves them in its workdir."""
    work.mkdir(parents=True, exist_ok=True)
    contacts = Spool(work / "contacts", seal=Seal(SECRET, text.encode().ljust(SALT_BYTES, b"\1")))
    keys = Spool(work / "keys")
    for start in (0, 3):
        ids = pa.array([str(n) for n in range(start, start + 3)])
        contacts.append(pa.record_batch({"$id": ids, "city": pa.array([text] * 3)}))
        keys.append(pa.record_batch({"cells": pa.array([start] * 3, pa.uint64())}))
    for name in ("memo", "settled"):
        (work / name).write_text(f"{name} of {text}")
    return Caches("digest", work / "memo", work / "settled", (PieceFiles(contacts.file, keys.file, "digest"),))


def read(folder: CacheFolder) -> object:
    """All that a plan would believe; None for nothing."""
    kept = folder.load()
    if kept is None:
        return None
    batches: list[object] = []
    for piece in kept.snapshot.pieces if kept.snapshot else ():
        keys = piece.known("digest")
        try:
            batches.append([b.to_pylist() for b in piece.contacts.batches()])
        except Damaged:
            return None
        batches.append([b.to_pylist() for b in keys.batches()] if keys else None)
    files = [path and path.read_bytes() for path in (kept.caches.memo, kept.caches.settled)]
    return [kept.seen, kept.caches.digest, batches, files]


def part_of(found: object, whole: object) -> bool:
    """Whether all that is there is as it was; parts may be missing."""
    if isinstance(found, list) and isinstance(whole, list):
        return not found or (len(found) == len(whole) and all(map(part_of, found, whole)))
    return found is None or found == whole


@pytest.mark.parametrize("kind", ["index.json", "contacts", "keys", "memo", "settled"])
def test_a_cut_anywhere_or_an_altered_byte_anywhere_is_noticed(folder: CacheFolder, tmp_path: Path, kind: str) -> None:
    folder.save(made_in(tmp_path / "work"), SEEN)
    whole = read(folder)
    file = only(folder.path, kind)
    content = file.read_bytes()
    for at in range(0, len(content), 3):
        for damaged in (content[:at], flipped(content, at)):
            file.write_bytes(damaged)
            found = read(folder)
            assert part_of(found, whole), at
            assert found != whole, at


def test_what_was_loaded_stays_readable_when_it_is_swept(folder: CacheFolder, tmp_path: Path) -> None:
    folder.save(made_in(tmp_path / "work"), SEEN)
    kept = folder.load()
    folder.forget()
    assert kept is not None
    assert kept.snapshot is not None
    assert [b.num_rows for b in kept.snapshot.pieces[0].contacts.batches()] == [3, 3]


def test_a_memo_that_was_swept_is_no_memo(folder: CacheFolder, tmp_path: Path) -> None:
    engine = Engine(tmp_path, "100MB")
    try:
        assert not Memo(engine, ["r0"], [], tmp_path / "nowhere").known
    finally:
        engine.close()


def test_a_save_keeps_what_it_names_and_sweeps_the_rest(folder: CacheFolder, tmp_path: Path) -> None:
    folder.save(made_in(tmp_path / "one", "one"), SEEN)
    (folder.path / "000000-old-memo").write_text("left by a killed run")
    (folder.path / "a folder").mkdir()
    folder.save(made_in(tmp_path / "two", "two"), SEEN)
    assert len(list(folder.path.iterdir())) == 5
    assert "two" in str(read(folder))


def test_what_another_run_kept_is_left_where_ours_was_swept_meanwhile(folder: CacheFolder, tmp_path: Path) -> None:
    folder.save(made_in(tmp_path / "one", "one"), SEEN)
    kept = folder.load()
    assert kept is not None
    folder.save(made_in(tmp_path / "two", "two"), SEEN)
    before = read(folder)
    folder.save(kept.caches, SEEN)
    assert read(folder) == before


def test_runs_that_save_forget_and_load_at_once_do_not_meet(tmp_path: Path) -> None:
    path = tmp_path / "state" / "caches"

    def saving(run: int) -> Iterator[object]:
        folder = folder_at(path, run * 1000)
        for turn in range(25):
            folder.save(made_in(tmp_path / f"{run}-{turn}", f"{run}-{turn}"), SEEN)
            yield folder.load()
            if kept := folder.load():
                folder.save(kept.caches, SEEN)
            if turn % 5 == run:
                folder.forget()

    with ThreadPoolExecutor(3) as pool:
        runs = [pool.submit(lambda n=n: list(saving(n))) for n in range(3)]
        assert sum(len(run.result()) for run in runs) == 75
    folder = folder_at(path, 9000)
    folder.save(made_in(tmp_path / "last", "last"), SEEN)
    assert "last" in str(read(folder))
    assert len(list(path.iterdir())) == 5


def test_the_next_full_read_is_that_long_after_the_last_one(folder: CacheFolder, tmp_path: Path) -> None:
    assert folder.next_full_read(timedelta(days=2)) is None
    folder.save(made_in(tmp_path / "work"), SEEN)
    assert folder.next_full_read(timedelta(days=2)) == START + timedelta(days=2)
