"""Addresses: the one way to name a part of a plan. Used by plans, --target globs, approvals and the journal."""

from __future__ import annotations

import json
from hashlib import blake2b, md5


def field_address(key: str) -> str:
    return f"field.{key}"


def option_address(key: str, value: str) -> str:
    return f"field.{key}.option.{value}"


def tag_address(name: str) -> str:
    return f"tag[{json.dumps(name, ensure_ascii=False)}]"


def list_address(under: str) -> str:
    """Of all tags that are made from one list of values; their names are somebody's data."""
    return f"dynamic_tags[{json.dumps(under, ensure_ascii=False)}]"


def person_digest(key: bytes, person: str) -> bytes:
    """16 bytes that stand for a person in links, journal and addresses; the same as `tables` computes in bulk.

    MD5 over the state's secret key and the id: what is needed is 128 bits that an engine computes a million times a
    second and that name nobody without the key, not collision resistance against whoever holds the key.
    """
    return md5(key.hex().encode() + person.encode(), usedforsecurity=False).digest()


def value_digest(key: bytes, text: str | None) -> int:
    """64 bits that stand for one canonical value, 0 for empty; the same as `tables` computes in bulk."""
    if text is None:
        return 0
    return int.from_bytes(md5(key.hex().encode() + text.encode(), usedforsecurity=False).digest()[8:], "little")


def contact_address(key: bytes, person: str) -> str:
    """`contact.` and 12 hex digits of the person's digest: names nobody."""
    return f"contact.{person_digest(key, person).hex()[:12]}"


def text_digest(key: bytes, text: str | None) -> bytes:
    """16 bytes that stand for one canonical value (empty included) where it must be recognised but not kept."""
    framed = b"\x00" if text is None else b"\x01" + text.encode()
    return blake2b(framed, key=key, digest_size=16).digest()
