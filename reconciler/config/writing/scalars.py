"""Names and texts as YAML that reads back as exactly them, and comments that stay on their line."""

from __future__ import annotations

import re

LONGEST_KEY = 900
"""Signs of a written key; YAML gives up looking for the colon after 1,024."""

_PLAIN = re.compile(r"[^\W\d]\w*(?:[ ./-]\w+)*")
_GUESSED = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n", "nan", "inf"})
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


class Unwritable(ValueError):
    """No file can hold this text. Carries no text."""


def scalar(text: str) -> str:
    """The text as a key or value, in block and in flow: bare where nobody could misread it, else in quotes.

    `${` is doubled, so that it stays what it is. Raises Unwritable for lone surrogates.
    """
    text = text.replace("${", "$${")
    if _PLAIN.fullmatch(text) and text.casefold() not in _GUESSED and text.isprintable():
        return text
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_escaped, text)) + '"'


def reference(text: str) -> str:
    """As `scalar`, with its references left working: what a command line gives for an option."""
    return scalar(text).replace("$${", "${")


def remark(text: str) -> str:
    """The text as part of a comment: on one line, with everything made visible that could end it."""
    return "".join(sign if sign.isprintable() else _visible(sign) for sign in text)


def _escaped(sign: str) -> str:
    if 0xD800 <= ord(sign) <= 0xDFFF:
        raise Unwritable
    return _ESCAPES.get(sign) or (sign if sign.isprintable() else _visible(sign))


def _visible(sign: str) -> str:
    number = ord(sign)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
