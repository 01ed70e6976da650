"""Users of a WordPress site who changed are found by what their rows hold, since meta data has no time of its own."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest
from wordpress_tables import Site

from reconciler.model.clock import Clock
from reconciler.model.plan import Plan
from reconciler.runtime import pipeline

CLOCK = Clock.fixed(datetime(2026, 11, 22, 10, tzinfo=UTC))
FILE = """version: 1
crm: {{type: local, path: crm.db}}
source: {{type: wordpress, url: '{url}', types: {{roles: multiselect, points: integer}}}}
identity: {{person: user_id, match: email}}
contacts: {{create: true}}
limits: {{create: 9999, update_percent: 100, tag_people: 9999}}
fields:
  email: user_email
  city: {{from: city, type: text}}
  interests: {{from: interests, type: multiselect}}
  hobbies: {{from: interests, type: text}}
tags:
  Customer: {{when: 'points > 0'}}
dynamic_tags:
  - {{from: roles, prefix: "Role: ", max_new: 30}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """As a WordPress with 300 users."""
    site = Site(tmp_path)
    roles = ['a:1:{s:6:"author";b:1;}', 'a:2:{s:6:"editor";b:1;s:4:"shop";b:1;}', "a:0:{}"]
    for n in range(1, 301):
        lists = 'a:2:{i:0;s:4:"golf";i:1;s:5:"chess";}' if n % 2 else "a:0:{}"
        more = {"wp_capabilities": roles[n % 3], "interests": lists, "points": str(n % 4)}
        site.user(n, f"user.{n}@example.org", city=f"City {n % 7}", **more)
    (tmp_path / "reconciler.yaml").write_text(FILE.format(url=site.url), encoding="utf-8")
    return site


def request(site: Site) -> pipeline.Request:
    count = itertools.count()
    return pipeline.Request(
        site.folder / "reconciler.yaml",
        {},
        CLOCK,
        lambda size: next(count).to_bytes(8, "big").rjust(size, b"k")[-size:],
        allow={"create": 9999},
    )


def applied(site: Site) -> None:
    outcome = pipeline.apply(request(site), lambda _plan: True, lambda: False)
    assert not outcome.problems


def changes(plan: Plan) -> list[str | None]:
    return [row["person"] for batch in plan.people.batches() for row in batch.to_pylist()]


def test_the_second_plan_is_empty(site: Site) -> None:
    site.made()
    applied(site)
    assert not pipeline.plan(request(site)).pending


def test_one_meta_value_that_changed_is_found_by_the_next_plan(site: Site) -> None:
    site.made()
    applied(site)
    site.run("UPDATE wp_usermeta SET meta_value = 'Elsewhere' WHERE user_id = 211 AND meta_key = 'city'")
    plan = pipeline.plan(request(site))
    assert plan.pending
    assert changes(plan) == ["211"]


def test_a_role_that_was_taken_away_is_found_by_the_next_plan(site: Site) -> None:
    site.made()
    applied(site)
    site.run("UPDATE wp_usermeta SET meta_value = 'a:0:{}' WHERE user_id = 7 AND meta_key = 'wp_capabilities'")
    assert changes(pipeline.plan(request(site))) == ["7"]


BAD = {
    "an object": 'O:8:"stdClass":1:{s:1:"a";i:1;}',
    "cut off": 'a:2:{i:0;s:4:"golf";i:1;s:5:"che',
}


@pytest.mark.parametrize("stored", BAD.values(), ids=BAD.keys())
def test_a_value_that_cannot_be_read_is_a_finding_and_the_rest_goes_on(site: Site, stored: str) -> None:
    site.user(301, "user.301@example.org", city="Last", interests=stored).made()
    plan = pipeline.plan(request(site))
    assert len(changes(plan)) == 301
    last = next(row for batch in plan.people.batches() for row in batch.to_pylist() if row["person"] == "301")
    written = {plan.people.keys[value["field"]]: value["after"] for value in last["values"]}
    assert written["city"] == "Last"
    assert written.get("interests") is None
    assert written.get("hobbies") is None
    assert any(finding.count for finding in plan.findings)


def test_a_user_without_an_e_mail_is_a_finding_and_the_rest_goes_on(site: Site) -> None:
    site.user(301, "", city="Nobody").made()
    plan = pipeline.plan(request(site))
    assert len([person for person in changes(plan) if person != "301"]) == 300
    assert plan.findings
