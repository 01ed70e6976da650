"""`docs/file.md`: every file in it loads, every key stands in it, and its defaults are the program's."""

import re
from pathlib import Path

import pytest

from reconciler.adapters.registry import CRM, SOURCE, options_models
from reconciler.config import load
from reconciler.config.models import (
    SECTIONS,
    AllowEntry,
    CheckEntry,
    ContactsSection,
    CrmSection,
    DefaultsSection,
    DynamicTagEntry,
    FieldEntry,
    HistorySection,
    IdentitySection,
    LimitsSection,
    ScoreRuleEntry,
    SourceSection,
    TagEntry,
)
from reconciler.config.reading import keys_of
from reconciler.model.desired import Limits
from reconciler.model.expressions.engine import KNOWN
from reconciler.model.types.numbers import NUMBER_FORMATS
from reconciler.model.types.patterns import TOKENS

PAGE = (Path(__file__).parents[2] / "docs" / "file.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
CHAPTERS = {
    title: PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    for title in re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
}
NEEDED = {
    "version": "version: 1",
    "crm": "crm: {type: local, path: crm.db}",
    "source": "source: {type: csv, path: people.csv, types: {orders: integer}}",
    "identity": "identity: {person: id, match: email}",
    "fields": "fields: {email: user_email}",
}


@pytest.mark.parametrize("block", BLOCKS)
def test_every_file_of_the_page_loads_once_it_has_what_every_file_needs(block: str, tmp_path: Path) -> None:
    missing = [line for section, line in NEEDED.items() if not re.search(rf"^{section}:", block, re.MULTILINE)]
    path = tmp_path / "reconciler.yaml"
    path.write_text("\n".join([*missing, block]), encoding="utf-8")
    desired = load(path, {}, options_models(CRM), options_models(SOURCE))
    assert [w.code for w in desired.warnings if w.code != "R107"] == []


def test_the_page_has_files_to_load() -> None:
    assert len(BLOCKS) >= 8


@pytest.mark.parametrize(
    ("chapter", "model"),
    [
        ("crm", CrmSection),
        ("source", SourceSection),
        ("identity", IdentitySection),
        ("defaults", DefaultsSection),
        ("fields", FieldEntry),
        ("tags, dynamic_tags", TagEntry),
        ("tags, dynamic_tags", DynamicTagEntry),
        ("scores", ScoreRuleEntry),
        ("contacts", ContactsSection),
        ("limits", LimitsSection),
        ("allow", AllowEntry),
        ("checks", CheckEntry),
        ("history", HistorySection),
    ],
)
def test_every_key_has_a_row(chapter: str, model: type) -> None:
    named = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", CHAPTERS[chapter], re.MULTILINE))))
    assert [key for key in keys_of(model) if key not in named] == []


def test_every_section_has_a_place() -> None:
    assert [name for name in SECTIONS if not re.search(rf"^## .*\b{name}\b|^\| `{name}`", PAGE, re.MULTILINE)] == []


@pytest.mark.parametrize(("kind", "chapter"), [(CRM, "crm"), (SOURCE, "source")])
def test_every_option_of_our_adapters_is_named(kind: object, chapter: str) -> None:
    models = options_models(kind)  # type: ignore[arg-type]  # both kinds are of the one type that is asked for
    missing = {
        (name, key)
        for name, model in models.items()
        for key in model.model_fields
        if f"`{key}`" not in CHAPTERS[chapter]
    }
    assert missing == set()


@pytest.mark.parametrize("name", keys_of(LimitsSection))
def test_the_limits_are_those_of_the_program(name: str) -> None:
    assert f"| `{name}` | {getattr(Limits(), name)} |" in CHAPTERS["limits"]


def test_every_part_of_a_format_is_named() -> None:
    assert [token for token in (*TOKENS, *NUMBER_FORMATS) if f"`{token}`" not in CHAPTERS["fields"]] == []


def test_every_function_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`([a-zA-Z_]+)`", CHAPTERS["Expressions"])) - {"in", "null", "now", "a"}
    assert named <= KNOWN
