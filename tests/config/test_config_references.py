"""`${var:NAME}`, `${env:NAME}` and `${file:PATH}`."""

import pytest

FIELDS = "fields:\n  email: email\n"


def test_a_variable_fills_values_and_names(load_text):
    desired = load_text(
        "vars: {site: North, key: plan}\n"
        + FIELDS
        + '  "${var:key}_level": {from: "${var:key}", label: "At ${var:site}"}\n'
        'tags:\n  "Welcome ${var:site}": {}\n'
    )
    assert desired.fields["plan_level"].column == "plan"
    assert desired.fields["plan_level"].label == "At North"
    assert list(desired.tags) == ["Welcome North"]


def test_a_name_keeps_its_place_when_it_is_filled_in(load_text):
    desired = load_text("vars: {site: North}\n" + FIELDS + 'tags:\n  A: {}\n  "${var:site}": {}\n')
    assert (desired.tags["North"].where.line, desired.tags["North"].where.column) == (10, 3)


def test_a_variable_may_come_from_the_environment(load_text):
    desired = load_text(
        "vars: {site: '${env:SITE}'}\n" + FIELDS + "tags:\n  At ${var:site}: {}\n", env={"SITE": "North"}
    )
    assert list(desired.tags) == ["At North"]


def test_a_variable_of_a_base_can_be_set_anew(load_text, tmp_path):
    (tmp_path / "base.yaml").write_text("version: 1\nvars: {site: North}\ntags:\n  At ${var:site}: {}\n")
    assert list(load_text("extends: base.yaml\nvars: {site: South}\n" + FIELDS).tags) == ["At South"]


def test_two_dollars_are_a_literal_reference(load_text):
    desired = load_text(FIELDS + "  a: {from: a, label: '$${var:x} costs $5'}\n")
    assert desired.fields["a"].label == "${var:x} costs $5"


def test_what_a_reference_brings_in_is_not_looked_at_again(load_text):
    desired = load_text(FIELDS + "  a: {from: a, label: '${env:A}'}\n", env={"A": "${env:B} $${x}"})
    assert desired.fields["a"].label == "${env:B} $${x}"


@pytest.mark.parametrize(("content", "text"), [("x\n", "x"), ("x\r\n", "x"), ("x\n\n", "x\n"), ("x", "x"), ("\n", "")])
def test_one_line_end_is_taken_off_a_files_text(load_text, tmp_path, content, text):
    (tmp_path / "label.txt").write_bytes(content.encode())
    assert load_text(FIELDS + "  a: {from: a, label: '${file:label.txt}'}\n").fields["a"].label == text


def test_a_file_is_relative_to_the_file_that_names_it(load_text, tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "label.txt").write_text("Shared\n")
    (tmp_path / "shared" / "base.yaml").write_text(
        "version: 1\nfields:\n  email: email\n  a: {from: a, label: '${file:label.txt}'}\n"
    )
    assert load_text("extends: shared/base.yaml\n").fields["a"].label == "Shared"


def test_a_number_or_a_flag_may_come_from_the_environment(load_text):
    desired = load_text(
        FIELDS
        + 'limits: {create: "${env:N}"}\ncontacts: {status: "${env:S}"}\n'
        + 'tags:\n  A: {when: "true", keep: "${env:K}"}\n',
        env={"N": "7", "S": "active", "K": "true"},
    )
    assert (desired.limits.create, desired.contacts.status, desired.tags["A"].keep) == (7, "active", True)


def head(crm: str = "{type: local, path: crm.db}", source: str = "{type: csv, path: p.csv}") -> str:
    return f"version: 1\ncrm: {crm}\nsource: {source}\nidentity: {{person: id, match: email}}\n" + FIELDS


def test_a_secret_may_be_the_text_of_a_file(load_text, tmp_path):
    (tmp_path / "token").write_text("canary-token\n")
    desired = load_text(head(crm='{type: hub, token: "${file:token}"}'), head=False)
    assert desired.crm.options.token.get_secret_value() == "canary-token"


def test_an_address_may_take_its_password_from_outside(load_text):
    url = "mysql://user:${env:PASSWORD}@host/db"
    desired = load_text(
        head(source=f'{{type: table, table: users, url: "{url}"}}'), head=False, env={"PASSWORD": "canary-x"}
    )
    assert desired.source.options.url == "mysql://user:canary-x@host/db"


def test_an_address_without_a_password_may_stand_in_the_file(load_text):
    desired = load_text(head(source='{type: table, table: users, url: "mysql://host:3306/db?a=b"}'), head=False)
    assert desired.source.options.url == "mysql://host:3306/db?a=b"


def test_an_empty_secret_is_an_error(problems_of):
    (problem,) = problems_of(head(crm='{type: hub, token: "${env:EMPTY}"}'), head=False, env={"EMPTY": ""})
    assert (problem.code, problem.where.line, problem.where.column) == ("E118", 2, 25)


SHOWN = [
    pytest.param("tags:\n  A: {when: '${env:X}'}\n", "E117", id="expression"),
    pytest.param("  a: {from: x, type: '${env:X}'}\n", "E125", id="type"),
    pytest.param("  a: {from: x, type: phone, region: '${env:X}'}\n", "E125", id="region"),
    pytest.param("  a: {from: x, type: datetime, timezone: '${env:X}'}\n", "E125", id="zone"),
    pytest.param("  a: {from: x, push: '${env:X}'}\n", "E114", id="choice"),
    pytest.param("  a: {score: '${env:X}'}\n", "E129", id="score"),
    pytest.param("  a: {from: x, type: date, format: '${env:X}'}\n", "E114", id="format"),
    pytest.param("limits: {create: '${env:X}'}\n", "E114", id="limit"),
    pytest.param("rules: {score-mapped: '${env:X}'}\n", "E114", id="rule"),
    pytest.param(
        "  a: {from: x, renamed_from: '${env:X}'}\n  b: {from: y, renamed_from: '${env:X}'}\n", "R114", id="rename"
    ),
]


@pytest.mark.parametrize(("text", "code"), SHOWN)
def test_no_problem_shows_what_came_from_the_environment(problems_of, text, code):
    found = problems_of(FIELDS + text, env={"X": "canary + ) name"})
    assert [p.code for p in found] == [code]
    assert "canary" not in repr(found)


def test_a_variable_hides_the_environment_as_well(problems_of):
    tags = "tags:\n  ${var:v}: {}\n  a${var:v}: {kep: true}\n  A${var:v}: {}\n"
    found = problems_of("vars: {v: '${env:X}'}\n" + FIELDS + tags, env={"X": "canary-name"})
    assert [p.code for p in found] == ["E111", "R104"]
    assert "canary" not in repr(found)


def test_a_reference_that_leads_nowhere_is_reported_once_and_alone(problems_of):
    found = problems_of(FIELDS + "  a: {from: x, type: '${env:NOT_SET}'}\nlimits: {create: '${file:not-there}'}\n")
    assert [(p.code, p.where.line) for p in found] == [("E118", 7), ("E118", 8)]


@pytest.mark.parametrize("text", ["canary-" * 30, "canary line\ncanary line", "canary\tx", "canary `x` canary"])
def test_a_long_or_odd_text_from_outside_is_not_shown_in_part_either(problems_of, text):
    entries = (
        "  a: {score: '${env:X}'}\n  b: {from: x, type: '-${env:X}'}\n  c: {from: x, type: date, format: '${env:X}'}\n"
    )
    found = problems_of(FIELDS + entries, env={"X": text})
    assert {p.code for p in found} <= {"E129", "E126", "E125", "E114"}
    assert len(found) == 3
    assert "canary" not in repr(found)


def test_a_variable_that_leads_nowhere_is_reported_where_it_is_declared_only(problems_of):
    text = "vars: {v: '${env:NOT_SET}'}\n" + FIELDS + "  a: {from: '${var:v}'}\ntags:\n  ${var:v}: {}\n"
    found = problems_of(text)
    assert [(p.code, p.where.line) for p in found] == [("E118", 5)]


def test_a_missing_file_is_reported_wherever_it_is_named(problems_of):
    found = problems_of(FIELDS + "  a: '${file:nowhere}'\n  b: '${file:nowhere}'\n")
    assert [(p.code, p.where.line) for p in found] == [("E118", 7), ("E118", 8)]
