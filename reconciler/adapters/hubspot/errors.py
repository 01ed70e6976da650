"""HubSpot's errors in our words, by their category. Names of properties and scopes and ids are read out of them, and
nothing else: their messages quote values, so that what looks like a name or an id may be somebody's value."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from pydantic import ValidationError

from reconciler.adapters.errors import (
    AdapterError,
    AuthFailed,
    CrmFailed,
    Duplicate,
    NotFound,
    QuotaUsedUp,
    RateLimited,
    Rejected,
    Unavailable,
)
from reconciler.adapters.http import Refusal
from reconciler.adapters.hubspot.shapes import Trouble

_EXISTING = re.compile(r"Contact already exists\. Existing ID: ([0-9]+)")
_PROPERTY = re.compile(r'"name" ?: ?"([a-z][a-z0-9_]{0,99})"|[Pp]roperty "([a-z][a-z0-9_]{0,99})" does not exist')
_SCOPE = re.compile(r"[a-z][a-z0-9_.-]{2,80}")
_CODE = re.compile(r'"error" ?: ?"([A-Z_]{1,60})"')
_TAKEN = frozenset({"CONFLICTING_UNIQUE_VALUE", "ILS.DUPLICATE_LIST_NAMES"})
_MOVING = 477  # to another data centre; HubSpot's own status
_MAKE_ANOTHER = "make a new token of the private app in HubSpot (Settings, Integrations, Private Apps) and set it"


class Archived(Rejected):
    """A property, deleted in HubSpot, has that name still."""

    code = "E330"


def refused(refusal: Refusal) -> AdapterError | None:
    """The vendor's own reading of a refusal; None: its status says all."""
    if refusal.status == _MOVING:
        return Unavailable(f"{refusal.endpoint}: the account is being moved")
    if refusal.status == 404 and not isinstance(refusal.body, dict):
        return CrmFailed("E309", f"{refusal.endpoint}: not found, and it is not HubSpot that says so")
    try:
        return error_of(Trouble.model_validate(refusal.body), refusal.endpoint)
    except ValidationError:
        return None


def error_of(trouble: Trouble, endpoint: str) -> AdapterError | None:
    """The error of a call or of one item of a batch; None for a category that is not known."""
    make = _BY_CATEGORY.get(trouble.category)
    return make(trouble, endpoint) if make else None


def naming(error: AdapterError, sent: Collection[str]) -> AdapterError:
    """A refusal that says which property it is about, if that is one of those that were sent."""
    if not isinstance(error, Rejected):
        return error
    if error.field not in sent:
        return Rejected(error.detail)
    return Rejected(f"{error.detail}: `{error.field}`", field=error.field)


def _not_allowed(trouble: Trouble, endpoint: str) -> AdapterError:
    named = trouble.named("requiredGranularScopes", "requiredScopes", "missingScopes")
    return lacking([" or ".join(sorted({scope for scope in named if _SCOPE.fullmatch(scope)}))], f"{endpoint}: ")


def lacking(scopes: list[str], where: str = "") -> AuthFailed:
    """The token may not do what is asked for; `scopes`: those that it lacks, as far as they are known."""
    named = " and ".join(scopes)
    return AuthFailed(
        f"{where}the token lacks the scope{'s' * (len(scopes) > 1)} {named}"
        if named
        else f"{where}the token lacks a scope",
        "give the private app the scopes in HubSpot (Settings, Integrations, Private Apps, Scopes)",
    )


def _no_token(_trouble: Trouble, endpoint: str) -> AdapterError:
    return AuthFailed(f"{endpoint}: HubSpot knows no such token", _MAKE_ANOTHER)


def _expired(_trouble: Trouble, endpoint: str) -> AdapterError:
    return AuthFailed(f"{endpoint}: the token has expired", _MAKE_ANOTHER)


def _taken(trouble: Trouble, endpoint: str) -> AdapterError:
    """Whom the values would go to is taken from HubSpot's own sentence alone, of a category that quotes no value."""
    found = _EXISTING.match(trouble.message)
    return Duplicate(f"{endpoint}: there is one with that value", existing=found[1] if found else None)


def _not_there(_trouble: Trouble, endpoint: str) -> AdapterError:
    return NotFound(f"{endpoint}: it is not there")


def _invalid(trouble: Trouble, endpoint: str) -> AdapterError:
    parts = [trouble, *(trouble.errors or [])]
    if _TAKEN.intersection(_codes(parts)):
        return Duplicate(f"{endpoint}: there is one with that value")
    field = next(iter((*trouble.named("propertyName"), *_properties(parts))), "")
    return Rejected(f"{endpoint}: a value or name is not valid", field=field)


def _codes(parts: list[Trouble]) -> list[str]:
    """What is wrong, as HubSpot names it: of the whole, of its parts, and in messages that are JSON in part."""
    named = [text for part in parts for text in (part.code, part.sub_category) if isinstance(text, str)]
    return named + [code for part in parts for code in _CODE.findall(part.message)]


def _properties(parts: list[Trouble]) -> list[str]:
    """Names of properties that messages speak of."""
    return [name for part in parts for found in _PROPERTY.findall(part.message) for name in found if name]


def _limited(trouble: Trouble, endpoint: str) -> AdapterError:
    """Who has no calls left today does not get one by waiting."""
    if trouble.policy_name != "DAILY":
        return RateLimited(f"{endpoint}: too many calls", after=0.0)
    error = QuotaUsedUp(f"{endpoint}: the calls of today are used up, for all apps of the account")
    error.repeated = True
    return error


_BY_CATEGORY: Mapping[str, Callable[[Trouble, str], AdapterError]] = {
    "MISSING_SCOPES": _not_allowed,
    "INVALID_AUTHENTICATION": _no_token,
    "EXPIRED_AUTHENTICATION": _expired,
    "CONFLICT": _taken,
    "OBJECT_ALREADY_EXISTS": _taken,
    "OBJECT_NOT_FOUND": _not_there,
    "VALIDATION_ERROR": _invalid,
    "RATE_LIMITS": _limited,
}
