"""Names of fields and tags: when two of them are one, and which known name was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def fold_name(name: str) -> str:
    """The form in which names that differ only in case, spaces or HTML entities are equal."""
    if "&" in name:
        from html import unescape

        name = unescape(name)
    return " ".join(name.casefold().split())


def fold_prefix(text: str) -> str:
    """The same for the beginning of names: a space at its end still counts."""
    return fold_name(text) + (" " if text != text.rstrip() else "")


def near_matches(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """Known names that `name` was probably meant to be, nearest first."""
    import difflib

    folded: dict[str, str] = {}
    for candidate in known:
        folded.setdefault(fold_name(candidate), candidate)
    found = difflib.get_close_matches(fold_name(name), folded, n=most, cutoff=0.6)
    return tuple(folded[f] for f in found)
