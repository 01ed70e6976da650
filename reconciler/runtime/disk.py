"""Files that are there whole or not at all; and a full disk, said once: whichever library met it, the user reads the
same sentence."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from reconciler.model.messages import problem
from reconciler.model.problems import Failure

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# Engines wrap the system's answer in errors of their own, which carry no number; the text is compared, never shown.
_SAYINGS = ("no space left on device", "disk quota exceeded", "database or disk is full")


_FAILING = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
_NO_ROOM = 1 << 20  # bytes; SQLite's side files alone need 64 KiB


def is_full(error: BaseException, free: int | None = None) -> bool:
    """Whether this error says that a disk is full. `free`: bytes left on the disk that it came from, if that is known:
    SQLite that finds no room for its side files says only that it cannot read or open."""
    if isinstance(error, sqlite3.Error) and free is not None and free < _NO_ROOM:
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _FAILING | {sqlite3.SQLITE_FULL}
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
        return True
    said = str(error).lower()
    return any(words in said for words in _SAYINGS)


def free_bytes(path: Path) -> int | None:
    """What is left on the disk that holds the path's folder; None if it cannot be told."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return None


@contextmanager
def full_disk_said() -> Iterator[None]:
    """Turns a full disk into a `Failure` with its own sentence; everything else passes."""
    try:
        yield
    except Failure:
        raise
    except Exception as error:
        if is_full(error):
            raise Failure(problem("E509")) from None
        raise


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """The file's new content in the place of the old one, at once; on the disk when this returns. A link stays a link.
    Raises OSError."""
    path = Path(os.path.realpath(path))
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        made.unlink(missing_ok=True)  # of a process of that number that was killed
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            made.chmod(mode)
            os.fsync(descriptor)
        os.replace(made, path)
    finally:
        with suppress(OSError):
            made.unlink(missing_ok=True)


def onto_disk(path: Path) -> None:
    """What was written to the file or folder is on the disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
