"""BottleCRM's API: one call with its answer's shape, and how it says no. Only scopes and keys of fields are quoted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.adapters.bottlecrm.abilities import ENDPOINTS
from reconciler.adapters.errors import AdapterError, AuthFailed, Duplicate, Rejected
from reconciler.adapters.http import Bucket, Http, Refusal, Request, Shape, Vendor, bearer
from reconciler.adapters.opening import Opening
from reconciler.model.capabilities import Call

_SCOPE = re.compile(r"\b(?:[a-z-]{1,30}|\*):(?:read|write)\b")
_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
_TAKEN = re.compile(r"\balready (?:exists|uses)\b")
_UNIQUE = {
    Call.ADD_CONTACTS: "email",
    Call.UPDATE_CONTACTS: "email",
    Call.ADD_FIELD: "key",
    Call.ADD_TAG: "name",
    Call.RENAME_TAG: "name",
}


class Api:
    """The calls of one account. `what` of a call is its path below `/api/`, without the outer slashes."""

    def __init__(self, url: str, token: str, calls_per_second: int, opening: Opening) -> None:
        vendor = Vendor("BottleCRM", {"": Bucket(calls_per_second + 1, 1.0)}, refused)
        self.http = opening.once("bottlecrm", lambda: Http(vendor, url, bearer(token), opening))

    def read(self, kind: Call, what: str, shape: type[Shape], query: Sequence[tuple[str, str | int]] = ()) -> Shape:
        return self.http.send(Request(kind, "GET", f"/api/{what}/", shape, query, endpoint=ENDPOINTS[kind].name))

    def write(self, kind: Call, method: str, what: str, body: Mapping[str, Any], shape: type[Shape]) -> Shape:
        return self.http.send(Request(kind, method, f"/api/{what}/", shape, body=body, endpoint=ENDPOINTS[kind].name))

    def do(self, kind: Call, method: str, what: str, body: Mapping[str, Any] | None = None) -> None:
        """A call whose answer says nothing."""
        request: Request[None] = Request(kind, method, f"/api/{what}/", body=body, endpoint=ENDPOINTS[kind].name)
        self.http.send(request)


def refused(refusal: Refusal) -> AdapterError | None:
    """The error that a refusal means; None where its status says enough."""
    if refusal.status in (401, 403):
        return _denied(refusal)
    if refusal.status == 400:
        return _invalid(refusal)
    return None


def _denied(refusal: Refusal) -> AuthFailed:
    """A wrong, revoked or expired token is answered like a missing one; a missing scope is named."""
    body = refusal.body if isinstance(refusal.body, dict) else {}
    detail = body.get("detail")
    scope = _SCOPE.search(detail) if isinstance(detail, str) else None
    if scope:
        return AuthFailed(f"the token lacks the scope `{scope[0]}`", f"make a token that has the scope `{scope[0]}`")
    if "errors" in body:
        return AuthFailed(
            f"{refusal.endpoint}: only an administrator may do this",
            "make the token as an administrator of the organisation",
        )
    return AuthFailed("the token is wrong, revoked or expired", "make a new token in the settings of your profile")


def _invalid(refusal: Refusal) -> AdapterError:
    errors = refusal.body.get("errors") if isinstance(refusal.body, dict) else None
    if not isinstance(errors, dict) or not errors:
        return Rejected(f"{refusal.endpoint}: refused without a reason")
    unique = _UNIQUE.get(refusal.kind, "")
    if _TAKEN.search(_said(errors.get(unique))):
        return Duplicate(f"{refusal.endpoint}: the `{unique}` is taken")
    custom = errors.get("custom_fields")
    named = [*(custom if isinstance(custom, dict) else ()), *(key for key in errors if key != "custom_fields")]
    keys = [key for key in named if _KEY.fullmatch(key)]
    if not keys:
        return Rejected(f"{refusal.endpoint}: refused without a reason")
    listed = ", ".join(f"`{key}`" for key in keys)
    missing = all("required" in _said((custom or {}).get(key) or errors.get(key)) for key in keys)
    why = "required, and missing or empty" if missing else "refused"
    return Rejected(f"{refusal.endpoint}: {listed} {'are' if len(keys) > 1 else 'is'} {why}", field=keys[0])


def _said(messages: Any) -> str:
    """What is said about one key: a text or a list of texts."""
    return " ".join(map(str, messages)) if isinstance(messages, list) else str(messages or "")
