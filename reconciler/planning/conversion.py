"""From the file's entries to converters: what `tables` runs over columns and what a single record goes through.

A converter is a pure function of the raw texts of its inputs. Ours is compared as the CRM would give it back:
decode(encode(parse(raw))). Theirs is decode(wire). Both end in the same canonical text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reconciler.model.capabilities import Undecodable, Wire
from reconciler.model.desired import (
    DynamicTags,
    Expression,
    Field,
    FromColumn,
    FromExpression,
    FromPrevious,
    FromScore,
    ScoreRule,
)
from reconciler.model.expressions import UNKNOWN, Program, compile_expression, result_text
from reconciler.model.scores import score
from reconciler.model.types import SEPARATOR, Parse, Spec, Unreadable, cel_value, guard, item, parser, write_set
from reconciler.planning.bindings import Binding
from reconciler.planning.stored import field_limits, stored
from reconciler.tables.cells import THEIRS_MARK
from reconciler.tables.lanes import Convert, Lane, SetLane

YES = "1"
"""The cell of a condition that holds; null is no, a mark is unknown."""

PREVIOUS = "$previous"
"""The input of a field that is filled with the address before a change."""

UNKNOWN_REASON = "expression unknown"


@dataclass(frozen=True, slots=True)
class Columns:
    """The source's columns as expressions read them: names, declared types, zone and region of the source."""

    names: tuple[str, ...]
    types: Mapping[str, str]
    timezone: str = "UTC"
    region: str | None = None

    def reader(self, column: str) -> Callable[[str | None], object]:
        """Raw text -> the value that expressions see; raises `Unreadable`."""
        kind = self.types.get(column, "text")
        parse = parser(Spec(kind, timezone=self.timezone, region=self.region))
        blank = "" if kind == "text" else None

        def read(raw: str | None) -> object:
            canonical = parse(raw) if raw else None
            return blank if canonical is None else cel_value(kind, canonical)

        return read


def spec_of(entry: Field, kind: str) -> Spec:
    """How this entry reads its values."""
    options = tuple((o.value, o.label) for o in entry.options or () if not o.absent)
    return Spec(
        type=kind,
        format=entry.format,
        decimals=entry.decimals,
        options=options,
        as_=entry.as_,
        timezone=entry.timezone,
        region=entry.region,
        country=entry.country is not None,
        serialised=isinstance(entry.origin, FromColumn),
    )


def settled(spec: Spec) -> Spec:
    """How canonical text of that type is read again: the same type without what only a source needs."""
    return replace(spec, format=None, options=(), country=False, serialised=False)


def theirs_lane(name: str, binding: Binding, key: str) -> Lane:
    """Wire text of the column `key` to canonical text."""
    wire = _wire(binding)
    spec = settled(spec_of(binding.entry, binding.type))
    settle = parser(spec)

    def convert(text: str | None) -> str | None:
        if not text:
            return None
        try:
            canonical = wire.decode(text)
        except Undecodable:
            raise Unreadable("undecodable") from None
        return settle(canonical) if canonical else None

    return Lane(name, (key,), convert, guard=guard(spec) if wire.plain else None, mark=THEIRS_MARK)


def ours_lane(
    name: str, binding: Binding, columns: Columns, scores: Mapping[str, Sequence[ScoreRule]], now: datetime
) -> Lane:
    """Raw source text to canonical text as the CRM would give it back."""
    entry = binding.entry
    spec = spec_of(entry, binding.type)
    inputs, read = _origin(entry, columns, scores, now)
    simple = isinstance(entry.origin, FromColumn) and not entry.map and entry.default is None and not entry.country
    limits = field_limits(binding)
    return Lane(
        name,
        inputs,
        _ours(_mapped(read, entry), parser(spec), entry, stored(_wire(binding), parser(settled(spec)), limits)),
        guard=guard(spec) if simple and not limits and _wire(binding).plain else None,
    )


def presence_lane(
    name: str, entry: Field, columns: Columns, scores: Mapping[str, Sequence[ScoreRule]], now: datetime
) -> Lane:
    """For a blocked field: whether there is a value at all, without reading it as any type."""
    inputs, read = _origin(entry, columns, scores, now)
    mapped = _mapped(read, entry)

    def convert(*raw: str | None) -> str | None:
        return YES if (mapped(*raw) or "").strip() or entry.default else None

    return Lane(name, inputs, convert)


def condition_lane(name: str, expression: Expression, columns: Columns, now: datetime) -> Lane:
    """`YES`, null for no, a mark for unknown."""
    program = compile_expression(expression.text)
    inputs, values = _values(program.columns, program.whole_row, columns)

    def convert(*raw: str | None) -> str | None:
        result = program.evaluate(values(raw), now)
        if not isinstance(result, bool):
            raise Unreadable(UNKNOWN_REASON)
        return YES if result else None

    return Lane(name, inputs, convert)


def dynamic_lane(name: str, entry: DynamicTags, columns: Columns) -> SetLane:
    """The values that a row makes tags of.

    A list written as such (JSON, PHP-serialised) is always one; separators split a column declared as multiselect.
    """
    listed = parser(Spec("multiselect"))
    always = columns.types.get(entry.column) == "multiselect"
    text = parser(Spec("text"))

    def convert(raw: str | None) -> str | None:
        if not raw:
            return None
        if always or raw.lstrip().startswith(("[", "a:")):
            return listed(raw)
        canonical = text(raw)
        return None if canonical is None else write_set([canonical])

    return SetLane(name, (entry.column,), convert, separator=SEPARATOR if always else "", item=item)


def _wire(binding: Binding) -> Wire:
    if binding.wire is None:
        raise ValueError("a blocked binding has no wire")
    return binding.wire


def _origin(
    entry: Field, columns: Columns, scores: Mapping[str, Sequence[ScoreRule]], now: datetime
) -> tuple[tuple[str, ...], Convert]:
    """The inputs of an entry, and the raw text that they give."""
    if isinstance(entry.origin, FromColumn):
        extra = (entry.country,) if entry.country else ()
        return (entry.origin.column, *extra), lambda raw, *_context: raw
    if isinstance(entry.origin, FromExpression):
        return _computed(compile_expression(entry.origin.expression.text), columns, now)
    if isinstance(entry.origin, FromScore):
        return _scored(scores[entry.origin.score], columns, now)
    if isinstance(entry.origin, FromPrevious):
        return (PREVIOUS,), lambda raw: raw
    raise ValueError("an entry without an origin has no values")


def _computed(program: Program, columns: Columns, now: datetime) -> tuple[tuple[str, ...], Convert]:
    inputs, values = _values(program.columns, program.whole_row, columns)

    def read(*raw: str | None) -> str | None:
        result = program.evaluate(values(raw), now)
        if result is UNKNOWN:
            raise Unreadable(UNKNOWN_REASON)
        return result_text(result)

    return inputs, read


def _scored(rules: Sequence[ScoreRule], columns: Columns, now: datetime) -> tuple[tuple[str, ...], Convert]:
    programs = [compile_expression(rule.when.text) for rule in rules]
    names = tuple(dict.fromkeys(name for program in programs for name in program.columns))
    inputs, values = _values(names, any(program.whole_row for program in programs), columns)

    def read(*raw: str | None) -> str | None:
        total = score(rules, values(raw), now)
        if total is None:
            raise Unreadable(UNKNOWN_REASON)
        return format(total, "f")

    return inputs, read


def _values(
    names: Sequence[str], whole_row: bool, columns: Columns
) -> tuple[tuple[str, ...], Callable[[Sequence[str | None]], Mapping[str, object]]]:
    """The inputs of an expression and a function that gives them their types; unreadable ones make it unknown."""
    inputs = columns.names if whole_row else tuple(names)
    readers = [columns.reader(name) for name in inputs]

    def values(raw: Sequence[str | None]) -> Mapping[str, object]:
        try:
            return {name: read(text) for name, read, text in zip(inputs, readers, raw, strict=True)}
        except Unreadable:
            raise Unreadable(UNKNOWN_REASON) from None

    return inputs, values


def _mapped(read: Convert, entry: Field) -> Convert:
    """The raw text of an entry after its map, which may say what an empty means as well."""
    known = entry.map
    if not known:
        return read

    def mapped(*raw: str | None) -> str | None:
        text = read(*raw) or ""
        return known.get(text, known.get(text.strip(), text))

    return mapped


def _ours(mapped: Convert, parse: Parse, entry: Field, finish: Callable[[str], str]) -> Convert:
    default, has_context = entry.default, entry.country is not None

    def convert(*raw: str | None) -> str | None:
        text = mapped(*raw)
        context = (raw[1] or "",) if has_context else ()
        value = parse(text, *context) if text else None
        if value is None and default is not None:
            value = parse(default, *context)
        if value is None:
            return None
        if "\x00" in value:
            raise Unreadable("a NUL character")
        return finish(value)

    return convert
