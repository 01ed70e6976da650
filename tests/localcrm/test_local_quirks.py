"""Misbehaving on purpose, always the same."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reconciler.localcrm import (
    AnswerLost,
    Down,
    LocalCrm,
    Missing,
    Quirks,
    TooManyCalls,
)
from reconciler.model.inventory import CrmField

from .crms import added, opened


@pytest.mark.parametrize(
    ("rule", "text", "stored"),
    [
        ("strip", "  a   b ", "a b"),
        ("title", "anna o'neil", "Anna O'Neil"),
        ("upper", "ß", "SS"),
        ("lower", "ABC", "abc"),
        ("truncate:3", "abcdef", "abc"),
        ("ignore", "abc", None),
    ],
)
@pytest.mark.parametrize("key", ["first_name", "*"])
def test_values_can_be_rewritten(path: Path, key: str, rule: str, text: str, stored: str | None) -> None:
    crm = opened(path, quirks=Quirks(rewrites={key: rule}))
    id = added(crm, "ann@example.org", first_name=text)
    assert crm.load([id], ["first_name"]) == {id: [stored]}
    crm.close()


def test_numbers_can_be_rounded_and_rules_for_all_leave_them_alone(path: Path) -> None:
    crm = opened(path, quirks=Quirks(rewrites={"a": "round:1", "*": "truncate:1"}))
    for key in ("a", "b"):
        crm.add_field(CrmField(key, "", "number"))
    id = added(crm, "ann@example.org", a="10.25", b="10.25")
    assert crm.load([id], ["a", "b"]) == {id: ["10.3", "10.25"]}
    crm.close()


@pytest.mark.parametrize(
    "quirks",
    [
        *({"rewrites": {"a": rule}} for rule in ("shout", "truncate", "truncate:x", "strip:3", "")),
        {"busy_every": -1},
        {"busy_for": -1.0},
        {"nope": 1},
        {"lost_answers": ["x"]},
    ],
)
def test_a_quirk_that_is_not_known_is_refused(quirks: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Quirks(**quirks)


def test_a_lost_answer_was_done(path: Path) -> None:
    crm = opened(path, quirks=Quirks(lost_answers=[2]))
    added(crm, "one@x.org")
    with pytest.raises(AnswerLost):
        crm.add([{"email": "two@x.org"}])
    assert crm.find("two@x.org") == "2"
    added(crm, "three@x.org")
    crm.close()


def test_too_many_calls_do_nothing_and_say_how_long_to_wait(path: Path) -> None:
    crm = opened(path, quirks=Quirks(busy_every=3, busy_for=2.5))
    outcomes = []
    for number in range(6):
        try:
            outcomes.append(added(crm, f"{number}@x.org"))
        except TooManyCalls as error:
            outcomes.append(str(error.after))
    assert outcomes == ["1", "2", "2.5", "3", "4", "2.5"]
    crm.close()


def test_a_crm_that_is_down_does_nothing(path: Path) -> None:
    crm = opened(path, quirks=Quirks(unavailable=[1, 2]))
    for _ in range(2):
        with pytest.raises(Down):
            crm.add_tag("A")
    assert not path.exists()
    assert crm.add_tag("A").key == "1"
    crm.close()


def test_single_items_can_be_refused(path: Path) -> None:
    crm = opened(path, quirks=Quirks(refused_items=[2, 4]))
    results = crm.add([{"email": f"{n}@x.org"} for n in range(3)])
    assert [r.error is None for r in results] == [True, False, True]
    changed = crm.update([("1", {"first_name": "x"}), ("2", {"first_name": "y"})])
    assert [r.error is None for r in changed] == [False, True]
    crm.close()


def test_a_contact_can_vanish_between_reading_and_writing(path: Path) -> None:
    crm = opened(path, quirks=Quirks(vanishing=[2]))
    crm.add([{"email": f"{n}@x.org"} for n in range(3)])
    results = crm.update([(str(n), {"first_name": "x"}) for n in (1, 2, 3)])
    assert [type(r.error) for r in results] == [type(None), Missing, type(None)]
    assert crm.find("1@x.org") is None
    crm.close()


def test_a_locked_file_is_down_and_not_broken(path: Path, crm: LocalCrm) -> None:
    crm.add_tag("A")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    crm._file._connection.execute("PRAGMA busy_timeout = 10")  # type: ignore[union-attr] # waiting 10 s tests nothing more
    with pytest.raises(Down):
        crm.add_tag("B")
    assert [t.name for t in crm.tags()] == ["A"]
    other.execute("ROLLBACK")
    other.close()
    assert crm.add_tag("B").key == "2"
