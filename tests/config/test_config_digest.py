"""Digests tell a change of what is asked for from a change of how it is written."""

import pytest

TEXT = """\
vars: {site: North}
fields:
  email: email
  plan: {from: plan, type: select, options: {free: Free, pro: Pro}, label: Plan}
  engagement: {score: engagement}
tags:
  VIP: {when: 'orders > 10', keep: true}
  At ${var:site}: {}
dynamic_tags:
  - {from: roles, prefix: "Role: "}
scores:
  engagement:
    - {when: 'orders > 0', points: 10}
contacts: {create: true}
limits: {create: 1000}
"""


@pytest.fixture
def digests(load_text):
    def of(text: str, **kwargs) -> tuple[str, dict[str, str]]:
        desired = load_text(text, **kwargs)
        return desired.digest, dict(desired.entry_digests)

    return of


SAME = {
    "comments": lambda t: "# nothing\n\n" + t.replace("label: Plan}", "label: Plan}   # the plan"),
    "quotes": lambda t: t.replace("label: Plan", 'label: "Plan"').replace("'orders > 0'", '"orders > 0"'),
    "key order": lambda t: t.replace("{from: plan, type: select,", "{type: select, from: plan,"),
    "option order": lambda t: t.replace("{free: Free, pro: Pro}", "{pro: Pro, free: Free}"),
    "entry order": lambda t: t.replace("  email: email\n", "").replace("tags:\n", "  email: email\ntags:\n", 1),
    "section order": lambda t: t.removeprefix("vars: {site: North}\n") + "vars: {site: North}\n",
    "shorthand": lambda t: t.replace("email: email", "email: {from: email}"),
    "variables": lambda t: t.replace("${var:site}", "North"),
    "defaults written out": lambda t: t + "defaults: {push: always, empty: skip, pull: false, conflict: report}\n",
    "default limit": lambda t: t.replace("limits: {create: 1000}\n", ""),
    "number": lambda t: t.replace("points: 10}", "points: 10.0}"),
    "alias of a type": lambda t: t.replace("type: select", "type: dropdown"),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_how_the_file_is_written_changes_no_digest(digests, change):
    assert change(TEXT) != TEXT
    assert digests(change(TEXT)) == digests(TEXT)


OTHER = {
    "column": (lambda t: t.replace("email: email", "email: mail"), {"field.email"}),
    "label": (lambda t: t.replace("label: Plan", "label: Plans"), {"field.plan"}),
    "option": (lambda t: t.replace("pro: Pro}", "pro: Professional}"), {"field.plan"}),
    "policy": (lambda t: t.replace("label: Plan", "push: never"), {"field.plan"}),
    "tag": (lambda t: t.replace("orders > 10", "orders > 11"), {'tag["VIP"]'}),
    "score": (lambda t: t.replace("points: 10", "points: 11"), {"field.engagement"}),
    "dynamic tags": (lambda t: t.replace("from: roles", "from: role"), {'dynamic_tags["Role: "]'}),
    "limit": (lambda t: t.replace("create: 1000", "create: 999"), set()),
    "scope": (lambda t: t.replace("create: true", "create: false"), set()),
    "rule": (lambda t: t + "rules: {score-mapped: error}\n", set()),
}


@pytest.mark.parametrize(("change", "addresses"), OTHER.values(), ids=OTHER)
def test_what_the_file_asks_for_changes_its_digest_and_that_of_the_entry_alone(digests, change, addresses):
    whole, entries = digests(TEXT)
    other, others = digests(change(TEXT))
    assert other != whole
    assert {address for address in entries if entries[address] != others[address]} == addresses


def test_a_default_changes_the_entries_that_inherit_it(digests):
    _, entries = digests(TEXT)
    _, others = digests(TEXT + "defaults: {push: if_empty}\n")
    assert {a for a in entries if entries[a] != others[a]} == {"field.email", "field.plan"}


def test_every_entry_has_a_digest_at_its_address(digests):
    _, entries = digests(TEXT)
    assert set(entries) == {
        "field.email", "field.plan", "field.engagement", 'tag["VIP"]', 'tag["At North"]', 'dynamic_tags["Role: "]',
    }  # fmt: skip


HUB = (
    'version: 1\ncrm: {{type: hub, token: "${{env:{token}}}", portal: {portal}}}\nsource: {{type: csv, path: p.csv}}\n'
    "identity: {{person: id, match: email}}\nfields: {{email: email}}\n"
)


def test_a_digest_does_not_depend_on_a_secret(digests):
    text = HUB.format(token="TOKEN", portal=1)
    one = digests(text, head=False, env={"TOKEN": "canary-1"})
    assert one == digests(text, head=False, env={"TOKEN": "canary-2"})
    assert one == digests(HUB.format(token="OTHER", portal=1), head=False, env={"OTHER": "canary-3"})


def test_a_digest_depends_on_the_other_options_of_an_adapter(digests):
    env = {"TOKEN": "canary-1"}
    one = digests(HUB.format(token="TOKEN", portal=1), head=False, env=env)
    assert one[0] != digests(HUB.format(token="TOKEN", portal=2), head=False, env=env)[0]


def test_a_digest_names_its_algorithm(digests):
    assert digests(TEXT)[0].startswith("blake2b:")
