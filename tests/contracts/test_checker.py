"""The checker on a small document: everything that the document does not say is refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from reconciler.testing.contracts import Checker, CheckingTransport, Unusable, Violation, laid_over, overlay

CANARY = "canary@example.org"
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.3",
    "servers": [{"url": "https://api.example.org/v1"}],
    "security": [{"key": []}, {"basic": []}],
    "components": {
        "securitySchemes": {
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
            "basic": {"type": "http", "scheme": "basic"},
        },
        "parameters": {"page": {"in": "query", "name": "page", "schema": {"type": "integer", "minimum": 1}}},
        "responses": {"wrong": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wrong"}}}}},
        "schemas": {
            "Wrong": {"type": "object", "properties": {"message": {"type": "string"}}},
            "Bag": {"type": "object", "additionalProperties": {"type": "integer"}},
            "Named": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
            "Thing": {
                "allOf": [
                    {"$ref": "#/components/schemas/Named"},
                    {
                        "type": "object",
                        "properties": {
                            "id": {"type": "string", "readOnly": True},
                            "secret": {"type": "string", "writeOnly": True},
                            "born": {"type": "string", "format": "date", "nullable": True},
                            "parent": {"$ref": "#/components/schemas/Thing"},
                            "note": {},
                            "bag": {"$ref": "#/components/schemas/Bag"},
                            "size": {"oneOf": [{"type": "integer"}, {"type": "string", "enum": ["all"]}]},
                        },
                        "required": ["id"],
                    },
                ]
            },
        },
    },
    "paths": {
        "/things": {
            "get": {
                "parameters": [
                    {"$ref": "#/components/parameters/page"},
                    {"in": "query", "name": "ids", "schema": {"type": "array", "items": {"type": "integer"}}},
                    {"in": "query", "name": "q", "required": True, "schema": {"type": "string"}},
                    {"in": "header", "name": "Revision", "required": True, "schema": {"type": "string"}},
                ],
                "responses": {"200": {"description": "nothing is said of it"}},
            },
            "post": {
                "requestBody": {
                    "content": {"application/vnd.api+json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
                },
                "responses": {
                    "201": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                    "204": {"description": "no content"},
                    "4XX": {"$ref": "#/components/responses/wrong"},
                },
            },
        },
        "/things/{id}": {
            "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}}],
            "delete": {"responses": {"204": {}, "default": {"$ref": "#/components/responses/wrong"}}},
        },
        "/things/all": {"delete": {"responses": {"204": {}}}},
    },
}
HEADERS = {"x-key": "k", "revision": "1"}
JSON = {**HEADERS, "content-type": "application/vnd.api+json"}
ANSWER = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def checker() -> Checker:
    return Checker(DOCUMENT)


def _request(checker: Checker, line: str, headers: dict[str, str] = HEADERS, content: bytes = b"") -> str:
    verb, target = line.split()
    path, _, query = target.partition("?")
    pairs = [(name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part)]
    return checker.request(verb, f"/v1{path}", pairs, headers, content).name


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("GET /things?q=", "GET /things"),
        ("GET /things?q=a&page=2&ids=1&ids=2", "GET /things"),
        ("DELETE /things/7", "DELETE /things/{id}"),
        ("DELETE /things/all", "DELETE /things/all"),
    ],
)
def test_a_request_that_the_document_has_is_that_operation(checker: Checker, line: str, name: str) -> None:
    assert _request(checker, line) == name


@pytest.mark.parametrize(
    ("line", "place", "rule"),
    [
        ("GET /other?q=", "path", "no such operation in the document"),
        ("PUT /things", "path", "no such operation in the document"),
        ("GET /things/?q=", "path", "no such operation in the document"),
        ("DELETE /things/", "path", "no such operation in the document"),
        ("DELETE /things/x", "path/id", "type integer"),
        ("GET /things", "query/q", "required"),
        ("GET /things?q=&Q=", "query/Q", "unknown"),
        ("GET /things?q=&page=0", "query/page", "minimum"),
        ("GET /things?q=&page=1.5", "query/page", "type integer"),
        ("GET /things?q=&page=1&page=2", "query/page", "given more than once"),
        ("GET /things?q=&ids=1&ids=x", "query/ids/1", "type integer"),
    ],
)
def test_a_request_that_the_document_does_not_have_is_refused(
    checker: Checker, line: str, place: str, rule: str
) -> None:
    with pytest.raises(Violation) as caught:
        _request(checker, line)
    assert (caught.value.side, caught.value.place, caught.value.rule) == ("request", place, rule)


@pytest.mark.parametrize(
    ("headers", "place"),
    [
        ({"revision": "1"}, "header/Authorization"),
        ({"revision": "1", "authorization": "Bearer x"}, "header/Authorization"),
        ({"x-key": "k"}, "header/Revision"),
    ],
)
def test_a_request_without_its_headers_is_refused(checker: Checker, headers: dict[str, str], place: str) -> None:
    with pytest.raises(Violation) as caught:
        _request(checker, "GET /things?q=", headers)
    assert caught.value.place == place


def test_any_of_the_documented_credentials_will_do(checker: Checker) -> None:
    assert _request(checker, "GET /things?q=", {"revision": "1", "authorization": "Basic YTpi"})


@pytest.mark.parametrize(
    ("content", "place", "rule"),
    [
        (b'{"name": "a", "id": "7"}', "body/id", "unknown key"),
        (b'{"name": "a", "nme": "b"}', "body/nme", "unknown key"),
        (b"{}", "body/name", "required"),
        (b'{"name": 7}', "body/name", "type string"),
        (b'{"name": "a", "born": "yesterday"}', "body/born", "format date"),
        (b'{"name": "a", "parent": {"name": "b", "x": 1}}', "body/parent/x", "unknown key"),
        (b'{"name": "a", "note": "b"}', "body/note", "the document does not say what it is"),
        (b'{"name": "a", "bag": {"b": 1}}', "body/bag/b", "unknown key"),
        (b'{"name": "a", "size": "some"}', "body/size", "type integer"),
        (b'{"name": "a", "name": "b"}', "body", "no JSON, or a key that stands twice"),
        (b'{"name": NaN}', "body", "no JSON, or a key that stands twice"),
        (b"<html>", "body", "no JSON, or a key that stands twice"),
    ],
)
def test_a_body_is_closed_at_every_level(checker: Checker, content: bytes, place: str, rule: str) -> None:
    with pytest.raises(Violation) as caught:
        _request(checker, "POST /things", JSON, content)
    assert (caught.value.place, caught.value.rule) == (place, rule)


@pytest.mark.parametrize(
    "content",
    [
        b'{"name": "a"}',
        b'{"name": "a", "born": null, "secret": "s", "size": "all"}',
        b'{"name": "a", "parent": {"name": "b"}}',
    ],
)
def test_a_body_as_it_should_be_passes(checker: Checker, content: bytes) -> None:
    assert _request(checker, "POST /things", JSON, content)


@pytest.mark.parametrize("media", ["application/json", "application/vnd.api+json; charset=latin-1", "text/html", ""])
def test_a_media_type_is_exactly_the_documented_one(checker: Checker, media: str) -> None:
    with pytest.raises(Violation, match="Content-Type"):
        _request(checker, "POST /things", {**HEADERS, "content-type": media}, b'{"name": "a"}')


@pytest.mark.parametrize(
    ("line", "status", "content", "place"),
    [
        ("POST /things", 200, b"{}", "status"),
        ("POST /things", 500, b"{}", "status"),
        ("POST /things", 201, b"", "body"),
        ("POST /things", 201, b'{"id": "1", "name": "a", "secret": "s"}', "body/secret"),
        ("POST /things", 201, b'{"name": "a"}', "body/id"),
        ("POST /things", 204, b"{}", "body"),
        ("POST /things", 404, b'{"mesage": "x"}', "body/mesage"),
        ("GET /things?q=", 200, b"", "body"),
        ("GET /things?q=", 200, b"{}", "body"),
        ("DELETE /things/7", 200, b"{}", "status"),
    ],
)
def test_an_answer_that_the_document_does_not_have_is_refused(
    checker: Checker, line: str, status: int, content: bytes, place: str
) -> None:
    verb, path = line.partition("?")[0].split()
    found = checker.operations.find(verb, f"/v1{path}")
    assert found is not None
    with pytest.raises(Violation) as caught:
        checker.response(found[0], status, ANSWER, content)
    assert (caught.value.side, caught.value.place) == ("response", place)


def test_what_the_document_does_not_say_of_a_success_an_overlay_has_to_say() -> None:
    changes = overlay(
        "changes: [{at: paths /things get responses 200 content, add: {application/json: {schema: {type: object, "
        "x-open: true}}}, why: it lacks a body, source: a test}]"
    )
    checker = Checker(laid_over(DOCUMENT, changes))
    checker.response(checker.operations.all["GET /things"], 200, ANSWER, b'{"anything": 1}')


def test_an_opening_opens_as_far_as_the_document_says() -> None:
    changes = overlay("changes: [{at: components schemas Bag, open: true, why: it is a bag, source: a test}]")
    checker = Checker(laid_over(DOCUMENT, changes))
    assert _request(checker, "POST /things", JSON, b'{"name": "a", "bag": {"b": 1}}')
    with pytest.raises(Violation, match="body/bag/b: type integer"):
        _request(checker, "POST /things", JSON, b'{"name": "a", "bag": {"b": "c"}}')


def test_no_violation_holds_a_value(checker: Checker) -> None:
    told = []
    for line, content in (
        (f"GET /{CANARY}/{CANARY}", b""),
        (f"DELETE /things/{CANARY}", b""),
        (f"GET /things?q={CANARY}&page={CANARY}", b""),
        ("POST /things", f'{{"name": ["{CANARY}"]}}'.encode()),
        ("POST /things", f'{{"name": "a", "size": "{CANARY}", "born": "{CANARY}"}}'.encode()),
    ):
        with pytest.raises(Violation) as caught:
            _request(checker, line, JSON, content)
        told.append(f"{caught.value} {caught.value!r} {caught.value.args}")
    assert CANARY not in " ".join(told)


@pytest.mark.parametrize("ref", ["https://example.org/thing.json", "other.json#/Thing", "#/components/schemas/Gone"])
def test_a_reference_that_leads_out_of_the_document_is_never_followed(ref: str) -> None:
    document = laid_over(DOCUMENT, [])
    document["components"]["schemas"]["Thing"] = {"$ref": ref}
    with pytest.raises(Unusable):
        _request(Checker(document), "POST /things", JSON, b'{"name": "a"}')


def test_a_violation_that_somebody_caught_is_found_at_the_end(checker: Checker) -> None:
    inner = httpx.MockTransport(lambda _request: httpx.Response(204))
    transport = CheckingTransport(inner, checker)
    with httpx.Client(transport=transport, base_url="https://api.example.org/v1", headers={"X-Key": "k"}) as client:
        assert client.delete("/things/7").status_code == 204
        transport.held(["DELETE /things/{id}"])
        with pytest.raises(Violation):
            client.delete("/things/x")
    with pytest.raises(Violation):
        transport.held(["DELETE /things/{id}"])
