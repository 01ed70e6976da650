"""Values go back into a site through its REST API: each user is looked at, written, and read in the answer.

There is no transaction: what one request wrote stays, whatever becomes of the next one. What the site keeps otherwise
than it was meant is put back as it was by a second request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import Field, RootModel

from reconciler.adapters.errors import NotFound, Rejected, SourceAuthFailed, SourceFailed, Uncertain
from reconciler.adapters.http import Http, Request
from reconciler.adapters.source import Edit, Same, Wrote
from reconciler.adapters.wordpress import rest_errors
from reconciler.adapters.wordpress.names import USER_ID
from reconciler.adapters.wordpress.rest_shapes import FIELDS, Hidden, MetaKey, User, meta_text
from reconciler.adapters.wordpress.written import ADMINISTRATOR, EMAIL
from reconciler.adapters.writing_back import NotTaken, is_text
from reconciler.model.capabilities import Call
from reconciler.model.types import Unreadable
from reconciler.model.types.php import read_serialised

_ATTEMPTS = 2  # an answer may be lost once
_SETTINGS = "/wp/v2/settings"
_NUMBER = re.compile(r"[1-9][0-9]{0,17}").fullmatch
_INTEGER = re.compile(r"-?[0-9]{1,15}").fullmatch
_REAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?").fullmatch
_RIGHTS = ("roles", "capabilities", "extra_capabilities")

Texts = Mapping[str, str | None]


class _Seen(User):
    """A user with what tells an administrator. Who is shown without all of it may be one."""

    capabilities: dict[str, Any] | list[Any] = Field(default_factory=dict)
    extra_capabilities: dict[str, Any] | list[Any] = Field(default_factory=dict)

    @property
    def administers(self) -> bool:
        if not self.model_fields_set.issuperset(_RIGHTS):
            return True
        return any(ADMINISTRATOR in getattr(self, name) for name in ("capabilities", "extra_capabilities")) or (
            ADMINISTRATOR in (self.roles.values() if isinstance(self.roles, dict) else self.roles)
        )


class _Settings(RootModel[dict[str, Any] | list[Any]]):
    """Of a network the API shows no address here: it is not the site's to change. PHP writes nothing as a list."""


class RestWriter:
    """`keys`: the meta keys that the API shows."""

    def __init__(self, http: Http, keys: Mapping[str, MetaKey]) -> None:
        self._http, self._keys = http, keys
        self._network: bool | None = None

    def write(self, person: str, edits: Sequence[Edit], same: Same) -> Sequence[Wrote]:
        """`Writable.write`, but that it writes person by person. Raises SourceFailed; then some may be written."""
        if person != USER_ID:
            raise SourceFailed("E461", "by REST people are found by `user_id`", "let `identity.person` be `user_id`")
        with _while_writing():
            if any(EMAIL in edit.cells for edit in edits):
                self._of_network()
            return list(self._http.meter.in_order(self._task(edit, same) for edit in edits))

    def _task(self, edit: Edit, same: Same) -> Callable[[], Wrote]:
        return lambda: self._written(edit, same)

    def _written(self, edit: Edit, same: Same) -> Wrote:
        number = edit.person
        if not _NUMBER(number):
            return Wrote.GONE
        try:
            user = self._user(number, edit.cells)
            before = self._texts(user, edit.cells)
        except NotFound:
            return Wrote.GONE
        except Hidden:
            return Wrote.REFUSED
        if any((before[name] or "") != (read or "") for name, (read, _) in edit.cells.items()):
            return Wrote.MOVED
        meant = {name: text for name, (_, text) in edit.cells.items() if (text or "") != (before[name] or "")}
        if not meant:
            return Wrote.DONE
        try:
            body = self._body(user, meant)
        except NotTaken:
            return Wrote.REFUSED
        return self._sent(user, body, {name: before[name] for name in meant}, meant, same)

    def _sent(self, user: _Seen, body: Mapping[str, Any], before: Texts, meant: Texts, same: Same) -> Wrote:
        number = str(user.id)
        for _attempt in range(_ATTEMPTS):
            answer = self._post(number, body, meant)
            try:
                kept = self._texts(answer or self._user(number, meant), meant)
            except NotFound:
                return Wrote.GONE
            except Hidden:
                kept = {}
            if kept and all(same(name, text, kept[name]) for name, text in meant.items()):
                return Wrote.DONE
            if not _alike(kept, before):
                self._put_back(user, before)
            if answer is not None:
                return Wrote.ALTERED
        return Wrote.REFUSED

    def _put_back(self, user: _Seen, before: Texts) -> None:
        """The user as it was. Raises SourceFailed where the site does not take that either."""
        try:
            answer = self._post(str(user.id), self._body(user, before), before)
            if answer is not None and _alike(self._texts(answer, before), before):
                return
        except (Hidden, NotTaken):
            pass
        raise SourceFailed("E467")

    def _post(self, number: str, body: Mapping[str, Any], columns: Mapping[str, object]) -> _Seen | None:
        """The user as the site shows it afterwards; None where it has to be looked what became of it."""
        request = Request(
            Call.UPDATE_CONTACTS,
            "POST",
            f"/wp/v2/users/{number}",
            _Seen,
            (("context", "edit"), ("_fields", _fields(columns))),
            body,
            endpoint="POST /wp/v2/users/{id}",
        )
        try:
            return self._http.send(request)
        except (NotFound, Rejected, Uncertain):
            return None

    def _user(self, number: str, columns: Mapping[str, object]) -> _Seen:
        query = (("context", "edit"), ("_fields", _fields(columns)))
        path, endpoint = f"/wp/v2/users/{number}", "GET /wp/v2/users/{id}"
        user = self._http.send(Request(Call.LOAD_CONTACTS, "GET", path, _Seen, query, endpoint=endpoint))
        if "email" not in user.model_fields_set:
            raise rest_errors.unknown_to_it()
        return user

    def _texts(self, user: _Seen, columns: Mapping[str, object]) -> dict[str, str | None]:
        """As `Source.read` gives them. Raises Hidden."""
        texts: dict[str, str | None] = {}
        for name in columns:
            if name in FIELDS:
                texts[name] = user.field(name)
            elif name in user.metas and name in self._keys:
                texts[name] = meta_text(user.metas[name], self._keys[name].single)
            else:
                raise SourceFailed("E414", f"the API's answer has no `{name}`")
        return texts

    def _body(self, user: _Seen, texts: Texts) -> dict[str, Any]:
        """What is sent. Raises NotTaken."""
        if not all(is_text(text) for text in texts.values()):
            raise NotTaken
        if EMAIL in texts and (not texts[EMAIL] or user.administers or self._of_network()):
            raise NotTaken
        body: dict[str, Any] = {FIELDS[name]: text or "" for name, text in texts.items() if name in FIELDS}
        if meta := {name: self._meta(user, name, text or "") for name, text in texts.items() if name not in FIELDS}:
            body["meta"] = meta
        return body

    def _meta(self, user: _Seen, key: str, text: str) -> Any:
        registered, now = self._keys[key], user.metas[key]
        value = meta_value(text, registered.kind)
        if registered.single:
            return value
        if isinstance(now, list) and len(now) > 1:
            raise NotTaken  # the order of rows is not ours to keep
        return [value]

    def _of_network(self) -> bool:
        """Whether the site may be one of a network, where somebody may administer another site."""
        if self._network is None:
            query = (("_fields", "url"),)
            request = Request(Call.CONNECT, "GET", _SETTINGS, _Settings, query, endpoint=f"GET {_SETTINGS}")
            try:
                self._network = "url" not in self._http.send(request).root
            except (NotFound, Rejected):
                self._network = True
        return self._network


def _alike(some: Texts, others: Texts) -> bool:
    """Nothing and an empty text are one."""
    return some.keys() == others.keys() and all((text or "") == (others[name] or "") for name, text in some.items())


def _fields(columns: Mapping[str, object]) -> str:
    named = {"id": None, "email": None} | {FIELDS.get(name, "meta"): None for name in columns}
    return ",".join([*named, *(name for name in _RIGHTS if EMAIL in columns and name not in named)])


def meta_value(text: str, kind: str) -> Any:
    """What a meta key of that kind is given for the text that the database would hold. Raises NotTaken."""
    if kind == "string":
        return text
    if kind == "boolean" and text in ("", "0", "1"):
        return text == "1"
    if kind == "integer" and _INTEGER(text):
        return int(text)
    if kind == "number" and _REAL(text):
        return float(text) if "." in text else int(text)
    if kind in ("integer", "number") and not text:
        return None
    if kind in ("array", "object"):
        return _unpacked(text, kind)
    raise NotTaken


def _unpacked(text: str, kind: str) -> Any:
    try:
        pairs = read_serialised(text) if text else []
    except Unreadable:
        raise NotTaken from None
    if not isinstance(pairs, list):
        raise NotTaken
    if kind == "object":
        return {str(key): value for key, value in pairs}
    if [str(key) for key, _ in pairs] != [str(place) for place in range(len(pairs))]:
        raise NotTaken
    return [value for _, value in pairs]


@contextmanager
def _while_writing() -> Iterator[None]:
    """Errors of reading, in the words for writing."""
    try:
        with rest_errors.said():
            yield
    except SourceAuthFailed as failed:
        if failed.code != "E434":
            raise
        fix = "let `source.user` be an administrator: it needs the capability `edit_users`"
        raise SourceAuthFailed("E460", "the site does not let `user` edit users", fix) from None
    except SourceFailed as failed:
        if failed.code in ("E414", "E461", "E467"):
            raise
        raise SourceFailed("E466", failed.detail, failed.fix if failed.code == "E431" else "") from None
