"""Keys that the file may come to hold but that this version does not carry out: refused, never ignored."""

from __future__ import annotations

from reconciler.config.collect import Problems
from reconciler.model.problems import Place


def refuse(what: str, where: Place | None, problems: Problems, fix: str | None = None) -> None:
    """Note that `what` is not carried out yet."""
    problems.add("E123", f"{what} is not carried out by this version", where, fix)
