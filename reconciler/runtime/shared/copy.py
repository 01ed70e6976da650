"""The working copy: the state folder, made to hold what the chain says.

    shared.json     of which shared state, and of which of its versions, the folder is a copy
    shared.lock     held while the copy is brought up to date

A folder without `shared.json` never was a copy: it is the state of this machine alone. While an apply writes, the copy
is of no version; so what a killed apply left in it is thrown away, since all that counts of it is in the chain.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from hashlib import blake2b
from pathlib import Path, PurePosixPath

from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.model.shared import PostgresPlace, SharedState
from reconciler.runtime.database import is_busy_or_full
from reconciler.runtime.disk import is_full, write_whole
from reconciler.runtime.folder import Folder
from reconciler.runtime.shared.entries import Kept, Put, Renamed, Step, Wrote
from reconciler.runtime.shared.vault import Content, Vault, file_digest

IN_USE = -1
"""The version of a copy in which an apply writes."""

_CACHES = "caches"
_NOT_SHARED = (".lock", "-wal", "-shm", "-journal", ".new")
_PRAGMA = "user_version"
_DENIED = frozenset({sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH})


class Gone(Exception):
    """A file of the base was swept meanwhile: a newer base is there."""


class Copy:
    """The state folder as a copy of a shared state. Methods raise Failure E501, E509."""

    def __init__(self, folder: Folder, state: SharedState) -> None:
        self._folder, self._path = folder, folder.path
        named = repr((type(state.place).__name__, _place(state), state.name)).encode()
        self._of = blake2b(named, key=state.key or b"").hexdigest()[:16]  # another key has to be tried

    @property
    def version(self) -> int | None:
        """Of which version it is; IN_USE; None: it never was a copy of a shared state."""
        try:
            said = json.loads((self._path / "shared.json").read_text(encoding="ascii"))
            return int(said["version"]) if said["of"] == self._of else IN_USE
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def mark(self, version: int) -> None:
        with self.usable():
            write_whole(self._path / "shared.json", json.dumps({"of": self._of, "version": version}).encode())

    def empty(self) -> None:
        """Nothing is remembered, and the key goes too."""
        with self.usable():
            for name in ("key", "current"):
                (self._path / name).unlink(missing_ok=True)
            shutil.rmtree(self._path / "accounts", ignore_errors=True)

    def forget(self) -> None:
        """It is no copy any more."""
        no_copy_any_more(self._folder)

    def rebuild(self, vault: Vault, content: Content, only: str = "") -> None:
        """What the chain holds, and nothing else but the caches, where this was a copy of that very version. `only`:
        files whose names end so. Raises Gone."""
        caches = self.version == content.version
        self.mark(IN_USE)
        with self.usable():
            self._clear(content.files, caches)
            try:
                for path, file in content.files.items():
                    if path.endswith(only):
                        self._put(path, file, vault)
                for entry in content.writes:
                    self._replay([s for s in entry.steps if not isinstance(s, Put) or s.path.endswith(only)], vault)
            except KeyError:
                raise Gone from None
            except sqlite3.Error as error:
                raise is_busy_or_full(error, self._path) or Failure(vault.problem("E587", "a statement")) from None
        self.mark(content.version)

    def files(self) -> Iterator[tuple[str, Path]]:
        """Every file that belongs to the state, by path below the folder; SQLite files as they are at one moment."""
        with self.usable(), tempfile.TemporaryDirectory(dir=self._path, prefix="base-") as aside:
            for path in self._kept():
                name = path.relative_to(self._path).as_posix()
                yield name, _at_one_moment(path, Path(aside)) if path.suffix == ".db" else path

    def new_files(self, known: Mapping[str, tuple[int, int]]) -> Iterator[tuple[str, Path, tuple[int, int]]]:
        """Files of people that are not `known`, or are others by their age and size."""
        for path in sorted(self._path.glob("accounts/*/*.parquet")):
            name, at = path.relative_to(self._path).as_posix(), path.stat()
            if known.get(name) != (sign := (at.st_mtime_ns, at.st_size)):
                yield name, path, sign

    def name_of(self, path: Path) -> str:
        return path.relative_to(self._path).as_posix()

    @contextmanager
    def usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Failure(problem("E509") if is_full(error) else problem("E501", str(self._path))) from None

    def _kept(self) -> Iterator[Path]:
        yield from (path for name in ("key", "current") if (path := self._path / name).is_file())
        for path in sorted(self._path.glob("accounts/**/*")):
            inside = path.relative_to(self._path / "accounts").parts[1:]
            if path.is_file() and inside and inside[0] != _CACHES and not path.name.endswith(_NOT_SHARED):
                yield path

    def _clear(self, kept: Mapping[str, Kept], caches: bool) -> None:
        """All but files that are as they have to be; and the caches, if they may stay."""
        accounts = self._path / "accounts"
        for folder in sorted(accounts.iterdir()) if accounts.is_dir() else ():
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                if caches and path.name.startswith(_CACHES):
                    continue
                file = kept.get(path.relative_to(self._path).as_posix())
                if path.suffix == ".parquet" and file is not None and file_digest(path) == file.digest:
                    continue
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def _put(self, name: str, file: Kept, vault: Vault) -> None:
        path = self._inside(name)
        if path.suffix == ".parquet" and path.exists() and file_digest(path) == file.digest:
            return
        made = path.with_name(f"{path.name}.new")
        with open(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as out:
            for block in vault.fetch(file):
                out.write(block)
        if file_digest(made) != file.digest:
            raise Failure(vault.problem("E587", name))
        os.replace(made, path)

    def _replay(self, steps: Sequence[Step], vault: Vault) -> None:
        for step in steps:
            match step:
                case Wrote(name, statements):
                    with closing(sqlite3.connect(self._inside(name), isolation_level=None)) as db:
                        db.set_authorizer(_allowed)
                        db.execute("BEGIN")
                        for sql, rows in statements:
                            db.executemany(sql, rows) if rows != [()] else db.execute(sql)
                        db.execute("COMMIT")
                case Renamed(name, new):
                    os.rename(self._inside(name), self._inside(new))
                case Put(name, file):
                    self._put(name, file, vault)

    def _inside(self, name: str) -> Path:
        """A path below the folder; the folders above it are made."""
        path = self._path
        *above, last = PurePosixPath(name).parts
        for part in above:
            path = path / part
            path.mkdir(mode=0o700, exist_ok=True)
        return path / last


def no_copy_any_more(folder: Folder) -> None:
    """The folder is the state of this machine alone from here on. Raises Failure E501."""
    try:
        (folder.path / "shared.json").unlink(missing_ok=True)
    except OSError:
        raise Failure(problem("E501", str(folder.path))) from None


def _place(state: SharedState) -> tuple[str, ...]:
    """What tells one place from another, without what may change or is secret."""
    place = state.place
    return (place.schema,) if isinstance(place, PostgresPlace) else (place.bucket, place.prefix, place.endpoint or "")


def _at_one_moment(path: Path, aside: Path) -> Path:
    """A copy of a SQLite file, whoever writes to it or looks into it."""
    made = aside / f"{len(list(aside.iterdir()))}.db"
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("VACUUM INTO ?", (str(made),))
    except sqlite3.Error as error:
        raise is_busy_or_full(error, path) or Failure(problem("E502", str(path))) from None
    return made


def _allowed(action: int, first: str | None, _second: str | None, _schema: str | None, _trigger: str | None) -> int:
    """Statements that came from elsewhere stay in their file."""
    refused = action in _DENIED or (action == sqlite3.SQLITE_PRAGMA and first != _PRAGMA)
    return sqlite3.SQLITE_DENY if refused else sqlite3.SQLITE_OK
