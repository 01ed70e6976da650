"""Tags made from values: whose a name is, and which names may become tags in this plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.desired import Desired, DynamicTags
from reconciler.model.inventory import Inventory
from reconciler.model.names import fold_name
from reconciler.planning.layout import DynamicColumn


@dataclass(frozen=True, slots=True)
class Owners:
    """Tag names that the file gives to somebody else than a list of tags made from values: a tag has one owner.

    `declared`: names under `tags`, folded, former names included. `prefixes`: of all lists, in lower case.
    """

    declared: frozenset[str]
    prefixes: tuple[str, ...]

    @classmethod
    def of(cls, desired: Desired) -> Owners:
        former = [tag.renamed_from for tag in desired.tags.values() if tag.renamed_from]
        declared = frozenset(fold_name(name) for name in (*desired.tags, *former))
        return cls(declared, tuple(d.prefix.casefold() for d in desired.dynamic_tags if d.prefix))

    def foreign(self, entry: DynamicTags, name: str) -> bool:
        """Whether the entry may not make that name a tag, nor give it to anybody."""
        under_another = not entry.prefix and name.casefold().startswith(self.prefixes)
        return under_another or fold_name(name) in self.declared


@dataclass(frozen=True, slots=True)
class Permissions:
    """What the tags of this plan may do.

    `names`: live tags, key -> name. `taken`: by dynamic column, names that are somebody else's or that stand for one
    tag with another spelling. `refused`: dynamic columns with more new names than `max_new`, and how many those are.
    `untag_first`: people may lose a tag in the very plan that makes it ours.
    """

    names: Mapping[str, str]
    taken: Mapping[str, frozenset[str]]
    refused: Mapping[str, int]
    untag_first: bool = False


def permissions(
    columns: tuple[DynamicColumn, ...],
    made: Mapping[str, set[str]],
    owners: Owners,
    inventory: Inventory,
    untag_first: bool,
) -> Permissions:
    """`made`: by column, every name that the values of people in scope make. Judged on everybody in scope, whoever is
    asked for and has a contact, so that a plan of one person says what the whole plan says."""
    live = {tag.name for tag in inventory.tags}
    spellings: defaultdict[str, set[str]] = defaultdict(set)
    for name in live.union(*made.values()):
        spellings[fold_name(name)].add(name)
    taken: dict[str, frozenset[str]] = {}
    refused: dict[str, int] = {}
    for column in columns:
        names = made.get(column.name, set())
        taken[column.name] = frozenset(
            name
            for name in names
            if owners.foreign(column.entry, name) or (name not in live and len(spellings[fold_name(name)]) > 1)
        )
        new = len(names - live - taken[column.name])
        if new > column.entry.max_new:
            refused[column.name] = new
    return Permissions({tag.key: tag.name for tag in inventory.tags}, taken, refused, untag_first)
