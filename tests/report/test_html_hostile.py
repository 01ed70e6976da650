"""Text that others wrote stays text in a page: labels, names of tags and files, what a CRM answered."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.report import shapes
from reconciler.report.html import html_page
from reconciler.report.words import plain
from tests.report.html_reader import read

NASTY = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "</title></head><body onload=alert(1)>",
    '"><svg/onload=alert(1)>',
    "' onmouseover='alert(1)",
    "--><!--",
    "]]>",
    "<![CDATA[",
    "<!doctype html>",
    "<a href=javascript:alert(1)>x</a>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "&lt;script&gt;",
    "&amp;&#60;&#x3c;",
    "{{ 7*7 }}{% raw %}{# x #}",
    "`<b>`",
    "`",
    "\u202egnp.exe\u202c",
    "\u2066\u2069\u200f\ufeff\u061c",
    "\x00\x07\x1b[31m\x9b\r\n\t\x0c",
    "\u2028\u2029\x85",
    "\ud800",
    "\ufdd0\uffff\U0010ffff",
    "\u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627",
    "W" * 3000,
    "  two  spaces  ",
)
nasty = st.lists(st.sampled_from(NASTY) | st.text(max_size=12), min_size=1, max_size=3).map("".join)
counts = st.integers(1, 10**9)


def rows(shape: type[shapes.Shape], **fixed: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    """One or two rows, every text in them nasty."""
    return st.lists(st.builds(shape, **fixed), min_size=1, max_size=2).map(tuple)


def plans() -> st.SearchStrategy[shapes.PlanDocument]:
    text: dict[str, Any] = {"where": nasty, "summary": nasty, "detail": nasty, "fix": nasty, "code": nasty}
    deltas = rows(shapes.DeltaRow, path=nasty, before=nasty | st.none(), after=nasty | st.lists(nasty, max_size=2))
    return st.builds(
        shapes.PlanDocument,
        tool=nasty,
        id=nasty,
        now=st.just("2026-11-22T00:00:00Z"),
        file=nasty,
        config=nasty,
        crm=nasty,
        object=nasty,
        account=nasty,
        source=nasty,
        scope=st.sampled_from(["full", "incremental", "person"]),
        written_how=nasty,
        run=nasty,
        outcome=st.sampled_from(["changes", "none", "error"]),
        mode=st.just("plan"),
        result=st.none(),
        written=st.none(),
        summary=st.just(shapes.Summary(contacts=shapes.ContactCounts(create=1, people=2, held=1))),
        fields=rows(shapes.FieldRow, key=nasty, where=nasty, set=counts, created=st.just(0)),
        tags=rows(shapes.TagRow, name=nasty, where=nasty, apply=counts),
        changes=rows(
            shapes.ChangeRow,
            address=nasty,
            kind=nasty,
            key=nasty,
            new_key=nasty | st.none(),
            option=nasty | st.none(),
            where=nasty,
            deltas=deltas,
            summary=nasty,
            reason=nasty,
            by_hand=nasty,
        ),
        guards=rows(shapes.GuardRow, limit=nasty, subject=nasty, where=nasty, detail=nasty, observed=counts),
        findings=rows(shapes.FindingRow, **text, level=st.sampled_from(["error", "warning"])),
        problems=rows(shapes.ProblemRow, **text, level=st.sampled_from(["error", "warning"])),
        cost=st.just(shapes.CostRow(reads=1, writes=1, endpoints=(shapes.EndpointRow(name="x", calls=1, write=True),))),
        calls=st.just(()),
    )


OURS = read(shapes.PlanDocument(tool="1", mode="plan", outcome="none"))
TAGS = set(
    re.findall(
        r"\S+",
        """html head meta title style body script a svg defs pattern rect circle path header nav main footer section div
        p bdi span code b small del ins h1 h2 h3 ul li dl dt dd label input kbd output button details summary
        table caption thead tbody tr th td""",
    )
)
ATTRIBUTES = set(
    re.findall(
        r"\S+",
        """lang charset http-equiv content name class href id hidden tabindex open role for type placeholder
        autocomplete spellcheck scope data-group data-row data-word aria-hidden aria-describedby aria-keyshortcuts
        aria-live aria-label aria-labelledby focusable width height viewBox x y d r cx cy patternUnits
        patternTransform""",
    )
)


def one_line(text: str) -> str:
    return re.sub(r"\s+", "", text)


def checked(page: Element, texts: list[str]) -> None:
    elements = [element for element in page.iter() if isinstance(element.tag, str)]
    assert {element.tag for element in elements} <= TAGS
    assert {name for element in elements for name in element.attrib} <= ATTRIBUTES
    assert all(element.get("href", "#").startswith("#") for element in elements)
    for tag in ("script", "style"):
        (own,) = page.iter(tag)
        assert own.text == next(OURS.iter(tag)).text
    shown = one_line("".join(page.itertext()).replace("`", ""))
    for text in texts:
        assert one_line(plain(text).replace("`", "")) in shown


@settings(max_examples=40, deadline=None)
@given(plans())
def test_whatever_others_write_is_text_on_the_page_of_a_plan(document: shapes.PlanDocument) -> None:
    told = [document.file, document.account, document.id]
    told += [row.key for row in document.fields] + [row.name for row in document.tags]
    told += [row.key for row in document.changes] + [row.by_hand for row in document.changes]
    told += [row.detail for row in document.findings] + [row.fix for row in document.findings]
    told += [row.detail for row in document.problems] + [row.where or "" for row in document.problems]
    told += [row.subject for row in document.guards]
    checked(read(document), told)


@settings(max_examples=15, deadline=None)
@given(
    st.builds(
        shapes.DriftDocument,
        tool=nasty,
        file=nasty,
        crm=nasty,
        account=nasty,
        since=nasty,
        fields=rows(shapes.DriftField, key=nasty, where=nasty, overwrites=counts),
        tags=rows(shapes.DriftTag, name=nasty, where=nasty, applies=counts),
        gone=st.just(1),
        problems=st.just(()),
    )
)
def test_whatever_others_write_is_text_on_the_page_of_a_drift(document: shapes.DriftDocument) -> None:
    told = [document.file, document.since, *(row.key for row in document.fields), *(row.name for row in document.tags)]
    checked(read(document), told)


@pytest.mark.parametrize("text", NASTY, ids=[repr(text)[:24] for text in NASTY])
def test_nothing_steers_a_reader_or_turns_the_reading_order_around(text: str) -> None:
    tag = shapes.DriftTag(name=f"a{text}b", applies=1)
    page = html_page(shapes.DriftDocument(tool="1", outcome="drift", file=text, tags=(tag,)))
    page.encode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]", page)
