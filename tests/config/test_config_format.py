"""The canonical form of files: cases beside their results, and promises over all files there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from reconciler.adapters.registry import CRM, SOURCE, options_models
from reconciler.config import load
from reconciler.config.canonical import FILE, Form
from reconciler.config.collect import Problems
from reconciler.config.events import parse
from reconciler.config.format import format_bytes
from reconciler.config.models import Entry
from reconciler.config.tree import Mapping, Node, Scalar
from reconciler.model.problems import Failure
from tests.config.conftest import CRM as CRM_MODELS
from tests.config.conftest import ENV, reconciled
from tests.config.conftest import SOURCE as SOURCE_MODELS
from tests.config.written_files import MARK, Text, texts

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES = sorted(p for p in (HERE / "format").glob("*.yaml") if not p.name.endswith(".out.yaml"))
FILES = [*sorted((HERE / "good").glob("*.yaml")), *reconciled((ROOT / "examples").rglob("*.yaml"))]


def meaning(content: bytes) -> Any:
    """What a text says, as plain data: keys in any order, texts with whether they are quoted."""
    problems = Problems()
    root = parse(content.decode("utf-8-sig"), "", Path(), problems)
    assert not problems.found
    return said(root, FILE)


def said(node: Node, form: Form, expression: bool = False) -> Any:
    if isinstance(node, Scalar):
        return (node.text, node.is_null, bool(node.style) and not expression)
    if isinstance(node, Mapping):
        pairs = [(k, said(p.value, form.of(k), k in form.expressions)) for k, p in node.items.items()]
        return sorted(pairs) if form.order else pairs
    return [said(item, form.of(None)) for item in node.items]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_file_becomes_its_canonical_form(path: Path, request: pytest.FixtureRequest) -> None:
    result = path.with_suffix(".out.yaml")
    made = format_bytes(path.read_bytes(), path.name)
    if request.config.getoption("--update-golden"):
        result.write_bytes(made)
    assert made.decode() == result.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", [*CASES, *FILES], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_canonical_form_says_the_same_and_is_its_own(path: Path) -> None:
    content = path.read_bytes()
    made = format_bytes(content, path.name)
    assert meaning(made) == meaning(content)
    assert format_bytes(made, path.name) == made
    assert made.count(b"#") == content.count(b"#")


@settings(deadline=None, max_examples=300)
@given(text=texts())
def test_whatever_way_a_file_is_written_it_says_the_same_and_keeps_every_comment(text: Text) -> None:
    content = "".join(f"{line}\n" for line in text.lines).encode()
    made = format_bytes(content, "any.yaml")
    assert meaning(made) == meaning(content)
    assert [made.count(f"{MARK} {number}.".encode()) for number in range(1, text.marks + 1)] == [1] * text.marks
    assert format_bytes(made, "any.yaml") == made
    assert made.endswith(b"\n")
    sections = list(parse(made.decode(), "", Path(), Problems()).items)
    if not text.anchors:  # an alias may not come before its anchor
        assert FILE.sorted(sections) == list(range(len(sections)))


WHOLE = [path for path in FILES if path.name != "base.yaml"]


@pytest.mark.parametrize("path", WHOLE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_desired_state_has_the_same_digest_before_and_after(path: Path, tmp_path: Path) -> None:
    ours = "examples" in path.parts
    models = (options_models(CRM), options_models(SOURCE)) if ours else (CRM_MODELS, SOURCE_MODELS)
    for other in path.parent.glob("*.yaml"):  # what it may extend
        (tmp_path / other.name).write_bytes(other.read_bytes())
    env = (
        {**ENV, "DATABASE_URL": ENV["DATABASE_URL"].replace("mysql:", "postgresql:")}
        if "databases" in path.parts
        else ENV
    )
    before = load(tmp_path / path.name, env, *models)
    (tmp_path / path.name).write_bytes(format_bytes(path.read_bytes(), path.name))
    assert load(tmp_path / path.name, env, *models).digest == before.digest


BROKEN = sorted((HERE / "broken").glob("*.yaml"))


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_file_that_does_not_validate_keeps_its_problems_whether_it_can_be_laid_out_or_not(
    path: Path, tmp_path: Path
) -> None:
    content = path.read_bytes()
    made = canonical_or_codes(content)
    if isinstance(made, set):
        assert made <= {p.code for p in problems(path)}
        return
    assert meaning(made) == meaning(content)
    for other in (HERE / "broken").iterdir():
        if other.is_file() and other != path:
            (tmp_path / other.name).write_bytes(other.read_bytes())
    (tmp_path / path.name).write_bytes(made)
    cut = {"E116"}  # which the quotes of the canonical form have mended
    assert {p.code for p in problems(tmp_path / path.name)} >= {p.code for p in problems(path)} - cut


def canonical_or_codes(content: bytes) -> bytes | set[str]:
    try:
        return format_bytes(content, "any.yaml")
    except Failure as failure:
        return {p.code for p in failure.problems}


def problems(path: Path) -> tuple[Any, ...]:
    with pytest.raises(Failure) as caught:
        load(path, ENV, CRM_MODELS, SOURCE_MODELS)
    return caught.value.problems


def test_a_byte_order_mark_and_foreign_line_ends_are_taken_away() -> None:
    assert format_bytes("\ufeffversion: 1\r\nfields: {}\r".encode(), "x") == b"version: 1\nfields: {}\n"


@pytest.mark.parametrize(
    "text",
    [
        "? version\n: 1\n",
        "version: &a\n  1\nfields: {b: *a}\n",
        "{version: 1, fields: {}}\n",
        "vars: {a: b}\nx: |\n  end",
    ],
)
def test_what_is_written_in_an_unusual_way_is_left_alone_and_says_so(text: str) -> None:
    with pytest.raises(Failure) as caught:
        format_bytes(text.encode(), "odd.yaml")
    assert [(p.code, p.where and p.where.file) for p in caught.value.problems] == [("E130", "odd.yaml")]


def forms(form: Form) -> Iterator[Form]:
    yield form
    for inner in (*form.keys.values(), *([form.each] if form.each else [])):
        yield from forms(inner)


def test_every_part_of_the_file_that_is_made_of_keys_has_an_order_and_every_expression_is_known() -> None:
    orders = {frozenset(form.order) - {"*"}: form.expressions for form in forms(FILE) if form.order}
    of_the_file = [model for model in Entry.__subclasses__() if model.__module__ == Entry.__module__]
    assert len(of_the_file) > 10
    for model in of_the_file:
        keys = {field.alias or name: field for name, field in model.model_fields.items()}
        expressions = {key for key, field in keys.items() if "Scalar" in str(field.annotation)}
        assert orders[frozenset(keys)] == expressions, model.__name__


def test_the_page_about_the_file_lists_keys_in_their_canonical_order() -> None:
    page = (ROOT / "docs" / "file.md").read_text(encoding="utf-8").split("\n## ")
    fields = next(part for part in page if part.startswith("fields"))
    rows = [line.split("|")[1] for line in fields.splitlines() if line.startswith("| `")]
    keys = [key.strip(" `") for row in rows for key in row.split(",")]
    order = FILE.keys["fields"].of(None)
    assert [order.order.index(key) for key in keys if key not in ("empty", "conflict")] == sorted(
        order.order.index(key) for key in keys if key not in ("empty", "conflict")
    )
