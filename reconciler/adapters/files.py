"""Files that people are read from: opened with our own sentences, and watched for changes while they are read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from reconciler.adapters.errors import SourceFailed


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
