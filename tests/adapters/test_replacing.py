"""A file of people gives way to a new one: whole, with the old one beside it, or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from edited import beside, exactly, refused, writable, written
from filled import CANARY, opened
from openings import in_folder

from reconciler.adapters import registry, replacing
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.source import Edit, Same, Source, Writable, Wrote
from reconciler.config import load
from reconciler.model.desired import Desired
from reconciler.model.problems import Failure

CONTENT = {"csv": "id,v,w\n1,a,{0}\n2,b,{0}\n", "jsonl": '{{"id":1,"v":"a","w":"{0}"}}\n{{"id":2,"v":"b","w":"{0}"}}\n'}
EDIT = Edit("1", {"v": ("a", "new")})
MOVED = Edit("1", {"v": ("x", "new")})
ROOT = os.geteuid() == 0
NOBODY = 65534


@pytest.fixture(params=["csv", "jsonl"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return filled(tmp_path / f"people.{request.param}")


def filled(path: Path) -> Path:
    path.write_text(CONTENT[path.suffix[1:]].format(CANARY))
    return path


def loaded(kind: str, folder: Path) -> Desired:
    file = folder / "reconciler.yaml"
    file.write_text(
        "version: 1\ncrm: {type: local, path: crm.db}\n"
        f"source: {{type: {kind}, path: people, write: true}}\n"
        "identity: {person: id, match: email}\nfields: {email: email}\n"
    )
    return load(file, {}, registry.options_models(registry.CRM), registry.options_models(registry.SOURCE))


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_the_file_says_whether_values_may_be_written_back(kind: str, tmp_path: Path) -> None:
    options = loaded(kind, tmp_path).source.options
    adapter = registry.find(registry.SOURCE, kind)
    assert adapter.open(options, in_folder(tmp_path)).cannot_write() == ""


def test_the_file_cannot_say_so_of_a_parquet_file(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        loaded("parquet", tmp_path)
    assert [problem.code for problem in caught.value.problems] == ["E111"]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_file_takes_nothing_back_unless_it_is_said(kind: str, tmp_path: Path) -> None:
    path = filled(tmp_path / f"people.{kind}")
    source = opened(kind, tmp_path, path=path.name)
    assert isinstance(source, Writable)
    assert source.cannot_write() == "`write: true` is missing under `source`"
    with pytest.raises(SourceFailed) as caught:
        source.write("id", [EDIT], exactly)
    assert caught.value.code == "E453"
    assert path.read_text() == CONTENT[kind].format(CANARY)
    assert writable(path).cannot_write() == ""


def test_a_parquet_file_takes_nothing_back(tmp_path: Path) -> None:
    source: Source = opened("parquet", tmp_path, path="people.parquet")
    assert not isinstance(source, Writable)


def test_the_old_file_stays_beside_the_new_one(path: Path) -> None:
    before = path.read_bytes()
    (path.parent / f"{path.name}.bak").write_text("older")
    assert written(path, EDIT) == [Wrote.DONE]
    between = path.read_bytes()
    assert (beside(path), Path(f"{path}.bak").read_bytes()) == ([f"{path.name}.bak"], before)
    assert written(path, Edit("2", {"v": ("b", "new")})) == [Wrote.DONE]
    assert (beside(path), Path(f"{path}.bak").read_bytes()) == ([f"{path.name}.bak"], between)


def test_nothing_is_replaced_where_no_edit_is_done(path: Path) -> None:
    before = path.stat()
    assert written(path, MOVED, Edit("9", {"v": ("a", "x")}), Edit("2", {"v": ("b", "\ud800")})) == [
        Wrote.MOVED,
        Wrote.GONE,
        Wrote.REFUSED,
    ]
    assert (path.stat().st_ino, path.stat().st_mtime_ns, beside(path)) == (before.st_ino, before.st_mtime_ns, [])


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o777])
def test_the_new_file_has_the_mode_of_the_old_one(path: Path, mode: int) -> None:
    path.chmod(mode)
    written(path, EDIT)
    assert [stat.S_IMODE(file.stat().st_mode) for file in (path, Path(f"{path}.bak"))] == [mode, mode]


@pytest.mark.skipif(not ROOT, reason="only root may give files away")
def test_the_new_file_has_the_owner_of_the_old_one(path: Path) -> None:
    os.chown(path, NOBODY, NOBODY)
    path.chmod(0o4750)
    written(path, EDIT)
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (NOBODY, NOBODY, 0o4750)


def test_a_link_stays_and_the_file_that_it_points_to_is_replaced(path: Path, tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    far = path.rename(tmp_path / "far" / f"data{path.suffix}")
    path.symlink_to(Path("far") / far.name)
    assert writable(path).write("id", [EDIT], exactly) == [Wrote.DONE]
    assert (path.is_symlink(), "new" in far.read_text(), beside(far)) == (True, True, [f"{far.name}.bak"])


def test_what_a_killed_writing_left_is_swept(path: Path) -> None:
    before = path.read_bytes()
    Path(f"{path}.reconciler-new").write_bytes(before[:9])
    os.link(path, f"{path}.reconciler-old")
    assert written(path, MOVED) == [Wrote.MOVED]
    assert beside(path) == []


def test_a_writing_that_was_killed_before_the_last_rename_is_no_hindrance(path: Path) -> None:
    """Two names of one file: renaming one over the other does nothing."""
    before = path.read_bytes()
    os.link(path, f"{path}.bak")
    assert written(path, EDIT) == [Wrote.DONE]
    assert (beside(path), Path(f"{path}.bak").read_bytes()) == ([f"{path.name}.bak"], before)


# Other programs -------------------------------------------------------------------------------------------------------


def append(path: Path) -> None:
    with path.open("a") as more:
        more.write("\n")


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 3)


def replace(path: Path) -> None:
    (path.parent / "other").write_bytes(path.read_bytes())
    (path.parent / "other").rename(path)


@pytest.mark.parametrize("meddle", [append, cut, replace, Path.unlink])
def test_a_file_that_others_change_meanwhile_is_left_to_them(path: Path, meddle: object) -> None:
    theirs: list[bytes | None] = []

    def same(column: str, meant: str | None, kept: str | None) -> bool:
        assert callable(meddle)
        meddle(path)
        theirs.append(path.read_bytes() if path.exists() else None)
        return True

    assert failing(path, same) == "E405"
    assert theirs == [path.read_bytes() if path.exists() else None]
    assert beside(path) == []


def failing(path: Path, same: Same) -> str:
    with pytest.raises(SourceFailed) as caught:
        writable(path).write("id", [EDIT], same)
    assert CANARY not in f"{caught.value!r} {caught.value.detail}"
    return caught.value.code


def test_two_writings_of_one_file_exclude_each_other(path: Path) -> None:
    before = path.read_bytes()
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        Path(f"{path}.reconciler-new").write_text("theirs")
        assert refused(path, EDIT).code == "E442"
        assert (path.read_bytes(), Path(f"{path}.reconciler-new").read_text()) == (before, "theirs")
    assert written(path, EDIT) == [Wrote.DONE]


def test_what_is_written_to_the_old_file_at_the_last_moment_is_not_lost(path: Path) -> None:
    before = path.read_bytes()

    def too_late() -> None:
        with path.open("ab") as late, replacing.replaceable(path) as file:
            file.replace([replacing.Patch(0, 1, b"XXX")])
            assert path.read_bytes().startswith(b"XXX")
            late.write(b"\n\n")
            late.flush()

    with pytest.raises(SourceFailed) as caught:
        too_late()
    assert (caught.value.code, path.read_bytes()) == ("E405", before + b"\n\n")
    assert beside(path) == [f"{path.name}.bak"]


def test_an_interruption_puts_the_old_file_back(path: Path) -> None:
    before = path.read_bytes()

    def interrupted() -> None:
        with replacing.replaceable(path) as file:
            file.replace([replacing.Patch(0, 1, b"XXX")])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == before


# The system says no ---------------------------------------------------------------------------------------------------


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file of this process may grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 10])
def test_without_room_the_old_file_stands_alone(path: Path, size: int) -> None:
    before = path.read_bytes()
    with room(size):
        error = refused(path, EDIT)
    assert (error.code, path.read_bytes(), beside(path)) == ("E451", before, [])
    assert written(path, EDIT) == [Wrote.DONE]


@contextmanager
def in_a_folder(kind: str, folder_mode: int, file_mode: int) -> Iterator[Path]:
    """A file in a folder with those modes, while this process is nobody in particular."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = filled(folder / f"people.{kind}")
        path.chmod(file_mode)
        folder.chmod(folder_mode)
        if ROOT:
            os.seteuid(NOBODY)
        try:
            yield path
        finally:
            if ROOT:
                os.seteuid(0)
            folder.chmod(0o700)


@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o555, 0o666), (0o777, 0o444)])
@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_file_or_folder_that_may_not_be_written_is_an_error(kind: str, folder_mode: int, file_mode: int) -> None:
    with in_a_folder(kind, folder_mode, file_mode) as path:
        before = path.read_bytes()
        error = refused(path, EDIT)
        assert (error.code, path.read_bytes(), beside(path)) == ("E450", before, [])


@pytest.mark.skipif(not ROOT, reason="the file has to be somebody else's")
def test_a_file_whose_owner_would_change_is_an_error() -> None:
    with in_a_folder("csv", 0o777, 0o666) as path:
        before = path.read_bytes()
        error = refused(path, EDIT)
        assert (error.code, path.read_bytes(), beside(path)) == ("E450", before, [])


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_what_is_no_file_is_an_error(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"people.{kind}"
    assert refused(path, EDIT).code == "E401"
    assert refused(path / "x.csv", EDIT).code == "E401"
    path.mkdir()
    assert refused(path, EDIT).code == "E402"
    path.rmdir()
    os.mkfifo(path)
    assert refused(path, EDIT).code == "E402"


def test_a_name_that_leaves_no_room_for_a_suffix_is_an_error(tmp_path: Path) -> None:
    path = filled(tmp_path / ("x" * 245 + ".csv"))
    before = path.read_bytes()
    error = refused(path, EDIT)
    assert (error.code, path.read_bytes(), beside(path)) == ("E452", before, [])
    assert errno.errorcode[errno.ENAMETOOLONG] in error.detail


def test_where_a_file_has_one_name_only_the_old_one_is_copied(path: Path) -> None:
    path.chmod(0o640)
    replacing.copied(path, Path(f"{path}.bak"), path.stat())
    copy = Path(f"{path}.bak")
    assert (copy.read_bytes(), stat.S_IMODE(copy.stat().st_mode)) == (path.read_bytes(), 0o640)
    assert copy.stat().st_ino != path.stat().st_ino
