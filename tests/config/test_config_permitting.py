"""`allow` and `checks`: what is read of them, and everything that can be wrong with them, with its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel

from reconciler.config import load
from reconciler.model.desired import Allowance
from reconciler.model.problems import Failure, Level, Problem
from reconciler.report.plan_checks import plan_shape
from tests.config.conftest import CRM, HEAD, SOURCE, Load

FIELDS = "fields: {email: mail}\ntags: {VIP: {when: 'orders > 0'}}\ndynamic_tags: [{from: role, prefix: 'Role: '}]\n"
FIRST = HEAD.count("\n") + FIELDS.count("\n") + 1


def problems_of(tmp_path: Path, text: str) -> list[Problem]:
    path = tmp_path / "main.yaml"
    path.write_text(HEAD + FIELDS + text, encoding="utf-8")
    try:
        return list(load(path, {"SECRET": "canary-value"}, CRM, SOURCE, plan_shape=plan_shape).warnings)
    except Failure as failure:
        return list(failure.problems)


def test_entries_are_read_with_their_places(load_text: Load) -> None:
    desired = load_text(
        FIELDS
        + "checks: {C001: {deny: 'plan.cost.writes > 9', message: few calls}}\n"
        + "allow:\n"
        + "  - {limit: update_percent, up_to: 60, reason: 'the new field', until: 2026-12-01}\n"
        + "  - {limit: tag_people, up_to: 900, subject: 'Role: *', reason: 'more roles', until: '2026-12-02'}\n"
        + "  - {check: C001, reason: once, until: 2026-12-03}\n"
    )
    one, two, three = desired.allow
    assert one == Allowance("the new field", date(2026, 12, 1), one.where, "update_percent", 60)
    assert two == Allowance("more roles", date(2026, 12, 2), two.where, "tag_people", 900, "Role: *")
    assert three == Allowance("once", date(2026, 12, 3), three.where, check="C001")
    assert [entry.where.line for entry in desired.allow] == [FIRST + 2, FIRST + 3, FIRST + 4]
    check = desired.checks["C001"]
    assert (check.code, check.message, check.level, check.where.line) == ("C001", "few calls", Level.ERROR, FIRST)


ALLOWED = "reason: because, until: 2026-12-01"
WRONG = [
    (f"allow: [{{limit: update_percents, up_to: 5, {ALLOWED}}}]", "E350", "did you mean `update_percent`"),
    (f"allow: [{{limit: everything, up_to: 5, {ALLOWED}}}]", "E350", "limits are clear"),
    (f"allow: [{{limit: clear, up_to: many, {ALLOWED}}}]", "E114", "whole number from 0"),
    (f"allow: [{{limit: clear, up_to: -1, {ALLOWED}}}]", "E114", "whole number from 0"),
    (f"allow: [{{limit: clear, {ALLOWED}}}]", "E112", "`allow[0].up_to` is missing"),
    (f"allow: [{{limit: update_percent, up_to: 101, {ALLOWED}}}]", "E114", "at most 100"),
    (f"allow: [{{limit: clear, up_to: 5, subject: VIP, {ALLOWED}}}]", "E124", "no limit of single tags"),
    (f"allow: [{{limit: tag_people, up_to: 900, subject: VPI, {ALLOWED}}}]", "E129", "did you mean `VIP`"),
    (f"allow: [{{limit: clear, up_to: 5, check: C1, {ALLOWED}}}]", "E124", "a `limit` or a `check`"),
    (f"allow: [{{up_to: 5, {ALLOWED}}}]", "E112", "a `limit` or a `check`"),
    (f"allow: [{{check: C001, {ALLOWED}}}]", "E353", "there is no check `C001`"),
    ("allow: [{limit: clear, up_to: 5, until: 2026-12-01}]", "E112", "`allow[0].reason` is missing"),
    ("allow: [{limit: clear, up_to: 5, reason: because}]", "E112", "`allow[0].until` is missing"),
    ("allow: [{limit: clear, up_to: 5, reason: '  ', until: 2026-12-01}]", "E114", "says something"),
    ("allow: [{limit: clear, up_to: 5, reason: '...', until: 2026-12-01}]", "E114", "says something"),
    ("allow: [{limit: clear, up_to: 5, reason: WHY, until: DATE}]", "E114", "a day such as 2026-12-01"),
    ("allow: [{limit: clear, up_to: 5, reason: WHY, until: 2026-12-01}]", "E114", "says something"),
    ("allow: [{limit: clear, up_to: 5, reason: because, until: 01.12.2026}]", "E114", "a day such as 2026-12-01"),
    ("allow: [{limit: clear, up_to: 5, reason: because, until: 2026-02-30}]", "E114", "a day such as 2026-12-01"),
    ("allow: [{limit: clear, up_to: 5, reason: because, until: never}]", "E114", "a day such as 2026-12-01"),
    ("allow: [{limit: clear, up_to: 5, reason: '${env:SECRET}', until: 2026-12-01}]", "E114", "environment"),
    (f"allow: [{{limit: clear, up_to: 5, expires: 2026-12-01, {ALLOWED}}}]", "E111", "is unknown"),
    (f"allow: {{clear: {{up_to: 5, {ALLOWED}}}}}", "E113", "a list of entries"),
    ("allow: [clear]", "E113", "a mapping is wanted"),
    (f"allow: [{{limit: update_percent, up_to: 30, {ALLOWED}}}]", "R332", "30 is allowed anyway"),
    (f"allow: [{{limit: untag, up_to: 0, {ALLOWED}}}]", "R332", "0 is allowed anyway"),
    ("checks: [C001]", "E113", "`checks` is a mapping"),
    ("checks: {C001: 'plan.cost.writes > 5'}", "E113", "is a mapping of keys"),
    ("checks: {C001: {deny: 'plan.cost.writes > 5'}}", "E112", "`checks.C001.message` is missing"),
    ("checks: {C001: {message: m}}", "E112", "`checks.C001.deny` is missing"),
    ("checks: {C001: {deny: 'plan.cost.writes > 5', message: ' - '}}", "E114", "says something"),
    ("checks: {C001: {deny: 'plan.cost.writes > 5', message: '${env:SECRET}'}}", "E114", "environment"),
    ("checks: {C001: {deny: 'plan.cost.writes > 5', message: m, level: off}}", "E114", "`error` or `warning`"),
    ("checks: {C001: {deny: 'plan.cost.writes > 5', message: m, mesage: m}}", "E111", "did you mean `message`"),
    ("checks: {R204: {deny: 'plan.cost.writes > 5', message: m}}", "E351", "`R204`"),
    ("checks: {1st: {deny: 'plan.cost.writes > 5', message: m}}", "E351", "`1st`"),
    ("checks: {'no tag': {deny: 'plan.cost.writes > 5', message: m}}", "E351", "`no tag`"),
    ("checks: {C-: {deny: 'plan.cost.writes > 5', message: m}}", "E351", "`C-`"),
    (
        "checks: {a: {deny: 'plan.cost.writes > 5', message: m}, A: {deny: 'plan.cost.writes > 5', message: m}}",
        "E351",
        "upper and lower case",
    ),
    ("checks: {C001: {deny: 'plan.tgas.exists(t, true)', message: m}}", "E352", "did you mean `tags`"),
    ("checks: {C001: {deny: 'plan.cost.writes >', message: m}}", "E352", "not an expression"),
    ("checks: {C001: {deny: 'orders > 5', message: m}}", "E352", "`orders` is not known here"),
    ("checks: {C001: {deny: plan.tags.exists(t, t.reaches > 5), message: m}}", "E116", "write"),
]


@pytest.mark.parametrize(("text", "code", "words"), WRONG, ids=[f"{code}-{n}" for n, (_, code, _) in enumerate(WRONG)])
def test_what_is_wrong_is_said_with_its_place_and_a_way_out(tmp_path: Path, text: str, code: str, words: str) -> None:
    found = problems_of(tmp_path, text + "\n")
    assert [p.code for p in found] == [code]
    assert words in f"{found[0].detail} {found[0].fix}"
    assert found[0].where is not None
    assert found[0].where.line == FIRST
    assert found[0].fix
    assert "canary" not in repr(found)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    found = problems_of(tmp_path, "\n".join(text for text, code, _ in (WRONG[0], WRONG[-4])) + "\nlimits: {creat: 1}\n")
    assert sorted(p.code for p in found) == ["E111", "E350", "E352"]


def test_checks_of_an_extended_file_stay_and_its_entries_under_allow_are_replaced(load_text: Load) -> None:
    """A check that a file could lose by adding one of its own would be none."""
    load_text(
        FIELDS
        + "checks: {C001: {deny: 'plan.cost.writes > 9', message: few calls}}\n"
        + f"allow: [{{limit: clear, up_to: 5, {ALLOWED}}}]\n",
        name="base.yaml",
    )
    desired = load_text(
        "extends: base.yaml\nchecks: {C002: {deny: 'plan.cost.reads > 9', message: fewer}}\n"
        f"allow: [{{check: C001, {ALLOWED}}}]\n"
    )
    assert set(desired.checks) == {"C001", "C002"}
    assert desired.checks["C001"].where.file.endswith("base.yaml")
    assert [(entry.limit, entry.check) for entry in desired.allow] == [("", "C001")]


def test_a_file_without_them_has_the_digest_that_it_always_had(load_text: Load) -> None:
    plain = load_text(FIELDS).digest
    one = load_text(FIELDS + f"allow: [{{limit: clear, up_to: 5, {ALLOWED}}}]\n").digest
    two = load_text(FIELDS + "allow: [{limit: clear, up_to: 5, reason: because, until: 2026-12-02}]\n").digest
    three = load_text(FIELDS + "checks: {C001: {deny: 'plan.cost.writes > 9', message: few calls}}\n").digest
    assert plain == load_text(FIELDS + "allow: []\nchecks: {}\n").digest
    assert len({plain, one, two, three}) == 4


def test_the_shape_of_plans_is_not_asked_for_where_there_are_no_checks(
    tmp_path: Path, crm: dict[str, type[BaseModel]], source: dict[str, type[BaseModel]]
) -> None:
    path = tmp_path / "main.yaml"
    path.write_text(HEAD + FIELDS)
    asked: list[str] = []
    shape: Callable[[], object] = lambda: asked.append("asked")  # noqa: E731, one line is all it is
    load(path, {}, crm, source, plan_shape=shape)  # type: ignore[arg-type]  # it is never called
    assert asked == []
