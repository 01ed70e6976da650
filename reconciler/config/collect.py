"""Collecting problems: reading goes on after the first one, so that all of them come at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from reconciler.model.messages import problem
from reconciler.model.names import near_matches
from reconciler.model.problems import Failure, Level, Place, Problem

_SHORTEST_SECRET = 4  # replacing shorter texts would garble sentences and hide nothing
_MOST_GUESSES = 30  # comparing names is slow; whoever has more misspelt names has another problem
_LONGEST_NAME = 60
_LONG_NAME = re.compile(f"`([^`]{{{_LONGEST_NAME + 1},}})`")


@dataclass(slots=True, eq=False, repr=False)
class Problems:
    """Everything that is wrong so far. `levels`: rule name -> level, as the file sets them.

    `foreign`: texts that came from the environment or other files -> how the file writes them; none of them leaves
    in a sentence.
    """

    found: list[Problem] = field(default_factory=list)
    levels: dict[str, Level] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)
    _guesses: int = 0

    def add(self, code: str, detail: str, where: Place | None = None, fix: str | None = None) -> None:
        """Note a problem at the level that the file gives its rule."""
        from reconciler.model.messages import MESSAGES

        row = MESSAGES[code]
        level = self.levels.get(row.name, row.level) if row.name else row.level
        if level is not Level.OFF:
            self.found.append(problem(code, detail, where, fix, level))

    def meant(self, name: str, known: Iterable[str]) -> str | None:
        """The way out for a misspelt name: what it was probably meant to be; None if nothing is near."""
        if self._guesses >= _MOST_GUESSES or len(name) > _LONGEST_NAME:
            return None
        self._guesses += 1
        near = near_matches(name, known)
        return f"did you mean {listed(near)}?" if near else None

    def forget(self, codes: frozenset[str]) -> None:
        """Drop problems that may only follow from others."""
        self.found = [found for found in self.found if found.code not in codes]

    def in_order(self) -> tuple[Problem, ...]:
        """By file, in the order in which they were met, then line and column; each once; foreign texts hidden."""
        files: dict[str, int] = {}
        for found in self.found:
            files.setdefault(found.where.file if found.where else "", len(files))

        def position(found: Problem) -> tuple[int, int, int]:
            where = found.where or Place("")
            return files[where.file], where.line, where.column

        return tuple(sorted(dict.fromkeys(map(self._finished, self.found)), key=position))

    def raise_errors(self) -> None:
        """Raise `Failure` with every problem of level error, if there is one."""
        errors = [found for found in self.in_order() if found.level is Level.ERROR]
        if errors:
            raise Failure(errors)

    def _finished(self, found: Problem) -> Problem:
        detail, fix = self._readable(found.detail), self._readable(found.fix)
        return found if (detail, fix) == (found.detail, found.fix) else replace(found, detail=detail, fix=fix)

    def _readable(self, sentence: str) -> str:
        """Without foreign texts, and with long names cut: in this order, or a cut text would not be recognised."""
        for text, written in sorted(self.foreign.items(), key=lambda item: (-len(item[0]), item[0])):
            if len(text) >= _SHORTEST_SECRET:
                sentence = sentence.replace(text, written).replace(_escaped(text), written)
        return _LONG_NAME.sub(lambda name: f"`{name.group(1)[: _LONGEST_NAME - 1]}…`", sentence)


def listed(names: Iterable[str]) -> str:
    """Names as a sentence says them: `a`, `b` or `c`."""
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} or {quoted[-1]}"


class Outside(str):
    """A text that came from the environment or another file: a text like any other, but sentences show `written`."""

    written: str

    def __new__(cls, text: str, written: str = "${...}") -> Outside:
        made = super().__new__(cls, text)
        made.written = written
        return made


def shown(name: str) -> str:
    """A name as a sentence quotes it: on one line, without characters that nobody sees."""
    return f"`{name.written if isinstance(name, Outside) else _escaped(name)}`"


def _escaped(text: str) -> str:
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def seen_from(there: Place, here: Place) -> str:
    """How a sentence about `here` names another place: its line, and its file if that is another one."""
    return f"line {there.line}" if there.file == here.file else str(there)
