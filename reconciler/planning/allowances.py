"""What the command line and the file permit beyond limits and checks, and on which day.

An entry under `allow` counts through its last day, by the later of two clocks: the real one, so that an old `--now`
revives nothing, and the plan's, so that a later `--now` rehearses what will be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from reconciler.model.desired import Allowance, Desired
from reconciler.model.messages import MESSAGES, problem
from reconciler.model.plan import AllowedBy
from reconciler.model.problems import Level, Problem

FAR = timedelta(days=90)
"""How long an entry is expected to count at most."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _-]*[A-Za-z0-9]|[A-Za-z]")
_YAML_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})


def judged_on(real: datetime, plans: datetime) -> date:
    """The day on which entries of `allow` are judged: that of the later clock, in UTC."""
    return max(real.astimezone(UTC), plans.astimezone(UTC)).date()


@dataclass(frozen=True, slots=True)
class Allowed:
    """What is permitted in one run. `typed`: by `--allow`, which counts instead of everything in the file. `standing`:
    the entries of the file that count."""

    typed: Mapping[str, int] = field(default_factory=dict)
    standing: tuple[Allowance, ...] = ()

    @classmethod
    def on(cls, day: date, desired: Desired, typed: Mapping[str, int]) -> Allowed:
        return cls(typed, tuple(entry for entry in desired.allow if day <= entry.until))

    def limit(self, name: str, usual: int, subject: str = "") -> tuple[int, AllowedBy | None]:
        """The number that is allowed, and what permits it; None where it is `usual`, that of the limit itself."""
        if name in self.typed:
            return self.typed[name], AllowedBy("option", usual)
        entries = [e for e in self.standing if e.limit == name and e.subject in ("", subject) and e.up_to > usual]
        if not entries:
            return usual, None
        most = max(entries, key=lambda entry: entry.up_to)
        return most.up_to, _by(most, usual)

    def check(self, code: str) -> AllowedBy | None:
        """What lets the check of that code fail."""
        entry = max((e for e in self.standing if e.check == code), key=lambda e: e.until, default=None)
        return _by(entry, 0) if entry else None

    @property
    def untag(self) -> bool:
        """Whether people may lose a tag in the very run in which it becomes ours."""
        return "untag" in self.typed or any(entry.limit == "untag" for entry in self.standing)


def _by(entry: Allowance, usual: int) -> AllowedBy:
    return AllowedBy("file", usual, entry.where, entry.reason, entry.until.isoformat())


def written_entry(**keys: str | int) -> str:
    """An entry of `allow` as somebody would write it, with what only they can know left open."""
    said = {**keys, "reason": "WHY", "until": "DATE"}
    return "{" + ", ".join(f"{key}: {_written(value)}" for key, value in said.items()) + "}"


def _written(value: str | int) -> str:
    text = str(value)
    plain = isinstance(value, int) or (_PLAIN.fullmatch(text) and text.lower() not in _YAML_WORDS)
    return text if plain else json.dumps(text, ensure_ascii=False)


def allowance_problems(desired: Desired, day: date) -> Iterator[Problem]:
    """What is to be said of the entries on that day: those that count no more, and those that count for very long."""
    for entry in desired.allow:
        about = f"the check {entry.check}" if entry.check else entry.limit
        about += f" of {entry.subject}" if entry.subject else ""
        if day > entry.until:
            yield problem("R330", f"{about} was allowed until {entry.until}, and is no more", entry.where)
        elif entry.until - day > FAR:
            yield problem("R331", f"{about} is allowed until {entry.until}", entry.where)


def leveled(problems: Iterable[Problem], rules: Mapping[str, Level]) -> Iterator[Problem]:
    """The problems at the level that the file's `rules` give them; those switched off are left out."""
    for found in problems:
        level = rules.get(MESSAGES[found.code].name, found.level)
        if level is not Level.OFF:
            yield replace(found, level=level)
