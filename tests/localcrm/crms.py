"""What the tests of the embedded CRM share: a clock that stands still, and a few short words."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.localcrm import (
    LocalCrm,
    LocalCrmError,
)
from reconciler.model.clock import Clock
from reconciler.model.inventory import CrmOption

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
CANARY = "Zanzibar"
CHOICES = (CrmOption("free", "Free"), CrmOption("pro", "Pro"))


def opened(path: Path, now: datetime = NOW, **more: Any) -> LocalCrm:
    return LocalCrm(path, Clock.fixed(now), **more)


def added(crm: LocalCrm, email: str, **values: Any) -> str:
    (result,) = crm.add([{"email": email, **values}])
    if result.error:
        raise result.error
    assert result.id
    return result.id


def silent(error: LocalCrmError | None) -> LocalCrmError:
    assert error is not None
    assert CANARY.lower() not in f"{error!r} {error.args} {vars(error)}".lower()
    assert error.__cause__ is None
    return error
