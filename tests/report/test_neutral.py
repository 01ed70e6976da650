"""Whatever others wrote stays text: in Markdown, workflow commands, step outputs and logs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.report.github import outputs_text
from reconciler.report.neutral import (
    in_a_log,
    json_in_a_log,
    markdown_code,
    markdown_comment,
    markdown_prose,
    markdown_text,
    plain,
    workflow_data,
    workflow_property,
)

PIECES = (
    *("`", "``", "```", "\\", "|", "\\|", "*", "**", "_", "~~", "<", ">", "&", "[", "]", "(", ")", "!", "#", "$", "^"),
    *(
        "@ada",
        "@org/team",
        "#12",
        "GH-12",
        "org/repo#1",
        "!7",
        "a@b.example",
        ":smile:",
        "http://x.example",
        "www.x.org",
    ),
    *(
        "![x](http://x/y.png)",
        "[x](javascript:y)",
        "<img src=x onerror=y>",
        "<!-- ",
        "-->",
        "<script>",
        "&#64;",
        "&amp;",
    ),
    *(
        "\n",
        "\r\n",
        "\n\n",
        "\n    code",
        "\n# h",
        "\n- l",
        "\n| a | b |\n|---|---|",
        "\n> q",
        "\n```\n",
        "\n---\n",
        "\n===\n",
    ),
    *("::error::x", "##[error]x", "%0A", "\x1b[31m", "‮", "⁦", "\0", "\ud800", "​", "\t", " ", "  ", "1. ", "- "),
    *("word", "ß", "会員", "😀", "'", '"', ":", ",", "=", ";", "%", "{{ x }}", "${{ secrets.X }}", "/close", "~label"),
)
HOSTILE = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=6)), max_size=8).map("".join)

GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
NOBODY = "\u200b"
BEGINS_SOMETHING = re.compile(
    r"@\w|[#!$]\d|~\w|\bGH-\d|://|www\.\w|:[a-z0-9_+-]+:",
    re.IGNORECASE,
)
BLANK = " \t\n"
"""What makes a line of Markdown an empty one; a space that does not break is text."""
Drawn = Callable[[str], str]


def squeezed(text: str) -> str:
    """Without white space, of which Markdown takes some away, and without the signs that we put in."""
    return "".join(text.replace(NOBODY, "").split())


def shape(tokens: Sequence[Token]) -> list[str]:
    return [token.type for token in tokens]


def inline(tokens: Sequence[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or ()]


def seen(children: Sequence[Token]) -> str:
    return "".join(child.content for child in children if child.type in {"text", "code_inline"})


def stays_text(frame: str, drawn: str, text: str, but: str = "") -> None:
    """In that frame the text makes nothing but itself: the blocks are those of a harmless word, and all is to be read,
    except the signs `but`."""
    tokens = GFM.parse(frame.replace("TEXT", drawn))
    assert shape(tokens) == shape(GFM.parse(frame.replace("TEXT", "x" if drawn.strip(BLANK) else "")))
    children = inline(tokens)
    assert {child.type for child in children} <= {"text", "code_inline"}
    there = squeezed(frame_text(frame).replace("TEXT", plain(text)))
    assert squeezed(seen(children)).replace(but, "") == there.replace(but, "")
    outside = "".join(child.content if child.type == "text" else "\n" for child in children)
    assert not BEGINS_SOMETHING.search(outside)


def frame_text(frame: str) -> str:
    return re.sub(r"^(- |#+ )|\|[-|]+\||[|\n]", "", frame, flags=re.MULTILINE)


LINES = [
    "TEXT",
    "a TEXT b",
    "- TEXT",
    "- TEXT b",
    "### TEXT",
    "- a (TEXT)",
]
CELL = "| h | i |\n|---|---|\n| TEXT | b |\n| c | TEXT |"


@pytest.mark.parametrize("frame", LINES)
@pytest.mark.parametrize("draw", [markdown_text, markdown_code, markdown_prose])
@given(text=HOSTILE)
@example(text="a``b`")
@example(text="`a``b`")
@example(text="1.")
@example(text="a`b|c`")
def test_no_text_makes_anything_of_a_line_of_markdown(frame: str, draw: Drawn, text: str) -> None:
    stays_text(frame, draw(text), text, "`" if draw is markdown_prose else "")


def cell_code(text: str) -> str:
    return markdown_code(text, cell=True)


def cell_prose(text: str) -> str:
    return markdown_prose(text, cell=True)


@pytest.mark.parametrize("draw", [markdown_text, cell_code, cell_prose])
@given(text=HOSTILE)
@example(text="a\\|b")
@example(text="a\\")
@example(text="`a|b` c|d")
@example(text="`\\`|`")
def test_no_text_leaves_its_cell(draw: Drawn, text: str) -> None:
    tokens = GFM.parse(CELL.replace("TEXT", draw(text)))
    assert shape(tokens) == shape(GFM.parse(CELL.replace("TEXT", "x")))
    but = "`" if draw is cell_prose else ""
    cells = [squeezed(seen(token.children or ())) for token in tokens if token.type == "inline"]
    there = squeezed(plain(text)).replace(but, "")
    assert [cell.replace(but, "") for cell in cells[2:]] == [there, "b", "c", there]
    assert {child.type for child in inline(tokens)} <= {"text", "code_inline"}


@given(text=HOSTILE)
def test_no_name_of_a_file_ends_the_hidden_line(text: str) -> None:
    comment = f"<!-- reconciler: {markdown_comment(text)} -->"
    assert "--" not in comment[4:-3]
    assert ">" not in comment[:-1]
    tokens = GFM.parse(f"{comment}\n\nafter")
    assert shape(tokens) == ["html_block", "paragraph_open", "inline", "paragraph_close"]


def test_an_ordinary_name_of_a_file_stands_in_the_hidden_line_as_it_is() -> None:
    assert markdown_comment("sites/north-1/reconciler.yaml") == "sites/north-1/reconciler.yaml"


@given(text=HOSTILE)
def test_no_text_ends_a_workflow_command_or_its_property(text: str) -> None:
    line = f"::error file={workflow_property(text)},title=t::{workflow_data(text)}"
    assert line.splitlines() == [line]
    command, _, message = line.removeprefix("::").partition("::")
    file, title = (pair.partition("=")[2] for pair in command.partition(" ")[2].split(","))
    for written, sign in (("%3A", ":"), ("%2C", ","), ("%25", "%")):
        file, message = file.replace(written, sign), message.replace(written, sign)
    assert (file, title, message) == (plain(text), "t", plain(text))


def as_a_runner_reads(log: str) -> list[str]:
    """The lines in which a runner of GitHub Actions would look for a command: leading white space aside, it begins one
    with two colons, and in its older form with two number signs and a bracket anywhere."""
    return [line for line in log.split("\n") if line.strip().startswith("::") or "##[" in line]


@given(text=HOSTILE)
def test_no_line_of_a_log_is_a_command(text: str) -> None:
    shown = in_a_log(text)
    assert as_a_runner_reads(shown.replace("\r", "")) == []
    assert len(shown.split("\n")) == len(text.split("\n"))


@given(text=HOSTILE)
def test_json_in_a_log_says_what_it_said(text: str) -> None:
    written = json.dumps({"text": text}, indent=2)
    assert json.loads(json_in_a_log(written)) == {"text": text}
    assert as_a_runner_reads(json_in_a_log(written)) == []


@given(texts=st.lists(HOSTILE, max_size=4))
def test_no_value_ends_its_output_or_makes_another(texts: list[str]) -> None:
    outputs = {f"name{at}": text for at, text in enumerate(texts)}
    lines = outputs_text(outputs, "reconciler-5f3a").splitlines()
    read = {}
    while lines:
        name, _, delimiter = lines.pop(0).partition("<<")
        end = lines.index(delimiter)
        read[name] = "\n".join(lines[:end])
        del lines[: end + 1]
    assert read == {name: plain(text) for name, text in outputs.items()}
