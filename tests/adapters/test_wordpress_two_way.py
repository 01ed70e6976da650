"""What somebody changes in the CRM goes back into a WordPress site, once, and what gives rights never does."""

from __future__ import annotations

import itertools
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from wordpress_tables import Site

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.outcome import Outcome
from reconciler.model.problems import Failure
from reconciler.report.text import plan_text
from reconciler.runtime import pipeline

CLOCK = Clock.fixed(datetime(2026, 11, 22, 10, tzinfo=UTC))
FILE = """version: 1
crm: {{type: local, path: crm.db}}
source: {{type: wordpress, url: '{url}'}}
identity: {{person: user_id, match: email}}
contacts: {{create: true}}
limits: {{update_percent: 100, write_percent: 100, clear: 99}}
defaults: {{pull: true}}
fields:
  email: user_email
  city: {{from: city, type: text}}
  phone: {{from: phone, type: text, empty: clear}}
  interests: {{from: interests, type: multiselect}}
  hobbies: {{from: hobbies, type: text}}
  member: {{from: member, type: checkbox}}
  shown: {{from: display_name, type: text}}
"""
LISTS = 'a:2:{i:0;s:4:"golf";i:1;s:5:"chess";}'
EDITOR, ADMINISTRATOR = 'a:1:{s:6:"editor";b:1;}', 'a:1:{s:13:"administrator";b:1;}'


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    for number, roles in enumerate((ADMINISTRATOR, EDITOR, EDITOR), 1):
        texts = {"wp_capabilities": roles, "interests": LISTS, "hobbies": LISTS, "member": "1"}
        site.user(number, f"user{number}@example.org", city="Oulu", **texts)
    site.user(4, "user4@example.org", phone="+358401", hobbies="none")
    return declared(site.made())


def declared(site: Site, file: str = FILE) -> Site:
    (site.folder / "reconciler.yaml").write_text(file.format(url=site.url), encoding="utf-8")
    return site


def request(site: Site) -> pipeline.Request:
    count = itertools.count()
    return pipeline.Request(
        site.folder / "reconciler.yaml",
        {},
        CLOCK,
        lambda size: next(count).to_bytes(8, "big").rjust(size, b"k")[-size:],
    )


def applied(site: Site) -> Outcome:
    return pipeline.apply(request(site), lambda _plan: True, lambda: False)


def changed(site: Site, number: int, **values: object) -> None:
    with closing(LocalCrm(site.folder / "crm.db", CLOCK)) as crm:
        contact = crm.find(f"user{number}@example.org")
        assert contact is not None
        crm.update([(contact, values)])


def stored(site: Site, number: int) -> dict[str, str | None]:
    found = site.run(f"SELECT meta_key, meta_value FROM wp_usermeta WHERE user_id = {number} ORDER BY umeta_id")
    (own,) = site.run(f"SELECT user_email, display_name FROM wp_users WHERE ID = {number}")
    assert len(dict(found)) == len(found)
    return {**dict(found), "user_email": own[0], "display_name": own[1]}


def test_values_are_pulled_once_in_the_form_in_which_the_site_stores_them(site: Site) -> None:
    applied(site)
    changed(site, 2, city="Köln", interests=["golf", "yoga"], hobbies="golf, tennis, sailing", member=False)
    changed(site, 4, phone=None, shown="Dee", city="Turku", hobbies="none but one")
    plan = pipeline.plan(request(site))
    assert "two-way, pulled into wp_users and wp_usermeta by SQL" in plan_text(plan)
    outcome = applied(site)
    assert (outcome.written.rows, outcome.problems) == (2, ())
    assert stored(site, 2) == {
        "wp_capabilities": EDITOR,
        "interests": 'a:2:{i:0;s:4:"golf";i:1;s:4:"yoga";}',
        "hobbies": 'a:3:{i:0;s:4:"golf";i:1;s:6:"tennis";i:2;s:7:"sailing";}',
        "member": "0",
        "city": "Köln",
        "user_email": "user2@example.org",
        "display_name": "User 2",
    }
    assert stored(site, 4) == {
        "phone": "",
        "city": "Turku",
        "hobbies": "none but one",
        "user_email": "user4@example.org",
        "display_name": "Dee",
    }
    assert not pipeline.plan(request(site)).pending


def test_an_administrators_address_stays_and_the_others_go_on(site: Site) -> None:
    applied(site)
    changed(site, 1, email="thief@example.org")
    changed(site, 2, email="moved@example.org", city="Turku")
    outcome = applied(site)
    assert stored(site, 1)["user_email"] == "user1@example.org"
    assert (stored(site, 2)["user_email"], stored(site, 2)["city"]) == ("moved@example.org", "Turku")
    assert [(found.code, found.detail) for found in outcome.problems] == [
        ("E550", "1 row (1): the source does not take the value")
    ]


def test_an_object_of_php_goes_into_no_site(site: Site) -> None:
    declared(site, FILE.replace("{{from: city, type: text}}", "{{from: city, type: raw}}"))
    applied(site)
    changed(site, 2, city='O:8:"stdClass":0:{}')
    changed(site, 3, city="Turku")
    assert {found.code for found in applied(site).problems} == {"E550"}
    assert (stored(site, 2)["city"], stored(site, 3)["city"]) == ("Oulu", "Turku")


@pytest.mark.parametrize("column", ["roles", "user_login", "user_registered", "wp_capabilities"])
def test_a_field_that_is_pulled_into_what_gives_rights_is_refused_before_anything(site: Site, column: str) -> None:
    declared(site, f"{FILE}  right: {{{{from: {column}, pull: true}}}}\n  odd: user_nicename\n")
    with pytest.raises(Failure) as caught:
        applied(site)
    first, second = caught.value.problems
    assert first.where is not None
    assert (first.code, first.where.line, second.code) == ("R123", 16, "R123")
    assert f"`right` is pulled into `{column}`: it is " in first.detail
    assert not (site.folder / "crm.db").exists()
