"""Files of tests: cases for the checks of a file, and for the file itself, as nodes that know their places.

What a plan's document may hold is not known here: fragments of it stay nodes, which `testing.cases` reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from reconciler.config.collect import Problems, listed, shown
from reconciler.config.compose import Composer
from reconciler.config.events import Unusable, read_document
from reconciler.config.interpolate import Unneeded
from reconciler.config.models import Entry
from reconciler.config.permitting import read_checks
from reconciler.config.reading import places_of, read
from reconciler.config.sections import read_rules
from reconciler.config.shapes import Day, ReadBy, Text, as_list
from reconciler.config.tree import Mapping as Tree
from reconciler.config.tree import Node, Scalar, Sequence
from reconciler.model.desired import PlanCheck
from reconciler.model.expressions.shaped import Shape
from reconciler.model.problems import Place

VERSION = "1"
_KEYS = ("version", "cases")
_ABOUT_A_RUN = ("crm", "now", "expect")

AnyNode = Annotated[Any, ReadBy(lambda node: node, {})]
Codes = Annotated[list[Node], ReadBy(as_list, {})]


class CaseEntry(Entry):
    """One case: a plan that is given, or people and contacts that a plan is made of; and what must come of it."""

    name: Text
    plan: AnyNode | None = Field(None, description="A file of `plan --format json`, or a part of such a document.")
    people: Codes | None = Field(None, description="Rows of the source.")
    crm: AnyNode | None = Field(None, description="What the CRM holds: `fields`, `tags`, `contacts`.")
    now: Day | None = Field(None, description="The plan's clock.")
    expect: AnyNode | None = Field(None, description="A part of the plan's document.")
    fails: Codes | None = Field(None, description="Codes of checks that must not pass.")
    passes: Codes | None = Field(None, description="Codes of checks that must pass.")


class Case(NamedTuple):
    """A case as it was read. `plan`: a part of a document, or the path of one; None: it is made of `people` and `crm`.
    `fails` and `passes`: code -> place. `folder`: what paths are relative to."""

    name: str
    where: Place
    folder: Path
    plan: Node | None
    people: tuple[Node, ...]
    crm: Node | None
    now: Any
    expect: Node | None
    fails: Mapping[str, Place]
    passes: Mapping[str, Place]


def file_checks(path: Path, shape: Shape, problems: Problems) -> dict[str, PlanCheck]:
    """The checks of the file at `path` and what it extends; the rest of it is not looked at. Notes what is wrong.
    Raises `Failure` where it cannot be read."""
    root = Composer(problems).filled(path, Unneeded())
    problems.levels.update(read_rules(root, problems))
    return read_checks(root, lambda: shape, problems)[0]


def read_cases(path: Path, checks: Mapping[str, PlanCheck], problems: Problems) -> tuple[Case, ...]:
    """The cases of a file of tests. Notes everything that is wrong; a case with a problem is left out."""
    try:
        root = read_document(path, str(path), problems)
    except Unusable:
        return ()
    for name, pair in root.items.items():
        if name not in _KEYS:
            problems.add("E111", f"{shown(name)} is unknown", pair.key.where,
                         problems.meant(name, _KEYS) or f"its keys are {listed(_KEYS)}")  # fmt: skip
    version = root.get("version")
    if not (isinstance(version, Scalar) and version.text == VERSION and not version.style):
        problems.add("E110", "a file of tests says it, too", version.where if version else Place(str(path), 1))
    return tuple(_cases(root, path, checks, problems))


def _cases(root: Tree, path: Path, checks: Mapping[str, PlanCheck], problems: Problems) -> Iterator[Case]:
    node = root.get("cases")
    if not isinstance(node, Sequence) or not node.items:
        where = node.where if node is not None else Place(str(path), 1)
        problems.add("E113", "`cases` is a list of cases", where, "write - {name: ..., plan: {...}, fails: [CODE]}")
        return
    names: dict[str, Place] = {}
    for at, item in enumerate(node.items):
        before = len(problems.found)
        entry = read(CaseEntry, item, f"cases[{at}]", problems)
        if entry is None:
            continue
        case = Case(
            entry.name, item.where, path.parent, entry.plan, tuple(entry.people or ()), entry.crm, entry.now,
            entry.expect, _codes(entry.fails, checks, problems), _codes(entry.passes, checks, problems),
        )  # fmt: skip
        _check_case(case, entry, f"cases[{at}]", places_of(item), problems)
        if names.setdefault(case.name, item.where) != item.where:
            problems.add("E106", f"the case {shown(case.name)} stands in line {names[case.name].line} already",
                         item.where, "give each case a name of its own")  # fmt: skip
        if len(problems.found) == before:
            yield case


def _check_case(case: Case, entry: CaseEntry, address: str, places: Mapping[str, Place], problems: Problems) -> None:
    if case.plan is not None and entry.people is not None:
        problems.add("E124", f"{shown(address)}: `plan` gives a plan, and `people` lets one be made", places["people"])
    elif case.plan is None and entry.people is None:
        problems.add("E112", f"{shown(address)} has neither `plan` nor `people`", case.where,
                     "write plan: {tags: [...]}, plan: FILE, or people: [{...}]")  # fmt: skip
    for key in _ABOUT_A_RUN if case.plan is not None else ():
        if key in places:
            problems.add("E124", f"{shown(address)}: `{key}` is about a plan that is made of `people`", places[key])
    if not (case.fails or case.passes or case.expect is not None) and not {"fails", "passes"} & set(places):
        problems.add("E112", f"{shown(address)} says nothing of what must come of it", case.where,
                     "write fails: [CODE], passes: [CODE] or expect: {...}")  # fmt: skip
    for code in case.fails.keys() & case.passes.keys():
        problems.add("E124", f"{shown(address)}: {shown(code)} cannot fail and pass", case.passes[code])


def _codes(nodes: list[Node] | None, checks: Mapping[str, PlanCheck], problems: Problems) -> dict[str, Place]:
    found: dict[str, Place] = {}
    for node in nodes or ():
        if not isinstance(node, Scalar):
            problems.add("E113", "a check is named by its code", node.where)
        elif node.text not in checks:
            fix = problems.meant(node.text, checks) or (f"checks are {listed(checks)}" if checks else None)
            problems.add("E353", f"the file has no check {shown(node.text)}", node.where, fix)
        else:
            found[node.text] = node.where
    return found


def kept_sections(path: Path, problems: Problems) -> Mapping[str, Node]:
    """What of the sections `crm` and `source` is about people and not about how they are reached."""
    root = Composer(problems).filled(path, Unneeded())
    crm, source = root.get("crm"), root.get("source")
    kept = {"object": crm.get("object")} if isinstance(crm, Tree) else {}
    if isinstance(source, Tree):
        kept |= {key: source.get(key) for key in ("types", "timezone", "region")}
    return {key: node for key, node in kept.items() if node is not None}


def plain(node: Node) -> Any:
    """Texts, lists and mappings; null is None."""
    if isinstance(node, Scalar):
        return None if node.is_null else str(node.text)
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {str(key): plain(pair.value) for key, pair in node.items.items()}
