from __future__ import annotations

import pytest

from reconciler.adapters.codecs import wire_text
from reconciler.adapters.hubspot.types import HOLDS, KNOWN, WIRES, native
from reconciler.model.capabilities import Json, Undecodable

READ = [
    ("date", "2026-11-22", "2026-11-22"),
    ("date", "1795305600000", "2026-11-22"),
    ("date", "-86400000", "1969-12-31"),
    ("datetime", "2026-11-22T10:00:00.123Z", "2026-11-22T10:00:00Z"),
    ("datetime", "1795341600000", "2026-11-22T10:00:00Z"),
    ("multiselect", ";b;a", '["a","b"]'),
    ("multiselect", "b;a", '["a","b"]'),
    ("multiselect", "", None),
    ("checkbox", "TRUE", "true"),
    ("checkbox", "false", "false"),
    ("number", "10.50", "10.5"),
    ("integer", "7.0", "7"),
    ("text", "", None),
]
SENT: list[tuple[str, str, Json]] = [
    ("date", "2026-11-22", "2026-11-22"),
    ("checkbox", "false", "false"),
    ("integer", "7", "7"),
    ("multiselect", '["a","b"]', "a;b"),
    ("multiselect", '["a;b"]', ["a;b"]),
]
NATIVE = [
    ("string", "text", False, "string/text"),
    ("string", "calculation_equation", False, "string/text"),
    ("number", "calculation_rollup", False, "number/number"),
    ("enumeration", "checkbox", False, "enumeration/checkbox"),
    ("enumeration", "select", True, "enumeration/external"),
    ("enumeration", "calculation_equation", False, "enumeration/calculation_equation"),
    ("json", "text", False, "json"),
    ("hologram", "lamp", False, "hologram/lamp"),
]


@pytest.mark.parametrize(("kind", "text", "canonical"), READ)
def test_a_value_of_hubspot_is_read(kind: str, text: str, canonical: str | None) -> None:
    assert WIRES[kind].decode(text) == canonical


@pytest.mark.parametrize(("kind", "canonical", "sent"), SENT)
def test_a_value_is_sent_as_hubspot_has_it(kind: str, canonical: str, sent: Json) -> None:
    assert WIRES[kind].encode(canonical) == sent
    assert WIRES[kind].decode(wire_text(sent) or "") == canonical


@pytest.mark.parametrize("text", ["yes", "1", "maybe"])
def test_another_word_is_no_checkbox(text: str) -> None:
    with pytest.raises(Undecodable):
        WIRES["checkbox"].decode(text)


@pytest.mark.parametrize(("type", "field_type", "external", "expected"), NATIVE)
def test_a_property_has_a_native_type(type: str, field_type: str, external: bool, expected: str) -> None:
    assert native(type, field_type, external) == expected


def test_what_is_made_for_a_type_is_read_as_one_that_it_holds() -> None:
    assert all(native(*wire.native.split("/")) == wire.native for wire in WIRES.values())
    assert all(read_as in WIRES and there in WIRES[read_as].accepts for there, read_as in HOLDS.items())
    assert set(HOLDS) >= KNOWN
