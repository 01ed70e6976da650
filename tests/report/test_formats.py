"""The table of formats, and the page about it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from processes import NOW, reconciler

from reconciler.report.annotations import Seen
from reconciler.report.document import plan_document, status_document
from reconciler.report.formats import DRIFT, FORMATS, PLAN, VALIDATION, View, drawing, drawn, formats_of
from tests.report.plans import FULL

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")


def test_every_command_has_the_formats_that_draw_its_document() -> None:
    assert formats_of(PLAN) == ("text", "json", "markdown", "html", "sarif", "github")
    assert formats_of(DRIFT) == formats_of(PLAN)
    assert formats_of(VALIDATION) == ("text", "json", "markdown", "sarif", "github")


def test_files_of_two_formats_have_two_suffixes() -> None:
    assert len({row.suffix for row in FORMATS.values()}) == len(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_the_page_has_every_format_with_its_file_and_what_it_is_for(name: str) -> None:
    row = FORMATS[name]
    assert f"| `{name}` | `{row.suffix}` | {row.purpose} |" in PAGE


def test_only_json_draws_a_document_of_another_kind() -> None:
    status = status_document(None, (), "north.yaml")
    assert [name for name in FORMATS if drawing(name, status)] == ["json"]
    with pytest.raises(ValueError, match="markdown does not draw reconciler-status/1"):
        drawn("markdown", status, View(Seen("/repo")))


def test_the_page_shows_what_the_program_prints(tmp_path: Path) -> None:
    folder = tmp_path / "quickstart"
    shutil.copytree(ROOT / "examples" / "quickstart", folder, ignore=shutil.ignore_patterns(".reconciler", "*.db*"))
    printed = reconciler(folder, "plan", "--now", NOW, "--format", "markdown").out
    shown = PAGE.partition("```markdown\n")[2].partition("```")[0]
    assert len(shown) > 500
    assert printed.startswith(shown)


def test_text_is_the_same_from_a_document_and_from_a_plan() -> None:
    from reconciler.report.text import plan_text

    assert drawn("text", plan_document(FULL), View(Seen("/repo"))) == plan_text(FULL)
