"""WP Fusion's settings as nouns: what is kept of them, and what looks like a credential and is dropped unread.

WP Fusion is a WordPress plugin that sends users to CRMs; its settings are a way to a first file. They hold keys, tokens
and passwords in clear, so that only those named here are kept, and of all others whether they are filled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Plain: TypeAlias = "str | bool | Mapping[str, Plain] | None"
"""A value of a setting: numbers are their digits, a list is a mapping by position."""

KEPT = frozenset(
    (
        "assign_tags",
        "available_tags",
        "contact_fields",
        "create_users",
        "crm",
        "crm_fields",
        "hubspot_multiselect_field",
        "hubspot_tag_type",
        "push",
        "read_only_fields",
        "user_roles",
    )
)
"""Settings whose values are read. They name fields, tags and roles, and switch things on."""

_BY_NAME = frozenset(("available_tags", "contact_fields", "crm_fields"))
"""Of these the keys are names that somebody gave, not names of settings."""

_SECRET = frozenset(
    [
        "key",
        "keys",
        "apikey",
        "token",
        "tokens",
        "password",
        "passwords",
        "pass",
        "passwd",
        "pwd",
        "secret",
        "secrets",
        "hash",
        "session",
        "auth",
        "oauth",
        "bearer",
        "credential",
        "credentials",
        "salt",
        "signature",
        "license",
    ]
)
_SWITCHES = frozenset(("return_password", "return_password_field", "license_status"))
"""Named like credentials; whether they are filled says nothing of one."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_USERINFO = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s]*@")
_EMPTY = (None, False, "", "0")


@dataclass(frozen=True, slots=True)
class Settings:
    """`kept`: values by name, of `KEPT` alone. `filled`: names of other settings that are not empty. `dropped`: names
    of those that look like credentials."""

    kept: Mapping[str, Plain]
    filled: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


def looks_like_credential(name: str) -> bool:
    """Whether a setting of that name may hold a key, a token, a password or the like."""
    return name not in _SWITCHES and not _SECRET.isdisjoint(word.lower() for word in _WORD.findall(name))


def is_filled(value: Plain) -> bool:
    """Whether PHP would take the value as true."""
    return bool(value) if isinstance(value, Mapping) else value not in _EMPTY


def sieved(values: Mapping[str, Plain]) -> Settings:
    """What may be kept of the settings."""
    kept = {name: _without(value, name in _BY_NAME) for name, value in values.items() if name in KEPT}
    others = [name for name in values if name not in KEPT]
    dropped = sorted(name for name in others if looks_like_credential(name) or holds_userinfo(values[name]))
    filled = sorted(name for name in others if name not in dropped and is_filled(values[name]))
    return Settings(kept, tuple(filled), tuple(dropped))


def _without(value: Plain, by_name: bool) -> Plain:
    """The value without whatever looks like a credential in it, at any depth."""
    if isinstance(value, Mapping):
        return {
            key: _without(inner, by_name)
            for key, inner in value.items()
            if (by_name or not looks_like_credential(key)) and not holds_userinfo(inner)
        }
    return None if holds_userinfo(value) else value


def holds_userinfo(value: Plain) -> bool:
    """Whether it is an address with a user in it."""
    return isinstance(value, str) and _USERINFO.match(value.strip()) is not None
