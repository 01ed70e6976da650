"""The HTML report: what a document says stands in it, in an order that people and screen readers can follow."""

from __future__ import annotations

import base64
import hashlib
import itertools
import subprocess
import sys
from dataclasses import replace
from xml.etree.ElementTree import Element

import pytest

from reconciler.model.approvals import Approved
from reconciler.model.messages import problem
from reconciler.model.outcome import Outcome, Result, Written
from reconciler.model.plan import Action, Cause, EndpointCost, FieldCount, InventoryChange, Plan, TagCount
from reconciler.report.document import ended_document, error_document, outcome_document, plan_document
from reconciler.report.html import html_page
from reconciler.report.html.bars import Kind, share, stacked
from reconciler.report.layout import Page
from reconciler.report.shapes import DriftDocument, DriftField, DriftTag, PlanDocument, PlanOutcome
from tests.report.html_reader import by_class, read, rows, text_of, words
from tests.report.plans import EMPTY, FULL, at
from tests.report.test_redaction import made
from tests.report.test_redrawn import PROBLEMS
from tests.report.test_text import EVERYTHING, SETTLED

DRIFT = DriftDocument(
    tool="1",
    outcome="drift",
    file="reconciler.yaml",
    crm="local",
    object="contact",
    account="3f9c",
    since="2026-11-20T08:00:00Z",
    fields=(DriftField(key="tier", where="reconciler.yaml:5", moved=7, overwrites=4, clears=1, keeps=1, pulls=2),),
    tags=(DriftTag(name="VIP", where="reconciler.yaml:9", applies=3, removes=1),),
    gone=2,
    problems=(),
)
READY = replace(FULL, guards=())
BIG = replace(
    EMPTY,
    inventory=tuple(
        InventoryChange(f"field.f{n}", "field", f"f{n:04}", Action.CREATE, at(n + 1), summary="text")
        for n in range(5000)
    ),
    fields=tuple(FieldCount(f"f{n:04}", at(n + 1), Cause.SOURCE, set=n + 1, held=n % 3) for n in range(2000)),
    tags=tuple(TagCount(f"t{n:03}", at(n + 1), Cause.SOURCE, apply=n + 1) for n in range(100)),
)


def applied(result: Result, plan: Plan = READY, written: Written | None = None) -> PlanDocument:
    calls = (EndpointCost("contacts/batch/create", 12, True), EndpointCost("contacts/list", 30, False))
    return outcome_document(Outcome(result, plan, "20261122T100000Z-00ff", written or Written(), calls))


DOCUMENTS = {
    "full": plan_document(FULL),
    "empty": plan_document(EMPTY),
    "settled": plan_document(SETTLED),
    "everything": plan_document(replace(EVERYTHING, problems=PROBLEMS)),
    "made": plan_document(made()),
    "big": plan_document(BIG),
    "error": error_document("plan", PROBLEMS, "reconciler.yaml"),
    "ended": ended_document(FULL, "20261122T100000Z-00ff", [problem("E514", "7 contacts left")]),
    "applied": applied(Result.APPLIED, written=Written(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)),
    **{result.value: applied(result) for result in Result if result is not Result.APPLIED},
    "drift": DRIFT,
    "no-drift": DriftDocument(tool="1", outcome="none", file="reconciler.yaml", since="2026-11-20T08:00:00Z"),
    "drift-error": DriftDocument(
        tool="1", outcome="error", file="reconciler.yaml", problems=error_document("plan", PROBLEMS).problems
    ),
}
every = pytest.mark.parametrize("name", DOCUMENTS)


@pytest.fixture(scope="module")
def pages() -> dict[str, Element]:
    return {name: read(document) for name, document in DOCUMENTS.items()}


@every
def test_a_page_is_in_a_language_has_a_title_and_its_landmarks_once(pages: dict[str, Element], name: str) -> None:
    page = pages[name]
    assert page.get("lang") == "en"
    assert page.findtext("head/title")
    for landmark in ("header", "main", "footer", "h1", "nav"):
        assert len(list(page.iter(landmark))) == 1, landmark


@every
def test_headings_go_down_one_level_at_a_time(pages: dict[str, Element], name: str) -> None:
    levels = [int(element.tag[1]) for element in pages[name].iter() if element.tag in ("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


@every
def test_tables_have_a_caption_and_headers_with_a_scope_and_as_many_cells_in_each_row(
    pages: dict[str, Element], name: str
) -> None:
    for table in pages[name].iter("table"):
        assert text_of(table.find("caption")), "a table without a caption"
        assert {header.get("scope") for header in table.iter("th")} <= {"col", "row"}
        assert len({len(list(row)) for row in table.iter("tr")}) == 1
        assert all([cell.tag for cell in row].count("th") == 1 for row in table.iterfind("tbody/tr"))


@every
def test_links_lead_to_ids_of_the_page_and_each_id_is_there_once(pages: dict[str, Element], name: str) -> None:
    ids = [element.get("id") for element in pages[name].iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    links = [element.get("href", "") for element in pages[name].iter("a")]
    assert all(link.startswith("#") and link[1:] in ids for link in links)


@every
def test_pictures_are_hidden_from_readers_because_their_numbers_stand_beside_them(
    pages: dict[str, Element], name: str
) -> None:
    assert all(element.get("aria-hidden") == "true" for element in pages[name].iter("svg"))


@every
def test_the_policy_allows_the_pages_own_style_and_script_and_nothing_else(
    pages: dict[str, Element], name: str
) -> None:
    page = pages[name]
    (policy,) = (m.get("content", "") for m in page.iter("meta") if m.get("http-equiv") == "Content-Security-Policy")
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    digests = {}
    for tag in ("style", "script"):
        (own,) = page.iter(tag)
        digest = hashlib.sha256((own.text or "").encode()).digest()
        digests[f"{tag}-src"] = f"'sha256-{base64.b64encode(digest).decode()}'"
    assert allowed == {"default-src": "'none'", "base-uri": "'none'", "form-action": "'none'", **digests}
    assert [m for m in page.find("head") if m.tag == "meta"].index(
        next(m for m in page.iter("meta") if m.get("http-equiv"))
    ) < list(page.find("head")).index(page.find("head/style"))


@pytest.mark.parametrize(
    ("document", "word", "sentence"),
    [
        (plan_document(FULL), "Apply is refused", "An apply creates 3 contacts, updates 40 and changes 1 field."),
        (plan_document(READY), "Ready to apply", "An apply creates 3 contacts, updates 40 and changes 1 field."),
        (plan_document(EMPTY), "Nothing to do", "1,000 people in sync."),
        (DOCUMENTS["error"], "No plan", "No plan could be made."),
        (DOCUMENTS["ended"], "Error", "The apply could not go on."),
        (
            applied(Result.APPLIED, written=Written(inventory=1, created=3, updated=40)),
            "Applied",
            "3 contacts created, 40 updated and 1 change of fields and tags made.",
        ),
        (applied(Result.PARTIAL, written=Written(updated=1)), "Partly applied", "1 contact updated."),
        (applied(Result.INTERRUPTED, written=Written(rows=2)), "Interrupted", "2 rows of the source written."),
        (applied(Result.REFUSED), "Refused", "Nothing was written."),
        (applied(Result.DECLINED), "Not applied", "Nothing was written."),
        (applied(Result.NONE), "Nothing to do", "Nothing was written."),
        (DRIFT, "Drift", "Somebody else moved 7 values and 4 taggings and deleted 2 contacts."),
        (DOCUMENTS["no-drift"], "No drift", "What was written is as it was written."),
        (DOCUMENTS["drift-error"], "Not known", "Drift could not be told."),
    ],
)
def test_the_page_begins_with_what_it_amounts_to(
    document: PlanDocument | DriftDocument, word: str, sentence: str
) -> None:
    page = read(document)
    assert text_of(next(page.iter("h1"))) == sentence
    assert text_of(by_class(page, "pill")[0]) == word
    assert (page.findtext("head/title") or "").startswith(f"{word}: ")


def test_the_next_step_is_said_only_where_there_is_one() -> None:
    assert "Next: reconciler apply" in words(read(plan_document(READY)))
    assert "Next:" not in words(read(plan_document(FULL)))
    assert "Next: reconciler plan , which has nothing left to do" in words(read(applied(Result.APPLIED))).replace(
        "plan,", "plan ,"
    )
    moved = applied(Result.APPLIED, written=Written(updated=1, moved=1))
    assert "nothing left to do" not in words(read(moved))


def test_a_limit_that_stops_the_apply_is_told_with_every_way_on(pages: dict[str, Element]) -> None:
    (limit,) = rows(pages["full"], "limits")[:1]
    assert limit == (
        "stops it update_percent 34 % planned, 30 % allowed Ways on raise limits.update_percent "
        "(reconciler.yaml:44) or --allow update_percent=34 or add to allow: {limit: update_percent, up_to: 34, "
        "reason: WHY, until: DATE}"
    )
    assert "None is exceeded." in words(read(plan_document(replace(FULL, guards=FULL.guards[:1]))))


def test_a_plan_that_was_carried_out_does_not_say_that_an_apply_comes_next() -> None:
    page = html_page(plan_document(READY), settled=True)
    assert "Carried out" in page
    assert "Next:" not in page


def test_a_limit_that_somebody_lifted_says_who_and_what_it_would_be(pages: dict[str, Element]) -> None:
    said = rows(pages["everything"], "limits")[2:]
    assert said[0] == "clear 2 planned, 5 allowed Allowed by --allow; 0 without that."
    assert said[1].endswith("by reconciler.yaml:50 until 2026-12-01 (the old promo is over); 0 without that.")


def test_checks_stand_with_what_they_deny_and_every_way_on(pages: dict[str, Element]) -> None:
    stopping, let_pass, warned = rows(pages["everything"], "checks")
    assert stopping == (
        "stops it C002 no field of group Finance may change revenue, debts reconciler.yaml:61 "
        "Both ways on change what is denied or add to allow: {check: C002, reason: WHY, until: DATE}"
    )
    assert "Let pass by reconciler.yaml:52 until 2026-12-01 (the old promo is over)." in let_pass
    assert warned == "warning C003 few people should change on one day reconciler.yaml:62"
    assert "1 passed." in words(pages["everything"])
    assert "Against it: 2 limits and 1 check, see below." in words(pages["everything"])


def test_each_field_has_its_numbers_under_their_words(pages: dict[str, Element]) -> None:
    (section,) = (element for element in pages["everything"].iter() if element.get("id") == "fields")
    headers = [text_of(header) for header in section.find(".//thead/tr")]
    assert headers == ["Field", "Bar", "Set", "Cleared", "Held", "Why"]
    assert rows(pages["everything"], "fields") == [
        "city base.yaml:5 12,345 0 1 new in the file",
        "phone reconciler.yaml:29 3 0 0 taken over",
        "birthday reconciler.yaml:28 2 0 0 moved in the CRM",
        "notes reconciler.yaml:30 0 2 0 source changed",
        "birthday reconciler.yaml:28 1 0 0 new in the file",
    ]


def test_values_of_new_contacts_are_told_from_values_that_are_overwritten(pages: dict[str, Element]) -> None:
    assert "birthday reconciler.yaml:28 3 40 0 new in the file" in rows(pages["full"], "fields")
    assert "email reconciler.yaml:27 6 0 0 source changed" in rows(pages["full"], "fields")


def test_each_tag_has_its_numbers_under_their_words(pages: dict[str, Element]) -> None:
    assert rows(pages["everything"], "tags") == [
        "VIP reconciler.yaml:37 0 4 2 1 by its rule",
        "Newsletter reconciler.yaml:38 0 0 5 0",
        "Customer reconciler.yaml:36 3 0 0 0 new in the file",
    ]


def test_people_are_shown_as_a_partition_with_shares(pages: dict[str, Element]) -> None:
    said = words(pages["settled"])
    assert "990 in sync 99 % 8 without a contact under 1 % 2 set aside under 1 %" in said
    assert "Held values in 7 contacts, values in conflict in 1 contact, blocked values in 1 contact." in said


def test_the_inventory_is_told_with_what_differs_and_what_stops_it(pages: dict[str, Element]) -> None:
    said = rows(pages["everything"], "inventory")
    assert said[:2] == [
        "field legacy reconciler.yaml:42 filled in 1 contact",
        "tag Old promo reconciler.yaml:44 carried by 1,200 contacts",
    ]
    assert "field level → becomes tier reconciler.yaml:40" in said
    assert (
        "field grade base.yaml:41 group becomes Education label was Grade becomes School grade "
        "options.x.label was X removed"
    ) in said
    (blocked,) = rows(pages["full"], "inventory")[:1]
    assert blocked == (
        "field rank reconciler.yaml:33 number wanted, text there; 12 values wait By hand Change the field's type to "
        "number in the CRM, or declare type: text."
    )


def test_what_takes_away_or_is_blocked_stands_before_what_is_added(pages: dict[str, Element]) -> None:
    heads = [text_of(element) for element in pages["everything"].iter("h3") if element.get("id", "").startswith("inv")]
    assert heads == ["- Remove 2", "> Rename 2", "~ Update 1", "+ Create 2", ". Released 1"]


def test_causes_are_counted_before_the_lists(pages: dict[str, Element]) -> None:
    assert rows(pages["everything"], "causes") == [
        "A line of the file is new or changed 12,346 3",
        "The source changed 2 4",
        "Taken over: the CRM had it before the file did 3 0",
        "Somebody else moved it in the CRM 2 0",
    ]


def test_findings_come_with_their_rows_and_their_way_out(pages: dict[str, Element]) -> None:
    assert rows(pages["full"], "findings") == [
        "warning R204 3 values of born unreadable (2 day or month unclear, 1 text) "
        "Way out Say how the dates are written: format: DD/MM/YYYY reconciler.yaml:28 rows 17, 203, 511"
    ]


def test_errors_stand_near_the_top_and_warnings_near_the_end(pages: dict[str, Element]) -> None:
    order = [text_of(link) for link in pages["ended"].find(".//nav").iter("a")]
    assert order == ["Limits that stop it 1", "Errors 1", "People 1,000", *order[3:]]
    warned = [text_of(link) for link in pages["everything"].find(".//nav").iter("a")]
    assert warned.index("Warnings 3") > warned.index("Inventory 8")


def test_cost_is_told_per_endpoint_and_of_an_apply_as_it_was(pages: dict[str, Element]) -> None:
    assert rows(pages["full"], "cost") == ["contacts 11 reads", "contacts/batch/update 1 writes"]
    assert "Reads 11 calls, writes 3 calls, about 0.8 s at 19 calls a second." in words(pages["full"])
    assert rows(pages["applied"], "cost") == ["contacts/list 30 reads", "contacts/batch/create 12 writes"]


def test_what_an_apply_left_is_said_at_the_top(pages: dict[str, Element]) -> None:
    tiles = [text_of(tile) for tile in by_class(pages["applied"], "tiles")[0]]
    assert tiles[0] == "5 contacts 2 created, 3 updated"
    assert any("refused by the CRM" in tile and "not reached" in tile for tile in tiles)


def test_of_a_saved_plan_it_is_told_what_was_approved_and_what_came_up_since() -> None:
    plan = replace(READY, approved=Approved("9a1b", "2026-11-22T09:00:00Z", 76, 69, 7, 4, contacts=1))
    page = read(applied(Result.APPLIED, plan))
    said = words(page)
    assert "69 approved, and to do 86 % 7 approved, and already so 9 % 4 new since approval" in said
    assert "Of plan 9a1b, saved at 2026-11-22T09:00:00Z: 76 changes approved. What is new is of 1 contact." in said
    assert "nothing left to do" not in said
    assert "Approved 76" in [text_of(link) for link in page.iter("a")]


def test_the_next_step_is_typed_as_it_was_planned() -> None:
    page = Page(options="--state shared", saved="reviewed plan")
    assert "Next: reconciler --state shared apply 'reviewed plan'" in words(read(plan_document(READY), page))


@pytest.mark.parametrize(("outcome", "word"), [("stale", "Stale"), ("refused", "Refused"), ("error", "Error")])
def test_an_apply_that_came_to_no_plan_says_why(outcome: PlanOutcome, word: str) -> None:
    page = read(error_document("apply", [problem("E514", "7 contacts left")], "reconciler.yaml", outcome=outcome))
    assert text_of(by_class(page, "pill")[0]) == word
    assert "Errors 1" in words(page)


def test_drift_is_told_by_what_the_next_apply_does(pages: dict[str, Element]) -> None:
    assert rows(pages["drift"], "fields") == ["tier reconciler.yaml:5 3 1 1 2"]
    assert rows(pages["drift"], "tags") == ["VIP reconciler.yaml:9 3 1"]
    assert "2 linked contacts deleted; never created again by itself." in words(pages["drift"])


def test_the_foot_says_of_what_the_page_was_made(pages: dict[str, Element]) -> None:
    foot = text_of(next(pages["full"].iter("footer")))
    for said in ("reconciler.yaml", "local contact", "3f9c", "5b1c", "2026-11-22T00:00:00Z", "people.csv (1,000 rows)"):
        assert said in foot


def test_a_large_plan_shows_its_first_rows_and_says_how_many_are_folded(pages: dict[str, Element]) -> None:
    page = pages["big"]
    folded = [more for more in page.iter("details") if more.get("open") is None]
    inside = {id(row) for more in folded for row in more.iter() if row.get("data-row") is not None}
    everything = [row for row in page.iter() if row.get("data-row") is not None]
    assert len(everything) >= 5000 + 2000 + 100
    assert sum(id(row) not in inside for row in everything) < 70
    said = [text_of(more.find("summary")) for more in folded]
    totals = sorted((n + 1 + n % 3 for n in range(2000)), reverse=True)
    assert said == [
        f"1,980 more, with {sum(totals[20:]):,} of {sum(totals):,}",
        "80 more, with 3,240 of 5,050",
        "4,988 more of 5,000",
    ]
    assert len(html_page(DOCUMENTS["big"])) < 3_500_000


def test_a_field_that_is_new_and_taken_over_counts_as_one_field() -> None:
    twice = (FieldCount("a", at(1), Cause.CONFIG, set=1), FieldCount("a", at(1), Cause.ADOPT, set=1))
    assert "Values per field 1" in words(read(plan_document(replace(EMPTY, fields=twice))))


def test_the_longest_bar_fills_the_width_and_small_parts_stay_visible() -> None:
    kinds = [Kind("set", "set"), Kind("held", "held")]
    parts = stacked(zip(kinds, (1_000_000, 1), strict=True), 1_000_001)
    ends = [float(part.start[:-1]) + float(part.length[:-1]) for part in parts]
    assert ends[-1] == pytest.approx(100, abs=0.02)
    assert float(parts[1].length[:-1]) > 0.5
    assert [part.count for part in stacked(zip(kinds, (0, 3), strict=True), 10)] == [3]
    assert stacked(zip(kinds, (0, 0), strict=True), 0) == ()


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 9, "0 %"), (9, 9, "100 %"), (1, 3, "33 %"), (1, 1000, "under 1 %"), (999, 1000, "over 99 %")],
)
def test_a_share_never_rounds_to_all_or_nothing(part: int, whole: int, said: str) -> None:
    assert share(part, whole) == said


def test_no_name_that_is_made_from_a_value_stands_in_a_page(pages: dict[str, Element]) -> None:
    assert "canary" not in html_page(DOCUMENTS["made"])
    assert "2 tags made from values" in words(pages["made"])


def test_the_templates_are_not_loaded_before_a_page_is_asked_for() -> None:
    asked = "import sys, reconciler.report.html; sys.exit('jinja2' in sys.modules or 'markupsafe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked]).returncode == 0
