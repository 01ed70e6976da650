"""The JSON of a plan and of an apply."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from reconciler.model.messages import problem
from reconciler.model.outcome import Outcome, Result, Written
from reconciler.model.plan import Action, Cause, EndpointCost, FieldCount, InventoryChange, Plan, TagCount
from reconciler.model.problems import Level, Place, Problem
from reconciler.report.document import error_document, outcome_document, plan_document, schema, to_json
from tests.report.json_schema import parsed
from tests.report.plans import EMPTY, FULL, NOW, at
from tests.report.test_text import EVERYTHING, HOSTILE, SETTLED


def read(plan: Plan) -> dict[str, Any]:
    return parsed(to_json(plan_document(plan)))


@pytest.mark.parametrize(
    ("plan", "outcome"), [(FULL, "changes"), (EVERYTHING, "changes"), (EMPTY, "none"), (SETTLED, "none")]
)
def test_every_plan_is_valid_under_the_schema(plan: Plan, outcome: str) -> None:
    assert read(plan)["outcome"] == outcome


def test_a_plan_says_who_made_it_and_of_what() -> None:
    document = read(FULL)
    head = ("format", "mode", "id", "now", "file", "config", "crm", "object", "account", "scope")
    assert [document[key] for key in head] == [
        "reconciler-plan/1", "plan", "5b1c", "2026-11-22T00:00:00Z", "reconciler.yaml", "blake2b:aa", "local",
        "contact", "3f9c", "full",
    ]  # fmt: skip


def test_the_summary_counts_single_writes_those_of_new_contacts_included() -> None:
    summary = read(FULL)["summary"]
    assert summary["values"] == {"set": 61, "clear": 0, "pull": 0, "adopt": 0, "rewritten": 0}
    assert summary["memberships"] == {"apply": 12, "remove": 4}
    assert summary["fields"] == {"create": 1, "update": 0, "rename": 0, "delete": 0, "blocked": 1, "released": 0}
    assert (summary["contacts"]["create"], summary["contacts"]["update"]) == (3, 40)


def test_the_summary_counts_what_is_taken_over_apart() -> None:
    taken = (
        FieldCount("city", at(1), Cause.ADOPT, set=3, clear=2, held=5),
        FieldCount("city", at(1), Cause.CONFIG, set=4),
    )
    values = read(replace(EMPTY, fields=taken))["summary"]["values"]
    assert (values["set"], values["clear"], values["adopt"]) == (7, 2, 5)


def test_a_field_whose_options_change_counts_as_one_update() -> None:
    options = [InventoryChange(f"field.f.option.{v}", "option", "f", Action.CREATE, at(1), option=v) for v in "abc"]
    removed = InventoryChange("field.f.option.d", "option", "f", Action.DELETE, at(1), option="d")
    label = InventoryChange("field.f", "field", "f", Action.UPDATE, at(1))
    assert read(replace(EMPTY, inventory=(*options, removed, label)))["summary"]["fields"]["update"] == 1


def test_a_created_field_is_not_updated_too() -> None:
    made = InventoryChange("field.f", "field", "f", Action.CREATE, at(1))
    option = InventoryChange("field.f.option.a", "option", "f", Action.CREATE, at(1), option="a")
    counts = read(replace(EMPTY, inventory=(made, option)))["summary"]["fields"]
    assert (counts["create"], counts["update"]) == (1, 0)


def test_lists_are_sorted_by_code_point() -> None:
    plan = replace(
        FULL,
        fields=tuple(FieldCount(k, at(1), c, set=1) for k in ("b", "ä", "Z") for c in (Cause.SOURCE, Cause.CONFIG)),
        tags=tuple(TagCount(n, at(1), Cause.SOURCE, apply=1) for n in ("é", "a", "B")),
        inventory=FULL.inventory,
    )
    document = read(plan)
    assert [(f["key"], f["cause"]) for f in document["fields"]] == [
        (key, cause) for key in ("Z", "b", "ä") for cause in ("config", "source")
    ]
    assert [t["name"] for t in document["tags"]] == ["B", "a", "é"]
    assert [c["address"] for c in document["changes"]] == ["field.membership_level", "field.rank"]
    assert [d["path"] for d in document["changes"][0]["deltas"]] == ["options.free.label", "type"]
    assert [e["name"] for e in document["cost"]["endpoints"]] == ["contacts", "contacts/batch/update"]


def test_a_field_with_nothing_to_say_is_left_out() -> None:
    assert "in_sync" not in {
        f["key"] for f in read(replace(FULL, fields=(FieldCount("in_sync", None, Cause.SOURCE),)))["fields"]
    }
    assert (
        read(replace(FULL, fields=(FieldCount("x", None, Cause.SOURCE, rewritten=1),)))["fields"][0]["rewritten"] == 1
    )


def test_no_value_of_a_person_is_in_the_document() -> None:
    assert "secret-value" not in to_json(plan_document(FULL))
    assert "u1@example.com" not in to_json(plan_document(FULL))


def test_invisible_signs_are_escaped_and_read_back_as_they_were() -> None:
    text = to_json(plan_document(replace(FULL, account=HOSTILE)))
    assert {sign for sign in text if not sign.isprintable()} == {"\n"}
    assert json.loads(text)["account"] == HOSTILE


def test_other_scripts_stay_readable() -> None:
    assert "Kunde für Ärzte 会員" in to_json(plan_document(replace(FULL, account="Kunde für Ärzte 会員")))


def test_an_error_has_the_same_shape_with_every_count_zero() -> None:
    wrong = [problem("E905"), Problem("E111", Level.ERROR, "an unknown key", where=Place("a.yaml", 3, 5))]
    document = parsed(to_json(error_document("apply", wrong, "a.yaml", NOW)))
    assert (document["outcome"], document["mode"], document["file"]) == ("error", "apply", "a.yaml")
    assert [(p["code"], p["where"]) for p in document["problems"]] == [("E111", "a.yaml:3:5"), ("E905", None)]
    assert set(document) == set(read(FULL))
    counts = [n for part in document["summary"].values() for n in part.values()]
    assert set(counts) == {0}


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (Result.NONE, "none"),
        (Result.APPLIED, "applied"),
        (Result.PARTIAL, "partial"),
        (Result.REFUSED, "refused"),
        (Result.DECLINED, "refused"),
        (Result.INTERRUPTED, "partial"),
    ],
)
def test_an_apply_says_how_it_ended(result: Result, outcome: str) -> None:
    calls = (EndpointCost("contacts", 2, False),)
    done = Outcome(result, FULL, "r-1", Written(created=3, failed=1), calls, (problem("E908"),))
    document = parsed(to_json(outcome_document(done)))
    assert (document["mode"], document["outcome"], document["result"], document["run"]) == (
        "apply", outcome, result.value, "r-1",
    )  # fmt: skip
    assert (document["written"]["created"], document["written"]["failed"]) == (3, 1)
    assert document["calls"] == [{"name": "contacts", "calls": 2, "write": False}]
    assert [p["code"] for p in document["problems"]] == ["E908"]


def test_the_schema_demands_every_key_of_the_design_and_allows_more() -> None:
    wanted = {
        "format", "tool", "mode", "outcome", "id", "now", "file", "config", "crm", "object", "account", "scope",
        "summary", "fields", "tags", "changes", "guards", "findings", "cost", "problems",
    }  # fmt: skip
    body = schema("plan")
    assert wanted <= set(body["required"])
    assert "additionalProperties" not in json.dumps(body)
    assert body["$schema"] == "https://json-schema.org/draft/2020-12/schema"
