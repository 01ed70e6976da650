"""What is read of the answers of a site's REST API, and how its values become the text that the database holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson
from pydantic import BaseModel, Field

from reconciler.adapters.wordpress.names import COLUMNS, REGISTERED, ROLES, USER_ID, secret
from reconciler.model.types.php import write_scalar

FIELDS: Mapping[str, str] = {
    USER_ID: "id",
    "user_login": "username",
    "user_email": "email",
    "user_url": "url",
    "user_nicename": "slug",
    "display_name": "name",
    REGISTERED: "registered_date",
    ROLES: "roles",
    "first_name": "first_name",
    "last_name": "last_name",
    "nickname": "nickname",
    "description": "description",
}
"""Column -> its field of the API. `locale` is none: where somebody has chosen no language, the API says the site's."""

_OF_THE_EDITOR = frozenset({"persisted_preferences"})
"""What every site shows among meta keys and that is none: how the editor looks, under a name of the API's own."""

_whole = re.compile(r"0|-?[1-9][0-9]{0,17}").fullmatch
_UTC = re.compile(r"([1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\+00:00|Z)")


class Hidden(Exception):
    """Somebody has a value, and the API does not show it."""


class User(BaseModel):
    """One user as `context=edit` shows it. PHP writes an object without keys as an empty list."""

    id: int
    username: str | None = None
    email: str | None = None
    url: str | None = None
    slug: str | None = None
    name: str | None = None
    registered_date: str | None = None
    roles: list[str] | dict[str, str] = []
    first_name: str | None = None
    last_name: str | None = None
    nickname: str | None = None
    description: str | None = None
    meta: dict[str, Any] | list[Any] = {}

    def field(self, column: str) -> str | None:
        """The text of a column of `FIELDS`."""
        value = getattr(self, FIELDS[column])
        if column == ROLES:
            return _json(list(value.values() if isinstance(value, dict) else value))
        if column == REGISTERED and value is not None:
            return _moment(value)
        return None if value is None else str(value)

    @property
    def metas(self) -> Mapping[str, Any]:
        return self.meta if isinstance(self.meta, dict) else {}


class MetaKey(BaseModel):
    """How a meta key is registered. That of a key with one value has a default, that of one with several has none."""

    default: Any = None
    type: Any = "string"
    items: Any = None

    @property
    def kind(self) -> str:
        """The type of one value; "" where it may be of several."""
        if self.single:
            return self.type if isinstance(self.type, str) else ""
        each = self.items.get("type") if isinstance(self.items, dict) else None
        return each if isinstance(each, str) else ""

    @property
    def single(self) -> bool:
        return "default" in self.model_fields_set


class _Metas(BaseModel):
    properties: dict[str, MetaKey] | list[Any] = {}


class _Properties(BaseModel):
    meta: _Metas = _Metas()


class _Schema(BaseModel):
    properties: _Properties


class Described(BaseModel):
    """The route of users as the API describes it."""

    of: _Schema = Field(alias="schema")

    @property
    def keys(self) -> Mapping[str, MetaKey]:
        """Meta keys that the API shows and that are columns."""
        found = self.of.properties.meta.properties
        known = found if isinstance(found, dict) else {}
        taken = {*COLUMNS, *FIELDS, *_OF_THE_EDITOR}
        return {key: known[key] for key in sorted(known) if key.strip() and key not in taken and not secret(key)}


def meta_text(value: Any, single: bool) -> str | None:
    """A value of a meta key as the database holds it, lists and objects in PHP's form. Of a key with several values the
    first one. Raises Hidden: null stands for what is not as it is registered."""
    if not single and isinstance(value, list):
        if not value:
            return None
        value = value[0]
    if value is None:
        raise Hidden
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, (list, dict)):
        return _serialised(value)
    return _number(value) if isinstance(value, float) else str(value)


def _serialised(value: Any) -> str:
    if isinstance(value, (list, dict)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        written = [write_scalar(_key(key)) + _serialised(item) for key, item in pairs]
        return f"a:{len(written)}:{{{''.join(written)}}}"
    if value is None:
        return "N;"
    return f"d:{_number(value)};" if isinstance(value, float) else write_scalar(value)


def _key(key: int | str) -> int | str:
    """PHP has no text as a key that is a number."""
    return int(key) if isinstance(key, str) and _whole(key) else key


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _moment(text: str) -> str | None:
    """WordPress's zero, a year before the first one, is nothing; what is no moment stays as it is."""
    if text.startswith(("-", "0000")):
        return None
    found = _UTC.fullmatch(text)
    return f"{found[1]}Z" if found else text


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
