"""What each native type of the embedded CRM takes, and what it stores."""

from typing import Any

import pytest

from reconciler.localcrm import (
    KINDS,
    LocalCrm,
    Refused,
)
from reconciler.model.inventory import CrmField

from .crms import CANARY, CHOICES, added, silent


@pytest.mark.parametrize(
    ("native", "value", "stored"),
    [
        ("text", "  as it is\r\n", "  as it is\r\n"),
        ("text", 5, "5"),
        ("text", True, "true"),
        ("text", "", None),
        ("email", "Ann@Example.ORG", "Ann@Example.ORG"),
        ("phone", "+4930123", "+4930123"),
        ("url", "https://example.org", "https://example.org"),
        ("number", 10.50, "10.5"),
        ("number", "10.50", "10.5"),
        ("number", 1e22, "10000000000000000000000"),
        ("number", -0.0, "0"),
        ("number", 7, "7"),
        ("integer", 7, "7"),
        ("integer", "7.0", "7"),
        ("boolean", True, "true"),
        ("boolean", "false", "false"),
        ("date", "2026-11-22", "2026-11-22"),
        ("datetime", "2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"),
        ("select", "pro", "pro"),
        ("multiselect", ["pro", "free", "pro"], '["pro","free"]'),
        ("multiselect", [], None),
        ("country", "Germany", "Germany"),
    ],
)
def test_a_value_is_stored_as_its_native_type_writes_it(
    crm: LocalCrm, native: str, value: Any, stored: str | None
) -> None:
    crm.add_field(CrmField("f", "F", native, CHOICES if KINDS[native].choices else ()))
    id = added(crm, "ann@example.org", f=value)
    assert crm.load([id], ["f"]) == {id: [stored]}


@pytest.mark.parametrize(
    ("native", "value"),
    [
        ("text", [CANARY]),
        ("text", float("nan")),
        ("text", CANARY + "\ud800"),
        ("email", CANARY),
        ("phone", CANARY),
        *(("number", v) for v in (CANARY, "1,5", "NaN", "1e5", True, float("inf"), [1])),
        *(("integer", v) for v in (CANARY, 5.5, False)),
        *(("boolean", v) for v in (CANARY, 1, "yes", "True")),
        *(("date", v) for v in (CANARY, "2026-02-30", "22/11/2026", 5, "2026-11-22T00:00:00Z")),
        *(("datetime", v) for v in (CANARY, "2026-11-22", "2026-11-22T25:00:00Z", "2026-11-22T10:00:00+01:00")),
        *(("select", v) for v in (CANARY, "Pro", "Free", ["free"])),
        *(("multiselect", v) for v in (CANARY, [CANARY], ["free", CANARY], "free", [1])),
    ],
)
def test_a_value_that_the_native_type_does_not_take_is_refused_with_its_field(
    crm: LocalCrm, native: str, value: Any
) -> None:
    crm.add_field(CrmField("f", "F", native, CHOICES if KINDS[native].choices else ()))
    (result,) = crm.add([{"email": "ann@example.org", "f": value}])
    error = silent(result.error)
    assert isinstance(error, Refused)
    assert error.field == "f"
    assert crm.find("ann@example.org") is None


def test_a_choice_without_options_takes_every_value(crm: LocalCrm) -> None:
    crm.add_field(CrmField("one", "", "select"))
    crm.add_field(CrmField("many", "", "multiselect"))
    id = added(crm, "ann@example.org", one="x", many=["y"])
    assert crm.load([id], ["one", "many"]) == {id: ["x", '["y"]']}


@pytest.mark.parametrize(("length", "fits"), [(5, True), (6, False)])
def test_a_declared_length_counts_characters(crm: LocalCrm, length: int, fits: bool) -> None:
    crm.add_field(CrmField("f", "F", "text", max_length=5))
    (result,) = crm.add([{"email": "ann@example.org", "f": "é" * length}])
    assert (result.error is None) is fits
