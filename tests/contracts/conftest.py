"""HubSpot's document: from the folder that the environment names, or one beside the checkout, or derived."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from reconciler.adapters.hubspot import contacts, door, properties, tags
from reconciler.adapters.hubspot.paths import Paths
from reconciler.testing.contracts import Checker, laid_over
from reconciler.testing.contracts.claims import Claim, claims
from reconciler.testing.contracts.from_client import derive
from reconciler.testing.contracts.hubspot import CLIENT, FOLDER, NAME, changes, kept
from tests.contracts.traffic import Traffic, all_traffic

_MODULES = (door, contacts, properties, tags)
_BESIDE = Path(__file__).parents[3] / "shared" / "specs"


@pytest.fixture(scope="session")
def derived() -> dict[str, Any]:
    """HubSpot's document, derived from the client."""
    return derive(CLIENT)


@pytest.fixture(scope="session")
def filed() -> dict[str, Any] | None:
    """The one that is kept in a folder, where there is one."""
    folder = Path(os.environ.get(FOLDER) or _BESIDE)
    return kept(folder) if (folder / NAME).is_file() else None


@pytest.fixture(scope="session")
def document(filed: dict[str, Any] | None, derived: dict[str, Any]) -> dict[str, Any]:
    return filed or derived


@pytest.fixture(scope="session")
def checker(document: dict[str, Any]) -> Checker:
    return Checker(laid_over(document, changes()))


@pytest.fixture(scope="session")
def hubspot_claims(checker: Checker) -> list[Claim]:
    """What HubSpot's adapter calls."""
    return claims(_MODULES, Paths("v3"), checker.operations)


@pytest.fixture(scope="session")
def traffic(checker: Checker, tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    return all_traffic(checker, tmp_path_factory.mktemp)
