"""Choices: checkbox, select, multiselect."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from reconciler.model.types.lists import read_items, read_set, write_set
from reconciler.model.types.spec import Guard, Parse, Spec, Unreadable, ValueType, Ways, as_it_stands
from reconciler.model.types.text import clean, parse_text
from reconciler.model.types.writing import in_case_of

_TICKS = {
    **dict.fromkeys(("1", "true", "yes", "on"), "true"),
    **dict.fromkeys(("0", "false", "no", "off"), "false"),
}
_PAIRS = (("true", "false"), ("1", "0"), ("yes", "no"), ("on", "off"))
_EMPTY_LIST = "[]"
_KNOWN_ITEMS = 10_000


def parse_checkbox(raw: str | None) -> str | None:
    """Ticked or not: `true`, `false`, or None."""
    if not raw:
        return None
    tick = _TICKS.get(raw)
    if tick is None:
        text = clean(raw).lower()
        if not text:
            return None
        tick = _TICKS.get(text)
        if tick is None:
            raise Unreadable("not yes or no", "map")
    return tick


def _choices(options: tuple[tuple[str, str | None], ...]) -> dict[str, str]:
    """Cleaned value or label -> stored value. A value wins over a label; a label of two values names neither."""
    labelled: dict[str, set[str]] = {}
    for value, label in options:
        if label:
            labelled.setdefault(clean(label), set()).add(clean(value))
    found = {label: next(iter(values)) for label, values in labelled.items() if len(values) == 1}
    found.update({clean(value): clean(value) for value, _ in options})
    return found


def _chooser(spec: Spec) -> Callable[[str], str]:
    """cleaned text -> stored value; raises `Unreadable`."""
    known = _choices(spec.options)

    def choose(text: str) -> str:
        value = known.get(text)
        if value is None:
            raise Unreadable("outside options", "options")
        return value

    return choose


def build_select(spec: Spec) -> Parse:
    """One of the options, or any text where none are declared."""
    if not spec.options:
        return parse_text
    choose = _chooser(spec)

    def parse(raw: str | None) -> str | None:
        text = clean(raw) if raw else ""
        return choose(text) if text else None

    return parse


def build_multiselect(spec: Spec) -> Parse:
    """A set of options, or of any texts where none are declared."""
    choose = _chooser(spec) if spec.options else None
    whole = _choices(spec.options)
    known: dict[str, str] = {}  # items repeat from row to row: each is cleaned and chosen once

    def read(item: str) -> str:
        text = clean(item)
        value = choose(text) if choose and text else text
        if len(known) < _KNOWN_ITEMS:
            known[item] = value
        return value

    def at_once(raw: str) -> set[str] | None:
        """The items of a text with commas and nothing else that could part it, if all of them were met before."""
        if raw[1:2] == ":" or ";" in raw or "|" in raw:
            return None
        try:
            return {known[item] for item in raw.split(",")}
        except KeyError:
            return None

    def parse(raw: str | None) -> str | None:
        if not raw or raw == _EMPTY_LIST:
            return None
        if not whole and raw[0].isalnum() and (met := at_once(raw)) is not None:
            met.discard("")
            return write_set(met) if met else None
        # An option whose own text has a comma is found before the text is taken apart.
        only = whole.get(clean(raw)) if whole else None
        items = {only} if only else {known[item] if item in known else read(item) for item in read_items(raw)}
        items.discard("")
        return write_set(items) if items else None

    return parse


def ways_of_checkbox(_spec: Spec) -> Ways:
    """The word of the pair that `like` is of, in its case."""
    pairs = {word: {"true": pair[0], "false": pair[1]} for pair in _PAIRS for word in pair}

    def ways(canonical: str, like: str | None, *_: str | None) -> Iterator[str]:
        pair = pairs.get((like or "").lower())
        if pair is not None:
            yield in_case_of(pair[canonical].capitalize(), like)
        yield canonical

    return ways


class _Labels:
    """The labels that stand for one stored value each."""

    def __init__(self, options: tuple[tuple[str, str | None], ...]) -> None:
        values = {clean(value) for value, _ in options}
        self._values = {text: value for text, value in _choices(options).items() if text not in values}
        self._labels = {value: label for label, value in self._values.items()}

    def among(self, texts: Iterable[str]) -> bool:
        """Whether one of these is a label, and no stored value."""
        return bool(self._values) and any(text in self._values for text in texts)

    def of(self, value: str) -> str:
        """The label of a stored value; without one the value."""
        return self._labels.get(value, value)


def ways_of_select(spec: Spec) -> Ways:
    """The stored value, or its label where `like` is a label."""
    if not spec.options:
        return as_it_stands(spec)
    labels = _Labels(spec.options)

    def ways(canonical: str, like: str | None, *_: str | None) -> Iterator[str]:
        if like and labels.among((like,)):
            yield labels.of(canonical)
        yield canonical

    return ways


def ways_of_multiselect(spec: Spec) -> Ways:
    """In the shape of `like`; by labels where `like` has one."""
    from reconciler.model.types.writing_lists import ways_of_items

    labels = _Labels(spec.options)

    def ways(canonical: str, like: str | None, *_: str | None) -> Iterator[str]:
        items = read_set(canonical)
        if like and labels.among((like, *_items(like))):
            yield from ways_of_items([labels.of(item) for item in items], like)
        yield from ways_of_items(items, like)

    return ways


def _items(like: str) -> list[str]:
    try:
        return [clean(item) for item in read_items(like)]
    except Unreadable:
        return []


ROWS = (
    ValueType(
        name="checkbox",
        aliases=("boolean", "bool", "switch", "toggle", "yes/no", "true/false"),
        build=lambda _spec: parse_checkbox,
        cel=lambda canonical: canonical == "true",
        accepts="`1/0`, `true/false`, `yes/no`, `on/off` in any case",
        canonical="`true` or `false`",
        refuses="anything else (`map`)",
        samples=(("1", "true"), ("No", "false"), (" ON ", "true"), ("0", "false"), ("", None)),
        ways=ways_of_checkbox,
        written="`true` or `false`; with an example its pair (`1/0`, `yes/no`, `on/off`) and its case",
    ),
    ValueType(
        name="select",
        aliases=("dropdown", "drop-down", "radio", "picklist", "single select", "enum", "choice"),
        build=build_select,
        cel=str,
        accepts="an option's stored value, or its label where only one option has it; any text without `options`",
        canonical="the stored value, read as `text`",
        refuses="values outside `options` (`options`, or `map`)",
        samples=(("gold", "gold"), (" gold ", "gold"), ("", None)),
        guard=Guard(),
        ways=ways_of_select,
        written="the stored value; the label where the example is one",
    ),
    ValueType(
        name="multiselect",
        aliases=(
            "multiselect (values)",
            "multi-select",
            "multi-text",
            "checkboxes",
            "checkbox group",
            "multi-picklist",
            "multi-checkbox",
            "list",
            "array",
        ),
        build=build_multiselect,
        cel=read_set,
        accepts="a JSON list, a PHP-serialised array, text split at pipes, else semicolons, else commas; "
        "of a set of switches (`{editor: true}`) the keys that are on",
        canonical='a compact JSON list of distinct texts, sorted by code point: `["a","b"]`; no item is empty',
        refuses="nested lists, objects, broken lists (`map`), items outside `options` (`options`)",
        samples=(
            ("b, a,b", '["a","b"]'),
            ("||x||y||", '["x","y"]'),
            ("x,1;y", '["x,1","y"]'),
            ('["b", 1, null, true]', '["1","b","true"]'),
            ('a:2:{i:0;s:4:"Jö!";i:1;i:7;}', '["7","Jö!"]'),
            ('a:1:{s:6:"editor";b:1;}', '["editor"]'),
            ("a:0:{}", None),
            ("[]", None),
            (" , ", None),
        ),
        ways=ways_of_multiselect,
        written="parted by commas, as a JSON list where an item has a separator; with an example in its shape and "
        "spacing, by labels where it has them",
    ),
)
