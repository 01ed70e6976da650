"""Several calls as one transaction, and what an emulator may have of the embedded CRM that its door does not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.localcrm import Limits, LocalCrm
from reconciler.model.clock import Clock

CLOCK = Clock.fixed(datetime(2026, 1, 2, tzinfo=UTC))


def test_calls_of_one_transaction_are_done_together_or_not_at_all(tmp_path: Path) -> None:
    crm = LocalCrm(tmp_path / "crm.db", CLOCK)

    def broken_off() -> None:
        with crm.transaction():
            crm.add([{"email": "ada@example.org"}])
            crm.add_tag("VIP")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken_off()
    assert (crm.find("ada@example.org"), crm.tags()) == (None, ())
    with crm.transaction() as connection:
        crm.add([{"email": "ada@example.org"}, {"email": "ada@example.org"}])
        connection.execute("CREATE TABLE beside (id INTEGER)")
    assert crm.find("ada@example.org") == "1"
    crm.close()


def test_contacts_without_an_address_are_an_option(tmp_path: Path) -> None:
    crm = LocalCrm(tmp_path / "crm.db", CLOCK, limits=Limits(addressless=True))
    assert [result.id for result in crm.add([{"first_name": "Ada"}, {"first_name": "Ada"}])] == ["1", "2"]
    assert crm.add([{"email": "ada@example.org"}])[0].id == "3"
    assert crm.update([("3", {"email": None})])[0].error is None
    crm.close()
    strict = LocalCrm(tmp_path / "crm.db", CLOCK)
    assert strict.add([{"first_name": "Ada"}])[0].error is not None
    strict.close()
