"""The entries under `tags`, `dynamic_tags` and `scores`."""

from __future__ import annotations

from reconciler.config.collect import Problems, shown
from reconciler.config.expressions import Expressions
from reconciler.config.models import DynamicTagEntry, ScoreRuleEntry, TagEntry
from reconciler.config.reading import path_text, places_of, read
from reconciler.config.shapes import name_trouble
from reconciler.config.tree import Mapping, Node, Pair, Scalar, Sequence
from reconciler.model.desired import DynamicTags, ScoreRule, Tag

SHORTEST_PREFIX = 2


def read_tag(name: str, pair: Pair, expressions: Expressions, problems: Problems) -> Tag | None:
    """The tag; None if the entry has a problem, which has been noted."""
    before = len(problems.found)
    address = path_text("tags", [name])
    trouble = name_trouble(name)
    if trouble:
        problems.add("E126", f"{shown(address)}: {trouble}", pair.key.where)
    if isinstance(pair.value, Scalar) and not pair.value.broken:
        fix = "write {when: '...'} for a condition, or {} for a tag that only has to exist"
        problems.add("E113", f"{shown(address)} is a mapping of keys", pair.value.where, fix)
        return None
    entry = read(TagEntry, pair.value, address, problems)
    if entry is None:
        return None
    _check_keys(name, entry, pair.value, address, problems)
    when = expressions.read(entry.when, f"{address}.when", "bool")
    if len(problems.found) > before:
        return None
    return Tag(
        name=name,
        where=pair.key.where,
        when=when,
        keep=entry.keep,
        on_create=entry.push == "on_create",
        renamed_from=entry.renamed_from,
        absent=entry.absent,
    )


def _check_keys(name: str, entry: TagEntry, node: Node, address: str, problems: Problems) -> None:
    places = places_of(node)
    others = [key for key in places if key != "absent"]
    if entry.absent and others:
        why = f"{shown(address)}: `absent` stands alone: what must not exist has no other keys"
        problems.add("E124", why, places[others[0]])
        return
    for key in ("keep", "push"):
        if key in places and entry.when is None:
            why = f"{shown(address)}: `{key}` is about who carries the tag, and without `when` that is not ours"
            problems.add("E124", why, places[key])
    if entry.renamed_from == name:
        problems.add("E124", f"{shown(address)}: `renamed_from` is the tag's own name", places["renamed_from"])


def read_dynamic_tags(node: Node | None, problems: Problems) -> tuple[DynamicTags, ...]:
    """All entries without a problem; the others have been noted."""
    if node is None:
        return ()
    if not isinstance(node, Sequence):
        problems.add("E113", "`dynamic_tags` is a list of entries", node.where, "begin the entry with a dash")
        return ()
    found = (_read_dynamic(item, f"dynamic_tags[{at}]", problems) for at, item in enumerate(node.items))
    return tuple(entry for entry in found if entry is not None)


def _read_dynamic(node: Node, address: str, problems: Problems) -> DynamicTags | None:
    entry = read(DynamicTagEntry, node, address, problems)
    if entry is None:
        return None
    places = places_of(node)
    before = len(problems.found)
    if entry.prefix == "" and not entry.keep:
        problems.add("E124", f"{shown(address)}: without `prefix`, `keep: true` is required", node.where,
                     "add a prefix, or `keep: true`: without a prefix nobody knows which tags are ours")  # fmt: skip
    elif entry.prefix and (len(entry.prefix) < SHORTEST_PREFIX or not entry.prefix.strip()):
        problems.add("E114", f"{shown(f'{address}.prefix')} has two characters or more", places["prefix"],
                     "choose a longer prefix, such as `Role: `")  # fmt: skip
    elif entry.prefix and name_trouble(entry.prefix.strip()):
        problems.add("E126", f"{shown(f'{address}.prefix')} holds a control character", places["prefix"])
    elif entry.prefix != entry.prefix.lstrip():
        problems.add("E126", f"{shown(f'{address}.prefix')} begins with a space", places["prefix"])
    if len(problems.found) > before:
        return None
    return DynamicTags(entry.from_, node.where, entry.prefix, entry.max_new, entry.keep)


def read_score(name: str, pair: Pair, expressions: Expressions, problems: Problems) -> tuple[ScoreRule, ...] | None:
    """The score's rules; None if there is a problem with one of them, which has been noted."""
    address = path_text("scores", [name])
    trouble = name_trouble(name)
    if trouble:
        problems.add("E126", f"{shown(address)}: {trouble}", pair.key.where)
    if not isinstance(pair.value, Sequence) or not pair.value.items:
        fix = "write a list: - {when: 'orders > 0', points: 10}"
        problems.add("E113", f"{shown(address)} is a list of rules", pair.value.where, fix)
        return None
    rules = []
    for at, item in enumerate(pair.value.items):
        entry = read(ScoreRuleEntry, item, f"{address}[{at}]", problems)
        when = None if entry is None else expressions.read(entry.when, f"{address}[{at}].when", "bool")
        if entry is not None and when is not None:
            rules.append(ScoreRule(when, entry.points))
    return tuple(rules) if len(rules) == len(pair.value.items) and not trouble else None


def entries(root: Mapping, section: str, problems: Problems) -> dict[str, Pair]:
    """The entries of a section by name; empty without one. A section of another shape is noted."""
    node = root.get(section)
    if isinstance(node, Mapping):
        return node.items
    if node is not None:
        problems.add("E113", f"`{section}` is a mapping of names to entries", node.where)
    return {}
