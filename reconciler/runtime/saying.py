"""What the file says of one entry, in words: by what it is filled, how that is read, who may overwrite whom."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.adapters.source import Joining, Source
from reconciler.model.desired import (
    Desired,
    DynamicTags,
    Field,
    FromColumn,
    FromExpression,
    FromPrevious,
    FromScore,
    Tag,
)
from reconciler.model.plan import Plan
from reconciler.model.why import Says


def says_of(
    desired: Desired, entry: Field | Tag | DynamicTags, source: Source | None = None, made: Plan | None = None
) -> Says:
    """`source`, `made`: where they were asked: which join gives the column, and which type the field came to."""
    if isinstance(entry, Tag):
        return Says(_rule(entry), {}, _kept({"keep": entry.keep, "push": "on_create" if entry.on_create else ""}))
    if isinstance(entry, DynamicTags):
        policy = _kept({"prefix": entry.prefix, "max_new": str(entry.max_new), "keep": entry.keep})
        return Says(f"one tag for each value of column `{entry.column}`{_join(entry.column, source)}", {}, policy)
    bound = made.bound.get(entry.key) if made is not None else None
    return Says(_filled(entry, source), _conversion(entry, bound.type if bound else None, desired), _policy(entry))


def _rule(tag: Tag) -> str:
    return f"rule `{tag.when.text}`" if tag.when is not None else "nothing: who carries it is not ours"


def _filled(entry: Field, source: Source | None) -> str:
    match entry.origin:
        case FromColumn(column):
            return f"column `{column}`{_join(column, source)}"
        case FromExpression(expression):
            return f"expression `{expression.text}`"
        case FromScore(score):
            return f"score `{score}`"
        case FromPrevious():
            return "the e-mail address before a change"
    return "nothing: its values are not ours"


def _join(column: str, source: Source | None) -> str:
    join = source.join_of(column) if isinstance(source, Joining) else ""
    return f" of join `{join}`" if join else ""


def _conversion(entry: Field, bound: str | None, desired: Desired) -> Mapping[str, str]:
    read = desired.source
    moments = bound in ("date", "datetime") or entry.type in ("date", "datetime")
    return _kept(
        {
            "type": bound or entry.type or "",
            "format": entry.format or "",
            "map": f"{len(entry.map)} value{'' if len(entry.map) == 1 else 's'}" if entry.map else "",
            "default": "yes" if entry.default is not None else "",
            "decimals": "" if entry.decimals is None else str(entry.decimals),
            "as": entry.as_ or "",
            "country": entry.country or "",
            "options": str(sum(not o.absent for o in entry.options)) if entry.options else "",
            "timezone": entry.timezone if moments and entry.timezone != "UTC" else "",
            "region": entry.region or "" if entry.type == "phone" or read.region != entry.region else "",
        }
    )


def _policy(entry: Field) -> Mapping[str, str]:
    return _kept(
        {
            "push": entry.push.value,
            "empty": entry.empty.value,
            "pull": entry.pull,
            "conflict": entry.conflict.value if entry.pull else "",
            "consent": "opt_out" if entry.consent else "",
        }
    )


def _kept(told: Mapping[str, str | bool]) -> dict[str, str]:
    return {key: "true" if said is True else str(said) for key, said in told.items() if said}
