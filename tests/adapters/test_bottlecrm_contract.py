"""BottleCRM's adapter against the contract kit, on a server that runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from bottled import Opens
from servers.bottlecrm import Organisation

from reconciler.testing.kit import PROMISES, Promise, Subject


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
