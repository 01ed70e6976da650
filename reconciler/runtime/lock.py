"""One apply at a time: an OS lock on a file, gone with its process, however that ends."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reconciler.model.clock import Clock
from reconciler.model.messages import problem
from reconciler.model.problems import Failure
from reconciler.runtime.disk import is_full

try:
    import fcntl
except ImportError:  # Windows has no such lock; `plan` works there, `apply` says why it does not.
    fcntl = None  # type: ignore[assignment]  # a module or nothing

_ATTEMPTS = 5
_PAUSE = 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: the process and since when (UTC, ISO); empty when it did not say."""

    pid: int = 0
    since: str = ""

    @property
    def ours(self) -> bool:
        return self.pid == os.getpid()

    def __str__(self) -> str:
        return ", ".join(part for part in (f"process {self.pid}" if self.pid else "", self.since) if part)


class FileLock:
    """An exclusive lock on `path`, kept until `release` or the end of the process. Reentrant use is an error."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self, wait: bool = False) -> bool:
        """Whether the lock is ours now. `wait`: block until it is."""
        if fcntl is None:
            raise Failure(problem("E508"))
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Failure(problem("E509") if is_full(error) else problem("E501", str(self._path))) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            return False
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def sign(self, now: datetime) -> None:
        """Write into the file who holds it: for messages only, the lock does not depend on it."""
        if self._descriptor is not None:
            text = json.dumps({"pid": os.getpid(), "since": now.strftime("%Y-%m-%dT%H:%M:%SZ")})
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text.encode(), 0)

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def holder(path: Path) -> Holder | None:
    """Who holds the lock at `path` now; None if nobody does."""
    if not path.exists():
        return None
    probe = FileLock(path)
    if probe.take():
        probe.release()
        return None
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return Holder(int(said["pid"]), str(said["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder()


def take_or_fail(path: Path, clock: Clock) -> FileLock:
    """The lock of one apply. Raises Failure E507 if another apply holds it."""
    lock = FileLock(path)
    for _attempt in range(_ATTEMPTS):
        if lock.take():
            lock.sign(clock.now())
            return lock
        clock.sleep(_PAUSE)  # somebody may only be looking who holds it
    raise Failure(problem("E507", str(holder(path) or "")))


def said(path: Path) -> str:
    """Who applies now, in words; this process left out."""
    found = holder(path)
    return "" if found is None or found.ours else str(found) or "another process"
