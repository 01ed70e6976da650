"""What good files say is what is desired, word for word."""

from decimal import Decimal
from pathlib import Path

import pytest

from reconciler.model.desired import Empty, FromColumn, FromExpression, FromPrevious, FromScore, Limits, Push
from reconciler.model.problems import Level, Place

GOOD = Path(__file__).parent / "good"


@pytest.fixture
def long(load_path):
    return load_path(GOOD / "long.yaml")


@pytest.fixture
def plain(load_path):
    return load_path(GOOD / "plain.yaml")


def test_the_long_example_loads_with_one_warning_about_raw(long):
    assert [(w.code, w.level) for w in long.warnings] == [("R110", Level.WARNING)]


def test_the_doors_hold_our_keys_and_the_adapters_options(long):
    assert (long.crm.type, long.crm.object, long.crm.account, long.crm.rate) == ("hub", "contact", "4411337", 19.0)
    assert long.crm.options.token.get_secret_value() == "canary-token"
    assert long.source.types == {"orders": "integer", "last_login": "datetime"}
    assert (long.source.timezone, long.source.region, long.source.label) == ("Europe/Berlin", "DE", "users")


def test_secrets_do_not_show_when_desired_state_is_printed(long):
    assert "canary" not in repr(long)


def test_every_kind_of_origin_is_told_apart(long):
    fields = long.fields
    assert fields["email"].origin == FromColumn("user_email")
    assert fields["engagement"].origin == FromScore("engagement")
    assert isinstance(fields["full_name"].origin, FromExpression)
    assert fields["full_name"].origin.expression.text == 'first_name + " " + last_name'
    assert fields["renewal_note"].origin is None
    assert fields["old_email"].origin == FromPrevious("email")
    assert (fields["old_email"].type, fields["old_email"].push) == ("email", Push.ALWAYS)
    assert fields["legacy_code"].absent


def test_policies_come_from_the_entry_or_the_defaults(long):
    assert long.fields["company"].push is Push.ON_CREATE
    assert long.fields["phone"].push is Push.IF_EMPTY
    assert long.fields["email"].push is Push.ALWAYS
    assert long.fields["opted_out"].consent
    assert long.fields["newsletter"].default == "false"


def test_empties_count_in_a_raw_field_and_nowhere_else(long):
    assert {key for key, field in long.fields.items() if field.empty is Empty.CLEAR} == {"notes"}


def test_zone_and_region_of_the_source_reach_every_field(long):
    assert {(field.timezone, field.region) for field in long.fields.values()} == {("Europe/Berlin", "DE")}


def test_tags_scores_contacts_limits_and_rules_are_read(long):
    assert list(long.tags) == ["Customer", "VIP", "Welcome North", "Newsletter", "Gold", "Old promo"]
    assert (long.tags["VIP"].keep, long.tags["Welcome North"].on_create) == (True, True)
    assert (long.tags["Gold"].renamed_from, long.tags["Old promo"].absent) == ("Gold member", True)
    assert long.tags["Newsletter"].when is None
    assert [(d.column, d.prefix, d.max_new, d.keep) for d in long.dynamic_tags] == [("roles", "Role: ", 20, False)]
    assert [rule.points for rule in long.scores["engagement"]] == [Decimal(10), Decimal(5)]
    assert (long.contacts.create, long.contacts.status) == (True, "unsubscribed")
    assert long.contacts.when.text == 'user_status == "0"'
    assert long.rules == {"score-mapped": Level.ERROR}
    assert {name: getattr(long.limits, name) for name in long.limits.where_of} == {
        name: getattr(Limits(), name) for name in long.limits.where_of
    }


def test_every_entry_knows_its_place_and_every_key_its_own(long):
    file = str(GOOD / "long.yaml")
    level = long.fields["membership_level"]
    assert level.where == Place(file, 30, 3)
    assert level.where_of["type"] == Place(file, 33, 5)
    assert [option.where for option in level.options] == [Place(file, 36, 15), Place(file, 36, 27)]
    assert long.tags["VIP"].where == Place(file, 52, 3)
    assert long.tags["VIP"].when.where == Place(file, 52, 15)
    assert long.identity.where == Place(file, 21, 3)
    assert long.crm.where == Place(file, 6, 1)
    assert long.source.where_of["types.last_login"] == Place(file, 16, 28)
    assert long.limits.where_of["clear"] == Place(file, 66, 80)


def test_texts_are_what_is_written_and_not_what_yaml_guesses(plain):
    field = plain.fields["007"]
    assert field.column == "007"
    assert field.map == {"no": "007", "2026-01-01": "yes"}
    assert (field.default, field.label) == ("no", "1e3")
    assert list(plain.tags) == ["no", "2026-01-01", "R&D"]
    assert [o.value for o in plain.fields["level"].options] == ["1", "2", "3", "4"]


def test_options_may_be_a_list_or_have_labels_or_be_absent(plain):
    plan, level = plain.fields["plan"].options, plain.fields["level"].options
    assert [(o.value, o.label, o.absent) for o in plan] == [("free", None, False), ("pro", None, False)]
    assert [(o.label, o.absent) for o in level] == [("One", False), (None, False), ("Three", False), (None, True)]


def test_a_bare_true_is_an_expression_where_one_is_wanted(plain):
    assert plain.tags["R&D"].when.text == "true"


def test_aliases_of_types_are_resolved(plain):
    assert plain.fields["mobile"].type == "phone"
    assert plain.source.types == {"orders": "integer"}


def test_an_entrys_own_zone_and_region_win(plain):
    assert plain.fields["seen"].timezone == "America/New_York"
    assert plain.fields["mobile"].region == "US"
    assert plain.fields["price"].timezone == "UTC"


def test_options_of_the_adapter_are_read_by_its_model(plain):
    options = plain.source.options
    assert (options.path, options.delimiter, options.header) == ("people.csv", ";", False)
    assert plain.crm.label == "crm.db"


def test_what_the_file_leaves_out_has_the_contracts_defaults(plain):
    assert plain.limits == Limits()
    assert (plain.contacts.create, plain.contacts.when, plain.contacts.status) == (False, None, None)
    assert (plain.crm.object, plain.crm.account, plain.crm.rate, plain.source.timezone) == (
        "contact",
        None,
        None,
        "UTC",
    )
    assert plain.warnings == ()


def test_a_score_is_always_pushed_whatever_the_defaults_say(load_text):
    desired = load_text(
        "defaults: {push: on_create, empty: clear}\n"
        "fields:\n  email: email\n  engagement: {score: s}\n"
        "scores:\n  s:\n    - {when: 'orders > 0', points: -2.50}\n"
    )
    assert desired.fields["email"].push is Push.ON_CREATE
    assert desired.fields["email"].empty is Empty.CLEAR
    assert desired.fields["engagement"].push is Push.ALWAYS
    assert desired.scores["s"][0].points == Decimal("-2.5")


def test_who_may_be_created_can_be_an_expression_quoted_or_not(load_text):
    for written in ("orders > 0", "'orders > 0'"):
        desired = load_text(f"fields:\n  email: email\ncontacts: {{create: {written}}}\n")
        assert desired.contacts.create.text == "orders > 0"


def test_a_comment_after_a_whole_expression_is_a_comment(load_text):
    desired = load_text("fields:\n  email: email\ntags:\n  A:\n    when: orders > 0   # paying\n")
    assert desired.tags["A"].when.text == "orders > 0"


def test_an_anchor_may_be_used_again_as_a_value(load_text):
    desired = load_text("fields:\n  email: email\n  a: &date {from: a, type: date}\n  b: *date\n")
    assert desired.fields["b"].type == "date"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("fields:\n  email: id\n", "R111"),
        ("fields:\n  email: email\n  notes: {from: notes, type: raw}\n", "R110"),
        ("fields:\n  email: email\nscores:\n  s:\n    - {when: 'orders > 0', points: 1}\n", "R107"),
    ],
)
def test_a_warning_lets_the_file_load_and_can_be_switched_off_or_raised(load_text, problems_of, text, code):
    from reconciler.model.messages import MESSAGES

    assert [w.code for w in load_text(text).warnings] == [code]
    name = MESSAGES[code].name
    assert load_text(f"{text}rules: {{{name}: off}}\n").warnings == ()
    assert [p.code for p in problems_of(f"{text}rules: {{{name}: error}}\n")] == [code]


def test_a_list_of_one_object_is_that_object(load_text):
    head = (
        "version: 1\ncrm: {type: local, path: crm.db, object: [lead]}\nsource: {type: csv, path: p.csv}\n"
        "identity: {person: id, match: email}\nfields: {email: email}\n"
    )
    assert load_text(head, head=False).crm.object == "lead"
