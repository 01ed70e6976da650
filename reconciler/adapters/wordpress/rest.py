"""A site's users through its REST API: what `type: wordpress` opens where the file says `api`.

The API shows only meta keys that the site registers for it. One that it does not show is an error with the way out,
never an empty value. https://developer.wordpress.org/rest-api/reference/users/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.http import Http, Request, Vendor, basic
from reconciler.adapters.http.pace import Bucket
from reconciler.adapters.source import Edit, Same, Wrote
from reconciler.adapters.wordpress import rest_errors
from reconciler.adapters.wordpress.names import OPENS, secret
from reconciler.adapters.wordpress.rest_people import SIZE, Page, everybody
from reconciler.adapters.wordpress.rest_shapes import FIELDS, Described, Hidden, MetaKey, User, meta_text
from reconciler.adapters.wordpress.written import cannot_write_column
from reconciler.model.capabilities import Call

if TYPE_CHECKING:
    import pyarrow as pa

    from reconciler.adapters.meter import Meter
    from reconciler.adapters.opening import Opening
    from reconciler.adapters.wordpress.options import WordPressOptions
    from reconciler.adapters.wordpress.rest_writing import RestWriter

_RATE = 20.0  # calls a second, where the file says nothing: PHP starts anew for each
_ROWS = 1_000  # of one batch
AT_ONCE = 10
_USERS = "/wp/v2/users"
_TOTAL = "X-WP-Total"
_LONGEST_KEY = 80  # that a sentence shows
_NEVER = frozenset({"user_pass", "user_activation_key"})


class RestSource:
    """A `Source` over the users of one site, which is `Writable`; `TellsMissing`."""

    at_once = AT_ONCE

    def __init__(self, options: WordPressOptions, opening: Opening) -> None:
        self._options, self._opening = options, opening
        self._keys: Mapping[str, MetaKey] | None = None
        self._writer: RestWriter | None = None

    @property
    def meter(self) -> Meter:
        return self._http.meter

    def label(self) -> str:
        try:
            return urlsplit(self._options.api or "").hostname or "WordPress"
        except ValueError:
            return "WordPress"

    def columns(self) -> Sequence[str]:
        """Who asks is checked too: the description of the API is everybody's to read."""
        return (*FIELDS, *self._registered())

    def read(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        wanted = list(columns)
        keys = self._registered()
        if missing := [name for name in wanted if name not in FIELDS and name not in keys]:
            names = ", ".join(f"`{name}`" for name in missing)
            raise SourceFailed("E414", f"the API shows no {names}", self.why_missing(missing[0]))
        waiting: list[User] = []
        rows = 0
        with rest_errors.said():
            for users in everybody(lambda at: self._page(at, wanted), self._http.meter.in_order):
                waiting += users
                if len(waiting) >= _ROWS:
                    yield _batch(waiting, wanted, keys, rows)
                    rows += len(waiting)
                    waiting.clear()
            if waiting:
                yield _batch(waiting, wanted, keys, rows)
                rows += len(waiting)
        if not rows:
            raise SourceFailed("E410", "the site has no user")

    def why_missing(self, column: str) -> str:
        if column in _NEVER or secret(column):
            return OPENS
        key = column if column.isprintable() and len(column) <= _LONGEST_KEY else "KEY"
        quoted = key.replace("\\", "\\\\").replace("'", "\\'")
        call = f"register_meta('user', '{quoted}', ['type' => 'string', 'single' => true, 'show_in_rest' => true]);"
        return (
            f"if it is a meta key, let a must-use plugin of the site show it: {call} or read its database, `source.url`"
        )

    def cannot_write(self) -> str:
        return ""

    def cannot_write_column(self, name: str) -> str:
        return cannot_write_column(self._options, name)

    def written_how(self, _columns: Sequence[str]) -> str:
        return "by REST, person by person"

    def write(self, person: str, edits: Sequence[Edit], same: Same) -> Sequence[Wrote]:
        if self._writer is None:
            from reconciler.adapters.wordpress.rest_writing import RestWriter

            self._writer = RestWriter(self._http, self._registered())
        return self._writer.write(person, edits, same)

    def close(self) -> None:
        """The connection is the run's, and closed with it."""

    @property
    def _http(self) -> Http:
        options = self._options
        rate = self._opening.rate or _RATE
        vendor = Vendor("WordPress", {"": Bucket(2, 1.0 / rate)}, rest_errors.refused)
        password = options.password.get_secret_value() if options.password else ""
        auth = basic(options.user or "", password)
        return self._opening.once("wordpress", lambda: Http(vendor, options.api or "", auth, self._opening))

    def _registered(self) -> Mapping[str, MetaKey]:
        """Meta keys that the API shows, after it has shown one user to this one."""
        if self._keys is None:
            with rest_errors.said():
                self._fetch(Call.CONNECT, 0, 1, ("id", "email"))
                request = Request(Call.CONNECT, "OPTIONS", _USERS, Described, endpoint=f"OPTIONS {_USERS}")
                self._keys = self._http.send(request).keys
        return self._keys

    def _page(self, at: int, columns: Sequence[str]) -> Page:
        fields = {"id": None, "email": None} | {FIELDS.get(name, "meta"): None for name in columns}
        return self._fetch(Call.ALL_CONTACTS, at, SIZE, tuple(fields))

    def _fetch(self, kind: Call, at: int, size: int, fields: Sequence[str]) -> Page:
        query = (
            ("context", "edit"),
            ("per_page", size),
            ("offset", at),
            ("orderby", "id"),
            ("order", "asc"),
            ("_fields", ",".join(fields)),
        )
        request = Request(kind, "GET", _USERS, list[User], query, endpoint=f"GET {_USERS}")
        answered = self._http.answered(request)
        for user in answered.body:
            if "email" not in user.model_fields_set:
                raise rest_errors.unknown_to_it()
            if missing := [field for field in fields if field not in user.model_fields_set]:
                raise _taken_out(missing[0])
        total = answered.headers.get(_TOTAL, "")
        if not (total.isascii() and total.isdigit() and len(total) < 12):
            raise SourceFailed(
                "E472",
                f"GET {_USERS}: it does not say how many users there are, in the header `{_TOTAL}`",
                f"let the web server or proxy before the site pass the header `{_TOTAL}`",
            )
        return Page(answered.body, int(total))


def _taken_out(field: str) -> SourceFailed:
    fix = "look which plugin of the site takes it out; or read the database, with `source.url`"
    return SourceFailed("E414", f"the API's answer has no `{field}`", fix)


def _batch(users: Sequence[User], columns: Sequence[str], keys: Mapping[str, MetaKey], before: int) -> pa.RecordBatch:
    """So many people came before them."""
    import pyarrow as pa

    cells = [
        [user.field(name) for user in users] if name in FIELDS else _metas(users, name, keys[name].single, before)
        for name in columns
    ]
    return pa.RecordBatch.from_arrays([pa.array(column, pa.string()) for column in cells], names=list(columns))


def _metas(users: Sequence[User], key: str, single: bool, before: int) -> list[str | None]:
    texts: list[str | None] = []
    for user in users:
        if key not in user.metas:
            raise _taken_out(key)
        try:
            texts.append(meta_text(user.metas[key], single))
        except Hidden:
            raise SourceFailed("E473", f"a value of `{key}`", row=before + len(texts) + 1) from None
    return texts
