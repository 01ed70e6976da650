"""Users of a WordPress site by SQL, the same out of MariaDB and SQLite."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from servers.databases import Database
from wordpress_tables import Site

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.source import HasMore

AUTHOR = 'a:1:{s:6:"author";b:1;}'


@pytest.fixture(params=["mysql", "sqlite"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    return Site(tmp_path, request.getfixturevalue("mysql") if request.param == "mysql" else None)


def test_each_user_is_a_row_with_the_meta_keys_that_are_asked_for(site: Site) -> None:
    site.user(1, "a@example.org", first_name="Ana", city="Köln").user(7, "b@example.org", city="").made()
    assert site.people("user_email", "city", "first_name", "user_id") == [
        ("a@example.org", "Köln", "Ana", "1"),
        ("b@example.org", "", None, "7"),
    ]


def test_columns_are_those_of_users_then_roles_then_every_meta_key(site: Site) -> None:
    site.user(1, "a@example.org", billing_phone="1", points="2").user(2, zebra="x").made()
    names = site.source().columns()
    assert names[:3] == ("user_id", "user_login", "user_email")
    assert set(names[8:]) == {"billing_phone", "points", "zebra"}
    assert names[7] == "roles"


def test_people_come_in_the_order_of_their_numbers_across_ranges(site: Site) -> None:
    for number in (9, 2, 40, 3, 1000, 5, 11):
        site.user(number, f"u{number}@example.org", points=str(number))
    site.made()
    numbers = [2, 3, 5, 9, 11, 40, 1000]
    assert site.people("user_id", "points", users=3) == [(str(n), str(n)) for n in numbers]


def test_passwords_and_sessions_are_no_columns(site: Site) -> None:
    site.user(1, session_tokens="x", _application_passwords="y", points="1").made()
    names = site.source().columns()
    assert not {"user_pass", "user_activation_key", "session_tokens", "_application_passwords"} & set(names)
    with pytest.raises(SourceFailed) as caught:
        site.people("session_tokens")
    assert caught.value.code == "E414"
    assert "opens an account" in site.source().why_missing("session_tokens")


def test_of_a_key_that_somebody_has_twice_the_first_row_counts(site: Site) -> None:
    site.user(1, tag=["second", "third"]).user(2, tag="only").made()
    site.run(f"UPDATE {site.prefix}usermeta SET umeta_id = 1000 WHERE meta_value = 'second'")
    assert site.people("tag") == [("third",), ("only",)]


def test_of_a_key_that_is_named_as_repeated_all_rows_count(site: Site) -> None:
    site.user(1, tag=["b", 'a "quoted"'], other="1").user(2).made()
    assert site.people("tag", "other", repeated=["tag"]) == [('["b","a \\"quoted\\""]', "1"), (None, None)]


def test_roles_are_a_list_in_the_order_of_wordpress(site: Site) -> None:
    two = 'a:2:{s:6:"editor";b:1;s:4:"shop";b:1;}'
    site.user(1, wp_capabilities=AUTHOR).user(2, wp_capabilities=two).user(3, wp_capabilities="a:0:{}").user(4).made()
    assert site.people("roles") == [('["author"]',), ('["editor","shop"]',), ("[]",), ("[]",)]


def test_who_has_an_empty_text_for_capabilities_has_no_role(site: Site) -> None:
    site.user(1, wp_capabilities="").made()
    assert site.people("roles") == [("[]",)]


def test_rights_that_are_no_list_are_no_roles(site: Site) -> None:
    site.user(1, wp_capabilities="author").user(2, wp_capabilities="b:1;").made()
    assert site.people("roles") == [("[]",), ("[]",)]


def test_roles_that_are_cut_off_stay_as_they_are_stored(site: Site) -> None:
    site.user(1, wp_capabilities=AUTHOR[:-6]).made()
    assert site.people("roles") == [(AUTHOR[:-6],)]


def test_times_are_utc_and_a_zero_is_none(site: Site) -> None:
    site.user(1, registered="2024-03-03 10:00:00").user(2, registered="0000-00-00 00:00:00").made()
    assert site.people("user_registered") == [("2024-03-03T10:00:00Z",), (None,)]


def test_of_a_network_only_members_of_the_site_are_people(site: Site) -> None:
    site.user(1, wp_capabilities=AUTHOR).user(2, wp_2_capabilities=AUTHOR).user(3, points="1").made()
    site.run("CREATE TABLE wp_blogs (blog_id int)")
    assert site.people("user_id", "roles", site=2) == [("2", '["author"]')]
    assert site.people("user_id") == [("1",)]


def test_every_character_comes_as_it_is(site: Site) -> None:
    odd = ['a"b', "a,b", "line\nbreak", "tab\t", "\x01", "back\\slash", "😀", " ", "'", "a\r\nb"]
    for number, text in enumerate(odd, 1):
        site.user(number, odd=text)
    site.made()
    assert site.people("odd", users=100) == [(text,) for text in odd]


def test_keys_that_a_collation_calls_equal_are_found_when_they_are_named_and_not_mixed_up(site: Site) -> None:
    site.user(1, Points="upper").user(2, points="lower", pöints="umlaut").made()
    names = ["Points", "points", "pöints"]
    with closing(site.source()) as source:
        assert isinstance(source, HasMore)
        listed = source.columns()
        more = source.also([name for name in [*names, "POINTS", "user_pass"] if name not in listed])
        assert {*listed, *more} >= set(names)
        assert not {"POINTS", "user_pass"} & {*listed, *more}
        source.close()
        rows = [tuple(row.values()) for batch in source.read(names) for row in batch.to_pylist()]
    assert rows == [("upper", None, None), (None, "lower", "umlaut")]


def test_keys_of_an_old_character_set_are_listed(mysql: Database, tmp_path: Path) -> None:
    site = Site(tmp_path, mysql, charset="latin1", collation="swedish_ci").user(1, abc="1", é="2", z="3").made()
    assert set(site.source().columns()[8:]) == {"abc", "é", "z"}
    assert site.people("é", "z") == [("2", "3")]


ODD_TABLES = {
    "no index of that name": ["ALTER TABLE wp_usermeta DROP KEY meta_key, ADD KEY other (meta_key(20))"],
    "a view": ["RENAME TABLE wp_usermeta TO kept", "CREATE VIEW wp_usermeta AS SELECT * FROM kept"],
    "an engine without transactions": ["ALTER TABLE wp_usermeta ENGINE = MyISAM"],
}


@pytest.mark.parametrize("statements", ODD_TABLES.values(), ids=ODD_TABLES.keys())
def test_meta_keys_are_listed_whatever_their_table_is(mysql: Database, tmp_path: Path, statements: list[str]) -> None:
    site = Site(tmp_path, mysql).user(1, city="x").user(2, phone="y").made()
    site.run(*statements)
    assert set(site.source().columns()[8:]) == {"city", "phone"}
    assert site.people("city", "phone") == [("x", None), (None, "y")]


def test_the_greatest_number_that_a_user_may_have_is_read(mysql: Database, tmp_path: Path) -> None:
    site = Site(tmp_path, mysql).user(2**63 + 5, city=["x", "later"]).user(3, city="y").made()
    assert site.people("user_id", "city", users=1) == [("3", "y"), (str(2**63 + 5), "x")]


def test_a_key_with_a_backslash_is_no_column_and_the_others_are(site: Site) -> None:
    site.user(1, city="x", **{"App\\Model": "y"}).made()
    names = site.source().columns()
    assert names[8:] == ("city",)
    assert site.people(*names)


def test_another_prefix_is_found_and_a_wrong_one_is_told(site: Site) -> None:
    site.prefix = "shop_"
    site.user(1, "a@example.org", shop_capabilities=AUTHOR).made()
    assert site.people("user_email", "roles") == [("a@example.org", '["author"]')]
    with pytest.raises(SourceFailed) as caught:
        site.people("user_email", table_prefix="wp_")
    assert caught.value.code == "E475"
    assert "`wp_users`" in caught.value.detail
    assert caught.value.fix == "write `table_prefix: shop_`"


def test_a_table_of_meta_data_that_may_not_be_read_is_told_by_its_name(mysql: Database, tmp_path: Path) -> None:
    site = Site(tmp_path, mysql).user(1, "a@example.org").made()
    with pytest.raises(SourceFailed) as caught:
        site.people("user_email", url=mysql.user("half", f"SELECT ON {mysql.name}.wp_users"))
    assert (caught.value.code, "no `wp_usermeta` that may be read" in caught.value.detail) == ("E475", True)
    assert "SELECT" in caught.value.fix


def test_a_site_without_users_is_an_error(site: Site) -> None:
    site.made()
    with pytest.raises(SourceFailed) as caught:
        site.people("user_email")
    assert caught.value.code == "E410"


def test_a_site_of_which_nobody_is_a_member_is_told_by_its_number(site: Site) -> None:
    site.user(1, "a@example.org", wp_capabilities=AUTHOR).made()
    with pytest.raises(SourceFailed) as caught:
        site.people("user_email", site=7)
    assert (caught.value.code, caught.value.detail) == ("E410", "nobody is a member of site 7 of the network")
    assert caught.value.fix == "correct `source.site`: the tables of that site begin with `wp_7_`"


@pytest.mark.parametrize("key", ["interest", "user_email", "session_tokens"])
def test_a_repeated_key_that_nobody_has_is_an_error(site: Site, key: str) -> None:
    site.user(1, interests="a", session_tokens="x").made()
    with pytest.raises(SourceFailed) as caught:
        site.people("interests", repeated=["interests", key])
    assert (caught.value.code, caught.value.detail) == ("E414", f"no user has a meta key `{key}`")


def test_a_row_that_the_server_cannot_write_is_told(mysql: Database, tmp_path: Path) -> None:
    site = Site(tmp_path, mysql).user(1, note="\x01" * 10_000).user(2, note="x").made()
    [(before,)] = site.run("SELECT @@GLOBAL.max_allowed_packet")
    site.run("SET GLOBAL max_allowed_packet = 16384")
    try:
        with pytest.raises(SourceFailed) as caught:
            site.people("note")
    finally:
        site.run(f"SET GLOBAL max_allowed_packet = {before}")
    assert caught.value.code == "E441"


def test_what_is_longer_than_a_packet_together_is_read_one_by_one(mysql: object, tmp_path: Path) -> None:
    site = Site(tmp_path, mysql)  # type: ignore[arg-type] # the fixture's
    long = "x" * 3_000_000
    for number in range(1, 9):
        site.user(number, long=f"{number}{long}")
    site.made()
    assert [text for (text,) in site.people("long", users=100)] == [f"{n}{long}" for n in range(1, 9)]


@pytest.mark.parametrize(
    ("defined", "roles"),
    [
        ('a:1:{s:6:"author";a:2:{s:4:"name";s:6:"Author";s:12:"capabilities";a:1:{s:4:"read";b:1;}}}', '["author"]'),
        ('a:1:{s:6:"author";a:2:{s:4:"name";s:6:"Aut', '["edit_posts"]'),
        ("", '["edit_posts"]'),
    ],
    ids=["the site says what a role is", "it cannot be read", "it is blank"],
)
def test_what_is_a_role_is_what_the_site_says_and_else_what_is_switched_on(
    site: Site, defined: str, roles: str
) -> None:
    site.user(1, wp_capabilities='a:2:{s:6:"author";b:0;s:10:"edit_posts";b:1;}').made()
    site.run("CREATE TABLE wp_options (option_name varchar(191), option_value text)")
    site.insert("wp_options", "option_name, option_value", [("wp_user_roles", defined)])
    assert site.people("roles") == [(roles,)]
