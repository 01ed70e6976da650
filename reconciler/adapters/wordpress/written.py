"""What of a user may be written, by SQL and by REST alike: what opens an account or gives rights never is."""

from __future__ import annotations

import re

from reconciler.adapters.wordpress.names import OF_USERS, REGISTERED, ROLES, USER_ID, secret
from reconciler.adapters.wordpress.options import WordPressOptions
from reconciler.model.types import Unreadable
from reconciler.model.types.php import read_serialised

EMAIL, URL, NAME = "user_email", "user_url", "display_name"
OWN = (EMAIL, URL, NAME)
"""Columns of the table of users that take values."""

ADMINISTRATOR = "administrator"

_NEVER = {
    USER_ID: "the number that everything of a user hangs on",
    "user_login": "what the user signs in with",
    "user_nicename": "a part of addresses that WordPress makes unique",
    REGISTERED: "a fact of the site's own",
    ROLES: "what the user may do",
}
_RIGHTS = re.compile(r".*(?:capabilities|user_level)\s*", re.IGNORECASE | re.DOTALL)
_OPENS = re.compile(r"_new_email|_two_factor.*", re.IGNORECASE | re.DOTALL)
_SHOWN = frozenset({NAME, "first_name", "last_name", "nickname", "description"})
_TAG = re.compile(r"<[^\s\d=]").search
_ADDRESS = re.compile(r"(?:https?://[^\s<>\"'`]+)?").fullmatch
_UNSERIALISED = re.compile(r"[\s\0]*(?:[aOCE]:\+?[0-9]+:|s:[0-9]+:|[bid]:[0-9.E+-]+;[\s\0]*\Z|N;[\s\0]*\Z)").match
"""A text that WordPress would not give back as a text."""


def cannot_write_column(options: WordPressOptions, name: str) -> str:
    """Why this column takes no value back, as the end of a sentence; "" if it does."""
    if name in OF_USERS or name == ROLES:
        return "" if name in OWN else f"it is {_NEVER[name]}"
    if _RIGHTS.fullmatch(name):
        return f"it is {_NEVER[ROLES]}"
    if secret(name.strip()) or _OPENS.fullmatch(name.strip()):
        return "it opens accounts"
    if name in options.repeated:
        return "`source.repeated` names it, and all rows of a person are more than one value"
    return ""


def gives_rights(key: str) -> bool:
    """Whether a meta key holds what a user may do on some site."""
    return _RIGHTS.fullmatch(key) is not None


def harmless(text: str) -> bool:
    """Whether WordPress makes nothing but texts, numbers and flat lists of what is stored so. PHP makes an object of a
    serialised one, and what an object does nobody knows who reads a contact."""
    if not _UNSERIALISED(text):
        return True
    try:
        read_serialised(text.strip().strip("\0"))
    except Unreadable:
        return False
    return True


def clean(column: str, text: str) -> bool:
    """Whether WordPress would store the text of a profile as it is. SQL goes past what it cleans, and a site shows what
    it stored: a tag would be one, and a link would be followed."""
    if column == URL:
        return _ADDRESS(text) is not None
    return column not in _SHOWN or _TAG(text) is None
