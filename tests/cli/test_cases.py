"""`test`: cases over plans and over a few people, without anything outside of the folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli.app import run
from tests.report.json_schema import parsed

Capture = pytest.CaptureFixture[str]

FILE = """\
version: 1
vars: {site: '${env:SITE}'}
crm: {type: hubspot, url: '${env:HUBSPOT_URL}', token: '${file:/run/secrets/token}'}
source: {type: mysql, url: '${env:DATABASE_URL}', table: users, types: {orders: integer}, region: DE}
identity: {person: id, match: email}
fields:
  email: email
  revenue: {from: revenue, type: number, group: Finance}
  phone: {from: phone, type: phone}
tags:
  Customer: {when: 'orders > 0'}
  Recent: {when: 'timestamp(seen) > now - duration("240h")'}
contacts: {create: true}
checks:
  many:
    deny: 'plan.tags.exists(t, t.reaches > 2)'
    message: no tag may reach more than 2 people
  finance:
    deny: 'plan.fields.exists(f, f.group == "Finance" && f.set + f.clear > 0)'
    message: no field of group Finance may change
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where no variable is set: a run needs none."""
    monkeypatch.chdir(tmp_path)
    Path("reconciler.yaml").write_text(FILE)
    return tmp_path


def cases_of(*cases: str, name: str = "reconciler.test.yaml") -> None:
    lines = "".join(f"  - {case}\n" for case in cases)
    Path(name).write_text(f"version: 1\ncases:\n{lines}")


def printed(capsys: Capture, line: str = "test", code: int = 0) -> str:
    assert run(line.split(), {}) == code
    out, err = capsys.readouterr()
    return out + err


def document(capsys: Capture, code: int = 0, *names: str) -> dict[str, Any]:
    assert run(["test", "--format", "json", *names], {}) == code
    return parsed(capsys.readouterr().out)


MANY = "{name: too many, plan: {tags: [{name: A, reaches: 3}]}, fails: [many], passes: [finance]}"
FINANCE = "{name: money, plan: {fields: [{key: x, group: Finance, clear: 1}]}, fails: [finance], passes: [many]}"


def test_cases_say_which_checks_a_part_of_a_plan_fails(capsys: Capture) -> None:
    cases_of(MANY, FINANCE)
    assert printed(capsys) == (
        "ok    too many   reconciler.test.yaml:3\nok    money   reconciler.test.yaml:4\n\n2 cases, 2 ok.\n"
    )
    found = document(capsys)
    assert (found["outcome"], found["checks"], found["tests"]) == ("passed", 2, ["reconciler.test.yaml"])
    assert [case["passed"] for case in found["cases"]] == [True, True]


def test_everything_that_differs_is_said_at_once_with_its_place(capsys: Capture) -> None:
    cases_of(MANY.replace("3}", "2}"), FINANCE.replace("fails: [finance], passes: [many]", "passes: [finance]"))
    assert printed(capsys, code=1) == (
        "fail  too many   reconciler.test.yaml:3\n"
        "        many: passed, and must fail   reconciler.test.yaml:3\n"
        "fail  money   reconciler.test.yaml:4\n"
        "        finance: failed, and must pass (x)   reconciler.test.yaml:4\n\n"
        "warning R333  reconciler.yaml:18:3: a check that no case lets fail\n"
        "  no case lets `finance` fail\n"
        "  fix: add a case with a plan that it denies, and its code under `fails`\n\n"
        "2 cases, 2 failed.\n"
    )
    found = document(capsys, 1)
    assert (found["outcome"], len(found["problems"])) == ("failed", 1)
    (first, second) = (case["differences"] for case in found["cases"])
    assert first == [{"what": "many", "said": "passed, and must fail", "where": "reconciler.test.yaml:3"}]
    assert second[0]["what"] == "finance"


def test_a_plan_that_was_printed_can_be_a_case(capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    other = FILE.replace("crm: {type: hubspot, url: '${env:HUBSPOT_URL}', token: '${file:/run/secrets/token}'}",
                         "crm: {type: local, path: crm.db}")  # fmt: skip
    other = other.replace("type: mysql, url: '${env:DATABASE_URL}', table: users", "type: csv, path: people.csv")
    Path("local.yaml").write_text(other)
    rows = "".join(f"{n},p{n}@example.org,1.5,,5,2020-01-01T00:00:00Z\n" for n in range(3))
    Path("people.csv").write_text("id,email,revenue,phone,orders,seen\n" + rows)
    assert run(["-f", "local.yaml", "plan", "--format", "json"], {"SITE": "x"}) == 0
    Path("plans/first.json").write_text(capsys.readouterr().out)
    cases_of("{name: as printed, plan: plans/first.json, fails: [many, finance]}")
    assert printed(capsys).startswith("ok    as printed")


def test_an_older_plan_without_the_sums_of_tags_is_no_smaller_for_that(capsys: Capture) -> None:
    row = {"where": None, "remove": 0, "kept": 0, "unknown": 0}
    tags = [{"name": "A", "cause": cause, "apply": 2, **row} for cause in ("source", "drift")]
    old = {"format": "reconciler-plan/1", "tool": "0.1", "mode": "plan", "outcome": "changes", "tags": tags}
    Path("old.json").write_text(json.dumps(old))
    cases_of("{name: old, plan: old.json, fails: [many]}")
    assert printed(capsys).startswith("ok    old")


PEOPLE = """\
name: three people
    now: 2026-11-22
    people:
      - {id: 1, email: a@canary.example, orders: 5, revenue: 10.5, seen: '2026-11-20T00:00:00Z'}
      - {id: 2, email: b@canary.example, orders: 0, seen: '2026-01-01T00:00:00Z'}
      - {id: 3, email: c@canary.example, orders: 1, seen: '2026-01-01T00:00:00Z'}
    crm:
      fields: {revenue: {native: number, group: Finance}}
      tags: [Customer]
      contacts: [{email: a@canary.example, revenue: '9'}]
"""


def test_a_case_of_people_says_what_the_file_plans_for_them(capsys: Capture) -> None:
    expect = (
        "    expect:\n"
        "      summary: {contacts: {create: 2, update: 1}}\n"
        "      tags: [{name: Recent, apply: 1}, {name: Customer, apply: 2}]\n"
        "      fields: [{key: revenue, set: 1}]\n"
        "      problems: []\n"
        "    fails: [finance]\n"
        "    passes: [many]\n"
    )
    cases_of(PEOPLE + expect)
    assert printed(capsys).startswith("ok    three people   reconciler.test.yaml:3\n")


def test_what_is_planned_otherwise_is_said_key_by_key(capsys: Capture) -> None:
    expect = (
        "    expect:\n"
        "      summary: {contacts: {create: 3, update: 1}, values: {clear: 1}}\n"
        "      two_way: true\n"
        "      tags: [{name: Customer, apply: 3}, {name: VIP, apply: 1}, {apply: 77}]\n"
        "      changes: []\n"
    )
    cases_of(PEOPLE + expect)
    found = document(capsys, 1)
    differences = {(d["what"], d["said"], d["where"]) for d in found["cases"][0]["differences"]}
    at = "reconciler.test.yaml:"
    assert differences == {
        ("summary.contacts.create", "3 expected, 2 found", f"{at}14"),
        ("summary.values.clear", "1 expected, 0 found", f"{at}14"),
        ("two_way", "true expected, false found", f"{at}15"),
        ('tags["Customer"].apply', "3 expected, 2 found", f"{at}16"),
        ("tags", 'no row whose name is "VIP"', f"{at}16"),
        ("tags", "no row is like this one, of 2 rows", f"{at}16"),
        ("changes", "nothing expected, 1 row found", f"{at}17"),
    }
    assert "canary" not in json.dumps(found)


def test_people_whom_the_file_cannot_plan_for_make_the_case_fail_and_no_more(capsys: Capture) -> None:
    twice = "{name: twice, people: [{id: 1, email: a@canary.example}, {id: 1, email: b@canary.example}], fails: [many]}"
    Path("reconciler.yaml").write_text(FILE.replace("identity:", "identitie:"))
    cases_of(twice, MANY)
    said = printed(capsys, code=1)
    assert "fail  twice   reconciler.test.yaml:3" in said
    assert "E111: an unknown key: the section `identitie` is unknown   reconciler.yaml:5" in said
    assert "ok    too many" in said
    assert "/tmp" not in said
    assert "canary" not in said


WRONG = [
    ("{name: x, plan: {tgas: []}, fails: [many]}", "E597", "did you mean `tags`"),
    ("{name: x, plan: {tags: [{name: A, aply: 3}]}, fails: [many]}", "E597", "did you mean `apply`"),
    ("{name: x, plan: {tags: {name: A}}, fails: [many]}", "E597", "`tags` is a list"),
    ("{name: x, plan: {tags: [{apply: many}]}, fails: [many]}", "E597", "`tags[0].apply` is a whole number"),
    ("{name: x, plan: {tags: [{apply: '3'}]}, fails: [many]}", "E597", "`tags[0].apply` is a whole number"),
    ("{name: x, plan: {tags: [{apply: null}]}, fails: [many]}", "E597", "`tags[0].apply` is a whole number"),
    ("{name: x, plan: {tags: [A]}, fails: [many]}", "E597", "`tags[0]`"),
    ("{name: x, plan: {two_way: yes}, fails: [many]}", "E597", "`two_way` is `true` or `false`"),
    ("{name: x, plan: {changes: [{action: remove}]}, fails: [many]}", "E597", "never is `remove`"),
    ("{name: x, plan: [1], fails: [many]}", "E597", "`plan` is"),
    ("{name: x, plan: {tags: []}, fails: [mani]}", "E353", "did you mean `many`"),
    ("{name: x, plan: {tags: []}, fails: many}", "E113", "a list is wanted"),
    ("{name: x, plan: {tags: []}, fails: [{code: many}]}", "E113", "named by its code"),
    ("{name: x, plan: {tags: []}, fails: [many], passes: [many]}", "E124", "cannot fail and pass"),
    ("{name: x, plan: {tags: []}}", "E112", "what must come of it"),
    ("{name: x, fails: [many]}", "E112", "neither `plan` nor `people`"),
    ("{plan: {tags: []}, fails: [many]}", "E112", "`cases[0].name` is missing"),
    ("{name: x, plan: {tags: []}, people: [], fails: [many]}", "E124", "lets one be made"),
    ("{name: x, plan: {tags: []}, expect: {tags: []}, fails: [many]}", "E124", "`expect` is about a plan"),
    ("{name: x, plan: {tags: []}, fail: [many]}", "E111", "did you mean `fails`"),
    ("{name: x, plan: none.json, fails: [many]}", "E596", "`none.json` cannot be opened"),
    ("{name: x, plan: reconciler.yaml, fails: [many]}", "E596", "holds no plan"),
    ("{name: x, people: [a@canary.example], fails: [many]}", "E113", "a person is a mapping"),
    ("{name: x, people: [{id: [1]}], fails: [many]}", "E113", "a column holds a text"),
    ("{name: x, people: [{id: 1}], crm: {contact: []}, fails: [many]}", "E111", "did you mean `contacts`"),
    ("{name: x, people: [{id: 1}], now: tomorrow, fails: [many]}", "E114", "a day such as"),
    ("{name: x, people: [{id: 1}], expect: {sumary: {}}}", "E597", "did you mean `summary`"),
    ("x", "E113", "a mapping is wanted"),
]


@pytest.mark.parametrize(("case", "code", "words"), WRONG, ids=[f"{code}-{n}" for n, (_, code, _) in enumerate(WRONG)])
def test_a_wrong_case_is_said_with_its_place_and_a_way_out(capsys: Capture, case: str, code: str, words: str) -> None:
    cases_of(case)
    found = document(capsys, 1)
    assert found["outcome"] == "error"
    (problem,) = found["problems"]
    assert problem["code"] == code
    assert words in f"{problem['detail']} {problem['fix']}"
    assert problem["where"].startswith("reconciler.test.yaml:3")
    assert problem["fix"]
    assert "canary" not in json.dumps(found)


PLANS = [
    "",
    "{",
    "[]",
    "null",
    '{"format": "reconciler-drift/1"}',
    '{"format": "reconciler-plan/1"}',
    '{"format": "reconciler-plan/1", "tool": "1", "mode": "plan", "outcome": "none", "tags": [5]}',
    '{"format": "reconciler-plan/1", "tool": "1", "mode": "plan", "outcome": "none", "tags": 5}',
    '{"format": "reconciler-plan/1", "tool": "1", "mode": "plan", "outcome": "error"}',
    "[" * 100_000,
]


@pytest.mark.parametrize("content", PLANS, ids=range(len(PLANS)))
def test_what_is_no_plan_is_not_taken_for_one(capsys: Capture, content: str) -> None:
    Path("plan.json").write_text(content)
    cases_of("{name: x, plan: plan.json, fails: [many]}")
    assert [p["code"] for p in document(capsys, 1)["problems"]] == ["E596"]


FILES = [
    ("", "E113"),
    ("version: 2\ncases: [{name: x, plan: {}, passes: [many]}]", "E110"),
    ("cases: [{name: x, plan: {}, passes: [many]}]", "E110"),
    ("version: 1\n", "E113"),
    ("version: 1\ncases: {a: b}", "E113"),
    ("version: 1\ncases: []", "E113"),
    ("version: 1\ncase: []\ncases: [{name: x, plan: {}, passes: [many]}]", "E111"),
    ("version: 1\ncases: [{name: x, plan: {}, passes: [many]}, {name: x, plan: {}, passes: [many]}]", "E106"),
    ("version: 1\ncases: [", "E104"),
]


@pytest.mark.parametrize(("content", "code"), FILES, ids=[f"{code}-{n}" for n, (_, code) in enumerate(FILES)])
def test_a_file_of_tests_that_cannot_be_read_says_why(capsys: Capture, content: str, code: str) -> None:
    Path("reconciler.test.yaml").write_text(content)
    assert code in [p["code"] for p in document(capsys, 1)["problems"]]


def test_without_tests_there_is_nothing_to_pass(capsys: Capture) -> None:
    assert "error E598" in printed(capsys, code=1)
    assert "error E598" in printed(capsys, "test tests/*.yaml", code=1)
    assert "error E101" in printed(capsys, "test tests/none.yaml", code=1)


def test_tests_are_those_that_are_named_each_once(capsys: Capture) -> None:
    Path("tests").mkdir()
    cases_of(MANY, name="tests/b.yaml")
    cases_of(FINANCE, name="tests/a.yaml")
    found = document(capsys, 0, "tests/*.yaml", "tests/a.yaml")
    assert found["tests"] == ["tests/a.yaml", "tests/b.yaml"]
    assert [case["name"] for case in found["cases"]] == ["money", "too many"]


def test_a_wrong_check_is_said_and_nothing_is_played(capsys: Capture) -> None:
    Path("reconciler.yaml").write_text(FILE.replace("t.reaches", "t.reach"))
    cases_of(MANY)
    found = document(capsys, 1)
    assert [(p["code"], p["where"][:18]) for p in found["problems"] if p["code"] == "E352"] == [
        ("E352", "reconciler.yaml:16")
    ]
    assert found["cases"] == []


def test_a_file_may_insist_on_tests_for_its_checks(capsys: Capture) -> None:
    Path("reconciler.yaml").write_text(FILE + "rules: {check-tested: error}\n")
    cases_of(MANY)
    assert document(capsys, 1)["outcome"] == "error"
    cases_of(MANY, FINANCE)
    assert document(capsys)["outcome"] == "passed"


def test_nothing_is_left_behind(capsys: Capture, folder: Path) -> None:
    cases_of(PEOPLE + "    passes: [many]\n")
    printed(capsys)
    assert sorted(path.name for path in folder.iterdir()) == ["reconciler.test.yaml", "reconciler.yaml"]
