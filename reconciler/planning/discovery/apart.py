"""Columns for which nothing is proposed, and why: secrets, and what only the program that keeps it understands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reconciler.config.rules import is_password
from reconciler.model.types import Unreadable
from reconciler.model.types.lists import read_items
from reconciler.model.types.php import looks_serialised
from reconciler.planning.discovery import synonyms
from reconciler.planning.discovery.words import words

_LIKE_PASSWORDS = "looks like passwords, which never belong into a CRM"
_LIKE_KEYS = "looks like tokens, keys or other secrets"
_HASHES = "its values look like hashes or tokens"
_INTERNAL = "looks like an internal setting of the program that keeps the people"
_NESTED = "its values are PHP's objects, nested lists or broken ones, which no type reads"
INTERNAL = "is kept by its program for itself"

_HASH = re.compile(
    r"\$(?:2[abxy]|P|H|argon2id?|argon2i|wp|1|5|6|pbkdf2[a-z0-9-]*)\$.+"  # what password functions write
    r"|(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})"
    r"|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
    re.IGNORECASE,
)


def why_apart(name: str, texts: Sequence[str]) -> str:
    """Why nothing is proposed for the column; "" for a column like any other."""
    said = words(name)
    if is_password(name) or not synonyms.PASSWORDS.isdisjoint((*said, "".join(said))):
        return _LIKE_PASSWORDS
    if not synonyms.SECRETS.isdisjoint(said) or _has_phrase(said, synonyms.SECRET_PHRASES):
        return _LIKE_KEYS
    if _has_phrase(said, synonyms.INTERNAL_PHRASES):
        return _INTERNAL
    if texts and sum(bool(_HASH.fullmatch(text)) for text in texts) * 20 >= len(texts) * 19:
        return _HASHES
    if texts and sum(map(_is_nested, texts)) * 2 >= len(texts):
        return _NESTED
    return ""


def _is_nested(text: str) -> bool:
    if not looks_serialised(text):
        return False
    try:
        read_items(text)
    except Unreadable:
        return True
    return False


def _has_phrase(said: Sequence[str], phrases: Iterable[str]) -> bool:
    text = f" {' '.join(said)} "
    return any(f" {phrase} " in text for phrase in phrases)
