"""A WordPress that runs, looked at by SQL and by REST: the same groups and types whichever way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from processes import reconciler
from servers.wordpress import Site, people

from tests.report.json_schema import parsed

EXPOSED = ("billing_country", "newsletter", "date_of_birth")
every = pytest.mark.parametrize("wordpress", ["mysql", "sqlite"], indirect=True)


def discovered(folder: Path, site: Site, *more: str, **options: str) -> dict[str, Any]:
    typed = [part for name in options for part in ("--option", f"source.{name}=${{env:SITE_{name.upper()}}}")]
    env = {f"SITE_{name.upper()}": text for name, text in options.items()}
    done = reconciler(folder, "discover", "--source", "wordpress", *typed, *more, "--format", "json", env=env)
    assert done.code == 0, done.err
    assert site.password not in done.out + done.err
    return parsed(done.out)


@every
def test_both_ways_show_the_same_of_what_rest_exposes(wordpress: Site, tmp_path: Path) -> None:
    wordpress.fill(*people(120))
    wordpress.expose(EXPOSED)
    by_sql = discovered(tmp_path, wordpress, url=wordpress.url)
    by_rest = discovered(tmp_path, wordpress, api=wordpress.api, user=wordpress.user, password=wordpress.password)
    sql, rest = ({c["name"]: c for c in found["columns"]} for found in (by_sql, by_rest))
    assert set(EXPOSED) | {"user_id", "roles", "user_registered", "first_name"} <= set(rest) <= set(sql)
    said = ("group", "type", "format", "field", "filled_percent", "distinct")
    assert [[column[key] for key in said] for column in rest.values()] == [
        [sql[name][key] for key in said] for name in rest
    ]
    assert (by_sql["person"], by_sql["email"]) == (by_rest["person"], by_rest["email"]) == ("user_id", "user_email")


@every
def test_what_wordpress_itself_notes_of_a_new_user_is_all_known(wordpress: Site, tmp_path: Path) -> None:
    wordpress.php("""
        $id = wp_insert_user(['user_login' => 'new', 'user_pass' => 'x', 'user_email' => 'new@example.org']);
        wp_set_current_user(1);
        set_user_setting('editor', 'html');
        update_user_meta(1, 'show_welcome_panel', 1);
    """)
    found = discovered(tmp_path, wordpress, "--all", url=wordpress.url)
    assert {c["group"] for c in found["columns"]} == {"Core"}
    shown = discovered(tmp_path, wordpress, url=wordpress.url)
    assert shown["hidden"] == sum(column["internal"] for column in found["columns"]) >= 8
    assert {c["name"] for c in shown["columns"]} == {c["name"] for c in found["columns"] if not c["internal"]}
