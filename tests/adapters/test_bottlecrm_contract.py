"""BottleCRM's adapter against the contract kit, on a server that runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bottled import Opens
from servers.bottlecrm import Organisation

from reconciler.adapters.bottlecrm.door import BottleDoor
from reconciler.testing.kit import PROMISES, Fault, Promise, Subject


def subject(organisation: Organisation, folder: Path, opened: Opens) -> Subject:
    return Subject(
        open=opened,
        section=f"{{type: bottlecrm, url: '{organisation.url}', token: '${{env:BOTTLECRM_TOKEN}}'}}",
        folder=folder,
        secrets=(organisation.token,),
        env={"BOTTLECRM_TOKEN": organisation.token},
        traces=lambda: [organisation.asked("GET", path).json() for path in ("contacts/", "custom-fields/", "tags/")],
    )


@pytest.mark.parametrize("promise", PROMISES, ids=str)
def test_bottlecrm_keeps_its_promises(promise: Promise, bottlecrm: Organisation, opened: Opens, tmp_path: Path) -> None:
    promise.check(subject(bottlecrm, tmp_path, opened))


def test_a_creation_that_the_server_carries_out_and_answers_with_an_error_is_a_lost_answer(
    bottlecrm: Organisation, opened: Opens, tmp_path: Path
) -> None:
    """The same promise, and the fault is BottleCRM's own: it cannot reach its task queue."""
    (promise,) = (promise for promise in PROMISES if promise.sentence.startswith("a create whose answer was lost"))

    def failing(fault: Fault | None) -> BottleDoor:
        return opened(url=bottlecrm.failing) if fault is Fault.LOST_ANSWER else opened()

    promise.check(replace(subject(bottlecrm, tmp_path, opened), open=failing))
