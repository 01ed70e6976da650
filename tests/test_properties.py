"""Small random worlds: however the same people are given, the plan is the same, and an applied plan leaves nothing.

A world is a handful of people and contacts over a few fields of different types and policies; hypothesis draws it.
"""

from __future__ import annotations

import json
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmField
from reconciler.model.outcome import Result
from reconciler.planning import reading
from reconciler.runtime import pipeline
from reconciler.testing.scenarios import request, seen

NOW = datetime(2026, 11, 22, tzinfo=UTC)
WORLDS = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

TYPES = {
    "words": ("text", ["", " ", "Oulu", " Oulu ", "OULU", "Zoe\u0308", "Zo\u00eb", "a\r\nb", "a\nb", "\u0000"]),
    "amount": ("number", ["", "1", "1.0", "01.50", "1.5", "1,5", "-0", "0", "x"]),
    "day": ("date", ["", "2026-02-01", "2026-02-01 10:00:00", "01/02/2026", "2026-02-30"]),
    "flag": ("checkbox", ["", "1", "yes", "0", "off", "maybe"]),
    "several": ("multiselect", ["", "[]", "a,b", "b;a", '["a"]', '["b","a"]', "a:1:{s:9:"]),
}
NATIVE = {"words": "text", "amount": "number", "day": "date", "flag": "boolean", "several": "multiselect"}
THEIRS = {
    "words": ["Oulu", "Zo\u00eb", "a\nb"],
    "amount": ["1", "1.5", "0"],
    "day": ["2026-02-01", "1999-01-01"],
    "flag": ["true", "false"],
    "several": ['["a"]', '["a","b"]', '["b","a"]'],
}
ADDRESSES = ["", "a@example.org", "A@Example.org ", "b@example.org", "c@example.org", "d@example.org", "no address"]
TAGS = ["Rich", "Kept", "New", "Role: a", "Role: b"]

policies = st.fixed_dictionaries(
    {
        "push": st.sampled_from(["always", "on_create", "if_empty", "never"]),
        "empty": st.sampled_from(["skip", "clear"]),
    }
)
person = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["1", "2", "3", "4", "5", "6"]),
        "email": st.sampled_from(ADDRESSES),
        **{column: st.sampled_from(values) for column, (_, values) in TYPES.items()},
    }
)
contact = st.fixed_dictionaries(
    {
        "$tags": st.lists(st.sampled_from(TAGS), unique=True, max_size=3),
        **{key: st.one_of(st.none(), st.sampled_from(values)) for key, values in THEIRS.items()},
    }
)
worlds = st.fixed_dictionaries(
    {
        "policies": st.fixed_dictionaries(dict.fromkeys(TYPES, policies)),
        "people": st.lists(person, min_size=1, max_size=8),
        "contacts": st.dictionaries(
            st.sampled_from([a.strip().lower() for a in ADDRESSES if "@" in a] + ["other@example.org"]),
            contact,
            max_size=5,
        ),
        "create": st.sampled_from(["true", "false", "'amount != \"1\"'"]),
        "scope": st.sampled_from(["'true'", "'flag != \"1\"'", "'int(amount) < 2'"]),
    }
)


def written(world: dict[str, Any], folder: Path) -> Path:
    """The world as files: the YAML, the people, the CRM."""
    entries = [
        f"  {key}: {{from: {key}, type: {type}, push: {rule['push']}, empty: {rule['empty']}}}"
        for (key, (type, _)), rule in zip(TYPES.items(), world["policies"].values(), strict=True)
    ]
    file = folder / "reconciler.yaml"
    file.write_text(
        "\n".join(
            [
                "version: 1",
                "crm: {type: local, path: crm.db}",
                "source: {type: jsonl, path: people.jsonl}",
                "identity: {person: id, match: email}",
                "fields:",
                "  email: email",
                *entries,
                "tags:",
                "  Rich: {when: 'double(amount) > 1.0'}",
                "  Kept: {when: 'amount == \"1\"', keep: true}",
                "  New: {when: 'true', push: on_create}",
                "dynamic_tags: [{from: several, prefix: 'Role: ', max_new: 9}]",
                f"contacts: {{create: {world['create']}, when: {world['scope']}}}",
                "limits: {clear: 99, min_people: 99}",
            ]
        )
    )
    rewrite_people(folder, world["people"])
    with closing(LocalCrm(folder / "crm.db", Clock.fixed(NOW), token=lambda: "5ce0a210")) as crm:
        fields = [CrmField(key, key, native) for key, native in NATIVE.items()]
        crm.seed(fields, TAGS, [{"email": email, **values} for email, values in world["contacts"].items()])
    return file


def rewrite_people(folder: Path, people: list[dict[str, str]]) -> None:
    (folder / "people.jsonl").write_text("".join(json.dumps(row) + "\n" for row in people))


def planned(file: Path, **more: Any) -> dict[str, Any]:
    """Everything that a plan says of people and inventory; the order of rows and their numbers are not part of it."""
    asked = request(file, NOW, **more)
    plan = pipeline.plan(asked)
    findings = sorted((f.code, str(f.where), f.detail, f.count) for f in plan.findings)
    return {**seen(plan), "findings": findings, "pending": plan.pending}


@pytest.mark.parametrize("batch", [1, 3])
@WORLDS
@given(world=worlds)
def test_one_batch_and_many_give_the_same_plan(batch: int, world: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = written(world, Path(folder))
        whole = planned(file)
        size, reading.BATCH = reading.BATCH, batch
        try:
            assert planned(file) == whole
        finally:
            reading.BATCH = size


@WORLDS
@given(world=worlds, random=st.randoms(use_true_random=False))
def test_any_order_of_rows_gives_the_same_plan(world: dict[str, Any], random: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = written(world, Path(folder))
        in_order = planned(file)
        random.shuffle(world["people"])
        rewrite_people(Path(folder), world["people"])
        assert planned(file) == in_order


@WORLDS
@given(world=worlds)
def test_one_person_is_decided_as_among_everybody(world: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = written(world, Path(folder))
        everybody = planned(file)
        for id in {row["id"] for row in world["people"]}:
            alone = planned(file, persons=frozenset({id}))
            for part in ("values", "tags"):
                assert alone[part] == {person: change for person, change in everybody[part].items() if person == id}


@WORLDS
@given(world=worlds)
def test_an_applied_plan_leaves_nothing_to_do(world: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = written(world, Path(folder))
        everything = {"create": 99, "clear": 99, "untag": 99}
        first = planned(file, allow=everything)
        outcome = pipeline.apply(request(file, NOW, allow=everything), lambda _plan: True, lambda: False)
        assert outcome.result is (Result.APPLIED if first["pending"] else Result.NONE)
        again = planned(file, allow=everything)
        assert not again["pending"], again
