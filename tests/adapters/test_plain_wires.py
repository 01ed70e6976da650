"""Wires that are declared plain: what travels is the canonical text itself, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.codecs import wire_text
from reconciler.adapters.local import door as local
from reconciler.model.types import TYPES, Spec, Unreadable, parser

PLAIN = [name for name, wire in local.capabilities(50).wires.items() if wire.plain]
RAW = st.one_of(
    st.text(max_size=30),
    st.text(alphabet="0123456789.-+eE :TZ/", max_size=20),
    st.lists(st.text(max_size=5), max_size=4).map(lambda items: "|".join(items)),
    st.sampled_from([raw for row in TYPES.values() for raw, _ in row.samples]),
)


def test_the_embedded_crm_keeps_canonical_text_for_every_type() -> None:
    assert sorted(PLAIN) == sorted(TYPES)


@pytest.mark.parametrize("name", PLAIN)
@given(raw=RAW)
def test_the_wire_text_of_a_canonical_value_is_the_value(name: str, raw: str) -> None:
    wire = local.capabilities(50).wires[name]
    try:
        value = parser(Spec(name))(raw)
    except Unreadable:
        return
    if value is not None:
        text = wire_text(wire.encode(value))
        assert text == value
        assert wire.decode(text) == value
