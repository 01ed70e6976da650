"""The one value that no source holds: the address before the change that a plan makes."""

from __future__ import annotations

from collections.abc import Collection

from reconciler.config.collect import Problems, shown
from reconciler.config.models import FieldEntry
from reconciler.config.tree import Scalar
from reconciler.model.problems import Place

PREVIOUS_EMAIL = "previous_email"
WHOLE = f"{{value: {PREVIOUS_EMAIL}}}"

_TYPES = ("email", "text")
_WITHOUT_EFFECT = (
    "format", "decimals", "default", "as", "country", "timezone", "region", "empty", "conflict", "consent", "options",
)  # fmt: skip


def is_previous(value: Scalar | None) -> bool:
    """Whether the value of an entry is the previous address and nothing else."""
    return value is not None and value.text.strip() == PREVIOUS_EMAIL


def type_of_previous(type: str | None, address: str, where: Place | None, problems: Problems) -> str:
    """An e-mail unless the entry says text; any other type is noted."""
    if type not in (None, *_TYPES):
        problems.add("E124", f"{shown(address)}: the previous address is of type `email` or `text`", where)
    return type or "email"


def not_alone(where: Place, path: str, problems: Problems) -> None:
    """Note an expression that does something with the previous address: only the plan knows it, and only while it
    writes the new one."""
    detail = f"{shown(path)}: `{PREVIOUS_EMAIL}` is no column, and stands alone"
    fix = f'write {WHOLE} under `fields`; a column of that name is row["{PREVIOUS_EMAIL}"]'
    problems.add("E117", detail, where, fix)


def contradictions(entry: FieldEntry, given: Collection[str]) -> list[tuple[str, str]]:
    """Keys of an entry that say nothing of the previous address, each with the sentence that says why."""
    found = [(name, f"`{name}` has no effect on the previous address") for name in _WITHOUT_EFFECT if name in given]
    if entry.push in ("on_create", "never"):
        found.append(("push", f"`push: {entry.push}` would never write the previous address"))
    if entry.pull:
        found.append(("pull", "the previous address is never pulled"))
    return found
