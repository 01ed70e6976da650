"""Small adapters' options, and loading of texts, for every test of the room `config`."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from reconciler.config import load
from reconciler.model.desired import Desired
from reconciler.model.problems import Failure, Problem


class LocalOptions(BaseModel):
    path: str


class HubOptions(BaseModel):
    token: SecretStr
    portal: int | None = None


class CsvOptions(BaseModel):
    path: str
    delimiter: str = ","
    header: bool = True


class DatabaseOptions(BaseModel):
    url: SecretStr
    table: str = "users"


class TableOptions(BaseModel):
    url: str
    table: str


CRM = {"local": LocalOptions, "hub": HubOptions}
SOURCE = {"csv": CsvOptions, "database": DatabaseOptions, "table": TableOptions}
ENV = {
    "HUB_TOKEN": "canary-token",
    "DATABASE_URL": "mysql://root:canary-password@host/db",
    "BOTTLECRM_URL": "https://crm.example.org",
    "BOTTLECRM_TOKEN": "canary-token",
    "HUBSPOT_URL": "https://crm.example.org",
    "HUBSPOT_TOKEN": "canary-token",
    "WORDPRESS_URL": "mysql://root:canary-password@host/db",
    "RECONCILER_STATE_URL": "postgresql://root:canary-password@host/db",
}

HEAD = """\
version: 1
crm: {type: local, path: crm.db}
source: {type: csv, path: people.csv, types: {orders: integer}}
identity: {person: id, match: email}
"""

Load = Callable[..., Desired]
Problems = Callable[..., tuple[Problem, ...]]


def reconciled(paths: Iterable[Path]) -> list[Path]:
    """Those that are files of this program, in order: beside them may lie tests of their checks, and others' YAML."""
    files = sorted(path for path in paths if not path.name.endswith(".test.yaml"))
    return [path for path in files if "\nversion: 1\n" in f"\n{path.read_text(encoding='utf-8')}"]


@pytest.fixture
def crm() -> Mapping[str, type[BaseModel]]:
    return CRM


@pytest.fixture
def source() -> Mapping[str, type[BaseModel]]:
    return SOURCE


@pytest.fixture
def load_path() -> Load:
    def loaded(path: Path, env: Mapping[str, str] = ENV) -> Desired:
        return load(path, env, CRM, SOURCE)

    return loaded


@pytest.fixture
def load_text(tmp_path: Path) -> Load:
    """`load_text(text, name="main.yaml", env=..., head=True)`: with the sections that every file needs."""

    def loaded(text: str, name: str = "main.yaml", env: Mapping[str, str] = ENV, head: bool = True) -> Desired:
        path = tmp_path / name
        path.write_text((HEAD if head else "") + text, encoding="utf-8")
        return load(path, env, CRM, SOURCE)

    return loaded


@pytest.fixture
def problems_of(load_text: Load) -> Problems:
    def problems(*args: object, **kwargs: object) -> tuple[Problem, ...]:
        with pytest.raises(Failure) as caught:
            load_text(*args, **kwargs)
        return caught.value.problems

    return problems
