"""The embedded CRM against the contract kit."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.adapters.local.door import LocalDoor
from reconciler.localcrm import LocalCrm, Quirks
from reconciler.model.clock import Clock
from reconciler.testing.kit import PROMISES, Fault, Promise, Subject

CLOCK = Clock.fixed(datetime(2026, 11, 22, 10, tzinfo=UTC))
QUIRKS = {
    None: Quirks(),
    Fault.LOST_ANSWER: Quirks(lost_answers=[1]),
    Fault.BUSY: Quirks(busy_every=2),
    Fault.DOWN: Quirks(unavailable=[1]),
}


@pytest.mark.parametrize("object", ["contact", "lead"])
@pytest.mark.parametrize("promise", PROMISES, ids=str)
def test_the_local_crm_keeps_its_promises(promise: Promise, object: str, tmp_path: Path) -> None:
    promise.check(
        Subject(
            open=lambda fault: LocalDoor(LocalCrm(tmp_path / "crm.db", CLOCK, quirks=QUIRKS[fault], object=object)),
            section=f"{{type: local, path: crm.db, object: {object}}}",
            folder=tmp_path,
            traces=lambda: sorted(p.name for p in tmp_path.iterdir()),
            merge=LocalCrm(tmp_path / "crm.db", CLOCK, object=object).merge,
        )
    )
