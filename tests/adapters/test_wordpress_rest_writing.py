"""Values go back into a WordPress site through its REST API: person by person, looked at before and after."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import httpx
import pytest
from http_world import everything_of
from wordpress_api import SEVERAL, STRING, WORD, Api, user
from writable import alike, edit

from reconciler.adapters.errors import SourceFailed
from reconciler.adapters.source import ChoosesColumns, Edit, NamesItsWay, Writable, Wrote
from reconciler.adapters.wordpress.rest_writing import meta_value
from reconciler.adapters.writing_back import NotTaken
from reconciler.model.messages import MESSAGES

DONE, MOVED, GONE, SEVERAL_ROWS, ALTERED, REFUSED = Wrote
LIST = {"type": "array", "items": STRING, "default": []}
KEYS = {
    "city": STRING,
    "phone": STRING,
    "tags": SEVERAL,
    "interests": LIST,
    "points": {"type": "integer", "default": 0},
}


class Taking(Api):
    """`altered(user)`: what a plugin of the site makes of a user who was written. `network`: whether it is of one."""

    def __init__(self, *users: Mapping[str, Any], network: bool = False, workers: int = 1) -> None:
        super().__init__(*users, keys=KEYS, workers=workers)
        self.network = network
        self.written: list[dict[str, Any]] = []
        self.answers: list[httpx.Response] = []
        self.altered: Any = lambda _user: None

    def ordinary(self, request: httpx.Request) -> httpx.Response:
        below = request.url.path.removeprefix("/wp-json/wp/v2/")
        if below == "users":
            return super().ordinary(request)
        if below == "settings":
            return httpx.Response(200, json={} if self.network else {"url": "https://site.example"})
        found = next((user for user in self.users if user["id"] == int(below.removeprefix("users/"))), None)
        if found is None:
            return httpx.Response(404, json={"code": "rest_user_invalid_id", "data": {"status": 404}})
        assert isinstance(found, dict)
        if request.method == "POST":
            if self.answers:
                return self.answers.pop(0)
            body = json.loads(request.content)
            self.written.append(body)
            found["meta"] = {**found["meta"], **body.pop("meta", {})}
            found.update(body)
            self.altered(found)
        fields = request.url.params["_fields"].split(",")
        return httpx.Response(200, json={key: value for key, value in found.items() if key in fields})


def person(number: int, **meta: Any) -> dict[str, Any]:
    kept = {"city": "", "phone": "", "tags": [], "interests": [], "points": 0, **meta}
    return user(number, kept, roles=["editor"], capabilities={"edit_posts": True}, extra_capabilities={"editor": True})


def write(api: Taking, *edits: Edit, by: str = "user_id") -> list[Wrote]:
    with closing(api.opening()) as opening:
        source = api.source(opening)
        assert isinstance(source, Writable)
        return list(source.write(by, edits, alike))


def failure(api: Taking, *edits: Edit, by: str = "user_id") -> SourceFailed:
    with pytest.raises(SourceFailed) as caught:
        write(api, *edits, by=by)
    assert WORD not in everything_of(caught.value)
    assert caught.value.code in MESSAGES
    return caught.value


def own(number: int) -> str:
    return f"{WORD}{number}"


@pytest.mark.parametrize("workers", [1, 4])
def test_only_what_changed_of_each_person_is_sent(workers: int) -> None:
    api = Taking(person(1, city="x", phone="1"), person(2, city="x"), workers=workers)
    edits = [
        edit("2", city=("x", "Köln"), phone=("", None)),
        edit("1", first_name=(own(1), "Ana"), city=("x", "y"), display_name=(own(1), "A")),
    ]
    assert write(api, *edits) == [DONE, DONE]
    expected = [{"meta": {"city": "Köln"}}, {"first_name": "Ana", "name": "A", "meta": {"city": "y"}}]
    sent = [json.loads(request.content) for request in api.requests if request.method == "POST"]
    assert sorted(sent, key=str) == sorted(expected, key=str)


def test_what_is_as_it_is_meant_is_not_written() -> None:
    api = Taking(person(1, city="x"))
    assert write(api, edit("1", city=("x", "x"))) == [DONE]
    assert api.written == []


def test_each_kind_of_a_key_is_written_as_it_is_registered() -> None:
    api = Taking(person(1, tags=["a"], interests=["golf"], points=7))
    lists = ('a:1:{i:0;s:4:"golf";}', 'a:2:{i:0;s:4:"yoga";i:1;s:4:"golf";}')
    assert write(api, edit("1", tags=("a", "b"), interests=lists, points=("7", "8"))) == [DONE]
    assert api.users[0]["meta"] == {
        "city": "",
        "phone": "",
        "tags": ["b"],
        "interests": ["yoga", "golf"],
        "points": 8,
    }


def test_who_moved_is_gone_or_is_no_number_is_left() -> None:
    api = Taking(person(1, city="moved"), person(2, city="x"))
    edits = [edit(who, city=("x", "y")) for who in ("1", "9", "x", "01", "", "2")]
    assert write(api, *edits) == [MOVED, GONE, GONE, GONE, GONE, DONE]
    assert len(api.written) == 1


ADMINISTRATORS = {
    "by role": {"roles": ["editor", "administrator"]},
    "by role, as PHP may write it": {"roles": {"1": "administrator"}},
    "by what is added": {"extra_capabilities": {"administrator": False}},
    "by what follows": {"capabilities": {"administrator": True}},
}


@pytest.mark.parametrize("rights", ADMINISTRATORS.values(), ids=ADMINISTRATORS.keys())
def test_an_administrators_address_is_left(rights: dict[str, Any]) -> None:
    api = Taking({**person(1, city="x"), **rights}, person(2))
    edits = [
        edit("1", user_email=(own(1), "new@example.org"), city=("x", "y")),
        edit("2", user_email=(own(2), "n@example.org")),
    ]
    assert write(api, *edits) == [REFUSED, DONE]
    assert api.written == [{"email": "n@example.org"}]


@pytest.mark.parametrize("taken_out", ["roles", "capabilities", "extra_capabilities"])
def test_the_address_of_somebody_whose_rights_are_not_all_shown_is_left(taken_out: str) -> None:
    shown = person(1)
    del shown[taken_out]
    api = Taking(shown)
    assert write(api, edit("1", user_email=(own(1), "new@example.org"))) == [REFUSED]
    assert api.written == []


def test_in_a_network_no_address_is_written_since_the_api_shows_no_other_site() -> None:
    api = Taking(person(1, city="x"), person(2, city="x"), network=True)
    edits = [edit("1", user_email=(own(1), "new@example.org")), edit("2", city=("x", "y"))]
    assert write(api, *edits) == [REFUSED, DONE]
    assert api.written == [{}]


def test_an_address_is_not_emptied() -> None:
    assert write(Taking(person(1)), edit("1", user_email=(own(1), None))) == [REFUSED]


def test_what_the_site_keeps_otherwise_is_put_back() -> None:
    api = Taking(person(1, city="x", phone="1"), person(2, city="x"))

    def shout(user: dict[str, Any]) -> None:
        user["meta"] = {**user["meta"], "city": user["meta"]["city"].replace("loud", "LOUD")}

    api.altered = shout
    edits = [edit("1", city=("x", "loud"), phone=("1", "2")), edit("2", city=("x", "quiet"))]
    assert write(api, *edits) == [ALTERED, DONE]
    assert [user["meta"]["city"] for user in api.users] == ["x", "quiet"]
    assert api.users[0]["meta"]["phone"] == "1"


def test_what_cannot_be_put_back_is_told() -> None:
    api = Taking(person(1, city="x"))
    api.altered = lambda user: user.update(meta={**user["meta"], "city": "ours"})
    assert failure(api, edit("1", city=("x", "y"))).code == "E467"


@pytest.mark.parametrize("status", [400, 500])
def test_a_value_that_the_site_refuses_concerns_that_person_alone(status: int) -> None:
    api = Taking(person(1, city="x"), person(2, city="x"))
    body = {"code": "rest_invalid_param", "message": WORD, "data": {"status": status}}
    api.answers = [httpx.Response(status, json=body)] * 2
    assert write(api, edit("1", city=("x", "y")), edit("2", city=("x", "y"))) == [REFUSED, DONE]
    assert [user["meta"]["city"] for user in api.users] == ["x", "y"]


def test_what_was_done_although_the_answer_was_lost_is_done() -> None:
    api = Taking(person(1, city="x"))
    api.answers = [httpx.Response(502)]
    assert write(api, edit("1", city=("x", "y"))) == [DONE]


def test_a_login_that_may_not_edit_users_is_told() -> None:
    api = Taking(person(1, city="x"))
    api.answers = [httpx.Response(403, json={"code": "rest_cannot_edit", "message": WORD, "data": {"status": 403}})]
    error = failure(api, edit("1", city=("x", "y")))
    assert error.code == "E460"
    assert "edit_users" in error.fix


def test_a_site_that_breaks_says_that_some_may_be_written() -> None:
    api = Taking(person(1, city="x"), person(2, city="x"))
    api.before = lambda number: setattr(api, "answer", lambda _r: httpx.Response(503)) if number > 4 else None
    assert failure(api, edit("1", city=("x", "y")), edit("2", city=("x", "y"))).code == "E466"


def test_a_key_with_several_rows_is_left() -> None:
    assert write(Taking(person(1, tags=["a", "b"])), edit("1", tags=("a", "c"))) == [REFUSED]


def test_people_are_found_by_their_number_alone() -> None:
    error = failure(Taking(person(1)), edit("x", city=("", "y")), by="user_login")
    assert (error.code, error.fix) == ("E461", "let `identity.person` be `user_id`")


def test_the_plan_and_the_file_are_told_the_same_as_by_sql() -> None:
    api = Taking(person(1))
    with closing(api.opening()) as opening:
        source = api.source(opening)
        assert isinstance(source, NamesItsWay)
        assert isinstance(source, ChoosesColumns)
        assert source.written_how(["city"]) == "by REST, person by person"
        assert [bool(source.cannot_write_column(name)) for name in ("roles", "wp_capabilities", "city")] == [1, 1, 0]
    assert api.requests == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("", "string", ""),
        ("1", "boolean", True),
        ("", "boolean", False),
        ("-12", "integer", -12),
        ("", "integer", None),
        ("1.5", "number", 1.5),
        ("2", "number", 2),
        ("", "array", []),
        ("a:1:{i:0;b:1;}", "array", [True]),
        ('a:1:{s:1:"x";s:2:"on";}', "object", {"x": "on"}),
    ],
)
def test_a_text_is_sent_as_the_kind_of_its_key(text: str, kind: str, value: object) -> None:
    assert meta_value(text, kind) == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x", "integer"),
        ("1.5", "integer"),
        ("1e9", "number"),
        ("yes", "boolean"),
        ("a, b", "array"),
        ('a:1:{s:1:"x";b:1;}', "array"),
        ('O:1:"x":0:{}', "object"),
        ("x", ""),
    ],
)
def test_what_a_key_cannot_hold_is_refused(text: str, kind: str) -> None:
    with pytest.raises(NotTaken):
        meta_value(text, kind)
