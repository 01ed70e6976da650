"""A file of people gives way to a new one that differs in a few places: at no instant is there none, or half of one.

The new file is written beside the old one and renamed over it; the old one stays as `NAME.bak`. Whatever a killed
writing left behind is swept by the next. Two writings of one file exclude each other by a lock on it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.files import watched

try:
    import fcntl
except ImportError:  # Windows has no such lock
    fcntl = None  # type: ignore[assignment]  # a module or nothing

_PIECE = 1 << 20  # bytes that are copied at a time
_NEW = ".reconciler-new"
_OLD = ".reconciler-old"  # becomes `.bak` by a rename
_BAK = ".bak"
_NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_LINKS = frozenset({errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})


class Patch(NamedTuple):
    """Bytes that take the place of those from `start` to before `end`."""

    start: int
    end: int
    text: bytes


class Replaceable:
    """A file that is open for reading, while nobody else of this program writes it."""

    def __init__(self, path: Path, handle: BinaryIO) -> None:
        self.handle = handle
        self._path = path
        self._before = os.fstat(handle.fileno())
        self._replaced = False

    def replace(self, patches: Sequence[Patch]) -> None:
        """The new file, on the disk when this returns. `patches` are in order and do not overlap. Raises SourceFailed;
        then the old file stands."""
        new, old = self._beside(_NEW), self._beside(_OLD)
        try:
            with _said("a new file cannot be written beside it"):
                self._write(new, patches)
            self._check()
            with _said(f"the old file cannot be kept as `{self._path.name}{_BAK}`"):
                self._keep(old)
            self._check()
            with _said("the new file cannot take its name"):
                os.replace(new, self._path)
                self._replaced = True
                _onto_disk(self._path.parent)
        finally:
            self.sweep()

    def put_back(self) -> None:
        """The old file again, if it was replaced: what somebody wrote to it until now is not lost."""
        if self._replaced:
            with _said("the old file cannot be put back"):
                _twin(self._beside(_BAK), self._beside(_OLD), self._before)
                os.replace(self._beside(_OLD), self._path)
                _onto_disk(self._path.parent)

    def sweep(self) -> None:
        """Remove what this writing, or one that was killed, has no use for any more."""
        for suffix in (_NEW, _OLD):
            with suppress(OSError):
                self._beside(suffix).unlink(missing_ok=True)

    def _beside(self, suffix: str) -> Path:
        return self._path.with_name(self._path.name + suffix)

    def _write(self, new: Path, patches: Sequence[Patch]) -> None:
        with _made(new) as stream:
            self.handle.seek(0)
            at = 0
            for patch in patches:
                _copy(self.handle, stream, patch.start - at)
                stream.write(patch.text)
                at = self.handle.seek(patch.end)
            _copy(self.handle, stream, self._before.st_size - at)
            _finish(stream, self._before)

    def _keep(self, old: Path) -> None:
        """`.bak` becomes the file as it stands. Renaming one name of a file over another of it does nothing: `old`
        may stay, and is swept."""
        _twin(self._path, old, self._before)
        os.replace(old, self._beside(_BAK))

    def _check(self) -> None:
        """That the name still means the file that was read, and that this is as it was."""
        now = os.fstat(self.handle.fileno())
        unchanged = (now.st_size, now.st_mtime_ns) == (self._before.st_size, self._before.st_mtime_ns)
        if not unchanged or not _is(self._path, now):
            raise SourceFailed("E405")


@contextmanager
def replaceable(path: Path) -> Iterator[Replaceable]:
    """The file, or the one that a link points to. Raises SourceFailed if it cannot be read or written, or if it had
    changed by the end of the body; then it is the old one."""
    target = Path(os.path.realpath(path))
    file: Replaceable | None = None
    with _alone(target):
        try:
            with watched(target) as handle:
                file = Replaceable(target, handle)
                file.sweep()
                yield file
        except BaseException:  # an interruption too: who gets no answer finds nothing changed
            if file is not None:
                file.put_back()
            raise


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else is in here with this file. The lock goes with the process, however that ends."""
    if fcntl is None:
        raise SourceFailed("E450", "this system has no lock on files")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise SourceFailed("E401") from None
    except IsADirectoryError:
        raise SourceFailed("E402") from None
    except OSError as error:
        raise _failure(error, "it may be read only") from None
    try:
        with _said("it cannot be locked"):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _is(path, os.fstat(descriptor)):
            raise SourceFailed("E405")
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _made(path: Path) -> Iterator[BinaryIO]:
    """A new file for its owner alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as stream:
        yield stream


def _finish(stream: BinaryIO, like: os.stat_result) -> None:
    """Owner and mode of another file, and all of it on the disk."""
    stream.flush()
    own = os.fstat(stream.fileno())
    if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        os.fchown(stream.fileno(), like.st_uid, like.st_gid)
    os.fchmod(stream.fileno(), stat.S_IMODE(like.st_mode))
    os.fsync(stream.fileno())


def _twin(path: Path, twin: Path, like: os.stat_result) -> None:
    """A second name for the file; where the disk knows no such thing, a copy."""
    try:
        os.link(path, twin)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        copied(path, twin, like)


def copied(path: Path, twin: Path, like: os.stat_result) -> None:
    """A new file with the same content, and the owner and mode of `like`."""
    with open(path, "rb") as source, _made(twin) as stream:
        _copy(source, stream, os.fstat(source.fileno()).st_size)
        _finish(stream, like)


def _copy(source: BinaryIO, stream: BinaryIO, size: int) -> None:
    """The next `size` bytes. Raises SourceFailed if there are not so many any more."""
    while size:
        piece = source.read(min(size, _PIECE))
        if not piece:
            raise SourceFailed("E405")
        stream.write(piece)
        size -= len(piece)


def _onto_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # of a disk that keeps no folders apart
            raise
    finally:
        os.close(descriptor)


def _is(path: Path, file: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), file)
    except OSError:
        return False


@contextmanager
def _said(what: str) -> Iterator[None]:
    """Turns the system's answer into a sentence of ours: what could not be done."""
    try:
        yield
    except OSError as error:
        raise _failure(error, what) from None


def _failure(error: OSError, what: str) -> SourceFailed:
    if isinstance(error, BlockingIOError):
        return SourceFailed("E442")
    if error.errno in _NOT_ALLOWED:
        return SourceFailed("E450", what)
    if error.errno in _NO_ROOM:
        return SourceFailed("E451", what)
    return SourceFailed("E452", f"{what} ({errno.errorcode.get(error.errno or 0, 'no reason given')})")
