"""Details of single entries that whole files do not show."""

import pytest

FIELDS = "fields:\n  email: email\n"


def test_all_problems_of_an_entry_come_at_once(problems_of):
    found = problems_of(FIELDS + "  a: {frm: x, push: alwys, empty: [clear], absent: maybe}\n")
    assert [(p.code, p.where.column) for p in found] == [("E111", 7), ("E114", 21), ("E113", 35), ("E114", 52)]


def test_a_bad_entry_is_a_hole_and_the_rules_run_on_the_rest(problems_of):
    found = problems_of(FIELDS + "  a: {frm: x}\n  b: user_pass\n  Email: other\n")
    assert [p.code for p in found] == ["E111", "R109", "R103"]


def test_a_bad_entry_does_not_make_others_look_wrong(problems_of):
    text = "fields:\n  email: {frm: email}\n  s: {scor: s}\nscores:\n  s:\n    - {when: 'orders > 0', points: 1}\n"
    assert [p.code for p in problems_of(text)] == ["E111", "E111"]


def test_a_score_with_a_problem_is_still_declared(problems_of):
    text = FIELDS + "  s: {score: s}\nscores:\n  s:\n    - {when: 'orders >', points: 1}\n"
    assert [p.code for p in problems_of(text)] == ["E117"]


@pytest.mark.parametrize(
    "entry",
    [
        "{from: x, type: select, as: code}",
        "{from: x, type: text, country: land}",
        "{from: x, type: date, timezone: UTC}",
        "{from: x, type: email, region: DE}",
        "{from: x, type: url, decimals: 2}",
        "{from: x, type: phone, format: '+1'}",
    ],
)
def test_a_key_that_the_type_does_not_use_is_refused(problems_of, entry):
    assert [p.code for p in problems_of(FIELDS + f"  a: {entry}\n")] == ["R113"]


@pytest.mark.parametrize("key", ["options: [a]", "as: name", "format: DD/MM/YYYY", "decimals: 2", "region: DE"])
def test_a_field_without_a_type_may_have_any_key_since_the_crm_knows_its_type(load_text, key):
    assert load_text(FIELDS + f"  a: {{from: x, {key}}}\n").fields["a"].type is None


@pytest.mark.parametrize(
    "key", ["map: {a: b}", "default: x", "push: always", "empty: clear", "region: DE", "pull: false"]
)
def test_a_key_about_values_needs_an_origin(problems_of, key):
    assert [p.code for p in problems_of(FIELDS + f"  a: {{label: A, {key}}}\n")] == ["E124"]


@pytest.mark.parametrize("name", ["user_pass", "Password", "PASSWD", "pwd", "user-password", "password_hash"])
def test_a_password_is_refused_as_a_column_and_as_a_field(problems_of, name):
    assert [p.code for p in problems_of(FIELDS + f"  a: {name}\n")] == ["R109"]
    assert [p.code for p in problems_of(FIELDS + f"  {name}: x\n")] == ["R109"]


def test_a_field_named_password_may_be_removed(load_text):
    assert load_text(FIELDS + "  password: {absent: true}\n").fields["password"].absent


@pytest.mark.parametrize("prefix", ["'Role: '", "'R:'", "'# '"])
def test_a_prefix_of_two_characters_will_do(load_text, prefix):
    assert load_text(FIELDS + f"dynamic_tags:\n  - {{from: roles, prefix: {prefix}}}\n").dynamic_tags


def test_tags_without_a_prefix_are_kept(load_text):
    (tags,) = load_text(FIELDS + "dynamic_tags:\n  - {from: roles, keep: true, max_new: 3}\n").dynamic_tags
    assert (tags.prefix, tags.keep, tags.max_new) == ("", True, 3)


def test_a_tag_beside_a_prefix_is_not_under_it(load_text):
    text = FIELDS + "tags:\n  'Role:admin': {}\ndynamic_tags:\n  - {from: roles, prefix: 'Role: '}\n"
    assert "Role:admin" in load_text(text).tags


@pytest.mark.parametrize("type", ["email", "phone", "tel"])
def test_a_column_that_expressions_read_as_an_address_makes_no_tags(problems_of, type):
    head = f"version: 1\ncrm: {{type: local, path: c}}\nsource: {{type: csv, path: p, types: {{alt: {type}}}}}\n"
    text = head + "identity: {person: id, match: email}\n" + FIELDS + "dynamic_tags:\n  - {from: alt, prefix: 'A: '}\n"
    assert [p.code for p in problems_of(text, head=False)] == ["R115"]


@pytest.mark.parametrize(
    ("rate", "calls"),
    [("{calls: 190, per: 10s}", 19.0), ("{calls: 60, per: 1m}", 1.0), ("{calls: 5, per: 500ms}", 10.0)],
)
def test_a_rate_is_calls_a_second(load_text, rate, calls):
    head = f"version: 1\ncrm: {{type: local, path: c, rate: {rate}}}\nsource: {{type: csv, path: p}}\n"
    assert load_text(head + "identity: {person: id, match: email}\n" + FIELDS, head=False).crm.rate == calls


@pytest.mark.parametrize(("every", "seconds"), [("14d", 1_209_600), ("36h", 129_600), ("90s", 90)])
def test_how_often_all_contacts_are_read_is_a_duration(load_text, every, seconds):
    assert load_text(FIELDS + f"refresh: {{full_every: {every}}}\n").refresh.full_every == seconds


@pytest.mark.parametrize(("written", "kept"), [("", True), ("snapshot: true\n", True), ("snapshot: false\n", False)])
def test_a_copy_of_contacts_is_kept_unless_the_file_says_no(load_text, written, kept):
    assert load_text(FIELDS + written).refresh.snapshot is kept


def test_what_is_not_yet_carried_out_may_be_declined(load_text):
    text = FIELDS + "  a: {from: x, pull: false, conflict: report}\ncontacts: {gone: report}\n"
    assert load_text(text).fields["a"].pull is False


def test_an_identity_in_an_odd_field_can_be_mapped(load_text):
    head = (
        "version: 1\ncrm: {type: local, path: c}\nsource: {type: csv, path: p}\nidentity: {person: id, match: E-Mail}\n"
    )
    assert load_text(head + "fields:\n  E-Mail: {value: 'lower(mail)'}\n", head=False).identity.match == "E-Mail"


def test_a_rule_that_is_always_an_error_may_be_written_as_one(load_text):
    assert load_text(FIELDS + "rules: {no-passwords: error}\n").fields


def test_a_lowered_rule_is_a_warning(load_text):
    desired = load_text(FIELDS + "  Email: other\nrules: {field-filled-once: warning}\n")
    assert [w.code for w in desired.warnings] == ["R103"]


TAGGED = "identity: {person: id, match: email}\n" + FIELDS + "tags:\n  A: {when: 'orders > 0'}\n"


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("{type: cvs, path: p, types: {orders: integer}}", "E121"),
        ("{type: csv, types: {orders: integer}}", "E112"),
        ("{type: csv, path: p, types: {orders: intger}}", "E125"),
        ("{type: csv, path: p, typs: {orders: integer}}", "E111"),
    ],
)
def test_a_source_with_a_problem_does_not_make_expressions_look_wrong(problems_of, source, code):
    text = f"version: 1\ncrm: {{type: local, path: c}}\nsource: {source}\n" + TAGGED
    codes = [p.code for p in problems_of(text, head=False)]
    assert code in codes
    assert "E117" not in codes
