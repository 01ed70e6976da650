"""Why YAML stopped, in our words, and the expression that it cut.

The YAML library's sentences are only recognised here, never shown: they may quote the file.
"""

from __future__ import annotations

import re
from typing import Any

from reconciler.config.collect import Problems
from reconciler.config.tree import SourceFile
from reconciler.model.problems import Place

# What the library says -> our code and sentence; {line} is the line where what it was reading began.
_SENTENCES: tuple[tuple[str, str, str], ...] = (
    ("violates indentation", "E108", "a tab stands in the indentation"),
    ("found a tab character", "E108", "a tab stands in the indentation"),
    ("mapping values are not allowed", "E104", "a second colon in one line, or a line that is indented too far"),
    ("block sequence entries are not allowed", "E104", "a dash where no list can begin"),
    ("could not find expected ':'", "E104", "a key without a colon near the line above"),
    ("did not find expected key", "E104", "text follows a value that is complete, or the indentation is off"),
    ("did not find expected '-'", "E104", "a line of a list does not begin with a dash, or the indentation is off"),
    ("did not find expected ',' or", "E104", "the bracket of line {line} is not closed, or a comma is missing"),
    ("unexpected end of stream", "E104", "the quote of line {line} is not closed"),
    ("unexpected document indicator", "E104", "the quote of line {line} is not closed"),
    ("unknown escape character", "E104", "a backslash in double quotes begins an escape; single quotes have none"),
    ("expected comment or line break", "E104", "text follows | or > in the same line"),
    ("expected alphabetic or numeric", "E104", "a text begins with & or *"),
    ("incompatible YAML document", "E105", "another version of YAML is asked for"),
    ("unknown directive", "E105", "a directive (% at the beginning of a line)"),
    ("undefined tag handle", "E105", "a text begins with !"),
    ("expected URI", "E105", "a text begins with !"),
    ("<document start>", "E105", "text follows the end of the document"),
)
EXPRESSION_KEYS = frozenset({"when", "value", "create", "deny"})
"""Keys whose entry is not said to lack them when YAML cut what stands there."""

# These are compiled when a file is wrong: `re` keeps what it has compiled.
_EXPRESSION_KEY = r"""(?:^\s*(?:-\s+)*|[{,]\s*)(["']?)(?:when|value|create|deny)\1\s*:\s+(?=\S)"""
_KEY_ALONE = r"""(?:^\s*(?:-\s+)*|[{,]\s*)(["']?)(?:when|value|create|deny)\1\s*:\s*$"""
_SECTION = r"^[\"']?([A-Za-z_]+)[\"']?\s*:"
_WITH_EXPRESSIONS = frozenset({"fields", "tags", "scores", "contacts", "checks"})
_NEXT_KEY = (
    r""",\s*["']?(?:absent|as|consent|create|default|deny|empty|format|from|gone|group|keep|label|level|message|options"""
    r"""|points|pull|push|renamed_from|score|status|type|value|when)["']?\s*:(?:\s|$)"""
)
_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"\\]|\\.)*\""""
_BLOCK = r"[|>][-+0-9]*"
_RISKY = r"""^[!&*\[\]{}"'|>%@`#?:,-]|:(?:\s|$)|\s#"""
_RISKY_IN_FLOW = r"[\[\]{},?]"
_LONGEST_LINE = 200


def explain_syntax(error: Any, file: SourceFile, problems: Problems) -> None:
    """Note why the parser stopped: at an expression, *quote the expression*; else the nearest sentence we have."""
    mark = error.problem_mark or error.context_mark
    if mark is None:
        problems.add("E104", "it cannot be read as YAML", Place(file.name))
        return
    line, began = mark.line + 1, (error.context_mark or mark).line + 1
    for candidate in dict.fromkeys((line, line - 1, began)):
        hint = quote_hint(file, candidate)
        if hint is not None:
            problems.add("E116", "YAML cuts the expression in this line", Place(file.name, candidate), hint)
            return
    said = str(error.problem or "")
    code, sentence = next(
        ((code, ours) for theirs, code, ours in _SENTENCES if theirs in said),
        ("E104", "it cannot be read from here on"),
    )
    character = file.line(line)[mark.column : mark.column + 1]
    if "cannot start any token" in said:
        code, sentence = (
            ("E108", "a tab stands in the indentation") if character == "\t" else (code, _begins(character))
        )
    fix = "quote the text: '${...}'" if "${" in file.line(line) and code == "E104" else None
    problems.add(code, sentence.format(line=began), Place(file.name, line, mark.column + 1), fix)


def _begins(character: str) -> str:
    return (
        f"a text cannot begin with {character} unless it is quoted" if character.isprintable() else "it is unreadable"
    )


def quote_hint(file: SourceFile, line: int) -> str | None:
    """The line with its expression quoted, as a way out; None if no expression stands there that YAML could cut."""
    text = file.line(line)
    if _section(file, line) not in _WITH_EXPRESSIONS:
        return None
    for found in re.finditer(_EXPRESSION_KEY, text):
        start = found.end()
        flow = text[:start].count("{") > text[:start].count("}")
        expression = _expression(text[start:], flow)
        if not expression or re.fullmatch(_QUOTED, expression) or re.fullmatch(_BLOCK, expression):
            continue
        if re.search(_RISKY, expression) or (flow and re.search(_RISKY_IN_FLOW, expression)):
            return written_quoted(text, start, expression)
    return _hint_below(file, line)


def _hint_below(file: SourceFile, line: int) -> str | None:
    """The same where the expression stands alone, in the line below its key."""
    before = file.line(line - 1)
    flow = before.count("{") > before.count("}")
    text = file.line(line)
    expression = _expression(text.lstrip(), flow)
    if not re.search(_KEY_ALONE, before) or not expression or re.fullmatch(_QUOTED, expression):
        return None
    risky = re.search(_RISKY, expression) or (flow and re.search(_RISKY_IN_FLOW, expression))
    return written_quoted(text, len(text) - len(text.lstrip()), expression) if risky else None


def written_quoted(line: str, start: int, expression: str) -> str:
    """The sentence that shows `line` with the expression that begins at `start` in single quotes."""
    quoted = "'" + expression.replace("'", "''") + "'"
    whole = (line[:start] + quoted + line[start + len(expression) :]).strip()
    return f"write {whole}" if len(whole) <= _LONGEST_LINE else "put the whole expression in single quotes"


def expression_at(file: SourceFile, line: int, column: int, in_flow: bool) -> str:
    """What was meant as the expression that begins there: up to the line's end, comment, bracket or next key."""
    return _expression(file.line(line)[column - 1 :], in_flow)


def _section(file: SourceFile, line: int) -> str:
    for number in range(line, 0, -1):
        found = re.match(_SECTION, file.line(number))
        if found:
            return found.group(1)
    return ""


def _expression(rest: str, flow: bool) -> str:
    quote, depth = "", 0
    for at, character in enumerate(rest):
        if quote:
            quote = "" if character == quote and rest[at - 1] != "\\" else quote
        elif character in "\"'":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}" and depth:
            depth -= 1
        elif _ends(rest, at, flow and not depth):
            return rest[:at].rstrip()
    return rest.rstrip()


def _ends(rest: str, at: int, flow: bool) -> bool:
    character = rest[at]
    if character == "#":
        return at > 0 and rest[at - 1].isspace()
    return flow and (character in "]}" or (character == "," and re.compile(_NEXT_KEY).match(rest, at) is not None))
