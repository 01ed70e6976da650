"""Shared by the tests of adapters: a table in a database of each kind, and an account of a real CRM."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from writable import Table

if TYPE_CHECKING:
    from bottled import Opens
    from servers.bottlecrm import Organisation


@pytest.fixture
def opened(bottlecrm: Organisation) -> Iterator[Opens]:
    """Opens the empty account."""
    from bottled import doors

    with doors(bottlecrm) as opened:
        yield opened


@pytest.fixture
def table(request: pytest.FixtureRequest, tmp_path: Path) -> Table:
    """A database of the kind that the test is parametrized with, as yet without a table."""
    kind = request.param
    return Table(kind, tmp_path, None if kind == "sqlite" else request.getfixturevalue(kind))
