"""Text that others wrote, made harmless for where it goes: one function per target.

Labels, names of tags and files, what a CRM answered: whatever stands in it stays text. All begin with `plain`, so that
no target gets a control sign or one that turns the reading order around.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconciler.report.words import plain

__all__ = [
    "html_in_a_log",
    "in_a_log",
    "json_in_a_log",
    "markdown_code",
    "markdown_comment",
    "markdown_prose",
    "markdown_text",
    "plain",
    "workflow_data",
    "workflow_property",
]

_IN_DATA: Mapping[str, str] = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTY: Mapping[str, str] = {**_IN_DATA, ":": "%3A", ",": "%2C"}
_MEANS = r"\\`*_\[\]<>&!|~#^$@"
_PUNCTUATION = re.compile(rf"[{_MEANS}:.%+=-]")
_ALWAYS = re.compile(rf"[{_MEANS}]")
_AT_THE_START = re.compile(r"\s*(?:[-+=]|\d+(?=[.)](?:\s|$)))")
"""What makes a list or a heading of a line that it begins; a backslash has to stand before the sign that does."""
_NOBODY = "&#8203;"
"""A zero-width space: what stands before it is no beginning of a mention, a reference or an address any more."""
_BEGINS = re.compile(r"[@#!$%&~^*](?=[\w\"'{/])|(?<=\bGH)-(?=\d)|:(?=//|[a-z0-9_+-]+:)|(?<=www)\.(?=\w)", re.IGNORECASE)
_COMMENT = re.compile(r"[^\w ./~+,=@()\[\]#&'-]|-(?=-)")
_COMMAND = re.compile(r"^(\s*):(?=:)", re.MULTILINE)


def markdown_text(text: str) -> str:
    """For running Markdown text and cells of tables, on one line. No emphasis, link, image, HTML, mention (`@user`),
    reference (`#123`), picture (`:name:`) or address is made of it; whoever reads it rendered sees the text."""
    shown = re.sub("^ +", " ", plain(text))  # four of them make a block of code
    pieces: list[str] = []
    end = 0
    begun = _AT_THE_START.match(shown)
    first = begun.end() - (shown[begun.end() - 1] in "-+=") if begun else -1
    if begun and shown[first] in ".)":
        pieces, end = [shown[:first], "\\", shown[first]], first + 1
    for found in _PUNCTUATION.finditer(shown, end):
        at = found.start()
        escaped = at == first or _ALWAYS.match(shown, at)
        pieces += [shown[end:at], "\\" if escaped else "", found.group(), _NOBODY if _BEGINS.match(shown, at) else ""]
        end = at + 1
    return "".join((*pieces, shown[end:]))


def markdown_code(text: str, cell: bool = False) -> str:
    """The text as a code span, in which nothing means anything. `cell`: in a table, where a bar ends a cell even there.
    Empty text becomes empty text."""
    shown = plain(text)
    if not shown.strip(" ") or "##[" in shown:  # the latter is a command to a runner that reads it in its log
        return markdown_text(shown)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    room = " " if shown[0] in "` " or shown[-1] in "` " else ""
    whole = f"{fence}{room}{shown}{room}{fence}"
    if not cell:
        return whole
    # A backslash before a bar cannot be told from the sign that keeps the bar: such text is no code.
    return markdown_text(shown) if "\\|" in shown or shown.endswith("\\") else whole.replace("|", "\\|")


def markdown_prose(text: str, cell: bool = False) -> str:
    """A sentence in which names stand in backticks: those become code spans, all else text."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        return markdown_text(text)
    inside = range(1, len(pieces) - 1)
    return "".join(
        markdown_code(piece, cell) if at % 2 else markdown_text(piece) or (_NOBODY if at in inside else "")
        for at, piece in enumerate(pieces)
    )


def markdown_comment(text: str) -> str:
    """For the inside of an HTML comment of Markdown: what could end it is written as in an address (`%3E`)."""
    return _COMMENT.sub(lambda found: "".join(f"%{byte:02X}" for byte in found.group().encode()), plain(text))


def workflow_data(text: str) -> str:
    """For the message of a workflow command."""
    return _replaced(plain(text), _IN_DATA)


def workflow_property(text: str) -> str:
    """For a property of a workflow command."""
    return _replaced(plain(text), _IN_PROPERTY)


def in_a_log(text: str) -> str:
    """Lines for a log in which a runner looks for workflow commands: none is one. Line ends stay."""
    return _COMMAND.sub(r"\1\\x3a", text).replace("##[", "#\\x23[")


def json_in_a_log(text: str) -> str:
    """The same for JSON, which stays what it says: a line of it begins with no colon, and a sign may be escaped."""
    return text.replace("##[", "#\\u0023[")


def html_in_a_log(page: str) -> str:
    """The same for a page of `report.html`, where templates escape all else: only its text can hold such signs, and a
    line of it begins with a mark, never with text."""
    return page.replace("##[", "#&#35;[")


def _replaced(text: str, signs: Mapping[str, str]) -> str:
    return "".join(signs.get(sign, sign) for sign in text)
