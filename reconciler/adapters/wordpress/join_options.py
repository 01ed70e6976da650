"""`source.joins` as a file writes it: ready-made joins by their names, and queries of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field

from reconciler.adapters.databases import say
from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.statements import Dialect, Refused, statement
from reconciler.adapters.wordpress.names import COLUMNS, USER_ID, secret
from reconciler.adapters.wordpress.ready_joins import READY, Joined

_SECRETS = re.compile(r"user_pass|user_activation_key|session_tokens|_application_passwords", re.IGNORECASE)

_OTHERS = "name the others under `columns` of `{}`, and bring this one in by a query of your own, under another name"


class JoinOptions(BaseModel):
    """One join: of a ready-made one perhaps the `columns` that are wanted, of one's own `query` all that it gives."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)

    query: str | None = Field(
        default=None, min_length=1, description="one SELECT that gives `user_id` and the columns, one row a user"
    )
    columns: list[str] = Field(
        default_factory=list, description="what the query gives beside `user_id`; of a ready-made join: not all of it"
    )

    def given(self, name: str) -> tuple[Joined, ...]:
        """The columns that the join of this name brings in."""
        if self.query is not None:
            return tuple(map(Joined, self.columns))
        return tuple(column for column in READY[name].columns if not self.columns or column.name in self.columns)


Joins = Mapping[str, JoinOptions]


def joined(joins: Joins) -> dict[str, str]:
    """Column -> the join that brings it in."""
    return {column.name: name for name, join in joins.items() for column in join.given(name)}


def taken(joins: Joins, keys: Iterable[str]) -> SourceFailed | None:
    """The error E479 if a joined column has the name of one of these meta keys."""
    known = {key.casefold() for key in keys}
    for column, name in joined(joins).items():
        if column.casefold() in known:
            fix = "give it another name in the query (`AS ...`)" if joins[name].query else _OTHERS.format(name)
            return SourceFailed("E479", f"join `{name}`: somebody has a meta key `{column}`", fix)
    return None


def checked(joins: Joins, dialect: Dialect) -> dict[str, JoinOptions]:
    """The same, with queries that are one SELECT. Raises an error of an option, with the join's name as its place."""
    found: dict[str, JoinOptions] = {}
    taken: dict[str, str] = {}
    for name, join in joins.items():
        if wrong := _wrong_name(name, join) or _wrong_columns(name, join):
            raise say(wrong, name)
        found[name] = join.model_copy(update={"query": _one_select(name, join, dialect)})
        for column in join.given(name):
            if (other := taken.setdefault(column.name.casefold(), name)) != name:
                raise say(f"the joins `{other}` and `{name}` both give a column `{column.name}`", name)
    return found


def _wrong_name(name: str, join: JoinOptions) -> str:
    ready = READY.get(name)
    if ready is None:
        known = ", ".join(f"`{one}`" for one in READY)
        return "" if join.query is not None else f"`{name}` is no ready-made join ({known}), so that it wants a `query`"
    if join.query is not None:
        return f"`{name}` is a ready-made join: give a query of your own another name"
    known_columns = [column.name for column in ready.columns]
    missing = next((column for column in join.columns if column not in known_columns), None)
    return "" if missing is None else f"`{name}` has no column `{missing}`; it has {', '.join(known_columns)}"


def _wrong_columns(name: str, join: JoinOptions) -> str:
    if join.query is not None and not join.columns:
        return f"`{name}` wants `columns`: what its query gives beside `{USER_ID}`"
    seen: set[str] = set()
    for column in join.columns:
        if not column.strip() or "\0" in column:
            return f"a column of `{name}` has no name"
        if column.casefold() in seen:
            return f"`{name}` names the column `{column}` twice"
        if column in COLUMNS:
            return f"`{column}` is a column of every site: let the query of `{name}` call its own otherwise"
        if secret(column):
            return f"`{column}` opens an account and is never a column"
        seen.add(column.casefold())
    return ""


def _one_select(name: str, join: JoinOptions, dialect: Dialect) -> str | None:
    if join.query is None:
        return None
    if "\0" in join.query:
        raise say(f"the query of `{name}` has a NUL character", name)
    if _SECRETS.search(join.query):
        raise say(f"the query of `{name}` asks for what opens an account: passwords, sessions or keys", name)
    try:
        return statement(join.query, dialect)
    except Refused as refused:
        raise say(f"`{name}`: {refused}", name) from None
