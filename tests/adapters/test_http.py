from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from http_world import (
    CREATE,
    EMAIL,
    GET,
    TOKEN,
    UPDATE,
    WORD,
    Thing,
    Ticking,
    everything_of,
    json,
    opened,
    said,
    status,
    vendor,
)
from loopback import Act, answering, loopback, resetting, self_signed, silent

from reconciler.adapters.errors import (
    AdapterError,
    AuthFailed,
    CrmFailed,
    Duplicate,
    NotFound,
    QuotaUsedUp,
    RateLimited,
    Rejected,
    Unavailable,
    Uncertain,
)
from reconciler.adapters.http import ATTEMPTS, Http, Refusal, Request, basic, quoted
from reconciler.adapters.opening import Opening
from reconciler.model.capabilities import Call

HTML = b"<!doctype html><title>" + EMAIL.encode() + b"</title>"


def failing(
    request: Request[Any], *answers: httpx.Response | Exception, time: Ticking | None = None, **more: Any
) -> AdapterError:
    """The error that these answers become, which says nothing of what it must not say."""
    handler, _ = said(*answers)
    transport = httpx.MockTransport(handler)
    with opened(transport, time or Ticking(), **more) as http, pytest.raises(AdapterError) as caught:
        http.send(request)
    assert WORD not in everything_of(caught.value)
    return caught.value


def test_an_answer_is_read_through_its_shape_and_the_request_says_who_asks() -> None:
    handler, came = said(json({"id": "7", "more": 1}))
    with opened(httpx.MockTransport(handler), Ticking()) as http:
        assert http.send(GET) == Thing(id="7")
        assert http.send(CREATE) == Thing(id="7")
        assert dict(http.meter.counts) == {Call.CONNECT: 1, Call.ADD_CONTACTS: 1}
    assert str(came[0].url) == "https://api.example.org/v1/me?email=qzxkanari%40example.org"
    assert came[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert came[0].headers["User-Agent"].startswith("crm-reconciler/")
    assert came[0].headers["Accept"] == "application/json"
    assert came[1].headers["Content-Type"] == "application/json"
    assert came[1].content == b'{"email":"qzxkanari@example.org"}'


def test_a_user_and_a_password_are_sent_as_the_standard_says() -> None:
    assert basic("Aladdin", "open sesame") == {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}


def test_an_answer_that_nobody_asked_about_is_not_looked_at() -> None:
    handler, _ = said(status(204))
    with opened(httpx.MockTransport(handler), Ticking()) as http:
        assert http.send(UPDATE) is None


def test_a_web_page_instead_of_an_answer_that_is_not_looked_at_is_no_success() -> None:
    handler, _ = said(status(204), status(200, HTML, Content_Type="text/html"), status(204))
    time = Ticking()
    with opened(httpx.MockTransport(handler), time) as http:
        http.send(UPDATE)
        assert http.send(UPDATE) is None
        assert http.meter.counts[UPDATE.kind] == 3


BAD_BODIES = {
    "empty": json({}).__class__(200, content=b"", headers={"Content-Type": "application/json"}),
    "no content": status(204),
    "html": status(200, HTML, Content_Type="text/html; charset=utf-8"),
    "no json": status(200, b'{"id": "' + EMAIL.encode(), Content_Type="application/json"),
    "another type": status(200, b'{"id": "7"}', Content_Type="text/csv"),
    "no text": status(200, b"\xff\xfe\x00", Content_Type="application/json"),
}
BAD_SHAPES = {
    "another shape": json({"id": [EMAIL]}),
    "a list": json([EMAIL]),
    "nothing done": json({}),
    "null": status(200, b"null", Content_Type="application/json"),
}


@pytest.mark.parametrize("name", [*BAD_BODIES, *BAD_SHAPES])
def test_a_creation_whose_success_cannot_be_read_is_uncertain_and_not_repeated(name: str) -> None:
    handler, came = said({**BAD_BODIES, **BAD_SHAPES}[name])
    with opened(httpx.MockTransport(handler), Ticking()) as http:
        http._met = True
        with pytest.raises(Uncertain) as caught:
            http.send(CREATE)
    assert len(came) == 1
    assert WORD not in everything_of(caught.value)


@pytest.mark.parametrize("name", BAD_BODIES)
def test_a_read_whose_answer_is_no_json_is_asked_again(name: str) -> None:
    handler, came = said(json({"id": "7"}), BAD_BODIES[name], json({"id": "7"}))
    with opened(httpx.MockTransport(handler), Ticking()) as http:
        assert http.send(GET) == http.send(GET)
    assert len(came) == 3


@pytest.mark.parametrize("name", BAD_SHAPES)
def test_a_read_of_another_shape_is_an_error_that_names_the_place(name: str) -> None:
    error = failing(GET, BAD_SHAPES[name])
    assert isinstance(error, CrmFailed)
    assert error.code == "E309"
    assert error.detail.startswith("GET /me: ")
    if name in ("another shape", "nothing done"):
        assert "`id`" in error.detail


def test_names_that_are_somebodys_data_are_not_said() -> None:
    request = Request(Call.CONNECT, "GET", "/by-mail", dict[str, Thing], endpoint="GET /by-mail")
    error = failing(request, json({EMAIL: {"id": None}}))
    assert error.detail == "GET /by-mail: `*.id` of the answer is not what it should be"


STATUSES: list[tuple[int, type[AdapterError]]] = [
    (400, Rejected), (401, AuthFailed), (402, Rejected), (403, AuthFailed), (404, NotFound), (405, Rejected),
    (407, AuthFailed), (409, Rejected), (410, NotFound), (413, Rejected), (415, Rejected), (422, Rejected),
    (408, Uncertain), (423, Unavailable), (425, Unavailable), (429, RateLimited),
    (500, Uncertain), (501, Uncertain), (502, Uncertain), (503, Uncertain), (504, Uncertain), (599, Uncertain),
    (301, CrmFailed), (302, CrmFailed), (307, CrmFailed), (308, CrmFailed),
]  # fmt: skip


@pytest.mark.parametrize(("code", "error"), STATUSES)
@pytest.mark.parametrize("body", [b"", HTML, b'{"message": "' + EMAIL.encode() + b'"}'])
def test_each_status_is_one_of_our_errors(code: int, error: type[AdapterError], body: bytes) -> None:
    found = failing(CREATE, status(code, body, Location=f"https://elsewhere.example/{EMAIL}"))
    assert type(found) is error
    assert found.detail.startswith("POST /contacts: ")


@pytest.mark.parametrize(
    ("code", "attempts"), [(400, 1), (401, 1), (429, ATTEMPTS), (500, 1), (502, 1), (503, 1), (504, 1)]
)
def test_a_creation_is_sent_again_only_where_it_is_known_that_it_was_not_done(code: int, attempts: int) -> None:
    handler, came = said(status(code))
    with opened(httpx.MockTransport(handler), Ticking()) as http:
        with pytest.raises(AdapterError) as caught:
            http.send(CREATE)
        assert http.meter.counts[Call.ADD_CONTACTS] == len(came) == attempts
    assert caught.value.repeated


@pytest.mark.parametrize("request_", [GET, UPDATE, Request(Call.ALL_CONTACTS, "POST", "/search", Thing, repeat=True)])
def test_what_does_no_harm_twice_is_sent_again(request_: Request[Any]) -> None:
    handler, came = said(status(503), status(500), json({"id": "7"}))
    with opened(httpx.MockTransport(handler), Ticking()) as http:
        http.send(request_)
    assert len(came) == 3


def test_what_does_no_harm_twice_and_is_lost_every_time_means_that_the_server_is_down() -> None:
    batch = Request(
        Call.UPDATE_CONTACTS, "POST", "/batch", Thing, body={"email": EMAIL}, repeat=True, endpoint="POST /batch"
    )
    error = failing(batch, status(502))
    assert isinstance(error, Unavailable)
    assert error.repeated
    assert isinstance(failing(batch, json({"id": None})), CrmFailed)


def test_pauses_double_and_chance_spreads_them() -> None:
    time = Ticking()
    failing(GET, status(503), time=time, chance=lambda: 0.0)
    other = Ticking()
    failing(GET, status(503), time=other, chance=lambda: 0.99)
    assert [round(s, 2) for s in time.slept if s > 0.1] == [0.25, 0.5, 1.0, 2.0, 4.0]
    assert [round(s, 2) for s in other.slept if s > 0.1] == [0.74, 1.49, 2.98, 5.96, 11.92]


@pytest.mark.parametrize("form", ["7", "Sun, 22 Nov 2026 10:00:07 GMT"])
@pytest.mark.parametrize("code", [429, 503])
def test_both_forms_of_a_pause_that_the_vendor_asks_for_are_kept(form: str, code: int) -> None:
    time = Ticking()
    handler, _ = said(status(code, Retry_After=form), json({"id": "7"}))
    with opened(httpx.MockTransport(handler), time, chance=lambda: 0.0) as http:
        http.send(GET)
    assert time.passed == pytest.approx(7, abs=0.01)


@pytest.mark.parametrize("form", ["soon", "-5", "nan", "inf", "Sun, 99 Nov 2026 10:00:07 GMT", ""])
def test_a_pause_that_cannot_be_read_is_none(form: str) -> None:
    time = Ticking()
    handler, _ = said(status(429, Retry_After=form), json({"id": "7"}))
    with opened(httpx.MockTransport(handler), time) as http:
        http.send(GET)
    assert time.passed < 1


@pytest.mark.parametrize("asked", ["50400", "Mon, 23 Nov 2026 00:00:00 GMT", "99999999999999"])
def test_a_quota_of_the_day_is_not_slept_through_but_told_with_its_end(asked: str) -> None:
    time = Ticking()
    error = failing(CREATE, status(429, Retry_After=asked), time=time)
    assert isinstance(error, QuotaUsedUp)
    assert error.code == "E324"
    assert error.repeated
    assert time.passed == 0
    if len(asked) < 10 or asked.startswith("Mon"):
        assert error.detail == "POST /contacts: again after 2026-11-23 00:00 UTC"


def test_a_server_that_is_away_for_long_is_not_waited_for_either() -> None:
    time = Ticking()
    assert isinstance(failing(GET, status(503, Retry_After="3600"), time=time), QuotaUsedUp)
    assert isinstance(failing(UPDATE, status(503, Retry_After="3600"), time=time), Unavailable)
    assert isinstance(failing(CREATE, status(503, Retry_After="3600"), time=time), Uncertain)
    assert time.passed < 1


def test_a_vendor_reads_its_own_refusals() -> None:
    seen: list[Refusal] = []

    def refused(refusal: Refusal) -> AdapterError | None:
        seen.append(refusal)
        if refusal.status == 429:
            return RateLimited("the day's calls are used up", after=50_400.0)
        return Duplicate("there already", existing="9") if refusal.body else None

    own = vendor(refused=refused)
    error = failing(CREATE, json({"id": 9}, 409), of=own)
    assert isinstance(error, Duplicate)
    assert error.existing == "9"
    assert isinstance(failing(CREATE, status(409, HTML), of=own), Rejected)
    assert isinstance(failing(CREATE, status(429), of=own), QuotaUsedUp)
    assert isinstance(failing(CREATE, json({"id": 9}, 500), of=own), Uncertain)
    assert [(r.status, r.body, r.endpoint) for r in seen] == [
        (409, {"id": 9}, "POST /contacts"), (409, None, "POST /contacts"), (429, None, "POST /contacts"),
    ]  # fmt: skip


def test_a_redirect_is_not_followed_since_the_token_would_go_with_it() -> None:
    handler, came = said(status(302, Location=f"https://elsewhere.example/?email={EMAIL}"))
    with opened(httpx.MockTransport(handler), Ticking()) as http, pytest.raises(CrmFailed) as caught:
        http.send(GET)
    assert caught.value.code == "E325"
    assert [request.url.host for request in came] == ["api.example.org"]


@pytest.mark.parametrize("path", ["//elsewhere.example/x", "https://elsewhere.example/x", "x"])
def test_a_path_stays_below_the_address(path: str) -> None:
    handler, came = said(json({"id": "7"}))
    with opened(httpx.MockTransport(handler), Ticking()) as http, pytest.raises(CrmFailed):
        http.send(Request(Call.CONNECT, "GET", path, Thing))
    assert came == []


@pytest.mark.parametrize("part", ["a/b", "../x", "a?b#c", "ü @", "%2F"])
def test_a_part_of_a_path_is_one_part(part: str) -> None:
    handler, came = said(json({"id": "7"}))
    with opened(httpx.MockTransport(handler), Ticking()) as http:
        http.send(Request(Call.CONNECT, "GET", f"/x/{quoted(part)}/y", Thing))
    assert came[0].url.raw_path.count(b"/") == 4
    assert came[0].url.query == b""


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_what_is_no_part_of_a_path_is_the_id_of_nothing(part: str) -> None:
    with pytest.raises(NotFound):
        quoted(part)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("api.example.org", "https://"),
        ("ftp://api.example.org", "https://"),
        ("", "https://"),
        ("https://", "no server"),
        ("https:///x", "no server"),
        ("https://api.example.org:99999/", "port"),
        ("https://api.example.org:x", "port"),
        ("https://[::1", "https://"),
        ("https://a b.example", "no server"),
        ("https://ü.example", "no server"),
        (f"https://me:{WORD}@api.example.org", "password"),
        (f"https://api.example.org/?key={WORD}", "follow its path"),
        ("http://api.example.org", "this machine only"),
        ("http://localhost.example.org", "this machine only"),
        ("http://192.168.1.7:8800", "this machine only"),
    ],
)
def test_an_address_that_must_not_be_used_is_an_error_before_anything_is_sent(url: str, why: str) -> None:
    with pytest.raises(CrmFailed) as caught, opened(None, Ticking(), url=url):
        pass
    assert caught.value.code == "E323"
    assert why in caught.value.detail
    assert WORD not in everything_of(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8800", "http://localhost:8800/x/", "http://[::1]:8800", "HTTPS://api.example.org"]
)
def test_an_address_of_this_machine_needs_no_tls(url: str) -> None:
    handler, came = said(json({"id": "7"}))
    with opened(httpx.MockTransport(handler), Ticking(), url=url) as http:
        http.send(GET)
    assert len(came) == 1


@pytest.mark.parametrize(
    "token", [f"{WORD}\n", f"{WORD}\r\nX-Other: 1", f"{WORD}ü", f"{WORD}\0", " ", f"{WORD} ", f" {WORD}"]
)
def test_credentials_that_can_be_none_are_told_and_not_quoted(token: str) -> None:
    opening = Opening(Path("."), Ticking().clock, workers=1)
    with pytest.raises(AuthFailed) as caught:
        Http(vendor(), "https://api.example.org", {"Authorization": f"Bearer {token}"}, opening)
    assert WORD not in everything_of(caught.value)


def test_a_web_page_where_the_api_should_be_means_a_wrong_address() -> None:
    error = failing(GET, status(200, HTML, Content_Type="text/html"))
    assert isinstance(error, CrmFailed)
    assert error.code == "E323"


# -- over a socket

JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
GOOD = JSON_HEAD + b'Content-Length: 10\r\n\r\n{"id":"7"}'
BROKEN: dict[str, Act] = {
    "reset": resetting,
    "closed without a word": answering(b""),
    "half a head": answering(b"HTTP/1.1 200 OK\r\nContent-"),
    "shorter than its length": answering(JSON_HEAD + b'Content-Length: 99\r\n\r\n{"id":"7"}'),
    "half of its chunks": answering(JSON_HEAD + b'Transfer-Encoding: chunked\r\n\r\na\r\n{"id":"7"}\r\n5\r\nab'),
    "no HTTP": answering(EMAIL.encode() + b"\r\n\r\n"),
    "not what it is packed as": answering(
        JSON_HEAD + b'Content-Encoding: gzip\r\nContent-Length: 10\r\n\r\n{"id":"7"}'
    ),
    "silence": silent,
}


def at(port: int, scheme: str = "http") -> dict[str, Any]:
    return {"url": f"{scheme}://127.0.0.1:{port}", "of": vendor(timeout=0.3)}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_leaves_a_creation_uncertain_and_it_is_sent_once(name: str) -> None:
    with (
        loopback(BROKEN[name]) as server,
        opened(None, Ticking(), **at(server.port)) as http,
        pytest.raises(Uncertain) as caught,
    ):
        http.send(CREATE)
    assert len(server.requests) == 1
    assert caught.value.detail == "POST /contacts: the connection broke before the answer ended"
    assert WORD not in everything_of(caught.value)


@pytest.mark.parametrize("name", BROKEN)
def test_a_read_is_repeated_after_a_broken_answer(name: str) -> None:
    with loopback(BROKEN[name], answering(GOOD)) as server, opened(None, Ticking(), **at(server.port)) as http:
        assert http.send(GET) == Thing(id="7")
    assert len(server.requests) == 2


def test_a_server_that_does_not_listen_is_asked_again_even_for_a_creation() -> None:
    with loopback(answering(GOOD)) as server:
        pass
    with opened(None, Ticking(), **at(server.port)) as http:
        with pytest.raises(Unavailable) as caught:
            http.send(CREATE)
        assert http.meter.counts[Call.ADD_CONTACTS] == ATTEMPTS
    assert WORD not in everything_of(caught.value)


def test_an_answer_that_trickles_in_without_end_is_given_up() -> None:
    time = Ticking()

    def trickle() -> Iterator[bytes]:
        while True:
            time.passed += 1.0
            yield b" "

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=trickle()))
    with opened(transport, time) as http, pytest.raises(Uncertain, match="does not end"):
        http.send(CREATE)


def test_a_certificate_that_nobody_vouches_for_is_refused_and_not_tried_again(tmp_path: Path) -> None:
    tls, _ = self_signed(tmp_path)
    with loopback(answering(GOOD), tls=tls) as server, opened(None, Ticking(), **at(server.port, "https")) as http:
        with pytest.raises(CrmFailed) as caught:
            http.send(GET)
        assert http.meter.counts[Call.CONNECT] == 1
    assert caught.value.code == "E326"
    assert server.requests == []


def test_the_certificate_of_an_own_authority_is_named_in_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, authority = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    with loopback(answering(GOOD), tls=tls) as server, opened(None, Ticking(), **at(server.port, "https")) as http:
        assert http.send(GET) == Thing(id="7")


def test_a_server_without_tls_is_not_spoken_to_in_the_clear() -> None:
    with (
        loopback(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server,
        opened(None, Ticking(), **at(server.port, "https")) as http,
        pytest.raises(CrmFailed) as caught,
    ):
        http.send(GET)
    assert caught.value.code == "E326"
    assert not any(TOKEN.encode() in request for request in server.requests)


def test_the_proxy_of_the_environment_is_used_unless_the_server_is_excepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, authority = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with loopback(answering(refusal)) as proxy, loopback(answering(GOOD), tls=tls) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with opened(None, Ticking(), **at(server.port, "https")) as http, pytest.raises(Unavailable, match="proxy"):
            http.send(GET)
        assert proxy.requests[0].startswith(f"CONNECT 127.0.0.1:{server.port}".encode())
        assert server.requests == []
        came = len(proxy.requests)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with opened(None, Ticking(), **at(server.port, "https")) as http:
            http.send(GET)
        assert (len(proxy.requests), len(server.requests)) == (came, 1)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "ALL_PROXY"])
def test_what_is_for_this_machine_goes_by_no_proxy_which_would_read_the_token(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    with loopback(answering(GOOD)) as proxy, loopback(answering(GOOD)) as server:
        monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with opened(None, Ticking(), **at(server.port)) as http:
            http.send(GET)
        assert (len(proxy.requests), len(server.requests)) == (0, 1)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HTTPS_PROXY", f"foo://{WORD}"),
        ("HTTPS_PROXY", f"http://{WORD}:x"),
        ("ALL_PROXY", "socks9://127.0.0.1:9"),
        ("SSL_CERT_FILE", f"/{WORD}"),
        ("SSL_CERT_FILE", __file__),
    ],
)
def test_an_environment_that_cannot_be_used_is_told_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(CrmFailed) as caught, opened(None, Ticking(), url="https://api.example.org"):
        pass
    assert caught.value.code == "E328"
    assert variable in caught.value.detail
    assert WORD not in everything_of(caught.value)


def test_a_proxy_whose_name_nobody_knows_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://{WORD}.invalid:3128")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with opened(None, Ticking(), url="https://api.example.org") as http, pytest.raises(CrmFailed) as caught:
        http.send(GET)
    assert caught.value.code == "E328"
    assert WORD not in everything_of(caught.value)


def test_a_server_that_cannot_be_reached_is_named() -> None:
    with loopback(answering(GOOD)) as server:
        port = server.port
    with opened(None, Ticking(), **at(port)) as http, pytest.raises(Unavailable, match=f"127.0.0.1:{port}`$"):
        http.send(GET)


@pytest.mark.parametrize("body", [b"<html>", b'{"category": "NOT_FOUND"}'])
def test_an_account_that_is_not_found_means_a_wrong_address(body: bytes) -> None:
    error = failing(GET, status(404, body))
    assert isinstance(error, CrmFailed)
    assert error.code == "E323"


def test_a_proxy_that_refuses_is_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with loopback(answering(refusal)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with (
            opened(None, Ticking(), url="https://api.example.org") as http,
            pytest.raises(Unavailable, match="proxy"),
        ):
            http.send(CREATE)
    assert not any(TOKEN.encode() in request for request in proxy.requests)


def test_nothing_is_logged_by_those_who_carry_the_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with loopback(answering(GOOD), resetting) as server, opened(None, Ticking(), **at(server.port)) as http:
        http.send(GET)
        with pytest.raises(Uncertain):
            http.send(CREATE)
    assert WORD not in caplog.text
    assert not [record for record in caplog.records if record.name.split(".")[0] in ("httpx", "httpcore")]


def test_threads_share_one_client() -> None:
    handler, came = said(json({"id": "7"}))
    with opened(httpx.MockTransport(handler), Ticking()) as http:
        threads = [Thread(target=http.send, args=(GET,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert http.meter.counts[Call.CONNECT] == len(came) == 8


def test_the_client_is_not_loaded_before_it_is_needed() -> None:
    asked = "import sys, reconciler.adapters.http, reconciler.adapters.http.paging; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


@pytest.mark.parametrize(
    ("date", "told"),
    [("Sun, 22 Nov 2026 10:00:03 GMT", "2026-11-22T10:00:03+00:00"), ("tomorrow", "None"), ("", "None")],
)
def test_the_clock_of_the_server_is_known_once_it_answered(date: str, told: str) -> None:
    handler, _ = said(httpx.Response(200, json={"id": "7"}, headers={"Date": date} if date else {}))
    with opened(httpx.MockTransport(handler), Ticking()) as http:
        assert http.time() is None
        http.send(GET)
        found = http.time()
    assert (found.isoformat() if found else "None") == told


@pytest.mark.parametrize("part", ["x" * 70_000, "\x00\x01"])
def test_what_can_be_no_address_is_not_there(part: str) -> None:
    handler, came = said(json({"id": "7"}))
    request = Request(Call.LOAD_CONTACTS, "GET", f"/contacts/{part}", Thing, endpoint="contacts/{id}")
    with opened(httpx.MockTransport(handler), Ticking()) as http, pytest.raises(NotFound) as caught:
        http.send(request)
    assert came == []
    assert part not in everything_of(caught.value)


def test_a_text_that_cannot_be_sent_is_refused_before() -> None:
    handler, came = said(json({"id": "7"}))
    request = Request(Call.ADD_CONTACTS, "POST", "/contacts", Thing, body={"name": "\ud800"})
    with opened(httpx.MockTransport(handler), Ticking()) as http, pytest.raises(Rejected):
        http.send(request)
    assert came == []


def test_a_reading_of_a_refusal_that_stumbles_is_none() -> None:
    def stumbling(refusal: Refusal) -> AdapterError | None:
        raise KeyError(refusal.body["field"])

    error = failing(CREATE, httpx.Response(422, json=[EMAIL]), of=vendor(refused=stumbling))
    assert type(error) is Rejected
