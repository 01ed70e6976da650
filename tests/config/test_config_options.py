"""Options of adapters: any pydantic model, read as the file writes them."""

from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator
from pydantic_core import PydanticCustomError

from reconciler.config import config_schema, load
from reconciler.model.problems import Failure


class Mode(Enum):
    FAST = "fast"
    SAFE = "safe"


class Proxy(BaseModel):
    host: str
    password: str | None = None


class Odd(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=2)]
    port: Annotated[int, Field(ge=1, le=65535)] = 443
    factor: float = 1.0
    mode: Mode = Mode.FAST
    kind: Literal["a", "b"] = "a"
    folder: Path | None = None
    verify: bool = True
    lists: list[str] = Field(default=[], alias="in-lists")
    extra: dict[str, int] = {}
    proxy: Proxy | None = None
    keys: tuple[SecretStr, ...] = ()
    way: Literal["plain"] | Proxy = "plain"

    @field_validator("name")
    @classmethod
    def _name(cls, name: str) -> str:
        if name == "quoted":
            raise ValueError(f"not {name}-canary")
        if name == "said":
            raise PydanticCustomError("say", "another name is needed")
        return name

    @model_validator(mode="after")
    def _together(self) -> "Odd":
        if self.port == 1 and self.kind == "b":
            raise ValueError("canary")
        return self


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    path: str
    rows: int = 0
    token: SecretStr | None = None


TEXT = """\
version: 1
crm: {{type: local, {options}}}
source: {{type: local, path: p.csv}}
identity: {{person: id, match: email}}
fields: {{email: email}}
"""


@pytest.fixture
def options(tmp_path):
    def read(options: str, model: type[BaseModel] = Odd, **env: str) -> BaseModel:
        path = tmp_path / "main.yaml"
        path.write_text(TEXT.format(options=options))
        return load(path, env, {"local": model}, {"local": Strict}).crm.options

    return read


def test_every_kind_of_annotation_is_read_from_what_is_written(options):
    read = options(
        "name: 007, port: 80, factor: 2.5, mode: safe, kind: b, folder: a/b, verify: false, in-lists: [1, no], "
        "extra: {x: 3}, proxy: {host: h, password: '${env:P}'}",
        P="secret",
    )
    assert (read.name, read.port, read.factor, read.mode, read.kind) == ("007", 80, 2.5, Mode.SAFE, "b")
    assert (read.folder, read.verify, read.lists, read.extra) == (Path("a/b"), False, ["1", "no"], {"x": 3})
    assert (read.proxy.host, read.proxy.password) == ("h", "secret")


def test_a_strict_model_is_given_exact_types(options):
    read = options("path: '${env:P}', rows: 3, token: '${env:T}'", Strict, P="crm.db", T="canary")
    assert (read.path, read.rows, read.token.get_secret_value()) == ("crm.db", 3, "canary")
    assert type(read.path) is str


@pytest.mark.parametrize(
    ("written", "code", "said"),
    [
        ("name: x", "E122", "`crm.name`: the text is too short"),
        ("name: xx, port: 0", "E122", "`crm.port`: the number is too small"),
        ("name: xx, port: 70000", "E122", "`crm.port`: the number is too large"),
        ("name: xx, port: many", "E122", "`crm.port`: a whole number is wanted"),
        ("name: xx, port: '80'", "E122", "`crm.port`: a whole number is wanted"),
        ("name: xx, factor: big", "E122", "`crm.factor`: a number is wanted"),
        ("name: xx, verify: yes", "E122", "`crm.verify`: `true` or `false` is wanted"),
        ("name: xx, mode: slow", "E122", "`crm.mode` is `fast` or `safe`"),
        ("name: xx, kind: c", "E122", "`crm.kind` is `a` or `b`"),
        ("name: xx, in-lists: one", "E122", "`crm.in-lists`: a list is wanted"),
        ("name: xx, extra: [a]", "E122", "`crm.extra`: a mapping is wanted"),
        ("name: xx, extra: {x: many}", "E122", "`crm.extra.x`: a whole number is wanted"),
        ("name: xx, proxy: {hots: h}", "E111", "`crm.proxy.hots` is unknown"),
        ("name: xx, proxy: {}", "E112", "`crm.proxy.host` is missing"),
        ("name: xx, proxy: {host: h, password: canary}", "E120", "`crm.proxy.password` is a secret"),
        ("name: quoted", "E122", "`crm.name`: the adapter does not accept it"),
        ("name: said", "E122", "another name is needed"),
        ("name: xx, port: 1, kind: b", "E122", "the options do not go together"),
        ("name: xx, keys: [canary]", "E120", "`crm.keys[0]` is a secret"),
        ("name: xx, way: canary", "E122", "`crm.way`: the adapter does not accept it"),
        ("name: xx, way: {}", "E112", "`crm.way.host` is missing"),
        ("name: '${env:NOT_SET}'", "E118", "the environment has no `NOT_SET`"),
    ],
)
def test_what_a_model_does_not_accept_is_said_in_our_words(options, written, code, said):
    with pytest.raises(Failure) as caught:
        options(written)
    (problem,) = caught.value.problems
    assert (problem.code, problem.detail) == (code, said)
    assert "canary" not in repr(problem)
    assert problem.where.line == 2


def test_the_schema_of_an_odd_model_is_a_schema_that_takes_references():
    from jsonschema import Draft202012Validator

    schema = config_schema({"odd": Odd}, {"local": Strict})
    Draft202012Validator.check_schema(schema)
    crm = {"type": "odd", "name": 7, "port": "${env:P}", "proxy": {"host": "h"}, "mode": "safe", "in-lists": ["a"]}
    valid = Draft202012Validator(schema).is_valid
    assert valid({"version": 1, "crm": crm})
    assert not valid({"version": 1, "crm": {**crm, "mode": "slow"}})
    assert not valid({"version": 1, "crm": {**crm, "lists": ["a"]}})
