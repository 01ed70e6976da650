"""Columns of other tables out of the database of a WordPress that runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from servers.wordpress import Site, people

from reconciler.adapters.opening import Opening
from reconciler.adapters.wordpress.options import WordPressOptions
from reconciler.adapters.wordpress.sql import SqlSource
from reconciler.model.clock import Clock

CLOCK = Clock.fixed(datetime(2026, 11, 27, 9, 30, tzinfo=UTC))
every = pytest.mark.parametrize("wordpress", ["mysql", "sqlite", "network"], indirect=True)
ORDERS = """
foreach (json_decode('{"1001": ["19.90", "0.10"], "1003": ["5"]}', true) as $user => $totals)
  foreach ($totals as $total) {
    $order = wp_insert_post(['post_type' => 'shop_order', 'post_status' => 'publish', 'post_title' => 'Order',
      'post_date' => '2026-03-04 05:06:07', 'post_date_gmt' => '2026-03-04 05:06:07']);
    $wpdb->update($wpdb->posts, ['post_status' => 'wc-completed'], ['ID' => $order]);
    update_post_meta($order, '_customer_user', $user);
    update_post_meta($order, '_order_total', $total);
  }
echo $wpdb->last_error;
"""


def joined(site: Site, joins: dict[str, Any], *columns: str) -> dict[str, tuple[Any, ...]]:
    options = {"url": site.url, "table_prefix": site.prefix, "joins": joins}
    source = SqlSource(WordPressOptions.model_validate(options), Opening(Path(), CLOCK), 2)
    try:
        rows = [row for batch in source.read(["user_id", *columns]) for row in batch.to_pylist()]
    finally:
        source.close()
    return {row["user_id"]: tuple(row[name] for name in columns) for row in rows}


@every
def test_orders_that_are_posts_are_those_of_wordpresss_own_tables(wordpress: Site) -> None:
    wordpress.fill(*people(3))
    table = f"{wordpress.prefix}woocommerce_order_items"
    wordpress.run(f"CREATE TABLE {table} (order_id bigint)")
    try:
        assert wordpress.php(f"global $wpdb; {ORDERS}") == ""
        found = joined(wordpress, {"woocommerce_orders": {}}, "orders_count", "orders_total", "last_order_date")
    finally:
        wordpress.run(f"DROP TABLE {table}", f"DELETE FROM {wordpress.prefix}posts WHERE post_type = 'shop_order'")
    assert found == {
        "1": ("0", "0", None),
        "1001": ("2", "20", "2026-03-04T05:06:07Z"),
        "1002": ("0", "0", None),
        "1003": ("1", "5", "2026-03-04T05:06:07Z"),
    }


@every
def test_a_query_of_ones_own_reads_what_wordpress_keeps(wordpress: Site) -> None:
    wordpress.fill(*people(2))
    query = "SELECT post_author AS user_id, COUNT(*) AS pages FROM {prefix}posts WHERE post_type = 'page' GROUP BY 1"
    found = joined(wordpress, {"written": {"query": query, "columns": ["pages"]}}, "pages", "user_email")
    assert {user: pages is not None for user, (pages, _) in found.items()} == {"1": True, "1001": False, "1002": False}
