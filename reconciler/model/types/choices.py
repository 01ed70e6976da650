"""Choices: checkbox, select, multiselect."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.model.types.lists import read_items, read_set, write_set
from reconciler.model.types.spec import Guard, Parse, Spec, Unreadable, ValueType
from reconciler.model.types.text import clean, parse_text

_TICKS = {
    **dict.fromkeys(("1", "true", "yes", "on"), "true"),
    **dict.fromkeys(("0", "false", "no", "off"), "false"),
}
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
    ),
)
