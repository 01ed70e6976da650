"""The state folder: where everything lies that a run remembers, and who may look into it.

    key                 32 secret bytes, the key of all digests
    lock                the lock of apply
    current             name of the account folder used last
    accounts/NAME/      state.db, journal.db, people-N.parquet of one account; those of others are set aside
    accounts/NAME/shown/  what plan and apply printed last, as JSON, for `show`
    accounts/NAME/writes/  what the last runs wrote to whom, as digests; what was there before, only where asked for
    accounts/NAME/caches/  the snapshot of the contacts, sealed, and what else spares the next plan work
    tmp/NAME/           spill files of one run, swept at the next start

Everything here is for its owner alone (0700, 0600), and is kept out of version control.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.runtime.disk import is_full, write_whole
from reconciler.runtime.lock import FileLock
from reconciler.runtime.recording import current as recorder

KEY_BYTES = 32
NOT_CREATED = "not-created-yet"
"""Name of the account folder of a CRM that does not exist yet."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")


def locate(file: Path, chosen: Path | None) -> Path:
    """Where the state of that file lies: the folder chosen, or `.reconciler/<stem>` beside the file."""
    return chosen if chosen is not None else file.parent / ".reconciler" / file.stem


class Folder:
    """One state folder. `prepare` first; reading a status needs no preparation."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = path / "lock"

    def exists(self) -> bool:
        return (self.path / "key").exists()

    def prepare(self, token_bytes: Callable[[int], bytes]) -> bytes:
        """Make the folder if it is missing; its key. Raises Failure E501, E506, E509."""
        self.make()
        with self._usable():
            key = self.path / "key"
            if not key.exists():
                self._make_key(key, token_bytes(KEY_BYTES))
        return self.key()

    def make(self) -> None:
        """Make the folder if it is missing, without a key. Raises Failure E501, E509."""
        with self._usable():
            fresh = not self.path.exists()
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if fresh:
                self.path.chmod(0o700)
                _write(self.path / ".gitignore", b"*\n")

    def _make_key(self, key: Path, secret: bytes) -> None:
        """Whole or not at all, and never over a key that another run has just made."""
        made = self.path / f"key.{os.getpid()}"
        _write(made, secret)
        try:
            os.link(made, key)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            os.replace(made, key)
        made.unlink(missing_ok=True)

    def key(self) -> bytes:
        """The secret of this folder's digests. Raises Failure E506 when it is not 32 bytes."""
        path = self.path / "key"
        with self._usable():
            secret = path.read_bytes()
        if len(secret) != KEY_BYTES:
            raise Failure(problem("E506", str(path)))
        return secret

    def current(self) -> str:
        """Name of the account folder used last; "" if none was."""
        try:
            name = (self.path / "current").read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return ""
        return name if _PLAIN.fullmatch(name) else ""

    def use(self, name: str) -> None:
        """Remember that this account folder is in use now."""
        if self.current() != name:
            with self._usable():
                write_whole(self.path / "current", name.encode())
            recorder().replaced(self.path / "current")

    def account(self, name: str) -> Path:
        """The folder of that account (a name from `account_name`), made if it is missing."""
        path = self.path / "accounts" / name
        with self._usable():
            path.parent.mkdir(mode=0o700, exist_ok=True)  # a mode is not handed on to folders above
            path.mkdir(mode=0o700, exist_ok=True)
        return path

    def has_account(self, name: str) -> bool:
        return (self.path / "accounts" / name / "state.db").exists()

    def rename_account(self, name: str, new: str) -> None:
        with self._usable():
            os.rename(self.path / "accounts" / name, self.path / "accounts" / new)
        recorder().renamed(self.path / "accounts" / name, self.path / "accounts" / new)

    def free_name(self, name: str) -> str:
        """A name like that one that no account folder has."""
        number = 1
        while (self.path / "accounts" / f"{name}.{number}").exists():
            number += 1
        return f"{name}.{number}"

    def workdir(self) -> Workdir:
        """An empty folder for one run's spill files; what killed runs left is swept first."""
        tmp = self.path / "tmp"
        with self._usable():
            tmp.mkdir(mode=0o700, exist_ok=True)
            guard = FileLock(tmp / "lock")
            guard.take(wait=True)
            try:
                for left in tmp.iterdir():
                    _sweep(left)
                path = Path(tempfile.mkdtemp(prefix="run-", dir=tmp))
                lock = FileLock(path / "lock")
                lock.take()
            finally:
                guard.release()
        return Workdir(path, lock)

    def sizes(self) -> dict[str, int]:
        """Bytes on disk by file name, of the account in use."""
        path = self.path / "accounts" / self.current()
        files = [p for p in sorted(path.glob("*")) if p.is_file() and p.suffix != ".lock"] if self.current() else []
        return {p.name: p.stat().st_size for p in files}

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Failure(problem("E509") if is_full(error) else problem("E501", str(self.path))) from None


class Workdir:
    """A run's own spill folder, held by a lock so that no other start sweeps it."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self._lock = lock

    def close(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.release()


def account_name(account: str) -> str:
    """A folder name that stands for an account, and for no other one."""
    if not account:
        return NOT_CREATED
    if _PLAIN.fullmatch(account) and account != NOT_CREATED and not account.endswith("."):
        return account
    return "x-" + blake2b(account.encode(), digest_size=12).hexdigest()


def _sweep(left: Path) -> None:
    if not left.is_dir():
        return
    lock = FileLock(left / "lock")
    if lock.take():
        shutil.rmtree(left, ignore_errors=True)
        lock.release()


def _write(path: Path, content: bytes) -> None:
    """A file for its owner alone, on the disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
