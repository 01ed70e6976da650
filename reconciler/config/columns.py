"""Names of source columns, checked once the source's own names are known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from reconciler.config.collect import Outside, Problems, shown
from reconciler.config.expressions import compiled
from reconciler.config.previous import PREVIOUS_EMAIL, WHOLE
from reconciler.model.desired import Desired, Expression, FromExpression
from reconciler.model.problems import Place, Problem

_MOST_SHOWN = 12
_Named = tuple[str, Mapping[str, Place], str, Place]
"""A column that the file names, the places of keys where it does, the key in question, the place without such a key."""


def _nothing_more(_column: str) -> str:
    return ""


def check_columns(
    desired: Desired, columns: Sequence[str], why: Callable[[str], str] = _nothing_more
) -> tuple[Problem, ...]:
    """One problem for each place that names a column which the source does not have, with near matches. `why`: the
    source's own way out for such a name, "" if it has none."""
    known = frozenset(columns)
    problems = Problems()
    for name, places, key, otherwise in _named(desired):
        if name not in known:
            fix = None if isinstance(name, Outside) else _way_out(name, columns, problems, why(name))
            problems.add("R108", f"the source has no column {shown(name)}", places.get(key, otherwise), fix)
    return problems.in_order()


def named_columns(desired: Desired) -> frozenset[str]:
    """Every column that the file names."""
    return frozenset(str(name) for name, *_ in _named(desired))


def _way_out(name: str, columns: Sequence[str], problems: Problems, own: str) -> str:
    if name == PREVIOUS_EMAIL:
        return f"write {WHOLE} for the address before a change: it comes from the CRM, not from a column"
    meant = problems.meant(name, columns)
    if own:
        return f"{meant} Else: {own}" if meant else own
    return meant or _there_are(columns)


def _there_are(columns: Sequence[str]) -> str:
    """The columns that are there: where nothing is near, a wrong file or delimiter shows at once."""
    more = f" and {len(columns) - _MOST_SHOWN} more" if len(columns) > _MOST_SHOWN else ""
    word = "its only column is" if len(columns) == 1 else "its columns are"
    return f"{word} {', '.join(map(shown, columns[:_MOST_SHOWN]))}{more}"


def _named(desired: Desired) -> Iterator[_Named]:
    """Every column that the file names."""
    source = desired.source
    yield desired.identity.person, {}, "", desired.identity.where
    if desired.identity.link is not None:
        yield desired.identity.link, desired.identity.where_of, "link", desired.identity.where
    for column in source.types:
        yield column, source.where_of, f"types.{column}", source.where
    for entry in desired.fields.values():
        if (direct := entry.column) is not None:
            yield direct, entry.where_of, "from", entry.where
        if entry.country is not None:
            yield entry.country, entry.where_of, "country", entry.where
    for tags in desired.dynamic_tags:
        yield tags.column, {}, "", tags.where
    for expression in _expressions(desired):
        outside = isinstance(expression.text, Outside)
        for column in compiled(expression.text).columns:
            yield (Outside(column) if outside else column), {}, "", expression.where


def _expressions(desired: Desired) -> Iterator[Expression]:
    for entry in desired.fields.values():
        if isinstance(entry.origin, FromExpression):
            yield entry.origin.expression
    yield from (tag.when for tag in desired.tags.values() if tag.when is not None)
    yield from (rule.when for rules in desired.scores.values() for rule in rules)
    if isinstance(desired.contacts.create, Expression):
        yield desired.contacts.create
    if desired.contacts.when is not None:
        yield desired.contacts.when
