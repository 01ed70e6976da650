"""Keys that the file may come to hold but that this version does not carry out: refused, never ignored."""

from __future__ import annotations

from reconciler.config.collect import Problems
from reconciler.config.models import DefaultsSection, FieldEntry
from reconciler.config.reading import Places
from reconciler.model.problems import Place

PREVIOUS_EMAIL = "previous_email"


def refuse(what: str, where: Place | None, problems: Problems, fix: str | None = None) -> None:
    """Note that `what` is not carried out yet."""
    problems.add("E123", f"{what} is not carried out by this version", where, fix)


def refuse_two_way(entry: FieldEntry | DefaultsSection, address: str, where: Places, problems: Problems) -> None:
    if entry.pull:
        refuse(f"`{address}.pull`", where.get("pull"), problems, "remove it: values are pushed only")
    if entry.conflict not in (None, "report"):
        refuse(f"`{address}.conflict`", where.get("conflict"), problems, "remove it: without pull there is no conflict")


def refuse_previous_email(where: Place | None, problems: Problems) -> None:
    refuse(f"the name `{PREVIOUS_EMAIL}`", where, problems, "remove the entry")
