"""Files that build on others."""

from pathlib import Path

import pytest

from reconciler.config import load
from reconciler.model.problems import Failure, Place

BASE = """\
version: 1
identity: {person: id, match: email}
defaults: {push: on_create}
fields:
  email: email
  plan: {from: plan, type: select, label: Plan}
  gone: {from: gone}
tags:
  A: {when: 'orders > 0'}
dynamic_tags:
  - {from: roles, prefix: "Role: "}
limits: {create: 5, delete: 7}
"""
MAIN = """\
version: 1
extends: base.yaml
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, types: {orders: integer}}
fields:
  plan: {from: other}
  gone: null
  extra: extra
dynamic_tags:
  - {from: groups, prefix: "Group: "}
limits: {create: 9}
"""


@pytest.fixture
def write(tmp_path):
    def written(**files: str) -> Path:
        for name, text in files.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        return tmp_path / "main.yaml"

    return written


def codes(path: Path, load_path) -> list[tuple[str, str, int]]:
    with pytest.raises(Failure) as caught:
        load_path(path)
    return [(p.code, Path(p.where.file).name, p.where.line) for p in caught.value.problems]


def test_sections_merge_by_key_and_an_entry_is_replaced_whole(write, load_path):
    desired = load_path(write(main=MAIN, base=BASE))
    assert list(desired.fields) == ["email", "plan", "extra"]
    plan = desired.fields["plan"]
    assert (plan.column, plan.type, plan.label) == ("other", None, None)
    assert (desired.limits.create, desired.limits.delete) == (9, 7)
    assert list(desired.tags) == ["A"]


def test_null_undeclares(write, load_path):
    assert "gone" not in load_path(write(main=MAIN, base=BASE)).fields


def test_null_takes_a_whole_section_away(write, load_path):
    assert load_path(write(main=MAIN + "tags: null\n", base=BASE)).tags == {}


def test_lists_replace(write, load_path):
    assert [d.column for d in load_path(write(main=MAIN, base=BASE)).dynamic_tags] == ["groups"]


def test_places_name_the_file_that_an_entry_came_from(write, load_path, tmp_path):
    desired = load_path(write(main=MAIN, base=BASE))
    assert desired.fields["email"].where == Place(str(tmp_path / "base.yaml"), 5, 3)
    assert desired.fields["plan"].where == Place(str(tmp_path / "main.yaml"), 6, 3)
    assert desired.limits.where_of["delete"] == Place(str(tmp_path / "base.yaml"), 12, 21)
    assert desired.files == (str(tmp_path / "main.yaml"), str(tmp_path / "base.yaml"))


def test_files_are_shown_as_they_were_given(write, tmp_path, monkeypatch, crm, source):
    (tmp_path / "site").mkdir()
    write(base=BASE)
    (tmp_path / "site" / "main.yaml").write_text(MAIN.replace("base.yaml", "../base.yaml"))
    monkeypatch.chdir(tmp_path)
    desired = load(Path("site/main.yaml"), {}, crm, source)
    assert desired.files == ("site/main.yaml", "site/../base.yaml")


def test_defaults_of_a_base_reach_the_entries_of_the_file(write, load_path):
    assert load_path(write(main=MAIN, base=BASE)).fields["extra"].push == "on_create"


def test_of_two_bases_the_later_one_wins_and_the_file_wins_over_both(write, load_path):
    first = BASE.replace("label: Plan", "label: First") + "contacts: {status: one}\n"
    second = "version: 1\ncontacts: {status: two}\nlimits: {create: 6, clear: 6}\n"
    main = MAIN.replace("extends: base.yaml", "extends: [first.yaml, second.yaml]").replace(
        "  plan: {from: other}\n", ""
    )
    desired = load_path(write(main=main, first=first, second=second))
    assert desired.contacts.status == "two"
    assert desired.fields["plan"].label == "First"
    assert (desired.limits.create, desired.limits.clear, desired.limits.delete) == (9, 6, 7)


def test_a_base_may_be_reached_on_two_ways(write, load_path):
    main = MAIN.replace("extends: base.yaml", "extends: [left.yaml, right.yaml]")
    side = "version: 1\nextends: base.yaml\n"
    desired = load_path(write(main=main, left=side, right=side, base=BASE))
    assert list(desired.fields) == ["email", "plan", "extra"]
    assert len(desired.files) == 4


def test_problems_of_all_files_come_at_once_with_their_own_places(write, load_path):
    base = BASE.replace("label: Plan", "lable: Plan").replace("  gone:", "  bad: {from: x, push: nevr}\n  gone:")
    main = MAIN.replace("  plan: {from: other}\n", "  extra2: {from: x, typ: date}\n")
    found = codes(write(main=main, base=base), load_path)
    assert sorted(found) == [("E111", "base.yaml", 6), ("E111", "main.yaml", 6), ("E114", "base.yaml", 7)]


def test_an_entry_that_is_replaced_is_not_looked_at(write, load_path):
    base = BASE.replace("plan: {from: plan, type: select, label: Plan}", "plan: {fro: '${env:NOT_SET}'}")
    assert load_path(write(main=MAIN, base=base)).fields["plan"].column == "other"


def test_two_files_that_extend_each_other_are_an_error(write, load_path):
    found = codes(write(main=MAIN, base=BASE + "extends: main.yaml\n"), load_path)
    assert found == [("E119", "base.yaml", 13)]


def test_a_broken_base_and_a_broken_file_are_both_reported(write, load_path):
    main = MAIN.replace("  plan: {from: other}\n", "  plan: {frm: other}\n")
    found = codes(write(main=main, base="version: 1\nfields: [\n"), load_path)
    assert found == [("E104", "base.yaml", 3), ("E111", "main.yaml", 6)]


def test_every_file_says_its_version(write, load_path):
    assert codes(write(main=MAIN, base=BASE.replace("version: 1\n", "")), load_path)[0] == ("E110", "base.yaml", 1)


def test_files_extend_each_other_at_most_16_levels_deep(write, load_path):
    files = {f"f{n}": f"version: 1\nextends: f{n + 1}.yaml\n" for n in range(20)}
    files["f20"] = BASE
    found = codes(write(main=MAIN.replace("base.yaml", "f0.yaml"), **files), load_path)
    assert found[0][:2] == ("E119", "f14.yaml")


def test_many_ways_to_one_base_cost_no_time(write, load_path):
    files = {f"f{n}": f"version: 1\nextends: [{', '.join([f'f{n + 1}.yaml'] * 50)}]\n" for n in range(12)}
    desired = load_path(write(main=MAIN.replace("base.yaml", "f0.yaml"), f12=BASE, **files))
    assert len(desired.files) == 14


def test_null_without_a_base_is_an_error_that_shows_how_to_declare(problems_of):
    (problem,) = problems_of("fields: {email: email}\ntags:\n  Newsletter:\n")
    assert (problem.code, problem.fix) == ("E115", "write `Newsletter: {}` to declare it, or remove the line")
