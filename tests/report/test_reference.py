"""The generated reference pages."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.messages import MESSAGES, Message
from reconciler.planning.combinations import merge_rows
from reconciler.planning.decision import decision_rows
from reconciler.report.reference import decision_page, glossary_page, markdown_table, messages_page, types_page


@dataclass(frozen=True)
class Row:
    name: str
    aliases: tuple[str, ...] = ()
    accepts: str = "a | b"
    canonical: str = "text"
    refuses: str = ""
    written: str = "as it is"
    samples: tuple[tuple[str, str | None], ...] = ()


def test_every_code_has_a_heading_under_a_family() -> None:
    headings = [line for line in messages_page().splitlines() if line.startswith("### ")]
    assert headings == [f"### {m.code}: {m.summary}" for m in sorted(MESSAGES.values(), key=_family_order)]


def _family_order(message: Message) -> tuple[int, str]:
    code = message.code
    families = ("E1", "R1", "R2", "R3", "E3", "E4", "E5", "E6", "E9")
    return families.index(code[:2]), code


def test_types_are_listed_in_their_order_with_what_cannot_be_seen_made_visible() -> None:
    page = types_page([Row("text", ("textarea", "hidden"), samples=((" a\t`b`", "a"), ("", None))), Row("email")])
    lines = page.splitlines()
    assert lines[8] == "| `text` | `hidden`, `textarea` | a \\| b | text |  | as it is |"
    assert lines[9].startswith("| `email` |")
    assert "| ``  a\\t`b` `` | `a` |" in lines
    assert "| *(empty)* | *(empty)* |" in lines


def test_the_decision_page_has_every_row_of_the_table() -> None:
    rows = [line for line in decision_page(decision_rows(), merge_rows()).splitlines() if line.startswith("| ")]
    assert len(rows) == len(decision_rows()) + len(merge_rows()) + 4


def test_a_table_cell_cannot_break_its_table() -> None:
    assert markdown_table(("a",), [("x|y\nz",)])[-1] == "| x\\|y<br>z |"


def test_the_glossary_is_sorted() -> None:
    words = [line.split("**")[1] for line in glossary_page().splitlines() if line.startswith("**")]
    assert words == sorted(words)
    assert len(words) > 30
