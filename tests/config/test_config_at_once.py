"""All problems at once, and ways out that help somebody who sees the program for the first time."""

import pytest

from reconciler.adapters.registry import CRM, SOURCE, options_models
from reconciler.config import check_columns, load
from reconciler.config.rules import ASKED
from reconciler.model.messages import MESSAGES
from reconciler.model.messages.rules import ALWAYS
from reconciler.model.problems import Failure, Level

FIELDS = "fields: {email: email}\n"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("defaults: {push: sometimes, pull: true, conflict: crm}", ["E114"]),
        ("contacts: {foo: bar, create: maybe, gone: create}", ["E111", "E114", "E117"]),
        ("contacts: {status: [a], when: 'orders'}", ["E113", "E117"]),
    ],
)
def test_a_wrong_key_of_a_section_hides_no_other_problem_of_it(problems_of, text, codes):
    assert sorted(p.code for p in problems_of(FIELDS + text + "\n")) == codes


def test_an_unknown_key_of_identity_does_not_hide_what_the_others_get_wrong(problems_of):
    head = "version: 1\ncrm: {type: local, path: c}\nsource: {type: csv, path: p}\n"
    found = problems_of(head + "identity: {person: id, match: email, store: email, wher: z}\n" + FIELDS, head=False)
    assert sorted(p.code for p in found) == ["E111", "R102"]


@pytest.mark.parametrize("name", sorted(m.name for m in MESSAGES.values() if m.name and m.name not in ALWAYS))
def test_every_rule_that_explain_calls_switchable_can_be_switched(load_text, name):
    desired = load_text(FIELDS + f"rules: {{{name}: off}}\n")
    assert desired.rules == {name: Level.OFF}


@pytest.mark.parametrize("name", sorted(ALWAYS))
def test_every_other_rule_is_refused_when_it_is_lowered(problems_of, name):
    assert [p.code for p in problems_of(FIELDS + f"rules: {{{name}: warning}}\n")] == ["E128"]


def test_where_no_column_is_near_those_that_are_there_are_named(load_text):
    (first, second) = check_columns(load_text(FIELDS), ["id;email;orders"])[:2]
    assert first.fix == second.fix == "its only column is `id;email;orders`"
    many = [f"c{n:02}" for n in range(20)]
    assert check_columns(load_text(FIELDS), many)[0].fix.endswith("`c11` and 8 more")


@pytest.mark.parametrize(
    ("section", "fix"),
    [("crm", "write crm: {type: local, path: crm.db}"), ("source", "write source: {type: csv, path: people.csv}")],
)
def test_a_door_of_the_wrong_shape_is_shown_as_it_should_be(problems_of, section, fix):
    sections = {"crm": "{type: local, path: c}", "source": "{type: csv, path: p}", section: "local"}
    head = "version: 1\nidentity: {person: id, match: email}\n" + "".join(f"{k}: {v}\n" for k, v in sections.items())
    (found,) = problems_of(head + FIELDS, head=False)
    assert (found.code, found.fix) == ("E113", fix)


@pytest.mark.parametrize(
    ("option", "fix"),
    [
        ("delimiter: ';;'", "it is the character between two values"),
        ("encoding: utf-99", "it is how the file's letters"),
    ],
)
def test_an_option_that_its_adapter_refuses_is_said_with_its_meaning(tmp_path, option, fix):
    path = tmp_path / "main.yaml"
    path.write_text(
        "version: 1\ncrm: {type: local, path: c}\nidentity: {person: id, match: email}\n"
        f"source: {{type: csv, path: p, {option}}}\n{FIELDS}",
        encoding="utf-8",
    )
    with pytest.raises(Failure) as caught:
        load(path, {}, options_models(CRM), options_models(SOURCE))
    (found,) = caught.value.problems
    assert found.code == "E122"
    assert found.fix.startswith(fix)


def test_no_way_out_names_a_command_that_does_not_exist():
    from reconciler.cli.app import COMMANDS

    words = [(m.code, part) for m in MESSAGES.values() for part in f"{m.fix} {m.reason}".split("`reconciler ")[1:]]
    known = {*COMMANDS, "--help"}
    assert [(code, part) for code, part in words if part.replace("`", " ").split()[0] not in known] == []


def test_every_way_out_speaks_with_one_voice():
    odd = [m.code for m in MESSAGES.values() if m.fix[:1].isupper() or m.fix.endswith(".")]
    assert odd == []


def test_the_rules_that_run_only_when_the_file_names_them_are_those_that_are_off() -> None:
    assert {row.name for row in MESSAGES.values() if row.level is Level.OFF} == set(ASKED)
