"""The text plan: the look of the design, section by section."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.model.plan import (
    Action,
    AllowedBy,
    Cause,
    CheckResult,
    ContactCount,
    Delta,
    Example,
    FieldCount,
    Finding,
    Guard,
    InventoryChange,
    Plan,
    TagCount,
)
from reconciler.model.problems import Level, Problem
from reconciler.report.inventory import SIGNS
from reconciler.report.text import plan_text
from tests.report.plans import EMPTY, FULL, People, at, created, ways

Golden = Callable[[str, str], None]

SETTLED = replace(
    EMPTY,
    inventory=(
        InventoryChange("field.rank", "field", "rank", Action.BLOCKED, at(33), reason="it is read-only", waiting=1),
        InventoryChange("field.old", "field", "old", Action.RELEASED, None),
    ),
    contacts=ContactCount(in_sync=990, no_contact=8, set_aside=2, people=1000, held=7, conflict=1, blocked=1),
    fields=(
        FieldCount("phone", at(20), Cause.SOURCE, held=7, rewritten=3),
        FieldCount("city", at(21), Cause.SOURCE, conflict=1),
        FieldCount("rank", at(33), Cause.SOURCE, blocked=1),
    ),
    findings=(Finding("R202", Level.WARNING, "several rows have the same person id", 2, rows=(3, 9)),),
)

EVERYTHING = replace(
    FULL,
    file="sites/north.yaml",
    source_label="people, 2 parts.jsonl",
    source_rows=1_234_567,
    inventory=(
        InventoryChange("field.tier", "field", "level", Action.RENAME, at(40), new_key="tier"),
        InventoryChange(
            "field.grade",
            "field",
            "grade",
            Action.UPDATE,
            at(41, "base.yaml"),
            (
                Delta("label", "Grade", "School grade"),
                Delta("group", None, "Education"),
                Delta("options.x.label", "X", None),
            ),
        ),
        InventoryChange("field.legacy", "field", "legacy", Action.DELETE, at(42), holders=1),
        InventoryChange("field.grade.option.a", "option", "grade", Action.CREATE, at(43), option="a"),
        InventoryChange('tag["Old promo"]', "tag", "Old promo", Action.DELETE, at(44), holders=1200),
        InventoryChange('tag["Gold"]', "tag", "Gold member", Action.RENAME, at(45), new_key="Gold"),
        InventoryChange('tag["Gone"]', "tag", "Gone", Action.RELEASED, None),
        InventoryChange('tag["VIP"]', "tag", "VIP", Action.CREATE, at(46)),
    ),
    fields=(
        FieldCount("birthday", at(28), Cause.DRIFT, set=2),
        FieldCount("birthday", at(28), Cause.CONFIG, set=1),
        FieldCount("city", at(5, "base.yaml"), Cause.CONFIG, set=12345, held=1),
        FieldCount("phone", at(29), Cause.ADOPT, set=3),
        FieldCount("notes", at(30), Cause.SOURCE, clear=2),
    ),
    tags=(
        TagCount("Customer", at(36), Cause.CONFIG, apply=3),
        TagCount("VIP", at(37), Cause.SOURCE, remove=4, kept=2, unknown=1),
        TagCount("Newsletter", at(38), Cause.ADOPT, kept=5),
    ),
    guards=(
        Guard("untag_percent", 10, 40, True, "Customer", ways=ways("untag_percent", 40)),
        Guard("create", 0, 3, True, detail="no state and no link say who was created before"),
        Guard("clear", 5, 2, False, allowed_by=AllowedBy("option", 0)),
        Guard("delete", 9, 1, False, allowed_by=AllowedBy("file", 0, at(50), "the old promo is over", "2026-12-01")),
        Guard("new_tags", 80, 3, False, allowed_by=AllowedBy("file", 50, at(51), "not needed", "2026-12-01")),
    ),
    checks=(
        CheckResult("C001", Level.ERROR, "no tag may reach more than 500 people", at(60), True),
        CheckResult(
            "C002",
            Level.ERROR,
            "no field of group Finance may change",
            at(61),
            False,
            "revenue, debts",
            ways=("change what is denied", "add to allow: {check: C002, reason: WHY, until: DATE}"),
        ),
        CheckResult("C003", Level.WARNING, "few people should change on one day", at(62), False),
        CheckResult(
            "C004",
            Level.ERROR,
            "nothing is removed",
            at(63),
            False,
            allowed_by=AllowedBy("file", 0, at(52), "the old promo is over", "2026-12-01"),
        ),
    ),
)


@pytest.mark.parametrize(("name", "plan"), [("full", FULL), ("settled", SETTLED), ("everything", EVERYTHING)])
def test_the_text_plan_has_the_look_of_the_design(golden: Golden, name: str, plan: Plan) -> None:
    golden(f"plan-{name}.txt", plan_text(plan))


def test_a_plan_without_anything_to_say_is_one_line_under_its_header() -> None:
    assert plan_text(EMPTY).splitlines()[2:] == ["Nothing to do: 1,000 people in sync."]


def test_an_empty_plan_counts_what_is_held_blocked_and_found() -> None:
    last = plan_text(SETTLED).splitlines()[-1]
    assert last == "Nothing to do: 990 people in sync, 7 held, 1 conflict, 2 blocked, 1 finding."


def test_values_of_new_contacts_stand_on_their_own_line_and_in_no_other() -> None:
    plan = replace(
        EMPTY,
        contacts=ContactCount(create=2, people=2),
        fields=(FieldCount("email", at(1), Cause.SOURCE, set=2, created=2),),
        people=People((created(1), created(2))),
    )
    text = plan_text(plan)
    assert [line.split() for line in text.splitlines() if " set" in line] == [
        ["+", "new", "contacts", "2", "set", "2", "contacts"]
    ]
    assert "Plan: 2 contacts, 2 values." in text


def test_a_tripped_limit_takes_the_place_of_the_next_step() -> None:
    assert "Next:" not in plan_text(FULL)
    allowed = replace(FULL, guards=())
    assert plan_text(allowed).endswith("Next: reconciler apply\n")
    assert "Next:" not in plan_text(allowed, applying=True)


def test_the_next_step_names_a_file_that_is_not_the_default() -> None:
    plan = replace(FULL, guards=(), file="my sites/north.yaml")
    assert plan_text(plan).endswith("Next: reconciler -f 'my sites/north.yaml' apply\n")


def test_every_action_of_the_inventory_has_a_sign_of_its_own() -> None:
    assert set(SIGNS) == set(Action)
    assert len(set(SIGNS.values())) == len(SIGNS)


def test_no_personal_value_stands_in_a_plan_unless_it_was_asked_for() -> None:
    assert "secret-value" not in plan_text(FULL)
    held = replace(FULL, examples={"birthday config": (Example("field.birthday", 17, None, "1980-05-01"),)})
    assert "1980-05-01" not in plan_text(held)
    shown = replace(held, values_shown=True)
    assert '        row 17   (empty) -> "1980-05-01"' in plan_text(shown).splitlines()


HOSTILE = "a\x1b[2Jb\u202ecod\u2066\nc\r\x9b\u2028\ud800"


def test_names_that_others_wrote_cannot_steer_a_terminal() -> None:
    plan = replace(
        FULL,
        account=HOSTILE,
        source_label=HOSTILE,
        inventory=(
            InventoryChange(
                "field.x", "field", HOSTILE, Action.BLOCKED, at(1), (), HOSTILE, reason=HOSTILE, by_hand=HOSTILE
            ),
        ),
        tags=(TagCount(HOSTILE, at(36), Cause.SOURCE, apply=1),),
        fields=(FieldCount(HOSTILE, at(37), Cause.SOURCE, set=1),),
        findings=(Finding("R204", Level.WARNING, HOSTILE, 1, HOSTILE, HOSTILE, at(2)),),
        guards=(Guard("untag_percent", 1, 2, True, HOSTILE, None, HOSTILE),),
    )
    text = plan_text(plan)
    assert {sign for sign in text if not sign.isprintable()} == {"\n"}
    assert "a\\x1b[2Jb\\u202ecod\\u2066\\nc\\r\\x9b\\u2028\\ud800" in text
    assert len(text.splitlines()) == len(text.split("\n")) - 1


def test_wide_names_keep_the_columns_aligned() -> None:
    plan = replace(FULL, fields=tuple(FieldCount(k, at(1), Cause.SOURCE, set=5) for k in ("会員ランク", "plain")))
    lines = [line for line in plan_text(plan).splitlines() if "5 set" in line]
    narrow, wide = lines
    assert wide.index("5 set") == narrow.index("5 set") - 5


@pytest.mark.parametrize(
    "plan",
    [
        replace(FULL, guards=(), findings=(Finding("R204", Level.ERROR, "values are unreadable", 1),)),
        replace(FULL, guards=(), problems=(Problem("E515", Level.ERROR, "a finding of level error stands"),)),
    ],
)
def test_an_error_takes_the_place_of_the_next_step(plan: Plan) -> None:
    assert plan_text(plan).endswith("apply is refused, see the errors above\n")


@pytest.mark.parametrize("plan", [replace(EMPTY, guards=()), replace(FULL, guards=(), findings=(), fields=(), tags=())])
def test_a_person_who_is_not_in_the_source_is_said_to_be_missing(plan: Plan) -> None:
    nobody = replace(plan, scope="person", contacts=ContactCount(), people=People())
    assert "none of the chosen people is in the source" in plan_text(nobody)
    assert "none of the chosen" not in plan_text(replace(nobody, contacts=ContactCount(in_sync=1, people=1)))


def test_what_is_taken_over_has_its_own_sign_and_stands_in_the_last_line() -> None:
    taken = (FieldCount("city", at(3), Cause.ADOPT, set=3), FieldCount("note", at(4), Cause.ADOPT, clear=2))
    filled = FieldCount("city", at(3), Cause.CONFIG, set=4)
    text = plan_text(replace(FULL, guards=(), fields=(*taken, filled)))
    rows = [line.split() for line in text.splitlines() if line.startswith("  =")]
    assert rows == [["=", "city", "3", "set", "taken", "over"], ["=", "note", "2", "cleared", "taken", "over"]]
    assert " 9 values (5 taken over)" in text


def test_what_somebody_else_moved_stands_apart_with_what_becomes_of_it() -> None:
    moved = FieldCount("city", at(3), Cause.DRIFT, set=2, clear=1, pull=4, held=5, conflict=6, rewritten=7)
    asked = FieldCount("city", at(3), Cause.SOURCE, set=8)
    tags = (TagCount("VIP", at(5), Cause.DRIFT, apply=2, remove=1), TagCount("VIP", at(5), Cause.SOURCE, remove=3))
    lines = plan_text(replace(FULL, fields=(moved, asked), tags=tags)).splitlines()
    heading = lines.index("Drift      moved in the CRM by somebody else since the last apply")
    drift = [" ".join(line.split()) for line in lines[heading + 1 : heading + 3]]
    assert drift == [
        "~ city 2 set back, 1 cleared again, 4 pulled, 5 kept, 6 in conflict line 3",
        "+ tag VIP 2 applied again, 1 removed line 5",
    ]
    above = [" ".join(line.split()) for line in lines[:heading]]
    assert {"~ city 8 set source changed", "city 7 rewritten", "- tag VIP 3 removed rule of line 5"} <= set(above)


def test_findings_with_one_way_out_say_it_once_below_them() -> None:
    same = [Finding("R320", Level.ERROR, "two owners", 1, f"`{key}`", "ask shop.yaml", at(7)) for key in "ab"]
    other = Finding("R320", Level.ERROR, "two owners", 1, "`c`", "ask news.yaml", at(8))
    text = plan_text(replace(FULL, findings=(*same, other)))
    said = [line.split()[-2:] for line in text.splitlines() if "R320" in line or "ask " in line]
    assert said == [
        ["`a`", "reconciler.yaml:7"],
        ["`b`", "reconciler.yaml:7"],
        ["ask", "shop.yaml"],
        ["`c`", "reconciler.yaml:8"],
        ["ask", "news.yaml"],
    ]
