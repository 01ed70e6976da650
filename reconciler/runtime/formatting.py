"""Files in their canonical form: all of them read before one is written, each replaced as a whole."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.config.format import format_bytes, read_file
from reconciler.model.messages import problem
from reconciler.model.problems import Failure, Place, Problem
from reconciler.runtime.disk import is_full, write_whole


@dataclass(frozen=True, slots=True)
class Formatted:
    """A file as it stands and as it is to be; `name` is how it was named."""

    name: str
    before: bytes
    after: bytes

    @property
    def changed(self) -> bool:
        return self.before != self.after

    @property
    def differs_at(self) -> Place:
        """The first line that is another one."""
        lines = zip(self.before.split(b"\n"), self.after.split(b"\n"), strict=False)
        same = next((at for at, (old, new) in enumerate(lines) if old != new), 0)
        return Place(self.name, same + 1)


def format_files(files: Sequence[Path]) -> tuple[Formatted, ...]:
    """The files in their canonical form, in the order given, none written. Raises Failure with all problems of all."""
    made: list[Formatted] = []
    problems: list[Problem] = []
    for file in dict.fromkeys(files):
        try:
            made.append(format_content(read_file(file), str(file)))
        except Failure as failure:
            problems += failure.problems
    if problems:
        raise Failure(problems)
    return tuple(made)


def format_content(content: bytes, name: str) -> Formatted:
    """Raises Failure with all problems of the text."""
    return Formatted(name, content, format_bytes(content, name))


def write_formatted(formatted: Formatted) -> None:
    """Put the canonical form in the file's place: whole or not at all, with its mode; a link stays a link. Raises
    Failure E132, E509."""
    path = Path(formatted.name)
    try:
        write_whole(path, formatted.after, stat.S_IMODE(path.stat().st_mode))
    except OSError as error:
        code = "E509" if is_full(error) else "E132"
        raise Failure(problem(code, where=Place(formatted.name))) from None
