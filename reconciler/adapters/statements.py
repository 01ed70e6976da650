"""What a source's `query` may be: one statement that selects. Looked at before anything is sent.

This is a courtesy, not the guard: it finds what is plainly wrong and says so in our words. That nothing is written is
held by the read-only transaction in which every query runs. What stands in quotes or comments is not looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_SELECTING = frozenset({"SELECT", "WITH", "VALUES"})
_WRITING = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE"})
_WORD_OR_SIGN = re.compile(r"[^\W\d]\w*|[();]")
_LOCKING = re.compile(r"\b(?:FOR\s+(?:NO\s+KEY\s+)?UPDATE|FOR\s+(?:KEY\s+)?SHARE|LOCK\s+IN\s+SHARE\s+MODE)\b", re.I)

_COMMENT = r"--[^\r\n]*|/\*.*?(?:\*/|\Z)"
_DOUBLED = {quote: rf"{quote}(?:[^{quote}]|{quote}{quote})*(?:{quote}|\Z)" for quote in ("'", '"', "`")}
_ESCAPED = {quote: rf"{quote}(?:[^{quote}\\]|\\.|{quote}{quote})*(?:{quote}|\Z)" for quote in ("'", '"')}
_DOLLARS = r"\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?(?:\$(?P=tag)\$|\Z)"
_NESTED = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Dialect:
    """`covered`: what is not looked at. `nested`: comments lie inside of each other. `executed`: comments that run."""

    covered: re.Pattern[str]
    nested: bool = False
    executed: re.Pattern[str] | None = None


def _dialect(*parts: str, nested: bool = False, executed: str | None = None) -> Dialect:
    return Dialect(re.compile("|".join(parts), re.DOTALL), nested, re.compile(executed) if executed else None)


POSTGRES = _dialect(
    rf"(?<![\w$])[eE]{_ESCAPED[chr(39)]}", _DOUBLED["'"], _DOUBLED['"'], rf"(?<![\w$]){_DOLLARS}", _COMMENT, nested=True
)
MYSQL = _dialect(
    _ESCAPED["'"],
    _ESCAPED['"'],
    _DOUBLED["`"],
    r"(?:--(?=[\s\x00-\x1f]|\Z)|#)[^\n]*",
    r"/\*.*?(?:\*/|\Z)",
    executed=r"/\*M?!",
)
SQLITE = _dialect(*_DOUBLED.values(), r"\[[^\]]*(?:\]|\Z)", _COMMENT)


class Refused(ValueError):
    """It is not one statement that selects; the sentence is ours and quotes nothing."""


def statement(query: str, dialect: Dialect) -> str:
    """The query without what ends it. Raises Refused if it is anything but one statement that selects."""
    bare = _uncovered(query, dialect)
    body, _, rest = bare.partition(";")
    if rest.strip(" \t\r\n;"):
        raise Refused("a query is one statement; this is more than one")
    words = _WORD_OR_SIGN.findall(body.upper())
    first = next((word for word in words if word != "("), "")
    if first not in _SELECTING:
        raise Refused("a query begins with SELECT, WITH or VALUES")
    _check_brackets(words)
    if "INTO" in words or _writes(words, first):
        raise Refused("a query only reads; this one would write")
    if _LOCKING.search(body):
        raise Refused("a query only reads; this one would lock rows")
    return query[: len(body)]


def _uncovered(query: str, dialect: Dialect) -> str:
    """The query with blanks where quotes and comments stand, each character in its place."""
    found, at = [], 0
    while covered := dialect.covered.search(query, at):
        if covered.group().startswith("/*"):
            if dialect.executed and dialect.executed.match(covered.group()):
                raise Refused("a query has no comment that the server carries out (`/*!`)")
            end = _comment_end(query, covered.start()) if dialect.nested else covered.end()
            blank = " "
        else:
            end, blank = covered.end(), " " if covered.group()[:1] in "-#" else "?"
        found += [query[at : covered.start()], blank * (end - covered.start())]
        at = end
    return "".join([*found, query[at:]])


def _comment_end(query: str, start: int) -> int:
    depth = 0
    for edge in _NESTED.finditer(query, start):
        depth += 1 if edge.group() == "/*" else -1
        if not depth:
            return edge.end()
    return len(query)


def _check_brackets(words: list[str]) -> None:
    depth = 0
    for word in words:
        depth += (word == "(") - (word == ")")
        if depth < 0:
            break
    if depth:
        raise Refused("the brackets of the query do not match")


def _writes(words: list[str], first: str) -> bool:
    """Whether a bracket opens with a word that writes, or what follows the WITH of it all does."""
    if any(word in _WRITING - {"REPLACE"} and before == "(" for before, word in pairwise(words)):
        return True
    if first != "WITH":
        return False
    depth, outer = 0, list[str]()
    for word in words:
        depth += (word == "(") - (word == ")")
        if not depth:
            outer.append(word)
    main = next((word for word in outer if word in _WRITING | {"SELECT", "VALUES"}), "SELECT")
    return main in _WRITING
