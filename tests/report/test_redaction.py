"""What of a plan leaves the program. Tags that are made from values: shown together, never by name, unless values were
asked for."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.model.outcome import Outcome, Result, Written
from reconciler.model.plan import Action, Cause, Delta, Example, InventoryChange, Plan, TagCount
from reconciler.model.problems import Place
from reconciler.report.document import ended_document, outcome_document, plan_document, to_json
from reconciler.report.drift import drift_document
from reconciler.report.redaction import Redacted, redacted, shown_changes, shown_tags
from reconciler.report.text import plan_text

from .plans import EMPTY, People, updated

ROOT = Path(__file__).resolve().parents[2]
HERE = Place("reconciler.yaml", 45)
NAMES = ("Role: canary-a", "Role: canary-b")


def made(shown: bool = False) -> Plan:
    changes = tuple(
        InventoryChange(f'tag["{n}"]', "tag", n, Action.CREATE, HERE, (Delta("name", None, n),), under="Role: *")
        for n in NAMES
    )
    tags = tuple(TagCount(n, HERE, Cause.SOURCE, apply=2, remove=1, under="Role: *") for n in NAMES)
    declared = TagCount("VIP", HERE, Cause.SOURCE, apply=1)
    return replace(EMPTY, inventory=changes, tags=(*tags, declared), values_shown=shown)


def test_a_name_made_from_a_value_stands_in_no_format() -> None:
    for text in (plan_text(made()), to_json(plan_document(made()))):
        assert "canary" not in text
        assert "Role: *" in text
        assert "VIP" in text


def test_such_tags_are_counted_together() -> None:
    (change,) = shown_changes(made())
    assert (change.address, change.key, change.summary) == (
        'dynamic_tags["Role: *"]',
        "Role: *",
        "2 tags made from values",
    )
    together, declared = sorted(shown_tags(made()), key=lambda t: t.name)
    assert (together.name, together.apply, together.remove) == ("Role: *", 4, 2)
    assert declared.name == "VIP"


def test_the_totals_count_every_tag() -> None:
    assert plan_document(made()).summary.tags.create == 2


def test_who_asked_for_values_at_a_terminal_sees_the_names() -> None:
    assert all(name in plan_text(made(shown=True)) for name in NAMES)


def with_everything() -> Plan:
    """What only memory may hold of a plan: people, examples, names made from values."""
    example = Example("field.city", 3, "canary-before", "canary-after")
    return replace(
        made(shown=True),
        people=People((updated(1),)),
        examples={"city config": (example,)},
        kept={"VIP": frozenset({b"canary"})},
    )


def test_a_redacted_plan_holds_nothing_personal_wherever_one_looks() -> None:
    public = redacted(with_everything()).plan
    assert "canary" not in repr(public)
    assert list(public.people.batches()) == []
    assert (public.people.contacts, public.values_shown, public.examples, public.kept) == (1, False, {}, {})


def test_a_redacted_plan_is_made_by_redaction_alone() -> None:
    with pytest.raises(TypeError, match="only redacted"):
        Redacted(with_everything())
    with pytest.raises(AttributeError):
        redacted(made()).plan = with_everything()  # type: ignore[misc]  # frozen: that is asked here


def test_no_document_names_a_tag_made_from_a_value_even_if_values_were_asked_for() -> None:
    plan = with_everything()
    outcome = Outcome(Result.APPLIED, plan, "r-1", Written())
    documents = (plan_document(plan), outcome_document(outcome), ended_document(plan, "r-1", ()), drift_document(plan))
    for document in documents:
        assert "canary" not in to_json(document)
    assert plan_document(plan).summary.tags.create == 2


def test_the_text_shows_values_only_of_a_plan_that_was_made_to_show_them() -> None:
    plan = with_everything()
    assert "canary-a" in plan_text(plan)
    assert "canary" not in plan_text(replace(plan, values_shown=False))


@pytest.mark.parametrize("module", ["annotations", "formats", "github", "headline", "markdown", "validation"])
def test_what_draws_documents_is_kept_from_plans_by_a_contract(module: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (ours,) = (c for c in contracts if c["name"].startswith("Formats are drawn from documents"))
    assert f"reconciler.report.{module}" in ours["source_modules"]
    assert {"reconciler.model.plan", "reconciler.model.outcome"} <= set(ours["forbidden_modules"])
