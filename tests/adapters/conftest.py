"""Shared by the tests of sources: a table in a database of each kind."""

from pathlib import Path

import pytest
from writable import Table


@pytest.fixture
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Table:
    """A database of the kind that the test is parametrized with, as yet without a table."""
    kind = request.param
    return Table(kind, tmp_path, None if kind == "sqlite" else request.getfixturevalue(kind))
