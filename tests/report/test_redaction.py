"""Tags that are made from values: shown together, never by name, unless values were asked for."""

from dataclasses import replace

from reconciler.model.plan import Action, Cause, Delta, InventoryChange, Plan, TagCount
from reconciler.model.problems import Place
from reconciler.report.document import plan_document, to_json
from reconciler.report.redaction import shown_changes, shown_tags
from reconciler.report.text import plan_text

from .plans import EMPTY

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
