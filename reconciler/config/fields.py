"""The entries under `fields` become `Field`s."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.config.collect import Problems, listed, shown
from reconciler.config.expressions import Expressions
from reconciler.config.kinds import checked_region, checked_timezone, checked_type
from reconciler.config.models import DefaultsSection, FieldEntry
from reconciler.config.previous import contradictions, is_previous, type_of_previous
from reconciler.config.reading import Places, path_text, places_of, read
from reconciler.config.shapes import name_trouble
from reconciler.config.shorthand import expand_field, option_places
from reconciler.config.tree import Mapping, Pair, is_foreign
from reconciler.model.desired import (
    Conflict,
    Empty,
    Field,
    FromColumn,
    FromExpression,
    FromPrevious,
    FromScore,
    Option,
    Origin,
    Push,
)
from reconciler.model.problems import Place
from reconciler.model.types import Spec, check_spec

_PUSH = {push.value: push for push in Push}
_EMPTY = {empty.value: empty for empty in Empty}
_CONFLICT = {conflict.value: conflict for conflict in Conflict}
_ORIGINS = ("from", "value", "score")
_NEEDS_ORIGIN = (
    "format", "decimals", "map", "default", "as", "country", "timezone", "region", "push", "pull", "empty", "conflict",
    "consent",
)  # fmt: skip

# Key -> the value types that use it; a field without a type may hold any of them in the CRM.
_FITS: dict[str, tuple[str, ...]] = {
    "options": ("select", "multiselect"),
    "as": ("country", "state"),
    "country": ("state",),
    "format": ("date", "datetime", "number", "integer", "score"),
    "decimals": ("number", "score"),
    "region": ("phone",),
    "timezone": ("datetime",),
}
# Origin -> keys that have no effect on it.
_WITHOUT_EFFECT: dict[str, tuple[str, ...]] = {
    "value": ("map",),
    "score": ("map", "default", "as", "country", "region", "timezone"),
}


@dataclass(slots=True, eq=False, repr=False)
class FieldReader:
    """Reads entries, with what they inherit from other sections."""

    defaults: DefaultsSection
    timezone: str
    region: str | None
    expressions: Expressions
    problems: Problems

    def read(self, key: str, pair: Pair) -> Field | None:
        """The field; None if the entry has a problem, which has been noted."""
        before = len(self.problems.found)
        address = path_text("fields", [key])
        trouble = name_trouble(key)
        if trouble:
            self.problems.add("E126", f"{shown(address)}: {trouble}", pair.key.where)
        node = expand_field(pair.value)
        entry = read(FieldEntry, node, address, self.problems)
        if entry is None or not isinstance(node, Mapping):
            return None
        places = places_of(node)
        if self._contradicts(key, entry, node, address):
            return None
        field = self._build(key, entry, pair.key.where, node, places, address)
        return field if field is not None and len(self.problems.found) == before else None

    def _contradicts(self, key: str, entry: FieldEntry, node: Mapping, address: str) -> bool:
        """Whether keys of the entry exclude each other, which has been noted."""
        found: list[tuple[str, str]] = []
        given = node.items
        origins = [name for name in _ORIGINS if name in given]
        if entry.absent and len(given) > 1:
            first = next(name for name in given if name != "absent")
            found.append((first, "`absent` stands alone: what must not exist has no other keys"))
        elif len(origins) > 1:
            found.append((origins[1], f"a field is filled by one of {listed(_ORIGINS)}"))
        elif not origins:
            used = [name for name in _NEEDS_ORIGIN if name in given]
            found += [(name, f"`{name}` is about values, and nothing fills this field") for name in used]
        elif origins[0] in _WITHOUT_EFFECT:
            used = [name for name in _WITHOUT_EFFECT[origins[0]] if name in given]
            found += [(name, f"`{name}` has no effect on a field that is filled by `{origins[0]}`") for name in used]
            found += contradictions(entry, given) if is_previous(entry.value) else []
        if entry.renamed_from == key:
            found.append(("renamed_from", "`renamed_from` is the field's own key"))
        for name, why in found:
            self.problems.add("E124", f"{shown(address)}: {why}", node.place_of(name))
        return bool(found)

    def _build(
        self, key: str, entry: FieldEntry, where: Place, node: Mapping, places: Places, address: str
    ) -> Field | None:
        problems = self.problems
        type = None
        if entry.type is not None:
            type = checked_type(entry.type, "type", address, places, problems)
            if type is None:
                return None
        if is_previous(entry.value):
            type = type_of_previous(type, address, places.get("type"), problems)
        self._check_type(entry, type, node, places, address)
        timezone, region = self.timezone, self.region
        if entry.timezone is not None:
            timezone = checked_timezone(entry.timezone, "timezone", address, places, problems) or timezone
        if entry.region is not None:
            region = checked_region(entry.region, "region", address, places, problems)
        return Field(
            key=key,
            where=where,
            origin=self._origin(entry, address),
            type=type,
            format=entry.format,
            decimals=entry.decimals,
            map=dict(entry.map or {}),
            default=entry.default,
            as_=entry.as_,
            country=entry.country,
            timezone=timezone,
            region=region,
            push=self._push(entry),
            pull=self._pull(entry),
            conflict=_CONFLICT[entry.conflict or self.defaults.conflict],
            empty=Empty.CLEAR if type == "raw" else _EMPTY[entry.empty or self.defaults.empty],
            consent=entry.consent is not None,
            label=entry.label,
            group=entry.group,
            options=_options(entry, node, places),
            renamed_from=entry.renamed_from,
            absent=entry.absent,
            where_of=places,
            keys=dict(entry.keys or {}),
        )

    def _origin(self, entry: FieldEntry, address: str) -> Origin | None:
        if entry.from_ is not None:
            return FromColumn(entry.from_)
        if entry.score is not None:
            return FromScore(entry.score)
        if is_previous(entry.value):
            return FromPrevious("email")
        expression = self.expressions.read(entry.value, f"{address}.value", "any")
        return None if expression is None else FromExpression(expression)

    def _push(self, entry: FieldEntry) -> Push:
        """A score is always pushed unless its own entry says otherwise, which a rule then refuses; the previous address
        is there at the moment of a change only, whatever holds for other fields."""
        default = "always" if entry.score is not None or is_previous(entry.value) else self.defaults.push
        return _PUSH[entry.push or default]

    def _pull(self, entry: FieldEntry) -> bool:
        """What holds for all fields holds for those that a column fills: no other can take a value back."""
        if entry.pull is not None:
            return entry.pull
        return self.defaults.pull and entry.from_ is not None

    def _check_type(self, entry: FieldEntry, type: str | None, node: Mapping, places: Places, address: str) -> None:
        """Note keys that the type does not use, and formats that it cannot read."""
        if entry.consent is not None and type != "checkbox":
            self.problems.add("R112", f"{shown(address)}", places["consent"])
        if type is None:
            return
        if type == "raw":
            self._check_raw(entry, places, address)
        used = _FITS.keys() & node.items.keys()
        if not used:
            return
        misfits = {key for key in used if type not in _FITS[key]}
        for key in sorted(misfits):
            detail = f"{shown(address)}: `{key}` is for {listed(_FITS[key])}, not for `{type}`"
            self.problems.add("R113", detail, places[key])
        for key, sentence in check_spec(Spec(type, entry.format, entry.decimals, as_=entry.as_)):
            if key not in misfits:
                said = "what it refers to cannot be used" if is_foreign(node.get(key)) else sentence
                self.problems.add("E114", f"{shown(f'{address}.{key}')}: {said}", places[key])

    def _check_raw(self, entry: FieldEntry, places: Places, address: str) -> None:
        if entry.empty == "skip":
            detail = f"{shown(address)}: empties count in a raw field, `empty: skip` says that they do not"
            self.problems.add("E124", detail, places["empty"])
        if entry.default is not None:
            detail = f"{shown(address)}: empties count in a raw field, `default` replaces them"
            self.problems.add("E124", detail, places["default"])


def _options(entry: FieldEntry, node: Mapping, places: Places) -> tuple[Option, ...] | None:
    if entry.options is None:
        return None
    where = option_places(node.get("options"))
    return tuple(
        Option(value, option.label, option.absent, where.get(value, places["options"]))
        for value, option in entry.options.items()
    )
