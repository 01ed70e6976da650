"""Files that people are read from: opened with our own sentences, watched for changes while they are read, and
whether values may be written back to them."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from reconciler.adapters.errors import SourceFailed

WRITE = "whether values may be written back; the file is replaced by a new one, the old one stays as NAME.bak"
AT_ONCE = sys.maxsize
"""Edits of one writing: as many as there are, since a file is replaced once."""


def cannot_write(opened: bool) -> str:
    """Why a file takes no values back; "" if it does. `opened`: the option that says it may."""
    return "" if opened else "`write: true` is missing under `source`"


def check_writing(opened: bool) -> None:
    if why := cannot_write(opened):
        raise SourceFailed("E453", why)


@contextmanager
def watched(path: Path) -> Iterator[BinaryIO]:
    """The file, open for reading. Raises SourceFailed if it cannot be, or if it had changed by the end of the body.

    Replacing it by renaming another file over it is no change: what is open stays as it was.
    """
    handle = _opened(path)
    with handle:
        before = _state(handle)
        try:
            yield handle
        except SourceFailed:
            if _state(handle) != before:
                raise _changed() from None
            raise
        except OSError:
            raise SourceFailed("E404") from None
        if _state(handle) != before:
            raise _changed()


def _opened(path: Path) -> BinaryIO:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise SourceFailed("E402")
        return open(path, "rb")
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise SourceFailed("E401") from None
    except PermissionError:
        raise SourceFailed("E403") from None
    except OSError:
        raise SourceFailed("E404") from None


def _state(handle: BinaryIO) -> tuple[int, int]:
    now = os.fstat(handle.fileno())
    return now.st_size, now.st_mtime_ns


def _changed() -> SourceFailed:
    return SourceFailed("E405")
