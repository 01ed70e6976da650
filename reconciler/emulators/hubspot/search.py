"""The search: filters become SQL. It sees the account as it was `search_lag` seconds ago.

A contact that was created or changed since then is not found at all; a real index still has it as it was. Not
documented: whether texts are compared in any case (they are here, ASCII letters only), and whether NEQ and NOT_IN find
blanks (they do here).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from reconciler.emulators.hubspot import bodies, records
from reconciler.emulators.hubspot.call import Answer, Call
from reconciler.emulators.hubspot.errors import Wrong, invalid, unknown_property
from reconciler.emulators.hubspot.moments import milliseconds_of
from reconciler.emulators.hubspot.properties import Property
from reconciler.emulators.hubspot.standard import CREATED, ID, MODIFIED

_PAGE = 200
_MOST = 10_000
_GROUPS = 5
_FILTERS = 6
_ALL_FILTERS = 18
_TEXTS = ("email", "firstname", "lastname", "phone", "company")
_DIRECTIONS = {"ASCENDING": "ASC", "DESCENDING": "DESC"}


class Term(NamedTuple):
    """A condition in SQL, and what is bound in it."""

    sql: str
    bound: tuple[Any, ...] = ()


def search(call: Call) -> Answer:
    asked = call.read(bodies.Search)
    after = _offset(asked)
    terms = [_indexed(call), _matching(call, asked.filterGroups), *_words(call, asked.query)]
    where = " AND ".join(f"({term.sql})" for term in terms)
    bound = [value for term in terms for value in term.bound]
    total = call.connection.execute(f"SELECT count(*) FROM contacts WHERE id > 0 AND {where}", bound).fetchone()[0]
    shown = records.wanted(call, asked.properties or ())
    rest = f"AND {where} ORDER BY {_order(call, asked.sorts)} LIMIT ? OFFSET ?"
    found = records.select(call, shown, rest, [*bound, asked.limit, after])
    told: dict[str, Any] = {"total": total, "results": found}
    if after + len(found) < total:
        told["paging"] = {"next": {"after": str(after + len(found))}}
    return Answer(200, told)


def _offset(asked: bodies.Search) -> int:
    text = asked.after or "0"
    if not text.isascii() or not text.isdigit():
        raise invalid("after is not one that was given out")
    after = int(text[:9])
    if not 0 < asked.limit <= _PAGE:
        raise invalid(f"limit must be a number from 1 to {_PAGE}")
    if after + asked.limit > _MOST:
        raise invalid(f"a search goes through its first {_MOST:,} results only")
    return after


def _indexed(call: Call) -> Term:
    lag = call.settings.search_lag
    return Term("modified <= ?", (call.moment - round(lag * 1_000_000),)) if lag else Term("true")


def _matching(call: Call, groups: Sequence[bodies.FilterGroup]) -> Term:
    """Any of the groups; in a group all filters."""
    if len(groups) > _GROUPS or any(len(group.filters) > _FILTERS for group in groups):
        raise invalid(f"there may be {_GROUPS} filterGroups of {_FILTERS} filters each")
    if sum(len(group.filters) for group in groups) > _ALL_FILTERS:
        raise invalid(f"there may be {_ALL_FILTERS} filters")
    bound: list[Any] = []
    either = []
    for group in groups:
        terms = [_term(call, one) for one in group.filters]
        bound += [value for term in terms for value in term.bound]
        either.append(" AND ".join(f"({term.sql})" for term in terms) or "true")
    return Term(" OR ".join(f"({sql})" for sql in either) or "true", tuple(bound))


def _words(call: Call, query: str | None) -> list[Term]:
    """Every word of the query somewhere in one of the texts that are searched by default."""
    columns = [call.properties[name].column for name in _TEXTS if name in call.properties]
    terms = []
    for word in (query or "").split():
        pattern = "%" + re.sub(r"([%_\\])", r"\\\1", word) + "%"
        sql = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in columns)
        terms.append(Term(sql, (pattern,) * len(columns)))
    return terms


def _order(call: Call, sorts: Sequence[bodies.Sort | str]) -> str:
    """The first of the sorts, then the id. As a text a sort is a property's name, with `-` before it downwards."""
    if not sorts:
        return "id"
    first = sorts[0]
    if isinstance(first, str):
        name, direction = first.removeprefix("-"), "DESC" if first.startswith("-") else "ASC"
    elif first.direction in _DIRECTIONS:
        name, direction = first.propertyName, _DIRECTIONS[first.direction]
    else:
        raise invalid("a direction is ASCENDING or DESCENDING")
    return f"{_side(_known(call, name))} {direction}, id"


def _known(call: Call, name: str) -> Property:
    if name not in call.properties:
        raise invalid("There was a problem with the request.", unknown_property(name))
    return call.properties[name]


_MADE = {ID: "id", CREATED: "(created / 1000)", MODIFIED: "(modified / 1000)"}
_SIDES = {
    "number": "CAST({0} AS REAL)",
    "datetime": "CAST(round((julianday({0}) - 2440587.5) * 86400000) AS INTEGER)",
    "date": "(CAST(strftime('%s', {0}) AS INTEGER) * 1000)",
}


def _side(property: Property) -> str:
    """What of a record is compared, as SQL: numbers as such, moments as milliseconds, texts in any case."""
    if property.name in _MADE:
        return _MADE[property.name]
    if not property.column:
        raise invalid(f"{property.name} cannot be searched")
    return _SIDES.get(property.native, "{0} COLLATE NOCASE").format(property.column)


def _told(property: Property, text: str | None) -> Any:
    """What it is compared with. Raises Wrong for a text that is no such value."""
    if text is None:
        raise invalid(f"the filter of {property.name} has no value")
    if property.type == "number":
        try:
            return int(text) if property.name == ID else float(text)
        except ValueError:
            raise _unfit(property) from None
    if property.type in ("date", "datetime"):
        moment = milliseconds_of(text)
        if moment is None:
            raise _unfit(property)
        return moment
    return text


def _unfit(property: Property) -> Wrong:
    return invalid(f"the value of the filter of {property.name} is no {property.type}")


def _term(call: Call, one: bodies.Filter) -> Term:
    build = _OPERATORS.get(one.operator)
    if build is None:
        raise invalid("there is no such operator")
    return build(_known(call, one.propertyName), one)


def _compared(sign: str) -> Callable[[Property, bodies.Filter], Term]:
    def build(property: Property, one: bodies.Filter) -> Term:
        return Term(f"{_side(property)} {sign} ?", (_told(property, one.value),))

    return build


def _equal(property: Property, one: bodies.Filter) -> Term:
    return _among(property, [one.value])


def _in(property: Property, one: bodies.Filter) -> Term:
    return _among(property, one.values or [])


def _among(property: Property, texts: Sequence[str | None]) -> Term:
    if not texts:
        raise invalid(f"the filter of {property.name} has no values")
    told = tuple(_told(property, text) for text in texts)
    marks = ", ".join("?" * len(told))
    if property.native == "multiselect":
        return Term(f"EXISTS (SELECT 1 FROM json_each({property.column}) WHERE value IN ({marks}))", told)
    return Term(f"coalesce({_side(property)} IN ({marks}), false)", told)


def _not(build: Callable[[Property, bodies.Filter], Term]) -> Callable[[Property, bodies.Filter], Term]:
    def negated(property: Property, one: bodies.Filter) -> Term:
        term = build(property, one)
        return Term(f"NOT ({term.sql})", term.bound)

    return negated


def _between(property: Property, one: bodies.Filter) -> Term:
    side = _side(property)
    return Term(f"{side} BETWEEN ? AND ?", (_told(property, one.value), _told(property, one.highValue)))


def _filled(property: Property, _one: bodies.Filter) -> Term:
    return Term(f"{property.column or _side(property)} IS NOT NULL")


def _token(property: Property, one: bodies.Filter) -> Term:
    if property.type != "string":
        raise invalid(f"tokens are those of texts, and {property.name} is none")
    return Term(f"has_token({property.column}, ?)", (one.value or "",))


def has_token(text: str | None, token: str) -> bool:
    """Whether a word of the text, or all of it, is the token; `*` in it stands for anything."""
    return bool(text) and any(map(_pattern(token).fullmatch, (str(text), *re.findall(r"\w+", str(text)))))


@lru_cache(maxsize=64)
def _pattern(token: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in token.split("*")), re.IGNORECASE | re.DOTALL)


_OPERATORS: Mapping[str, Callable[[Property, bodies.Filter], Term]] = {
    "EQ": _equal,
    "NEQ": _not(_equal),
    "LT": _compared("<"),
    "LTE": _compared("<="),
    "GT": _compared(">"),
    "GTE": _compared(">="),
    "BETWEEN": _between,
    "IN": _in,
    "NOT_IN": _not(_in),
    "HAS_PROPERTY": _filled,
    "NOT_HAS_PROPERTY": _not(_filled),
    "CONTAINS_TOKEN": _token,
    "NOT_CONTAINS_TOKEN": _not(_token),
}
