"""Types that are text as it stands: text, email, url, raw; and the cleaning that other types begin with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from reconciler.model.types.php import is_stored_list
from reconciler.model.types.spec import Guard, Parse, Spec, Unreadable, ValueType, Ways

_surrogate = re.compile(r"[\ud800-\udfff]").search
_space = re.compile(r"\s").search
_address = re.compile(r"[^@\s\x00-\x1f\x7f-\x9f<>,;]+@[^@\s\x00-\x1f\x7f-\x9f<>,;]+").fullmatch


def refuse_unstorable(raw: str) -> None:
    """Raise `Unreadable` for what no CRM and no file can hold: NUL and lone surrogates."""
    if "\0" in raw:
        raise Unreadable("NUL character", "map")
    if not raw.isascii() and _surrogate(raw):
        raise Unreadable("lone surrogate", "map")


def clean(raw: str) -> str:
    """NFC, LF, trimmed of Unicode white space; may be "". Raises `Unreadable` for NUL and lone surrogates."""
    if raw.isascii():
        if "\0" in raw:
            raise Unreadable("NUL character", "map")
    else:
        refuse_unstorable(raw)
        raw = unicodedata.normalize("NFC", raw)
    if "\r" in raw:
        raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    return raw.strip()


def parse_text(raw: str | None) -> str | None:
    """Text as people mean it: the same characters, one form."""
    return clean(raw) or None if raw else None


_JOINED = ", "


def _text(spec: Spec) -> Parse:
    """Of a list that PHP serialised the items, joined with a comma as WP Fusion does."""
    if not spec.serialised:
        return parse_text

    def parse(raw: str | None) -> str | None:
        if raw and is_stored_list(raw):
            from reconciler.model.types.lists import read_items

            raw = _JOINED.join(item for item in read_items(raw) if item)
        return parse_text(raw)

    return parse


def _text_ways(spec: Spec) -> Ways:
    """Where a list was stored, a list; a text that is none would take its place."""
    if not spec.serialised:
        return lambda canonical, *_: (canonical,)

    def ways(canonical: str, like: str | None, *_context: str | None) -> Iterator[str]:
        if like and is_stored_list(like):
            from reconciler.model.types.writing_lists import ways_of_items

            yield next(iter(ways_of_items(canonical.split(_JOINED), like)))
        yield canonical

    return ways


def parse_raw(raw: str | None) -> str | None:
    """Every character as it came."""
    if not raw:
        return None
    refuse_unstorable(raw)
    return raw


def parse_email(raw: str | None) -> str | None:
    """A lower-case address: one @ with something on both sides, no space, no list of addresses."""
    text = clean(raw).lower() if raw else ""
    if not text:
        return None
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if _address(text) is None:
        raise Unreadable("not an address", "map")
    return text


def parse_url(raw: str | None) -> str | None:
    """A link: text without white space inside."""
    text = clean(raw) if raw else ""
    if text and _space(text):
        raise Unreadable("white space inside", "map")
    return text or None


def _always(parse: Parse) -> Callable[[Spec], Parse]:
    def build(_spec: Spec) -> Parse:
        return parse

    return build


ROWS = (
    ValueType(
        name="text",
        aliases=("string", "str", "textarea", "html", "wysiwyg", "long text", "single line text", "varchar"),
        build=_text,
        cel=str,
        accepts="any text; of a PHP-serialised list in a source the items, joined with `, `",
        canonical="the text in Unicode form NFC, line ends as LF, without white space around it",
        refuses="NUL characters and lone surrogates; serialised objects and broken lists of a source (`map`)",
        samples=(
            ("plain", "plain"),
            ("  two words\u00a0", "two words"),
            ("one\r\ntwo\rthree", "one\ntwo\nthree"),
            ("Zoe\u0308", "Zoë"),
            (" \t", None),
        ),
        guard=Guard(),
        ways=_text_ways,
    ),
    ValueType(
        name="email",
        aliases=("e-mail", "email address", "mail"),
        build=_always(parse_email),
        cel=str,
        accepts="one address: something, one `@`, something, no white space",
        canonical="the address in lower case",
        refuses="anything else, a list of addresses too (`map`)",
        samples=(("Ada@Example.ORG ", "ada@example.org"), ("a+b@x", "a+b@x"), ("", None)),
        guard=Guard(r"[a-z0-9._+-]+@[a-z0-9.-]+", lower=True),
    ),
    ValueType(
        name="url",
        aliases=("link", "website", "uri"),
        build=_always(parse_url),
        cel=str,
        accepts="any text without white space inside",
        canonical="the text as it stands, trimmed",
        refuses="white space inside (`map`)",
        samples=((" https://example.org/A?b=1#c ", "https://example.org/A?b=1#c"), ("example.org", "example.org")),
    ),
    ValueType(
        name="raw",
        aliases=("as is", "verbatim"),
        build=_always(parse_raw),
        cel=str,
        accepts="any text, white space included",
        canonical="every character as it came",
        refuses="NUL characters and lone surrogates, which no CRM can store (`map`)",
        samples=(("  kept \r\n", "  kept \r\n"), (" ", " "), ("", None)),
        guard=Guard(trim=False),
    ),
)
