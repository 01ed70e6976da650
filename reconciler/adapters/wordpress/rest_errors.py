"""What goes wrong between us and a site's REST API, said as the source's errors.

Of an answer only WordPress's own error codes are looked at; its sentences are the site's, and none is shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from reconciler.adapters.errors import (
    AdapterError,
    AuthFailed,
    NotFound,
    SourceAuthFailed,
    SourceFailed,
    Unreached,
)
from reconciler.adapters.http import Refusal


class _Said(NamedTuple):
    code: str
    detail: str
    fix: str


_NO_PASSWORD = _Said(
    "E430",
    "the site does not know the `user` with that `password`",
    "make an application password in the profile of `source.user` on the site, and let `source.password` be it: the "
    "password of the sign-in page does not count here",
)
_NOBODY = _Said(
    "E430",
    "the site took the call as nobody's",
    "check `source.user` and its application password; WordPress takes one over https:// alone (elsewhere only where "
    "WP_ENVIRONMENT_TYPE is local), and the web server has to hand the header Authorization to PHP",
)
_SWITCHED_OFF = _Said(
    "E430",
    "application passwords are switched off there",
    "let the site allow them: https://, and no plugin that forbids them; or read its database, with `source.url`",
)
_NOT_THEIRS = _Said(
    "E434",
    "`user` may not list the site's users",
    "let `source.user` be an administrator, or have the capability `list_users`",
)
_FIREWALL = _Said(
    "E434",
    "the site refused the call, and not in WordPress's words",
    "let its firewall or security plugin, or the web server before it, pass /wp/v2/users to who signs in",
)
_OF_CODES: Mapping[str, _Said] = {
    "incorrect_password": _NO_PASSWORD,
    "invalid_username": _NO_PASSWORD,
    "invalid_email": _NO_PASSWORD,
    "application_passwords_disabled": _SWITCHED_OFF,
    "application_passwords_disabled_for_user": _SWITCHED_OFF,
}

_WRITE_ADDRESS = (
    "write `source.api` as https://SITE/wp-json, or as https://SITE/index.php/wp-json where permalinks have that; "
    "with plain permalinks there is neither: choose any other under Settings, Permalinks"
)
_UNREACHED = "check the host and the port in `source.api`, and that the site runs"
_OF_CRM_CODES: Mapping[str, tuple[str, str]] = {
    "E323": ("E470", _WRITE_ADDRESS),
    "E325": ("E470", "write the address that it leads to into `source.api`: https or http, with www or without"),
    "E326": ("E439", "correct `source.api`, or let the site have a certificate that is trusted here"),
    "E328": ("E431", "correct HTTPS_PROXY, ALL_PROXY, NO_PROXY, SSL_CERT_FILE or SSL_CERT_DIR"),
}
"""Of the HTTP door's codes, which speak of a CRM -> ours, and the way out."""


def refused(refusal: Refusal) -> AdapterError | None:
    """The error that a refusal means; None where its status says enough."""
    code = refusal.body.get("code") if isinstance(refusal.body, dict) else None
    known = _OF_CODES.get(code) if isinstance(code, str) else None
    if refusal.status == 401:
        return _auth(known or (_NOBODY if isinstance(code, str) else _FIREWALL))
    if refusal.status == 403:
        return _auth(known or (_NOT_THEIRS if isinstance(code, str) else _FIREWALL))
    return None


def unknown_to_it() -> SourceAuthFailed:
    """The site answered as it answers everybody: with authors, and without their e-mails."""
    return _auth(_NOBODY)


@contextmanager
def said() -> Iterator[None]:
    """Turns the errors of the HTTP door into those of a source."""
    try:
        yield
    except SourceFailed:
        raise
    except AdapterError as error:
        raise _source_failed(error) from None


def _source_failed(error: AdapterError) -> SourceFailed:
    if isinstance(error, AuthFailed):
        return SourceAuthFailed("E430", error.detail, _NOBODY.fix)
    if isinstance(error, Unreached):
        return SourceFailed("E431", error.detail, _UNREACHED)
    if isinstance(error, NotFound):
        return SourceFailed("E470", error.detail, _WRITE_ADDRESS)
    code, fix = _OF_CRM_CODES.get(error.code, ("E472", ""))
    return SourceFailed(code, error.detail, fix)


def _auth(said: _Said) -> SourceAuthFailed:
    return SourceAuthFailed(said.code, said.detail, said.fix)
