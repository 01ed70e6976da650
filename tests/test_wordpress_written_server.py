"""A real WordPress finds what was written into it, by SQL and by REST, as if it had been written there."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from servers.wordpress import Site, people

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.opening import Opening
from reconciler.adapters.source import Edit, Writable, Wrote
from reconciler.adapters.wordpress.options import ADAPTER, WordPressOptions
from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.report.text import plan_text
from reconciler.runtime import pipeline

DONE, MOVED, GONE, SEVERAL, ALTERED, REFUSED = Wrote
SHOWN = """
foreach (['billing_phone', 'city'] as $key)
    register_meta('user', $key, ['type' => 'string', 'single' => true, 'show_in_rest' => true]);
register_meta('user', 'points', ['type' => 'integer', 'single' => true, 'show_in_rest' => true]);
register_meta('user', 'newsletter', ['type' => 'string', 'single' => false, 'show_in_rest' => true]);
register_meta('user', 'interests', ['type' => 'array', 'single' => true, 'show_in_rest' =>
    ['schema' => ['type' => 'array', 'items' => ['type' => 'string']]]]);
"""
PERSON = """
$user = get_userdata(1001);
$roles = array_keys(get_user_meta(1001, 'wp_capabilities', true));
$meta = [get_user_meta(1001, 'interests', true), get_user_meta(1001, 'points', true)];
echo json_encode([$user->user_email, $user->display_name, $user->first_name, $roles, $user->city, ...$meta,
    get_user_meta(1001, 'newsletter')]);
"""
SUBSCRIBER = """
$sam = ['user_login' => 'sam', 'user_pass' => 'x', 'user_email' => 's@example.org', 'role' => 'subscriber'];
$id = wp_insert_user($sam);
echo WP_Application_Passwords::create_new_application_password($id, ['name' => 'test'])[0];
"""
every = pytest.mark.parametrize("wordpress", ["mysql", "sqlite"], indirect=True)
both = pytest.mark.parametrize("way", ["sql", "rest"])


def options(site: Site, way: str) -> dict[str, Any]:
    if way == "sql":
        return {"url": site.url, "table_prefix": site.prefix}
    return {"api": site.api, "user": site.user, "password": site.password}


def same(_column: str, meant: str | None, kept: str | None) -> bool:
    return (meant or "") == (kept or "")


def write(given: dict[str, Any], *edits: Edit) -> Sequence[Wrote]:
    with closing(Opening(Path(), Clock.system(), rate=1000)) as opening:
        source = ADAPTER.open(WordPressOptions.model_validate(given), opening)
        assert isinstance(source, Writable)
        try:
            return list(source.write("user_id", edits, same))
        finally:
            source.close()


@both
@every
def test_the_site_has_what_was_written(wordpress: Site, way: str) -> None:
    wordpress.must_use(SHOWN)
    wordpress.fill(*people(3))
    cells = {
        "user_email": ("user1001@example.org", "new@example.org"),
        "display_name": ("Björn D'Angelo", "Björn 'the bear' \\ D 🎈"),
        "first_name": ("Björn", "Bear"),
        "city": (None, "O'Ulu & sons 🎈"),
        "interests": ('a:1:{i:0;s:4:"yoga";}', 'a:2:{i:0;s:6:"musïk";i:1;s:4:"yoga";}'),
        "points": ("7", "8"),
        "newsletter": ("1", "2"),
    }
    taken = {"user_email": ("user1002@example.org", "user1003@example.org"), "city": (None, "x")}
    edits = [Edit("1001", cells), Edit("1002", taken), Edit("9", {"city": ("", "y")})]
    assert write(options(wordpress, way), *edits) == [DONE, REFUSED, GONE]
    person = json.loads(wordpress.php(PERSON))
    assert person[:2] == ["new@example.org", "Björn 'the bear' \\ D 🎈"]
    assert person[2:4] == ["Bear", ["customer"]]
    assert person[4:] == ["O'Ulu & sons 🎈", ["musïk", "yoga"], "8", ["2"]]
    assert wordpress.php("$u = get_userdata(1002); echo $u->user_email, '|', $u->city;") == "user1002@example.org|"


@both
@every
def test_the_administrators_address_stays(wordpress: Site, way: str) -> None:
    address = wordpress.php("echo get_userdata(1)->user_email;")
    assert write(options(wordpress, way), Edit("1", {"user_email": (address, "thief@example.org")})) == [REFUSED]
    assert wordpress.php("echo get_userdata(1)->user_email;") == address


@pytest.mark.parametrize("wordpress", ["network"], indirect=True)
def test_by_rest_no_address_is_written_in_a_network(wordpress: Site) -> None:
    wordpress.must_use(SHOWN)
    wordpress.fill(*people(2))
    edits = [
        Edit("1001", {"user_email": ("user1001@example.org", "n@example.org")}),
        Edit("1002", {"city": (None, "y")}),
    ]
    assert write(options(wordpress, "rest"), *edits) == [REFUSED, DONE]


@every
def test_what_wordpress_keeps_otherwise_is_put_back(wordpress: Site) -> None:
    """It takes tags out of first names."""
    wordpress.fill(*people(2))
    edits = [
        Edit("1001", {"first_name": ("Björn", "<b>Bear</b>"), "nickname": ("user1001", "bear")}),
        Edit("1002", {"first_name": ("O'Neil", "Neil")}),
    ]
    assert write(options(wordpress, "rest"), *edits) == [ALTERED, DONE]
    names = "foreach ([1001, 1002] as $id) { $u = get_userdata($id); echo $u->first_name, '|', $u->nickname, ' '; }"
    assert wordpress.php(names) == "Björn|user1001 Neil|user1002 "


@both
@every
def test_a_password_that_is_being_reset_is_not_any_more_where_the_address_changes(wordpress: Site, way: str) -> None:
    wordpress.fill(*people(1))
    wordpress.php("get_password_reset_key(get_userdata(1001));")
    asked = f"SELECT user_activation_key FROM {wordpress.prefix}users WHERE ID = 1001"
    assert wordpress.run(asked) != [("",)]
    assert write(options(wordpress, way), Edit("1001", {"user_email": ("user1001@example.org", "n@x.org")})) == [DONE]
    assert wordpress.run(asked) == [("",)]


FILE = """version: 1
crm: {{type: local, path: crm.db}}
source: {{type: wordpress, {source}}}
identity: {{person: user_id, match: email}}
contacts: {{create: true}}
limits: {{update_percent: 100, write_percent: 100, create: 99}}
defaults: {{pull: true}}
fields:
  email: user_email
  first: {{from: first_name, type: text}}
  city: {{from: city, type: text}}
  interests: {{from: interests, type: multiselect}}
"""
SOURCE = {
    "sql": "url: '${env:URL}'",
    "rest": "api: '${env:API}', user: admin, password: '${env:PASSWORD}'",
}
HOW = {"sql": "into wp_users and wp_usermeta by SQL", "rest": "by REST, person by person"}


@both
def test_what_the_crm_changed_is_pulled_once_and_the_plan_says_how(wordpress: Site, way: str, tmp_path: Path) -> None:
    wordpress.must_use(SHOWN)
    wordpress.fill(*people(3))
    wordpress.php("update_user_meta(1002, 'city', 'Oulu');")
    (tmp_path / "reconciler.yaml").write_text(FILE.format(source=SOURCE[way]), encoding="utf-8")
    count = itertools.count()
    request = pipeline.Request(
        tmp_path / "reconciler.yaml",
        {"URL": wordpress.url, "API": wordpress.api, "PASSWORD": wordpress.password},
        Clock.system(),
        lambda size: next(count).to_bytes(8, "big").rjust(size, b"k")[-size:],
    )
    pipeline.apply(request, lambda _plan: True, lambda: False)
    with closing(LocalCrm(tmp_path / "crm.db", Clock.system())) as crm:
        for number, values in ((1001, {"city": "Turku", "interests": ["golf"]}), (1002, {"first": "Neil"})):
            contact = crm.find(f"user{number}@example.org")
            assert contact is not None
            crm.update([(contact, values)])
    assert f"two-way, pulled {HOW[way]}" in plan_text(pipeline.plan(request))
    outcome = pipeline.apply(request, lambda _plan: True, lambda: False)
    assert (outcome.written.rows, outcome.problems) == (2, ())
    assert wordpress.php("$u = get_userdata(1001); echo $u->city, ' ', $u->interests[0];") == "Turku golf"
    assert wordpress.php("$u = get_userdata(1002); echo $u->city, ' ', $u->first_name;") == "Oulu Neil"
    assert not pipeline.plan(request).pending


def test_who_may_not_edit_users_is_told(wordpress: Site) -> None:
    wordpress.fill(*people(1))
    given = {**options(wordpress, "rest"), "user": "sam", "password": wordpress.php(SUBSCRIBER)}
    with pytest.raises(SourceFailed) as caught:
        write(given, Edit("1001", {"first_name": ("Björn", "Bear")}))
    assert caught.value.code in ("E434", "E460")
