"""What is wrong with a running WordPress, or with what somebody has stored in it: an error with its way out, or a
finding on that value while everybody else is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from servers import PASSWORD
from servers.wordpress import Site, people
from wordpress_people import LISTS, TEXTS, by_rest, by_sql
from wordpress_world import World
from wordpress_world import people as changed

from reconciler.model.problems import Exit

CANARY = "qzxkanari"
every = pytest.mark.parametrize("wordpress", ["mysql", "sqlite"], indirect=True)
both_ways = pytest.mark.parametrize("way", [by_sql, by_rest], ids=["sql", "rest"])
Way = Callable[[Site], dict[str, Any]]


def filled(site: Site, count: int = 20) -> Site:
    site.fill(*people(count))
    site.fill([], [(1001, "odd", "")])  # a key that nobody has is no column
    site.expose(TEXTS, LISTS)
    return site


def refused(folder: Path, options: Mapping[str, Any]) -> tuple[str, Exit, str]:
    """The code, the exit, and all that is said; nothing of it is a secret."""
    world = World(folder, options)
    failure = world.refused()
    said = " ".join(f"{problem.detail} {problem.fix} {problem.where}" for problem in failure.problems)
    for secret in (CANARY, *world.env.values()):
        assert secret not in said
    assert "reconciler.yaml:" in said
    return failure.problems[0].code, failure.exit, said


def test_a_wrong_password_of_the_database_is_told(wordpress: Site, tmp_path: Path) -> None:
    options = by_sql(filled(wordpress), url=wordpress.url.replace(PASSWORD, f"{CANARY}-wrong"))
    assert refused(tmp_path, options)[:2] == ("E430", Exit.AUTHENTICATION)


def test_a_wrong_application_password_is_told(wordpress: Site, tmp_path: Path) -> None:
    code, exit, said = refused(tmp_path, by_rest(filled(wordpress)) | {"password": f"{CANARY} wrong"})
    assert (code, exit, "application password" in said) == ("E430", Exit.AUTHENTICATION, True)


def test_who_may_not_list_users_is_told(wordpress: Site, tmp_path: Path) -> None:
    made = "echo WP_Application_Passwords::create_new_application_password(1002, ['name' => 'tests'])[0];"
    password = filled(wordpress).php(made)
    code, exit, said = refused(tmp_path, by_rest(wordpress) | {"user": "user1002", "password": password})
    assert (code, exit, "administrator" in said) == ("E434", Exit.AUTHENTICATION, True)


@every
def test_a_wrong_prefix_is_told_with_the_right_one(wordpress: Site, tmp_path: Path) -> None:
    code, exit, said = refused(tmp_path, by_sql(filled(wordpress)) | {"table_prefix": "shop_"})
    assert (code, exit) == ("E475", Exit.ERROR)
    assert "table_prefix: wp_" in said


@pytest.mark.parametrize(
    "code",
    [
        f"add_action('rest_api_init', function () {{ echo '<html>{CANARY}</html>'; exit; }});",
        f"add_action('rest_api_init', function () {{ http_response_code(503); echo '<html>{CANARY}</html>'; exit; }});",
        f"add_action('rest_api_init', function () {{ header('Location: /wp-login.php?{CANARY}', true, 302); exit; }});",
        "add_filter('rest_pre_serve_request', function () { echo '<b>Notice</b>: x'; return false; });",
    ],
    ids=["a page", "a page of maintenance", "the sign-in page", "a notice of PHP before its answer"],
)
def test_a_site_that_answers_with_a_page_is_told(wordpress: Site, tmp_path: Path, code: str) -> None:
    filled(wordpress).must_use(code)
    assert refused(tmp_path, by_rest(wordpress))[0] in {"E431", "E470", "E472"}


def test_an_address_without_the_api_is_told(wordpress: Site, tmp_path: Path) -> None:
    code, _, said = refused(tmp_path, by_rest(filled(wordpress)) | {"api": wordpress.home})
    assert (code, "wp-json" in said) == ("E470", True)


def test_a_key_that_rest_does_not_show_is_told_with_the_way_to_show_it(wordpress: Site, tmp_path: Path) -> None:
    filled(wordpress).expose(TEXTS)
    code, _, said = refused(tmp_path, by_rest(wordpress))
    call = said[said.index("register_meta(") :].partition(");")[0] + ");"
    assert (code, "`interests`" in said, "'interests'" in call) == ("R108", True, True)
    wordpress.expose(TEXTS, LISTS)
    assert len(changed(World(tmp_path, by_rest(wordpress)).plan())) == 21


def test_a_stored_null_cannot_be_told_from_a_hidden_value_by_rest(wordpress: Site, tmp_path: Path) -> None:
    filled(wordpress).fill([], [(1003, "points", None)])
    wordpress.run(f"DELETE FROM {wordpress.prefix}usermeta WHERE meta_key = 'points' AND meta_value IS NOT NULL")
    code, _, said = refused(tmp_path, by_rest(wordpress))
    assert (code, "`points`" in said) == ("E473", True)


BAD = {
    "cut off": 'a:2:{i:0;s:4:"golf";i:1;s:5:"qzxka',
    "cut off in a letter of two bytes": 'a:1:{i:0;s:1:"é";}',
    "an object": 'O:8:"stdClass":1:{s:1:"a";s:9:"qzxkanari";}',
    "an object in a list": 'a:1:{i:0;O:8:"stdClass":1:{s:1:"a";s:9:"qzxkanari";}}',
    "a list in a list": 'a:1:{i:0;a:1:{i:0;s:9:"qzxkanari";}}',
    "a count that is not true": 'a:9999999:{i:0;s:9:"qzxkanari";}',
}


@every
@pytest.mark.parametrize("stored", BAD.values(), ids=BAD.keys())
def test_a_stored_value_that_cannot_be_read_is_a_finding_and_everything_else_is_planned(
    wordpress: Site, tmp_path: Path, stored: str
) -> None:
    filled(wordpress).run(f"DELETE FROM {wordpress.prefix}usermeta WHERE user_id = 1007 AND meta_key = 'interests'")
    whole = changed(World(tmp_path / "before", by_sql(wordpress)).plan())
    wordpress.fill([], [(1007, "interests", stored)])
    plan = World(tmp_path / "after", by_sql(wordpress)).plan()
    assert changed(plan) == whole
    found = [finding for finding in plan.findings if finding.code == "R204"]
    assert [(finding.count, finding.rows) for finding in found] == [(1, (8,)), (1, (8,))]
    assert len({finding.where for finding in found}) == 2  # the two fields
    assert not any(CANARY in f"{finding.summary} {finding.detail} {finding.fix}" for finding in plan.findings)


@both_ways
@every
def test_a_user_without_an_e_mail_is_a_finding_and_everybody_else_is_planned(
    wordpress: Site, tmp_path: Path, way: Way
) -> None:
    filled(wordpress).fill([{"ID": 2000, "user_email": ""}], [(2000, "wp_capabilities", "a:0:{}")])
    plan = World(tmp_path, way(wordpress)).plan()
    assert len(changed(plan)) == 21
    assert [finding.count for finding in plan.findings if finding.code == "R210"] == [1]


@both_ways
@every
def test_fifty_thousand_roles_of_one_user_are_read(wordpress: Site, tmp_path: Path, way: Way) -> None:
    """Only those that the site has are roles; the rest are capabilities."""
    entries = "".join(f's:10:"role_{n:05}";b:1;' for n in range(49_999))
    stored = f'a:50000:{{{entries}s:6:"author";b:1;}}'
    filled(wordpress).fill([{"ID": 2000}], [(2000, "wp_capabilities", stored)])
    plan = changed(World(tmp_path, way(wordpress)).plan())
    assert (len(plan), plan["2000"]["roles"]) == (22, '["author"]')


@every
def test_capabilities_that_are_cut_off_are_a_finding_and_everybody_else_is_planned(
    wordpress: Site, tmp_path: Path
) -> None:
    filled(wordpress).fill([{"ID": 2000}], [(2000, "wp_capabilities", 'a:1:{s:6:"author";b')])
    plan = World(tmp_path, by_sql(wordpress)).plan()
    assert len(changed(plan)) == 22
    assert "roles" not in changed(plan)["2000"]
    assert {finding.code for finding in plan.findings} >= {"R204"}


def test_tables_of_three_byte_letters_are_read_as_they_are(wordpress: Site, tmp_path: Path) -> None:
    filled(wordpress)
    table = f"{wordpress.prefix}usermeta"
    wordpress.run(f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb3")
    try:
        wordpress.fill([{"ID": 2000}], [(2000, "first_name", "Zoë €"), (2000, "odd", "a 😀")])
        planned = changed(World(tmp_path, by_sql(wordpress)).plan())["2000"]
        assert (planned["first_name"], planned["odd"]) == ("Zoë €", "a ?")  # the server has kept no more of it
    finally:
        wordpress.run(f"ALTER TABLE {table} CONVERT TO CHARACTER SET utf8mb4")


@pytest.mark.parametrize("wordpress", ["network"], indirect=True)
def test_of_a_network_the_members_of_one_site_are_people(wordpress: Site, tmp_path: Path) -> None:
    filled(wordpress).fill([], [(1002, "wp_2_capabilities", 'a:1:{s:6:"author";b:1;}')])
    plan = changed(World(tmp_path, by_sql(wordpress) | {"site": 2}).plan())
    assert {number: person["roles"] for number, person in plan.items()} == {
        "1": '["administrator"]',
        "1002": '["author"]',
    }
    api = {"api": f"{wordpress.home}/two/wp-json"}
    assert changed(World(tmp_path / "rest", by_rest(wordpress) | api).plan()) == plan


@every
def test_the_second_plan_is_empty_and_a_change_on_the_site_is_the_whole_of_the_third(
    wordpress: Site, tmp_path: Path
) -> None:
    world = World(tmp_path, by_sql(filled(wordpress, 1_000)))
    world.apply()
    assert not world.plan().pending
    wordpress.php("update_user_meta(1500, 'interests', ['golf', 'chess']); wp_set_password('new', 1501);")
    assert changed(world.plan()) == {"1500": {"interests": '["chess","golf"]', "hobbies": "golf, chess", "+": []}}
