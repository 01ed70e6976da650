"""A full disk, said once: whichever library met it, the user reads the same sentence."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.model.messages import problem
from reconciler.model.problems import Failure

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# Engines wrap the system's answer in errors of their own, which carry no number; the text is compared, never shown.
_SAYINGS = ("no space left on device", "disk quota exceeded", "database or disk is full")


def is_full(error: BaseException) -> bool:
    """Whether this error says that a disk is full."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    if isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL:
        return True
    said = str(error).lower()
    return any(words in said for words in _SAYINGS)


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
