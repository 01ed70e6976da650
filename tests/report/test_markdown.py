"""Markdown of plans, applies, drifts and validations: it always fits, and says what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconciler.model.approvals import Approved
from reconciler.model.messages import problem
from reconciler.model.outcome import Outcome, Result, Written
from reconciler.model.plan import (
    Action,
    Cause,
    ContactCount,
    Delta,
    EndpointCost,
    FieldCount,
    Finding,
    Guard,
    InventoryChange,
    Plan,
    TagCount,
)
from reconciler.model.problems import Level, Place, Problem
from reconciler.report.document import error_document, outcome_document, plan_document
from reconciler.report.layout import Page
from reconciler.report.markdown import BUDGET, Budget, drift_markdown, markdown, plan_markdown, validation_markdown
from reconciler.report.markdown.fitting import Detail
from reconciler.report.shapes import DriftDocument, DriftField, DriftTag, PlanDocument
from reconciler.report.validation import validation_document
from tests.report.plans import EMPTY, FULL, at
from tests.report.test_neutral import HOSTILE, inline, seen
from tests.report.test_redaction import made
from tests.report.test_text import EVERYTHING, SETTLED

Golden = Callable[[str, str], None]

GITHUB = 65_536
GFM = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
WRITTEN = Written(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
CALLS = (EndpointCost("contacts/list", 3, False), EndpointCost("contacts/create", 1, True))
PROBLEMS = [
    problem("E111", "`fields.x.lable` is unknown", Place("north.yaml", 30, 5), "did you mean `label`?"),
    problem("R107", "`engagement`", Place("north.yaml", 9), level=Level.WARNING),
]
DRIFT = DriftDocument(
    tool="0.1.0",
    outcome="drift",
    file="shop.yaml",
    crm="local",
    object="contact",
    account="3f9c",
    since="2026-11-21T10:00:00Z",
    fields=(DriftField(key="city", where="shop.yaml:7", moved=4, overwrites=3, clears=1, keeps=1),),
    tags=(DriftTag(name="VIP | gold", where="shop.yaml:9", applies=2, removes=1),),
    gone=2,
)


def outcome(result: Result, plan: Plan = FULL) -> PlanDocument:
    return outcome_document(
        Outcome(result, plan, "20261122T100000Z-00ff", WRITTEN, CALLS, (problem("E517", "7 left"),))
    )


APPROVED = replace(FULL, guards=(), approved=Approved("5b1c", "2026-11-21T10:00:00Z", 90, 80, 10, 7, 3))
GOLDEN = {
    "full": plan_document(FULL),
    "settled": plan_document(SETTLED),
    "everything": plan_document(EVERYTHING),
    "made-tags": plan_document(made()),
    "approved": plan_document(APPROVED),
    "partial": outcome(Result.PARTIAL),
    "failed": error_document("plan", PROBLEMS, "north.yaml"),
    "drift": DRIFT,
    "no-drift": DriftDocument(tool="0.1.0", outcome="none", file="shop.yaml", since="2026-11-21T10:00:00Z"),
    "invalid": validation_document("north.yaml", PROBLEMS),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_markdown_is_the_one_that_was_reviewed(golden: Golden, name: str) -> None:
    document = GOLDEN[name]
    golden(f"markdown-{name}.md", markdown(document, document.file))


def test_the_first_line_is_hidden_and_names_the_file_as_a_review_sees_it() -> None:
    first = plan_markdown(plan_document(FULL), "sites/north.yaml").partition("\n")[0]
    assert first == "<!-- reconciler: sites/north.yaml -->"


@dataclass
class Many:
    """Changes of which nobody asks for more than their number."""

    contacts: int
    keys: tuple[str, ...] = ()

    def batches(self) -> Iterator[pa.RecordBatch]:
        return iter(())


def millions() -> Plan:
    fields = tuple(
        FieldCount(f"field_{n}", at(n), cause, set=50_000 + n)
        for n in range(20)
        for cause in (Cause.SOURCE, Cause.DRIFT)
    )
    contacts = ContactCount(update=1_000_000, people=1_000_000, contacts=1_000_000, linked=1_000_000)
    return replace(EMPTY, contacts=contacts, fields=fields, people=Many(1_000_000))


def test_a_million_changes_are_a_few_kilobytes() -> None:
    text = plan_markdown(plan_document(millions()), "reconciler.yaml")
    assert len(text.encode()) < 5_000
    assert "1,000,000 contacts" in text
    assert "not shown" not in text


def long(number: int) -> str:
    """A name of nearly 400 signs, with spaces, bars and backticks."""
    return f"{number} " + "a `long` | name\\ of @somebody & more_of_it " * 9


def crowded(count: int, name: Callable[[int], str] = long) -> Plan:
    """`count` of everything that a plan lists."""
    numbers = range(count)
    actions = (Action.CREATE, Action.BLOCKED, Action.UPDATE)
    return replace(
        EMPTY,
        file="reconciler.yaml",
        inventory=tuple(
            InventoryChange(
                f"field.{n}",
                "field",
                name(n),
                actions[n % 3],
                at(n + 1),
                (Delta("label", "a", name(n)),),
                reason=name(n),
            )
            for n in numbers
        ),
        contacts=ContactCount(update=9, people=9),
        people=Many(9),
        fields=tuple(FieldCount(name(n), at(n + 1), Cause.SOURCE, set=n + 1) for n in numbers),
        tags=tuple(TagCount(name(n), at(n + 1), Cause.CONFIG, apply=n + 1) for n in numbers),
        guards=tuple(Guard("tag_people", 1, n + 2, True, name(n), at(n + 1)) for n in numbers),
        findings=tuple(
            Finding(f"R20{n % 5 + 1}", Level.WARNING, "a summary", n + 1, name(n), name(n), at(n + 1)) for n in numbers
        ),
        problems=tuple(Problem("E512", Level.ERROR, "a problem", name(n), name(n), at(n + 1)) for n in numbers),
    )


BIG = {
    "inventory": replace(crowded(5000), fields=(), tags=(), guards=(), findings=(), problems=()),
    "findings": replace(crowded(5000), fields=(), tags=(), guards=(), inventory=(), problems=()),
    "people": replace(crowded(5000), findings=(), guards=(), inventory=(), problems=()),
    "limits and problems": replace(crowded(5000), findings=(), fields=(), tags=(), inventory=()),
    "everything": crowded(2000),
    "endless names": crowded(400, lambda n: f"{n}" + "x" * 70_000),
}
DOCUMENTS = {name: plan_document(plan) for name, plan in BIG.items()}


@pytest.mark.parametrize("signs", [GITHUB, 20_000, 6_000])
@pytest.mark.parametrize("name", BIG)
def test_it_fits_whatever_the_plan_and_every_row_is_whole(name: str, signs: int) -> None:
    text = plan_markdown(DOCUMENTS[name], "reconciler.yaml", budget=Budget(signs))
    assert len(text.encode("utf-16-le")) // 2 <= signs
    well_formed(text)
    assert "`reconciler show plan` shows all" in text
    assert re.search(r"[\d,]+ (?:more )?(changes|entries|findings|problems|limits) not shown here", text)


@pytest.mark.parametrize("name", BIG)
def test_no_budget_is_too_small_for_the_headline(name: str) -> None:
    text = plan_markdown(DOCUMENTS[name], "reconciler.yaml", budget=Budget(1))
    assert len(text) < 1_000
    well_formed(text)
    assert "**An apply would " in text
    assert "Everything else is left out: `reconciler show plan`" in text


def test_a_bigger_budget_shows_more_and_what_is_shown_and_left_out_is_all() -> None:
    document = plan_document(replace(crowded(900), fields=(), tags=(), guards=(), findings=(), problems=()))
    shown = []
    for signs in (6_000, 20_000, 65_000, 1_000_000, 10_000_000):
        text = plan_markdown(document, "reconciler.yaml", budget=Budget(signs))
        rows = len(re.findall(r"^\| `[+!~] ", text, re.MULTILINE))
        left = re.search(r"([\d,]+) (?:more )?changes? not shown", text)
        assert rows + (int(left.group(1).replace(",", "")) if left else 0) == 900
        shown.append(rows)
    assert shown == sorted(shown)
    assert shown[0] < shown[-1] == 900


def test_what_says_why_comes_before_what_lists() -> None:
    text = plan_markdown(DOCUMENTS["everything"], "reconciler.yaml", budget=Budget(40_000))
    order = ["**An apply would ", "**An apply is refused:**", "#### Problems", "#### Limits", "#### Fields and tags"]
    order += ["#### People", "| cause |", "| field or tag |", "#### Findings", "| kind |", "| finding |"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)


@pytest.mark.parametrize("name", [long(1), "one_word_of_many_parts_" * 9, "ends-with.a.sign-" * 9])
@pytest.mark.parametrize("signs", [20, 60, 100])
def test_a_name_that_is_too_long_ends_where_a_word_does_and_says_how_long_it_is(name: str, signs: int) -> None:
    drawn = Detail(0, signs).code(name, cell=False)
    begun, _, left = seen(inline(GFM.parse(drawn))).partition("… ")
    assert left == f"({len(name)} signs)"
    begun = begun.rstrip()
    assert name.startswith(begun)
    assert 0 < len(begun) <= signs
    assert begun[-1] in "_.-" or name[len(begun)] == " "


def test_what_is_left_out_is_found_with_the_options_that_were_typed() -> None:
    document = outcome(Result.APPLIED, replace(crowded(2000), file="sites/north.yaml"))
    text = plan_markdown(document, "sites/north.yaml", Page(options="-C crm", narrowed=False))
    assert "`reconciler -C crm -f sites/north.yaml show 20261122T100000Z-00ff` shows all" in text


def test_of_a_saved_plan_its_file_shows_what_is_left_out() -> None:
    text = plan_markdown(DOCUMENTS["people"], "reconciler.yaml", Page(saved="my plan"))
    assert "`reconciler show 'my plan'` shows all" in text


@pytest.mark.parametrize("budget", [BUDGET, Budget(3_000)])
def test_drift_and_validation_fit_too(budget: Budget) -> None:
    moved = tuple(DriftField(key=long(n), where=f"x.yaml:{n}", moved=n) for n in range(3000))
    drift = drift_markdown(DRIFT.model_copy(update={"fields": moved}), "x.yaml", budget=budget)
    wrong = [Problem("E111", Level.ERROR, "an unknown key", long(n), long(n), at(n + 1)) for n in range(3000)]
    invalid = validation_markdown(validation_document("x.yaml", wrong), "x.yaml", budget=budget)
    for text in (drift, invalid):
        assert budget.holds(text)
        well_formed(text)
        assert "not shown here" in text


def test_bytes_are_counted_where_bytes_count() -> None:
    assert Budget(8).holds("会😀\n😀") is True
    assert Budget(7, in_bytes=True).holds("会😀") is True
    assert Budget(6, in_bytes=True).holds("会😀") is False
    assert Budget(2).holds("会😀") is False


OURS = re.compile(r"<!-- reconciler: [^>]* -->|<details><summary>[\w ,]+</summary>|</details>")


def well_formed(text: str) -> None:
    """Rows have as many cells as their heads; HTML is ours alone, and folds are closed; nothing links anywhere."""
    tokens = GFM.parse(text)
    blocks = [token.content.strip() for token in tokens if token.type == "html_block"]
    assert all(OURS.fullmatch(block) for block in blocks), blocks
    assert sum(b.startswith("<details>") for b in blocks) == blocks.count("</details>")
    kinds = {child.type for child in inline(tokens)}
    assert kinds <= {"text", "code_inline", "strong_open", "strong_close", "em_open", "em_close"}
    for row in rows(tokens):
        assert len(set(row)) == 1, row
    # A parser fills short rows up and drops what is too much: every line that begins a row is looked at as it is.
    for lines in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        assert len({len(cells(line)) for line in lines.splitlines()}) == 1, lines[:2000]


def cells(line: str) -> list[str]:
    return re.split(r"(?<!\\)\|", line.strip().strip("|"))


def rows(tokens: Sequence[Token]) -> list[list[int]]:
    """The numbers of cells in the rows of each table."""
    tables: list[list[int]] = []
    for token in tokens:
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append(0)
        elif token.type in {"td_open", "th_open"}:
            tables[-1][-1] += 1
    return tables


@pytest.mark.parametrize("name", GOLDEN)
def test_what_was_reviewed_is_well_formed(name: str) -> None:
    well_formed(markdown(GOLDEN[name], GOLDEN[name].file))


@settings(max_examples=60, deadline=None)
@given(names=st.lists(HOSTILE, min_size=3, max_size=3), signs=st.sampled_from([2_000, 65_000]))
def test_no_name_makes_anything_of_a_plan(names: list[str], signs: int) -> None:
    one, two, three = names
    plan = replace(
        FULL,
        account=one,
        source_label=two,
        inventory=(
            InventoryChange("field.x", "field", one, Action.BLOCKED, at(1, two), (), three, reason=two, by_hand=three),
            InventoryChange("tag", "tag", one, Action.RENAME, at(1, two), (Delta("x", two, three),), new_key=three),
        ),
        tags=(TagCount(one, at(36, three), Cause.SOURCE, apply=1),),
        fields=(FieldCount(two, at(37, one), Cause.SOURCE, set=1),),
        findings=(Finding("R204", Level.WARNING, one, 1, two, three, at(2, one)),),
        guards=(Guard("untag_percent", 1, 2, True, one, at(1, two), three),),
        problems=(Problem("E512", Level.ERROR, one, two, three, at(3, three)),),
    )
    well_formed(plan_markdown(plan_document(plan), one, Page(options=f"-C '{two}'"), Budget(signs)))
