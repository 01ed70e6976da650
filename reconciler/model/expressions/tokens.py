"""The words of an expression: what it names, how deep it nests, and what is plainly wrong with how it is written.

CEL's own library reads and runs expressions; it does not say which names are columns and which belong to a
comprehension. This does, and it stops texts that would exhaust the stack before the library sees them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

MACROS = frozenset(("all", "exists", "exists_one", "existsOne", "map", "filter"))
RESERVED = frozenset(
    (
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"),
        *("package", "namespace", "return", "var", "void", "while"),
    )
)
_LITERALS = frozenset(("true", "false", "null", "in"))
_QUOTED = frozenset(("raw", "rawlong", "quoted", "long"))
_PAIRS = {"(": ")", "[": "]", "{": "}"}

MOST_CHARACTERS = 10_000
MOST_NESTED = 64

_token = re.compile(
    r"""
    (?P<skip>\s+|//[^\n]*)
  | (?P<rawlong>[bB]?[rR](?:\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3}))
  | (?P<long>[bB]?(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}))
  | (?P<raw>[bB]?[rR](?:"[^"\n]*"|'[^'\n]*'))
  | (?P<quoted>[bB]?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<number>0[xX][0-9a-fA-F]+[uU]?|(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[uU]?)
  | (?P<sign>&&|\|\||==|!=|<=|>=|.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: "name", "string", "number", "sign", or "end" after the last; `at` counts characters from 0."""

    kind: str
    text: str
    at: int


class Miswritten(Exception):
    """What the words alone show to be wrong: a sentence, a way out, and where."""

    def __init__(self, detail: str, hint: str, at: int) -> None:
        self.detail, self.hint, self.at = detail, hint, at
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class Names:
    """What an expression refers to: `columns` in order of appearance, be it `plain` by their bare name or by `row`.

    `calls`: (function, character it is at).
    """

    columns: tuple[str, ...]
    plain: tuple[str, ...]
    row_keys: tuple[str, ...]
    uses_row: bool
    whole_row: bool
    uses_now: bool
    calls: tuple[tuple[str, int], ...]


def tokenize(text: str) -> list[Token]:
    """All tokens, white space and comments left out, an "end" token last. Raises `Miswritten`."""
    if len(text) > MOST_CHARACTERS:
        raise Miswritten(
            f"longer than {MOST_CHARACTERS:,} characters", "split it, or prepare the value at its source", 0
        )
    tokens = []
    for found in _token.finditer(text):
        kind = found.lastgroup or ""
        if kind != "skip":
            kind = "string" if kind in _QUOTED else kind
            tokens.append(Token(kind, found[0], found.start()))
    tokens.append(Token("end", "", len(text)))
    if len(tokens) == 1:
        raise Miswritten("the expression is empty", "write what should be true, such as `orders > 0`", 0)
    _check_signs(tokens)
    _check_brackets(tokens)
    return tokens


_FAULTS: dict[str, tuple[str, str]] = {
    '"': ("a quoted text does not end", "close the quotes; a text stands on one line"),
    "'": ("a quoted text does not end", "close the quotes; a text stands on one line"),
    "=": ("`=` is not a comparison", "write `==`"),
    "&": ("`&` is not an operator", "write `&&`"),
    "|": ("`|` is not an operator", "write `||`"),
    "`": ("a name in backticks", 'write row["..."] for a column whose name is not one word'),
    ";": ("an expression has no `;`", "write one expression"),
    "$": ("a name cannot hold `$`", 'write the column\'s name, or row["..."]'),
    "#": ("`#` begins no comment here", "comments begin with //"),
}
_WORDS = {"and": "&&", "or": "||", "not": "!", "AND": "&&", "OR": "||", "NOT": "!"}


def _check_signs(tokens: list[Token]) -> None:
    for before, token, after in zip([tokens[-1], *tokens], tokens, tokens[1:], strict=False):
        if token.kind == "sign" and token.text in _FAULTS:
            raise Miswritten(*_FAULTS[token.text], token.at)
        if token.kind != "name" or before.text == ".":
            continue
        if token.text in RESERVED:
            raise Miswritten(
                f"`{token.text}` is a reserved word", f'write row["{token.text}"] for the column', token.at
            )
        if token.text in _WORDS and (_ends_value(before) or token.text.lower() == "not") and _starts_value(after):
            raise Miswritten(f"`{token.text}` is not an operator", f"write `{_WORDS[token.text]}`", token.at)


def _ends_value(token: Token) -> bool:
    return token.kind in ("name", "string", "number") or token.text in (")", "]", "}")


def _starts_value(token: Token) -> bool:
    return token.kind in ("name", "string", "number") or token.text in ("(", "[", "{", "!", "-")


def _check_brackets(tokens: list[Token]) -> None:
    open_: list[Token] = []
    depth = 0
    for token in tokens:
        if token.kind != "sign":
            continue
        depth += token.text == "?"
        if token.text in _PAIRS:
            open_.append(token)
            if len(open_) + depth > MOST_NESTED:
                raise Miswritten(f"nested deeper than {MOST_NESTED} levels", "take it apart", token.at)
        elif token.text in _PAIRS.values() and (not open_ or _PAIRS[open_.pop().text] != token.text):
            raise Miswritten(f"`{token.text}` closes nothing", "remove it, or open it before", token.at)
    if depth > MOST_NESTED:
        raise Miswritten(f"more than {MOST_NESTED} choices with `?`", "use `map` of the field for a table of values", 0)
    if open_:
        raise Miswritten(
            f"`{open_[-1].text}` is never closed", f"close it with `{_PAIRS[open_[-1].text]}`", open_[-1].at
        )


def names_of(tokens: list[Token], literal: Callable[[str], str | None]) -> Names:
    """What the tokens refer to; `literal` gives the text that a quoted token stands for, None for bytes."""
    reading = _Reading(tokens, literal)
    reading.read()
    return Names(
        columns=tuple(dict.fromkeys(reading.columns)),
        plain=tuple(dict.fromkeys(reading.plain)),
        row_keys=tuple(dict.fromkeys(reading.row_keys)),
        uses_row=reading.uses_row,
        whole_row=reading.whole_row,
        uses_now=reading.uses_now,
        calls=tuple(reading.calls),
    )


class _Reading:
    """One walk over the tokens. `scopes` has, per open bracket, the variable that a macro binds inside it, or None."""

    def __init__(self, tokens: list[Token], literal: Callable[[str], str | None]) -> None:
        self.tokens, self.literal = tokens, literal
        self.scopes: list[str | None] = []
        self.columns: list[str] = []
        self.plain: list[str] = []
        self.row_keys: list[str] = []
        self.calls: list[tuple[str, int]] = []
        self.uses_row = self.whole_row = self.uses_now = False

    def _text(self, at: int) -> str:
        return self.tokens[at].text if 0 <= at < len(self.tokens) and self.tokens[at].kind != "string" else ""

    def read(self) -> None:
        for at, token in enumerate(self.tokens):
            if token.kind == "sign":
                if token.text in _PAIRS:
                    self.scopes.append(self._bound(at))
                elif token.text in _PAIRS.values():
                    self.scopes.pop()
            elif token.kind == "name" and token.text not in _LITERALS:
                self._name(at, token)

    def _bound(self, at: int) -> str | None:
        is_macro = self._text(at) == "(" and self._text(at - 1) in MACROS and self._text(at - 2) == "."
        named = self.tokens[at + 1]
        return named.text if is_macro and named.kind == "name" and self._text(at + 2) == "," else None

    def _name(self, at: int, token: Token) -> None:
        member = self._text(at - 1) == "."
        if member and not (at >= 2 and _ends_value(self.tokens[at - 2])):
            raise Miswritten("a name begins with a dot", "remove the dot", self.tokens[at - 1].at)
        if self._text(at + 1) == "(":
            if token.text != "has" and not (member and token.text in MACROS):
                self.calls.append((token.text, token.at))
        elif member or token.text in self.scopes:
            return
        elif token.text == "now":
            self.uses_now = True
        elif token.text == "row":
            self._row(at)
        else:
            self.columns.append(token.text)
            self.plain.append(token.text)

    def _row(self, at: int) -> None:
        self.uses_row = True
        key = self._row_key(at)
        if key is None:
            self.whole_row = True
        else:
            self.columns.append(key)
            self.row_keys.append(key)

    def _row_key(self, at: int) -> str | None:
        after = self.tokens[at + 2] if at + 2 < len(self.tokens) else self.tokens[-1]
        if self._text(at + 1) == "[" and after.kind == "string" and self._text(at + 3) == "]":
            return self.literal(after.text)
        if self._text(at + 1) == "." and after.kind == "name" and self._text(at + 3) != "(":
            return after.text
        return None
