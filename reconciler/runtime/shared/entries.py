"""What an entry of the chain holds: who began, what was written down, or all of it as it is.

opening   an apply begins here; whoever wrote the entry before has lost the lease
writes    statements of SQLite files, and files, in the order in which they were written
base      every file of the state; what came before is not needed any more
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from reconciler.runtime.recording import Statement

FORMAT = 1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


class Newer(Exception):
    """A newer version of this program wrote it."""


class Broken(Exception):
    """It is no entry."""


class Kind(StrEnum):
    OPENING = "opening"
    WRITES = "writes"
    BASE = "base"


class Kept(NamedTuple):
    """A file of the state: what it holds if it is small, else the names of its parts. `digest`: hex, of all bytes."""

    digest: str
    content: bytes | None = None
    parts: tuple[str, ...] = ()


class Wrote(NamedTuple):
    """Statements that were committed together in that SQLite file."""

    path: str
    statements: Sequence[Statement]


class Renamed(NamedTuple):
    path: str
    new: str


class Put(NamedTuple):
    path: str
    file: Kept


Step = Wrote | Renamed | Put


@dataclass(frozen=True, slots=True)
class Entry:
    """`steps`: of writes; `files`: of a base, by path below the state folder."""

    kind: Kind
    steps: tuple[Step, ...] = ()
    files: Mapping[str, Kept] = field(default_factory=dict)

    @property
    def parts(self) -> frozenset[str]:
        """The names of all blobs that it needs."""
        kept = [*self.files.values(), *(step.file for step in self.steps if isinstance(step, Put))]
        return frozenset(part for file in kept for part in file.parts)


def to_bytes(entry: Entry) -> bytes:
    said: dict[str, Any] = {"format": FORMAT, "kind": entry.kind.value}
    if entry.steps:
        said["steps"] = [_step(step) for step in entry.steps]
    if entry.files:
        said["files"] = {path: _file(file) for path, file in entry.files.items()}
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def from_bytes(content: bytes) -> Entry:
    """Raises Newer, Broken: also for paths that lead out of the state folder."""
    try:
        said = json.loads(content.decode("utf-8", "surrogatepass"))
        if said["format"] > FORMAT:
            raise Newer
        steps = tuple(_read_step(step) for step in said.get("steps", ()))
        files = {_path(path): _read_file(file) for path, file in said.get("files", {}).items()}
        return Entry(Kind(said["kind"]), steps, files)
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise Broken from None


def _step(step: Step) -> list[Any]:
    match step:
        case Wrote(path, statements):
            return ["wrote", path, [[sql, [[_value(v) for v in row] for row in rows]] for sql, rows in statements]]
        case Renamed(path, new):
            return ["renamed", path, new]
        case Put(path, file):
            return ["put", path, _file(file)]


def _read_step(said: list[Any]) -> Step:
    match said:
        case ["wrote", path, statements]:
            read = [Statement(str(sql), [tuple(map(_read_value, row)) for row in rows]) for sql, rows in statements]
            return Wrote(_path(path), read)
        case ["renamed", path, new]:
            return Renamed(_path(path), _path(new))
        case ["put", path, file]:
            return Put(_path(path), _read_file(file))
    raise Broken


def _value(value: Any) -> Any:
    return [_text(value)] if isinstance(value, bytes | bytearray | memoryview) else value


def _read_value(said: Any) -> Any:
    return base64.b64decode(said[0], validate=True) if isinstance(said, list) else said


def _file(file: Kept) -> dict[str, Any]:
    held = {"parts": list(file.parts)} if file.content is None else {"content": _text(file.content)}
    return {"digest": file.digest, **held}


def _read_file(said: Any) -> Kept:
    content = base64.b64decode(said["content"], validate=True) if "content" in said else None
    return Kept(str(said["digest"]), content, tuple(map(str, said.get("parts", ()))))


def _text(content: bytes | bytearray | memoryview) -> str:
    return base64.b64encode(content).decode()


def _path(said: str) -> str:
    """A path that stays below the state folder."""
    if not all(_NAME.fullmatch(part) for part in said.split("/")):
        raise Broken
    return said
