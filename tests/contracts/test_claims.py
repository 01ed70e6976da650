"""What an adapter claims to call, read from a source that is written here."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from reconciler.testing.contracts.claims import Unclear, claims
from reconciler.testing.contracts.dropping import read_keys, without
from reconciler.testing.contracts.operations import Operations
from tests.contracts.test_checker import DOCUMENT

KNOWN = Operations(DOCUMENT)
Written = Callable[[str], ModuleType]


class Paths:
    things = "/things"

    def thing(self, id: str) -> str:
        return f"/things/{id}"


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A module of that source, imported."""

    def make(source: str) -> ModuleType:
        file = tmp_path / "an_adapter.py"
        file.write_text(f"from builtins import dict as Request, int as Shape\n{source}")
        spec = importlib.util.spec_from_file_location("an_adapter", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return make


@pytest.mark.parametrize(
    ("source", "operations", "shape"),
    [
        ("def f(self): Request(KIND, 'GET', self._paths.things, Shape)", ("GET /things",), int),
        ("def f(self, id): Request(KIND, 'DELETE', self._paths.thing(id))", ("DELETE /things/{id}",), None),
        ("def f(self):\n p = f'/things/{id}'\n Request(KIND, 'DELETE', p)", ("DELETE /things/{id}",), None),
        (
            "def f(self):\n a, p = 1, '/things'\n Request(KIND, method='POST', path=p, shape=Shape)",
            ("POST /things",),
            int,
        ),
        ("ALL = 'all'\ndef f(self): Request(KIND, 'DELETE', '/things/all')", ("DELETE /things/all",), None),
    ],
)
def test_each_request_of_the_source_is_a_claim(
    written: Written, source: str, operations: tuple[str, ...], shape: type | None
) -> None:
    (claim,) = claims([written(source)], Paths(), KNOWN)
    assert (claim.operations, claim.shape) == (operations, shape)


@pytest.mark.parametrize(
    "source",
    [
        "def f(self, verb): Request(KIND, verb, '/things')",
        "def f(self, path): Request(KIND, 'GET', path)",
        "def f(self): Request(KIND, 'PATCH', '/things')",
        "def f(self): Request(KIND, 'GET', '/nothing')",
    ],
)
def test_a_request_that_cannot_be_read_or_that_no_document_has_is_refused(written: Written, source: str) -> None:
    with pytest.raises(Unclear):
        claims([written(source)], Paths(), KNOWN)


class Inner(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    long_name: str
    kept_by: str = Field(default="", alias="owner")


class Outer(BaseModel):
    inner: Inner
    many: list[Inner] = []
    named: dict[str, Inner | None] | None = None
    again: list[Outer] | None = None


def test_every_key_that_a_shape_reads_is_found_at_every_depth() -> None:
    keys = {str(key): key.needed for key in read_keys(Outer)}
    inner = {"longName": True, "owner": False}
    assert keys == {
        "inner": True,
        "many": False,
        "named": False,
        "again": False,
        **{f"{place}/{key}": needed for place in ("inner", "many/*", "named/*") for key, needed in inner.items()},
    }


def test_a_key_is_dropped_wherever_it_stands() -> None:
    body = {"many": [{"owner": 1, "x": 2}, {}, {"owner": 3}], "named": {"a": {"owner": 4}}, "owner": 5}
    assert without(body, ("many", "*", "owner")) == 2
    assert without(body, ("named", "*", "owner")) == 1
    assert without(body, ("gone", "owner")) == 0
    assert body == {"many": [{"x": 2}, {}, {}], "named": {"a": {}}, "owner": 5}
