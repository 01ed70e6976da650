"""A real WordPress: its REST API gives the same people as its database, and says no where it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from servers.wordpress import Site, people

from reconciler.adapters.errors import SourceAuthFailed, SourceFailed
from reconciler.adapters.opening import Opening
from reconciler.adapters.wordpress.options import ADAPTER, WordPressOptions
from reconciler.model.clock import Clock

SHOWN = """
add_role('customer', 'Customer', ['read' => true]);
foreach (['billing_phone', 'date_of_birth', 'newsletter', 'nothing'] as $key)
    register_meta('user', $key, ['type' => 'string', 'single' => false, 'show_in_rest' => true]);
register_meta('user', 'billing_country', ['type' => 'string', 'single' => true, 'show_in_rest' => true]);
register_meta('user', 'points', ['type' => 'integer', 'single' => false, 'show_in_rest' => true]);
register_meta('user', 'score', ['type' => 'number', 'single' => true, 'show_in_rest' => true]);
foreach (['interests', '_application_passwords', 'session_tokens'] as $key)
    register_meta('user', $key, ['type' => 'array', 'single' => false, 'show_in_rest' =>
        ['schema' => ['type' => 'array', 'items' => ['type' => 'string']]]]);
"""
KEYS = ["billing_phone", "date_of_birth", "newsletter", "billing_country", "points", "score", "interests"]
SUBSCRIBER = """
$sam = ['user_login' => 'sam', 'user_pass' => 'x', 'user_email' => 's@example.org', 'role' => 'subscriber'];
$id = wp_insert_user($sam);
echo WP_Application_Passwords::create_new_application_password($id, ['name' => 'test'])[0];
"""
every = pytest.mark.parametrize("wordpress", ["mysql", "sqlite", "network"], indirect=True)


def by_rest(site: Site, **options: str) -> dict[str, Any]:
    return {"api": site.api, "user": site.user, "password": site.password, **options}


def by_sql(site: Site) -> dict[str, Any]:
    return {"url": site.url, "table_prefix": site.prefix}


def read(options: dict[str, Any], columns: Sequence[str] | None = None) -> pa.Table:
    with closing(Opening(Path(), Clock.system(), rate=1000)) as opening:
        source = ADAPTER.open(WordPressOptions.model_validate(options), opening)
        try:
            return pa.Table.from_batches(source.read(columns or source.columns()))
        finally:
            source.close()


def failing(options: dict[str, Any], *columns: str) -> SourceFailed:
    with pytest.raises(SourceFailed) as caught:
        read(options, columns)
    return caught.value


@every
def test_both_ways_give_the_same_texts_and_nothing_is_nothing_where_a_key_may_have_several(wordpress: Site) -> None:
    wordpress.must_use(SHOWN)
    users, meta = people(250)
    texts = ["", " x ", "O'Neil & <b>Sons</b>", "日本 🎈", "007", "a\nb\\c"]
    more = [(1001 + n, "billing_country", text) for n, text in enumerate(texts)]
    kept = [row for row in meta if row[:2] not in {(owner, key) for owner, key, _ in more}]
    admin = [(1, key, "") for key in ("billing_country", "score")]
    every_score = [(user["ID"], "score", str(user["ID"])) for user in users]
    wordpress.fill(users, [*kept, *more, *admin, *every_score, (1004, "points", "9"), (1005, "billing_phone", "2")])
    rest = read(by_rest(wordpress))
    sql = read(by_sql(wordpress), rest.drop_columns(["nothing"]).column_names)
    assert rest.num_rows == 251
    assert set(KEYS) <= set(rest.column_names)
    score = sql.column("score").to_pylist()
    assert rest.column("score").to_pylist() == ["0", *score[1:]]  # a number that was left empty is 0 there
    for name in sql.column_names:
        if name != "score":
            assert rest.column(name).to_pylist() == sql.column(name).to_pylist(), name
    assert rest.column("nothing").null_count == 251


@every
def test_what_is_not_shown_is_an_error_and_secrets_are_not_shown(wordpress: Site) -> None:
    wordpress.fill(*people(3))
    assert failing(by_rest(wordpress), "points").code == "E414"
    wordpress.must_use(SHOWN)
    assert read(by_rest(wordpress), ["points"]).column("points").to_pylist() == [None, "7", "14", "21"]
    for secret in ("_application_passwords", "session_tokens", "user_pass"):
        assert failing(by_rest(wordpress), secret).code == "E414"


@every
def test_a_value_that_does_not_fit_its_registered_type_is_never_an_empty_one(wordpress: Site) -> None:
    wordpress.fill(*people(3))
    wordpress.expose(["interests", "points"])
    error = failing(by_rest(wordpress), "points", "interests")
    assert (error.code, error.row) == ("E473", 2)


@every
def test_who_may_not_list_users_reads_nobody(wordpress: Site) -> None:
    wordpress.fill(*people(3))
    wrong, nobody = by_rest(wordpress, password="xxxx"), by_rest(wordpress, user="nobody")
    sam = by_rest(wordpress, user="sam", password=wordpress.php(SUBSCRIBER))
    errors = [failing(options, "user_id") for options in (wrong, nobody, sam)]
    assert [error.code for error in errors] == ["E430", "E430", "E434"]
    assert {type(error) for error in errors} == {SourceAuthFailed}


def test_what_is_no_api_is_no_site(wordpress: Site) -> None:
    for api in (wordpress.home, f"{wordpress.api}/nothing", f"{wordpress.home}/wp-login.php"):
        assert failing(by_rest(wordpress, api=api), "user_id").code == "E470"


@pytest.mark.parametrize("wordpress", ["network"], indirect=True)
def test_people_of_the_second_site_are_those_of_its_own_api(wordpress: Site) -> None:
    wordpress.fill(*people(3))
    wordpress.fill([], [(1002, "wp_2_capabilities", 'a:1:{s:6:"author";b:1;}')])
    columns = ["user_id", "user_email", "roles"]
    rest = read(by_rest(wordpress, api=f"{wordpress.home}/two/wp-json"), columns)
    assert rest.to_pylist() == read({**by_sql(wordpress), "site": 2}, columns).to_pylist()
    assert rest.column("roles").to_pylist() == ['["administrator"]', '["author"]']
