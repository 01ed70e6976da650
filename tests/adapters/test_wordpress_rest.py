"""Users of a WordPress site through its REST API."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from http_world import everything_of
from wordpress_api import PASSWORD, REAL, SEVERAL, STRING, WORD, Api, rows, user

from reconciler.adapters.errors import SourceAuthFailed, SourceFailed
from reconciler.adapters.source import TellsMissing
from reconciler.model.capabilities import Call
from reconciler.model.clock import Clock
from reconciler.model.messages import MESSAGES
from reconciler.model.problems import Failure
from reconciler.model.types import Spec, parser
from reconciler.runtime import pipeline

HTML = b"<!doctype html><title>" + WORD.encode() + b"</title>"
Answer = Callable[[httpx.Request], httpx.Response]


def numbered(count: int) -> list[dict[str, Any]]:
    return [user(3 * number) for number in range(1, count + 1)]


def failing(site: Api, *columns: str, **options: Any) -> SourceFailed:
    """What reading raises; nothing of it holds what it must not."""
    with pytest.raises(SourceFailed) as caught:
        site.people(*(columns or ("user_id",)), **options)
    assert WORD not in everything_of(caught.value)
    assert caught.value.code in MESSAGES
    return caught.value


@pytest.mark.parametrize("workers", [1, 5])
@pytest.mark.parametrize("count", [1, 2, 99, 100, 101, 198, 199, 200, 201, 1234])
def test_everybody_comes_once_by_number(count: int, workers: int) -> None:
    people = Api(*numbered(count), workers=workers).people("user_id")
    assert people == [(str(3 * number),) for number in range(1, count + 1)]


def test_ten_thousand_users_are_read_with_103_requests_of_which_two_look_around() -> None:
    api = Api(*numbered(10_000), workers=8)
    with closing(api.opening()) as opening:
        source = api.source(opening)
        source.columns()
        assert len(rows(source, ["user_email"])) == 10_000
        assert source.meter.counts == {Call.CONNECT: 2, Call.ALL_CONTACTS: 101}
    assert len(api.requests) == 103


def test_twenty_requests_are_sent_a_second_and_as_many_as_the_file_allows() -> None:
    taken = []
    for rate in (None, 100.0, 2.0):
        api = Api(*numbered(2000))
        with closing(api.opening(rate)) as opening:
            rows(api.source(opening), ["user_id"])
        taken.append(api.time.passed / (len(api.requests) - 1))
    assert taken == pytest.approx([1 / 20, 1 / 100, 1 / 2])


def test_each_field_of_the_api_is_the_column_that_the_database_has() -> None:
    columns = ("user_id", "user_login", "user_email", "user_url", "user_nicename", "display_name", "user_registered")
    columns += ("roles", "first_name", "last_name", "nickname", "description")
    assert Api(REAL).columns() == columns
    texts = ("7", "ana", "ana@example.org", "https://ana.example", "ana-b", "Ana B", "2024-03-03T10:00:00Z")
    texts += ('["editor","author"]', "Ana", "B", "an", "x\ny")
    assert Api(REAL).people(*columns) == [texts]


def test_only_what_is_asked_for_is_sent() -> None:
    api = Api(user(1, {"points": "1"}), keys={"points": STRING})
    api.people("points", "first_name")
    api.people("user_login")
    asked = [request.url.params["_fields"] for request in api.requests if request.url.params.get("per_page") == "100"]
    assert asked == ["id,email,meta,first_name", "id,email,username"]


@pytest.mark.parametrize(
    ("given", "column"),
    [
        ({"registered_date": "-0001-11-30T00:00:00+00:00"}, "user_registered"),
        ({"registered_date": None}, "user_registered"),
    ],
)
def test_a_zero_date_is_nothing(given: dict[str, Any], column: str) -> None:
    assert Api({**REAL, **given}).people(column) == [(None,)]


@pytest.mark.parametrize(
    ("roles", "text"), [([], "[]"), ({}, "[]"), ({"1": "editor"}, '["editor"]'), (["a", "ä"], '["a","ä"]')]
)
def test_roles_are_a_list_however_php_wrote_them(roles: object, text: str) -> None:
    assert Api({**REAL, "roles": roles}).people("roles") == [(text,)]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  007 ", "  007 "),
        ("", ""),
        ('a:1:{s:1:"x";b:1;}', 'a:1:{s:1:"x";b:1;}'),
        (True, "1"),
        (False, ""),
        (0, "0"),
        (-12, "-12"),
        (2**63 - 1, "9223372036854775807"),
        (12.0, "12"),
        (0.1, "0.1"),
        ([], "a:0:{}"),
        (["yoga", "müsik"], 'a:2:{i:0;s:4:"yoga";i:1;s:6:"müsik";}'),
        ({"yoga": "on", "3": True, "x": None}, 'a:3:{s:4:"yoga";s:2:"on";i:3;b:1;s:1:"x";N;}'),
        ([[1], 2.5], "a:2:{i:0;a:1:{i:0;i:1;}i:1;d:2.5;}"),
    ],
)
def test_a_meta_value_is_written_as_the_database_holds_it(value: object, text: str) -> None:
    assert Api(user(1, {"key": value}), keys={"key": STRING}).people("key") == [(text,)]


def test_a_list_is_read_as_one() -> None:
    ((text,),) = Api(user(1, {"key": ["yoga", "a, b"]}), keys={"key": STRING}).people("key")
    assert parser(Spec("multiselect"))(text or "") == parser(Spec("multiselect"))('["yoga","a, b"]')


@pytest.mark.parametrize(("values", "text"), [(["b", "a"], "b"), ([], None), ([["x"]], 'a:1:{i:0;s:1:"x";}')])
def test_of_a_key_with_several_values_the_first_one_counts(values: object, text: str | None) -> None:
    assert Api(user(1, {"key": values}), keys={"key": SEVERAL}).people("key") == [(text,)]


def test_columns_are_the_meta_keys_that_the_site_shows_but_never_secrets_and_never_twice() -> None:
    shown = ["zebra", "billing_phone", "session_tokens", "_application_passwords", "first_name", "roles"]
    shown += ["user_pass", "persisted_preferences"]
    api = Api(user(1), keys=dict.fromkeys(shown, STRING))
    assert api.columns()[-3:] == ("description", "billing_phone", "zebra")
    assert failing(api, "session_tokens").fix.startswith("leave it out")


def test_a_meta_key_that_the_site_does_not_show_is_an_error_that_says_how_to_show_it() -> None:
    api = Api(user(1, {"points": "1"}), keys={"points": STRING})
    error = failing(api, "points", "it's")
    assert (error.code, error.detail) == ("E414", "the API shows no `it's`")
    assert (
        "register_meta('user', 'it\\'s', ['type' => 'string', 'single' => true, 'show_in_rest' => true]);" in error.fix
    )
    assert "source.url" in error.fix


def test_the_sites_own_language_is_nobodys() -> None:
    assert "locale" not in Api(REAL).columns()
    assert failing(Api(REAL), "locale").code == "E414"


def test_a_source_tells_why_a_column_is_missing() -> None:
    with closing(Api().opening()) as opening:
        assert isinstance(Api().source(opening), TellsMissing)


def test_a_key_that_is_gone_from_an_answer_is_no_empty_value() -> None:
    api = Api(user(1, {"points": "1"}), user(2, {"other": "1"}), keys={"points": STRING})
    assert failing(api, "points").code == "E414"
    gone = {key: value for key, value in REAL.items() if key != "roles"}
    assert failing(Api(gone), "roles").detail == "the API's answer has no `roles`"


@pytest.mark.parametrize("keys", [{"points": STRING}, {"points": SEVERAL}])
def test_a_value_that_is_not_of_its_registered_type_is_no_empty_one(keys: dict[str, Any]) -> None:
    several = keys["points"] is SEVERAL
    texts: list[Any] = ["1", None]
    api = Api(*(user(n, {"points": [text] if several else text}) for n, text in enumerate(texts, 1)), keys=keys)
    error = failing(api, "points")
    assert (error.code, error.row) == ("E473", 2)
    assert api.people("user_id") == [("1",), ("2",)]


def test_the_user_and_the_application_password_are_sent_and_not_told() -> None:
    api = Api(user(1))
    with closing(api.opening()) as opening:
        source = api.source(opening, api="https://site.example:8443/wp-json")
        source.columns()
        assert source.label() == "site.example"
        assert WORD not in repr(vars(source))
    sent = {request.headers["Authorization"] for request in api.requests}
    assert [b64decode(text.removeprefix("Basic ")).decode() for text in sent] == [f"admin:{PASSWORD}"]


def test_a_source_that_was_closed_can_be_read_again() -> None:
    api = Api(*numbered(150))
    with closing(api.opening()) as opening:
        source = api.source(opening)
        first = rows(source, ["user_id"])
        source.close()
        assert rows(source, ["user_id"]) == first


def test_who_stops_reading_stops_the_requests() -> None:
    api = Api(*numbered(5000), workers=4)
    with closing(api.opening()) as opening:
        people = api.source(opening).read(["user_id"])
        next(people)
        people.close()  # type: ignore[attr-defined] # it is a generator
        assert len(api.requests) < 30


@pytest.mark.parametrize("workers", [1, 5])
@pytest.mark.parametrize("gone", [1, 50, 99, 100, 250])
def test_nobody_is_left_out_when_users_are_deleted_while_others_are_read(gone: int, workers: int) -> None:
    api = Api(*numbered(1500), workers=workers)

    def deleting(number: int) -> None:
        if number == 6:
            del api.users[10 : 10 + gone]

    api.before = deleting
    came = [int(number or "") for (number,) in api.people("user_id")]
    assert came == sorted(set(came))
    assert {one["id"] for one in api.users} <= set(came)


@pytest.mark.parametrize("at", [2, 3, 4, 6, 17, 18])
def test_nobody_is_left_out_when_the_last_ones_are_deleted_and_new_ones_register(at: int) -> None:
    api = Api(*numbered(1500), workers=3)

    def changing(number: int) -> None:
        if number == at:
            del api.users[1390:1500], api.users[3:7]
            api.users += [user(9000 + new) for new in range(120)]

    api.before = changing
    came = [int(number or "") for (number,) in api.people("user_id")]
    assert came == sorted(set(came))
    assert {one["id"] for one in api.users} <= set(came) | {9000 + new for new in range(120)}


def test_who_registers_while_others_are_read_costs_nothing() -> None:
    api = Api(*numbered(1000))
    api.before = lambda number: api.users.append(user(9000 + number))
    assert len(api.people("user_id")) >= 1000
    assert len(api.requests) <= 14


def test_a_site_whose_users_keep_going_is_given_up() -> None:
    api = Api(*numbered(3000))

    def emptying(number: int) -> None:
        if number > 3:
            del api.users[:120]

    api.before = emptying
    assert failing(api).code == "E471"


def answering(change: Callable[[list[Any], httpx.Request], Any], **headers: str) -> Callable[[Api], Answer]:
    """A site whose lists are changed on the way; the first answer, of one user, is as it should be."""

    def made(api: Api) -> Answer:
        def answer(request: httpx.Request) -> httpx.Response:
            plain = api.ordinary(request)
            if request.method == "OPTIONS" or request.url.params["per_page"] == "1":
                return plain
            return httpx.Response(
                200, json=change(plain.json(), request), headers={"X-WP-Total": plain.headers["X-WP-Total"], **headers}
            )

        return answer

    return made


def first_page(page: list[Any], request: httpx.Request) -> list[Any]:
    return [{"id": number, "email": "x"} for number in range(100)]


@pytest.mark.parametrize(
    ("site", "code"),
    [
        (answering(lambda page, _: page[:-1]), "E472"),
        (answering(lambda page, _: page[::-1]), "E472"),
        (answering(lambda page, _: [page[0], *page[:-1]]), "E472"),
        (answering(first_page), "E472"),
        (answering(lambda page, _: page, **{"X-WP-Total": "many"}), "E472"),
        (answering(lambda page, _: page, **{"X-WP-Total": ""}), "E472"),
        (answering(lambda page, _: page, **{"X-WP-Total": "251"}), "E472"),
        (answering(lambda page, _: [{"id": WORD}]), "E472"),
        (answering(lambda page, _: {WORD: page}), "E472"),
        (answering(lambda page, _: [{key: one[key] for key in one if key != "email"} for one in page]), "E430"),
        (answering(lambda page, _: [], **{"X-WP-Total": "0"}), "E410"),
    ],
)
def test_an_answer_that_is_not_as_it_should_be_is_never_people(site: Callable[[Api], Answer], code: str) -> None:
    api = Api(*numbered(250))
    api.answer = site(api)
    assert failing(api).code == code


def said(status: int, code: str | None = None, content: bytes = HTML, **headers: str) -> Answer:
    if code is None:
        return lambda _request: httpx.Response(status, content=content, headers=headers)
    body = {"code": code, "message": f"Unknown {WORD}", "data": {"status": status}}
    return lambda _request: httpx.Response(status, json=body, headers=headers)


def raising(error: Exception) -> Answer:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise error

    return answer


PAGE = {"Content-Type": "text/html; charset=UTF-8"}


@pytest.mark.parametrize(
    ("answer", "code", "way_out"),
    [
        (said(401, "rest_forbidden_context"), "E430", "application password"),
        (said(401, "incorrect_password"), "E430", "application password"),
        (said(401, "invalid_username"), "E430", "source.user"),
        (said(401, "application_passwords_disabled"), "E430", "https://"),
        (said(403, "application_passwords_disabled_for_user"), "E430", "https://"),
        (said(401), "E434", "firewall"),
        (said(403), "E434", "firewall"),
        (said(403, "rest_forbidden_context"), "E434", "list_users"),
        (said(407), "E430", "source.user"),
        (said(404), "E470", "/wp-json"),
        (said(404, "rest_no_route"), "E470", "permalinks"),
        (said(200, **PAGE), "E470", "/wp-json"),
        (said(301, Location=f"https://{WORD}.example"), "E470", "www"),
        (said(400, "rest_invalid_param"), "E472", ""),
        (said(200, content=b"Warning: " + WORD.encode()), "E472", ""),
        (said(200, content=b""), "E472", ""),
        (said(500), "E472", ""),
        (said(503), "E472", ""),
        (said(429, "too_many"), "E472", ""),
        (said(429, "too_many", **{"Retry-After": "90000"}), "E472", ""),
        (raising(httpx.ReadTimeout(WORD)), "E472", ""),
        (raising(httpx.ConnectError(WORD)), "E431", "source.api"),
        (raising(httpx.ConnectTimeout(WORD)), "E431", "source.api"),
    ],
)
def test_what_a_site_answers_is_said_as_an_error_of_the_source(answer: Answer, code: str, way_out: str) -> None:
    for working in (0, 2):  # at once, and in the middle
        api = Api(*numbered(150))

        def changing(request: httpx.Request, api: Api = api, working: int = working) -> httpx.Response:
            return answer(request) if len(api.requests) > working else api.ordinary(request)

        api.answer = changing
        error = failing(api)
        assert (error.code, isinstance(error, SourceAuthFailed)) in ((code, code in ("E430", "E434")), ("E472", False))
        assert error.code == code or working
        assert way_out in error.fix or working
        assert "CRM" not in error.detail + error.fix


def test_a_site_that_does_not_describe_itself_is_no_site_without_meta_keys() -> None:
    api = Api(user(1))
    api.answer = lambda request: httpx.Response(405) if request.method == "OPTIONS" else api.ordinary(request)
    assert failing(api).code == "E472"


@pytest.mark.parametrize("address", ["http://site.example/wp-json", "https://a:b@site.example", "https://site:x"])
def test_an_address_that_must_not_be_used_is_said_before_anything_is_sent(address: str) -> None:
    api = Api(user(1))
    assert failing(api, api=address).code == "E470"
    assert api.requests == []


def test_a_site_that_stumbles_once_is_asked_again() -> None:
    api = Api(*numbered(350))

    def stumbling(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if len(api.requests) == 4 else api.ordinary(request)

    api.answer = stumbling
    assert len(api.people("user_id")) == 350


def test_a_file_that_names_a_key_that_is_not_shown_is_told_how_to_show_it(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yaml").write_text(
        "version: 1\n"
        "crm: {type: local, path: crm.db}\n"
        "source: {type: wordpress, api: 'https://site.example/wp-json', user: a, password: '${env:PASSWORD}'}\n"
        "identity: {person: user_id, match: email}\n"
        "fields: {email: user_email, phone: billing_phone}\n"
    )
    api = Api(user(1), keys={"points": STRING})
    clock = Clock.fixed(datetime(2026, 11, 22, tzinfo=UTC))
    transport, env = httpx.MockTransport(api), {"PASSWORD": PASSWORD}
    request = pipeline.Request(tmp_path / "reconciler.yaml", env, clock, lambda n: b"k" * n, transport=transport)
    _, problems = pipeline.validate(request, offline=False)
    (problem,) = [one for one in problems if one.code == "R108"]
    assert problem.where is not None
    assert problem.where.line == 5
    assert "'billing_phone', ['type' => 'string', 'single' => true, 'show_in_rest' => true]);" in (problem.fix or "")
    with pytest.raises(Failure) as caught:
        pipeline.plan(request)
    assert [one.code for one in caught.value.problems] == ["R108"]
    assert "register_meta('user', 'billing_phone', [" in (caught.value.problems[0].fix or "")


@pytest.mark.parametrize("column", ["a" * 81, "a\nb", "\x1b[31m"])
def test_a_name_that_no_sentence_can_show_is_not_shown(column: str) -> None:
    assert "register_meta('user', 'KEY', [" in failing(Api(user(1)), column).fix
