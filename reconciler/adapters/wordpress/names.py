"""What the columns of a WordPress site are called, the same by SQL and by REST, and which are never given away."""

from __future__ import annotations

import re

USER_ID, ROLES = "user_id", "roles"
REGISTERED = "user_registered"

OF_USERS = {
    USER_ID: "ID",
    "user_login": "user_login",
    "user_email": "user_email",
    "user_url": "user_url",
    "user_nicename": "user_nicename",
    "display_name": "display_name",
    REGISTERED: "user_registered",
}
"""Columns that come from the table of users -> their names there."""

COLUMNS = (*OF_USERS, ROLES)
"""Those that every site has; behind them come the keys of its users' meta data."""

_SECRET = re.compile(r"session_tokens|_application_passwords|.*(?:_pass|_password|activation_key)", re.IGNORECASE)


OPENS = "leave it out: what opens an account is never read"


def secret(name: str) -> bool:
    """Whether a meta key holds what opens an account: it is no column, whatever a file says."""
    return _SECRET.fullmatch(name) is not None
