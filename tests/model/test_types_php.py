"""PHP's serialised arrays are read by their byte lengths, and nothing in them is ever run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.types import Spec, Unreadable, parser, ways
from reconciler.model.types.php import read_serialised

read = parser(Spec("multiselect"))


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        ('a:2:{i:0;s:1:"b";i:1;s:1:"a";}', '["a","b"]'),
        ('a:1:{i:0;s:10:"a"; b";i:1";}', '["a\\"; b\\";i:1"]'),
        ('a:1:{i:0;s:6:"a";}s:";}', '["a\\";}s:"]'),
        ('a:1:{i:0;s:3:"é!";}', '["é!"]'),
        ("a:3:{i:0;i:-5;i:1;d:0.5;i:2;N;}", '["-5","0.5"]'),
        ('a:2:{s:6:"editor";b:1;s:5:"admin";b:0;}', '["editor"]'),
        ('a:2:{i:3;s:0:"";i:9;s:1:"x";}', '["x"]'),
        ('s:3:"a,b";', '["a","b"]'),
        (" a:0:{} ", None),
        ("N;", None),
    ],
)
def test_an_array_is_read_by_its_lengths(raw: str, canonical: str | None) -> None:
    assert read(raw) == canonical


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ('O:8:"stdClass":0:{}', "serialised object"),
        ('a:1:{i:0;O:8:"stdClass":0:{}}', "serialised object"),
        ('C:3:"Foo":2:{xx}', "serialised object"),
        ("a:1:{i:0;R:1;}", "serialised object"),
        ("a:1:{i:0;r:1;}", "serialised object"),
        ("a:1:{i:0;a:0:{}}", "nested list"),
        ('a:1:{i:0;s:9:"a";}', "broken serialised list"),
        ('a:1:{i:0;s:1:"é";}', "broken serialised list"),
        ('a:2:{i:0;s:1:"a";}', "broken serialised list"),
        ('a:1:{i:0;s:1:"a";} ;x', "broken serialised list"),
        ("a:999999999:{", "broken serialised list"),
        ('a:1:{s:4:"name";s:3:"Ada";}', "not a list"),
    ],
)
def test_objects_nesting_and_wrong_lengths_are_refused(raw: str, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(raw)
    assert (refused.value.reason, refused.value.key) == (reason, "map")


def _serialised(items: list[str]) -> str:
    return f"a:{len(items)}:{{" + "".join(f'i:{n};s:{len(i.encode())}:"{i}";' for n, i in enumerate(items)) + "}"


@given(st.lists(st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from('";:{}sia0')))))
def test_any_list_of_texts_comes_back_as_it_was_written(items: list[str]) -> None:
    assert read_serialised(_serialised(items)) == [(str(n), item) for n, item in enumerate(items)]


STORED = Spec("text", serialised=True)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ('a:2:{i:0;s:1:"a";i:1;s:3:"b c";}', "a, b c"),
        ('a:1:{s:6:"editor";b:1;}', "editor"),
        ('a:2:{i:0;s:5:"a"; b";i:1;s:1:"c";}', 'a"; b, c'),
        ("a:0:{}", None),
        ("a: list of things", "a: list of things"),
        ("b:1;", "b:1;"),
        ("plain", "plain"),
    ],
)
def test_a_list_that_php_stored_in_a_source_is_read_as_its_items(raw: str, text: str | None) -> None:
    assert parser(STORED)(raw) == text


@pytest.mark.parametrize("raw", ['O:8:"stdClass":1:{s:1:"a";i:1;}', 'a:2:{i:0;s:5:"ab', "a:1:{i:0;a:0:{}}"])
def test_an_object_or_a_list_that_is_cut_off_is_no_text(raw: str) -> None:
    with pytest.raises(Unreadable):
        parser(STORED)(raw)


def test_what_a_crm_holds_is_never_taken_for_a_list() -> None:
    raw = 'a:1:{i:0;s:1:"a";}'
    assert parser(Spec("text"))(raw) == raw


def test_a_text_goes_back_as_a_list_where_a_list_was() -> None:
    assert next(iter(ways(STORED)("x, y", 'a:1:{i:0;s:1:"a";}'))) == 'a:2:{i:0;s:1:"x";i:1;s:1:"y";}'
    assert list(ways(STORED)("x, y", "plain")) == ["x, y"]
