"""An embedded CRM that does not exist yet, for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.localcrm import (
    LocalCrm,
)

from .crms import opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "crm.db"


@pytest.fixture
def crm(path: Path) -> Iterator[LocalCrm]:
    made = opened(path)
    yield made
    made.close()
