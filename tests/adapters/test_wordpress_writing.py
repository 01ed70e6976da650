"""Values go back into a WordPress site by SQL: into the first row of a meta key, or a few columns of users; no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from filled import CANARY
from servers.databases import Database
from wordpress_tables import Site
from writable import alike, edit, once, quoting_nobody

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.source import ChoosesColumns, Edit, NamesItsWay, Same, Writable, Wrote

DONE, MOVED, GONE, SEVERAL, ALTERED, REFUSED = Wrote
AUTHOR = 'a:1:{s:6:"author";b:1;}'
ADMINISTRATOR = 'a:1:{s:13:"administrator";b:1;}'


@pytest.fixture(params=["mysql", "sqlite"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    return Site(tmp_path, request.getfixturevalue("mysql") if request.param == "mysql" else None)


@pytest.fixture
def on_mysql(mysql: Database, tmp_path: Path) -> Site:
    return Site(tmp_path, mysql)


@contextmanager
def modes(site: Site, mode: str) -> Iterator[None]:
    """The server's, for sessions that begin from now on."""
    [(before,)] = site.run("SELECT @@GLOBAL.sql_mode")
    site.run(f"SET GLOBAL sql_mode = '{mode}'")
    try:
        yield
    finally:
        site.run(f"SET GLOBAL sql_mode = '{before}'")


def write(of: Site, /, *edits: Edit, person: str = "user_id", same: Same = alike, **options: Any) -> list[Wrote]:
    with closing(of.source(**options)) as source:
        assert isinstance(source, Writable)
        return list(source.write(person, edits, same))


def failure(of: Site, /, *edits: Edit, **options: Any) -> SourceFailed:
    with pytest.raises(SourceFailed) as caught:
        write(of, *edits, **options)
    return quoting_nobody(caught.value)


def meta(site: Site, user: int = 1) -> list[tuple[str, str | None]]:
    """As it lies there, in the order of the rows."""
    found = site.run(f"SELECT meta_key, meta_value FROM wp_usermeta WHERE user_id = {user} ORDER BY umeta_id")
    return [(key, value) for key, value in found]


def users(site: Site, *columns: str) -> Sequence[tuple[Any, ...]]:
    return site.run(f"SELECT {', '.join(columns)} FROM wp_users ORDER BY ID")


def test_what_is_written_is_read_again_and_nothing_else_changed(site: Site) -> None:
    site.user(1, "a@example.org", city="x", phone="1").user(2, "b@example.org", city="x").made()
    before = users(site, "*")[0]
    assert write(site, edit("2", city=("x", "Köln 😀")), edit("1", phone=("1", "2"), city=("x", "y"))) == [DONE, DONE]
    assert (meta(site, 1), meta(site, 2)) == ([("city", "y"), ("phone", "2")], [("city", "Köln 😀")])
    assert users(site, "*")[0] == before


def test_the_first_row_of_a_key_is_written_and_the_others_stay(site: Site) -> None:
    site.user(1, tag=["last", "first", "middle"]).made()
    site.run("UPDATE wp_usermeta SET umeta_id = 1000 WHERE meta_value = 'last'")
    assert write(site, edit("1", tag=("first", "new"))) == [DONE]
    assert meta(site) == [("tag", "new"), ("tag", "middle"), ("tag", "last")]


def test_a_row_of_null_is_passed_over_as_in_reading(site: Site) -> None:
    site.user(1, tag=["empty", "read"], note="empty").made()
    site.run("UPDATE wp_usermeta SET meta_value = NULL WHERE meta_value = 'empty'")
    assert site.people("tag", "note") == [("read", None)]
    assert write(site, edit("1", tag=("read", "new"), note=(None, "new"))) == [DONE]
    assert meta(site) == [("tag", None), ("tag", "new"), ("note", "new")]


def test_a_key_that_the_user_does_not_have_gets_a_row(site: Site) -> None:
    site.user(1, city="x").user(2, phone="7").made()
    assert write(site, edit("1", phone=(None, "1"))) == [DONE]
    assert meta(site) == [("city", "x"), ("phone", "1")]
    assert site.people("phone") == [("1",), ("7",)]


def test_what_is_emptied_is_an_empty_text_and_what_is_not_there_stays_so(site: Site) -> None:
    site.user(1, city="x", phone="1").user(2, phone="7").made()
    assert write(site, edit("1", city=("x", None)), edit("2", city=(None, None), phone=("7", ""))) == [DONE, DONE]
    assert (meta(site, 1), meta(site, 2)) == ([("city", ""), ("phone", "1")], [("phone", "")])


def test_columns_of_users_are_written(site: Site) -> None:
    site.user(1, "a@example.org", wp_capabilities=AUTHOR).made()
    cells = {
        "user_email": ("a@example.org", "new@example.org"),
        "display_name": ("User 1", "Ana"),
        "user_url": ("", "https://example.org"),
    }
    assert write(site, Edit("1", cells)) == [DONE]
    found = users(site, "user_email", "display_name", "user_url", "user_login", "user_nicename", "user_pass")
    assert found == [("new@example.org", "Ana", "https://example.org", "user1", "user1", "$P$secret")]


@pytest.mark.parametrize("column", ["user_email", "display_name"])
def test_a_new_address_ends_a_reset_of_the_password_and_nothing_else_does(site: Site, column: str) -> None:
    site.user(1, "a@example.org").made()
    [(was,)] = users(site, column)
    assert write(site, Edit("1", {column: (was, "new@example.org")})) == [DONE]
    assert users(site, "user_activation_key") == [("" if column == "user_email" else "k",)]


GUARDED = {
    "of this site": {"wp_capabilities": ADMINISTRATOR},
    "of another site": {"wp_capabilities": AUTHOR, "wp_7_capabilities": ADMINISTRATOR},
    "of a site with another prefix": {"shop_capabilities": ADMINISTRATOR},
    "with a broken list": {"wp_capabilities": ADMINISTRATOR[:-6]},
    "without the right": {"wp_capabilities": ADMINISTRATOR.replace("b:1", "b:0")},
}


@pytest.mark.parametrize("roles", GUARDED.values(), ids=GUARDED.keys())
def test_an_administrators_address_is_left_and_with_it_the_whole_row(site: Site, roles: dict[str, str]) -> None:
    site.user(1, "a@example.org", city="x", **roles).user(2, "b@example.org", wp_capabilities=AUTHOR).made()
    edits = [
        edit("1", user_email=("a@example.org", "mine@example.org"), city=("x", "y")),
        edit("2", user_email=("b@example.org", "new@example.org")),
    ]
    assert write(site, *edits) == [REFUSED, DONE]
    assert users(site, "user_email", "user_activation_key") == [("a@example.org", "k"), ("new@example.org", "")]
    assert ("city", "x") in meta(site)


def test_an_administrator_of_the_network_is_one(site: Site) -> None:
    site.user(1, "a@example.org", wp_capabilities=AUTHOR).user(2, "b@example.org", wp_capabilities=AUTHOR).made()
    site.run("CREATE TABLE wp_blogs (blog_id int)", "CREATE TABLE wp_sitemeta (meta_key varchar(99), meta_value text)")
    site.insert("wp_sitemeta", "meta_key, meta_value", [("site_admins", 'a:1:{i:0;s:5:"User1";}')])
    edits = [edit(n, user_email=(f"{was}@example.org", f"{n}@example.org")) for n, was in (("1", "a"), ("2", "b"))]
    assert write(site, *edits) == [REFUSED, DONE]


def test_other_values_of_an_administrator_are_written(site: Site) -> None:
    site.user(1, "a@example.org", city="x", wp_capabilities=ADMINISTRATOR).made()
    cells = {"city": ("x", "y"), "display_name": ("User 1", "Ana"), "user_email": ("a@example.org", "a@example.org")}
    assert write(site, Edit("1", cells)) == [DONE]
    assert users(site, "display_name", "user_email") == [("Ana", "a@example.org")]


def test_an_address_that_another_user_has_is_refused(site: Site) -> None:
    site.user(1, "a@example.org").user(2, "B@example.org").user(3, "c@example.org").user(4, "d@example.org").made()
    edits = [
        edit("1", user_email=("a@example.org", "b@example.org" if site.database else "B@example.org")),
        edit("3", user_email=("c@example.org", "new@example.org")),
        edit("4", user_email=("d@example.org", "new@example.org")),
    ]
    assert write(site, *edits) == [REFUSED, DONE, REFUSED]


def test_an_address_is_not_emptied(site: Site) -> None:
    site.user(1, "a@example.org").made()
    assert write(site, edit("1", user_email=("a@example.org", None))) == [REFUSED]


NEVER = (
    "user_id", "user_login", "user_nicename", "user_registered", "roles", "user_pass", "user_activation_key",
    "wp_capabilities", "WP_Capabilities", "wp_capabilities ", "wp_2_capabilities", "other_capabilities",
    "wp_user_level", "session_tokens", "_application_passwords", "_new_email", "_two_factor_totp_key", "twice",
)  # fmt: skip


@pytest.mark.parametrize("column", NEVER)
def test_what_gives_rights_or_opens_accounts_is_never_written(tmp_path: Path, column: str) -> None:
    site = Site(tmp_path).user(1, "a@example.org", wp_capabilities=AUTHOR).made()
    source = site.source(repeated=["twice"])
    assert isinstance(source, ChoosesColumns)
    assert source.cannot_write_column(column)
    assert failure(site, Edit("1", {column: ("x", "y")}), repeated=["twice"]).code == "E461"
    assert meta(site) == [("wp_capabilities", AUTHOR)]


def test_what_users_know_of_themselves_may_be_written(tmp_path: Path) -> None:
    source = Site(tmp_path).made().source()
    names = ("first_name", "billing_phone", "user_email", "user_url", "display_name", "description", "points")
    assert [source.cannot_write_column(name) for name in names] == [""] * len(names)


def test_a_cell_that_moved_keeps_the_whole_person_from_being_written(site: Site) -> None:
    site.user(1, city="moved", phone="1").user(2, city="x").made()
    assert write(site, edit("1", city=("x", "y"), phone=("1", "2")), edit("2", city=("x", "y"))) == [MOVED, DONE]
    assert meta(site) == [("city", "moved"), ("phone", "1")]


def test_who_is_gone_is_left(site: Site) -> None:
    site.user(1, city="x").made()
    edits = [edit(person, city=("x", "y")) for person in ("2", "01", " 1", "x", "", "\ud800", "9" * 30, "1")]
    assert write(site, *edits) == [GONE] * 7 + [DONE]


def test_who_is_no_member_of_the_site_any_more_is_gone(site: Site) -> None:
    site.user(1, city="x", wp_2_capabilities=AUTHOR).user(2, city="x", wp_capabilities=AUTHOR).made()
    assert write(site, edit("1", city=("x", "y")), edit("2", city=("x", "y")), site=2) == [DONE, GONE]


@pytest.mark.parametrize("person", ["user_login", "user_email", "member"])
def test_people_are_found_by_other_columns_than_their_number(site: Site, person: str) -> None:
    for number, name in enumerate(("Ana", "ana", "bo", "bo"), 1):
        site.user(number, f"{name}{number}@example.org", member=[name, "bo"], city="x")
    site.made()
    named = {"user_login": "user2", "user_email": "ana2@example.org", "member": "ana"}[person]
    edits = [Edit(named, {"city": ("x", "y")}), Edit("bo", {"city": ("x", "y")})]
    assert write(site, *edits, person=person) == [DONE, SEVERAL if person == "member" else GONE]
    assert site.people("city") == [("x",), ("y",), ("x",), ("x",)]


def test_people_are_not_found_by_their_roles(site: Site) -> None:
    site.user(1, city="x").made()
    assert failure(site, edit("[]", city=("x", "y")), person="roles").code == "E461"


def test_a_key_that_differs_in_capitals_is_another_one(site: Site) -> None:
    site.user(1, City="x").made()
    assert write(site, edit("1", city=(None, "y"))) == [DONE]
    assert meta(site) == [("City", "x"), ("city", "y")]


def test_any_text_goes_in(site: Site) -> None:
    odd = ["100%", "?", "%s {0}", "it's", 'a"b', "back\\slash", "line\r\nbreak", "a:b", "i:1", "O: x", "😀", " x "]
    for number, _ in enumerate(odd, 1):
        site.user(number, odd="was")
    site.made()
    assert write(site, *(edit(str(n), odd=("was", text)) for n, text in enumerate(odd, 1))) == [DONE] * len(odd)
    assert site.people("odd", users=100) == [(text,) for text in odd]


OBJECTS = (
    'O:8:"stdClass":1:{s:1:"a";i:1;}',
    ' O:8:"stdClass":0:{}',
    'O:+8:"stdClass":0:{}',
    '\t\nO:8:"stdClass":0:{}',
    'C:3:"Any":0:{}',
    'E:3:"A:B";',
    'a:1:{i:0;O:8:"stdClass":0:{}}',
    'a:1:{i:0;a:1:{i:0;s:1:"x";}}',
    'a:2:{i:0;s:1:"x";}',
    's:3:"ab";',
)


@pytest.mark.parametrize("text", OBJECTS)
def test_what_php_would_make_an_object_of_is_refused(site: Site, text: str) -> None:
    site.user(1, city="x", phone="1").user(2, city="x").made()
    edits = [edit("1", phone=("1", "2"), city=("x", text)), edit("2", city=("x", "y"))]
    assert write(site, *edits) == [REFUSED, DONE]
    assert meta(site) == [("city", "x"), ("phone", "1")]


UNCLEAN = {
    "a tag in a name": {"display_name": ("User 1", "<b>Ana")},
    "a tag in a meta key that pages show": {"description": ("", "x</p><script>")},
    "a link that is a script": {"user_url": ("", "javascript:alert(1)")},
    "a link without a scheme": {"user_url": ("", "example.org")},
}


@pytest.mark.parametrize("cells", UNCLEAN.values(), ids=UNCLEAN.keys())
def test_what_wordpress_would_clean_is_refused(site: Site, cells: dict[str, tuple[str, str]]) -> None:
    site.user(1, city="x").user(2, city="x").made()
    edits = [Edit("1", {"city": ("x", "y"), **cells}), edit("2", city=("x", "a < b <3 <b>"))]
    assert write(site, *edits) == [REFUSED, DONE]
    assert meta(site) == [("city", "x")]


def test_a_flat_list_of_php_is_written(site: Site) -> None:
    was, now = 'a:1:{i:0;s:4:"golf";}', 'a:2:{i:0;s:5:"chess";i:1;s:4:"golf";}'
    site.user(1, hobbies=was).made()
    assert write(site, edit("1", hobbies=(was, now))) == [DONE]
    assert meta(site) == [("hobbies", now)]


def test_a_value_that_the_site_would_keep_otherwise_is_taken_back(site: Site) -> None:
    site.user(1, "a@example.org", city="x").user(2, "b@example.org", city="x").made()
    before = "BEFORE UPDATE ON wp_users FOR EACH ROW"
    if site.database:
        site.run(f"CREATE TRIGGER shout {before} SET NEW.display_name = REPLACE(NEW.display_name, 'loud', 'LOUD')")
    else:
        shout = "UPDATE wp_users SET display_name = replace(display_name, 'loud', 'LOUD') WHERE ID = NEW.ID"
        site.run(f"CREATE TRIGGER shout AFTER UPDATE ON wp_users BEGIN {shout}; END")
    edits = [
        edit("1", display_name=("User 1", "loud"), city=("x", "y"), phone=(None, "1")),
        edit("2", display_name=("User 2", "quiet"), city=("x", "y"), phone=(None, "2")),
    ]
    assert write(site, *edits) == [ALTERED, DONE]
    assert (meta(site, 1), meta(site, 2)) == ([("city", "x")], [("city", "y"), ("phone", "2")])
    assert users(site, "display_name") == [("User 1",), ("quiet",)]


@pytest.mark.parametrize("mode", ["", "STRICT_TRANS_TABLES"])
def test_an_emoji_that_does_not_fit_into_utf8mb3_concerns_that_person_alone(on_mysql: Site, mode: str) -> None:
    site = on_mysql
    site.charset = "utf8mb3"
    site.user(1, city="x", phone="1").user(2, city="x").made()
    with modes(site, mode):
        edits = [edit("1", phone=("1", "2"), city=("x", "Oulu 😀")), edit("2", city=("x", "Jyväskylä"))]
        assert write(site, *edits) == [REFUSED if mode else ALTERED, DONE]
    assert (meta(site, 1), meta(site, 2)) == ([("city", "x"), ("phone", "1")], [("city", "Jyväskylä")])


@pytest.mark.parametrize("mode", ["", "STRICT_TRANS_TABLES"])
def test_a_name_that_is_too_long_concerns_that_person_alone(on_mysql: Site, mode: str) -> None:
    site = on_mysql.user(1, phone="1").user(2).made()
    with modes(site, mode):
        edits = [edit("1", display_name=("User 1", "x" * 300)), edit("2", display_name=("User 2", "Bo"))]
        assert write(site, *edits) == [REFUSED if mode else ALTERED, DONE]
    assert users(site, "display_name") == [("User 1",), ("Bo",)]


def test_a_user_with_a_zero_for_a_time_is_written(on_mysql: Site) -> None:
    site = on_mysql.user(1, registered="0000-00-00 00:00:00").made()
    assert write(site, edit("1", display_name=("User 1", "Ana"))) == [DONE]


def test_nobody_changes_what_is_being_judged(on_mysql: Site) -> None:
    """Not even a row that is not there yet can come between."""
    site = on_mysql.user(1, city="x").made()
    waits = "SET SESSION innodb_lock_wait_timeout = 1"

    def elsewhere() -> None:
        with pytest.raises(Exception, match="1205"):
            site.run(waits, "INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (1, 'city', 'z')")

    assert write(site, edit("1", city=("x", "y")), same=once(elsewhere)) == [DONE]
    assert meta(site) == [("city", "y")]


def test_what_is_lost_on_the_way_is_not_there(on_mysql: Site) -> None:
    site = on_mysql.user(1, city="x").user(2, city="x").made()

    def killed() -> None:
        mine = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        for (number,) in site.run(mine):
            site.run(f"KILL {number}")

    edits = [edit("1", city=("x", CANARY)), edit("2", city=("x", CANARY))]
    assert failure(site, *edits, same=once(killed)).code == "E465"
    assert meta(site) == [("city", "x")]


def test_into_a_view_nothing_is_written_and_the_other_way_is_named(site: Site) -> None:
    site.user(1, city="x").made()
    site.run("ALTER TABLE wp_users RENAME TO kept", "CREATE VIEW wp_users AS SELECT * FROM kept")
    assert site.people("city") == [("x",)]
    error = failure(site, edit("1", city=("x", "y")))
    assert (error.code, error.fix) == ("E461", "write by REST, `source.api`; or let the file pull nothing")


def test_an_engine_that_cannot_undo_is_not_written(on_mysql: Site) -> None:
    site = on_mysql.user(1, city="x").made()
    site.run("ALTER TABLE wp_usermeta ENGINE = MyISAM")
    error = failure(site, edit("1", city=("x", "y")))
    assert (error.code, error.fix) == ("E461", "give the table the engine InnoDB")
    assert meta(site) == [("city", "x")]


def test_a_user_who_may_only_read_is_told_what_is_missing(on_mysql: Site) -> None:
    site = on_mysql.user(1, city="x").made()
    assert site.database is not None
    url = site.database.user("reader", "SELECT ON " + f"{site.database.name}.*")
    error = failure(site, edit("1", city=("x", CANARY)), url=url)
    assert error.code == "E460"
    assert "INSERT and UPDATE" in error.fix


def test_a_prefix_without_a_site_is_an_error(site: Site) -> None:
    site.user(1, city="x").made()
    assert failure(site, edit("1", city=("x", "y")), table_prefix="no_").code == "E475"


def test_the_plan_can_say_where_values_go(tmp_path: Path) -> None:
    source = Site(tmp_path, prefix="shop_").made().source()
    assert isinstance(source, NamesItsWay)
    assert source.written_how(["city"]) == "into shop_usermeta by SQL"
    assert source.written_how(["city", "user_url"]) == "into shop_users and shop_usermeta by SQL"
    assert source.written_how(["user_url"]) == "into shop_users by SQL"


def test_a_batch_is_one_transaction(on_mysql: Site) -> None:
    """What is written is seen by others when all of it is."""
    site = on_mysql.user(1, city="x").user(2, city="x").made()
    seen: list[object] = []
    edits = [edit("1", city=("x", "y")), edit("2", city=("x", "y"))]
    look = once(lambda: seen.append(site.run("SELECT meta_value FROM wp_usermeta")))
    assert write(site, *edits, same=look) == [DONE, DONE]
    assert seen == [[("x",), ("x",)]]
