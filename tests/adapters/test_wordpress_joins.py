"""Columns that other tables of a WordPress site bring in, the same out of MariaDB and SQLite."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from wordpress_tables import Site

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.opening import Opening
from reconciler.adapters.wordpress.options import WordPressOptions
from reconciler.adapters.wordpress.ready_joins import READY, Kind
from reconciler.adapters.wordpress.sql import SqlSource
from reconciler.model.clock import Clock

CLOCK = Clock.fixed(datetime(2026, 11, 27, 9, 30, tzinfo=UTC))
ORDERS = ("orders_count", "orders_total", "first_order_date", "last_order_date")
COURSES = ("courses_started", "courses_completed", "last_course_completed")
MEMBERSHIPS = ("memberships", "memberships_count", "membership_expires")


@pytest.fixture(params=["mysql", "sqlite"])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    made = Site(tmp_path, request.getfixturevalue("mysql") if request.param == "mysql" else None)
    for number in (1, 2, 5, 7, 30):
        made.user(number, f"u{number}@example.org")
    return made


def table(site: Site, name: str, columns: str, *rows: tuple[Any, ...]) -> None:
    """A table of the site and its rows; a column is written as its name and type."""
    site.run(f"CREATE TABLE {name} ({columns})")
    site.insert(name, ", ".join(column.split()[0] for column in columns.split(", ")), rows)


def source(made: Site, joins: dict[str, Any], **options: Any) -> SqlSource:
    given = {"url": made.url, "table_prefix": made.prefix, "joins": joins, **options}
    return SqlSource(WordPressOptions.model_validate(given), Opening(made.folder, CLOCK), 2)


def people(made: Site, joins: dict[str, Any], *columns: str, **options: Any) -> dict[str, tuple[Any, ...]]:
    """By user: what stands in the columns."""
    opened = source(made, joins, **options)
    try:
        rows = [row for batch in opened.read(["user_id", *columns]) for row in batch.to_pylist()]
    finally:
        opened.close()
    assert len({row["user_id"] for row in rows}) == len(rows)
    return {row["user_id"]: tuple(row[name] for name in columns) for row in rows}


def failed(site: Site, joins: dict[str, Any]) -> SourceFailed:
    with pytest.raises(SourceFailed) as caught:
        people(site, joins)
    return caught.value


def refused(joins: dict[str, Any], **options: Any) -> str:
    """What the options say against these joins."""
    with pytest.raises(ValidationError) as caught:
        WordPressOptions.model_validate({"url": "sqlite:///site.db", "joins": joins, **options})
    (error,) = caught.value.errors()
    return str(error["msg"])


def options_of(site: Site, custom_orders: str, prefix: str = "wp_") -> None:
    table(
        site,
        f"{prefix}options",
        "option_name varchar(191), option_value varchar(191)",
        ("siteurl", "http://localhost"),
        ("woocommerce_custom_orders_table_enabled", custom_orders),
    )


def orders_table(site: Site, *rows: tuple[Any, ...], prefix: str = "wp_") -> None:
    of_order = "id bigint, status varchar(20), type varchar(20), total_amount decimal(26,8), customer_id bigint, "
    table(site, f"{prefix}wc_orders", of_order + "date_created_gmt datetime", *rows)


def orders_as_posts(site: Site, *rows: tuple[int, str, str, str, str, str]) -> None:
    """Each: its id, type, status, day, total, customer."""
    posts = [(id, kind, status, f"{day} 10:00:00") for id, kind, status, day, _, _ in rows]
    table(site, "wp_posts", "ID bigint, post_type varchar(20), post_status varchar(20), post_date_gmt datetime", *posts)
    meta = [(id, "_order_total", total) for id, *_, total, _ in rows]
    meta += [(id, "_customer_user", customer) for id, *_, customer in rows]
    table(site, "wp_postmeta", "post_id bigint, meta_key varchar(255), meta_value text", *meta)
    table(site, "wp_woocommerce_order_items", "order_id bigint")


def test_orders_of_woocommerce_are_counted_and_summed(site: Site) -> None:
    site.made()
    options_of(site, "yes")
    orders_table(
        site,
        (1, "wc-completed", "shop_order", "19.90", 5, "2025-01-02 03:04:05"),
        (2, "wc-processing", "shop_order", "0.10", 5, "2026-01-02 03:04:05"),
        (3, "wc-completed", "shop_order", "0.20", 5, "2024-06-01 00:00:00"),
        (4, "wc-cancelled", "shop_order", "500", 5, "2026-09-09 09:09:09"),
        (5, "wc-completed", "shop_order_refund", "-19.90", 5, "2026-09-09 09:09:09"),
        (6, "wc-completed", "shop_order", "1000", 30, "2023-12-31 23:59:59"),
        (7, "wc-completed", "shop_order", "7", 0, "2023-12-31 23:59:59"),
        (8, "wc-completed", "shop_order", "7", 404, "2023-12-31 23:59:59"),
    )
    none = ("0", "0", None, None)
    assert people(site, {"woocommerce_orders": {}}, *ORDERS) == {
        "1": none,
        "2": none,
        "5": ("3", "20.2", "2024-06-01T00:00:00Z", "2026-01-02T03:04:05Z"),
        "7": none,
        "30": ("1", "1000", "2023-12-31T23:59:59Z", "2023-12-31T23:59:59Z"),
    }


def test_orders_that_woocommerce_keeps_as_posts_are_the_same(site: Site) -> None:
    site.made()
    options_of(site, "no")
    orders_table(site, (1, "wc-completed", "shop_order", "1", 1, "2025-01-02 03:04:05"))
    orders_as_posts(
        site,
        (11, "shop_order", "wc-completed", "2025-01-02", "19.90", "5"),
        (12, "shop_order", "wc-processing", "2026-01-02", "0.30", "5"),
        (13, "shop_order", "wc-failed", "2026-01-03", "5", "5"),
        (14, "page", "publish", "2026-01-03", "5", "5"),
        (15, "shop_order", "wc-completed", "2026-01-03", "5", "0"),
        (16, "shop_order", "wc-completed", "2026-01-03", "5", ""),
    )
    found = people(site, {"woocommerce_orders": {}}, *ORDERS)
    assert found["5"] == ("2", "20.2", "2025-01-02T10:00:00Z", "2026-01-02T10:00:00Z")
    assert {found[user] for user in ("1", "2", "7", "30")} == {("0", "0", None, None)}


def test_courses_of_learndash_are_counted(site: Site) -> None:
    site.made()
    table(
        site,
        "wp_learndash_user_activity",
        "user_id bigint, post_id bigint, activity_type varchar(50), activity_status int, activity_started int, "
        "activity_completed int",
        (2, 100, "course", 1, 1_600_000_000, 1_700_000_000),
        (2, 100, "course", 1, 1_600_000_000, 1_650_000_000),
        (2, 101, "course", 1, None, 1_710_000_000),
        (2, 102, "course", 0, 1_600_000_000, None),
        (2, 103, "course", None, 0, 0),
        (2, 104, "lesson", 1, 1_600_000_000, 1_790_000_000),
        (7, 100, "course", 0, 1_600_000_000, 0),
    )
    found = people(site, {"learndash_progress": {}}, *COURSES)
    assert found["2"] == ("3", "2", "2024-03-09T16:00:00Z")
    assert found["7"] == ("1", "0", None)
    assert found["1"] == ("0", "0", None)


def test_memberships_of_memberpress_are_those_that_have_not_expired(site: Site) -> None:
    site.made()
    posts = [(100, 'Gold "plus"'), (101, "Silver"), (102, "Köln")]
    table(site, "wp_posts", "ID bigint, post_title varchar(200)", *posts)
    table(
        site,
        "wp_mepr_transactions",
        "user_id bigint, product_id bigint, status varchar(20), expires_at datetime",
        (1, 101, "complete", "2026-12-31 00:00:00"),
        (1, 100, "confirmed", "2026-11-28 00:00:00"),
        (1, 100, "complete", "2026-11-29 00:00:00"),
        (1, 102, "complete", "2020-01-01 00:00:00"),
        (2, 102, "complete", "0000-00-00 00:00:00"),
        (2, 100, "refunded", "2029-01-01 00:00:00"),
        (5, 100, "complete", "2025-05-05 05:05:05"),
        (7, 100, "complete", None),
    )
    assert people(site, {"memberpress_memberships": {}}, *MEMBERSHIPS) == {
        "1": ('["Gold \\"plus\\"","Silver"]', "2", "2026-12-31T00:00:00Z"),
        "2": ('["Köln"]', "1", None),
        "5": ("[]", "0", "2025-05-05T05:05:05Z"),
        "7": ('["Gold \\"plus\\""]', "1", None),
        "30": ("[]", "0", None),
    }


OWN = {
    "asked once": "SELECT user_id, SUM(amount) AS credits, MAX(note) AS `a note` FROM {prefix}ledger GROUP BY user_id;",
    "asked by ranges": "SELECT user_id, SUM(amount) AS credits, MAX(note) AS `a note` FROM {base_prefix}ledger "
    "WHERE user_id BETWEEN {first} AND {last} AND day < {now} GROUP BY user_id -- each",
}


@pytest.mark.parametrize("query", OWN.values(), ids=OWN.keys())
def test_a_query_of_ones_own_brings_in_its_columns(site: Site, query: str) -> None:
    site.made()
    table(
        site,
        "wp_ledger",
        "user_id bigint, amount int, note varchar(20), day varchar(20)",
        (5, 3, None, "2026-01-01"),
        (5, 4, "Öl", "2026-01-01"),
        (30, 1, "", "2026-01-01"),
        (None, 9, "guest", "2026-01-01"),
        (99, 9, "gone", "2026-01-01"),
    )
    joins = {"credits": {"query": query, "columns": ["credits", "a note"]}}
    nothing = (None, None)
    assert people(site, joins, "a note", "credits") == {
        "1": nothing,
        "2": nothing,
        "5": ("Öl", "7"),
        "7": nothing,
        "30": ("", "1"),
    }


def test_now_is_the_start_of_the_day(site: Site) -> None:
    site.made()
    joins = {"clock": {"query": "SELECT 5 AS user_id, {now} AS today", "columns": ["today"]}}
    assert people(site, joins, "today")["5"] == ("2026-11-27 00:00:00",)


def test_joined_columns_stand_behind_all_others(site: Site) -> None:
    site.user(99, points="1").made()
    table(site, "wp_ledger", "user_id bigint, amount int")
    joins = {"credits": {"query": "SELECT user_id, amount FROM wp_ledger", "columns": ["amount"]}}
    assert source(site, joins).columns()[-2:] == ("points", "amount")


def test_of_a_ready_made_join_only_some_columns_may_be_wanted(site: Site) -> None:
    site.user(99, orders_total="of another plugin").made()
    options_of(site, "yes")
    orders_table(site, (1, "wc-completed", "shop_order", "19.90", 5, "2025-01-02 03:04:05"))
    joins = {"woocommerce_orders": {"columns": ["last_order_date", "orders_count"]}}
    columns = source(site, joins).columns()
    assert columns[-2:] == ("orders_count", "last_order_date")
    found = people(site, joins, "last_order_date", "orders_total")
    assert found["5"] == ("2025-01-02T03:04:05Z", None)
    assert found["99"] == (None, "of another plugin")


def test_a_joined_column_with_the_name_of_a_meta_key_is_an_error(site: Site) -> None:
    site.user(99, Credits="1").made()
    error = failed(site, {"own": {"query": "SELECT 1 AS user_id, 2 AS credits", "columns": ["credits"]}})
    assert (error.code, error.detail) == ("E479", "join `own`: somebody has a meta key `credits`")


@pytest.mark.parametrize("name", READY)
def test_a_ready_made_join_without_its_tables_is_an_error_and_never_nobodys_orders(site: Site, name: str) -> None:
    site.made()
    error = failed(site, {name: {}})
    assert error.code == "E478"
    assert error.detail.startswith(f"join `{name}`: there is no table `wp_")


def test_a_ready_made_join_without_one_of_its_columns_is_an_error(site: Site) -> None:
    site.made()
    table(site, "wp_learndash_user_activity", "user_id bigint, post_id bigint, activity_type varchar(50)")
    error = failed(site, {"learndash_progress": {}})
    assert error.code == "E478"
    assert error.detail.startswith("join `learndash_progress`: ")


WRONG = {
    "no table": "SELECT user_id, credits FROM wp_nowhere",
    "no column": "SELECT ID AS user_id, nothing AS credits FROM wp_users",
    "no such name": "SELECT ID AS user_id, 1 AS credit FROM wp_users",
    "no user_id": "SELECT ID, 1 AS credits FROM wp_users",
    "an address for a user": "SELECT user_email AS user_id, 1 AS credits FROM wp_users",
    "half a user": "SELECT ID + 0.5 AS user_id, 1 AS credits FROM wp_users",
    "a wrong function": "SELECT ID AS user_id, nofunction(1) AS credits FROM wp_users",
    "two rows of a user": "SELECT 5 AS user_id, 1 AS credits UNION ALL SELECT 5, 2",
}


@pytest.mark.parametrize("query", WRONG.values(), ids=WRONG.keys())
def test_a_query_that_cannot_be_joined_is_an_error_that_names_the_join(site: Site, query: str) -> None:
    site.made()
    with pytest.raises(SourceFailed) as caught:
        people(site, {"own": {"query": query, "columns": ["credits"]}}, "credits")
    assert caught.value.code == "E478"
    assert caught.value.detail.startswith("join `own`: ")
    assert "example.org" not in caught.value.detail + caught.value.fix


def test_two_rows_for_somebody_who_is_no_user_are_nobodys_business(site: Site) -> None:
    site.made()
    joins = {"own": {"query": "SELECT 404 AS user_id, 1 AS credits UNION ALL SELECT 404, 2", "columns": ["credits"]}}
    assert set(people(site, joins, "credits").values()) == {(None,)}


def test_of_a_network_the_tables_are_those_of_the_site(site: Site) -> None:
    author = 'a:1:{s:6:"author";b:1;}'
    site.user(40, wp_2_capabilities=author).made()
    site.run("CREATE TABLE wp_blogs (blog_id int)")
    options_of(site, "yes", "wp_2_")
    orders_table(site, (1, "wc-completed", "shop_order", "3", 40, "2025-01-02 03:04:05"), prefix="wp_2_")
    shared = {"query": "SELECT ID AS user_id, user_login AS login FROM {base_prefix}users", "columns": ["login"]}
    joins = {"woocommerce_orders": {}, "shared": shared}
    assert people(site, joins, "orders_count", "login", site=2) == {"40": ("1", "user40")}


def test_a_source_tells_which_join_would_have_a_column(site: Site) -> None:
    told = source(site, {}).why_missing("courses_completed")
    assert "joins: {learndash_progress: {}}" in told
    assert source(site, {}).why_missing("shoe_size") == ""


ONE = "SELECT ID AS user_id, 1 AS a FROM wp_users"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": ({"shop": {}}, "no ready-made join"),
    "ready-made with a query": ({"learndash_progress": {"query": ONE, "columns": ["a"]}}, "another name"),
    "ready-made with another's column": ({"learndash_progress": {"columns": ["orders_count"]}}, "no column"),
    "without columns": ({"own": {"query": ONE}}, "wants `columns`"),
    "a column without a name": ({"own": {"query": ONE, "columns": [" "]}}, "no name"),
    "a column twice": ({"own": {"query": ONE, "columns": ["a", "A"]}}, "twice"),
    "a column of the site": ({"own": {"query": ONE, "columns": ["user_id"]}}, "column of every site"),
    "a secret column": ({"own": {"query": ONE, "columns": ["user_pass"]}}, "opens an account"),
    "a secret in the query": ({"own": {"query": "SELECT ID user_id, User_Pass a FROM u", "columns": ["a"]}}, "opens"),
    "a column of two joins": (
        {"one": {"query": ONE, "columns": ["a"]}, "two": {"query": ONE, "columns": ["a"]}},
        "both give",
    ),
    "a query that writes": ({"own": {"query": "DELETE FROM wp_users", "columns": ["a"]}}, "begins with SELECT"),
    "two queries": ({"own": {"query": f"{ONE}; {ONE}", "columns": ["a"]}}, "one statement"),
}


@pytest.mark.parametrize(("joins", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_joins_that_make_no_sense_are_refused(joins: dict[str, Any], said: str) -> None:
    assert said in refused(joins)


def test_a_comment_that_mysql_carries_out_is_refused() -> None:
    joins = {"own": {"query": f"{ONE} /*!50000 FOR UPDATE */", "columns": ["a"]}}
    assert "carries out" in refused(joins, url="mysql://shop@localhost/shop")


def test_joins_want_the_database() -> None:
    with pytest.raises(ValidationError) as caught:
        WordPressOptions.model_validate(
            {"api": "https://x.org/wp-json", "user": "a", "password": "b", "joins": {"woocommerce_orders": {}}}
        )
    assert "`joins` goes with `url`" in str(caught.value)


def test_the_page_has_every_ready_made_join_and_column() -> None:
    page = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parents[2].glob("docs/wordpress*.md"))
    otherwise = {Kind.COUNT: "`0`", Kind.SUM: "`0`", Kind.LIST: "`[]`"}
    for name, join in READY.items():
        rows = [f"| | `{c.name}` | {c.about} | {otherwise.get(c.kind, 'nothing')} |\n" for c in join.columns]
        assert f"| `{name}` | | {join.about} | |\n" + "".join(rows) in page


@pytest.mark.parametrize("prefix", ["wp_ u; DROP TABLE x", "", "wp-"])
def test_a_prefix_is_nothing_but_the_beginning_of_a_name(prefix: str) -> None:
    with pytest.raises(ValidationError):
        WordPressOptions.model_validate({"url": "sqlite:///site.db", "table_prefix": prefix})
