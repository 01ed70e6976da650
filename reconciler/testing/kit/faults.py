"""What is said when a call goes wrong."""

from __future__ import annotations

from reconciler.adapters.crm import Metered
from reconciler.adapters.errors import RateLimited, Unavailable, Uncertain
from reconciler.testing.kit.promise import Promise, collected
from reconciler.testing.stage import Fault, Stage

KEPT: list[Promise] = []
promise = collected(KEPT)


@promise("a create whose answer was lost is uncertain and looking finds the contact")
def _(stage: Stage) -> None:
    (key,) = stage.text_fields(1)
    crm = stage.opened(Fault.LOST_ANSWER)
    stage.refused(Uncertain, lambda: crm.add_contact(stage.person(1, **{key: stage.text("once")})))
    contact = crm.get_contact_id(stage.address(1))
    assert contact is not None
    assert "once" in (stage.stored(contact, key) or "")


@promise("too many calls is an answer with a pause and a later call succeeds")
def _(stage: Stage) -> None:
    crm = stage.opened(Fault.BUSY)
    pauses = []
    calls = 4
    for _attempt in range(calls):
        try:
            found = crm.get_contact_id(stage.address(1))
        except RateLimited as error:
            stage.check_silence(error)
            pauses.append(error.after)
        else:
            assert found is None
    waited = isinstance(crm, Metered) and crm.meter.counts.total() > calls  # by itself, and asked again
    assert waited or pauses
    assert len(pauses) < calls
    assert all(pause >= 0 for pause in pauses)


@promise("nobody there means that nothing was done and later works")
def _(stage: Stage) -> None:
    crm = stage.opened(Fault.DOWN)
    stage.refused(Unavailable, lambda: crm.add_contact(stage.person(1)))
    assert crm.get_contact_id(stage.address(1)) is None
    assert crm.add_contact(stage.person(1))
