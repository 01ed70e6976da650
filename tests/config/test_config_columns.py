"""Names of source columns, once the source's own are known."""

import pytest

from reconciler.config import check_columns
from reconciler.model.problems import Level

TEXT = """\
fields:
  email: email
  plan: {from: plan_name}
  state: {from: state, type: state, country: land}
  name: {value: 'first + row["Last Name"]'}
  s: {score: s}
tags:
  A: {when: 'orders > 0 && now > now'}
dynamic_tags:
  - {from: roles, prefix: "Role: "}
scores:
  s:
    - {when: 'visits == "1"', points: 1}
contacts: {create: 'allowed == "1"', when: 'status == "0"'}
"""
COLUMNS = [
    "id", "email", "plan_name", "state", "land", "first", "Last Name", "orders", "roles", "visits", "allowed", "status",
]  # fmt: skip
PLACES = {
    "id": (4, 20), "email": (6, 3), "plan_name": (7, 10), "state": (8, 11), "land": (8, 37), "first": (9, 17),
    "Last Name": (9, 17), "orders": None, "roles": (14, 5), "visits": (17, 14), "allowed": (18, 20), "status": (18, 44),
}  # fmt: skip


@pytest.fixture
def desired(load_text):
    return load_text(TEXT)


def test_nothing_is_wrong_when_every_column_is_there(desired):
    assert check_columns(desired, [*COLUMNS, "unused"]) == ()


@pytest.mark.parametrize("missing", [c for c in COLUMNS if PLACES[c]])
def test_a_missing_column_is_an_error_where_it_is_named(desired, missing):
    found = check_columns(desired, [c for c in COLUMNS if c != missing])
    assert [(p.code, p.level) for p in found] == [("R108", Level.ERROR)]
    assert f"`{missing}`" in found[0].detail
    line, _ = PLACES[missing]
    assert found[0].where.line == line


def test_a_column_is_reported_wherever_it_is_named(desired):
    found = check_columns(desired, [c for c in COLUMNS if c != "orders"])
    assert [p.where.line for p in found] == [3, 12]


def test_a_near_match_is_offered(desired):
    (problem,) = check_columns(desired, ["plan_names" if c == "plan_name" else c for c in COLUMNS])
    assert problem.fix.startswith("did you mean `plan_names`")


def test_a_thousand_unknown_columns_cost_no_time(load_text):
    import time

    text = "fields:\n  email: email\n" + "".join(f"  f{n}: column_{n}\n" for n in range(1000))
    desired = load_text(text)
    began = time.process_time()
    assert len(check_columns(desired, ["id", "email", "orders", *(f"other_{n}" for n in range(1000))])) == 1000
    assert time.process_time() - began < 3


def test_a_column_name_from_the_environment_is_found_and_never_shown(load_text):
    text = (
        "fields:\n  email: email\n  a: ${env:X}\n  b: {from: b, type: state, country: '${env:X}'}\n"
        "  c: {value: '${env:X} + first'}\n"
    )
    desired = load_text(text, env={"X": "canary_column"})
    columns = ["id", "email", "b", "first", "orders"]
    assert check_columns(desired, [*columns, "canary_column"]) == ()
    found = check_columns(desired, columns)
    assert [p.where.line for p in found] == [7, 8, 9]
    assert "canary" not in repr(found)
    assert "`${env:X}`" in found[0].detail
