"""Addresses: the one way to name a part of a plan. Used by plans, --target globs, approvals and the journal."""

from __future__ import annotations

import json
from hashlib import blake2b


def field_address(key: str) -> str:
    return f"field.{key}"


def option_address(key: str, value: str) -> str:
    return f"field.{key}.option.{value}"


def tag_address(name: str) -> str:
    return f"tag[{json.dumps(name, ensure_ascii=False)}]"


def contact_address(key: bytes, person: str) -> str:
    """`contact.` and 12 hex digits of a digest of the person's id under the state's key: names nobody."""
    return f"contact.{person_digest(key, person).hex()[:12]}"


def person_digest(key: bytes, person: str) -> bytes:
    """16 bytes that stand for a person in the journal and in addresses."""
    return blake2b(person.encode("utf-8", "surrogatepass"), key=key, digest_size=16, person=b"person").digest()
