"""Which program keeps which key of a user, and which keys it keeps for itself: the patterns of `owners.yaml`."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from reconciler.config.datafile import read_data

_PARTS = re.compile(r"(\{prefix\}|\*|\?|\[[^]]+\])")
_SITE = "(?:[0-9]+_)?"


@dataclass(frozen=True, slots=True)
class Owned:
    """Whose a key is. `called`: what the key would be called in full, or "". `moments`: digits in it are moments."""

    group: str
    internal: bool = False
    called: str = ""
    moments: bool = False


@dataclass(frozen=True, slots=True)
class Owner:
    """A program that keeps keys. `marks`: what the values of `_KEY` look like where KEY is its own; None: no such."""

    label: str
    marks: re.Pattern[str] | None = None
    called: Mapping[str, str] = field(default_factory=dict)
    moments: bool = False

    def has(self, name: str, internal: bool = False) -> Owned:
        return Owned(self.label, internal, "" if internal else self.called.get(name, ""), self.moments)


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern. `beside`: it counts where another key is plainly the owner's."""

    match: Callable[[str], object]
    owner: Owner
    internal: bool = False
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Owners:
    """All owners of one type of source. `rules`: the longest pattern first. `others`: what the rest is shown as."""

    owners: Sequence[Owner]
    rules: Sequence[Rule]
    others: str

    @property
    def groups(self) -> Sequence[str]:
        """The labels in the order in which they are shown."""
        return (*(owner.label for owner in self.owners), self.others)

    def of(self, names: Sequence[str], marks: Callable[[str], Iterable[str]] = lambda _: ()) -> dict[str, Owned]:
        """Whose each of these keys is. `marks`: the values of a key, looked up for keys that may mark another one."""
        found = {name: self._rule(name) for name in names}
        plain = {rule.owner.label for rule in found.values() if rule and not rule.beside}
        owned = {name: self._owned(name, rule, plain) for name, rule in found.items()}
        for name, owner in self._marked(names, marks):
            owned[name], owned[f"_{name}"] = owner.has(name), owner.has(f"_{name}", internal=True)
        return owned

    def unneeded(self, names: Sequence[str], kept: Collection[str | None] = ()) -> tuple[str, ...]:
        """Keys that are hidden by their name alone and say nothing about another key: they need not be read."""
        owned = self.of(names)
        known = set(names)
        return tuple(
            name for name in names
            if owned[name].internal and name not in kept and not (name.startswith("_") and name[1:] in known)
        )  # fmt: skip

    def _rule(self, name: str) -> Rule | None:
        return next((rule for rule in self.rules if rule.match(name)), None)

    def _owned(self, name: str, rule: Rule | None, plain: Collection[str]) -> Owned:
        if rule is None or (rule.beside and rule.owner.label not in plain):
            return Owned(self.others)
        return rule.owner.has(name, rule.internal)

    def _marked(self, names: Sequence[str], marks: Callable[[str], Iterable[str]]) -> Iterator[tuple[str, Owner]]:
        known = set(names)
        for owner in self.owners:
            for name in names if owner.marks else ():
                values = list(marks(f"_{name}")) if f"_{name}" in known else []
                if owner.marks and values and all(map(owner.marks.fullmatch, values)):
                    yield name, owner


@lru_cache(maxsize=4)
def owners_of(type: str, prefix: str = "") -> Owners | None:
    """Who keeps keys in sources of this type; None where nobody is known. `prefix`: of the names of its tables."""
    data = read_data(files(__package__).joinpath("owners.yaml").read_text(encoding="utf-8")).get(type)
    if data is None:
        return None
    owners: list[Owner] = []
    rules: list[tuple[int, Rule]] = []
    for row in data["owners"]:
        owners.append(_owner(row))
        rules += _rules(row, owners[-1], prefix)
    rules.sort(key=lambda pair: -pair[0])
    return Owners(tuple(owners), tuple(rule for _, rule in rules), data["others"])


def _owner(row: Mapping[str, Any]) -> Owner:
    marks = re.compile(_expression(row["marked"], "")) if "marked" in row else None
    return Owner(row["label"], marks, row.get("called", {}), row.get("moments", False))


def _rules(row: Mapping[str, Any], owner: Owner, prefix: str) -> Iterator[tuple[int, Rule]]:
    """Each pattern with its length, by which the closest one is told."""
    for kind in ("keys", "internal", "beside", "internal beside"):
        for pattern in row.get(kind, ()):
            match = re.compile(_expression(pattern, prefix)).fullmatch
            yield len(pattern), Rule(match, owner, kind.startswith("internal"), kind.endswith("beside"))


def _expression(pattern: str, prefix: str) -> str:
    signs = {"{prefix}": re.escape(prefix) + _SITE, "*": ".*", "?": "."}
    parts = (signs.get(part, part if part[:1] == "[" else re.escape(part)) for part in _PARTS.split(pattern))
    return f"(?s:{''.join(parts)})"
