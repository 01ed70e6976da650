"""The sections `allow` and `checks`: what may exceed limits for a while, and what no plan may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

from reconciler.config.collect import Outside, Problems, listed, shown
from reconciler.config.expressions import compiled, cut
from reconciler.config.models import AllowEntry, CheckEntry
from reconciler.config.reading import path_text, places_of, read
from reconciler.config.tags import entries
from reconciler.config.tree import Mapping as Tree
from reconciler.config.tree import Node, Pair, Scalar, Sequence
from reconciler.model.desired import Allowance, Expression, Limits, PlanCheck
from reconciler.model.limits import BY_NAME
from reconciler.model.problems import Level, Place

if TYPE_CHECKING:
    from reconciler.model.expressions.shaped import Shape

_CODE = r"[A-Za-z](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,39}"
_OURS = r"[ERer][0-9]{3}"
_HUNDRED = 100


class AllowAbout(NamedTuple):
    """What entries of `allow` may name: limits, tags by their name or their list's, and checks by their code."""

    limits: Limits
    subjects: Collection[str]
    checks: Mapping[str, Place]


def read_checks(
    root: Tree, shape: Callable[[], Shape] | None, problems: Problems
) -> tuple[dict[str, PlanCheck], Mapping[str, Place]]:
    """The checks without a problem by their code, and the places of all of them. `shape`: of the plan's document; None:
    not known, so that only the expression's own words are looked at."""
    declared = entries(root, "checks", problems)
    found = {code: _read_check(code, pair, shape, problems) for code, pair in declared.items()}
    folded: dict[str, str] = {}
    for code, pair in declared.items():
        if (first := folded.setdefault(code.casefold(), code)) != code:
            problems.add("E351", f"{shown(code)} and {shown(first)} differ in upper and lower case alone",
                         pair.key.where)  # fmt: skip
    places = {code: pair.key.where for code, pair in declared.items()}
    return {code: check for code, check in found.items() if check is not None}, places


def _read_check(code: str, pair: Pair, shape: Callable[[], Shape] | None, problems: Problems) -> PlanCheck | None:
    before = len(problems.found)
    address = path_text("checks", [code])
    if not re.fullmatch(_CODE, code) or re.fullmatch(_OURS, code):
        problems.add("E351", shown(code), pair.key.where)
    if isinstance(pair.value, Scalar) and not pair.value.broken:
        problems.add("E113", f"{shown(address)} is a mapping of keys", pair.value.where,
                     "write {deny: '...', message: '...'}")  # fmt: skip
        return None
    entry = read(CheckEntry, pair.value, address, problems)
    if entry is None:
        return None
    _said(entry.message, f"{address}.message", places_of(pair.value)["message"], problems)
    deny = _read_deny(entry.deny, f"{address}.deny", shape, problems)
    if deny is None or len(problems.found) > before:
        return None
    return PlanCheck(code, deny, str(entry.message), pair.key.where, Level(entry.level))


def _read_deny(node: Scalar, path: str, shape: Callable[[], Shape] | None, problems: Problems) -> Expression | None:
    from reconciler.model.expressions import ExpressionError
    from reconciler.model.expressions.shaped import check_shaped

    try:
        program = compiled(node.text)
        wrong = check_shaped(program, {"plan": shape()}) if shape is not None else None
    except ExpressionError as error:
        wrong = error
    if wrong is None:
        return Expression(node.text, node.where)
    hint = cut(node)
    if hint is not None:
        problems.add("E116", f"{shown(path)}: YAML cuts it short", node.where, hint)
    elif node.foreign:
        problems.add("E352", f"{shown(path)}, once its references are filled in", node.where)
    else:
        problems.add("E352", f"{shown(path)}: {wrong.detail}", node.where, wrong.hint or None)
    return None


def _said(text: str, path: str, where: Place, problems: Problems) -> None:
    """A text that plans show to everybody: it says something, and nothing that came from outside of the files."""
    if isinstance(text, Outside):
        problems.add("E114", f"{shown(path)} is shown in plans, and takes nothing from the environment", where,
                     "write it out")  # fmt: skip
    elif not any(sign.isalnum() for sign in text) or text.strip() == "WHY":
        problems.add("E114", f"{shown(path)} says something to whoever reads a plan", where, "write a sentence")


def read_allow(root: Tree, about: AllowAbout, problems: Problems) -> tuple[Allowance, ...]:
    """All entries without a problem; the others have been noted."""
    node = root.get("allow")
    if node is None:
        return ()
    if not isinstance(node, Sequence):
        problems.add("E113", "`allow` is a list of entries", node.where, "begin the entry with a dash")
        return ()
    found = (_read_entry(item, f"allow[{at}]", about, problems) for at, item in enumerate(node.items))
    return tuple(entry for entry in found if entry is not None)


def _read_entry(node: Node, address: str, about: AllowAbout, problems: Problems) -> Allowance | None:
    entry = read(AllowEntry, node, address, problems)
    if entry is None:
        return None
    before = len(problems.found)
    places = places_of(node)
    _said(entry.reason, f"{address}.reason", places["reason"], problems)
    if (entry.limit is None) == (entry.check is None):
        problems.add("E124" if entry.limit else "E112", f"{shown(address)} is about a `limit` or a `check`", node.where,
                     "write one of them")  # fmt: skip
    elif entry.check is not None:
        _check_named(entry, address, places, about, problems)
    else:
        _check_limit(entry, address, places, about, problems)
    if len(problems.found) > before and any(p.level is Level.ERROR for p in problems.found[before:]):
        return None
    return Allowance(str(entry.reason), entry.until, node.where, entry.limit or "", entry.up_to or 0,
                     entry.subject or "", entry.check or "")  # fmt: skip


def _check_named(
    entry: AllowEntry, address: str, places: Mapping[str, Place], about: AllowAbout, problems: Problems
) -> None:
    code = entry.check or ""
    if code not in about.checks:
        fix = problems.meant(code, about.checks) or (f"checks are {listed(about.checks)}" if about.checks else None)
        problems.add("E353", f"there is no check {shown(code)}", places["check"], fix)
    for key in ("up_to", "subject"):
        if key in places:
            problems.add("E124", f"{shown(address)}: `{key}` is about a limit, and a check has none", places[key])


def _check_limit(
    entry: AllowEntry, address: str, places: Mapping[str, Place], about: AllowAbout, problems: Problems
) -> None:
    name = entry.limit or ""
    row = BY_NAME.get(name)
    if row is None:
        fix = problems.meant(name, BY_NAME) or f"limits are {', '.join(BY_NAME)}"
        problems.add("E350", f"there is no limit {shown(name)}", places["limit"], fix)
        return
    if entry.up_to is None:
        problems.add(
            "E112", f"{shown(f'{address}.up_to')} is missing", places["limit"], "write the number that the plan shows"
        )
    elif row.percent and entry.up_to > _HUNDRED:
        problems.add("E114", f"{shown(f'{address}.up_to')} is a percentage, at most 100", places["up_to"])
    elif entry.up_to <= (usual := getattr(about.limits, name, 0)):
        problems.add("R332", f"{name} up to {entry.up_to}, and {usual} is allowed anyway", places["up_to"])
    if entry.subject is None:
        return
    if not row.per_tag:
        per_tag = listed(limit.name for limit in BY_NAME.values() if limit.per_tag)
        problems.add("E124", f"{shown(address)}: `subject` is a tag, and {shown(name)} is no limit of single tags",
                     places["subject"], f"remove it; limits of single tags are {per_tag}")  # fmt: skip
    elif entry.subject not in about.subjects:
        fix = problems.meant(entry.subject, about.subjects) or "name a tag under `tags` or `dynamic_tags`"
        problems.add("E129", f"there is no tag {shown(entry.subject)}", places["subject"], fix)
