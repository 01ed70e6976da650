"""Each test runs on every place in which a shared state may lie."""

from __future__ import annotations

import pytest

from .places import S3, Postgres, World


@pytest.fixture(params=["postgres", "s3"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "postgres":
        return Postgres(request.getfixturevalue("postgres"))
    return S3(request.getfixturevalue("bucket"))
