"""Shared by all tests: golden files, rewritten by `pytest --update-golden` and reviewed as a diff; private servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from servers import Server
from servers.databases import Database, database

if TYPE_CHECKING:
    from servers.bottlecrm import BottleCrm, Organisation
    from servers.buckets import Bucket
    from servers.wordpress import Site

settings.register_profile("long", max_examples=1000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite golden files instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """`golden(name, text)`: the text equals `golden/<name>` beside the test."""

    def compare(name: str, text: str) -> None:
        path = Path(request.path).parent / "golden" / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """One for all tests of this process: it starts with the first that asks for it."""
    from servers.postgres import postgres

    with postgres() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[Server]:
    from servers.mariadb import mariadb

    with mariadb() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: Server) -> Iterator[Database]:
    """An empty database."""
    with database("postgres", postgres_server) as made:
        yield made


@pytest.fixture
def mysql(mariadb_server: Server) -> Iterator[Database]:
    with database("mysql", mariadb_server) as made:
        yield made


@pytest.fixture(scope="session")
def bottlecrm_server(postgres_server: Server) -> Iterator[BottleCrm]:
    from servers.bottlecrm import bottlecrm

    with bottlecrm(postgres_server) as server:
        yield server


@pytest.fixture
def bottlecrm(bottlecrm_server: BottleCrm) -> Organisation:
    """An empty account of a real CRM."""
    return bottlecrm_server.organisation()


@pytest.fixture(scope="session")
def wordpress_mysql(mariadb_server: Server) -> Iterator[Site]:
    from servers.wordpress import wordpress

    with wordpress(mariadb_server) as site:
        yield site


@pytest.fixture(scope="session")
def wordpress_sqlite() -> Iterator[Site]:
    from servers.wordpress import wordpress

    with wordpress(None) as site:
        yield site


@pytest.fixture(scope="session")
def wordpress_network(mariadb_server: Server) -> Iterator[Site]:
    """The first of two sites."""
    from servers.wordpress import wordpress

    with wordpress(mariadb_server, network=True) as site:
        yield site


@pytest.fixture
def wordpress(request: pytest.FixtureRequest) -> Site:
    """A site with nobody but its administrator; where its tables are is what the test is parametrized with, "mysql",
    "sqlite" or "network", and else a MariaDB."""
    site: Site = request.getfixturevalue(f"wordpress_{getattr(request, 'param', 'mysql')}")
    site.empty()
    return site


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[str]:
    from servers.buckets import bucket_server

    with bucket_server() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(bucket_server: str) -> Bucket:
    """An empty bucket of a server that speaks as S3 does."""
    from servers.buckets import bucket

    return bucket(bucket_server)
