"""The ready-made joins: what plugins keep of users in tables of their own. Data, and the nouns that it is made of.

A query is in the SQL that MySQL and SQLite share, and gives a `user_id`; what may stand in it in braces, `Placeholder`
says. Moments that WordPress and its plugins store are UTC. The tables are WooCommerce's as its public code makes them,
LearnDash's and MemberPress's as programs of others read them: their own code is not public.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Placeholder(StrEnum):
    """What a query says in braces."""

    PREFIX = "{prefix}"  # of the site's own tables, `wp_` or `wp_2_`
    BASE_PREFIX = "{base_prefix}"  # of the tables that all sites of a network share
    FIRST = "{first}"  # number of the first user of the range that is asked for
    LAST = "{last}"
    NOW = "{now}"  # the start of the day in UTC, a text such as the tables hold


class Kind(StrEnum):
    """How a column is printed, and what it is for who has no row."""

    TEXT = "text"  # as the database prints it, or nothing
    COUNT = "count"  # or 0
    SUM = "sum"  # without zeros at its end, or 0
    MOMENT = "moment"  # stored as YYYY-MM-DD HH:MM:SS in UTC, or nothing
    SECONDS = "seconds"  # a moment that is stored as seconds from 1970, or nothing
    LIST = "list"  # the texts of all rows as a JSON list, or `[]`


@dataclass(frozen=True, slots=True)
class Joined:
    """A column that a join brings in."""

    name: str
    kind: Kind = Kind.TEXT
    about: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """`tables`: what has to be there, without the prefix. `option`: a name and the value that the site's options have.
    `queries`: query -> the columns that it gives; one row of a user, unless its column is a LIST."""

    tables: tuple[str, ...]
    queries: Mapping[str, tuple[str, ...]]
    option: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ReadyJoin:
    """`ways`: where the plugin may keep it; the first one that the site has is taken."""

    about: str
    columns: tuple[Joined, ...]
    ways: tuple[Way, ...]


_ORDERS = ("orders_count", "orders_total", "first_order_date", "last_order_date")
_ORDERS_TABLE = """
SELECT o.customer_id AS user_id, COUNT(*) AS orders_count, SUM(o.total_amount) AS orders_total,
  MIN(o.date_created_gmt) AS first_order_date, MAX(o.date_created_gmt) AS last_order_date
FROM `{prefix}wc_orders` o
WHERE o.customer_id BETWEEN {first} AND {last}
  AND o.type = 'shop_order' AND o.status IN ('wc-processing', 'wc-completed')
GROUP BY o.customer_id"""
# Asked for once and not by ranges: the customer is a text without an index there.
_ORDERS_AS_POSTS = """
SELECT CAST(c.meta_value AS SIGNED INTEGER) AS user_id, COUNT(*) AS orders_count,
  SUM(CAST(t.meta_value AS DECIMAL(26, 8))) AS orders_total,
  MIN(p.post_date_gmt) AS first_order_date, MAX(p.post_date_gmt) AS last_order_date
FROM `{prefix}posts` p
JOIN `{prefix}postmeta` c ON c.post_id = p.ID AND c.meta_key = '_customer_user' AND c.meta_value NOT IN ('', '0')
LEFT JOIN `{prefix}postmeta` t ON t.post_id = p.ID AND t.meta_key = '_order_total'
WHERE p.post_type = 'shop_order' AND p.post_status IN ('wc-processing', 'wc-completed')
GROUP BY CAST(c.meta_value AS SIGNED INTEGER)"""

_COURSES = ("courses_started", "courses_completed", "last_course_completed")
_COURSES_TABLE = """
SELECT a.user_id, COUNT(DISTINCT CASE WHEN a.activity_started > 0 OR a.activity_status = 1 THEN a.post_id END)
    AS courses_started,
  COUNT(DISTINCT CASE WHEN a.activity_status = 1 THEN a.post_id END) AS courses_completed,
  MAX(CASE WHEN a.activity_status = 1 THEN a.activity_completed END) AS last_course_completed
FROM `{prefix}learndash_user_activity` a
WHERE a.user_id BETWEEN {first} AND {last} AND a.activity_type = 'course'
GROUP BY a.user_id"""

# A membership that never ends expires in no year: its zero is compared as a text, which every mode of MySQL takes.
_PAID = """
FROM (SELECT t.user_id, t.product_id, CAST(t.expires_at AS CHAR) AS ends,
    CASE WHEN t.expires_at IS NULL OR CAST(t.expires_at AS CHAR) LIKE '0000%' THEN 1 ELSE 0 END AS endless
  FROM `{prefix}mepr_transactions` t
  WHERE t.user_id BETWEEN {first} AND {last} AND t.status IN ('complete', 'confirmed')) paid"""
_MEMBERSHIPS_OF_EACH = f"""
SELECT paid.user_id, COUNT(DISTINCT CASE WHEN paid.endless = 1 OR paid.ends > {{now}} THEN paid.product_id END)
    AS memberships_count,
  CASE WHEN MAX(paid.endless) = 1 THEN NULL ELSE MAX(paid.ends) END AS membership_expires
{_PAID}
GROUP BY paid.user_id"""
_MEMBERSHIPS = f"""
SELECT paid.user_id, product.post_title AS memberships
{_PAID}
JOIN `{{prefix}}posts` product ON product.ID = paid.product_id
WHERE paid.endless = 1 OR paid.ends > {{now}}"""

READY: Mapping[str, ReadyJoin] = MappingProxyType(
    {
        "woocommerce_orders": ReadyJoin(
            "WooCommerce: orders that are paid (processing or completed); refunds are not taken off",
            (
                Joined("orders_count", Kind.COUNT, "how many"),
                Joined("orders_total", Kind.SUM, "the sum of their totals, whatever their currency"),
                Joined("first_order_date", Kind.MOMENT, "when the first one was made"),
                Joined("last_order_date", Kind.MOMENT, "when the last one was made"),
            ),
            (
                Way(
                    ("wc_orders", "options"),
                    MappingProxyType({_ORDERS_TABLE: _ORDERS}),
                    ("woocommerce_custom_orders_table_enabled", "yes"),
                ),
                Way(("woocommerce_order_items", "posts", "postmeta"), MappingProxyType({_ORDERS_AS_POSTS: _ORDERS})),
            ),
        ),
        "learndash_progress": ReadyJoin(
            "LearnDash: courses",
            (
                Joined("courses_started", Kind.COUNT, "how many were begun, completed ones too"),
                Joined("courses_completed", Kind.COUNT, "how many were completed"),
                Joined("last_course_completed", Kind.SECONDS, "when the last one was completed"),
            ),
            (Way(("learndash_user_activity",), MappingProxyType({_COURSES_TABLE: _COURSES})),),
        ),
        "memberpress_memberships": ReadyJoin(
            "MemberPress: memberships that are paid or confirmed",
            (
                Joined("memberships", Kind.LIST, "titles of those that have not expired"),
                Joined("memberships_count", Kind.COUNT, "how many have not expired"),
                Joined("membership_expires", Kind.MOMENT, "when the last one ends or did; nothing if one never does"),
            ),
            (
                Way(
                    ("mepr_transactions", "posts"),
                    MappingProxyType(
                        {
                            _MEMBERSHIPS_OF_EACH: ("memberships_count", "membership_expires"),
                            _MEMBERSHIPS: ("memberships",),
                        }
                    ),
                ),
            ),
        ),
    }
)


def ready_column(column: str) -> str:
    """The way out for who names a column of a ready-made join without asking for the join; "" if none has it."""
    join = next((name for name, ready in READY.items() if any(one.name == column for one in ready.columns)), None)
    return f"a ready-made join has it: write `joins: {{{join}: {{}}}}` under `source`" if join else ""
