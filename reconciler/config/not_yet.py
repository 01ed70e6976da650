"""Keys that the file may come to hold but that this version does not carry out: refused, never ignored."""

from __future__ import annotations

from reconciler.config.collect import Problems
from reconciler.config.models import ContactsSection, IdentitySection
from reconciler.config.reading import Places
from reconciler.model.problems import Place


def refuse(what: str, where: Place | None, problems: Problems, fix: str | None = None) -> None:
    """Note that `what` is not carried out yet."""
    problems.add("E123", f"{what} is not carried out by this version", where, fix)


def refuse_identity(entry: IdentitySection, where: Places, problems: Problems) -> None:
    for key in ("link", "store"):
        if getattr(entry, key) is not None:
            refuse(f"`identity.{key}`", where.get(key), problems, "remove it: people are found by `identity.match`")


def refuse_gone(entry: ContactsSection, where: Places, problems: Problems) -> None:
    if entry.gone != "report":
        refuse("`contacts.gone` other than `report`", where.get("gone"), problems)
