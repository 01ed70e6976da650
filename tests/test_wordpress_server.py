"""The private WordPress is what other tests take it for."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from servers.wordpress import Site, people

FIELDS = {"context": "edit", "orderby": "id", "order": "asc", "per_page": "100", "_fields": "id,email,roles,meta"}
every = pytest.mark.parametrize("wordpress", ["mysql", "sqlite", "network"], indirect=True)


def shown(site: Site, below: str = "") -> tuple[int, list[dict[str, Any]]]:
    """How many users the site has, and the first hundred, as its administrator sees them."""
    auth = (site.user, site.password)
    answer = httpx.get(f"{site.home}{below}/wp-json/wp/v2/users", params=FIELDS, auth=auth, timeout=60)
    assert answer.status_code == 200, answer.text[:500]
    return int(answer.headers["X-WP-Total"]), answer.json()


@every
def test_users_filled_in_by_sql_are_users_of_the_site(wordpress: Site) -> None:
    wordpress.fill(*people(250))
    total, users = shown(wordpress)
    assert total == 251
    assert [user["id"] for user in users[:3]] == [1, 1001, 1002]
    assert (users[2]["email"], users[2]["roles"]) == ("user1002@example.org", ["editor"])
    assert wordpress.run(f"SELECT count(*) FROM {wordpress.prefix}users") == [(251,)]


@every
def test_a_meta_key_is_shown_by_rest_once_it_is_exposed(wordpress: Site) -> None:
    wordpress.fill(*people(2))
    assert "points" not in shown(wordpress)[1][1]["meta"]
    wordpress.expose(["points", "o'clock"])
    assert shown(wordpress)[1][1]["meta"]["points"] == "7"
    assert shown(wordpress)[1][1]["meta"]["o'clock"] == ""


@every
def test_php_runs_inside_the_site(wordpress: Site) -> None:
    wordpress.fill(*people(3))
    assert (
        wordpress.php("echo get_user_meta(1003, 'interests', true)[0], ' ', count_users()['total_users'];") == "yoga 4"
    )


@pytest.mark.parametrize("wordpress", ["network"], indirect=True)
def test_the_second_site_of_a_network_has_users_of_its_own(wordpress: Site) -> None:
    wordpress.fill(*people(3))
    wordpress.fill([], [(1002, "wp_2_capabilities", 'a:1:{s:6:"author";b:1;}')])
    total, users = shown(wordpress, "/two")
    assert total == 2
    assert [(user["id"], user["roles"]) for user in users] == [(1, ["administrator"]), (1002, ["author"])]
