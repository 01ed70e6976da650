"""The sections that hold settings of the whole file: `identity`, `defaults`, `contacts`, `limits` and so on."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel

from reconciler.config.collect import Problems, shown
from reconciler.config.expressions import Expressions
from reconciler.config.models import (
    SECTIONS,
    ContactsSection,
    DefaultsSection,
    HistorySection,
    IdentitySection,
    LimitsSection,
    RefreshSection,
)
from reconciler.config.reading import Places, path_text, places_of, read
from reconciler.config.tags import entries
from reconciler.config.tree import Mapping, Scalar
from reconciler.model.desired import FORTNIGHT, MONTH, Contacts, Expression, Gone, History, Identity, Limits, Refresh
from reconciler.model.problems import Level, Place

Model = TypeVar("Model", bound=BaseModel)

_ORDER = {Level.OFF: 0, Level.WARNING: 1, Level.ERROR: 2}


def check_sections(root: Mapping, problems: Problems) -> None:
    """Note sections that do not exist, and variables that are no texts."""
    for name, pair in root.items.items():
        if name not in SECTIONS:
            fix = problems.meant(name, SECTIONS) or f"sections are {', '.join(SECTIONS)}"
            problems.add("E111", f"the section {shown(name)} is unknown", pair.key.where, fix)
    for name, pair in entries(root, "vars", problems).items():
        if not isinstance(pair.value, Scalar):
            problems.add("E113", f"{shown(path_text('vars', [name]))} is a text", pair.value.where)


def read_rules(root: Mapping, problems: Problems) -> dict[str, Level]:
    """The levels that the file sets, by rule name; what cannot be set has been noted."""
    node = root.get("rules")
    if node is None:
        return {}
    if not isinstance(node, Mapping):
        problems.add("E113", "`rules` is a mapping of rule names to levels", node.where, "write NAME: warning")
        return {}
    from reconciler.model.messages import MESSAGES
    from reconciler.model.messages.rules import ALWAYS

    known = {row.name: row for row in MESSAGES.values() if row.name}
    levels: dict[str, Level] = {}
    for name, pair in node.items.items():
        row = known.get(name)
        value = pair.value
        if row is None:
            fix = problems.meant(name, known) or f"rules are {', '.join(sorted(known))}"
            problems.add("E127", f"there is no rule {shown(name)}", pair.key.where, fix)
        elif not isinstance(value, Scalar) or value.text not in list(Level):
            if not (isinstance(value, Scalar) and value.broken):
                problems.add(
                    "E114",
                    f"the level of {shown(name)} is `error`, `warning` or `off`",
                    value.where,
                    "write error, warning or off",
                )
        elif name in ALWAYS and _ORDER[Level(value.text)] < _ORDER[row.level]:
            problems.add("E128", f"the rule {shown(name)}", pair.key.where)
        else:
            levels[name] = Level(value.text)
    return levels


def read_identity(root: Mapping, problems: Problems) -> Identity | None:
    if root.get("identity") is None:
        problems.add("E112", "the section `identity` is missing", Place(root.file.name, 1),
                     "add identity: {person: COLUMN, match: email}")  # fmt: skip
        return None
    entry, places = _section(root, "identity", IdentitySection, problems)
    if entry is None:
        return None
    given = {key: places[key] for key in ("link", "store") if getattr(entry, key) is not None}
    return Identity(entry.person, entry.match, places["person"], entry.link, entry.store, given)


def read_defaults(root: Mapping, problems: Problems) -> DefaultsSection:
    """What the file sets; the contract's defaults for everything that it does not or that has a problem."""
    entry, _ = _section(root, "defaults", DefaultsSection, problems)
    if entry is None:
        return DefaultsSection.model_construct(push="always", pull=False, empty="skip", conflict="report")
    return entry


def read_contacts(root: Mapping, expressions: Expressions, problems: Problems) -> Contacts:
    entry, _ = _section(root, "contacts", ContactsSection, problems)
    if entry is None:
        return Contacts()
    create: bool | Expression | None = None
    if isinstance(entry.create, bool):
        create = entry.create
    else:
        create = expressions.read(entry.create, "contacts.create", "bool")
    when = expressions.read(entry.when, "contacts.when", "bool")
    return Contacts(create or False, when, entry.status, root.place_of("contacts"), Gone(entry.gone), entry.create_as)


def read_limits(root: Mapping, problems: Problems) -> Limits:
    entry, places = _section(root, "limits", LimitsSection, problems)
    if entry is None:
        return Limits()
    given = {name: value for name, value in entry.model_dump().items() if value is not None}
    return Limits(**given, where_of=places, where=root.place_of("limits"))


def read_refresh(root: Mapping, problems: Problems) -> Refresh:
    """When contacts are read in full, and whether a copy of them is kept."""
    entry, _ = _section(root, "refresh", RefreshSection, problems)
    seconds = FORTNIGHT if entry is None or entry.full_every is None else int(entry.full_every)
    node = root.get("snapshot")
    if node is None:
        return Refresh(seconds)
    if isinstance(node, Scalar) and not node.style and node.text in ("true", "false"):
        return Refresh(seconds, snapshot=node.text == "true")
    if not (isinstance(node, Scalar) and node.broken):
        problems.add("E114", "`snapshot`: `true` or `false` is wanted", node.where, "write `true` or `false`")
    return Refresh(seconds)


def read_history(root: Mapping, problems: Problems) -> History:
    """What is kept so that runs can be undone."""
    entry, _ = _section(root, "history", HistorySection, problems)
    if entry is None:
        return History()
    section = root.get("history")
    node = section.get("key") if isinstance(section, Mapping) else None
    if node is not None:
        from pydantic import SecretStr

        from reconciler.config.options import check_secret

        check_secret("key", SecretStr, node, "history.key", problems)
    keep = MONTH if entry.keep is None else int(entry.keep)
    return History(entry.undo, keep, entry.key)


def _section(root: Mapping, name: str, model: type[Model], problems: Problems) -> tuple[Model | None, Places]:
    """The section as it was read, without the keys that could not be: what they hide is told, too. None without it."""
    node = root.get(name)
    if node is None:
        return None, places_of(None)
    noted = len(problems.found)
    entry = read(model, node, name, problems)
    if entry is None and isinstance(node, Mapping):
        wrong = {found.where for found in problems.found[noted:]}
        kept = {k: p for k, p in node.items.items() if not wrong & {p.key.where, p.value.where}}
        if all(k in kept for k, f in model.model_fields.items() if f.is_required()):
            entry = read(model, Mapping(node.file, node.line, node.column, kept), name, Problems())
    return entry, places_of(node)
