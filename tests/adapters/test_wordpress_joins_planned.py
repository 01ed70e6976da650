"""Joined columns of a WordPress site through the whole program: validated, planned, applied, never pulled."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from wordpress_tables import Site

from reconciler.localcrm import LocalCrm
from reconciler.model.clock import Clock
from reconciler.model.problems import Failure, Problem
from reconciler.runtime import pipeline

CLOCK = Clock.fixed(datetime(2026, 11, 27, 10, tzinfo=UTC))
FILE = """\
version: 1
crm: {{type: local, path: crm.db}}
source:
  type: wordpress
  url: {url}
  types: {{orders_count: integer, memberships: multiselect}}
  joins:
    woocommerce_orders: {{}}
    memberpress_memberships: {{columns: [memberships]}}
    credits:
      query: SELECT user_id, SUM(amount) AS credits FROM {{prefix}}ledger GROUP BY user_id
      columns: [credits]
identity: {{person: user_id, match: email}}
contacts: {{create: true}}
fields:
  email: user_email
  orders: {{from: orders_count, type: integer}}
  revenue: {{from: orders_total, type: number, decimals: 2}}
  last_order: {{from: last_order_date, type: datetime}}
  credits: {{from: credits, type: integer}}
tags:
  Customer: {{when: 'orders_count > 0'}}
dynamic_tags:
  - {{from: memberships, prefix: "Member: "}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """With a customer, a member, and somebody who is neither."""
    site = Site(tmp_path)
    for number in (1, 2, 3):
        site.user(number, f"u{number}@example.org")
    site.made()
    site.run(
        "CREATE TABLE wp_options (option_name, option_value)",
        "INSERT INTO wp_options VALUES ('woocommerce_custom_orders_table_enabled', 'yes')",
        "CREATE TABLE wp_wc_orders (id, status, type, total_amount decimal(26,8), customer_id, date_created_gmt)",
        "INSERT INTO wp_wc_orders VALUES (1, 'wc-completed', 'shop_order', 19.9, 1, '2026-03-04 05:06:07')",
        "CREATE TABLE wp_posts (ID, post_title)",
        "INSERT INTO wp_posts VALUES (100, 'Gold')",
        "CREATE TABLE wp_mepr_transactions (user_id, product_id, status, expires_at)",
        "INSERT INTO wp_mepr_transactions VALUES (2, 100, 'complete', '2027-01-01 00:00:00')",
        "CREATE TABLE wp_ledger (user_id, amount)",
        "INSERT INTO wp_ledger VALUES (1, 3), (1, 4)",
    )
    write(site)
    return site


def write(site: Site, *changes: tuple[str, str]) -> None:
    """The file, with some of its text replaced."""
    text = FILE.format(url=site.url)
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    (site.folder / "reconciler.yaml").write_text(text, encoding="utf-8")


def request(site: Site) -> pipeline.Request:
    count = itertools.count()
    return pipeline.Request(
        site.folder / "reconciler.yaml",
        {},
        CLOCK,
        lambda size: next(count).to_bytes(8, "big").rjust(size, b"k")[-size:],
    )


def applied(site: Site) -> None:
    outcome = pipeline.apply(request(site), lambda _plan: True, lambda: False)
    assert not outcome.problems


def refused(site: Site) -> Sequence[Problem]:
    with pytest.raises(Failure) as caught:
        pipeline.plan(request(site))
    return caught.value.problems


def line(site: Site, text: str) -> int:
    """The line of the file with that text."""
    lines = (site.folder / "reconciler.yaml").read_text(encoding="utf-8").splitlines()
    (found,) = [number for number, one in enumerate(lines, 1) if text in one]
    return found


def test_what_other_tables_hold_reaches_the_contacts(site: Site) -> None:
    applied(site)
    keys = ("orders", "revenue", "last_order", "credits")
    with closing(LocalCrm(site.folder / "crm.db", CLOCK)) as crm:
        names = {tag.key: tag.name for tag in crm.tags()}
        rows = [row for page in crm.pages(["email", *keys]) for row in page.to_pylist()]
    found = {row["email"]: (*map(row.get, keys), [names[tag] for tag in row["$tags"]]) for row in rows}
    assert found == {
        "u1@example.org": ("1", "19.9", "2026-03-04T05:06:07Z", "7", ["Customer"]),
        "u2@example.org": ("0", "0", None, None, ["Member: Gold"]),
        "u3@example.org": ("0", "0", None, None, []),
    }


def test_the_second_plan_is_empty_until_a_row_of_another_table_changes(site: Site) -> None:
    applied(site)
    assert not pipeline.plan(request(site)).pending
    site.run("UPDATE wp_ledger SET amount = 5 WHERE amount = 4")
    changed = [row["person"] for batch in pipeline.plan(request(site)).people.batches() for row in batch.to_pylist()]
    assert changed == ["1"]


def test_a_joined_column_is_not_pulled(site: Site) -> None:
    write(site, ("{from: credits, type: integer}", "{from: credits, type: integer, pull: true}"))
    (problem,) = refused(site)
    assert (problem.code, problem.where.line) == ("R132", line(site, "pull: true"))
    assert "`credits` of join `credits`" in problem.detail
    _, problems = pipeline.validate(request(site), offline=False)
    assert problem in problems


def test_where_everything_is_pulled_each_joined_field_is_told(site: Site) -> None:
    write(site, ("fields:\n", "defaults: {pull: true}\nfields:\n"))
    found = [problem for problem in refused(site) if problem.code == "R132"]
    joined = ["{from: orders_count", "{from: orders_total", "{from: last_order_date", "{from: credits"]
    assert [problem.where.line for problem in found] == [line(site, text) for text in joined]


def test_a_join_that_cannot_be_read_is_told_beside_the_source(site: Site) -> None:
    site.run("DROP TABLE wp_mepr_transactions")
    (problem,) = refused(site)
    assert (problem.code, problem.where.line) == ("E478", line(site, "source:"))
    assert "`memberpress_memberships`: there is no table `wp_mepr_transactions`" in problem.detail


def test_a_wrong_join_is_told_beside_it_without_looking_at_the_site(site: Site) -> None:
    write(site, ("woocommerce_orders: {}", "woo: {}"), ("SELECT user_id, SUM(amount)", "DELETE"))
    with pytest.raises(Failure) as caught:
        pipeline.validate(request(site), offline=True)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.line) == ("E122", line(site, "woo: {}"))


def test_a_query_that_would_write_is_told_beside_it(site: Site) -> None:
    write(site, ("SELECT user_id, SUM(amount) AS credits FROM {prefix}ledger", "DELETE FROM wp_ledger"))
    with pytest.raises(Failure) as caught:
        pipeline.validate(request(site), offline=True)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where.line) == ("E122", line(site, "DELETE"))
    assert site.run("SELECT count(*) FROM wp_ledger") == [(2,)]


def test_a_column_of_a_join_that_is_not_asked_for_comes_with_the_way_out(site: Site) -> None:
    write(site, ("credits: {from: credits, type: integer}", "courses: {from: courses_completed, type: integer}"))
    (problem,) = refused(site)
    assert problem.code == "R108"
    assert "learndash_progress" in problem.fix
