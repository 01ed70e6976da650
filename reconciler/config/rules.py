"""Rules about the file as a whole: one function each, over the entries that could be read.

Each is handed the same draft and notes what it finds; the level of a finding is the file's business (`rules:`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from reconciler.config.collect import Problems, seen_from, shown
from reconciler.config.expressions import Expressions
from reconciler.config.reading import path_text
from reconciler.config.store import check_store
from reconciler.model.desired import (
    Conflict,
    Contacts,
    DynamicTags,
    Field,
    FromPrevious,
    FromScore,
    Identity,
    Push,
    ScoreRule,
    Tag,
)
from reconciler.model.names import fold_name, fold_prefix
from reconciler.model.problems import Place


class Draft(NamedTuple):
    """What could be read of the file. `declared_*`: places of all names, those of entries with a problem included."""

    identity: Identity | None
    match_place: Place | None
    fields: Mapping[str, Field]
    tags: Mapping[str, Tag]
    dynamic_tags: tuple[DynamicTags, ...]
    scores: Mapping[str, tuple[ScoreRule, ...]]
    contacts: Contacts
    declared_fields: Mapping[str, Place]
    declared_tags: Mapping[str, Place]
    declared_scores: Mapping[str, Place]
    types: Mapping[str, str]
    fields_given: bool


def run_rules(draft: Draft, expressions: Expressions, problems: Problems) -> None:
    """Note everything that is wrong with the draft as a whole."""
    for rule in _RULES:
        rule(draft, problems)
    for name, rule in ASKED.items():
        if name in problems.levels:
            rule(draft, problems)
    _passwords_in_expressions(expressions, problems)


def _email_mapped(draft: Draft, problems: Problems) -> None:
    identity = draft.identity
    if identity is None or not draft.fields_given:
        return
    if identity.match not in draft.declared_fields:
        fix = problems.meant(identity.match, draft.declared_fields)
        name = shown(identity.match)
        problems.add("R101", f"`identity.match` names {name}, and `fields` has no such entry", draft.match_place, fix)
        return
    entry = draft.fields.get(identity.match)
    if entry is not None and entry.origin is None:
        problems.add("R101", f"nothing fills {shown(entry.key)}", entry.where)


def _identity_mapped(draft: Draft, problems: Problems) -> None:
    entry = draft.fields.get(draft.identity.match) if draft.identity else None
    if entry is None or entry.origin is None:
        return
    if isinstance(entry.origin, FromScore):
        problems.add("R102", f"{shown(entry.key)} is looked up by, and a score is nobody's address", entry.where)
    if entry.type not in (None, "email", "text"):
        detail = f"{shown(entry.key)} is looked up by as an e-mail address, not as `{entry.type}`"
        problems.add("R102", detail, entry.where_of.get("type", entry.where), "write `type: email`, or remove `type`")
    if entry.push is Push.NEVER and draft.contacts.create:
        detail = f"{shown(entry.key)} is never pushed, so a contact that is created could not be found again"
        problems.add("R102", detail, entry.where_of.get("push", entry.where))


def _previous_elsewhere(draft: Draft, problems: Problems) -> None:
    entry = draft.fields.get(draft.identity.match) if draft.identity else None
    if entry is not None and isinstance(entry.origin, FromPrevious):
        detail = f"{shown(entry.key)} is looked up by, and would be filled with the address that it loses"
        problems.add("R119", detail, entry.where_of.get("value", entry.where))


def _store_filled(draft: Draft, problems: Problems) -> None:
    check_store(draft.identity, draft.fields, problems)


def _field_filled_once(draft: Draft, problems: Problems) -> None:
    for first, second in _folded_twice(draft.declared_fields):
        where = draft.declared_fields[second]
        there = seen_from(draft.declared_fields[first], where)
        problems.add("R103", f"{shown(second)} is the same field as {shown(first)} in {there}", where)


def _tag_one_owner(draft: Draft, problems: Problems) -> None:
    for first, second in _folded_twice(draft.declared_tags):
        where = draft.declared_tags[second]
        there = seen_from(draft.declared_tags[first], where)
        problems.add("R104", f"{shown(second)} is the same tag as {shown(first)} in {there}", where)
    prefixes = [entry for entry in draft.dynamic_tags if entry.prefix]
    for entry in prefixes:
        folded = fold_prefix(entry.prefix)
        for name, where in draft.declared_tags.items():
            if fold_prefix(name).startswith(folded):
                detail = f"{shown(name)} begins with the prefix of the dynamic tags in {seen_from(entry.where, where)}"
                problems.add("R104", detail, where, "choose another prefix, or another name")
    for at, entry in enumerate(prefixes):
        for other in prefixes[:at]:
            one, two = fold_prefix(entry.prefix), fold_prefix(other.prefix)
            if one.startswith(two) or two.startswith(one):
                detail = f"one prefix is the beginning of the other in {seen_from(other.where, entry.where)}"
                problems.add("R104", detail, entry.where, "choose prefixes of which none begins with another")


def _folded_twice(names: Mapping[str, Place]) -> Iterator[tuple[str, str]]:
    """Pairs of names that are one once case, spaces and HTML entities are folded."""
    first: dict[str, str] = {}
    for name in names:
        known = first.setdefault(fold_name(name), name)
        if known != name:
            yield known, name


def _score_push(draft: Draft, problems: Problems) -> None:
    for entry in draft.fields.values():
        if (isinstance(entry.origin, FromScore) or entry.type == "score") and entry.push is not Push.ALWAYS:
            where = entry.where_of.get("push", entry.where)
            problems.add("R105", f"{shown(path_text('fields', [entry.key]))}: only `push: always`", where)


def _score_mapped(draft: Draft, problems: Problems) -> None:
    if not any(isinstance(entry.origin, FromScore) or entry.type == "score" for entry in draft.fields.values()):
        problems.add("R106", "no entry under `fields` has `score`", draft.identity.where if draft.identity else None)


def _score_known(draft: Draft, problems: Problems) -> None:
    for entry in draft.fields.values():
        if isinstance(entry.origin, FromScore) and entry.origin.score not in draft.declared_scores:
            name = entry.origin.score
            fix = problems.meant(name, draft.declared_scores) or f"declare {shown(name)} under `scores`"
            problems.add("E129", f"there is no score {shown(name)}", entry.where_of.get("score", entry.where), fix)


def _score_used(draft: Draft, problems: Problems) -> None:
    used = {entry.origin.score for entry in draft.fields.values() if isinstance(entry.origin, FromScore)}
    if len(draft.fields) < len(draft.declared_fields):
        return  # the entry that uses it may be one that could not be read
    for name, where in draft.declared_scores.items():
        if name not in used:
            problems.add("R107", f"the score {shown(name)}", where)


_PASSWORDS = frozenset(
    {
        "hashedpassword",
        "pass",
        "passhash",
        "passphrase",
        "passwd",
        "password",
        "passwordhash",
        "passwort",
        "pwd",
        "userpass",
        "userpassword",
    }
)


def is_password(name: str) -> bool:
    """Whether a field or column of that name holds passwords."""
    return "".join(filter(str.isalnum, name.casefold())) in _PASSWORDS


def _no_passwords(draft: Draft, problems: Problems) -> None:
    for key in draft.declared_fields:
        entry = draft.fields.get(key)
        if entry is not None and entry.absent:
            continue
        column = None if entry is None else entry.column
        if is_password(key):
            problems.add("R109", f"the field {shown(key)}", draft.declared_fields[key])
        elif entry is not None and column is not None and is_password(column):
            problems.add("R109", f"the column {shown(column)}", entry.where_of.get("from", entry.where))
    for tags in draft.dynamic_tags:
        if is_password(tags.column):
            problems.add("R109", f"the column {shown(tags.column)}", tags.where)


def _passwords_in_expressions(expressions: Expressions, problems: Problems) -> None:
    for text, where in expressions.where.items():
        for column in expressions.programs[text].columns:
            if is_password(column):
                problems.add("R109", f"the column {shown(column)} in an expression", where)


def _raw_empties(draft: Draft, problems: Problems) -> None:
    for entry in draft.fields.values():
        if entry.type == "raw" and entry.push is Push.ALWAYS:
            problems.add("R110", f"the field {shown(entry.key)}", entry.where_of.get("type", entry.where))


def _person_is_email(draft: Draft, problems: Problems) -> None:
    entry = draft.fields.get(draft.identity.match) if draft.identity else None
    if draft.identity and entry is not None and entry.column == draft.identity.person:
        problems.add("R111", f"`identity.person` is {shown(draft.identity.person)}", draft.identity.where)


def _rename_once(draft: Draft, problems: Problems) -> None:
    fields = [(old, "field", draft.declared_fields, entry.where_of.get("renamed_from", entry.where))
              for entry in draft.fields.values() if (old := entry.renamed_from) is not None]  # fmt: skip
    tags = [(old, "tag", draft.declared_tags, tag.where)
            for tag in draft.tags.values() if (old := tag.renamed_from) is not None]  # fmt: skip
    taken: dict[tuple[str, str], Place] = {}
    for old, kind, declared, where in fields + tags:
        if old in declared:
            problems.add("R114", f"the {kind} {shown(old)} is declared in {seen_from(declared[old], where)}", where)
        first = taken.setdefault((kind, old), where)
        if first != where:
            problems.add("R114", f"the {kind} {shown(old)} is renamed in {seen_from(first, where)} already", where)


def _tag_column(draft: Draft, problems: Problems) -> None:
    if not draft.dynamic_tags:
        return
    identity = draft.identity
    match = draft.fields.get(identity.match) if identity else None
    names = {identity.person: "names a person"} if identity else {}
    if identity and identity.link is not None:
        names.setdefault(identity.link, "names a contact")
    if match is not None and match.column is not None:
        names[match.column] = "holds the e-mail address"
    for entry in draft.fields.values():
        if entry.column is not None and entry.type in ("email", "phone"):
            names.setdefault(entry.column, f"holds values of type `{entry.type}`")
    for column, type in draft.types.items():
        if type in ("email", "phone"):
            names.setdefault(column, f"holds values of type `{type}`")
    for tags in draft.dynamic_tags:
        if tags.column in names:
            problems.add("R115", f"the column {shown(tags.column)} {names[tags.column]}", tags.where)


def _pull_columns(draft: Draft, problems: Problems) -> None:
    """What is pulled goes into one column, each column takes one field, and never that which names people."""
    taken: dict[str, Field] = {}
    for entry in draft.fields.values():
        if not entry.pull:
            continue
        where = entry.where_of.get("pull", entry.where)
        column = entry.column
        if column is None:
            problems.add("R120", f"no column fills {shown(entry.key)}: it is computed", where)
        elif draft.identity is not None and column == draft.identity.person:
            problems.add("R120", f"the column {shown(column)} names people", where)
        elif (first := taken.setdefault(column, entry)) is not entry:
            there = seen_from(first.where_of.get("pull", first.where), where)
            problems.add("R121", f"the column {shown(column)} takes {shown(first.key)} already in {there}", where)


def _conflict_used(draft: Draft, problems: Problems) -> None:
    for entry in draft.fields.values():
        if not entry.pull and entry.conflict is not Conflict.REPORT and "conflict" in entry.where_of:
            problems.add("R122", f"the field {shown(entry.key)}", entry.where_of["conflict"])


_RULES: tuple[Callable[[Draft, Problems], None], ...] = (
    _email_mapped,
    _identity_mapped,
    _previous_elsewhere,
    _store_filled,
    _field_filled_once,
    _tag_one_owner,
    _score_push,
    _score_known,
    _score_used,
    _no_passwords,
    _raw_empties,
    _person_is_email,
    _rename_once,
    _tag_column,
    _pull_columns,
    _conflict_used,
)
ASKED: Mapping[str, Callable[[Draft, Problems], None]] = {"score-mapped": _score_mapped}
"""Rules that are off unless the file names them."""
